/* What flash remembers of the alarm: the alarm itself, that its ring is near, and how long the device has been without a clock.
 *
 * Rule: a reboot begins nothing anew. The minute that a device without a clock waits for a host is counted in flash, in pieces,
 * each as it begins; and the nearer the ring was when the clock was last known, the less is waited.
 */
#ifndef SW_ALARM_MEMORY_H
#define SW_ALARM_MEMORY_H

#include "sw_alarm_clock.h"

/* The flash was read: arms again what it holds. */
void sw_alarm_memory_restore(sw_alarm_clock *a, uint64_t now_us);
/* The clock that was found at power-on stands. */
void sw_alarm_memory_clock_lost(sw_alarm_clock *a);
/* Brings what is to be kept in line with the guard, in the order that sw_alarm_clock.h demands; next at a->memory_us. */
void sw_alarm_memory_keep(sw_alarm_clock *a, uint64_t now_us);
/* The clock was set, and the ring moved from last_us: a reboot forgets neither that it is sooner nor why. */
void sw_alarm_memory_clock_set(sw_alarm_clock *a, uint64_t last_us);
/* 1: read back just now, the flash holds the guard's alarm. */
int32_t sw_alarm_memory_holds(const sw_alarm_clock *a);
/* What happens at ring_utc_us, by the clock as it is now. */
sw_alarm_event sw_alarm_memory_due(uint64_t now_utc_us, uint64_t ring_utc_us, uint64_t set_for_utc_us);

#endif
