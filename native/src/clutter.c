/* Clutter: one complex exponential mean per lane and bin.
 *
 * Rule: coefficients are computed at init; a step is the same operations for every frame.
 */
#include "sw_clutter.h"
#include "sw_lanes.h"

int32_t sw_clutter_init(sw_clutter *state, const sw_clutter_config *config)
{
    float period = config->frame_period_s;
    if (config->bin_first > config->bin_last || config->bin_last >= SW_WATCH_BINS) {
        return SW_ERROR_PARAMETER;
    }
    if (!(period > 0.0f) || !(config->background_tau_s >= period)) {
        return SW_ERROR_PARAMETER;
    }
    state->config = *config;
    state->background_alpha = 1.0f - sw_expf(-period / config->background_tau_s);
    state->n = 0;
    for (uint32_t k = 0; k < SW_WATCH_BINS; k++) {
        *(sw_lanes *)state->background.re[k] = sw_all(0.0f);
        *(sw_lanes *)state->background.im[k] = sw_all(0.0f);
    }
    return SW_OK;
}

void sw_clutter_step(sw_clutter *state, const sw_profile *profile, sw_clutter_out *out)
{
    const sw_lanes *restrict xr = (const sw_lanes *)profile->re, *restrict xi = (const sw_lanes *)profile->im;
    sw_lanes *restrict br = (sw_lanes *)state->background.re, *restrict bi = (sw_lanes *)state->background.im;
    sw_lanes *restrict yr = (sw_lanes *)out->moving.re, *restrict yi = (sw_lanes *)out->moving.im;
    float share = 1.0f / (float)(state->n + 1);
    float a = state->background_alpha;
    uint32_t last = state->config.bin_last;
    if (share >= a) {
        state->n++;
        a = share;
    }
    for (uint32_t k = state->config.bin_first; k <= last; k++) {
        br[k] += a * (xr[k] - br[k]);
        bi[k] += a * (xi[k] - bi[k]);
        yr[k] = xr[k] - br[k];
        yi[k] = xi[k] - bi[k];
    }
}
