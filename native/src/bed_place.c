/* Bed place: two histograms and their tails. See sw_bed_place.h.
 *
 * Rule: what lies outside the classes counts in the last one, so every second counts exactly once.
 */
#include "sw_bed_place.h"

#include <string.h>

#include "sw_parameters.h"

#define WHOLE(name, value, unit, meaning) WHOLE_##name = (int)(value),
enum { SW_PARAMETERS(WHOLE) WHOLE_END };
_Static_assert(WHOLE_BED_SECONDS <= UINT16_MAX, "a class counts to 65535");

#define MM_PER_M 1000.0f
#define CDEG_PER_DEGREE 100.0f
#define LEFT 1u /* SW_SIDE_LEFT */
#define RIGHT 2u

static int32_t near_zone_mm(void) { return sw_to_i32(MM_PER_M * SW_P_ZONE_NEAR_M, 0, 65535); }

void sw_bed_place_assume(sw_place *place, uint32_t side)
{
    int16_t head = (int16_t)sw_to_i32(CDEG_PER_DEGREE * SW_P_PLACE_HEAD_DEG, 0, 9000);
    int16_t foot = (int16_t)sw_to_i32(CDEG_PER_DEGREE * SW_P_PLACE_FOOT_DEG, 0, 9000);
    int32_t known = side == LEFT || side == RIGHT;
    place->side = (uint8_t)(known ? side : 0u);
    place->learnt = 0;
    place->near_mm = (uint16_t)sw_to_i32(MM_PER_M * (known ? SW_P_PLACE_NEAR_M : SW_P_ZONE_NEAR_M), 0, 65535);
    place->far_mm = (uint16_t)sw_to_i32(MM_PER_M * (known ? SW_P_PLACE_FAR_M : SW_P_ZONE_FAR_M), 0, 65535);
    place->azimuth_low_cdeg = side == LEFT ? (int16_t)-foot : side == RIGHT ? (int16_t)-head : (int16_t)-9000;
    place->azimuth_high_cdeg = side == LEFT ? head : side == RIGHT ? foot : (int16_t)9000;
}

void sw_bed_place_init(sw_bed_place *state, const sw_place *place)
{
    memset(state, 0, sizeof *state);
    state->place = *place;
}

static uint32_t class_of(int32_t value, int32_t from, int32_t width, uint32_t n)
{
    int32_t at = value < from ? 0 : (value - from) / width;
    return at < (int32_t)n ? (uint32_t)at : n - 1u;
}

/* First class, from below or from above, with which more than `tail` seconds are reached. */
static uint32_t tail_class(const uint16_t *counts, uint32_t n, uint32_t tail, int32_t from_above)
{
    uint32_t sum = 0, at = 0;
    for (uint32_t i = 0; i < n && sum <= tail; i++) {
        at = from_above ? n - 1u - i : i;
        sum += counts[at];
    }
    return at;
}

static uint32_t tail_of(uint32_t seconds) { return (uint32_t)(SW_P_BED_TAIL * (float)seconds); }

static void fix_range(sw_bed_place *state)
{
    int32_t margin = sw_to_i32(MM_PER_M * SW_P_BED_MARGIN_M, 0, 65535), zone = near_zone_mm();
    uint32_t tail = tail_of(state->seconds);
    int32_t low = zone + (int32_t)(SW_BED_RANGE_MM * tail_class(state->range, SW_BED_RANGES, tail, 0)) - margin;
    int32_t high = zone + (int32_t)(SW_BED_RANGE_MM * (tail_class(state->range, SW_BED_RANGES, tail, 1) + 1u)) + margin;
    int32_t farthest = sw_to_i32(MM_PER_M * SW_P_ZONE_FAR_M, 0, 65535);
    state->place.near_mm = (uint16_t)(low > zone ? low : zone);
    state->place.far_mm = (uint16_t)(high < farthest ? high : farthest);
}

static void fix_azimuth(sw_bed_place *state)
{
    int32_t margin = sw_to_i32(CDEG_PER_DEGREE * SW_P_BED_MARGIN_DEG, 0, 9000);
    uint32_t tail = tail_of(state->directions);
    uint32_t first = tail_class(state->azimuth, SW_BED_AZIMUTHS, tail, 0);
    uint32_t last = tail_class(state->azimuth, SW_BED_AZIMUTHS, tail, 1);
    int32_t low = (int32_t)first * SW_BED_AZIMUTH_CDEG - 9000 - margin;
    int32_t high = (int32_t)(last + 1u) * SW_BED_AZIMUTH_CDEG - 9000 + margin;
    state->place.azimuth_low_cdeg = (int16_t)(low > -9000 ? low : -9000);
    state->place.azimuth_high_cdeg = (int16_t)(high < 9000 ? high : 9000);
}

int32_t sw_bed_place_step(sw_bed_place *state, const sw_bed_second *second)
{
    if (state->place.learnt || state->place.side == 0u || !second->still ||
        second->confidence < (int32_t)SW_P_BED_CONFIDENCE) {
        return 0;
    }
    state->range[class_of(second->distance_mm, near_zone_mm(), (int32_t)SW_BED_RANGE_MM, SW_BED_RANGES)]++;
    state->seconds++;
    if (second->direction_validity >= (int32_t)SW_P_BED_DIRECTION) {
        state->azimuth[class_of(second->azimuth_cdeg, -9000, SW_BED_AZIMUTH_CDEG, SW_BED_AZIMUTHS)]++;
        state->directions++;
    }
    if (state->seconds < (uint32_t)SW_P_BED_SECONDS) {
        return 0;
    }
    fix_range(state);
    if (2u * state->directions >= state->seconds) { /* otherwise the direction is not known well enough: as assumed */
        fix_azimuth(state);
    }
    state->place.learnt = 1;
    return 1;
}
