/* Direction: two conjugate products and three powers per range bin, packed into two vectors.
 *
 * Rule: a frame only adds; angles are computed once a second.
 */
#include "sw_direction.h"

#include "sw_lanes.h"
#include "sw_parameters.h"

#define LARGEST_SINE 0.999f
#define SMALLEST_COSINE_SQUARED 1e-6f

typedef int32_t lane_order __attribute__((vector_size(4 * SW_LANES)));

static void clear_running(sw_direction *state)
{
    sw_direction_sums *running = state->second[state->slot];
    for (uint32_t k = 0; k < SW_PLACE_BINS; k++) {
        *(sw_lanes *)running[k].real = (sw_lanes){0.0f};
        *(sw_lanes *)running[k].other = (sw_lanes){0.0f};
    }
}

void sw_direction_init(sw_direction *state)
{
    state->slot = 0;
    state->seconds = 0;
    state->azimuth_rad = 0.0f;
    state->elevation_rad = 0.0f;
    state->coherence = 0.0f;
    clear_running(state);
}

void sw_direction_step(sw_direction *state, const sw_geometry *geometry, const sw_profile *moving)
{
    const lane_order last_last_1_2 = {3, 3, 0, 1}; /* the last lane holds no antenna: 0 */
    const sw_lanes *restrict zr = (const sw_lanes *)moving->re, *restrict zi = (const sw_lanes *)moving->im;
    sw_direction_sums *restrict running = state->second[state->slot];
    if (geometry->n_rx < 3) {
        return;
    }
    for (uint32_t k = geometry->bin_first; k <= geometry->bin_last; k++, running++) {
        float r3 = zr[k][2], i3 = zi[k][2];
        sw_lanes square = zr[k] * zr[k] + zi[k] * zi[k];
        *(sw_lanes *)running->real += zr[k] * r3 + zi[k] * i3;
        *(sw_lanes *)running->other += (zi[k] * r3 - zr[k] * i3) + __builtin_shuffle(square, last_last_1_2);
    }
}

static float magnitude(float re, float im)
{
    return sw_sqrtf(re * re + im * im);
}

static void read(sw_direction *state, const sw_geometry *geometry, sw_lanes real, sw_lanes other)
{
    float power_13 = other[2] * real[2], power_23 = other[3] * real[2];
    state->azimuth_rad = 0.0f;
    state->elevation_rad = 0.0f;
    state->coherence = 0.0f;
    if (!(power_13 > 0.0f) || !(power_23 > 0.0f)) {
        return;
    }
    float per_rad = geometry->wavelength_m / (SW_TWO_PI * SW_ANTENNA_SPACING_M);
    float x = sw_clamp(-sw_atan2f(other[0], real[0]) * per_rad, -LARGEST_SINE, LARGEST_SINE);
    float z = sw_clamp(-sw_atan2f(other[1], real[1]) * per_rad, -LARGEST_SINE, LARGEST_SINE);
    float yy = 1.0f - x * x - z * z;
    yy = yy > SMALLEST_COSINE_SQUARED ? yy : SMALLEST_COSINE_SQUARED;
    state->azimuth_rad = sw_atan2f(x, sw_sqrtf(yy));
    state->elevation_rad = sw_atan2f(z, sw_sqrtf(x * x + yy));
    float across = magnitude(real[0], other[0]) / sw_sqrtf(power_13);
    float upward = magnitude(real[1], other[1]) / sw_sqrtf(power_23);
    state->coherence = across < upward ? across : upward;
}

void sw_direction_second(sw_direction *state, const sw_geometry *geometry, int32_t first_bin, int32_t last_bin)
{
    const uint32_t window_seconds = (uint32_t)SW_P_WINDOW_SECONDS;
    sw_lanes real = {0.0f}, other = {0.0f};
    state->seconds += state->seconds < window_seconds ? 1u : 0u;
    for (uint32_t s = 0; geometry->n_rx == 3 && s < state->seconds; s++) {
        for (int32_t k = first_bin; k <= last_bin; k++) {
            const sw_direction_sums *sums = &state->second[s][k - (int32_t)geometry->bin_first];
            real += *(const sw_lanes *)sums->real;
            other += *(const sw_lanes *)sums->other;
        }
    }
    read(state, geometry, real, other);
    state->slot = (state->slot + 1) % window_seconds;
    clear_running(state);
}
