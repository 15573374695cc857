/* Resample onto the 20 Hz grid by frame time.
 *
 * Rule: times are integers; only their differences, below 2^24 us and so exact, become floats.
 */
#include "sw_resample.h"

int32_t sw_resample_init(sw_resample *state, const sw_resample_config *config)
{
    if (config->gap_us < 1 || config->gap_us > SW_RESAMPLE_MAX_GAP_US) {
        return SW_ERROR_PARAMETER;
    }
    state->config = *config;
    state->n = 0;
    state->next_us = 0;
    return SW_OK;
}

/* Lagrange's cubic through four points, relative to the second so that offsets cost no digits. */
static float cubic(const uint64_t t_us[4], const float value[4], uint64_t at_us)
{
    float t[4];
    float at = (float)(int32_t)(at_us - t_us[1]);
    float result = 0.0f;
    for (uint32_t i = 0; i < 4; i++) {
        t[i] = (float)(int32_t)(uint32_t)(t_us[i] - t_us[1]);
    }
    for (uint32_t i = 0; i < 4; i++) {
        float weight = 1.0f;
        for (uint32_t j = 0; j < 4; j++) {
            if (j != i) {
                weight *= (at - t[j]) / (t[i] - t[j]);
            }
        }
        result += weight * (value[i] - value[1]);
    }
    return value[1] + result;
}

void sw_resample_step(sw_resample *state, uint64_t t_us, float value, sw_resample_out *out)
{
    uint32_t n = state->n;
    out->n = 0;
    out->restart = n == 0 || t_us <= state->t_us[n - 1] || t_us - state->t_us[n - 1] > state->config.gap_us;
    if (out->restart) {
        n = 0;
    } else if (n == 4) {
        n = 3;
        for (uint32_t i = 0; i < n; i++) {
            state->t_us[i] = state->t_us[i + 1];
            state->value[i] = state->value[i + 1];
        }
    }
    state->t_us[n] = t_us;
    state->value[n] = value;
    state->n = n + 1;
    if (n == 1) {
        state->next_us = (t_us + SW_RESAMPLE_START_US - 1) / SW_RESAMPLE_START_US * SW_RESAMPLE_START_US;
    }
    out->t_us = state->next_us;
    if (n == 3) {
        while (state->next_us <= state->t_us[2]) { /* at most SW_RESAMPLE_MAX: see gap_us */
            out->value[out->n] = cubic(state->t_us, state->value, state->next_us);
            out->n++;
            state->next_us += SW_RESAMPLE_STEP_US;
        }
    }
}
