/* 12-bit samples from the FIFO's bytes: 3 bytes are 2 samples, the first in the high bits.
 *
 * Rule: no byte beyond the two that the header allows is touched.
 */
#include <string.h>

#include "sw_driver.h"

/* Four samples from six bytes, one per 16-bit lane, first sample lowest; 64-bit arithmetic works on every target. */
static uint64_t four_samples(const uint8_t *in)
{
    uint64_t v = (uint64_t)in[0] << 56 | (uint64_t)in[1] << 48 | (uint64_t)in[2] << 40 | (uint64_t)in[3] << 32 |
                 (uint64_t)in[4] << 24 | (uint64_t)in[5] << 16 | (uint64_t)in[6] << 8 | (uint64_t)in[7];
    return v >> 52 | (v >> 24 & 0x0FFF0000u) | (v << 4 & 0x0FFF00000000u) | (v << 32 & 0x0FFF000000000000u);
}

/* Two samples. */
typedef uint32_t pair __attribute__((may_alias, aligned(2)));

/* 1 when a sample stands at 0 or 4095: these are the values whose successor has bits 1..11 clear; all others reach
 * bit 15 below. A loop of its own: it vectorises. */
static int32_t saturated(const uint16_t *samples, uint32_t n)
{
    const pair *x = (const pair *)samples;
    uint32_t inside = 0x80008000u;
    for (uint32_t i = 0; i < n / 2u; i++) {
        inside &= ((x[i] + 0x00010001u) & 0x0FFE0FFEu) + 0x7FFF7FFFu;
    }
    return inside != 0x80008000u;
}

int32_t sw_unpack12(const uint8_t *packed, uint16_t *samples, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += 4u, packed += 6) {
        uint64_t lanes = four_samples(packed);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        memcpy(samples + i, &lanes, sizeof lanes);
#else
        for (uint32_t k = 0; k < 4u; k++) {
            samples[i + k] = (uint16_t)(lanes >> (16u * k) & 0xFFFu);
        }
#endif
    }
    return saturated(samples, n);
}
