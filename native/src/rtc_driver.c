/* RV-3028-C7 class clock: its UNIX time counter and its PORF flag.
 *
 * Rule: power may fail between any two transactions here, and the clock is then never slower than the truth.
 */
#include "sw_rtc_driver.h"

#define ADDRESS 0x52u     /* 7 bits */
#define STATUS 0x0Eu
#define STATUS_PORF 0x01u /* power was lost since this was last cleared */
#define CONTROL_2 0x10u
#define CONTROL_2_RESET 0x01u /* starts a new second */
#define UNIX_TIME 0x1Bu   /* four bytes, lowest first */
#define READINGS_MAX 4u

static int32_t read_bytes(const sw_hal *hal, uint8_t number, uint8_t *bytes, uint32_t n)
{
    return hal->i2c_transfer(hal->i2c, (uint8_t)ADDRESS, &number, 1, bytes, n);
}

static int32_t read_unix(const sw_hal *hal, uint32_t *unix_s)
{
    uint8_t b[4] = {0};
    const int32_t rc = read_bytes(hal, (uint8_t)UNIX_TIME, b, 4);
    *unix_s = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    return rc;
}

/* The counter goes on while it is read: only two equal readings count. */
static int32_t read_still(const sw_hal *hal, uint32_t *unix_s)
{
    uint32_t before = 0, after = 0;
    if (read_unix(hal, &after) < 0) {
        return -1;
    }
    for (uint32_t i = 0; i < READINGS_MAX; i++) {
        before = after;
        if (read_unix(hal, &after) < 0) {
            return -1;
        }
        if (before == after) {
            *unix_s = after;
            return 0;
        }
    }
    return -1;
}

sw_rtc_reading sw_rtc_read(const sw_hal *hal, uint32_t *unix_s)
{
    uint8_t status = STATUS_PORF;
    uint32_t seconds = 0;
    if (read_bytes(hal, (uint8_t)STATUS, &status, 1) < 0 || read_still(hal, &seconds) < 0) {
        return SW_RTC_ABSENT;
    }
    if ((status & STATUS_PORF) != 0u) {
        return SW_RTC_LOST;
    }
    *unix_s = seconds;
    return SW_RTC_VALID;
}

int32_t sw_rtc_set(const sw_hal *hal, uint32_t unix_s)
{
    const uint8_t time[5] = {UNIX_TIME, (uint8_t)unix_s, (uint8_t)(unix_s >> 8), (uint8_t)(unix_s >> 16),
                             (uint8_t)(unix_s >> 24)};
    uint8_t control[2] = {CONTROL_2, 0};
    uint8_t status[2] = {STATUS, 0};
    uint32_t seconds = 0;
    /* The time goes first: until the second is restarted the clock is fast by a part of one, never slow. */
    if (hal->i2c_transfer(hal->i2c, (uint8_t)ADDRESS, time, 5, 0, 0) < 0 ||
        read_bytes(hal, (uint8_t)CONTROL_2, control + 1, 1) < 0) {
        return -1;
    }
    control[1] |= CONTROL_2_RESET;
    if (hal->i2c_transfer(hal->i2c, (uint8_t)ADDRESS, control, 2, 0, 0) < 0 || read_still(hal, &seconds) < 0 ||
        seconds != unix_s || read_bytes(hal, (uint8_t)STATUS, status + 1, 1) < 0) {
        return -1;
    }
    status[1] &= (uint8_t)~STATUS_PORF; /* last: only now does the chip vouch for it */
    return hal->i2c_transfer(hal->i2c, (uint8_t)ADDRESS, status, 2, 0, 0) < 0 ? -1 : 0;
}
