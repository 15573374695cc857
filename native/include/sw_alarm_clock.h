/* The alarm clock: the guard with everything around it: clock, flash, button, buzzer, light.
 *
 * Rule: it knows nothing of radar, uplink policy or line, and none of them can hold it up. Two orders keep a power
 * failure from making an alarm late: the record in flash is lowered before the battery clock is set back, and raised, or
 * written for a new alarm, only when the battery clock runs by the time that the record means.
 */
#ifndef SW_ALARM_CLOCK_H
#define SW_ALARM_CLOCK_H

#include <stdint.h>
#include "sw_alarm_guard.h"
#include "sw_button.h"
#include "sw_clock.h"
#include "sw_hal.h"
#include "sw_keeper.h"
#include "sw_light.h"
#include "sw_packet.h"

#define SW_ALARM_CLOCK_LOST_US 60000000u     /* waits so long for a host without a clock, reboots included ... */
#define SW_ALARM_CLOCK_COUNT_US 10000000u    /* ... which is counted in flash in such pieces, each as it begins */
#define SW_ALARM_CLOCK_NEAR_US 20000000u     /* before the ring this is counted in flash ... */
#define SW_ALARM_CLOCK_NEAR 6u               /* ... so often: from then on only one such piece is waited, in the last none */
#define SW_ALARM_CLOCK_MISSED_US 43200000000u /* set time passed without power: rings when it was at most 12 h ago */
#define SW_ALARM_CLOCK_SLACK_US 50000u       /* smaller differences of the clock are not worth a write to the flash */
#define SW_ALARM_CLOCK_RTC_US 3600000000u    /* the battery clock is set anew this long after the last time */
#define SW_ALARM_CLOCK_EDGE_US 10000u        /* after power-on the battery clock is watched so closely ... */
#define SW_ALARM_CLOCK_EDGE_FOR_US 1500000u  /* ... for so long, to see a second begin */
#define SW_ALARM_CLOCK_LIGHT_FULL 255u       /* the night light is ordered in parts of this */
#define SW_ALARM_CLOCK_TOLD 8u               /* events kept until they are taken */

typedef struct sw_alarm_clock {
    const sw_hal *hal;
    sw_keeper *keeper;
    sw_clock clock;
    sw_alarm_guard guard;
    sw_button button;
    uint64_t power_on_us;
    uint32_t rtc_second;    /* last reading of the battery clock at power-on, ... */
    uint64_t rtc_read_us;   /* ... when that was ... */
    uint64_t rtc_edge_us;   /* ... and when it is read again; UINT64_MAX: its second is known */
    uint64_t rtc_due_us;    /* the battery clock is set then, at a full second of UTC; UINT64_MAX: it runs as it should */
    uint64_t rtc_set_us;    /* tick of the last time; UINT64_MAX never */
    uint32_t rtc_set_s;     /* ... the second that began then; 0: the chip did not take it */
    uint64_t memory_us;     /* something is counted in flash then; UINT64_MAX: nothing */
    uint32_t waited;        /* pieces without a clock that earlier boots have begun */
    uint64_t deadline_us;   /* next step; UINT64_MAX none */
    int32_t buzzer;         /* levels of the pins */
    sw_light_colour light;
    uint32_t night_light;   /* ordered share of a sunrise, 0..255; 0: off ... */
    uint64_t night_until_us; /* ... and until when it lasts */
    uint32_t told_n;
    sw_packet_alarm_event told[SW_ALARM_CLOCK_TOLD]; /* oldest first; when full the newest is dropped */
} sw_alarm_clock;

/* At power-on; hal and keeper outlive it, and keeper is at its start. */
void sw_alarm_clock_power_on(sw_alarm_clock *a, const sw_hal *hal, sw_keeper *keeper, uint64_t now_us);
/* Everything that is due. At deadline_us, after each call below, and whenever keeper->wanted has changed. */
void sw_alarm_clock_step(sw_alarm_clock *a, uint64_t now_us);
void sw_alarm_clock_button(sw_alarm_clock *a, uint64_t now_us);
/* A PONG leaves with this nonce; a TIME came. */
void sw_alarm_clock_nonce(sw_alarm_clock *a, uint64_t now_us, uint64_t nonce);
void sw_alarm_clock_time(sw_alarm_clock *a, uint64_t now_us, uint64_t nonce, uint64_t utc_us);
/* The clock chip has stood still, or runs wrong: it is set anew, by the device's own time. */
void sw_alarm_clock_set_chip(sw_alarm_clock *a, uint64_t now_us);
/* The user's and the host's wishes. Return SW_REASON_NONE, or why it was refused. */
uint32_t sw_alarm_clock_set(sw_alarm_clock *a, uint64_t now_us, uint64_t set_for_utc_us, uint32_t sunrise_s);
uint32_t sw_alarm_clock_cancel(sw_alarm_clock *a, uint64_t now_us);
uint32_t sw_alarm_clock_ring(sw_alarm_clock *a, uint64_t now_us, uint64_t utc_us);
/* Snooze, as a short press of the button; a second one while it is snoozed changes nothing. */
uint32_t sw_alarm_clock_snooze(sw_alarm_clock *a, uint64_t now_us);
/* The night light at this share of a sunrise, 0..255, 0 off; it goes out by itself. A sunrise and a ring outshine it. */
void sw_alarm_clock_night_light(sw_alarm_clock *a, uint64_t now_us, uint32_t level, uint32_t duration_s);
/* The answer to any of the questions. */
void sw_alarm_clock_state(const sw_alarm_clock *a, uint64_t now_us, uint64_t nonce, uint32_t refused,
                          sw_packet_alarm_state *out);
/* Takes the oldest event that has not been told; 0: none. */
int32_t sw_alarm_clock_take(sw_alarm_clock *a, sw_packet_alarm_event *out);

#endif
