/* Circle fits: circles to a phase, a phase to circles, and what they leave over.
 *
 * Rule: sums run over time in order, channels side by side in lanes; what a fit leaves over comes from the same
 * sums (least squares: total power less explained power), not from a second pass.
 */
#include "sw_circle_fit.h"
#include "sw_lanes.h"

/* e = exp(j phase) less its mean, which is returned in mean[2]; returns sum |e|^2. */
static float turn(sw_circle_fit *w, const float *phase, float mean[2])
{
    float re = 0.0f, im = 0.0f, power = 1e-12f;
    sw_sincosf_each(phase, w->e_im, w->e_re, w->n);
    for (uint32_t t = 0; t < w->n; t++) {
        re += w->e_re[t];
        im += w->e_im[t];
    }
    mean[0] = re / (float)w->n;
    mean[1] = im / (float)w->n;
    for (uint32_t t = 0; t < w->n; t++) {
        w->e_re[t] -= mean[0];
        w->e_im[t] -= mean[1];
        power += w->e_re[t] * w->e_re[t] + w->e_im[t] * w->e_im[t];
    }
    return power;
}

/* sum over time of conj(v) s, one group of channels */
static void project(const sw_circle_fit *w, const float *v_re, const float *v_im, uint32_t g, sw_lanes out[2])
{
    const sw_lanes *sr = (const sw_lanes *)w->s.re[g], *si = (const sw_lanes *)w->s.im[g];
    sw_lanes re = sw_all(0.0f), im = sw_all(0.0f);
    for (uint32_t t = 0; t < w->n; t++) {
        re += v_re[t] * sr[t] + v_im[t] * si[t];
        im += v_re[t] * si[t] - v_im[t] * sr[t];
    }
    out[0] = re;
    out[1] = im;
}

float sw_circle_solve(sw_circle_fit *w, const float *phase)
{
    float mean[2], ee = turn(w, phase, mean);
    sw_lanes explained = sw_all(0.0f);
    for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
        sw_lanes along[2];
        project(w, w->e_re, w->e_im, g, along);
        sw_lanes re = along[0] / ee, im = along[1] / ee;
        explained += re * along[0] + im * along[1];
        *(sw_lanes *)(w->radius.re + g * SW_LANES) = re;
        *(sw_lanes *)(w->radius.im + g * SW_LANES) = im;
        *(sw_lanes *)(w->centre.re + g * SW_LANES) = im * mean[1] - re * mean[0];
        *(sw_lanes *)(w->centre.im + g * SW_LANES) = -(re * mean[1]) - im * mean[0];
    }
    return sw_lane_sum(explained);
}

/* e of s = c + a exp(j phase (1 + e)), least squares over all channels, first order. Takes the phase's mean off. */
float sw_circle_scale_error(sw_circle_fit *w, float *phase)
{
    float n = (float)w->n, mean = 0.0f, turned[2], b_re = 0.0f, b_im = 0.0f, eb_re = 0.0f, eb_im = 0.0f;
    for (uint32_t t = 0; t < w->n; t++) {
        mean += phase[t];
    }
    mean /= n;
    for (uint32_t t = 0; t < w->n; t++) {
        phase[t] -= mean;
    }
    float ee = turn(w, phase, turned);
    for (uint32_t t = 0; t < w->n; t++) { /* b = j phase exp(j phase) */
        w->b_re[t] = -phase[t] * (w->e_im[t] + turned[1]);
        w->b_im[t] = phase[t] * (w->e_re[t] + turned[0]);
        b_re += w->b_re[t];
        b_im += w->b_im[t];
    }
    b_re /= n;
    b_im /= n;
    for (uint32_t t = 0; t < w->n; t++) {
        w->b_re[t] -= b_re;
        w->b_im[t] -= b_im;
        eb_re += w->e_re[t] * w->b_re[t] + w->e_im[t] * w->b_im[t];
        eb_im += w->e_re[t] * w->b_im[t] - w->e_im[t] * w->b_re[t];
    }
    float vv = 1e-3f * n, share_re = eb_re / ee, share_im = eb_im / ee;
    for (uint32_t t = 0; t < w->n; t++) {
        w->b_re[t] -= w->e_re[t] * share_re - w->e_im[t] * share_im;
        w->b_im[t] -= w->e_re[t] * share_im + w->e_im[t] * share_re;
        vv += w->b_re[t] * w->b_re[t] + w->b_im[t] * w->b_im[t];
    }
    sw_lanes numerator = sw_all(0.0f), denominator = sw_all(0.0f);
    for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
        sw_lanes along[2], across[2];
        project(w, w->e_re, w->e_im, g, along);
        project(w, w->b_re, w->b_im, g, across);
        sw_lanes slope_re = across[0] / vv, slope_im = across[1] / vv;
        sw_lanes a_re = (along[0] - (slope_re * eb_re - slope_im * eb_im)) / ee;
        sw_lanes a_im = (along[1] - (slope_re * eb_im + slope_im * eb_re)) / ee;
        numerator += slope_re * a_re + slope_im * a_im;
        denominator += a_re * a_re + a_im * a_im;
    }
    return sw_lane_sum(numerator) / (sw_lane_sum(denominator) + 1e-30f);
}

void sw_circle_read_phase(sw_circle_fit *w, float *phase)
{
    sw_lanes zero_re = sw_all(0.0f), zero_im = sw_all(0.0f);
    for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
        sw_lanes ar = *(const sw_lanes *)(w->radius.re + g * SW_LANES);
        sw_lanes ai = *(const sw_lanes *)(w->radius.im + g * SW_LANES);
        sw_lanes cr = *(const sw_lanes *)(w->centre.re + g * SW_LANES);
        sw_lanes ci = *(const sw_lanes *)(w->centre.im + g * SW_LANES);
        zero_re += ar * cr + ai * ci;
        zero_im += ar * ci - ai * cr;
    }
    for (uint32_t t = 0; t < w->n; t++) {
        sw_lanes re = -zero_re, im = -zero_im;
        for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
            sw_lanes ar = *(const sw_lanes *)(w->radius.re + g * SW_LANES);
            sw_lanes ai = *(const sw_lanes *)(w->radius.im + g * SW_LANES);
            sw_lanes sr = *(const sw_lanes *)w->s.re[g][t], si = *(const sw_lanes *)w->s.im[g][t];
            re += ar * sr + ai * si;
            im += ar * si - ai * sr;
        }
        w->b_re[t] = sw_lane_sum(re);
        w->b_im[t] = sw_lane_sum(im);
    }
    sw_atan2f_each(w->b_im, w->b_re, phase, w->n);
    float last = phase[0], turns = 0.0f;
    for (uint32_t t = 1; t < w->n; t++) {
        float step = phase[t] - last;
        last = phase[t];
        turns += (step < -SW_PI ? 1.0f : 0.0f) - (step >= SW_PI ? 1.0f : 0.0f);
        phase[t] += turns * SW_TWO_PI;
    }
}

float sw_circle_roundness(sw_circle_fit *w, const sw_channel_values *circle)
{
    float off = 0.0f;
    for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
        sw_lanes first = sw_all(0.0f), mean = first, square = first;
        for (uint32_t t = 0; t < w->n; t++) {
            sw_lanes re = *(const sw_lanes *)w->s.re[g][t] - *(const sw_lanes *)(circle->re + g * SW_LANES);
            sw_lanes im = *(const sw_lanes *)w->s.im[g][t] - *(const sw_lanes *)(circle->im + g * SW_LANES);
            sw_lanes power = re * re + im * im;
            sw_lanes r = {sw_sqrtf(power[0]), sw_sqrtf(power[1]), sw_sqrtf(power[2]), sw_sqrtf(power[3])};
            first = t == 0 ? r : first; /* the spread about it loses no digits to the radius */
            mean += r - first;
            square += (r - first) * (r - first);
        }
        mean /= (float)w->n;
        off += sw_lane_sum(square - (float)w->n * mean * mean);
        *(sw_lanes *)(w->radius.re + g * SW_LANES) = first + mean;
        *(sw_lanes *)(w->radius.im + g * SW_LANES) = sw_all(0.0f);
    }
    return off;
}

void sw_circle_add_steps(sw_circle_fit *w, const sw_channel_values *centre, const float *weight, float *phase)
{
    sw_lanes last_re[SW_CHANNEL_GROUPS], last_im[SW_CHANNEL_GROUPS];
    for (uint32_t t = 0; t < w->n; t++) {
        sw_lanes step_re = sw_all(0.0f), step_im = sw_all(0.0f);
        for (uint32_t g = 0; g < SW_CHANNEL_GROUPS; g++) {
            sw_lanes re = *(const sw_lanes *)w->s.re[g][t] - *(const sw_lanes *)(centre->re + g * SW_LANES);
            sw_lanes im = *(const sw_lanes *)w->s.im[g][t] - *(const sw_lanes *)(centre->im + g * SW_LANES);
            if (t > 0) {
                sw_lanes part = *(const sw_lanes *)(weight + g * SW_LANES);
                step_re += part * (re * last_re[g] + im * last_im[g]);
                step_im += part * (im * last_re[g] - re * last_im[g]);
            }
            last_re[g] = re;
            last_im[g] = im;
        }
        w->b_re[t] = sw_lane_sum(step_re);
        w->b_im[t] = sw_lane_sum(step_im);
    }
    sw_atan2f_each(w->b_im, w->b_re, w->e_re, w->n);
    phase[0] = 0.0f;
    for (uint32_t t = 1; t < w->n; t++) {
        phase[t] = phase[t - 1] + w->e_re[t];
    }
}
