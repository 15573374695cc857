/* What is wrong with the radar: from what the bus answers to one reason.
 *
 * Rule: reads only, but for one register that is put back; what follows from a reason is decided in driver.c.
 */
#ifndef SW_DRIVER_DIAGNOSE_H
#define SW_DRIVER_DIAGNOSE_H

#include "sw_driver.h"

/* All return SW_REASON_*, NONE: nothing is wrong. */
/* Does the chip answer, and as itself? After a reset it also shows the order of its status bits. */
uint32_t sw_diagnose_bus(sw_driver *d);
/* Do the registers hold what was written? */
uint32_t sw_diagnose_registers(sw_driver *d);
/* The order of the status bits and the need for high speed, tried out. */
uint32_t sw_diagnose_status(sw_driver *d);
/* The frame just read and the FIFO behind it. first: status of its first window. *fill: words left. *aside: a fault that
 * did not hurt the frame. */
uint32_t sw_diagnose_frame(sw_driver *d, uint32_t first, uint32_t *fill, uint32_t *aside);
/* The self test's frame. fill: words it left in the FIFO. May set d->window_bytes. */
uint32_t sw_diagnose_self_test(sw_driver *d, uint32_t fill);

#endif
