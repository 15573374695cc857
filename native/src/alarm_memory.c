/* What flash remembers of the alarm. See sw_alarm_memory.h.
 *
 * Rule: what is not sure is taken for the worse. A clock that has not been seen to run makes nothing farther and no wait new.
 */
#include "sw_alarm_memory.h"

#define NEVER UINT64_MAX
#define WAITED_MAX 255u

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

sw_alarm_event sw_alarm_memory_due(uint64_t now_utc_us, uint64_t ring_utc_us, uint64_t set_for_utc_us)
{
    if (now_utc_us > ring_utc_us) {
        return now_utc_us - ring_utc_us > SW_ALARM_CLOCK_MISSED_US ? SW_ALARM_EVENT_EXPIRED : SW_ALARM_EVENT_WAS_OFF;
    }
    return ring_utc_us + SW_ALARM_STEP_US < set_for_utc_us ? SW_ALARM_EVENT_STEPPED_DUE : SW_ALARM_EVENT_DUE;
}

/* When it rings without a clock. What was begun in an earlier boot is gone. */
static uint64_t lost_at_us(const sw_alarm_clock *a)
{
    const sw_kept_alarm *kept = &a->keeper->wanted.alarm;
    uint32_t pieces = SW_ALARM_CLOCK_LOST_US / SW_ALARM_CLOCK_COUNT_US;
    if (kept->near != 0u) {
        pieces = kept->near < SW_ALARM_CLOCK_NEAR ? 1u : 0u;
    }
    return a->power_on_us + (a->waited < pieces ? pieces - a->waited : 0u) * (uint64_t)SW_ALARM_CLOCK_COUNT_US;
}

void sw_alarm_memory_restore(sw_alarm_clock *a, uint64_t now_us)
{
    const sw_kept_alarm *kept = &a->keeper->wanted.alarm;
    a->waited = kept->waited;
    if (kept->set_for_utc_us == 0u || a->guard.state != SW_ALARM_OFF) {
        return;
    }
    uint64_t at_us = lost_at_us(a);
    sw_alarm_event event = SW_ALARM_EVENT_CLOCK_LOST;
    if (a->clock.source != SW_CLOCK_UNKNOWN) {
        at_us = sw_clock_tick(&a->clock, kept->ring_utc_us);
        event = sw_alarm_memory_due(sw_clock_utc(&a->clock, now_us), kept->ring_utc_us, kept->set_for_utc_us);
        event = event == SW_ALARM_EVENT_DUE && kept->stepped ? SW_ALARM_EVENT_STEPPED_DUE : event;
    }
    sw_alarm_guard_restore(&a->guard, now_us, kept->set_for_utc_us, at_us, event, kept->sunrise_s);
}

void sw_alarm_memory_clock_lost(sw_alarm_clock *a)
{
    sw_clock_init(&a->clock);
    sw_alarm_guard_clock_lost(&a->guard, lost_at_us(a));
}

void sw_alarm_memory_clock_set(sw_alarm_clock *a, uint64_t last_us)
{
    const sw_alarm_guard *g = &a->guard;
    if (g->deadline_event == SW_ALARM_EVENT_STEPPED_DUE && last_us != NEVER && g->deadline_us + SW_ALARM_STEP_US < last_us) {
        a->keeper->wanted.alarm.stepped = 1;
    }
}

/* Counts what is waited without a clock. */
static void count_wait(sw_alarm_clock *a, uint64_t now_us)
{
    sw_kept_alarm *kept = &a->keeper->wanted.alarm;
    const uint64_t begun = (now_us - a->power_on_us) / SW_ALARM_CLOCK_COUNT_US + 1u;
    if (kept->set_for_utc_us == 0u) {
        return;
    }
    if (a->guard.deadline_us == NEVER) { /* it has rung: a reboot waits no more */
        kept->waited = WAITED_MAX;
        return;
    }
    kept->waited = a->waited + begun < WAITED_MAX ? a->waited + (uint32_t)begun : WAITED_MAX;
    a->memory_us = a->power_on_us + begun * SW_ALARM_CLOCK_COUNT_US;
}

/* Counts how near the ring is, 0 far. */
static void count_near(sw_alarm_clock *a, uint64_t now_us)
{
    sw_kept_alarm *kept = &a->keeper->wanted.alarm;
    const uint64_t due_us = earlier(a->guard.deadline_us, a->guard.replaced_us);
    const uint64_t left = due_us > now_us ? (due_us - now_us - 1u) / SW_ALARM_CLOCK_NEAR_US : 0u; /* whole ones before it */
    const uint32_t near = left < SW_ALARM_CLOCK_NEAR ? SW_ALARM_CLOCK_NEAR - (uint32_t)left : 0u;
    const int32_t sure = a->rtc_edge_us == NEVER; /* the clock has been seen to run, or is the host's */
    if (kept->set_for_utc_us == 0u) {
        return;
    }
    if (sure || near > kept->near) {
        kept->near = near;
    }
    if (sure) {
        kept->waited = 0;
    }
    if (near < SW_ALARM_CLOCK_NEAR) {
        const uint64_t next = near == 0u ? SW_ALARM_CLOCK_NEAR : left;
        a->memory_us = due_us - next * SW_ALARM_CLOCK_NEAR_US;
    }
}

/* The record in flash is lowered at once, and raised or replaced when the battery clock runs by the time that it means. */
static void keep_alarm(sw_alarm_clock *a)
{
    sw_kept_alarm *kept = &a->keeper->wanted.alarm;
    const sw_alarm_guard *g = &a->guard;
    uint64_t ring_utc_us = sw_clock_utc(&a->clock, g->deadline_us);
    int32_t another = kept->set_for_utc_us != g->set_for_utc_us || kept->sunrise_s != g->sunrise_s;
    int32_t lower = ring_utc_us + SW_ALARM_CLOCK_SLACK_US < kept->ring_utc_us;
    int32_t higher = ring_utc_us > kept->ring_utc_us + SW_ALARM_CLOCK_SLACK_US;
    if ((lower && !another) || ((another || higher) && a->rtc_due_us == NEVER)) {
        kept->set_for_utc_us = g->set_for_utc_us;
        kept->ring_utc_us = earlier(ring_utc_us, g->set_for_utc_us);
        kept->sunrise_s = g->sunrise_s;
        kept->stepped = another ? g->deadline_event == SW_ALARM_EVENT_STEPPED_DUE : kept->stepped;
    }
}

void sw_alarm_memory_keep(sw_alarm_clock *a, uint64_t now_us)
{
    a->memory_us = NEVER;
    if (a->guard.state == SW_ALARM_OFF) {
        a->keeper->wanted.alarm = (sw_kept_alarm){0};
    } else if (a->clock.source == SW_CLOCK_UNKNOWN) {
        count_wait(a, now_us); /* what was found in flash stays there until the user ends it */
    } else if (a->guard.deadline_us != NEVER) { /* what has rung stays as well */
        keep_alarm(a);
        count_near(a, now_us);
    }
}

int32_t sw_alarm_memory_holds(const sw_alarm_clock *a)
{
    const sw_kept_alarm *kept = &a->keeper->wanted.alarm;
    return a->guard.state != SW_ALARM_OFF && kept->set_for_utc_us == a->guard.set_for_utc_us &&
           kept->sunrise_s == a->guard.sunrise_s && sw_keeper_holds(a->keeper, a->hal);
}
