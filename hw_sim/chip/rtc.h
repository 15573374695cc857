/* A battery-backed clock of the RV-3028-C7 class on an I2C bus.
 *
 * Rule: it counts virtual time with its own error and knows no true UTC; whoever sets it decides what it shows.
 * Register numbers and bits: Micro Crystal, RV-3028-C7 application manual, register overview.
 * Registers that count, calendar (BCD, 24 h) and UNIX time, are two counters of one prescaler: setting one leaves
 * the other; writing the seconds, or RESET in control 2, starts a new second now; writing the UNIX time does not.
 * Reading does not freeze the UNIX time (here a transaction takes no time, so it never tears).
 * Not modelled: alarm, timer, time stamps, EEPROM and its busy time, 12-hour form, the back-up's own voltage.
 */
#ifndef RTC_H
#define RTC_H

#include <stdint.h>

enum rtc_numbers {
    RTC_ADDRESS = 0x52, /* 7 bits */
    RTC_SECONDS = 0x00, /* 0x00..0x06: seconds, minutes, hours, weekday, date, month, year */
    RTC_YEAR = 0x06,
    RTC_STATUS = 0x0E,
    RTC_CONTROL_2 = 0x10,
    RTC_UNIX = 0x1B, /* 0x1B..0x1E: UNIX time, s, lowest byte first */
    RTC_UNIX_END = 0x1F,
    RTC_REGISTERS = 0x40,
    RTC_PORF = 0x01, /* in status: power was lost, the time is not true; cleared by writing 0 */
    RTC_RESET = 0x01 /* in control 2: restarts the second; reads 0 */
};

typedef struct rtc {
    int32_t stopped;  /* fault: the oscillator stands still */
    int32_t ppb;      /* runs too fast by this, 1e-9 */
    uint32_t pointer; /* of the next register */
    int64_t second_us; /* own time at which the present second began */
    int64_t counted_us; /* own time of the last look */
    uint32_t unix_s;
    int64_t calendar_s; /* since 2000-01-01 00:00:00 */
    uint8_t registers[RTC_REGISTERS];
} rtc;

/* First power: at 2000-01-01, UNIX time 0, PORF set. */
void rtc_init(rtc *c, int32_t ppb);
/* Main and back-up power were lost and came back. */
void rtc_lose(rtc *c, uint64_t now_us);
/* Both counters as somebody sets them who knows the time: PORF is cleared. */
void rtc_set(rtc *c, uint64_t now_us, uint64_t utc_us);
/* From now on the oscillator stands still, or runs again; nothing tells. */
void rtc_stop(rtc *c, uint64_t now_us, int32_t stopped);
/* One transaction: writes tx (first byte: register number), then reads rx. -1: nobody has this address. */
int32_t rtc_transfer(rtc *c, uint64_t now_us, uint8_t address, const uint8_t *tx, uint32_t tx_n, uint8_t *rx,
                     uint32_t rx_n);

#endif
