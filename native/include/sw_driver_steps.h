/* Steps of the driver that its files share: driver.c has states and the stream, driver_start.c the way there.
 *
 * Rule: for these two files alone.
 */
#ifndef SW_DRIVER_STEPS_H
#define SW_DRIVER_STEPS_H

#include "sw_driver.h"

#define SW_DRIVER_TRIES_MAX 4u

/* driver.c */
void sw_driver_wait(sw_driver *d, sw_driver_state state, uint64_t deadline_us);
/* NONE is nothing to note. */
void sw_driver_note(sw_driver *d, uint64_t now_us, uint32_t reason);
/* Gives up for now; the chip is held in reset and tried again later. */
void sw_driver_fail(sw_driver *d, uint64_t now_us, uint32_t cause);
/* state: TESTING or RUNNING. */
void sw_driver_start_frames(sw_driver *d, uint64_t now_us, sw_driver_state state);

/* driver_start.c, each at the end of a wait */
void sw_driver_identify(sw_driver *d, uint64_t now_us);
void sw_driver_check_memory(sw_driver *d, uint64_t now_us);
void sw_driver_configure(sw_driver *d, uint64_t now_us);
/* The self test's frame is read; fill: words behind it. Few wrong bits do not stop the radar, they are noticed. */
void sw_driver_end_test(sw_driver *d, uint64_t now_us, uint32_t fill);

#endif
