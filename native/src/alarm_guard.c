/* The alarm's one table, and the instants it is fed with.
 *
 * Rule: every state meets every event in the table; nothing outside it changes the state. Instants only ever move
 * towards now, except by a new SET.
 */
#include "sw_alarm_guard.h"

#include <string.h>

#define NEVER UINT64_MAX
#define STAY(state) {SW_ALARM_##state, 0, SW_ALARM_BY_NOBODY, SW_REASON_NONE}
#define GO(state) {SW_ALARM_##state, 0, SW_ALARM_BY_NOBODY, SW_REASON_NONE}
#define TELL(state, did, by, reason) {SW_ALARM_##state, SW_ALARM_DID_##did, SW_ALARM_BY_##by, SW_REASON_##reason}
#define RINGS(by, reason) TELL(RINGING, RANG, by, reason)

static const sw_alarm_cell table[SW_ALARM_COUNT][SW_ALARM_EVENT_COUNT] = {
    [SW_ALARM_OFF] = {
        [SW_ALARM_EVENT_SET] = GO(STORING),
        [SW_ALARM_EVENT_RESTORED] = GO(ARMED),
        [SW_ALARM_EVENT_STORED] = STAY(OFF),
        [SW_ALARM_EVENT_STORE_FAILED] = STAY(OFF),
        [SW_ALARM_EVENT_CANCEL] = STAY(OFF),
        [SW_ALARM_EVENT_DUE] = STAY(OFF),
        [SW_ALARM_EVENT_STEPPED_DUE] = STAY(OFF),
        [SW_ALARM_EVENT_CLOCK_LOST] = STAY(OFF),
        [SW_ALARM_EVENT_WAS_OFF] = STAY(OFF),
        [SW_ALARM_EVENT_EXPIRED] = STAY(OFF),
        [SW_ALARM_EVENT_EARLY_DUE] = STAY(OFF),
        [SW_ALARM_EVENT_SNOOZE_OVER] = STAY(OFF),
        [SW_ALARM_EVENT_BUTTON_SHORT] = STAY(OFF),
        [SW_ALARM_EVENT_BUTTON_LONG] = STAY(OFF),
        [SW_ALARM_EVENT_SNOOZE_ASKED] = STAY(OFF),
        [SW_ALARM_EVENT_RING_TIMEOUT] = STAY(OFF),
        [SW_ALARM_EVENT_RING_TIMEOUT_LAST] = STAY(OFF),
    },
    [SW_ALARM_STORING] = { /* what was replaced may still be due, and so may the new one: neither waits for the flash */
        [SW_ALARM_EVENT_SET] = STAY(STORING),
        [SW_ALARM_EVENT_RESTORED] = STAY(STORING),
        [SW_ALARM_EVENT_STORED] = TELL(ARMED, ARMED, CLOUD, COMMAND),
        [SW_ALARM_EVENT_STORE_FAILED] = GO(ARMED), /* rings while there is power; never said to be stored */
        [SW_ALARM_EVENT_CANCEL] = TELL(OFF, CANCELLED, CLOUD, COMMAND),
        [SW_ALARM_EVENT_DUE] = RINGS(DEVICE, SET_TIME),
        [SW_ALARM_EVENT_STEPPED_DUE] = RINGS(DEVICE, CLOCK_STEPPED),
        [SW_ALARM_EVENT_CLOCK_LOST] = RINGS(DEVICE, CLOCK_LOST),
        [SW_ALARM_EVENT_WAS_OFF] = RINGS(DEVICE, WAS_OFF),
        [SW_ALARM_EVENT_EXPIRED] = STAY(STORING),
        [SW_ALARM_EVENT_EARLY_DUE] = RINGS(CLOUD, HOST_REQUEST),
        [SW_ALARM_EVENT_SNOOZE_OVER] = STAY(STORING),
        [SW_ALARM_EVENT_BUTTON_SHORT] = STAY(STORING),
        [SW_ALARM_EVENT_BUTTON_LONG] = STAY(STORING),
        [SW_ALARM_EVENT_SNOOZE_ASKED] = STAY(STORING),
        [SW_ALARM_EVENT_RING_TIMEOUT] = STAY(STORING),
        [SW_ALARM_EVENT_RING_TIMEOUT_LAST] = STAY(STORING),
    },
    [SW_ALARM_ARMED] = {
        [SW_ALARM_EVENT_SET] = GO(STORING),
        [SW_ALARM_EVENT_RESTORED] = STAY(ARMED),
        [SW_ALARM_EVENT_STORED] = TELL(ARMED, ARMED, CLOUD, COMMAND), /* a later try went well */
        [SW_ALARM_EVENT_STORE_FAILED] = STAY(ARMED),
        [SW_ALARM_EVENT_CANCEL] = TELL(OFF, CANCELLED, CLOUD, COMMAND),
        [SW_ALARM_EVENT_DUE] = RINGS(DEVICE, SET_TIME),
        [SW_ALARM_EVENT_STEPPED_DUE] = RINGS(DEVICE, CLOCK_STEPPED),
        [SW_ALARM_EVENT_CLOCK_LOST] = RINGS(DEVICE, CLOCK_LOST),
        [SW_ALARM_EVENT_WAS_OFF] = RINGS(DEVICE, WAS_OFF),
        [SW_ALARM_EVENT_EXPIRED] = TELL(OFF, CANCELLED, DEVICE, IN_THE_PAST),
        [SW_ALARM_EVENT_EARLY_DUE] = RINGS(CLOUD, HOST_REQUEST),
        [SW_ALARM_EVENT_SNOOZE_OVER] = STAY(ARMED),
        [SW_ALARM_EVENT_BUTTON_SHORT] = STAY(ARMED),
        [SW_ALARM_EVENT_BUTTON_LONG] = STAY(ARMED), /* nothing rings: a knock at night must not disarm */
        [SW_ALARM_EVENT_SNOOZE_ASKED] = STAY(ARMED),
        [SW_ALARM_EVENT_RING_TIMEOUT] = STAY(ARMED),
        [SW_ALARM_EVENT_RING_TIMEOUT_LAST] = STAY(ARMED),
    },
    [SW_ALARM_RINGING] = {
        [SW_ALARM_EVENT_SET] = GO(STORING),
        [SW_ALARM_EVENT_RESTORED] = STAY(RINGING),
        [SW_ALARM_EVENT_STORED] = TELL(RINGING, ARMED, CLOUD, COMMAND),
        [SW_ALARM_EVENT_STORE_FAILED] = STAY(RINGING),
        [SW_ALARM_EVENT_CANCEL] = TELL(OFF, CANCELLED, CLOUD, COMMAND),
        [SW_ALARM_EVENT_DUE] = STAY(RINGING), /* it rings already, and from now on for the whole time again */
        [SW_ALARM_EVENT_STEPPED_DUE] = STAY(RINGING),
        [SW_ALARM_EVENT_CLOCK_LOST] = STAY(RINGING),
        [SW_ALARM_EVENT_WAS_OFF] = STAY(RINGING),
        [SW_ALARM_EVENT_EXPIRED] = STAY(RINGING),
        [SW_ALARM_EVENT_EARLY_DUE] = STAY(RINGING),
        [SW_ALARM_EVENT_SNOOZE_OVER] = STAY(RINGING),
        [SW_ALARM_EVENT_BUTTON_SHORT] = TELL(SNOOZED, SNOOZED, BUTTON, BUTTON),
        [SW_ALARM_EVENT_BUTTON_LONG] = TELL(OFF, DISMISSED, BUTTON, BUTTON),
        [SW_ALARM_EVENT_SNOOZE_ASKED] = TELL(SNOOZED, SNOOZED, CLOUD, COMMAND),
        [SW_ALARM_EVENT_RING_TIMEOUT] = GO(ARMED),
        [SW_ALARM_EVENT_RING_TIMEOUT_LAST] = TELL(OFF, DISMISSED, DEVICE, NOBODY_ANSWERED),
    },
    [SW_ALARM_SNOOZED] = {
        [SW_ALARM_EVENT_SET] = GO(STORING),
        [SW_ALARM_EVENT_RESTORED] = STAY(SNOOZED),
        [SW_ALARM_EVENT_STORED] = TELL(SNOOZED, ARMED, CLOUD, COMMAND),
        [SW_ALARM_EVENT_STORE_FAILED] = STAY(SNOOZED),
        [SW_ALARM_EVENT_CANCEL] = TELL(OFF, CANCELLED, CLOUD, COMMAND),
        [SW_ALARM_EVENT_DUE] = RINGS(DEVICE, SET_TIME), /* a snooze before the set time ends there at the latest */
        [SW_ALARM_EVENT_STEPPED_DUE] = RINGS(DEVICE, CLOCK_STEPPED),
        [SW_ALARM_EVENT_CLOCK_LOST] = RINGS(DEVICE, CLOCK_LOST),
        [SW_ALARM_EVENT_WAS_OFF] = RINGS(DEVICE, WAS_OFF),
        [SW_ALARM_EVENT_EXPIRED] = STAY(SNOOZED),
        [SW_ALARM_EVENT_EARLY_DUE] = RINGS(CLOUD, HOST_REQUEST),
        [SW_ALARM_EVENT_SNOOZE_OVER] = RINGS(DEVICE, SNOOZE_OVER),
        [SW_ALARM_EVENT_BUTTON_SHORT] = STAY(SNOOZED),
        [SW_ALARM_EVENT_BUTTON_LONG] = TELL(OFF, DISMISSED, BUTTON, BUTTON),
        [SW_ALARM_EVENT_SNOOZE_ASKED] = STAY(SNOOZED),
        [SW_ALARM_EVENT_RING_TIMEOUT] = STAY(SNOOZED),
        [SW_ALARM_EVENT_RING_TIMEOUT_LAST] = STAY(SNOOZED),
    },
};

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void forget(sw_alarm_guard *g)
{
    g->set_for_utc_us = 0;
    g->sunrise_s = 0;
    g->unstored = 0;
    g->timeless = 0;
    g->deadline_us = NEVER;
    g->deadline_event = SW_ALARM_EVENT_DUE;
    g->replaced_us = NEVER;
    g->early_us = NEVER;
    g->snooze_us = NEVER;
    g->ring_ends_us = NEVER;
}

void sw_alarm_guard_init(sw_alarm_guard *g)
{
    memset(g, 0, sizeof *g);
    g->state = SW_ALARM_OFF;
    g->rang_us = NEVER;
    forget(g);
}

/* The one place where the state changes. */
static void apply(sw_alarm_guard *g, uint64_t now_us, sw_alarm_event event, sw_alarm_change *out)
{
    sw_alarm_cell cell = table[g->state][event];
    *out = (sw_alarm_change){.from_state = g->state, .cell = cell, .set_for_utc_us = g->set_for_utc_us};
    if (cell.did == SW_ALARM_DID_RANG) {
        g->rang_us = now_us;
        g->rung_by = cell.by;
        g->rung_reason = cell.reason;
        g->snooze_us = NEVER;
        g->ring_ends_us = now_us + SW_ALARM_RING_US;
    } else if (cell.next == SW_ALARM_RINGING && event >= SW_ALARM_EVENT_DUE && event <= SW_ALARM_EVENT_WAS_OFF) {
        g->ring_ends_us = now_us + SW_ALARM_RING_US; /* the set time while it rings */
    } else if (cell.next == SW_ALARM_SNOOZED && g->state == SW_ALARM_RINGING) {
        g->snooze_us = now_us + SW_ALARM_SNOOZE_US;
    }
    if (cell.next != SW_ALARM_RINGING) {
        g->ring_ends_us = NEVER;
    }
    if (cell.next == SW_ALARM_OFF) {
        forget(g);
    }
    g->state = cell.next;
}

void sw_alarm_guard_set(sw_alarm_guard *g, uint64_t now_us, uint64_t set_for_utc_us, uint64_t deadline_us,
                        uint32_t sunrise_s, sw_alarm_change *out)
{
    uint64_t replaced_us = earlier(g->deadline_us, g->replaced_us);
    apply(g, now_us, SW_ALARM_EVENT_SET, out);
    forget(g);
    g->set_for_utc_us = set_for_utc_us;
    g->sunrise_s = sunrise_s;
    g->unstored = 1;
    g->deadline_us = deadline_us;
    g->replaced_us = replaced_us;
    g->rang_us = NEVER;
    g->rung_by = SW_ALARM_BY_NOBODY;
    g->rung_reason = SW_REASON_NONE;
}

void sw_alarm_guard_restore(sw_alarm_guard *g, uint64_t now_us, uint64_t set_for_utc_us, uint64_t deadline_us,
                            sw_alarm_event event, uint32_t sunrise_s)
{
    sw_alarm_change change;
    apply(g, now_us, SW_ALARM_EVENT_RESTORED, &change);
    g->set_for_utc_us = set_for_utc_us;
    g->sunrise_s = sunrise_s;
    g->deadline_us = deadline_us;
    g->deadline_event = event;
}

uint32_t sw_alarm_guard_ring(sw_alarm_guard *g, uint64_t now_us, uint64_t ring_us)
{
    if (g->state == SW_ALARM_OFF) {
        return SW_REASON_NOT_ARMED;
    }
#ifndef SW_WITHOUT_ALARM_GUARD
    if (g->deadline_us == NEVER || ring_us >= g->deadline_us) {
        return SW_REASON_IN_THE_PAST;
    }
#endif
    if (ring_us < now_us) {
        return SW_REASON_IN_THE_PAST;
    }
    g->early_us = earlier(g->early_us, ring_us);
    return SW_REASON_NONE;
}

void sw_alarm_guard_clock_lost(sw_alarm_guard *g, uint64_t at_us)
{
    if (g->state != SW_ALARM_OFF && g->deadline_us != NEVER && at_us < g->deadline_us) {
        g->deadline_us = at_us;
        g->deadline_event = SW_ALARM_EVENT_CLOCK_LOST;
    }
}

void sw_alarm_guard_clock(sw_alarm_guard *g, uint64_t now_us, uint64_t deadline_us, sw_alarm_event event,
                          uint64_t doubt_us)
{
    const uint64_t last_us = g->deadline_us;
    if (g->state == SW_ALARM_OFF) {
        return;
    }
    g->timeless = 0;
    if (last_us == NEVER && deadline_us <= now_us && g->state != SW_ALARM_ARMED) {
        return; /* it rings, or will after the snooze: the set time asks for no more */
    }
    if (last_us == NEVER || g->deadline_event == SW_ALARM_EVENT_CLOCK_LOST) {
        /* it was not known when; or it rang before, and is to ring at the set time as well */
        g->deadline_us = deadline_us;
        g->deadline_event = event;
        return;
    }
    if (deadline_us < last_us || deadline_us - last_us <= doubt_us) {
        g->deadline_us = deadline_us;
    }
    if (g->deadline_event == SW_ALARM_EVENT_DUE &&
        (deadline_us < last_us ? last_us - deadline_us : deadline_us - last_us) > SW_ALARM_STEP_US) {
        g->deadline_event = SW_ALARM_EVENT_STEPPED_DUE;
    }
}

void sw_alarm_guard_event(sw_alarm_guard *g, uint64_t now_us, sw_alarm_event event, sw_alarm_change *out)
{
    if (event == SW_ALARM_EVENT_STORED) { /* until then both ring: which of the two a reboot finds is not known */
        g->unstored = 0;
        g->replaced_us = NEVER;
    }
    apply(g, now_us, event, out);
}

/* What is due first, and when. */
static uint64_t first(const sw_alarm_guard *g, sw_alarm_event *event)
{
    uint64_t at = g->early_us;
    *event = SW_ALARM_EVENT_EARLY_DUE;
    if (g->ring_ends_us < at) {
        at = g->ring_ends_us;
        *event = g->deadline_us != NEVER || g->timeless ? SW_ALARM_EVENT_RING_TIMEOUT : SW_ALARM_EVENT_RING_TIMEOUT_LAST;
    }
#ifndef SW_WITHOUT_ALARM_GUARD
    if (g->snooze_us <= at) {
        at = g->snooze_us;
        *event = SW_ALARM_EVENT_SNOOZE_OVER;
    }
    if (earlier(g->deadline_us, g->replaced_us) <= at) {
        at = earlier(g->deadline_us, g->replaced_us);
        *event = g->replaced_us < g->deadline_us ? SW_ALARM_EVENT_DUE : g->deadline_event;
    }
#endif
    return at;
}

uint64_t sw_alarm_guard_next(const sw_alarm_guard *g)
{
    sw_alarm_event event;
    return first(g, &event);
}

int32_t sw_alarm_guard_step(sw_alarm_guard *g, uint64_t now_us, sw_alarm_change *out)
{
    sw_alarm_event event;
    if (first(g, &event) > now_us) {
        return 0;
    }
    switch (event) {
    case SW_ALARM_EVENT_EARLY_DUE:
        g->early_us = NEVER;
        break;
    case SW_ALARM_EVENT_SNOOZE_OVER:
        g->snooze_us = NEVER;
        break;
    case SW_ALARM_EVENT_RING_TIMEOUT:
    case SW_ALARM_EVENT_RING_TIMEOUT_LAST:
        g->ring_ends_us = NEVER;
        break;
    default: /* one of the deadlines */
        g->timeless |= event == SW_ALARM_EVENT_CLOCK_LOST; /* what it replaces rings beside it and knows no better */
        *(g->replaced_us < g->deadline_us ? &g->replaced_us : &g->deadline_us) = NEVER;
        break;
    }
    apply(g, now_us, event, out);
    return 1;
}

sw_alarm_cell sw_alarm_guard_cell(uint32_t state, uint32_t event)
{
    return table[state < SW_ALARM_COUNT ? state : 0u][event < SW_ALARM_EVENT_COUNT ? event : 0u];
}
