/* Motion: two lane-wise sums over the body's bins, two smoothers, one decision with hysteresis.
 *
 * Rule: moving at once above the upper speed, still only after STILL_HOLD_S below the lower one.
 */
#include "sw_motion.h"

#include "sw_lanes.h"
#include "sw_parameters.h"

#define SMALLEST_POWER 1e-9f
#define FOUR_PI (2.0f * SW_TWO_PI)
#define MM_PER_M 1e3f

void sw_motion_init(sw_motion_state *state)
{
    state->started = 0;
    state->burst = 0.0f;
    state->amplitude = 0.0f;
    state->speed_mm_per_s = 0.0f;
    state->over_floor = 0.0f;
    state->still_s = 0.0f;
    state->moving = 0;
    state->moving_s = 0.0f;
}

static float power_of(const sw_profile *profile, int32_t first, int32_t last)
{
    const sw_lanes *re = (const sw_lanes *)profile->re, *im = (const sw_lanes *)profile->im;
    sw_lanes sum = {0.0f};
    for (int32_t k = first; k <= last; k++) {
        sum += re[k] * re[k] + im[k] * im[k];
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static float greater(float a, float b)
{
    return a > b ? a : b;
}

/* What one frame counts in a smoother; the first one counts whole. */
static float share_of(const sw_motion_state *state, float frame_s, float smooth_s)
{
    return state->started && frame_s < smooth_s ? frame_s / smooth_s : 1.0f;
}

static void decide(sw_motion_state *state, float frame_s)
{
    int32_t seen = state->over_floor > SW_P_MOVING_OVER_FLOOR;
    if (seen && state->speed_mm_per_s > SW_P_MOVING_MM_PER_S) {
        state->moving = 1;
        state->still_s = 0.0f;
    } else if (seen && state->speed_mm_per_s > SW_P_STILL_MM_PER_S) {
        state->still_s = 0.0f;
    } else {
        state->still_s += frame_s;
        if (state->still_s >= SW_P_STILL_HOLD_S) {
            state->moving = 0;
        }
    }
    state->moving_s = state->moving ? state->moving_s + frame_s : 0.0f;
}

void sw_motion_step(sw_motion_state *state, const sw_geometry *geometry, const sw_profile *moving,
                    const sw_profile *difference, const sw_motion_body *body)
{
    int32_t first = body->first_bin, last = body->last_bin;
    float a = share_of(state, geometry->frame_s, SW_P_MOTION_SMOOTH_S);
    float b = share_of(state, geometry->frame_s, SW_P_AMPLITUDE_SMOOTH_S);
    state->started = 1;
    state->burst += a * (power_of(difference, first, last) - state->burst);
    state->amplitude += b * (power_of(moving, first, last) - state->amplitude);
    float floor = greater(4.0f * body->noise * (float)(last + 1 - first), SMALLEST_POWER);
    state->over_floor = state->burst / floor;
    float scale = geometry->wavelength_m * MM_PER_M / (FOUR_PI * geometry->half_burst_s);
    float amplitude = greater(greater(state->amplitude, body->circle_power), floor);
    state->speed_mm_per_s = scale * sw_sqrtf(greater(state->burst - floor, 0.0f) / amplitude);
    decide(state, geometry->frame_s);
}
