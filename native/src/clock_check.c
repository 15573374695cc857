/* Bounds on the difference of two clocks. See sw_clock_check.h.
 *
 * Rule: see the header. Differences of two times below 2^62 us cannot overflow.
 */
#include "sw_clock_check.h"

#include <string.h>

#include "sw_handles.h"
#include "sw_rtc_driver.h"
#include "sw_words.h"

#define SECOND_US 1000000
#define PPM 1000000
#define STANDS_US 2000000u /* the same second for so long */

void sw_clock_check_init(sw_clock_check *c, const sw_hal *hal, uint64_t now_us)
{
    uint32_t unix_s;
    memset(c, 0, sizeof *c);
    c->lost = sw_rtc_read(hal, &unix_s) == SW_RTC_LOST;
    c->grace_us = now_us + SW_CLOCK_CHECK_GRACE_US;
    c->set_us = UINT64_MAX;
    c->at_us = now_us + SW_CLOCK_CHECK_FIRST_US;
}

static void plan(sw_clock_check *c, uint64_t now_us)
{
    c->at_us = now_us + SW_CLOCK_CHECK_PERIOD_US;
    if (c->known) { /* at the middle of the bounds, where a second would begin */
        int64_t over = ((int64_t)c->at_us + (c->low_us + c->high_us) / 2) % SECOND_US;
        c->at_us += over == 0 ? 0u : (uint64_t)(SECOND_US - over);
    }
}

static uint32_t compare(sw_clock_check *c, uint64_t now_us, uint32_t unix_s)
{
    const int64_t low = (int64_t)unix_s * SECOND_US - (int64_t)now_us;
    const int64_t high = low + SECOND_US;
    const int64_t slack = (int64_t)(now_us - c->read_us) * SW_CLOCK_CHECK_PPM / PPM;
    const int32_t stands = c->known && unix_s == c->unix_s && now_us - c->read_us >= STANDS_US;
    uint32_t reason = SW_REASON_NONE;
    if (!c->known) {
        c->low_us = low;
        c->high_us = high;
    } else if (stands && SW_HANDLES(CLOCK_STOPPED)) {
        c->low_us = low;
        c->high_us = high;
        reason = SW_REASON_CLOCK_STOPPED;
    } else {
        const int64_t width = c->high_us - c->low_us;
        c->low_us -= slack;
        c->high_us += slack;
        if (c->low_us >= high) { /* the clock chip has fallen behind: it has just crossed the bound */
            c->high_us = high;
            c->low_us = high - width;
            reason = SW_REASON_CLOCK_DRIFT;
        } else if (c->high_us <= low) {
            c->low_us = low;
            c->high_us = low + width;
            reason = SW_REASON_CLOCK_DRIFT;
        } else {
            c->low_us = low > c->low_us ? low : c->low_us;
            c->high_us = high < c->high_us ? high : c->high_us;
        }
    }
    if (c->high_us - c->low_us < SW_CLOCK_CHECK_NARROW_US) {
        const int64_t middle = (c->low_us + c->high_us) / 2;
        c->low_us = middle - SW_CLOCK_CHECK_NARROW_US / 2;
        c->high_us = middle + SW_CLOCK_CHECK_NARROW_US / 2;
    }
    return reason == SW_REASON_CLOCK_DRIFT && !SW_HANDLES(CLOCK_DRIFT) ? SW_REASON_NONE : reason;
}

uint32_t sw_clock_check_step(sw_clock_check *c, const sw_hal *hal, uint64_t now_us, uint64_t set_us)
{
    uint32_t unix_s = 0, reason = SW_REASON_NONE;
    if (now_us < c->at_us) {
        return SW_REASON_NONE;
    }
    const sw_rtc_reading reading = sw_rtc_read(hal, &unix_s);
    if (set_us != c->set_us || reading != SW_RTC_VALID) {
        c->set_us = set_us;
        c->known = 0;
    }
    if (reading == SW_RTC_VALID) {
        reason = compare(c, now_us, unix_s);
        c->known = 1;
        c->unix_s = unix_s;
        c->read_us = now_us;
    } else if (reading == SW_RTC_ABSENT && SW_HANDLES(CLOCK_ABSENT)) {
        reason = SW_REASON_CLOCK_ABSENT;
    } else if (reading == SW_RTC_LOST && now_us >= c->grace_us && SW_HANDLES(CLOCK_POWER_LOST)) {
        reason = SW_REASON_CLOCK_POWER_LOST;
    }
    plan(c, now_us);
    return reason;
}
