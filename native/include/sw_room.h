/* The room once a minute: temperature, humidity and light.
 *
 * Rule: nothing waits: sensors are started, and fetched at a later step; what fails is unknown with its reason, never the
 * last value. Nothing of the room is measured in standby.
 */
#ifndef SW_ROOM_H
#define SW_ROOM_H

#include <stdint.h>
#include "sw_hal.h"
#include "sw_packet.h"

#define SW_ROOM_FIRST_US 10000000u  /* after power-on */
#define SW_ROOM_PERIOD_US 60000000u

/* STATE(NAME, lasts us, what its step does) */
#define SW_ROOM_STATES(STATE) \
    STATE(RESTING, 0)        /* until the next minute; then starts both sensors */ \
    STATE(MEASURING, 110000) /* climate, and light in the bright range */ \
    STATE(DARK, 820000)      /* light again, in the dark range */

#define SW_ROOM_STATE(NAME, lasts) SW_ROOM_##NAME,
typedef enum sw_room_state { SW_ROOM_STATES(SW_ROOM_STATE) SW_ROOM_COUNT } sw_room_state;
#undef SW_ROOM_STATE

typedef struct sw_room {
    uint32_t state;
    uint32_t bright;      /* counts in the bright range */
    uint32_t climate_why; /* SW_REASON_*, why climate is unknown; 0 */
    uint32_t light_why;
    uint64_t minute_us;   /* the next measurement */
    uint64_t at_us;       /* next step */
    sw_packet_room now;   /* last measurement */
} sw_room;

void sw_room_init(sw_room *r, uint64_t now_us);
/* At at_us. standby: 1: nothing is measured, and what was begun is dropped. Returns 1 when a measurement has ended. */
int32_t sw_room_step(sw_room *r, const sw_hal *hal, uint64_t now_us, int32_t standby);

#endif
