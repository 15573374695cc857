/* Wander: how much the radar itself changes, seen where nothing that breathes reaches, and what that makes of still echoes.
 *
 * A change of gain, phase, leakage, ramp or clock, and an antenna that ages or fails, moves all echoes at once, those of the
 * furniture too; the transmitter's leakage (bins 1..3) shows by how much: b' = b + a (x - b) there, y = x - b',
 * and per antenna share = max(sum_n Re(y_n conj(y_(n-1))), 0) / (frames |b'|^2) over a second, in which noise cancels.
 * Of a still echo b_k the same share moves: share |b_k|^2. That much coherent power proves nobody.
 */
#ifndef SW_WANDER_H
#define SW_WANDER_H

#include "sw_common.h"
#include "sw_geometry.h"

#define SW_WANDER_BINS (SW_BIN_LOWEST - 1u) /* from bin 1 */

typedef struct sw_wander_config {
    float frame_period_s;
    float background_tau_s; /* as that of the clutter */
} sw_wander_config;

typedef struct sw_wander {
    float alpha;
    uint32_t n;                                /* frames seen, until 1/n no longer counts */
    uint32_t frames;                           /* in the running second */
    float background_re[SW_WANDER_BINS][SW_LANES]; /* ADC counts */
    float background_im[SW_WANDER_BINS][SW_LANES];
    float previous_re[SW_WANDER_BINS][SW_LANES]; /* last frame's y */
    float previous_im[SW_WANDER_BINS][SW_LANES];
    float coherent[SW_LANES];                  /* of the running second, ADC counts squared */
    float share[SW_LANES];                     /* of the last complete second */
    int32_t stepped;                           /* 1: in this frame the radar is not what it was a moment ago */
} sw_wander;

/* Forgets everything. SW_ERROR_PARAMETER: times out of range. */
int32_t sw_wander_init(sw_wander *state, const sw_wander_config *config);
/* profile: before any correction. */
void sw_wander_step(sw_wander *state, const sw_geometry *geometry, const sw_profile *profile);
/* Adds to power[k] what of the echoes float[range_bin][lane], ADC counts, moves in a second like the radar, lane sum, ADC counts
 * squared; first <= k <= last. */
void sw_wander_add(const sw_wander *state, const sw_geometry *geometry, const float *re,
                   const float *im, uint32_t first, uint32_t last, float *power);

#endif
