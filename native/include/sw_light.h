/* Wake-up light: how bright at which moment.
 *
 * Rule: perceived brightness rises evenly: the duty is the third power of the time gone, as lightness is about the cube
 * root of luminance (CIE 1976 L*). Integers only.
 */
#ifndef SW_LIGHT_H
#define SW_LIGHT_H

#include <stdint.h>

#define SW_LIGHT_FULL 65535u
#define SW_LIGHT_STEP_US 1000000u /* the duty is set anew this often */

/* Duty 0..SW_LIGHT_FULL at now_us of a sunrise of sunrise_s seconds that is complete at end_us; 0 before it begins and
 * when sunrise_s is 0. */
uint32_t sw_light_duty(uint64_t now_us, uint64_t end_us, uint32_t sunrise_s);
/* When the duty is to be looked at again: the start of the sunrise, then every step; UINT64_MAX after its end. */
uint64_t sw_light_next(uint64_t now_us, uint64_t end_us, uint32_t sunrise_s);

#endif
