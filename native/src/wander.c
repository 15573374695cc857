/* Wander: the clutter's mean over three range bins, one ratio a second.
 *
 * Rule: a frame only adds; a second divides.
 */
#include "sw_wander.h"

#include "sw_lanes.h"
#include "sw_parameters.h"

#define SMALLEST_POWER 1e-6f

int32_t sw_wander_init(sw_wander *state, const sw_wander_config *config)
{
    float period = config->frame_period_s;
    *state = (sw_wander){.alpha = 0.0f};
    if (!(period > 0.0f) || !(config->background_tau_s >= period)) {
        return SW_ERROR_PARAMETER;
    }
    state->alpha = 1.0f - sw_expf(-period / config->background_tau_s);
    return SW_OK;
}

static void end_second(sw_wander *state, sw_lanes still)
{
    for (uint32_t l = 0; l < SW_LANES; l++) {
        float moved = state->coherent[l] > 0.0f ? state->coherent[l] : 0.0f;
        state->share[l] = moved / ((float)state->frames * still[l] + SMALLEST_POWER);
        state->coherent[l] = 0.0f;
    }
    state->frames = 0;
}

void sw_wander_step(sw_wander *state, const sw_geometry *geometry, const sw_profile *profile)
{
    float share = 1.0f / (float)(state->n + 1u), a = share >= state->alpha ? share : state->alpha;
    state->n += share >= state->alpha ? 1u : 0u;
    sw_lanes moved = {0.0f}, still = {0.0f};
    for (uint32_t k = 0; k < SW_WANDER_BINS; k++) {
        sw_lanes xr = *(const sw_lanes *)profile->re[k + 1u], xi = *(const sw_lanes *)profile->im[k + 1u];
        sw_lanes *br = (sw_lanes *)state->background_re[k], *bi = (sw_lanes *)state->background_im[k];
        sw_lanes *pr = (sw_lanes *)state->previous_re[k], *pi = (sw_lanes *)state->previous_im[k];
        *br += a * (xr - *br);
        *bi += a * (xi - *bi);
        sw_lanes yr = xr - *br, yi = xi - *bi;
        moved += yr * *pr + yi * *pi;
        still += *br * *br + *bi * *bi;
        *pr = yr;
        *pi = yi;
    }
    *(sw_lanes *)state->coherent += moved;
    state->stepped = 0;
    for (uint32_t l = 0; l < geometry->n_rx; l++) {
        state->stepped |= moved[l] > SW_P_WANDER_STEP * still[l];
    }
    state->frames++;
    if (state->frames >= geometry->frames_per_second) {
        end_second(state, still);
    }
}

void sw_wander_add(const sw_wander *state, const sw_geometry *geometry, const float *re,
                   const float *im, uint32_t first, uint32_t last, float *power)
{
    sw_lanes share = (SW_P_WANDER_SAFETY * (float)geometry->frames_per_second) * *(const sw_lanes *)state->share;
    for (uint32_t k = first; k <= last; k++) {
        sw_lanes r = *(const sw_lanes *)(re + k * SW_LANES), i = *(const sw_lanes *)(im + k * SW_LANES);
        power[k] += sw_lane_sum(share * (r * r + i * i));
    }
}
