/* Window and range FFT: both halves as one complex signal, radix-4 Stockham passes, four antennas at a time.
 *
 * Stockham: Swarztrauber, "FFT algorithms for vector computers", Parallel Computing 1 (1984) 45-63.
 * Rule: a written order of operations; the lanes are the innermost loop.
 */
#include "sw_range_fft.h"
#include "sw_fft_tables.h"
#include "sw_lanes.h"

#define TABLE 512u

typedef struct turn {
    float re;
    float im;
} turn;

int32_t sw_range_fft_init(sw_range_fft *state, const sw_range_fft_config *config)
{
    uint32_t n = config->n_samples;
    if (n != 64 && n != 128 && n != 256 && n != 512) {
        return SW_ERROR_CONFIG_SAMPLES;
    }
    state->n_samples = n;
    return SW_OK;
}

static void mean_of(const sw_samples *x, uint32_t n, sw_lanes *mean)
{
    sw_lanes sum[4] = {{0.0f}, {0.0f}, {0.0f}, {0.0f}};
    const sw_lanes *at = (const sw_lanes *)x->lane;
    for (uint32_t i = 0; i < n; i += 4) {
        for (uint32_t j = 0; j < 4; j++) {
            sum[j] += at[i + j];
        }
    }
    *mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / (float)n;
}

/* Mean out, window on; sample N/2 goes first, so that phases count from the middle of the window. */
static void prepare(sw_samples *x, uint32_t n)
{
    sw_lanes *at = (sw_lanes *)x->lane;
    uint32_t half = n / 2, stride = TABLE / n;
    float scale = 4.0f / (float)n; /* a power of two: exact */
    sw_lanes mean;
    mean_of(x, n, &mean);
    for (uint32_t i = 0; i < half; i++) {
        sw_lanes early = at[i], late = at[i + half];
        at[i] = (late - mean) * (sw_hann512[(i + half) * stride] * scale);
        at[i + half] = (early - mean) * (sw_hann512[i * stride] * scale);
    }
}

/* exp(-2 pi i index / n) */
static turn twiddle(uint32_t index, uint32_t n)
{
    turn w = {sw_cos512[index * (TABLE / n)], -sw_sin512[index * (TABLE / n)]};
    return w;
}

/* One pass over transforms of length n, `width` of them interleaved: radix-4 butterflies. */
static void pass4(const sw_lanes *restrict xr, const sw_lanes *restrict xi, sw_lanes *restrict yr, sw_lanes *restrict yi,
                  uint32_t n, uint32_t width)
{
    uint32_t m = n / 4 * width;
    for (uint32_t p = 0; p < n / 4; p++) {
        turn w1 = twiddle(p, n), w2 = twiddle(2 * p, n), w3 = twiddle(3 * p, n);
        for (uint32_t q = 0; q < width; q++) {
            uint32_t i = p * width + q, o = 4 * p * width + q;
            sw_lanes ar = xr[i] + xr[i + 2 * m], ai = xi[i] + xi[i + 2 * m];
            sw_lanes br = xr[i] - xr[i + 2 * m], bi = xi[i] - xi[i + 2 * m];
            sw_lanes cr = xr[i + m] + xr[i + 3 * m], ci = xi[i + m] + xi[i + 3 * m];
            sw_lanes dr = xr[i + m] - xr[i + 3 * m], di = xi[i + m] - xi[i + 3 * m];
            sw_lanes er = ar - cr, ei = ai - ci;
            sw_lanes fr = br + di, fi = bi - dr; /* b - i d */
            sw_lanes gr = br - di, gi = bi + dr; /* b + i d */
            yr[o] = ar + cr;
            yi[o] = ai + ci;
            yr[o + width] = fr * w1.re - fi * w1.im;
            yi[o + width] = fr * w1.im + fi * w1.re;
            yr[o + 2 * width] = er * w2.re - ei * w2.im;
            yi[o + 2 * width] = er * w2.im + ei * w2.re;
            yr[o + 3 * width] = gr * w3.re - gi * w3.im;
            yi[o + 3 * width] = gr * w3.im + gi * w3.re;
        }
    }
}

/* The last pass of lengths 64 and 256: n = 4, no twiddles. */
static void last4(const sw_lanes *restrict xr, const sw_lanes *restrict xi, sw_lanes *restrict yr, sw_lanes *restrict yi,
                  uint32_t width)
{
    for (uint32_t q = 0; q < width; q++) {
        sw_lanes ar = xr[q] + xr[q + 2 * width], ai = xi[q] + xi[q + 2 * width];
        sw_lanes br = xr[q] - xr[q + 2 * width], bi = xi[q] - xi[q + 2 * width];
        sw_lanes cr = xr[q + width] + xr[q + 3 * width], ci = xi[q + width] + xi[q + 3 * width];
        sw_lanes dr = xr[q + width] - xr[q + 3 * width], di = xi[q + width] - xi[q + 3 * width];
        yr[q] = ar + cr;
        yi[q] = ai + ci;
        yr[q + width] = br + di;
        yi[q + width] = bi - dr;
        yr[q + 2 * width] = ar - cr;
        yi[q + 2 * width] = ai - ci;
        yr[q + 3 * width] = br - di;
        yi[q + 3 * width] = bi + dr;
    }
}

/* The last pass of lengths 128 and 512: n = 2, no twiddles. */
static void last2(const sw_lanes *restrict xr, const sw_lanes *restrict xi, sw_lanes *restrict yr, sw_lanes *restrict yi,
                  uint32_t width)
{
    for (uint32_t q = 0; q < width; q++) {
        yr[q] = xr[q] + xr[q + width];
        yi[q] = xi[q] + xi[q + width];
        yr[q + width] = xr[q] - xr[q + width];
        yi[q + width] = xi[q] - xi[q + width];
    }
}

/* z = first + i second, so Z[k] and conj Z[N-k] give the spectra of both real signals:
 * first = (Z[k] + conj Z[N-k]) / 2, second = (Z[k] - conj Z[N-k]) / 2i. */
static void separate(const sw_lanes *restrict zr, const sw_lanes *restrict zi, uint32_t n, sw_range_fft_out *restrict out)
{
    sw_lanes *pr = (sw_lanes *)out->profile.re, *pi = (sw_lanes *)out->profile.im;
    sw_lanes *dr = (sw_lanes *)out->difference.re, *di = (sw_lanes *)out->difference.im;
    for (uint32_t k = 0; k < n / 2; k++) {
        uint32_t c = (n - k) & (n - 1);
        sw_lanes sum_re = zr[k] + zr[c], dif_re = zr[k] - zr[c];
        sw_lanes sum_im = zi[k] + zi[c], dif_im = zi[k] - zi[c];
        pr[k] = 0.25f * (sum_re + sum_im);
        pi[k] = 0.25f * (dif_im - dif_re);
        dr[k] = 0.5f * (sum_im - sum_re);
        di[k] = -0.5f * (dif_re + dif_im);
    }
}

void sw_range_fft_step(const sw_range_fft *state, sw_samples half[2], sw_samples other[2], sw_range_fft_out *out)
{
    uint32_t from = 0, width = 1, n = state->n_samples;
    sw_lanes *work[2][2] = {{(sw_lanes *)half[0].lane, (sw_lanes *)half[1].lane}, /* re and im */
                            {(sw_lanes *)other[0].lane, (sw_lanes *)other[1].lane}};
    prepare(&half[0], n);
    prepare(&half[1], n);
    for (; n > 4; n /= 4) {
        pass4(work[from][0], work[from][1], work[1 - from][0], work[1 - from][1], n, width);
        from = 1 - from;
        width *= 4;
    }
    if (n == 4) {
        last4(work[from][0], work[from][1], work[1 - from][0], work[1 - from][1], width);
    } else {
        last2(work[from][0], work[from][1], work[1 - from][0], work[1 - from][1], width);
    }
    from = 1 - from;
    separate(work[from][0], work[from][1], state->n_samples, out);
}
