/* Constants of the range FFT, made by native/make_fft_tables.py. Shorter lengths take every 2nd, 4th, 8th. */
#ifndef SW_FFT_TABLES_H
#define SW_FFT_TABLES_H

extern const float sw_cos512[512];  /* cos(2 pi n / 512) */
extern const float sw_sin512[512];  /* sin(2 pi n / 512) */
extern const float sw_hann512[512]; /* (1 - cos(2 pi n / 512)) / 2 */

#endif
