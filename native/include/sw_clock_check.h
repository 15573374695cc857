/* Does the battery clock run, and run right? It is read now and then and compared with the device's own time.
 *
 * What the clock chip shows minus the device's time is known to lie between two bounds, a second apart at first; each
 * reading is timed so that it halves them, or, of narrow ones, looks beyond them. Where it was set the difference is known at
 * once. Crystals may differ by SW_CLOCK_CHECK_PPM; a reading beyond the bounds means that one of the two runs wrong, or that
 * the clock chip stood still. Rule: it only reads; whoever sets the clock chip says so.
 */
#ifndef SW_CLOCK_CHECK_H
#define SW_CLOCK_CHECK_H

#include <stdint.h>
#include "sw_hal.h"

#define SW_CLOCK_CHECK_FIRST_US 8000000u   /* after power-on */
#define SW_CLOCK_CHECK_GRACE_US 60000000u  /* a host has so long to set a clock that has lost its time */
#define SW_CLOCK_CHECK_PERIOD_US 20000000u /* and up to a second more */
#define SW_CLOCK_CHECK_CLOSE_US 5000000u   /* ... in the first minute after it was set: one that is 5 % slow is set again */
#define SW_CLOCK_CHECK_CLOSELY_US 60000000u /* ... before it is half a second behind */
#define SW_CLOCK_CHECK_PPM 200             /* that two good crystals may differ */
#define SW_CLOCK_CHECK_NARROW_US 20000     /* bounds are not brought closer than this */

typedef enum sw_clock_check_suspicion { SW_CLOCK_CHECK_FINE = 0, SW_CLOCK_CHECK_OFF, SW_CLOCK_CHECK_STOOD } sw_clock_check_suspicion;

typedef struct sw_clock_check {
    uint32_t lost;    /* 1: at power-on the clock chip had lost its time */
    uint32_t known;   /* 1: there are bounds */
    uint64_t grace_us; /* until then a lost time is no fault */
    uint32_t above;   /* 1: the last reading was beyond the upper bound, else beyond the lower */
    uint32_t behind;  /* 1: beyond the bounds it was last seen behind them, else ahead */
    uint32_t suspect; /* what the last reading looked like; the next one, soon, decides */
    uint32_t unix_s;  /* last reading ... */
    uint64_t read_us; /* ... and when */
    int64_t low_us;   /* bounds */
    int64_t high_us;
    uint64_t set_us;  /* when the clock chip was set last, as far as it knows */
    uint64_t at_us;   /* next step */
} sw_clock_check;

void sw_clock_check_init(sw_clock_check *c, const sw_hal *hal, uint64_t now_us);
/* At at_us, and as soon as the clock chip was set. set_us: tick at which that was last, UINT64_MAX never; set_s: the second
 * that began there, 0 when it did not take it. Returns SW_REASON_NONE, CLOCK_ABSENT, CLOCK_POWER_LOST, CLOCK_STOPPED or
 * CLOCK_DRIFT. */
uint32_t sw_clock_check_step(sw_clock_check *c, const sw_hal *hal, uint64_t now_us, uint64_t set_us, uint32_t set_s);

#endif
