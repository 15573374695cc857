/* Breathing rate by breaths and by spectrum.
 *
 * Rule: times are integers (ms of chip time); only their differences become floats.
 */
#include "sw_breathing_rate.h"
#include "sw_lanes.h"
#include "sw_parameters.h"

#define PAIRS_HZ 5.0f /* samples of the spectrum per second */
#define FIRST_HZ 0.10f
#define STEP_HZ 0.01f
#define NEAR_LINES 5u
/* SW_REASON_* of wire/words.h, which a block does not include */
#define NO_REASON 0
#define STARTING 1
#define LOW_QUALITY 4
#define AMBIGUOUS 5

static float coefficient_of(float line_hz)
{
    return 2.0f * sw_cosf(line_hz * (SW_TWO_PI / PAIRS_HZ));
}

void sw_breathing_rate_init(sw_breathing_rate *state)
{
    *state = (sw_breathing_rate){.reason = STARTING};
    for (uint32_t line = 0; line < SW_RATE_LINE_ROOM; line++) {
        state->coefficient[line] = coefficient_of(FIRST_HZ + STEP_HZ * (float)line);
    }
    sw_breathing_rate_interrupt(state);
}

void sw_breathing_rate_interrupt(sw_breathing_rate *state)
{
    state->valid = 0;
    state->below = 0;
    state->broken = 1;
    state->head = 0;
    state->filled = 0;
    state->last_um = 0;
}

void sw_breathing_rate_copy(sw_breathing_rate *state, const sw_breathing_rate *other)
{
    state->tick = other->tick;
    state->crossing_ms = other->crossing_ms;
    for (uint32_t i = 0; i < SW_RATE_BREATHS; i++) {
        state->begin_ms[i] = other->begin_ms[i];
        state->joined[i] = other->joined[i];
    }
    state->breaths = other->breaths;
    state->broken = other->broken;
    state->square = other->square;
    state->valid = other->valid;
    state->last_um = other->last_um;
    state->below = other->below;
    for (uint32_t i = 0; i < SW_RATE_SAMPLES; i++) {
        state->wave[i] = other->wave[i];
    }
    state->head = other->head;
    state->filled = other->filled;
}

/* Counts a breath, unless it follows the one before too soon. */
static void breathe(sw_breathing_rate *state, int64_t begin_ms)
{
    uint32_t joined = 0, slot = state->breaths % SW_RATE_BREATHS;
    if (state->breaths > 0 && !state->broken) {
        int64_t interval_ms = begin_ms - state->begin_ms[(state->breaths - 1) % SW_RATE_BREATHS];
        if ((float)interval_ms < SW_P_BREATH_MIN_S * 1000.0f) {
            return;
        }
        joined = (float)interval_ms <= SW_P_BREATH_MAX_S * 1000.0f;
    }
    state->broken = 0;
    state->begin_ms[slot] = begin_ms;
    state->joined[slot] = joined;
    state->breaths++;
}

void sw_breathing_rate_step(sw_breathing_rate *state, int64_t tick, int16_t wave_um)
{
    int32_t now_um = wave_um;
    float wave = (float)now_um;
    state->tick = tick;
    state->valid++;
    float share = 1.0f / (float)state->valid;
    share = share > SW_P_RMS_SHARE ? share : SW_P_RMS_SHARE;
    state->square += share * (wave * wave - state->square);
    float threshold = SW_P_BREATH_HYSTERESIS * sw_sqrtf(state->square);
    if (wave < -threshold) {
        state->below = 1;
    }
    if (state->last_um < 0 && now_um >= 0) {
        int32_t rise_um = now_um - state->last_um;
        state->crossing_ms = tick * 100 - (200 * now_um + rise_um) / (2 * rise_um);
    }
    if (state->below && wave > threshold) {
        state->below = 0;
        breathe(state, state->crossing_ms);
    }
    if (state->valid % 2 == 0) {
        state->wave[state->head] = 0.5f * (float)(state->last_um + now_um);
        state->head = state->head + 1 < SW_RATE_SAMPLES ? state->head + 1 : 0;
        state->filled += state->filled < SW_RATE_SAMPLES;
    }
    state->last_um = now_um;
}

/* The remembered waveform under a Hann window, oldest first. */
static void taper(const sw_breathing_rate *state, float tapered[SW_RATE_SAMPLES])
{
    uint32_t n = state->filled, row = (state->head + SW_RATE_SAMPLES - n) % SW_RATE_SAMPLES;
    float angle[SW_RATE_SAMPLES], sine[SW_RATE_SAMPLES], cosine[SW_RATE_SAMPLES];
    float turn = n > 0 ? SW_TWO_PI / (float)n : 0.0f;
    for (uint32_t t = 0; t < SW_RATE_SAMPLES; t++) {
        angle[t] = (float)t * turn;
    }
    sw_sincosf_each(angle, sine, cosine, n);
    for (uint32_t t = 0; t < n; t++) {
        tapered[t] = state->wave[row] * (0.5f - 0.5f * cosine[t]);
        row = row + 1 < SW_RATE_SAMPLES ? row + 1 : 0;
    }
}

/* Power of one line per lane (Goertzel 1958). */
static sw_lanes line_powers(const float *tapered, uint32_t n, sw_lanes coefficient)
{
    sw_lanes a = sw_all(0.0f), b = sw_all(0.0f);
    for (uint32_t t = 0; t < n; t++) {
        sw_lanes next = (tapered[t] - b) + coefficient * a;
        b = a;
        a = next;
    }
    return a * a + b * b - coefficient * a * b;
}

/* Finds the strongest line and its share of the band's power. */
static void spectrum(sw_breathing_rate *state, const float *tapered)
{
    float powers[SW_RATE_LINE_ROOM], total = 0.0f, near = 0.0f, shift = 0.0f;
    uint32_t best = 0;
    state->line_hz = 0.0f;
    state->line_share = 0.0f;
    if ((float)state->filled < SW_P_SPECTRUM_MIN_S * PAIRS_HZ) {
        return;
    }
    for (uint32_t line = 0; line < SW_RATE_LINES; line += SW_LANES) {
        sw_lanes coefficient = *(const sw_lanes *)(state->coefficient + line);
        *(sw_lanes *)(powers + line) = line_powers(tapered, state->filled, coefficient);
    }
    for (uint32_t line = 0; line < SW_RATE_LINES; line++) {
        total += powers[line];
        best = powers[line] > powers[best] ? line : best;
    }
    if (!(total > 0.0f)) {
        return;
    }
    for (uint32_t line = best > NEAR_LINES ? best - NEAR_LINES : 0; line <= best + NEAR_LINES; line++) {
        near += line < SW_RATE_LINES ? powers[line] : 0.0f;
    }
    if (best > 0 && best < SW_RATE_LINES - 1) {
        float left = powers[best - 1], right = powers[best + 1];
        float bend = left - 2.0f * powers[best] + right;
        shift = bend < 0.0f ? 0.5f * (left - right) / bend : 0.0f;
    }
    state->line_hz = FIRST_HZ + STEP_HZ * ((float)best + shift);
    state->line_share = near / total;
}

static float size_of(float x) { return x < 0.0f ? -x : x; }

/* The rate of the breaths if the longest interval hides one that was missed; 0: none is so long. */
static float with_missed(const float *interval_s, uint32_t count, float total_s)
{
    float longest_s = 0.0f;
    for (uint32_t i = 0; i < count; i++) {
        longest_s = interval_s[i] > longest_s ? interval_s[i] : longest_s;
    }
    float others_s = (total_s - longest_s) / (float)(count - 1u);
    return count > 2u && longest_s > SW_P_BREATH_DOUBLE * others_s ? (float)(count + 1u) / total_s : 0.0f;
}

/* Accepts the rate of the breaths, or says why not. missed_hz: it, if one was missed; 0: none was. */
static void decide(sw_breathing_rate *state, int64_t tick, float breaths_hz, float missed_hz, const float *tapered)
{
    int64_t waited_ms = tick * 100 - state->begin_ms[(state->breaths - 1) % SW_RATE_BREATHS];
    float waited_s = (float)waited_ms * 1e-3f;
    state->reason = LOW_QUALITY;
    if (waited_s * breaths_hz > SW_P_BREATHS_MISSED && (int64_t)state->valid * 100 > waited_ms) {
        return;
    }
    if (state->variation > SW_P_INTERVAL_CV) {
        return;
    }
    float rate_hz = breaths_hz;
    if (state->line_hz > 0.0f) {
        float apart_hz = state->line_hz - breaths_hz;
        if (state->line_share < SW_P_LINE_SHARE) {
            return;
        }
        if (missed_hz > 0.0f && size_of(state->line_hz - missed_hz) < size_of(apart_hz)) {
            state->reason = AMBIGUOUS;
            return;
        }
        if (size_of(apart_hz) <= SW_P_RATE_AGREE * state->line_hz) {
            float trust = sw_clamp((float)state->intervals / SW_P_ENOUGH_BREATHS, 0.0f, 1.0f);
            rate_hz = trust * breaths_hz + (1.0f - trust) * state->line_hz;
        } else {
            sw_lanes two = {coefficient_of(breaths_hz), coefficient_of(state->line_hz), 0.0f, 0.0f};
            sw_lanes power = line_powers(tapered, state->filled, two);
            if (power[0] < SW_P_LINE_RIVAL * power[1]) {
                state->reason = AMBIGUOUS;
                return;
            }
        }
    }
    state->reason = NO_REASON;
    state->rate_per_min = 60.0f * rate_hz;
}

void sw_breathing_rate_measure(sw_breathing_rate *state, int64_t tick)
{
    float interval_s[SW_RATE_BREATHS], tapered[SW_RATE_SAMPLES], total = 0.0f, squares = 0.0f;
    int64_t oldest_ms = tick * 100 - (int64_t)(SW_P_RATE_WINDOW_S * 1000.0f);
    uint32_t held = state->breaths < SW_RATE_BREATHS ? state->breaths : SW_RATE_BREATHS, count = 0;
    state->rate_per_min = 0.0f;
    state->variation = 1.0f;
    for (uint32_t back = 1; back < held; back++) {
        uint32_t later = (state->breaths - back) % SW_RATE_BREATHS;
        uint32_t before = (state->breaths - back - 1) % SW_RATE_BREATHS;
        if (state->begin_ms[before] < oldest_ms) {
            break;
        }
        if (state->joined[later]) {
            interval_s[count] = (float)(state->begin_ms[later] - state->begin_ms[before]) * 1e-3f;
            total += interval_s[count];
            count++;
        }
    }
    state->intervals = count;
    state->span_s = total;
    taper(state, tapered);
    spectrum(state, tapered);
    if (count < 2 || total < SW_P_BREATHS_SPAN_S) {
        state->reason = STARTING;
        return;
    }
    float mean = total / (float)count;
    for (uint32_t i = 0; i < count; i++) {
        squares += (interval_s[i] - mean) * (interval_s[i] - mean);
    }
    state->variation = sw_sqrtf(squares / (float)count) / mean;
    decide(state, tick, 1.0f / mean, with_missed(interval_s, count, total), tapered);
}
