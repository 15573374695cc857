/* The small parts of the board, looked after: watchdog, room sensors, battery clock, button, flash, standby contact.
 *
 * Rule: each fault is noted with sw_health_note() and nothing else; all of it goes on in every state of the uplink, also
 * when the radar has failed.
 */
#ifndef SW_PARTS_H
#define SW_PARTS_H

#include <stdint.h>
#include "sw_clock_check.h"
#include "sw_room.h"

#define SW_PARTS_WATCHDOG_MS 8000u    /* a device that hangs for so long is reset */
#define SW_PARTS_FEED_US 2000000u     /* the watchdog is fed this often: a deadline of its own */
#define SW_PARTS_LOOK_US 5000000u     /* button and flash are looked at this often */
#define SW_PARTS_STUCK_US 30000000u   /* nobody presses a button for longer */
#define SW_PARTS_STOOD_US 60000000u   /* a clock chip that stands is noticed again sooner */
#define SW_PARTS_SETTLE_US 50000u     /* the standby switch counts as off when it has been off for so long */

typedef struct sw_parts {
    uint64_t feed_us;     /* next deadlines */
    uint64_t look_us;
    uint64_t settle_us;   /* the switch reads off, and is believed then; UINT64_MAX: nothing to settle */
    uint64_t reset_us;    /* the clock chip has stood still: it may go on by then, and is set once more */
    uint64_t deadline_us; /* the earliest of all */
    uint32_t room_fresh;  /* 1: room.now was measured while streaming, and is not told yet */
    sw_room room;
    sw_clock_check clock;
} sw_parts;

struct sw_firmware;

/* First of all at power-on: starts the watchdog, notes what the reset was for. */
void sw_parts_power_on(struct sw_firmware *fw, uint64_t now_us);
/* At parts.deadline_us, and whenever else. */
void sw_parts_step(struct sw_firmware *fw, uint64_t now_us);
/* The standby switch as it is to be understood: on at the first touch, off when it has settled. */
int32_t sw_parts_standby(struct sw_firmware *fw, uint64_t now_us);
/* Sends the latest measurement of the room, once. Only while streaming. */
void sw_parts_tell(struct sw_firmware *fw, uint64_t t_us);

#endif
