/* Half-burst means: the chirps of a frame averaged in two halves, per antenna.
 *
 * Their sum is the frame's chirp mean, their difference the motion within the burst.
 * Range: 12-bit ADC counts, so sums are exact. Init fails with SW_ERROR_CONFIG_*.
 */
#ifndef SW_HALF_BURST_H
#define SW_HALF_BURST_H

#include "sw_common.h"

typedef struct sw_half_burst_config {
    uint32_t n_rx;      /* 1..3 */
    uint32_t n_samples; /* 64, 128, 256 or 512 */
    uint32_t n_chirps;  /* even, 2..64 */
} sw_half_burst_config;

typedef struct sw_half_burst {
    sw_half_burst_config config;
    float scale[SW_LANES]; /* 2 / n_chirps, 0 on lanes without an antenna */
} sw_half_burst;

int32_t sw_half_burst_init(sw_half_burst *state, const sw_half_burst_config *config);
/* samples: uint16[chirp][sample][rx], FIFO order, 0..4095. half: mean of the first and of the second half of the chirps,
 * n_samples of each are written. */
void sw_half_burst_step(const sw_half_burst *state, const uint16_t *samples, sw_samples half[2]);

#endif
