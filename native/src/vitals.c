/* Vitals: blocks' results become integers with validities. See sw_vitals.h. */
#include "sw_vitals.h"

#include "sw_confidence.h"
#include "sw_parameters.h"
#include "sw_words.h"

#define CENTIDEGREES_PER_RAD 5729.57795f
#define QUALITY_DB 40.0f /* signal-to-noise ratio that leaves nothing to wish for */

static void fill_motion(const sw_vitals_sources *from, int32_t absent, sw_chain_out *out)
{
    out->motion_class = SW_MOTION_UNKNOWN;
    out->motion_decidb = 0;
    out->motion_validity = 0;
    out->quality_motion = 0;
    out->motion_reason = absent;
    if (absent) {
        return;
    }
    const sw_motion_state *motion = from->motion;
    out->motion_class = motion->moving ? SW_MOTION_MOVING : SW_MOTION_STILL;
    out->motion_decidb = sw_to_i32(10.0f * sw_confidence_decibel(motion->over_floor), 0, 65535);
    out->motion_validity = sw_confidence_motion(motion->speed_mm_per_s / SW_P_MOVING_MM_PER_S);
    out->quality_motion = sw_to_i32(255.0f * (sw_confidence_decibel(from->candidates->snr) / QUALITY_DB), 0, 255);
}

static void fill_position(const sw_vitals_sources *from, int32_t absent, sw_chain_out *out)
{
    out->distance_mm = 0;
    out->distance_validity = 0;
    out->range_bin = 0;
    out->azimuth_cdeg = 0;
    out->elevation_cdeg = 0;
    out->direction_validity = 0;
    out->position_reason = absent;
    if (absent) {
        return;
    }
    out->distance_mm = sw_to_i32(1000.0f * from->candidates->distance_m, 0, 65535);
    out->distance_validity = out->confidence;
    out->range_bin = from->candidates->body_bin;
    out->position_reason = from->astray;
    out->direction_validity = from->astray ? 0 : sw_to_i32((float)out->confidence * from->direction->coherence, 0, 255);
    if (out->direction_validity > 0) {
        out->azimuth_cdeg = sw_to_i32(CENTIDEGREES_PER_RAD * from->direction->azimuth_rad, -9000, 9000);
        out->elevation_cdeg = sw_to_i32(CENTIDEGREES_PER_RAD * from->direction->elevation_rad, -9000, 9000);
    }
}

static float at_least_0(float x) { return x > 0.0f ? x : 0.0f; }

/* Why there is no breathing to read now, or 0. */
static int32_t unheard(const sw_vitals_sources *from, int32_t absent, uint32_t flags)
{
    if (absent) {
        return absent;
    }
    if (flags & SW_FLAG_SATURATED) {
        return SW_REASON_SATURATED;
    }
    if (from->disturbed) {
        return from->disturbed;
    }
    if (from->motion->moving) {
        return SW_REASON_MOVING;
    }
    return from->circle->fitted ? SW_REASON_NONE : SW_REASON_STARTING;
}

static void fill_rate(const sw_vitals_sources *from, int32_t reason, sw_chain_out *out)
{
    const sw_breathing_rate *rate = from->rate;
    float residual = from->circle->residual;
    out->rate_centi_per_min = 0;
    out->rate_validity = 0;
    out->quality_breathing = 0;
    out->rate_reason = reason;
    if (reason) {
        return;
    }
    if (from->candidates->coherence < SW_P_RATE_COHERENCE || residual > SW_P_RATE_RESIDUAL) {
        out->rate_reason = SW_REASON_LOW_QUALITY;
        return;
    }
    float regular = at_least_0(1.0f - rate->variation) * at_least_0(1.0f - residual);
    out->quality_breathing = sw_to_i32(255.0f * (regular * rate->line_share), 0, 255);
    out->rate_reason = rate->reason;
    if (rate->reason == SW_REASON_NONE) {
        int32_t validity = sw_confidence_breathing(rate->variation, residual, (int32_t)rate->intervals);
        out->rate_centi_per_min = sw_to_i32(100.0f * rate->rate_per_min, 0, 65535);
        out->rate_validity = validity > 0 ? validity : 1;
    }
}

static void fill_wave(const sw_vitals_sources *from, int32_t reason, sw_chain_out *out)
{
    out->wave_validity = 0;
    out->wave_reason = reason;
    if (reason == SW_REASON_NONE) {
        int32_t validity =
            sw_confidence_quantise(SW_P_WAVE_SCORE - SW_P_WAVE_PER_RESIDUAL * from->circle->residual);
        out->wave_validity = validity > 0 ? validity : 1;
    }
}

/* How far outside the user's place the body's direction lies, as far as it has one, rad. */
static float outside(const sw_vitals_sources *from)
{
    const float cdeg = 1.0f / CENTIDEGREES_PER_RAD, azimuth = from->direction->azimuth_rad;
    float low = (float)from->place->azimuth_low_cdeg * cdeg, high = (float)from->place->azimuth_high_cdeg * cdeg;
    if (!(low < high)) { /* no place is set */
        return 0.0f;
    }
    return from->direction->coherence * at_least_0(azimuth < low ? low - azimuth : azimuth - high);
}

/* How far below the height at which people lie, as far as it has a direction, m. */
static float below(const sw_vitals_sources *from)
{
    float height_m = from->candidates->distance_m * sw_sinf(from->direction->elevation_rad);
    return from->direction->coherence * at_least_0(-SW_P_FLOOR_BELOW_M - height_m);
}

void sw_vitals_fill(const sw_vitals_sources *from, sw_chain_out *out)
{
    int32_t absent = from->gaps > 0 ? SW_REASON_GAP : SW_REASON_STARTING;
    out->confidence = 0;
    if (from->seconds > 0) {
        const sw_doubts doubts = {outside(from), below(from), from->motion->moving_s};
        out->confidence = sw_confidence_person(from->candidates->snr, from->candidates->coherence, &doubts);
        absent = out->confidence < (int32_t)SW_P_NOBODY_BELOW ? SW_REASON_NOBODY : SW_REASON_NONE;
    }
    fill_motion(from, absent, out);
    fill_position(from, absent, out);
    fill_rate(from, unheard(from, absent, out->flags), out);
    fill_wave(from, unheard(from, absent, out->flags), out);
}
