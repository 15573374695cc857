/* Circle fits: what the phase circle does with one common phase and a circle per channel.
 *
 * Model: s_i(t) = centre_i + radius_i exp(j phase(t)), s with its mean removed, ADC counts. Least squares over all
 * channels; unused channels hold zeros and change nothing.
 */
#ifndef SW_CIRCLE_FIT_H
#define SW_CIRCLE_FIT_H

#include "sw_common.h"

#define SW_CIRCLE_SAMPLES 160 /* 16 s at CIRCLE_RATE_HZ */
#define SW_CHANNEL_GROUPS 3   /* SW_CHANNELS / SW_LANES */

/* One complex number per channel, ADC counts. */
typedef struct sw_channel_values {
    float re[SW_CHANNELS];
    float im[SW_CHANNELS];
} sw_channel_values;

/* One complex number per channel and sample, ADC counts; channel 4 g + l is lane l of group g. */
typedef struct sw_channel_series {
    float re[SW_CHANNEL_GROUPS][SW_CIRCLE_SAMPLES][SW_LANES];
    float im[SW_CHANNEL_GROUPS][SW_CIRCLE_SAMPLES][SW_LANES];
} sw_channel_series;

typedef struct sw_circle_fit {
    uint32_t n;                    /* samples, 1..SW_CIRCLE_SAMPLES */
    sw_channel_series s;           /* from the oldest on, mean removed */
    sw_channel_values radius;
    sw_channel_values centre;
    float e_re[SW_CIRCLE_SAMPLES]; /* exp(j phase), mean removed */
    float e_im[SW_CIRCLE_SAMPLES];
    float b_re[SW_CIRCLE_SAMPLES]; /* its derivative by the scale of the phase, less its share along e */
    float b_im[SW_CIRCLE_SAMPLES];
} sw_circle_fit;

/* Radius and centre for a phase of n samples, rad; returns the power they explain. */
float sw_circle_solve(sw_circle_fit *fit, const float *phase);
/* Relative error of the phase's scale, first order; takes the mean off the phase. */
float sw_circle_scale_error(sw_circle_fit *fit, float *phase);
/* Unwrapped phase that all channels together show on their circles. */
void sw_circle_read_phase(sw_circle_fit *fit, float *phase);
/* Phase that adds up the common, weighted step of all channels around these centres; starts at 0. */
void sw_circle_add_steps(sw_circle_fit *fit, const sw_channel_values *centre, const float *weight, float *phase);
/* Writes the radii (real) of circles with these centres; returns the power off them. */
float sw_circle_roundness(sw_circle_fit *fit, const sw_channel_values *circle);

#endif
