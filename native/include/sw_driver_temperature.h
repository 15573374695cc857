/* The radar chip's own temperature, by its sensor converter: about once a minute, from the first second on.
 *
 * Rule: only in the pause behind a frame that was read, and nothing is waited for: a conversion is started at one of the
 * looks at the chip, a second apart, and fetched at the next. Four accesses a minute.
 */
#ifndef SW_DRIVER_TEMPERATURE_H
#define SW_DRIVER_TEMPERATURE_H

#include "sw_driver.h"

/* The product's operating range (maker's data sheet, V2.4.9), 0.01 degree Celsius. Outside of it the maker promises no figure
 * of the radar; what destroys the chip lies beyond. */
#define SW_TEMPERATURE_MIN (-2000)
#define SW_TEMPERATURE_MAX 7000

/* A look at the chip, once a second while frames come; tells health when the temperature is out of its range. */
void sw_temperature_look(sw_driver *d, uint64_t now_us);
/* The chip was reset or sleeps: nothing is known. */
void sw_temperature_forget(sw_driver *d);
/* 1 and 0.01 degree Celsius when it was measured within the last minutes, else 0. */
int32_t sw_temperature_known(const sw_driver *d, uint64_t now_us, int32_t *value);

#endif
