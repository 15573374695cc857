/* SHT4x temperature and humidity sensor: one measurement, started and fetched.
 *
 * Rule: a word counts only when its checksum is right. Sensirion, SHT4x datasheet: command 0xFD, at most 8.3 ms, two words
 * with CRC-8; T = -45 + 175 w / 65535 degree Celsius, RH = -6 + 125 w / 65535 percent, to be clipped to 0..100.
 */
#ifndef SW_SHT4X_H
#define SW_SHT4X_H

#include <stdint.h>
#include "sw_hal.h"

#define SW_SHT4X_US 10000u /* from start to fetch; the datasheet's 8.3 ms and some */

typedef struct sw_sht4x_reading {
    int16_t temperature; /* 0.01 degree Celsius */
    uint16_t humidity;   /* 0.01 percent */
} sw_sht4x_reading;

/* SW_REASON_NONE, or CLIMATE_ABSENT. */
uint32_t sw_sht4x_start(const sw_hal *hal);
/* SW_SHT4X_US later. SW_REASON_NONE, CLIMATE_ABSENT or CLIMATE_CHECK; out is written only with NONE. */
uint32_t sw_sht4x_fetch(const sw_hal *hal, sw_sht4x_reading *out);

#endif
