/* Motion: how fast the body moves inside one burst, and whether that is moving or only breathing.
 *
 * The two half bursts lie a few milliseconds apart: |difference| / |amplitude| is a phase step and a phase step is a
 * speed, v = lambda / (4 pi T) * |difference| / |amplitude|, unambiguous up to half a metre a second by default.
 * What stays below the noise is no motion.
 */
#ifndef SW_MOTION_H
#define SW_MOTION_H

#include "sw_common.h"
#include "sw_geometry.h"

/* The body as candidates and phase circle see it. */
typedef struct sw_motion_body {
    int32_t first_bin;  /* included */
    int32_t last_bin;   /* included; below first_bin: none */
    float noise;        /* power of one profile bin, lane sum, ADC counts squared */
    float circle_power; /* sum of the fitted circles' squared radii, ADC counts squared; 0 without a fit */
} sw_motion_body;

typedef struct sw_motion_state {
    uint32_t started;
    float burst;          /* smoothed |difference|^2 over the body's bins, lane sum, ADC counts squared */
    float amplitude;      /* smoothed |moving|^2 there */
    float speed_mm_per_s; /* >= 0 */
    float over_floor;     /* burst over its noise, power ratio */
    float still_s;        /* since the speed was last too high */
    int32_t moving;       /* 0 or 1 */
    float moving_s;       /* since it was last still; 0 while it is */
} sw_motion_state; /* sw_motion is the class on the wire */

/* Starts still. */
void sw_motion_init(sw_motion_state *state);
/* moving: profile less background. difference: second half burst less first. */
void sw_motion_step(sw_motion_state *state, const sw_geometry *geometry, const sw_profile *moving,
                    const sw_profile *difference, const sw_motion_body *body);

#endif
