/* Window and range FFT: two half-burst means become a range profile and a burst difference.
 *
 * Per antenna: mean over the samples removed, Hann window w[n] = (1 - cos(2 pi n / N)) / 2, FFT of N = n_samples,
 * times 2 / sum(w) = 4 / N: a real tone of amplitude A counts gives |profile| = A.
 * Time is counted from sample N/2, the middle of the window. A reflector with delay tau then has the phase
 * 2 pi f_c tau in every bin, f_c = sampled_start + sampled_bandwidth / 2: displacement towards the radar is
 * -lambda_c / (4 pi) times the phase change, lambda_c = c / f_c, whatever the bin.
 * Bin k: range k c / (2 sampled_bandwidth), 0 <= k < N/2. Bins beyond are not written.
 */
#ifndef SW_RANGE_FFT_H
#define SW_RANGE_FFT_H

#include "sw_common.h"

typedef struct sw_range_fft_config {
    uint32_t n_samples; /* 64, 128, 256 or 512 */
} sw_range_fft_config;

typedef struct sw_range_fft {
    uint32_t n_samples;
} sw_range_fft;

typedef struct sw_range_fft_out {
    sw_profile profile;    /* mean of the two halves */
    sw_profile difference; /* second half minus first */
} sw_range_fft_out;

int32_t sw_range_fft_init(sw_range_fft *state, const sw_range_fft_config *config);
/* half: the two half bursts; used up. other: working memory. Neither may overlap the other or out. */
void sw_range_fft_step(const sw_range_fft *state, sw_samples half[2], sw_samples other[2], sw_range_fft_out *out);

#endif
