/* The clock chip: two counters, one prescaler, a register file.
 *
 * Rule: integers only; the same time of the board gives the same reading however often it was read before.
 */
#include "rtc.h"

#include <string.h>

#define SECOND_US 1000000
#define DAY_S 86400
#define CALENDAR_YEARS 100
#define UNIX_2000_S 946684800
#define WEEKDAY_2000 6 /* a Saturday, Sunday = 0 */

/* Days before each month of a common year. */
static const int32_t days_before[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

static int64_t own_us(const rtc *c, uint64_t now_us)
{
    return (int64_t)now_us + (int64_t)now_us / 1000000 * c->ppb / 1000 +
           (int64_t)now_us % 1000000 * c->ppb / 1000000000;
}

/* Brings the counters to now. */
static void count(rtc *c, uint64_t now_us)
{
    if (c->stopped) { /* as if no time had passed */
        c->second_us += own_us(c, now_us) - c->counted_us;
    }
    c->counted_us = own_us(c, now_us);
    const int64_t seconds = (c->counted_us - c->second_us) / SECOND_US;
    c->second_us += seconds * SECOND_US;
    c->unix_s += (uint32_t)seconds;
    c->calendar_s = (c->calendar_s + seconds) % ((int64_t)(CALENDAR_YEARS * 365 + 25) * DAY_S);
}

void rtc_init(rtc *c, int32_t ppb)
{
    memset(c, 0, sizeof *c);
    c->ppb = ppb;
    rtc_lose(c, 0);
}

void rtc_lose(rtc *c, uint64_t now_us)
{
    memset(c->registers, 0, sizeof c->registers);
    c->registers[RTC_STATUS] = RTC_PORF;
    c->unix_s = 0;
    c->calendar_s = 0;
    c->pointer = 0;
    c->counted_us = own_us(c, now_us);
    c->second_us = c->counted_us;
}

void rtc_set(rtc *c, uint64_t now_us, uint64_t utc_us)
{
    c->unix_s = (uint32_t)(utc_us / SECOND_US);
    c->calendar_s = (int64_t)c->unix_s - UNIX_2000_S;
    c->counted_us = own_us(c, now_us);
    c->second_us = c->counted_us - (int64_t)(utc_us % SECOND_US);
    c->registers[RTC_STATUS] &= (uint8_t)~RTC_PORF;
}

void rtc_stop(rtc *c, uint64_t now_us, int32_t stopped)
{
    count(c, now_us);
    c->stopped = stopped;
}

static int32_t is_leap(int32_t year) { return year % 4 == 0; } /* true for 2000..2099 */

static int32_t days_to_month(int32_t year, int32_t month)
{
    return days_before[month] + (month >= 2 && is_leap(year) ? 1 : 0);
}

static uint8_t bcd(int64_t value) { return (uint8_t)(value / 10 * 16 + value % 10); }

static int32_t from_bcd(uint8_t value) { return (value >> 4) * 10 + (value & 15); }

/* The seven calendar registers of calendar_s. */
static void calendar_out(const rtc *c, uint8_t out[RTC_YEAR + 1])
{
    const int64_t days = c->calendar_s / DAY_S;
    const int32_t second = (int32_t)(c->calendar_s % DAY_S);
    int32_t year = 0, month = 0, day = (int32_t)days;
    while (day >= 365 + is_leap(year)) {
        day -= 365 + is_leap(year);
        year++;
    }
    while (day >= days_to_month(year, month + 1)) {
        month++;
    }
    out[0] = bcd(second % 60);
    out[1] = bcd(second / 60 % 60);
    out[2] = bcd(second / 3600);
    out[3] = (uint8_t)((days + WEEKDAY_2000) % 7);
    out[4] = bcd(day - days_to_month(year, month) + 1);
    out[5] = bcd(month + 1);
    out[6] = bcd(year);
}

static void calendar_in(rtc *c, const uint8_t in[RTC_YEAR + 1])
{
    const int32_t year = from_bcd(in[6]);
    const int32_t month = from_bcd(in[5] & 0x1F) - 1;
    int64_t days = from_bcd(in[4] & 0x3F) - 1;
    days += (int64_t)year * 365 + (year + 3) / 4 + days_to_month(year, month < 0 ? 0 : month > 11 ? 11 : month);
    c->calendar_s =
        days * DAY_S + from_bcd(in[2] & 0x3F) * 3600 + from_bcd(in[1] & 0x7F) * 60 + from_bcd(in[0] & 0x7F);
}

static uint8_t get(const rtc *c, uint32_t number)
{
    uint8_t calendar[RTC_YEAR + 1];
    if (number <= RTC_YEAR) {
        calendar_out(c, calendar);
        return calendar[number];
    }
    if (number >= RTC_UNIX && number < RTC_UNIX_END) {
        return (uint8_t)(c->unix_s >> (8u * (number - RTC_UNIX)));
    }
    return c->registers[number];
}

static void put(rtc *c, uint64_t now_us, uint32_t number, uint8_t value)
{
    uint8_t calendar[RTC_YEAR + 1];
    if (number <= RTC_YEAR) {
        calendar_out(c, calendar);
        calendar[number] = value;
        calendar_in(c, calendar);
    } else if (number >= RTC_UNIX && number < RTC_UNIX_END) {
        const uint32_t shift = 8u * (number - RTC_UNIX);
        c->unix_s = (c->unix_s & ~(0xFFu << shift)) | (uint32_t)value << shift;
    } else if (number == RTC_STATUS) {
        c->registers[RTC_STATUS] &= value; /* flags are only ever cleared from outside */
    } else {
        c->registers[number] = number == RTC_CONTROL_2 ? (uint8_t)(value & ~RTC_RESET) : value;
    }
    if (number == RTC_SECONDS || (number == RTC_CONTROL_2 && (value & RTC_RESET) != 0u)) {
        c->second_us = own_us(c, now_us);
    }
}

int32_t rtc_transfer(rtc *c, uint64_t now_us, uint8_t address, const uint8_t *tx, uint32_t tx_n, uint8_t *rx,
                     uint32_t rx_n)
{
    if (address != RTC_ADDRESS) {
        return -1;
    }
    count(c, now_us);
    for (uint32_t i = 0; i < tx_n; i++) {
        if (i == 0u) {
            c->pointer = tx[0] % RTC_REGISTERS;
        } else {
            put(c, now_us, c->pointer, tx[i]);
            c->pointer = (c->pointer + 1u) % RTC_REGISTERS;
        }
    }
    for (uint32_t i = 0; i < rx_n; i++) {
        rx[i] = get(c, c->pointer);
        c->pointer = (c->pointer + 1u) % RTC_REGISTERS;
    }
    return 0;
}
