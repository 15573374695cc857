/* When frames come, and what is wrong with the interrupt line and the chip's clock.
 *
 * The next interrupt is expected a frame after the last one. While it comes in time nothing is asked of the chip; when it
 * does not, the fill of the FIFO tells whether the line is wrong (a frame is complete) or the chip (none is).
 * Rule: no access to the bus in here; times are the caller's, and reach no packet.
 */
#ifndef SW_DRIVER_PACE_H
#define SW_DRIVER_PACE_H

#include "sw_driver.h"

typedef enum sw_pace_by {
    SW_PACE_BY_LINE, /* an interrupt told of the frame */
    SW_PACE_BY_LOOK, /* it was due, the line is high, no event came */
    SW_PACE_BY_POLL  /* it is complete, the line is low */
} sw_pace_by;

typedef enum sw_pace_find {
    SW_PACE_WAIT,
    SW_PACE_COMPLETE, /* take it: BY_LOOK */
    SW_PACE_POLLED,   /* take it: BY_POLL */
    SW_PACE_ABSENT,   /* not complete, seen for the first time */
    SW_PACE_SHIFTED,  /* not complete, and nothing more comes: words are missing */
    SW_PACE_SILENT,   /* not complete for 3 periods */
    SW_PACE_DEAF      /* complete, but nobody looks at a line that stays low */
} sw_pace_find;

void sw_pace_init(sw_driver_pace *p, const sw_driver *d);
/* Frames were started just now. */
void sw_pace_start(sw_driver_pace *p, const sw_driver *d, uint64_t now_us);
/* When to look although no interrupt came; and again. */
uint64_t sw_pace_look_us(const sw_driver_pace *p);
uint64_t sw_pace_next_look_us(const sw_driver *d, uint64_t now_us);
int32_t sw_pace_is_prompt(const sw_driver_pace *p, uint64_t now_us);
int32_t sw_pace_is_early(const sw_driver_pace *p, uint64_t now_us);
/* The look: fill in words. */
sw_pace_find sw_pace_look(sw_driver *d, uint64_t now_us, uint32_t fill);
/* A frame was read. behind 1: the next one waits already. Returns what is wrong with the line, or NONE. */
uint32_t sw_pace_line(sw_driver *d, sw_pace_by by, int32_t behind);
/* The same: goes on to the next frame. Notices frames that are missing, irregular or at a wrong rate; returns REFERENCE
 * when that is too wrong to go on, else NONE. */
uint32_t sw_pace_frame(sw_driver *d, uint64_t now_us, sw_pace_by by);

#endif
