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
#define MARGIN_US 1000
#define STANDS_US 2000000u /* the same second for so long */
#define STOOD_PART 10       /* off by more than this part of the time between: no crystal is so slow */

void sw_clock_check_init(sw_clock_check *c, const sw_hal *hal, uint64_t now_us)
{
    uint32_t unix_s;
    memset(c, 0, sizeof *c);
    c->lost = sw_rtc_read(hal, &unix_s) == SW_RTC_LOST;
    c->grace_us = now_us + SW_CLOCK_CHECK_GRACE_US;
    c->set_us = UINT64_MAX;
    c->at_us = now_us + SW_CLOCK_CHECK_FIRST_US;
}

/* What the clock chip shows minus the device's time, where a second begins at the next reading: the middle of wide bounds,
 * so that it halves them; of narrow ones by turns a little beyond the one and the other, where nothing should be. */
static int64_t looked_for(sw_clock_check *c)
{
    const int64_t beyond_us = (int64_t)(SW_CLOCK_CHECK_PERIOD_US + SECOND_US) * SW_CLOCK_CHECK_PPM / PPM + MARGIN_US;
    if (c->high_us - c->low_us > 2 * SW_CLOCK_CHECK_NARROW_US) {
        return (c->low_us + c->high_us) / 2;
    }
    c->above = !c->above;
    return c->above ? c->high_us + beyond_us : c->low_us - beyond_us;
}

static void plan(sw_clock_check *c, uint64_t now_us)
{
    const int32_t closely = c->set_us != UINT64_MAX && now_us - c->set_us < SW_CLOCK_CHECK_CLOSELY_US;
    const uint64_t period_us = closely ? SW_CLOCK_CHECK_CLOSE_US : SW_CLOCK_CHECK_PERIOD_US;
    c->at_us = now_us + (c->suspect != SW_CLOCK_CHECK_FINE ? STANDS_US : period_us);
    if (c->known && c->suspect == SW_CLOCK_CHECK_FINE) {
        const int64_t over = ((int64_t)c->at_us + looked_for(c)) % SECOND_US;
        c->at_us += over == 0 ? 0u : (uint64_t)(SECOND_US - over);
    }
}

static void bounds(sw_clock_check *c, int64_t low, int64_t high)
{
    const int64_t middle = (low + high) / 2;
    const int32_t narrow = high - low < SW_CLOCK_CHECK_NARROW_US;
    c->low_us = narrow ? middle - SW_CLOCK_CHECK_NARROW_US / 2 : low;
    c->high_us = narrow ? middle + SW_CLOCK_CHECK_NARROW_US / 2 : high;
}

/* By how much a reading, low..high, lies outside of the bounds; then they follow it as narrow as they were. */
static int64_t beyond(sw_clock_check *c, uint64_t now_us, int64_t low, int64_t high)
{
    const int64_t slack = (int64_t)(now_us - c->read_us) * SW_CLOCK_CHECK_PPM / PPM;
    const int64_t width = c->high_us - c->low_us;
    const int64_t behind = c->low_us - slack - high, ahead = low - c->high_us - slack;
    c->behind = behind >= 0 ? 1u : ahead >= 0 ? 0u : c->behind;
    if (behind >= 0) { /* the clock chip has fallen behind: it has just crossed the bound */
        bounds(c, high - width, high);
        return behind + 1;
    }
    if (ahead >= 0) {
        bounds(c, low, low + width);
        return ahead + 1;
    }
    bounds(c, low > c->low_us - slack ? low : c->low_us - slack, high < c->high_us + slack ? high : c->high_us + slack);
    return 0;
}

/* A first look raises a suspicion, a second one tells a clock that stands, or stood, from one that runs wrong. */
static uint32_t compare(sw_clock_check *c, uint64_t now_us, uint32_t unix_s)
{
    const int64_t low = (int64_t)unix_s * SECOND_US - (int64_t)now_us;
    const int32_t stands = c->known && unix_s == c->unix_s && now_us - c->read_us >= STANDS_US;
    const uint32_t suspect = c->suspect;
    c->suspect = SW_CLOCK_CHECK_FINE;
    if (!c->known) {
        bounds(c, low, low + SECOND_US);
        return SW_REASON_NONE;
    }
    const int64_t off_us = beyond(c, now_us, low, low + SECOND_US);
    if (suspect != SW_CLOCK_CHECK_FINE) {
        const uint32_t stood = stands || suspect == SW_CLOCK_CHECK_STOOD;
        bounds(c, low, low + SECOND_US); /* narrow ones would fall behind a clock that goes on like this */
        return stood ? SW_REASON_CLOCK_STOPPED : SW_REASON_CLOCK_DRIFT;
    }
    if (off_us != 0) {
        const int32_t too_far = c->behind && off_us > (int64_t)(now_us - c->read_us) / STOOD_PART;
        c->suspect = too_far ? SW_CLOCK_CHECK_STOOD : SW_CLOCK_CHECK_OFF;
    }
    return SW_REASON_NONE;
}

static uint32_t handled(uint32_t reason)
{
    if ((reason == SW_REASON_CLOCK_DRIFT && !SW_HANDLES(CLOCK_DRIFT)) ||
        (reason == SW_REASON_CLOCK_STOPPED && !SW_HANDLES(CLOCK_STOPPED))) {
        return SW_REASON_NONE;
    }
    return reason;
}

/* The clock chip was set: what it shows from there on is known. Whether it falls behind is looked at first. */
static void begin_anew(sw_clock_check *c, uint64_t now_us, uint64_t set_us, uint32_t set_s)
{
    const int64_t off_us = (int64_t)set_s * SECOND_US - (int64_t)set_us;
    c->set_us = set_us;
    c->suspect = SW_CLOCK_CHECK_FINE;
    c->known = set_s != 0u;
    c->unix_s = set_s;
    c->read_us = set_us;
    c->above = 1;
    bounds(c, off_us, off_us);
    plan(c, now_us);
}

uint32_t sw_clock_check_step(sw_clock_check *c, const sw_hal *hal, uint64_t now_us, uint64_t set_us, uint32_t set_s)
{
    uint32_t unix_s = 0, reason = SW_REASON_NONE;
    if (set_us != c->set_us) {
        begin_anew(c, now_us, set_us, set_s);
    }
    if (now_us < c->at_us) {
        return SW_REASON_NONE;
    }
    const sw_rtc_reading reading = sw_rtc_read(hal, &unix_s);
    if (reading != SW_RTC_VALID) {
        c->known = 0;
        c->suspect = SW_CLOCK_CHECK_FINE;
    }
    if (reading == SW_RTC_VALID) {
        reason = handled(compare(c, now_us, unix_s));
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
