/* Direction: the phase difference between antennas, per range bin, gives azimuth and elevation.
 *
 * Far field, one source per range bin and axis: sin = -dphase * wavelength / (2 pi d), d = SW_ANTENNA_SPACING_M; RX1
 * against RX3 across, RX2 against RX3 upwards (datasheet, antenna positions). Products are summed over the same
 * seconds as the powers that chose the bins. Needs all three antennas; without them the coherence stays 0.
 */
#ifndef SW_DIRECTION_H
#define SW_DIRECTION_H

#include "sw_common.h"
#include "sw_geometry.h"

/* Sums of one second in one range bin, ADC counts squared. */
typedef struct sw_direction_sums {
    float real[SW_LANES];  /* Re RX1 conj(RX3), Re RX2 conj(RX3), |RX3|^2, 0 */
    float other[SW_LANES]; /* Im RX1 conj(RX3), Im RX2 conj(RX3), |RX1|^2, |RX2|^2 */
} sw_direction_sums;

typedef struct sw_direction {
    sw_direction_sums second[SW_WINDOW_MAX_S][SW_PLACE_BINS]; /* of the place's bins, from its first one on */
    uint32_t slot;       /* the running second */
    uint32_t seconds;    /* complete ones in memory */
    float azimuth_rad;   /* + towards RX1 */
    float elevation_rad; /* + towards RX2 */
    float coherence;     /* weaker of the two pairs, 0..1; 0 when a pair is missing */
} sw_direction;

void sw_direction_init(sw_direction *state);
/* Adds one frame. moving: profile less background. */
void sw_direction_step(sw_direction *state, const sw_geometry *geometry, const sw_profile *moving);
/* Closes a second and reads the direction of the range bins first_bin..last_bin of the place; last_bin < first_bin:
 * none. */
void sw_direction_second(sw_direction *state, const sw_geometry *geometry, int32_t first_bin, int32_t last_bin);

#endif
