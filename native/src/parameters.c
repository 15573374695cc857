/* Parameters: one number that tells two sets of them apart.
 *
 * Rule: names and values come from the table alone.
 */
#include "sw_parameters.h"

#define NAME_AND_ZERO(name, value, unit, meaning) #name "\0"
#define FLOAT_OF(name, value, unit, meaning) SW_P_##name,

typedef union float_bits {
    float value;
    uint32_t bits;
} float_bits;

/* CRC-32 of IEEE 802.3, bit by bit: it runs once. */
static uint32_t add_byte(uint32_t crc, uint32_t byte)
{
    crc ^= byte & 0xffu;
    for (uint32_t i = 0; i < 8; i++) {
        crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return crc;
}

uint32_t sw_parameters_hash(void)
{
    static const char names[] = SW_PARAMETERS(NAME_AND_ZERO);
    static const float values[] = {SW_PARAMETERS(FLOAT_OF)};
    const char *name = names;
    uint32_t crc = 0xffffffffu;
    for (uint32_t i = 0; i < sizeof values / sizeof *values; i++) {
        float_bits value = {.value = values[i]};
        while (*name != 0) {
            crc = add_byte(crc, (uint32_t)*name++);
        }
        crc = add_byte(crc, (uint32_t)*name++);
        for (uint32_t shift = 0; shift < 32; shift += 8) {
            crc = add_byte(crc, value.bits >> shift);
        }
    }
    return ~crc;
}
