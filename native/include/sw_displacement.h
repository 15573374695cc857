/* Displacement: the common phase of all channels, unwrapped from frame to frame, along the line of sight.
 *
 * Both ends of a step are read on the same circles, so a new fit never makes the displacement jump.
 * One step is unambiguous up to a quarter wavelength: 24 mm/s at 20 frames/s.
 */
#ifndef SW_DISPLACEMENT_H
#define SW_DISPLACEMENT_H

#include "sw_common.h"

typedef struct sw_displacement_config {
    float wavelength_m; /* at the centre of the sampled band */
} sw_displacement_config;

typedef struct sw_displacement {
    sw_displacement_config config;
    float um_per_rad;
    float previous_re[SW_CHANNELS]; /* profile of the frame before, ADC counts */
    float previous_im[SW_CHANNELS];
    uint32_t started;
    float displacement_um; /* + towards the radar, since init */
} sw_displacement;

/* Starts a new displacement at zero. SW_ERROR_PARAMETER: no wavelength. */
int32_t sw_displacement_init(sw_displacement *state, const sw_displacement_config *config);
/* One frame. channels: the same bins and lanes since init, fitted; profile: with its background. */
void sw_displacement_step(sw_displacement *state, const sw_channels *channels, const sw_profile *profile);

#endif
