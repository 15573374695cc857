/* Breathing band filter: two biquads with constant coefficients.
 *
 * Rule: the high-pass works on increments with its small coefficients held as such (1 + a1 + a2, 1 - a2),
 * so that float32 loses nothing to an offset of a metre. Coefficients: edge/blocks/band_filter.py.
 */
#include "sw_band_filter.h"

#define LARGEST_UM 1e7f
#define HIGH_GAIN 0x1.f4c06ap-1f      /* b0 */
#define HIGH_DAMPING 0x1.63fe84p-5f   /* 1 - a2 */
#define HIGH_STIFFNESS 0x1.fa2aa8p-11f /* 1 + a1 + a2 */
#define LOW_GAIN 0x1.0040a8p-7f       /* b0 = b2 */
#define LOW_GAIN_TWICE 0x1.0040a8p-6f /* b1 */
#define LOW_A1 (-0x1.bc16fcp+0f)
#define LOW_A2 0x1.883204p-1f

void sw_band_filter_init(sw_band_filter *state)
{
    state->n = 0;
    state->x = 0.0f;
    state->d = 0.0f;
    state->high = 0.0f;
    state->increment = 0.0f;
    state->low_1 = 0.0f;
    state->low_2 = 0.0f;
}

int32_t sw_band_filter_step(sw_band_filter *state, float displacement_um, int16_t *out_um)
{
    float x = sw_clamp(displacement_um, -LARGEST_UM, LARGEST_UM);
    if (state->n == 0) {
        state->x = x;
    }
    float d = x - state->x;
    float increment = HIGH_GAIN * (d - state->d) + state->increment;
    increment = (increment - HIGH_DAMPING * state->increment) - HIGH_STIFFNESS * state->high;
    float high = state->high + increment;
    float low = LOW_GAIN * high + state->low_1;
    state->low_1 = (LOW_GAIN_TWICE * high - LOW_A1 * low) + state->low_2;
    state->low_2 = LOW_GAIN * high - LOW_A2 * low;
    state->x = x;
    state->d = d;
    state->high = high;
    state->increment = increment;
    if (state->n++ % 2 != 0) {
        return 0;
    }
    *out_um = (int16_t)sw_to_i32(low, -32767, 32767);
    return 1;
}
