/* Wake-up light: how bright and in which colour at which moment.
 *
 * Rule: perceived brightness rises evenly: luminance follows the third power of the time gone, as lightness is about the
 * cube root of luminance (CIE 1976 L*); the luminance of the three colours is weighed as in ITU-R BT.709. The colour goes
 * from deep red by orange to warm white: green and blue per red grow in proportion to the time gone and to its square.
 * When the alarm rings the light is full and white. Integers only.
 */
#ifndef SW_LIGHT_H
#define SW_LIGHT_H

#include <stdint.h>

#define SW_LIGHT_FULL 65535u
#define SW_LIGHT_STEP_US 1000000u /* the duties are set anew this often */

typedef struct sw_light_colour { /* duties 0..SW_LIGHT_FULL */
    uint32_t red;
    uint32_t green;
    uint32_t blue;
} sw_light_colour;

/* The colour when this share of a sunrise is gone, 0..SW_LIGHT_FULL. */
sw_light_colour sw_light_mix(uint32_t gone);
/* At now_us of a sunrise of sunrise_s seconds that is complete at end_us; dark before it begins and when sunrise_s is 0. */
sw_light_colour sw_light_at(uint64_t now_us, uint64_t end_us, uint32_t sunrise_s);
/* When it is to be looked at again: the start of the sunrise, then every step; UINT64_MAX after its end. */
uint64_t sw_light_next(uint64_t now_us, uint64_t end_us, uint32_t sunrise_s);

#endif
