/* SHT4x on the I2C bus. See sw_sht4x.h.
 *
 * Rule: see the header. Integers only.
 */
#include "sw_sht4x.h"

#include "sw_handles.h"
#include "sw_words.h"

#define ADDRESS 0x44u
#define MEASURE_HIGH 0xFDu
#define BYTES 6u
#define FULL 65535
#define CRC_POLYNOMIAL 0x31u
#define CRC_FIRST 0xFFu

static uint8_t crc8(const uint8_t *bytes, uint32_t n)
{
    uint32_t crc = CRC_FIRST;
    for (uint32_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (uint32_t bit = 0; bit < 8u; bit++) {
            crc = (crc & 0x80u) != 0u ? crc << 1 ^ CRC_POLYNOMIAL : crc << 1;
        }
        crc &= 0xFFu;
    }
    return (uint8_t)crc;
}

/* from + span word / 65535, to the nearest. */
static int32_t scaled(const uint8_t *word, int32_t from, int32_t span)
{
    int64_t value = (int64_t)(word[0] << 8 | word[1]) * span;
    return from + (int32_t)((value + FULL / 2) / FULL);
}

uint32_t sw_sht4x_start(const sw_hal *hal)
{
    const uint8_t command = MEASURE_HIGH;
    const int32_t status = hal->i2c_transfer(hal->i2c, (uint8_t)ADDRESS, &command, 1, 0, 0);
    return status < 0 && SW_HANDLES(CLIMATE_ABSENT) ? SW_REASON_CLIMATE_ABSENT : SW_REASON_NONE;
}

uint32_t sw_sht4x_fetch(const sw_hal *hal, sw_sht4x_reading *out)
{
    uint8_t b[BYTES] = {0};
    if (hal->i2c_transfer(hal->i2c, (uint8_t)ADDRESS, 0, 0, b, BYTES) < 0 && SW_HANDLES(CLIMATE_ABSENT)) {
        return SW_REASON_CLIMATE_ABSENT;
    }
    if ((crc8(b, 2) != b[2] || crc8(b + 3, 2) != b[5]) && SW_HANDLES(CLIMATE_CHECK)) {
        return SW_REASON_CLIMATE_CHECK;
    }
    const int32_t humidity = scaled(b + 3, -600, 12500);
    out->temperature = (int16_t)scaled(b, -4500, 17500);
    out->humidity = (uint16_t)(humidity < 0 ? 0 : humidity > 10000 ? 10000 : humidity);
    return SW_REASON_NONE;
}
