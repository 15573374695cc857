/* Candidate range bins: where in the detection zone something moves coherently from frame to frame.
 *
 * Thermal noise is white in time and breathing is not: Re(z_n conj(z_(n-1))) keeps breathing and loses noise, so no
 * absolute threshold is needed. The noise itself is read off the burst difference, in which slow motion cancels.
 * Powers are summed over whole seconds; the last WINDOW_SECONDS of them decide.
 * A strong reflector outside the place leaks through the window's side lobes: LEAKAGE times their envelope is taken off.
 * A body whose summit lies outside reaches into the place with its slope: that is not taken for a body in the place.
 */
#ifndef SW_CANDIDATES_H
#define SW_CANDIDATES_H

#include "sw_common.h"
#include "sw_geometry.h"

/* One range bin of the running second. Side by side: nine arrays of 4 KB compete for the same eight cache ways. */
typedef struct sw_candidates_bin {
    float previous_re[SW_LANES]; /* last frame's z, ADC counts */
    float previous_im[SW_LANES];
    float coherent[SW_LANES];    /* Re(z_n conj(z_(n-1))), ADC counts squared */
    float power[SW_LANES];       /* |z|^2 */
    float burst[SW_LANES];       /* |second half burst - first|^2 */
} sw_candidates_bin;

/* The same of a complete second, lanes added. */
typedef struct sw_candidates_sums {
    float coherent[SW_WATCH_BINS];
    float power[SW_WATCH_BINS];
    float burst[SW_WATCH_BINS];
} sw_candidates_sums;

typedef struct sw_candidates {
    sw_candidates_bin running[SW_WATCH_BINS];     /* the second that is not complete */
    sw_candidates_sums second[SW_WINDOW_MAX_S]; /* complete ones */
    sw_candidates_sums window;                  /* scratch: their sum */
    float sorted[SW_WATCH_BINS];                  /* scratch */
    uint32_t slot;                              /* where the next second goes */
    uint32_t frames;                            /* in the running second */
    uint32_t seconds;                           /* complete ones in memory */
    /* results, new with every second */
    int32_t body_bin;                           /* -1: none */
    int32_t first_bin;                          /* of the body, included */
    int32_t last_bin;                           /* first_bin - 1 at most: none */
    float snr;                                  /* coherent power of the body over the noise of one frame, ratio */
    float coherence;                            /* coherent over total power, -1..1 */
    float noise;                                /* power of one frame and bin, lane sum, ADC counts squared */
    float distance_m;
    float excess[SW_WATCH_BINS];                  /* coherent power less leakage over the window, >= 0; the zone's bins */
} sw_candidates;

void sw_candidates_init(sw_candidates *state);
/* moving: profile less background. difference: second half burst less first. Returns 1 when a second is complete: then
 * choose. */
int32_t sw_candidates_step(sw_candidates *state, const sw_geometry *geometry, const sw_profile *moving,
                           const sw_profile *difference);
/* wandering[range_bin]: coherent power of this second that proves nobody, taken off; NULL: none. */
void sw_candidates_choose(sw_candidates *state, const sw_geometry *geometry, const float *wandering);

#endif
