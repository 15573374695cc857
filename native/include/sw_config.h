/* What the radar is asked to do, and where to look. All integers, so that every target computes the same registers. */
#ifndef SW_CONFIG_H
#define SW_CONFIG_H

#include <stdint.h>

#define SW_MAX_RX 3
#define SW_MAX_SAMPLES 512
#define SW_MAX_CHIRPS 64
#define SW_FIFO_SAMPLES 16384
#define SW_MAX_FRAME_SAMPLES 16384
#define SW_FRAME_SPARE 8 /* samples of room behind a frame: unpacking reads two bytes beyond its packed ones */

typedef struct sw_radar_config {
    uint32_t rx_mask;          /* bit 0 RX1, bit 1 RX2, bit 2 RX3; at least one */
    uint32_t n_samples;        /* per chirp and antenna: 64, 128, 256 or 512 */
    uint32_t n_chirps;         /* per frame: even, 2..64 */
    uint32_t sample_rate_hz;   /* 80 MHz / ADC_DIV, ADC_DIV >= 20 */
    uint32_t start_khz;        /* declared sweep: frequency when the power amplifier turns on */
    uint32_t end_khz;          /* ... and at the end of the ramp */
    uint32_t chirp_period_ns;  /* chirp repetition */
    uint32_t frame_period_ns;  /* frame repetition; the chain wants at least one frame a second, breathing five */
    uint32_t tx_power_level;   /* 0..31 */
    uint32_t if_gain_db;       /* 18..60: high-pass gain 18 or 30 plus 0..30 in steps of 5 */
    uint32_t hp_cutoff_khz;    /* 20, 45, 70 or 80 */
} sw_radar_config;

/* What the registers actually programme; known once the register list is computed. */
typedef struct sw_radar_timing {
    uint32_t n_rx;                 /* antennas in rx_mask */
    uint32_t frame_samples;        /* n_rx * n_samples * n_chirps */
    uint32_t chirp_ticks;          /* chirp repetition, 80 MHz clocks */
    uint32_t frame_ticks;          /* frame repetition, 80 MHz clocks: the unit of chip time */
    uint32_t start_ticks;          /* FRAME_START to the first frame */
    uint32_t sampled_start_khz;    /* frequency at the first sample */
    uint32_t sampled_bandwidth_khz;/* slope * n_samples / sample rate: what the samples see */
} sw_radar_timing;

/* Where the user lies, as the device sees it: what lies elsewhere is not the user. Integers, so that it can be kept. */
typedef struct sw_place {
    uint16_t near_mm;           /* range, nearest and farthest */
    uint16_t far_mm;
    int16_t azimuth_low_cdeg;   /* 0.01 degree, + towards RX1 */
    int16_t azimuth_high_cdeg;
    uint8_t side;               /* SW_SIDE_* of the bed the user sleeps on; the device stands on the user's left or right */
    uint8_t learnt;             /* 1: found in an earlier night; 0: what is assumed for that side */
} sw_place;

#endif
