/* Phase circle: the centre and radius on which every listened channel turns with the same phase.
 *
 * A channel is one range bin on one antenna. While the body is still, s_i(t) = c_i + a_i exp(j phi(t)): one common
 * phase, a centre and a radius each. A small arc's scale comes from its curvature along the first principal
 * component, a large arc from circles fitted channel by channel (Kasa 1976); both are then improved by least
 * squares over all channels, and what leaves less unexplained wins.
 */
#ifndef SW_PHASE_CIRCLE_H
#define SW_PHASE_CIRCLE_H

#include "sw_circle_fit.h"
#include "sw_common.h"

typedef struct sw_phase_circle_config {
    uint32_t n_rx; /* 1..3 */
} sw_phase_circle_config;

typedef struct sw_phase_circle {
    sw_phase_circle_config config;
    sw_channels channels;           /* with the centres of the last fit */
    sw_channel_values radius;       /* of the last fit */
    sw_channel_series memory;       /* a ring over the samples */
    uint32_t head;                  /* next to write */
    uint32_t samples;
    float phase[SW_CIRCLE_SAMPLES]; /* of the memory at the last fit, oldest first, rad */
    uint32_t fitted;
    float radius_power;             /* sum of |radius|^2, ADC counts squared */
    float arc_rad;                  /* rms of the fitted phase */
    float residual;                 /* unexplained share of the channels' power, 0..1 */
    float curvature;                /* running numerator and denominator of the small arc's scale */
    float slope;
} sw_phase_circle;

/* Working memory of one fit: nothing in it outlives the call. */
typedef struct sw_phase_circle_scratch {
    sw_circle_fit fit;
    sw_channel_values mean;         /* of the memory */
    sw_channel_values circle;       /* centre of the remembered signal less its mean, channel by channel */
    float weight[SW_CHANNELS];
    float phase[SW_CIRCLE_SAMPLES];
    float other[SW_CIRCLE_SAMPLES]; /* phase of the second candidate */
    float bend[SW_CIRCLE_SAMPLES];
} sw_phase_circle_scratch;

/* Forgets channels, memory and fit. SW_ERROR_PARAMETER: n_rx out of range. */
int32_t sw_phase_circle_init(sw_phase_circle *state, const sw_phase_circle_config *config);
/* Starts over on the strongest of the bins bin_first..bin_last (both included, < SW_WATCH_BINS) that hold at least
 * `share` of the strongest one. excess: coherent power per range bin, any unit. */
void sw_phase_circle_listen(sw_phase_circle *state, const float excess[SW_WATCH_BINS], uint32_t bin_first,
                            uint32_t bin_last, float share);
/* profile: with its background */
void sw_phase_circle_remember(sw_phase_circle *state, const sw_profile *profile);
/* noise: noise power of one channel, ADC counts squared. Without channels, samples or power: no new fit. */
void sw_phase_circle_fit(sw_phase_circle *state, float noise, sw_phase_circle_scratch *scratch);

#endif
