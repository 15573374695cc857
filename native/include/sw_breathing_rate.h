/* Breathing rate: the mean interval of breaths found one by one, checked against the spectrum.
 *
 * A breath begins where the waveform rises through zero, after it was clearly below and before it is clearly above
 * (hysteresis on its own rms). Breaths before and after a movement count, the interval across it does not. When
 * breaths and spectrum differ by a factor the stronger line decides; when neither is clear the rate is unknown.
 */
#ifndef SW_BREATHING_RATE_H
#define SW_BREATHING_RATE_H

#include "sw_common.h"

#define SW_RATE_SAMPLES 150 /* 30 s at 5 per second: means of pairs of waveform samples */
#define SW_RATE_BREATHS 32
#define SW_RATE_LINES 51    /* 0.10, 0.11 .. 0.60 Hz */
#define SW_RATE_LINE_ROOM 52 /* whole groups of SW_LANES */

typedef struct sw_breathing_rate {
    int64_t tick;                       /* tenth of a second of chip time of the last sample */
    int64_t crossing_ms;                /* rise through zero, not yet confirmed; chip time */
    int64_t begin_ms[SW_RATE_BREATHS];  /* confirmed breaths, chip time, ring: breath n at n % SW_RATE_BREATHS */
    uint32_t joined[SW_RATE_BREATHS];   /* 1: no break between this breath and the one before */
    uint32_t breaths;                   /* ever */
    uint32_t broken;
    float square;                       /* running mean square of the waveform, um^2 */
    uint32_t valid;                     /* samples since the last break */
    int32_t last_um;
    uint32_t below;                     /* was clearly below zero since the last breath */
    float wave[SW_RATE_SAMPLES];        /* ring at 5 per second since the last break, um */
    uint32_t head;                      /* next to write */
    uint32_t filled;
    float coefficient[SW_RATE_LINE_ROOM]; /* 2 cos(turn per sample) of each line */
    /* results of the last measure */
    float rate_per_min;                 /* 0: unknown, see reason */
    float variation;                    /* standard deviation over mean of the intervals; 1 while there are too few */
    float line_hz;                      /* strongest line of the spectrum; 0 when the waveform is too short */
    float line_share;                   /* of the band's power within 0.05 Hz of it */
    uint32_t intervals;
    float span_s;                       /* sum of the intervals */
    int32_t reason;                     /* SW_REASON_* of the packet; 0 with a rate */
} sw_breathing_rate;

/* Forgets everything. */
void sw_breathing_rate_init(sw_breathing_rate *state);
/* The waveform breaks off here (movement, lost frames): no breath reaches across. */
void sw_breathing_rate_interrupt(sw_breathing_rate *state);
/* Takes over what other remembers of breaths and waveform; the results of the last measure stay. */
void sw_breathing_rate_copy(sw_breathing_rate *state, const sw_breathing_rate *other);
/* One waveform sample, 10 per second; tick: its chip time in tenths of a second. */
void sw_breathing_rate_step(sw_breathing_rate *state, int64_t tick, int16_t wave_um);
/* Once a second: rate, variation, spectrum, or the reason for no rate. */
void sw_breathing_rate_measure(sw_breathing_rate *state, int64_t tick);

#endif
