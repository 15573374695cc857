/* Phase circle: one common phase and a circle per channel, from the memory of the last seconds.
 *
 * Rule: two candidates, a small arc and large arcs; what leaves less of the channels' power unexplained wins.
 */
#include "sw_phase_circle.h"
#include "sw_lanes.h"
#include "sw_parameters.h"

#define POWER_STEPS 6
#define SCALE_STEPS 3
#define SCALE_LIMIT 0.2f
#define LARGEST_POWER 3e38f

_Static_assert(SW_CHANNEL_GROUPS * SW_LANES == SW_CHANNELS, "channels fill whole groups of lanes");

typedef sw_phase_circle_scratch scratch;

static float larger(float a, float b)
{
    return a > b ? a : b;
}

static void forget(sw_phase_circle *state)
{
    state->channels.n = 0;
    for (uint32_t i = 0; i < SW_CHANNELS; i++) {
        state->channels.bin[i] = 0;
        state->channels.lane[i] = 0;
        state->channels.centre_re[i] = 0.0f;
        state->channels.centre_im[i] = 0.0f;
        state->radius.re[i] = 0.0f;
        state->radius.im[i] = 0.0f;
    }
    state->head = 0;
    state->samples = 0;
    state->fitted = 0;
    state->radius_power = 0.0f;
    state->arc_rad = 0.0f;
    state->residual = 1.0f;
    state->curvature = 0.0f;
    state->slope = 0.0f;
}

int32_t sw_phase_circle_init(sw_phase_circle *state, const sw_phase_circle_config *config)
{
    if (config->n_rx < 1 || config->n_rx > 3) {
        return SW_ERROR_PARAMETER;
    }
    state->config = *config;
    for (uint32_t t = 0; t < SW_CIRCLE_SAMPLES; t++) {
        state->phase[t] = 0.0f;
    }
    forget(state);
    return SW_OK;
}

void sw_phase_circle_listen(sw_phase_circle *state, const float excess[SW_WATCH_BINS], uint32_t bin_first,
                            uint32_t bin_last, float share)
{
    sw_channels *channels = &state->channels;
    float least = 0.0f, ceiling = LARGEST_POWER;
    forget(state);
    for (uint32_t taken = 0; taken < SW_CHANNELS / state->config.n_rx; taken++) {
        uint32_t best = 0;
        float best_power = 0.0f;
        for (uint32_t k = bin_first; k <= bin_last; k++) {
            if (excess[k] > best_power && excess[k] < ceiling) {
                best = k;
                best_power = excess[k];
            }
        }
        if (!(best_power > 0.0f) || best_power < least) {
            return;
        }
        if (taken == 0) {
            least = share * best_power;
        }
        ceiling = best_power;
        for (uint32_t lane = 0; lane < state->config.n_rx; lane++) {
            channels->bin[channels->n] = best;
            channels->lane[channels->n] = lane;
            channels->n++;
        }
    }
}

void sw_phase_circle_remember(sw_phase_circle *state, const sw_profile *profile)
{
    const sw_channels *channels = &state->channels;
    for (uint32_t i = 0; i < SW_CHANNELS; i++) {
        float *re = &state->memory.re[i / SW_LANES][state->head][i % SW_LANES];
        float *im = &state->memory.im[i / SW_LANES][state->head][i % SW_LANES];
        *re = i < channels->n ? profile->re[channels->bin[i]][channels->lane[i]] : 0.0f;
        *im = i < channels->n ? profile->im[channels->bin[i]][channels->lane[i]] : 0.0f;
    }
    state->head = state->head + 1 < SW_CIRCLE_SAMPLES ? state->head + 1 : 0;
    state->samples += state->samples < SW_CIRCLE_SAMPLES;
}

/* Puts the memory in order and takes the mean off; returns the power that is left. The first sample is taken off
 * before the sums, so that clutter far above the arc costs no digits. */
static float centre_channels(const sw_phase_circle *state, scratch *w)
{
    uint32_t n = state->samples, first = (state->head + SW_CIRCLE_SAMPLES - n) % SW_CIRCLE_SAMPLES;
    sw_lanes power = sw_all(0.0f);
    for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
        const sw_lanes *xr = (const sw_lanes *)state->memory.re[g], *xi = (const sw_lanes *)state->memory.im[g];
        sw_lanes *sr = (sw_lanes *)w->fit.s.re[g], *si = (sw_lanes *)w->fit.s.im[g];
        sw_lanes mean_re = sw_all(0.0f), mean_im = sw_all(0.0f);
        for (uint32_t t = 0, row = first; t < n; t++, row = row + 1 < SW_CIRCLE_SAMPLES ? row + 1 : 0) {
            sr[t] = xr[row] - xr[first];
            si[t] = xi[row] - xi[first];
            mean_re += sr[t];
            mean_im += si[t];
        }
        mean_re /= (float)n;
        mean_im /= (float)n;
        for (uint32_t t = 0; t < n; t++) {
            sr[t] -= mean_re;
            si[t] -= mean_im;
            power += sr[t] * sr[t] + si[t] * si[t];
        }
        *(sw_lanes *)(w->mean.re + g * SW_LANES) = xr[first] + mean_re;
        *(sw_lanes *)(w->mean.im + g * SW_LANES) = xi[first] + mean_im;
    }
    return sw_lane_sum(power);
}

static float variance(const float *x, uint32_t n)
{
    float mean = 0.0f, total = 0.0f;
    for (uint32_t t = 0; t < n; t++) {
        mean += x[t];
    }
    mean /= (float)n;
    for (uint32_t t = 0; t < n; t++) {
        total += (x[t] - mean) * (x[t] - mean);
    }
    return total / (float)n;
}

/* Direction of the strongest sample: where the power iteration starts. */
static void strongest_sample(const scratch *w, uint32_t n, sw_lanes re[SW_CHANNEL_GROUPS],
                             sw_lanes im[SW_CHANNEL_GROUPS])
{
    uint32_t best = 0;
    float largest = -1.0f;
    for (uint32_t t = 0; t < n; t++) {
        sw_lanes power = sw_all(0.0f);
        for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
            sw_lanes sr = *(const sw_lanes *)w->fit.s.re[g][t], si = *(const sw_lanes *)w->fit.s.im[g][t];
            power += sr * sr + si * si;
        }
        float sum = sw_lane_sum(power);
        if (sum > largest) {
            largest = sum;
            best = t;
        }
    }
    for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
        re[g] = *(const sw_lanes *)w->fit.s.re[g][best];
        im[g] = *(const sw_lanes *)w->fit.s.im[g][best];
    }
}

/* First principal component of the channels, unit variance, by power iteration. */
static void principal(const scratch *w, float *x, uint32_t n)
{
    sw_lanes re[SW_CHANNEL_GROUPS], im[SW_CHANNEL_GROUPS];
    strongest_sample(w, n, re, im);
    for (uint32_t step = 0; step < POWER_STEPS; step++) {
        float total = 0.0f;
        for (uint32_t t = 0; t < n; t++) {
            sw_lanes sum = sw_all(0.0f);
            for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
                sum += *(const sw_lanes *)w->fit.s.re[g][t] * re[g] + *(const sw_lanes *)w->fit.s.im[g][t] * im[g];
            }
            x[t] = sw_lane_sum(sum);
            total += x[t] * x[t];
        }
        float norm = 1.0f / sw_sqrtf(larger(total / (float)n, 1e-30f));
        for (uint32_t t = 0; t < n; t++) {
            x[t] *= norm;
        }
        for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
            re[g] = sw_all(0.0f);
            im[g] = sw_all(0.0f);
            for (uint32_t t = 0; t < n; t++) {
                re[g] += *(const sw_lanes *)w->fit.s.re[g][t] * x[t];
                im[g] += *(const sw_lanes *)w->fit.s.im[g][t] * x[t];
            }
            re[g] /= (float)n; /* keeps the next sums within float32 */
            im[g] /= (float)n;
        }
    }
}

/* Phase by curvature along the principal component x: s = c + g x + h x^2, g = j a k, h = -a k^2 / 2, hence
 * k = 2 Im(sum h g*) / sum |g|^2. Returns its rms, rad. */
static float small_arc(sw_phase_circle *state, scratch *w, uint32_t n)
{
    float *x = w->phase;
    float m3 = 0.0f, m4 = 0.0f;
    sw_lanes numerator = sw_all(0.0f), denominator = sw_all(0.0f);
    principal(w, x, n);
    for (uint32_t t = 0; t < n; t++) {
        float square = x[t] * x[t];
        w->bend[t] = square;
        m3 += square * x[t];
        m4 += square * square;
    }
    m3 /= (float)n;
    m4 /= (float)n;
    for (uint32_t t = 0; t < n; t++) {
        w->bend[t] = w->bend[t] - 1.0f - m3 * x[t]; /* what x^2 adds to 1 and x */
    }
    float spread = (float)n * larger(m4 - 1.0f - m3 * m3, 1e-6f);
    for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
        const sw_lanes *sr = (const sw_lanes *)w->fit.s.re[g], *si = (const sw_lanes *)w->fit.s.im[g];
        sw_lanes linear_re = sw_all(0.0f), linear_im = linear_re, bend_re = linear_re, bend_im = linear_re;
        for (uint32_t t = 0; t < n; t++) {
            linear_re += sr[t] * x[t];
            linear_im += si[t] * x[t];
            bend_re += sr[t] * w->bend[t];
            bend_im += si[t] * w->bend[t];
        }
        sw_lanes h_re = bend_re / spread, h_im = bend_im / spread;
        sw_lanes g_re = linear_re / (float)n - h_re * m3, g_im = linear_im / (float)n - h_im * m3;
        numerator += 2.0f * (h_im * g_re - h_re * g_im);
        denominator += g_re * g_re + g_im * g_im;
    }
    float bend = sw_lane_sum(numerator);
    state->curvature = 0.5f * state->curvature + (bend < 0.0f ? -bend : bend);
    state->slope = 0.5f * state->slope + sw_lane_sum(denominator);
    float scale = larger(state->curvature / larger(state->slope, 1e-30f), SW_P_CIRCLE_FLOOR_RAD);
    for (uint32_t t = 0; t < n; t++) {
        x[t] *= bend > 0.0f ? scale : -scale; /* the component's own sign means nothing */
    }
    return scale;
}

/* Circles channel by channel (Kasa 1976: least squares on |s|^2, noise taken off the moments), then their steps. */
static void large_arc(scratch *w, float noise, uint32_t n)
{
    for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
        const sw_lanes *sr = (const sw_lanes *)w->fit.s.re[g], *si = (const sw_lanes *)w->fit.s.im[g];
        sw_lanes sum_xx = sw_all(0.0f), sum_yy = sum_xx, sum_xy = sum_xx, sum_xq = sum_xx, sum_yq = sum_xx;
        for (uint32_t t = 0; t < n; t++) {
            sw_lanes x = sr[t], y = si[t], q = x * x + y * y;
            sum_xx += x * x;
            sum_yy += y * y;
            sum_xy += x * y;
            sum_xq += x * q;
            sum_yq += y * q;
        }
        for (uint32_t l = 0; l < SW_LANES; l++) {
            uint32_t i = g * SW_LANES + l;
            float xx = sum_xx[l] / (float)n - 0.5f * noise, yy = sum_yy[l] / (float)n - 0.5f * noise;
            float xy = sum_xy[l] / (float)n, xq = sum_xq[l] / (2.0f * (float)n), yq = sum_yq[l] / (2.0f * (float)n);
            float trace = larger(xx + yy, 1e-12f);
            float determinant = larger(xx * yy - xy * xy, 0.01f * trace * trace);
            float re = (yy * xq - xy * yq) / determinant, im = (xx * yq - xy * xq) / determinant;
            w->circle.re[i] = re;
            w->circle.im[i] = im;
            w->weight[i] = trace / (trace + (re * re + im * im));
        }
    }
    sw_circle_add_steps(&w->fit, &w->circle, w->weight, w->other);
}

/* Improves a phase in place: scale by Gauss-Newton, circles by least squares, phase from them. */
static void refine(sw_circle_fit *fit, float *phase)
{
    for (uint32_t step = 0; step < SCALE_STEPS; step++) {
        float scale = 1.0f + sw_clamp(sw_circle_scale_error(fit, phase), -SCALE_LIMIT, SCALE_LIMIT);
        for (uint32_t t = 0; t < fit->n; t++) {
            phase[t] *= scale;
        }
        (void)sw_circle_solve(fit, phase);
        sw_circle_read_phase(fit, phase);
    }
}

/* Share of the power that least squares circles with this phase leave unexplained. */
static float unexplained(sw_circle_fit *fit, const float *phase, float total)
{
    return larger(1.0f - sw_circle_solve(fit, phase) / total, 0.0f);
}

/* Tries large arcs beside the phase at hand, which leaves `left` over noise. Returns 0: keep it, 1: w->other is
 * better, 2: and it turns so far that each channel keeps its own circle. */
static uint32_t try_large_arc(scratch *w, float noise, float left, float total, float noise_share)
{
    large_arc(w, noise, w->fit.n);
    float arc = sw_sqrtf(variance(w->other, w->fit.n));
    uint32_t wide = arc > SW_P_CIRCLE_WIDE_RAD;
    if (!wide) {
        refine(&w->fit, w->other);
    }
    float other = unexplained(&w->fit, w->other, total) - noise_share;
    if (arc > SW_P_CIRCLE_ARC_RAD && (left > SW_P_CIRCLE_FAILED || other < SW_P_CIRCLE_BETTER * left)) {
        return 1 + wide;
    }
    return 0;
}

static void keep(sw_phase_circle *state, scratch *w, const float *phase, const sw_channel_values *centre)
{
    float one[SW_CHANNELS];
    state->radius_power = 0.0f;
    for (uint32_t i = 0; i < SW_CHANNELS; i++) {
        one[i] = 1.0f;
        state->radius.re[i] = w->fit.radius.re[i];
        state->radius.im[i] = w->fit.radius.im[i];
        state->channels.centre_re[i] = centre->re[i] + w->mean.re[i];
        state->channels.centre_im[i] = centre->im[i] + w->mean.im[i];
        state->radius_power += state->radius.re[i] * state->radius.re[i] + state->radius.im[i] * state->radius.im[i];
    }
    state->arc_rad = sw_sqrtf(variance(phase, w->fit.n));
    state->fitted = 1;
    sw_circle_add_steps(&w->fit, centre, one, state->phase);
}

void sw_phase_circle_fit(sw_phase_circle *state, float noise, sw_phase_circle_scratch *w)
{
    const float *phase = w->phase;
    const sw_channel_values *centre = &w->fit.centre;
    uint32_t n = state->samples, tried = 0;
    if (n == 0 || state->channels.n == 0) {
        return;
    }
    w->fit.n = n;
    float total = centre_channels(state, w);
    if (!(total > 0.0f)) {
        return;
    }
    float noise_share = noise * (float)(n * state->channels.n) / total;
    if (small_arc(state, w, n) > SW_P_CIRCLE_ARC_RAD) {
        refine(&w->fit, w->phase);
    }
    float left = unexplained(&w->fit, w->phase, total);
    float arc_rad = sw_sqrtf(variance(w->phase, n));
    if (left - noise_share > SW_P_CIRCLE_DOUBT || arc_rad > SW_P_CIRCLE_WIDE_RAD) {
        tried = try_large_arc(w, noise, left - noise_share, total, noise_share);
        phase = tried > 0 ? w->other : w->phase;
        left = unexplained(&w->fit, phase, total);
    }
    if (tried == 2) {
        centre = &w->circle;
        left = sw_circle_roundness(&w->fit, centre) / total;
    }
    state->residual = left;
    keep(state, w, phase, centre);
}
