/* Data test mode: RX1 delivers a 12-bit shift register, polynomial x^12 + x^11 + x^10 + x^4 + 1.
 *
 * Rule: one step per RX1 sample, running on over chirps and frames; the other antennas are normal.
 */
#include "chip_internal.h"

uint32_t lfsr_step(uint32_t state)
{
    uint32_t bit = (state ^ (state >> 1) ^ (state >> 2) ^ (state >> 8)) & 1u;
    return (state >> 1) | (bit << 11);
}
