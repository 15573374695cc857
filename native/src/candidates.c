/* Candidate range bins: lane-wise sums every frame, one choice every second.
 *
 * Rule: a frame only adds; everything with a branch waits for the end of the second.
 */
#include "sw_candidates.h"

#include "sw_lanes.h"
#include "sw_parameters.h"

#define SMALLEST_POWER 1e-12f

#define WHOLE(name, value, unit, meaning) WHOLE_##name = (int)(value),
enum { SW_PARAMETERS(WHOLE) WHOLE_END };
_Static_assert(WHOLE_WINDOW_SECONDS >= 1 && WHOLE_WINDOW_SECONDS <= SW_WINDOW_MAX_S, "SW_WINDOW_MAX_S is too small");

static void clear_running(sw_candidates *state)
{
    for (uint32_t k = 0; k < SW_WATCH_BINS; k++) {
        sw_candidates_bin *bin = &state->running[k];
        *(sw_lanes *)bin->coherent = (sw_lanes){0.0f};
        *(sw_lanes *)bin->power = (sw_lanes){0.0f};
        *(sw_lanes *)bin->burst = (sw_lanes){0.0f};
    }
    state->frames = 0;
}

void sw_candidates_init(sw_candidates *state)
{
    for (uint32_t k = 0; k < SW_WATCH_BINS; k++) {
        sw_candidates_bin *bin = &state->running[k];
        *(sw_lanes *)bin->previous_re = (sw_lanes){0.0f}; /* the first frame has no product */
        *(sw_lanes *)bin->previous_im = (sw_lanes){0.0f};
        state->excess[k] = 0.0f;
    }
    state->slot = 0;
    state->seconds = 0;
    state->body_bin = -1;
    state->first_bin = 0;
    state->last_bin = -1;
    state->snr = 0.0f;
    state->coherence = 0.0f;
    state->noise = 0.0f;
    state->distance_m = 0.0f;
    clear_running(state);
}

static void add_frame(sw_candidates *state, uint32_t first, uint32_t last, const sw_profile *moving,
                      const sw_profile *difference)
{
    const sw_lanes *restrict zr = (const sw_lanes *)moving->re, *restrict zi = (const sw_lanes *)moving->im;
    const sw_lanes *restrict dr = (const sw_lanes *)difference->re, *restrict di = (const sw_lanes *)difference->im;
    for (uint32_t k = first; k <= last; k++) {
        sw_candidates_bin *bin = &state->running[k];
        sw_lanes re = zr[k], im = zi[k];
        sw_lanes *previous_re = (sw_lanes *)bin->previous_re, *previous_im = (sw_lanes *)bin->previous_im;
        *(sw_lanes *)bin->coherent += re * *previous_re + im * *previous_im;
        *(sw_lanes *)bin->power += re * re + im * im;
        *(sw_lanes *)bin->burst += dr[k] * dr[k] + di[k] * di[k];
        *previous_re = re;
        *previous_im = im;
    }
}

static float lane_sum(const float *lane)
{
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

/* Coherent power less what proves nobody. */
static float proving(float coherent, float wandering)
{
    if (coherent <= 0.0f) {
        return coherent;
    }
    return coherent > wandering ? coherent - wandering : 0.0f;
}

/* Stores the running second, then sums the window. */
static void close_second(sw_candidates *state, const float *wandering, uint32_t first, uint32_t last)
{
    const uint32_t window_seconds = (uint32_t)SW_P_WINDOW_SECONDS;
    sw_candidates_sums *to = &state->second[state->slot], *window = &state->window;
    for (uint32_t k = first; k <= last; k++) {
        to->coherent[k] = proving(lane_sum(state->running[k].coherent), wandering != 0 ? wandering[k] : 0.0f);
        to->power[k] = lane_sum(state->running[k].power);
        to->burst[k] = lane_sum(state->running[k].burst);
        window->coherent[k] = 0.0f;
        window->power[k] = 0.0f;
        window->burst[k] = 0.0f;
    }
    state->seconds += state->seconds < window_seconds ? 1u : 0u;
    state->slot = (state->slot + 1) % window_seconds;
    for (uint32_t s = 0; s < state->seconds; s++) {
        const sw_candidates_sums *from = &state->second[s];
        for (uint32_t k = first; k <= last; k++) {
            window->coherent[k] += from->coherent[k];
            window->power[k] += from->power[k];
            window->burst[k] += from->burst[k];
        }
    }
}

/* Upper median of the window's burst power: the noise of a profile bin is a quarter of it. */
static float median_noise(sw_candidates *state, uint32_t first, uint32_t last)
{
    float *sorted = state->sorted;
    uint32_t n = 0;
    for (uint32_t k = first; k <= last; k++) {
        float x = state->window.burst[k];
        uint32_t i = n++;
        for (; i > 0 && sorted[i - 1] > x; i--) {
            sorted[i] = sorted[i - 1];
        }
        sorted[i] = x;
    }
    float noise = sorted[n / 2] / 4.0f;
    return noise > SMALLEST_POWER ? noise : SMALLEST_POWER;
}

/* Power side lobe envelope of the Hann window `bins` away, at least 2; Harris 1978, eq. 27. */
static float hann_leakage(float bins)
{
    float envelope = 1.0f / (SW_PI * bins * (bins * bins - 1.0f));
    return envelope * envelope;
}

/* Strongest of the bins first..last; last < first or nothing positive: SW_MAX_BINS. */
static uint32_t strongest_of(const float *coherent, uint32_t first, uint32_t last)
{
    uint32_t strongest = SW_MAX_BINS;
    float power = 0.0f;
    for (uint32_t k = first; k <= last; k++) {
        if (coherent[k] > power) {
            strongest = k;
            power = coherent[k];
        }
    }
    return strongest;
}

/* What bin s may leak into bin k. */
static float leak_of(const float *coherent, uint32_t s, uint32_t k)
{
    uint32_t apart = s > k ? s - k : k - s;
    return s == SW_MAX_BINS || apart < 2u ? 0.0f : SW_P_LEAKAGE * coherent[s] * hann_leakage((float)apart);
}

static void find_excess(sw_candidates *state, const sw_geometry *geometry)
{
    const float *coherent = state->window.coherent;
    uint32_t first = geometry->bin_first, last = geometry->bin_last;
    uint32_t far = strongest_of(coherent, last + 1, geometry->watch_last);
    uint32_t near = strongest_of(coherent, geometry->watch_first, first - 1);
    for (uint32_t k = first; k <= last; k++) {
        float excess = coherent[k] > 0.0f ? coherent[k] : 0.0f;
        excess -= leak_of(coherent, far, k) + leak_of(coherent, near, k);
        state->excess[k] = excess > 0.0f ? excess : 0.0f;
    }
    /* the slope of a body whose summit lies outside belongs to that body */
    for (uint32_t k = last; k >= first && k < geometry->watch_last && coherent[k] < coherent[k + 1]; k--) {
        state->excess[k] = 0.0f;
    }
    for (uint32_t k = first; k <= last && k > geometry->watch_first && coherent[k] < coherent[k - 1]; k++) {
        state->excess[k] = 0.0f;
    }
}

/* Excess around bin k, neighbours at half weight. */
static float score_of(const sw_candidates *state, const sw_geometry *geometry, uint32_t k)
{
    float score = state->excess[k];
    if (k > geometry->bin_first) {
        score += 0.5f * state->excess[k - 1];
    }
    if (k < geometry->bin_last) {
        score += 0.5f * state->excess[k + 1];
    }
    return score;
}

/* The strongest score takes over only from a body that lost most of its own. */
static void choose(sw_candidates *state, const sw_geometry *geometry)
{
    int32_t best = -1;
    float best_score = 0.0f;
    for (uint32_t k = geometry->bin_first; k <= geometry->bin_last; k++) {
        float score = score_of(state, geometry, k);
        if (score > best_score) {
            best = (int32_t)k;
            best_score = score;
        }
    }
    if (state->body_bin < 0 || score_of(state, geometry, (uint32_t)state->body_bin) < SW_P_KEEP_BODY * best_score) {
        state->body_bin = best;
    }
}

/* Bins, signal-to-noise ratio, coherence and distance of the chosen body. noise: of one bin over the window. */
static void measure(sw_candidates *state, const sw_geometry *geometry, float noise)
{
    state->noise = noise / (float)(state->seconds * geometry->frames_per_second);
    int32_t body = state->body_bin, half = (int32_t)(SW_P_BODY_HALF_M / geometry->bin_m + 0.5f);
    if (body < 0) {
        state->first_bin = 0;
        state->last_bin = -1;
        state->snr = 0.0f;
        state->coherence = 0.0f;
        state->distance_m = 0.0f;
        return;
    }
    half = half > 1 ? half : 1;
    int32_t first = body - half, last = body + half;
    first = first > (int32_t)geometry->bin_first ? first : (int32_t)geometry->bin_first;
    last = last < (int32_t)geometry->bin_last ? last : (int32_t)geometry->bin_last;
    float power = state->window.power[body], total = 0.0f, weighted = 0.0f;
    for (int32_t k = first; k <= last; k++) {
        total += state->excess[k];
        weighted += state->excess[k] * (float)k;
    }
    state->first_bin = first;
    state->last_bin = last;
    state->snr = state->excess[body] / noise;
    state->coherence = state->excess[body] / (power > SMALLEST_POWER ? power : SMALLEST_POWER);
    state->distance_m = geometry->bin_m * weighted / (total > SMALLEST_POWER ? total : SMALLEST_POWER);
}

int32_t sw_candidates_step(sw_candidates *state, const sw_geometry *geometry, const sw_profile *moving,
                           const sw_profile *difference)
{
    add_frame(state, geometry->watch_first, geometry->watch_last, moving, difference);
    state->frames++;
    return state->frames >= geometry->frames_per_second;
}

void sw_candidates_choose(sw_candidates *state, const sw_geometry *geometry, const float *wandering)
{
    close_second(state, wandering, geometry->watch_first, geometry->watch_last);
    float noise = median_noise(state, geometry->watch_first, geometry->watch_last);
    find_excess(state, geometry);
    choose(state, geometry);
    measure(state, geometry, noise);
    clear_running(state);
}
