/* Confidence: the probability that a person is in the user's place, and of each value to be valid.
 *
 * Log-odds that are linear in what was measured, squashed, and quantised to 1/255: the uplink policy decides on the
 * integer, with hysteresis.
 */
#ifndef SW_CONFIDENCE_H
#define SW_CONFIDENCE_H

#include "sw_common.h"

/* Probability of some log-odds as 0..255; NaN gives 0. */
int32_t sw_confidence_quantise(float log_odds);
/* 10 log10 of a power ratio, at least -60 dB */
float sw_confidence_decibel(float ratio);
/* What speaks against a person in the user's place, each >= 0. */
typedef struct sw_doubts {
    float outside_rad; /* how far the direction lies outside the place, times how sure that direction is */
    float below_m;     /* how far below FLOOR_BELOW_M it lies, times how sure */
    float moving_s;    /* time without a still second */
} sw_doubts;

/* P(person in the user's place), 0..255. snr: coherent power over noise, ratio; coherence: -1..1. */
int32_t sw_confidence_person(float snr, float coherence, const sw_doubts *doubts);
/* P(right class), 0..255, of still or moving, from the speed over its threshold. */
int32_t sw_confidence_motion(float speed_over_threshold);
/* P(|rate - truth| <= 1 per minute), 0..255, of a rate that was accepted.
 * variation: of the breath intervals; residual: of the phase circles, 0..1; intervals: how many breaths. */
int32_t sw_confidence_breathing(float variation, float residual, int32_t intervals);

#endif
