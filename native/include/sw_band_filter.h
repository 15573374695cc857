/* Breathing band filter: displacement at 20 Hz in, 0.1..0.6 Hz at 10 Hz out, integer um.
 *
 * Butterworth high-pass of order 2 at 0.1 Hz, then Butterworth low-pass of order 2 at 0.6 Hz.
 * The first sample after init is the zero line; init again after a gap. Every second sample, from the first on,
 * gives a result. Gain 0.973 at 0.25 Hz. A step of 10 mm still shows 1.7 mm after 5 s, 0.09 mm after 10 s.
 */
#ifndef SW_BAND_FILTER_H
#define SW_BAND_FILTER_H

#include "sw_common.h"

#define SW_BAND_FILTER_IN_HZ 20
#define SW_BAND_FILTER_OUT_HZ 10
/* Phase delay at 0.25 Hz; the waveform's time stamps subtract it. At 0.1 Hz it is -2.1 s, at 0.2 Hz -0.21 s,
 * at 0.3 Hz 0.14 s, at 0.5 Hz 0.33 s. An envelope is delayed by 0.83 s at 0.25 Hz. */
#define SW_BAND_FILTER_DELAY_US 16163

typedef struct sw_band_filter {
    uint32_t n; /* samples since init */
    float x;    /* last input, um */
    float d;    /* its increment */
    float high; /* high-pass output, um */
    float increment; /* its increment */
    float low_1;     /* low-pass, transposed direct form II */
    float low_2;
} sw_band_filter;

void sw_band_filter_init(sw_band_filter *state);
/* displacement_um: clamped to +-10 m. Returns 1 when *out_um (-32767..32767) was written. */
int32_t sw_band_filter_step(sw_band_filter *state, float displacement_um, int16_t *out_um);

#endif
