/* Driver of the battery-backed clock, RV-3028-C7 class, on I2C.
 *
 * Rule: a time is given out only while the chip vouches for it: PORF clear, and two equal readings.
 * Register map: Micro Crystal, RV-3028-C7 application manual, "Register overview". The UNIX time counter is used, not
 * the calendar: no time zone, no leap year, no BCD. Not done here: enabling the chip's switch to its back-up supply,
 * which its EEPROM keeps and whoever builds a board sets once.
 */
#ifndef SW_RTC_DRIVER_H
#define SW_RTC_DRIVER_H

#include <stdint.h>
#include "sw_hal.h"

typedef enum sw_rtc_reading {
    SW_RTC_ABSENT = -1, /* nobody answers, or nothing that holds still */
    SW_RTC_LOST = 0,    /* it was without power: what it shows is not the time */
    SW_RTC_VALID = 1
} sw_rtc_reading;

/* Whole seconds since 1970; *unix_s is written only when VALID. */
sw_rtc_reading sw_rtc_read(const sw_hal *hal, uint32_t *unix_s);
/* The second unix_s begins now. Returns 0, or -1: the chip did not take it. */
int32_t sw_rtc_set(const sw_hal *hal, uint32_t unix_s);

#endif
