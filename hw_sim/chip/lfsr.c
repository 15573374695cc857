/* Data test mode: RX1 delivers a 12-bit shift register, polynomial x^12 + x^11 + x^10 + x^4 + 1.
 *
 * Rule: one step per RX1 sample, running on over chirps and frames. The other antennas are normal on the chip;
 * here they read mid-scale, so that a self test needs no scene and consumes none.
 */
#include "chip_internal.h"

#define MID_SCALE 2048u

uint32_t lfsr_step(uint32_t state)
{
    uint32_t bit = (state ^ (state >> 1) ^ (state >> 2) ^ (state >> 8)) & 1u;
    return (state >> 1) | (bit << 11);
}

/* Samples first .. first + n - 1 of a frame, in FIFO order. RX1, when active, is the first of each trigger. */
void lfsr_fill(uint32_t *state, const chip_timing *timing, uint32_t first, uint32_t n, uint16_t *out)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t is_rx1 = (timing->rx_mask & 1u) && (first + i) % timing->n_rx == 0;
        out[i] = (uint16_t)(is_rx1 ? *state : MID_SCALE);
        if (is_rx1)
            *state = lfsr_step(*state);
    }
}
