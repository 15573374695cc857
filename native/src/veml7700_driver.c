/* VEML7700 on the I2C bus. See sw_veml7700.h.
 *
 * Rule: see the header. Registers are 16 bits, low byte first.
 */
#include "sw_veml7700.h"

#include "sw_handles.h"
#include "sw_words.h"

#define ADDRESS 0x10u
#define CONF 0u
#define ALS 4u
#define SHUTDOWN 0x0001u
#define GAIN_EIGHTH 0x1000u
#define GAIN_2 0x0800u
#define TIME_100_MS 0x0000u
#define TIME_800_MS 0x00C0u

static const uint32_t settings[2] = {GAIN_EIGHTH | TIME_100_MS, GAIN_2 | TIME_800_MS};
static const float lux_a_count[2] = {0.5376f, 0.0042f};

static int32_t configure(const sw_hal *hal, uint32_t word)
{
    const uint8_t tx[3] = {(uint8_t)CONF, (uint8_t)(word & 0xFFu), (uint8_t)(word >> 8)};
    return hal->i2c_transfer(hal->i2c, (uint8_t)ADDRESS, tx, 3, 0, 0);
}

uint32_t sw_veml7700_start(const sw_hal *hal, sw_veml7700_range range)
{
    const int32_t status = configure(hal, settings[range]);
    return status < 0 && SW_HANDLES(LIGHT_ABSENT) ? SW_REASON_LIGHT_ABSENT : SW_REASON_NONE;
}

uint32_t sw_veml7700_fetch(const sw_hal *hal, uint32_t *counts)
{
    const uint8_t number = (uint8_t)ALS;
    uint8_t b[2] = {0};
    if (hal->i2c_transfer(hal->i2c, (uint8_t)ADDRESS, &number, 1, b, 2) < 0 && SW_HANDLES(LIGHT_ABSENT)) {
        return SW_REASON_LIGHT_ABSENT;
    }
    *counts = (uint32_t)b[0] | (uint32_t)b[1] << 8;
    return SW_REASON_NONE;
}

void sw_veml7700_stop(const sw_hal *hal) { (void)configure(hal, SHUTDOWN); }

uint32_t sw_veml7700_light(uint32_t counts, sw_veml7700_range range, uint32_t *centilux)
{
    const float x = (float)counts * lux_a_count[range];
    const float lux = x * (1.0023f + x * (8.1488e-5f + x * (-9.3924e-9f + x * 6.0135e-13f)));
    if ((counts >= SW_VEML7700_FULL || lux > (float)SW_VEML7700_MAX_LX) && SW_HANDLES(LIGHT_SATURATED)) {
        return SW_REASON_LIGHT_SATURATED;
    }
    *centilux = (uint32_t)(lux * 100.0f + 0.5f); /* at most 6.4e7 */
    return SW_REASON_NONE;
}
