/* Clutter: what stands still is learned per antenna and range bin, and taken away.
 *
 * b += a (x - b), a = max(1/n, 1 - exp(-T / tau)), y = x - b: the mean of the first frames, then a slow mean.
 * The first frame gives 0. Only bins bin_first..bin_last (both included) are read and written.
 * In float32 the background stops following within 2^-25 |b| / a of its goal (0.04 counts at b = 1000, a = 8e-4).
 */
#ifndef SW_CLUTTER_H
#define SW_CLUTTER_H

#include "sw_common.h"

typedef struct sw_clutter_config {
    float frame_period_s;
    float background_tau_s; /* seconds; at least one frame period */
    uint32_t bin_first;
    uint32_t bin_last;      /* < n_samples / 2, < SW_WATCH_BINS */
} sw_clutter_config;

typedef struct sw_clutter {
    sw_clutter_config config;
    float background_alpha;
    uint32_t n;            /* frames seen, until 1/n no longer counts */
    sw_watched background; /* ADC counts */
} sw_clutter;

typedef struct sw_clutter_out {
    sw_profile moving; /* profile minus background, ADC counts */
} sw_clutter_out;

/* Forgets everything. SW_ERROR_PARAMETER: bins or times out of range. */
int32_t sw_clutter_init(sw_clutter *state, const sw_clutter_config *config);
void sw_clutter_step(sw_clutter *state, const sw_profile *profile, sw_clutter_out *out);

#endif
