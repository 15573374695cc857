/* Calibration: one complex multiplication per lane and bin, running means, and what they say.
 *
 * Rule: a frame costs nothing while nothing is calibrated and nothing is measured.
 */
#include "sw_calibration.h"

#include "sw_lanes.h"
#include "sw_parameters.h"

#define PEAK_BINS 3u /* the main lobe of the window, and one more */

void sw_calibration_init(sw_calibration *state)
{
    state->still.wanted = 0;
    state->still.n = 0;
    state->still.gaps = 0;
    state->raw = 0;
    sw_calibration_correct(state, 0);
}

static float echo_at(const uint8_t *echo, uint32_t bin, uint32_t rx, uint32_t part)
{
    const uint8_t *at = echo + 2u * ((bin * SW_MAX_RX + rx) * 2u + part);
    int32_t word = (int32_t)at[0] | (int32_t)at[1] << 8;
    return (float)(word >= 32768 ? word - 65536 : word) / SW_ECHO_PER_COUNT;
}

void sw_calibration_correct(sw_calibration *state, const sw_correction *correction)
{
    state->corrects = 0;
    state->clears = correction != 0 && correction->echo != 0;
    for (uint32_t l = 0; l < SW_LANES; l++) {
        int32_t known = correction != 0 && l < SW_MAX_RX;
        state->gain_re[l] = known ? correction->gain_re[l] : 1.0f;
        state->gain_im[l] = known ? correction->gain_im[l] : 0.0f;
        state->corrects |= (uint32_t)(state->gain_re[l] != 1.0f || state->gain_im[l] != 0.0f);
    }
    for (uint32_t k = 0; k < SW_STILL_BINS; k++) {
        for (uint32_t l = 0; l < SW_LANES; l++) {
            int32_t known = state->clears && l < SW_MAX_RX;
            state->echo_re[k][l] = known ? echo_at(correction->echo, k, l, 0) : 0.0f;
            state->echo_im[k][l] = known ? echo_at(correction->echo, k, l, 1) : 0.0f;
        }
    }
}

void sw_calibration_measure(sw_calibration *state, uint32_t frames, uint32_t raw)
{
    sw_still *still = &state->still;
    state->raw = raw;
    still->wanted = frames;
    still->n = 0;
    still->gaps = 0;
    for (uint32_t k = 0; k < SW_STILL_BINS; k++) {
        *(sw_lanes *)still->re[k] = sw_all(0.0f);
        *(sw_lanes *)still->im[k] = sw_all(0.0f);
        still->spread[k] = 0.0f;
        still->noise[k] = 0.0f;
    }
}

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Running means and sums of squares about them (Welford 1962). */
static void measure(sw_still *still, uint32_t n_bins, const sw_profile *profile, const sw_profile *difference)
{
    const sw_lanes *xr = (const sw_lanes *)profile->re, *xi = (const sw_lanes *)profile->im;
    const sw_lanes *dr = (const sw_lanes *)difference->re, *di = (const sw_lanes *)difference->im;
    sw_lanes *mr = (sw_lanes *)still->re, *mi = (sw_lanes *)still->im;
    float share = 1.0f / (float)++still->n;
    for (uint32_t k = 0; k < least(n_bins, SW_STILL_BINS); k++) {
        sw_lanes from_re = xr[k] - mr[k], from_im = xi[k] - mi[k];
        mr[k] += share * from_re;
        mi[k] += share * from_im;
        still->spread[k] += sw_lane_sum(from_re * (xr[k] - mr[k]) + from_im * (xi[k] - mi[k]));
        still->noise[k] += 0.25f * sw_lane_sum(dr[k] * dr[k] + di[k] * di[k]);
    }
}

static void turn(sw_lanes gain_re, sw_lanes gain_im, uint32_t n_bins, sw_profile *profile)
{
    sw_lanes *xr = (sw_lanes *)profile->re, *xi = (sw_lanes *)profile->im;
    for (uint32_t k = 0; k < n_bins; k++) {
        sw_lanes re = xr[k], im = xi[k];
        xr[k] = gain_re * re - gain_im * im;
        xi[k] = gain_re * im + gain_im * re;
    }
}

void sw_calibration_step(sw_calibration *state, uint32_t n_bins, int32_t gap, sw_profile *profile, sw_profile *difference)
{
    sw_still *still = &state->still;
    int32_t measures = still->n < still->wanted;
    if (measures && state->raw) {
        measure(still, n_bins, profile, difference);
    }
    if (state->clears) {
        sw_lanes *xr = (sw_lanes *)profile->re, *xi = (sw_lanes *)profile->im;
        for (uint32_t k = 0; k < least(n_bins, SW_STILL_BINS); k++) {
            xr[k] -= *(const sw_lanes *)state->echo_re[k];
            xi[k] -= *(const sw_lanes *)state->echo_im[k];
        }
    }
    if (state->corrects) {
        sw_lanes re = *(const sw_lanes *)state->gain_re, im = *(const sw_lanes *)state->gain_im;
        turn(re, im, n_bins, profile);
        turn(re, im, n_bins, difference);
    }
    if (measures && !state->raw) {
        measure(still, n_bins, profile, difference);
    }
    still->gaps += (uint32_t)(measures && gap);
}

static uint32_t bins_of(const sw_geometry *geometry) { return least(geometry->n_bins, SW_STILL_BINS); }

/* Median over the bins: half of them are nearer to 0 than any that moves. */
static float noise_of(const sw_still *still, const sw_geometry *geometry)
{
    uint32_t from = SW_STILL_LOWEST, to = bins_of(geometry);
    float median = 0.0f;
    for (uint32_t k = from; k < to; k++) {
        uint32_t below = 0, equal = 0;
        for (uint32_t j = from; j < to; j++) {
            below += still->noise[j] < still->noise[k];
            equal += still->noise[j] == still->noise[k];
        }
        if (below <= (to - from) / 2u && below + equal > (to - from) / 2u) {
            median = still->noise[k];
        }
    }
    return median;
}

int32_t sw_still_moves(const sw_still *still, const sw_geometry *geometry)
{
    float limit = SW_P_STILL_SPREAD * noise_of(still, geometry);
    for (uint32_t k = SW_STILL_LOWEST; k < bins_of(geometry); k++) {
        if (still->spread[k] > limit) {
            return 1;
        }
    }
    return 0;
}

float sw_still_residue(const sw_still *still, const sw_geometry *geometry)
{
    float sum = 0.0f;
    for (uint32_t k = SW_STILL_LOWEST; k < bins_of(geometry); k++) {
        sw_lanes re = *(const sw_lanes *)still->re[k], im = *(const sw_lanes *)still->im[k];
        sum += sw_lane_sum(re * re + im * im);
    }
    return sw_sqrtf(sum / (float)((bins_of(geometry) - SW_STILL_LOWEST) * geometry->n_rx));
}

/* Mean of one lane and bin less its known echo. */
static void clear_mean(const sw_still *still, const uint8_t *echo, uint32_t k, uint32_t l, float *re, float *im)
{
    *re = still->re[k][l] - (echo != 0 ? echo_at(echo, k, l, 0) : 0.0f);
    *im = still->im[k][l] - (echo != 0 ? echo_at(echo, k, l, 1) : 0.0f);
}

static float power_of(const sw_still *still, const uint8_t *echo, uint32_t k)
{
    float sum = 0.0f, re, im;
    for (uint32_t l = 0; l < SW_MAX_RX; l++) {
        clear_mean(still, echo, k, l, &re, &im);
        sum += re * re + im * im;
    }
    return sum;
}

/* Sum over the peak's bins of lane a times the conjugate of lane b. */
static void product(const sw_still *still, const uint8_t *echo, uint32_t bin, uint32_t a, uint32_t b, float *re, float *im)
{
    float ar, ai, br, bi;
    *re = 0.0f;
    *im = 0.0f;
    for (uint32_t k = bin - 1u; k <= bin + 1u; k++) {
        clear_mean(still, echo, k, a, &ar, &ai);
        clear_mean(still, echo, k, b, &br, &bi);
        *re += ar * br + ai * bi;
        *im += ai * br - ar * bi;
    }
}

/* Phase of a lane against RX3 that a plane wave from there has. */
static float wave_phase(const sw_geometry *geometry, const sw_corner *corner, uint32_t l)
{
    float per_sine = -SW_TWO_PI * SW_ANTENNA_SPACING_M / geometry->wavelength_m;
    float x = sw_sinf(corner->azimuth_rad) * sw_cosf(corner->elevation_rad), z = sw_sinf(corner->elevation_rad);
    return l == 0u ? per_sine * x : l == 1u ? per_sine * z : 0.0f;
}

int32_t sw_corner_find(const sw_still *still, const sw_geometry *geometry, const uint8_t *echo, sw_corner *corner)
{
    uint32_t bins = bins_of(geometry), peak = 0;
    float most = 0.0f, elsewhere = 0.0f, self, nothing;
    for (uint32_t k = SW_STILL_LOWEST; k + 1u < bins; k++) {
        float power = power_of(still, echo, k);
        peak = power > most ? k : peak;
        most = power > most ? power : most;
    }
    for (uint32_t k = SW_STILL_LOWEST; k < bins; k++) {
        float power = power_of(still, echo, k);
        int32_t beside = k + PEAK_BINS < peak || k > peak + PEAK_BINS;
        elsewhere = beside && power > elsewhere ? power : elsewhere;
    }
    float off_m = (float)peak * geometry->bin_m - corner->distance_m;
    float noise = noise_of(still, geometry) / (float)(still->n > 0u ? still->n : 1u);
    if (geometry->n_rx != SW_MAX_RX || peak == 0u || sw_clamp(off_m, -1e3f, 1e3f) != off_m) {
        return 0;
    }
    off_m = off_m < 0.0f ? -off_m : off_m;
    if (off_m > SW_P_CORNER_NEAR_M || most < SW_P_CORNER_SNR * noise || elsewhere > SW_P_CORNER_ALONE * most) {
        return 0;
    }
    corner->bin = peak;
    product(still, echo, peak, 0, 0, &self, &nothing);
    for (uint32_t l = 0; l < SW_MAX_RX; l++) {
        float re, im, phase = wave_phase(geometry, corner, l) - wave_phase(geometry, corner, 0);
        float c = sw_cosf(phase), s = sw_sinf(phase);
        product(still, echo, peak, l, 0, &re, &im);
        corner->gain_re[l] = (re * c + im * s) / self;
        corner->gain_im[l] = (im * c - re * s) / self;
    }
    return 1;
}

float sw_corner_error(const sw_still *still, const sw_geometry *geometry, const uint8_t *echo, const sw_corner *corner)
{
    float per_rad = geometry->wavelength_m / (SW_TWO_PI * SW_ANTENNA_SPACING_M);
    float ar, ai, ur, ui;
    product(still, echo, corner->bin, 0, 2, &ar, &ai);
    product(still, echo, corner->bin, 1, 2, &ur, &ui);
    float x = sw_clamp(-sw_atan2f(ai, ar) * per_rad, -1.0f, 1.0f), z = sw_clamp(-sw_atan2f(ui, ur) * per_rad, -1.0f, 1.0f);
    float yy = 1.0f - x * x - z * z, y = sw_sqrtf(yy > 0.0f ? yy : 0.0f), ce = sw_cosf(corner->elevation_rad);
    float vx = sw_sinf(corner->azimuth_rad) * ce, vy = sw_cosf(corner->azimuth_rad) * ce, vz = sw_sinf(corner->elevation_rad);
    float cx = y * vz - z * vy, cy = z * vx - x * vz, cz = x * vy - y * vx;
    return sw_atan2f(sw_sqrtf(cx * cx + cy * cy + cz * cz), x * vx + y * vy + z * vz);
}

void sw_still_echo(const sw_still *still, uint32_t n_rx, uint8_t *echo)
{
    for (uint32_t k = 0; k < SW_STILL_BINS; k++) {
        for (uint32_t l = 0; l < SW_MAX_RX; l++) {
            float part[2] = {l < n_rx ? still->re[k][l] : 0.0f, l < n_rx ? still->im[k][l] : 0.0f};
            for (uint32_t i = 0; i < 2u; i++) {
                uint32_t word = (uint32_t)sw_to_i32(SW_ECHO_PER_COUNT * part[i], -32768, 32767);
                uint8_t *to = echo + 2u * ((k * SW_MAX_RX + l) * 2u + i);
                to[0] = (uint8_t)(word & 0xFFu);
                to[1] = (uint8_t)(word >> 8 & 0xFFu);
            }
        }
    }
}
