/* Sample check: integer sums over differences of chirps, a few vectors of the range profile.
 *
 * Rule: what is noticed is no opinion about the scene: each condition is one that no scene can make.
 */
#include "sw_sample_check.h"

#include "sw_lanes.h"
#include "sw_parameters.h"

#define COLUMNS 8u
#define STRIP 16u /* vectors whose differences add up in 16 bits */
#define MIDDLE 2048.0f
#define PRINTED 64u /* samples that go into the print */
#define PRINT_FACTOR 2654435761u
#define BURSTS_MAX (SW_MAX_CHIRPS / 2u)

typedef int16_t columns __attribute__((vector_size(2 * COLUMNS), may_alias, aligned(2)));
typedef uint16_t counts __attribute__((vector_size(2 * COLUMNS), may_alias, aligned(2)));

int32_t sw_sample_check_init(sw_sample_check *state, const sw_sample_check_config *config)
{
    *state = (sw_sample_check){.config = *config};
    if (config->n_chirps < 2 || config->n_chirps > SW_MAX_CHIRPS || !(config->frame_s > 0.0f)) {
        return SW_ERROR_PARAMETER;
    }
    state->alpha = sw_clamp(config->frame_s / SW_P_CHECK_SMOOTH_S, 0.0f, 1.0f);
    return SW_OK;
}

/* A condition of this frame: 1 held, 0 not. */
static void tell(sw_sample_check *state, sw_check check, int32_t holds)
{
    state->share[check] += state->alpha * ((holds ? 1.0f : 0.0f) - state->share[check]);
}

/* Sum of the absolute differences of two chirps. */
static uint32_t differ(const uint16_t *a, const uint16_t *b, uint32_t row)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < row;) {
        uint32_t stop = row - i > STRIP * COLUMNS ? i + STRIP * COLUMNS : row;
        counts sum = {0};
        for (; i < stop; i += COLUMNS) {
            columns d = *(const columns *)(a + i) - *(const columns *)(b + i), sign = d >> 15;
            sum += (counts)((d ^ sign) - sign);
        }
        for (uint32_t j = 0; j < COLUMNS; j++) {
            total += sum[j];
        }
    }
    return total;
}

static int32_t jump(const uint16_t *a, const uint16_t *b, uint32_t i, int32_t limit)
{
    int32_t d = (int32_t)a[i] - (int32_t)b[i];
    return d > limit || d < -limit;
}

/* 1: some difference is above the limit. */
static int32_t any_jump(const uint16_t *a, const uint16_t *b, uint32_t row, int32_t limit)
{
    columns worst = {0};
    int32_t any = 0;
    for (uint32_t i = 0; i < row; i += COLUMNS) {
        columns d = *(const columns *)(a + i) - *(const columns *)(b + i), sign = d >> 15, size = (d ^ sign) - sign;
        columns more = size > worst;
        worst = (size & more) | (worst & ~more);
    }
    for (uint32_t j = 0; j < COLUMNS; j++) {
        any |= worst[j] > limit;
    }
    return any;
}

/* Jumps of a pair of chirps: how many, and how many of them have a neighbour that jumps too. */
static void count_jumps(const sw_sample_check_config *config, const uint16_t *a, const uint16_t *b, int32_t limit,
                        uint32_t *alone, uint32_t *together)
{
    uint32_t row = config->n_samples * config->n_rx, n_rx = config->n_rx;
    for (uint32_t i = 0; i < row; i++) {
        if (!jump(a, b, i, limit)) {
            continue;
        }
        int32_t before = i >= n_rx && jump(a, b, i - n_rx, limit / 4);
        int32_t behind = i + n_rx < row && jump(a, b, i + n_rx, limit / 4);
        *alone += !(before || behind);
        *together += before || behind;
    }
}

void sw_sample_check_samples(sw_sample_check *state, const uint16_t *samples, int32_t clipped)
{
    const sw_sample_check_config *config = &state->config;
    uint32_t row = config->n_samples * config->n_rx, pairs = config->n_chirps / 2u, sum[BURSTS_MAX], total = 0;
    uint32_t alone = 0, together = 0, least = UINT32_MAX, print = 0;
    state->noticed = 0;
    state->clipped = (uint32_t)clipped;
    for (uint32_t p = 0; p < pairs; p++) {
        sum[p] = differ(samples + 2u * p * row, samples + (2u * p + 1u) * row, row);
        total += sum[p];
        least = sum[p] < least ? sum[p] : least;
        print = (print ^ sum[p]) * PRINT_FACTOR;
    }
    for (uint32_t i = 0; i < PRINTED; i++) {
        print = (print ^ samples[i]) * PRINT_FACTOR;
    }
    /* the quietest pair is the noise: bursts and a first chirp that is not settled leave one of many alone */
    int32_t limit = (int32_t)SW_P_JUMP_COUNTS + (int32_t)SW_P_JUMP_NOISE * (int32_t)(least / row + 1u);
    for (uint32_t p = 0; p < pairs; p++) {
        const uint16_t *a = samples + 2u * p * row, *b = a + row;
        if ((p > 0u || pairs == 1u) && any_jump(a, b, row, limit)) {
            count_jumps(config, a, b, limit, &alone, &together);
        }
    }
    uint32_t others = (total - sum[0]) / (pairs > 1u ? pairs - 1u : 1u), louder = 0;
    for (uint32_t p = 1; p < pairs; p++) {
        louder += (float)sum[p] > SW_P_BURST_SHARE * (float)least;
    }
    int32_t repeated = total > row && print != 0u && print == state->print;
    int32_t burst = pairs > 1u && (together > 0u || (louder > 0u && alone == 0u));
    int32_t bits = !clipped && 2u * alone > together; /* two wrong samples side by side happen */
    burst = burst && !clipped && !bits;
    state->print = print;
    state->noticed |= (uint32_t)repeated << SW_CHECK_FRAME_REPEATED;
    state->noticed |= (uint32_t)bits << SW_CHECK_BUS_BITS;
    state->noticed |= (uint32_t)burst << SW_CHECK_INTERFERENCE;
    tell(state, SW_CHECK_FRAME_REPEATED, repeated);
    tell(state, SW_CHECK_BUS_BITS, bits);
    tell(state, SW_CHECK_INTERFERENCE, burst);
    tell(state, SW_CHECK_FIRST_CHIRP, pairs > 1u && !clipped && (float)sum[0] > SW_P_FIRST_SHARE * (float)others && total > row);
}

void sw_sample_check_halves(sw_sample_check *state, const sw_samples half[2])
{
    sw_lanes sum = {0.0f};
    uint32_t n = state->config.n_samples;
    for (uint32_t i = 0; i < n; i++) {
        sum += *(const sw_lanes *)half[0].lane[i] + *(const sw_lanes *)half[1].lane[i];
    }
    *(sw_lanes *)state->mean = sum * (0.5f / (float)n) - MIDDLE;
}

static float size_of(float re, float im) { return re * re + im * im; }

/* Mean of |d|^2 / 4 of one lane over the bins beyond those in front: its noise. */
static float noise_of(const sw_profile *difference, uint32_t n_bins, uint32_t l)
{
    float sum = 0.0f;
    for (uint32_t k = n_bins - n_bins / 4u; k < n_bins; k++) {
        sum += size_of(difference->re[k][l], difference->im[k][l]);
    }
    return sum / (float)(n_bins / 4u) / 4.0f;
}

/* Log2 of a power against another, 0 where both are nothing. */
static float octaves(float power, float of) { return sw_log2f((power + 1e-6f) / (of + 1e-6f)); }

typedef struct in_front { /* of one antenna */
    float power;    /* now */
    float was;      /* usually */
    float change;   /* power of the difference between the two */
    float noise;
} in_front;

static void look(const sw_sample_check *state, const sw_profile *profile, const sw_profile *difference, uint32_t n_bins,
                 uint32_t l, in_front *found)
{
    found->power = 0.0f;
    found->was = 0.0f;
    found->change = 0.0f;
    for (uint32_t k = 0; k < SW_CHECK_NEAR; k++) {
        float xr = profile->re[k + 1u][l], xi = profile->im[k + 1u][l], wr = state->near_re[k][l], wi = state->near_im[k][l];
        found->power += size_of(xr, xi);
        found->was += size_of(wr, wi);
        found->change += size_of(xr - wr, xi - wi);
    }
    found->noise = noise_of(difference, n_bins, l);
}

static void learn(sw_sample_check *state, const sw_profile *profile)
{
    float slow = state->config.frame_s / SW_P_NEAR_LEARN_S, share = 1.0f / (float)(state->learnt + 1u);
    float a = share > slow ? share : slow;
    state->learnt += share > slow ? 1u : 0u;
    for (uint32_t k = 0; k < SW_CHECK_NEAR; k++) {
        sw_lanes *re = (sw_lanes *)state->near_re[k], *im = (sw_lanes *)state->near_im[k];
        *re += a * (*(const sw_lanes *)profile->re[k + 1u] - *re);
        *im += a * (*(const sw_lanes *)profile->im[k + 1u] - *im);
    }
}

/* How far the antennas are from what they were when each is taken for the one `by` lanes on, octaves. */
static float apart(const in_front *front, uint32_t n_rx, uint32_t by)
{
    float sum = 0.0f;
    for (uint32_t l = 0; l < n_rx; l++) {
        float d = octaves(front[l].power, front[(l + by) % n_rx].was);
        sum += d < 0.0f ? -d : d;
    }
    return sum;
}

/* 1: one antenna has changed and the others have not, neither by its measure nor by their own. What comes to stand in front
 * of the device adds about as much to each of them, and what warms changes each in proportion. */
static int32_t one_changed(const in_front *front, uint32_t n_rx)
{
    uint32_t most = 0;
    for (uint32_t l = 1; l < n_rx; l++) {
        most = front[l].change * front[most].was > front[most].change * front[l].was ? l : most;
    }
    int32_t alone = n_rx > 1u && front[most].change > SW_P_MISMATCH_CHANGE * front[most].was;
    for (uint32_t l = 0; l < n_rx; l++) {
        alone = alone && (l == most || (front[l].change < SW_P_MISMATCH_OTHERS * front[most].change &&
                                        front[l].change < SW_P_MISMATCH_OTHERS * front[l].was));
    }
    return alone;
}

void sw_sample_check_profile(sw_sample_check *state, const sw_geometry *geometry, const sw_profile *profile,
                             const sw_profile *difference)
{
    uint32_t n_rx = geometry->n_rx, dead = 0, off = 0, most = 0, more = 0, none = 0;
    int32_t known = (float)state->learnt * state->config.frame_s >= SW_P_NEAR_KNOWN_S, shifted = 0;
    in_front front[SW_MAX_RX];
    float strongest = 0.0f;
    for (uint32_t l = 0; l < n_rx; l++) {
        look(state, profile, difference, geometry->n_bins, l, &front[l]);
        strongest = front[l].power > strongest ? front[l].power : strongest;
    }
    for (uint32_t l = 0; l < n_rx; l++) {
        const in_front *f = &front[l];
        float mean = state->mean[l] < 0.0f ? -state->mean[l] : state->mean[l];
        dead += f->power < SW_P_DEAD_SHARE * strongest;
        off += mean > SW_P_OFFSET_COUNTS + sw_sqrtf(f->power);
        most += f->power > SW_P_NEAR_COUNTS * SW_P_NEAR_COUNTS;
        more += known && f->power > SW_P_NEAR_MORE * f->was;
        none += f->noise > 0.0f && f->power < SW_P_NEAR_NONE * f->noise;
    }
    if (known && n_rx == SW_MAX_RX) {
        float as_it_was = apart(front, n_rx, 0);
        shifted = as_it_was > SW_P_SHIFT_OCTAVES &&
                  (apart(front, n_rx, 1) < 0.25f * as_it_was || apart(front, n_rx, 2) < 0.25f * as_it_was);
    }
    int32_t mismatch = known && dead == 0u && most == 0u && none == 0u && !shifted && !state->clipped && one_changed(front, n_rx);
    tell(state, SW_CHECK_ANTENNA_MISMATCH, mismatch);
    tell(state, SW_CHECK_ANTENNA_DEAD, dead > 0u && dead < n_rx && none < n_rx && !shifted);
    tell(state, SW_CHECK_ADC_OFFSET, off > 0u && !state->clipped);
    tell(state, SW_CHECK_LEAKAGE, !state->clipped && !shifted && (most > 0u || (more > 1u || (more > 0u && n_rx == 1u))));
    tell(state, SW_CHECK_RAMP, !shifted && none == n_rx);
    tell(state, SW_CHECK_FIFO_SHIFTED, shifted);
    if (!state->clipped && !shifted && dead == 0u && most == 0u && more == 0u && none < n_rx && !mismatch) {
        learn(state, profile);
    }
}

/* Ends a second of the strongest burst difference: did it keep its size? */
static void end_line(sw_sample_check *state, float noise)
{
    float n = (float)state->line_n, mean = state->line_sum / n;
    float variance = state->line_square / n - mean * mean;
    int32_t keeps = mean > SW_P_LINE_SNR * noise && variance < SW_P_LINE_STEADY * mean * mean;
    state->line_seconds = keeps ? state->line_seconds + 1u : 0u;
    state->line_n = 0;
    state->line_sum = 0.0f;
    state->line_square = 0.0f;
}

void sw_sample_check_line(sw_sample_check *state, const sw_geometry *geometry, const sw_profile *difference, float noise)
{
    const sw_lanes *dr = (const sw_lanes *)difference->re, *di = (const sw_lanes *)difference->im;
    float most = 0.0f;
    uint32_t bin = 0, rippled = state->line_seconds >= (uint32_t)SW_P_LINE_SECONDS;
    for (uint32_t k = geometry->watch_first; k <= geometry->watch_last; k++) {
        float power = sw_lane_sum(dr[k] * dr[k] + di[k] * di[k]);
        bin = power > most ? k : bin;
        most = power > most ? power : most;
    }
    if (state->line_n > 0u && bin != state->line_bin) {
        state->line_n = 0;
        state->line_sum = 0.0f;
        state->line_square = 0.0f;
        state->line_seconds = 0;
    }
    state->line_bin = bin;
    state->line_n++;
    state->line_sum += most;
    state->line_square += most * most;
    if (state->line_n >= geometry->frames_per_second) {
        end_line(state, noise);
    }
    for (uint32_t check = SW_CHECK_FIRST_CHIRP; check < SW_CHECK_SUPPLY_RIPPLE; check++) {
        state->noticed |= (uint32_t)(state->share[check] > SW_P_CHECK_SHARE) << check;
    }
    state->noticed |= (uint32_t)((float)state->line_seconds >= SW_P_LINE_SECONDS) << SW_CHECK_SUPPLY_RIPPLE;
    state->present = state->noticed;
    for (uint32_t check = SW_CHECK_BUS_BITS; check < SW_CHECK_FIRST_CHIRP; check++) { /* rare ones cost nothing */
        state->present &= ~(1u << check);
        state->present |= (uint32_t)(state->share[check] >= SW_P_CHECK_RARE) << check;
    }
    state->turned = (state->noticed >> SW_CHECK_SUPPLY_RIPPLE & 1u) != rippled;
}
