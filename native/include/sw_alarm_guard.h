/* The alarm guard: when the buzzer sounds, decided on the device alone.
 *
 * Rule: an armed deadline never moves later. A clock that is set, a host that falls silent or asks for something, a
 * snooze before the set time, a flash that fails: the earliest instant rings. Only the user ends an alarm: the long press, a
 * new SET, a CANCEL.
 * Ticks are us of this boot (now_us); UINT64_MAX: never. Built with SW_WITHOUT_ALARM_GUARD nothing rings unless the
 * host asks for it: the build that shows that the tests of lateness can fail.
 */
#ifndef SW_ALARM_GUARD_H
#define SW_ALARM_GUARD_H

#include <stdint.h>
#include "sw_words.h"

#define SW_ALARM_SNOOZE_US 540000000u     /* 9 minutes */
#define SW_ALARM_RING_US 1800000000u      /* rings so long when nobody answers */
#define SW_ALARM_STEP_US 1000000u         /* a clock that is set by more than this has stepped */

/* EVENT(NAME): what the guard is told or finds out */
#define SW_ALARM_EVENTS(EVENT) \
    EVENT(SET)           /* the user sets an alarm */ \
    EVENT(RESTORED)      /* after a reboot: one was found in flash */ \
    EVENT(STORED)        /* the alarm that was set is in flash, read back */ \
    EVENT(STORE_FAILED)  /* ... cannot be written */ \
    EVENT(CANCEL)        /* the user takes it back */ \
    EVENT(DUE)           /* the set time */ \
    EVENT(STEPPED_DUE)   /* the set time by a clock that was set since: the earlier instant */ \
    EVENT(CLOCK_LOST)    /* the clock is lost and no host told the time for too long */ \
    EVENT(WAS_OFF)       /* the set time passed without power */ \
    EVENT(EXPIRED)       /* ... too long ago */ \
    EVENT(EARLY_DUE)     /* the earlier ring that the host asked for */ \
    EVENT(SNOOZE_OVER) \
    EVENT(BUTTON_SHORT)  /* snooze */ \
    EVENT(BUTTON_LONG)   /* dismiss */ \
    EVENT(SNOOZE_ASKED)  /* snooze, by a command of the host */ \
    EVENT(RING_TIMEOUT)  /* nobody answered; the set time is still to come, or unknown */ \
    EVENT(RING_TIMEOUT_LAST) /* nobody answered, and the set time has rung */

#define SW_ALARM_EVENT_WORD(NAME) SW_ALARM_EVENT_##NAME,
typedef enum sw_alarm_event { SW_ALARM_EVENTS(SW_ALARM_EVENT_WORD) SW_ALARM_EVENT_COUNT } sw_alarm_event;
#undef SW_ALARM_EVENT_WORD

typedef struct sw_alarm_cell {
    uint8_t next;   /* SW_ALARM_* */
    uint8_t did;    /* SW_ALARM_DID_*, told to the host; 0 nothing */
    uint8_t by;     /* SW_ALARM_BY_* */
    uint8_t reason; /* SW_REASON_* */
} sw_alarm_cell;

typedef struct sw_alarm_guard {
    uint32_t state;            /* SW_ALARM_* */
    uint64_t set_for_utc_us;   /* as the user set it; 0: none */
    uint32_t sunrise_s;
    uint32_t unstored;         /* 1: SET, and not yet seen in flash */
    uint32_t timeless;         /* 1: rang because the clock was lost, and it is not known how long it is to the set time */
    uint64_t deadline_us;      /* tick; rings then at the latest; NEVER: has rung, or the clock is unknown */
    sw_alarm_event deadline_event; /* which event that will be */
    uint64_t replaced_us;      /* deadline of the alarm that SET replaced, until the new one is stored */
    uint64_t early_us;         /* asked for by the host */
    uint64_t snooze_us;        /* rings again */
    uint64_t ring_ends_us;     /* stops by itself */
    uint64_t rang_us;          /* tick of the last ring; NEVER none */
    uint32_t rung_by;          /* SW_ALARM_BY_* */
    uint32_t rung_reason;      /* SW_REASON_* */
} sw_alarm_guard;

/* What an event did: the cell, from which state. */
typedef struct sw_alarm_change {
    uint32_t from_state;
    sw_alarm_cell cell;
    uint64_t set_for_utc_us; /* of the alarm it happened to */
} sw_alarm_change;

void sw_alarm_guard_init(sw_alarm_guard *g);
/* A new alarm in place of any other; deadline_us in the future. */
void sw_alarm_guard_set(sw_alarm_guard *g, uint64_t now_us, uint64_t set_for_utc_us, uint64_t deadline_us,
                        uint32_t sunrise_s, sw_alarm_change *out);
/* The alarm found in flash. event: DUE, STEPPED_DUE, WAS_OFF, CLOCK_LOST, EXPIRED: what happens at deadline_us. */
void sw_alarm_guard_restore(sw_alarm_guard *g, uint64_t now_us, uint64_t set_for_utc_us, uint64_t deadline_us,
                            sw_alarm_event event, uint32_t sunrise_s);
/* The host asks for a ring at ring_us. Returns SW_REASON_NONE, or why not: NOT_ARMED, IN_THE_PAST (or not before the
 * deadline). */
uint32_t sw_alarm_guard_ring(sw_alarm_guard *g, uint64_t now_us, uint64_t ring_us);
/* The clock that the deadline came from means nothing: it rings at at_us unless a clock is found, and not later than it was
 * to. */
void sw_alarm_guard_clock_lost(sw_alarm_guard *g, uint64_t at_us);
/* The clock was set; by it the alarm is due at deadline_us, and then `event` happens (as in restore). Only what the old
 * clock left open, doubt_us, may make an armed deadline later. */
void sw_alarm_guard_clock(sw_alarm_guard *g, uint64_t now_us, uint64_t deadline_us, sw_alarm_event event,
                          uint64_t doubt_us);
/* STORED, STORE_FAILED, CANCEL, BUTTON_SHORT, BUTTON_LONG. */
void sw_alarm_guard_event(sw_alarm_guard *g, uint64_t now_us, sw_alarm_event event, sw_alarm_change *out);
/* Next tick at which something is due. */
uint64_t sw_alarm_guard_next(const sw_alarm_guard *g);
/* Handles one thing that is due. Returns 1 when there was one: call again. */
int32_t sw_alarm_guard_step(sw_alarm_guard *g, uint64_t now_us, sw_alarm_change *out);
/* The table, for the documentation and the tests. */
sw_alarm_cell sw_alarm_guard_cell(uint32_t state, uint32_t event);

#endif
