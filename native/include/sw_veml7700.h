/* VEML7700 ambient light sensor: two settings, from sunlight to a dark bedroom.
 *
 * Rule: a reading is taken only when the integration that was started has ended. Vishay, VEML7700 datasheet: 0.0042 lx a
 * count at gain 2 and 800 ms, in proportion otherwise, 2.5 ms to wake up; Designing the VEML7700 into an application: the
 * correction of its bend, which matters above 1000 lx.
 */
#ifndef SW_VEML7700_H
#define SW_VEML7700_H

#include <stdint.h>
#include "sw_hal.h"

typedef enum sw_veml7700_range {
    SW_VEML7700_BRIGHT = 0, /* gain 1/8, 100 ms: 0.54 lx a count */
    SW_VEML7700_DARK = 1    /* gain 2, 800 ms: 0.0042 lx a count, to 275 lx */
} sw_veml7700_range;

#define SW_VEML7700_BRIGHT_US 110000u /* from start to fetch */
#define SW_VEML7700_DARK_US 820000u
#define SW_VEML7700_FEW 100u          /* counts of the bright range from which on it is good enough */
#define SW_VEML7700_FULL 65535u
#define SW_VEML7700_MAX_LX 120000u    /* more is beyond what the sensor promises */

/* SW_REASON_NONE, or LIGHT_ABSENT. */
uint32_t sw_veml7700_start(const sw_hal *hal, sw_veml7700_range range);
uint32_t sw_veml7700_fetch(const sw_hal *hal, uint32_t *counts);
/* It sleeps until the next start. */
void sw_veml7700_stop(const sw_hal *hal);
/* Counts of a range as light, 0.01 lx. SW_REASON_NONE, or LIGHT_SATURATED. */
uint32_t sw_veml7700_light(uint32_t counts, sw_veml7700_range range, uint32_t *centilux);

#endif
