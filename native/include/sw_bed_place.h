/* Bed place: where the user lies, assumed for a side of the bed at first, learnt from the first night then.
 *
 * Ranges and azimuths of confident still seconds are counted in fixed bins. After BED_SECONDS of them the place is fixed:
 * what all but BED_TAIL at either end showed, and a margin around it. All integers.
 */
#ifndef SW_BED_PLACE_H
#define SW_BED_PLACE_H

#include "sw_common.h"

#define SW_BED_RANGE_MM 50u        /* width of a range class; the first begins at ZONE_NEAR_M */
#define SW_BED_RANGES 26u
#define SW_BED_AZIMUTH_CDEG 500    /* width of an azimuth class; the first begins at -90 degrees */
#define SW_BED_AZIMUTHS 36u

/* What the chain says at the end of a second. */
typedef struct sw_bed_second {
    int32_t confidence;         /* 0..255 */
    int32_t still;              /* 1: known to be still */
    int32_t distance_mm;
    int32_t azimuth_cdeg;
    int32_t direction_validity; /* 0..255 */
} sw_bed_second;

typedef struct sw_bed_place {
    sw_place place;             /* as assumed or learnt */
    uint32_t seconds;           /* counted in range */
    uint32_t directions;        /* counted in azimuth */
    uint16_t range[SW_BED_RANGES];
    uint16_t azimuth[SW_BED_AZIMUTHS];
} sw_bed_place;

/* The place that is assumed for a side, SW_SIDE_*, which 1 to the left, 2 to the right; otherwise the whole zone. */
void sw_bed_place_assume(sw_place *place, uint32_t side);
/* Begins with this place. One that is learnt stays; an assumed one with a side is learnt from now on. */
void sw_bed_place_init(sw_bed_place *state, const sw_place *place);
/* Returns 1 when the place has just become known. */
int32_t sw_bed_place_step(sw_bed_place *state, const sw_bed_second *second);

#endif
