/* What every block shares: the lane layout, the range profile, clamps.
 *
 * Rule: a block includes this header and its own, nothing else. Single precision only; a float becomes
 * an integer only through sw_to_i32.
 *
 * Lanes: lane l is the l-th active antenna, lowest RX first; lanes without an antenna hold zeros.
 * Lanes are the innermost index everywhere, so that one instruction handles all antennas.
 */
#ifndef SW_COMMON_H
#define SW_COMMON_H

#include <stdint.h>
#include "sw_config.h"
#include "sw_error.h"
#include "sw_maths.h"

#define SW_LANES 4
#define SW_MAX_BINS 256 /* SW_MAX_SAMPLES / 2 */
#define SW_WATCH_BINS 128 /* bins the detection zone and what is watched beyond it may reach: 3 m at the finest 2.4 cm */
#define SW_PLACE_BINS 64  /* bins the user's place may reach: the detection zone at the finest 2.1 cm */
#define SW_WINDOW_MAX_S 8 /* room for sums over whole seconds; WINDOW_SECONDS is at most this */

/* One signal per antenna over the samples of a chirp, ADC counts. */
typedef struct sw_samples {
    float lane[SW_MAX_SAMPLES][SW_LANES];
} sw_samples;

/* Complex range profile, ADC counts: a real tone of amplitude A in the middle of a bin gives |.| = A.
 * Phase of every bin refers to the centre of the sampled band. */
typedef struct sw_profile {
    float re[SW_MAX_BINS][SW_LANES];
    float im[SW_MAX_BINS][SW_LANES];
} sw_profile;

/* The same of the bins that are watched. */
typedef struct sw_watched {
    float re[SW_WATCH_BINS][SW_LANES];
    float im[SW_WATCH_BINS][SW_LANES];
} sw_watched;

/* The channels that the phase circles listen to: range bin and lane of each, and its circle's centre, ADC counts.
 * Entries from n on hold zeros. */
#define SW_CHANNELS 12
typedef struct sw_channels {
    uint32_t n;
    uint32_t bin[SW_CHANNELS];
    uint32_t lane[SW_CHANNELS];
    float centre_re[SW_CHANNELS];
    float centre_im[SW_CHANNELS];
} sw_channels;

/* NaN gives lo. */
static inline float sw_clamp(float x, float lo, float hi)
{
    if (!(x > lo)) {
        return lo;
    }
    return x < hi ? x : hi;
}

/* Nearest integer, halves away from zero, clamped. |lo|, |hi| at most 2^23, where float32 still counts by one. */
static inline int32_t sw_to_i32(float x, int32_t lo, int32_t hi)
{
    float clamped = sw_clamp(x, (float)lo, (float)hi);
    return (int32_t)(clamped < 0.0f ? clamped - 0.5f : clamped + 0.5f);
}

#endif
