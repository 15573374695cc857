/* Displacement by adding up phase steps.
 *
 * Rule: both ends of a step use the centres of this frame.
 */
#include "sw_displacement.h"

int32_t sw_displacement_init(sw_displacement *state, const sw_displacement_config *config)
{
    if (!(config->wavelength_m > 0.0f)) {
        return SW_ERROR_PARAMETER;
    }
    state->config = *config;
    state->um_per_rad = config->wavelength_m * 1e6f / (4.0f * SW_PI);
    for (uint32_t i = 0; i < SW_CHANNELS; i++) {
        state->previous_re[i] = 0.0f;
        state->previous_im[i] = 0.0f;
    }
    state->started = 0;
    state->displacement_um = 0.0f;
    return SW_OK;
}

void sw_displacement_step(sw_displacement *state, const sw_channels *channels, const sw_profile *profile)
{
    float turn_re = 0.0f, turn_im = 0.0f;
    for (uint32_t i = 0; i < channels->n; i++) {
        float sample_re = profile->re[channels->bin[i]][channels->lane[i]];
        float sample_im = profile->im[channels->bin[i]][channels->lane[i]];
        float now_re = sample_re - channels->centre_re[i], now_im = sample_im - channels->centre_im[i];
        float before_re = state->previous_re[i] - channels->centre_re[i];
        float before_im = state->previous_im[i] - channels->centre_im[i];
        turn_re += now_re * before_re + now_im * before_im;
        turn_im += now_im * before_re - now_re * before_im;
        state->previous_re[i] = sample_re;
        state->previous_im[i] = sample_im;
    }
    if (state->started) {
        state->displacement_um -= sw_atan2f(turn_im, turn_re) * state->um_per_rad;
    }
    state->started = 1;
}
