/* The user's place: settings, flash, block, chain. See sw_user_place.h.
 *
 * Rule: a kept place is used only for the side it was learnt on.
 */
#include "sw_user_place.h"

#include <string.h>

#define PLACE_BYTES 9u /* near, far, low, high: two each, little-endian; the side */
_Static_assert(PLACE_BYTES <= SW_KEEPER_PLACE_BYTES, "the place does not fit the record");

static void put_16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value & 0xFFu);
    to[1] = (uint8_t)(value >> 8 & 0xFFu);
}

static uint16_t get_16(const uint8_t *from) { return (uint16_t)((uint32_t)from[0] | (uint32_t)from[1] << 8); }

static void keep(sw_kept *kept, const sw_place *place)
{
    memset(kept->place, 0, sizeof kept->place);
    put_16(kept->place, place->near_mm);
    put_16(kept->place + 2, place->far_mm);
    put_16(kept->place + 4, (uint16_t)place->azimuth_low_cdeg);
    put_16(kept->place + 6, (uint16_t)place->azimuth_high_cdeg);
    kept->place[8] = place->side;
    kept->bed_learnt = place->learnt;
}

/* Returns 1 when a place was kept for this side. */
static int32_t kept_for(const sw_kept *kept, uint32_t side, sw_place *place)
{
    *place = (sw_place){
        .near_mm = get_16(kept->place), .far_mm = get_16(kept->place + 2),
        .azimuth_low_cdeg = (int16_t)get_16(kept->place + 4), .azimuth_high_cdeg = (int16_t)get_16(kept->place + 6),
        .side = kept->place[8], .learnt = 1,
    };
    return kept->bed_learnt && place->side == side && place->near_mm < place->far_mm;
}

static void tell_chain(sw_firmware *fw)
{
    fw->place_waits = 0;
    if (fw->chain.place != 0) {
        fw->chain.place(fw->chain.state, &fw->bed.place);
    }
}

void sw_user_place_init(sw_firmware *fw)
{
    sw_place everywhere;
    sw_bed_place_assume(&everywhere, SW_SIDE_UNKNOWN);
    sw_bed_place_init(&fw->bed, &everywhere);
}

void sw_user_place_follow(sw_firmware *fw)
{
    sw_place place;
    uint32_t side = fw->keeper.wanted.side;
    if (!fw->keeper.loaded || side == fw->bed.place.side) {
        return;
    }
    if (!kept_for(&fw->keeper.wanted, side, &place)) {
        memset(fw->keeper.wanted.place, 0, sizeof fw->keeper.wanted.place);
        fw->keeper.wanted.bed_learnt = 0;
        sw_bed_place_assume(&place, side);
    }
    sw_bed_place_init(&fw->bed, &place);
    tell_chain(fw);
}

int32_t sw_user_place_second(sw_firmware *fw, uint64_t t_us)
{
    const sw_chain_out *out = &fw->last;
    const sw_bed_second second = {
        .confidence = out->distance_validity > 0 ? out->confidence : 0, .still = out->motion_class == SW_MOTION_STILL,
        .distance_mm = out->distance_mm, .azimuth_cdeg = out->azimuth_cdeg,
        .direction_validity = out->direction_validity,
    };
    int32_t learnt = sw_bed_place_step(&fw->bed, &second);
    if (learnt) {
        keep(&fw->keeper.wanted, &fw->bed.place);
        fw->place_waits = 1;
    }
    if (fw->place_waits && fw->policy.state != SW_UPLINK_STREAMING &&
        t_us - fw->policy.silent_from_us >= SW_USER_PLACE_NIGHT_US) {
        tell_chain(fw);
    }
    return learnt;
}
