/* From the chain's integers to the fields of VITALS.
 *
 * Rule: see the header; no value is computed here, only chosen, clamped or withheld.
 */
#include "sw_report.h"

#include <string.h>

#include "sw_words.h"

static int32_t clamp(int32_t value, int32_t least, int32_t most)
{
    return value < least ? least : value > most ? most : value;
}

static uint8_t to_u8(int32_t value) { return (uint8_t)clamp(value, 0, 255); }
static uint16_t to_u16(int32_t value) { return (uint16_t)clamp(value, 0, 65535); }
static int16_t to_i16(int32_t value) { return (int16_t)clamp(value, -32768, 32767); }

/* A known value has no reason; an unknown one never goes without. */
static uint8_t reason_for(int32_t known, int32_t reason)
{
    return known ? SW_REASON_NONE : reason != SW_REASON_NONE ? to_u8(reason) : SW_REASON_STARTING;
}

void sw_report_clear(sw_report *report) { memset(report, 0, sizeof *report); }

void sw_report_add(sw_report *report, const sw_chain_out *frame)
{
    report->flags |= frame->flags;
    uint32_t n = (uint32_t)clamp(frame->wave_n, 0, SW_WAVE_MAX);
    if (n == 0u) {
        return;
    }
    if (frame->wave_validity <= 0) {
        report->wave_n = 0;
        return;
    }
    uint64_t expected = report->wave_t_us + (uint64_t)report->wave_n * SW_REPORT_WAVE_STEP_US;
    if (report->wave_n == 0u || frame->wave_t_us != expected || report->wave_n + n > SW_REPORT_WAVE_MAX) {
        report->wave_n = 0;
        report->wave_t_us = frame->wave_t_us;
    }
    for (uint32_t i = 0; i < n; i++) {
        report->wave_um[report->wave_n++] = frame->wave_um[i];
    }
}

void sw_report_vitals(const sw_report *report, const sw_chain_out *last, uint32_t state, sw_packet_vitals *out)
{
    int32_t rate_known = last->rate_validity > 0;
    int32_t motion_known = last->motion_validity > 0;
    int32_t distance_known = last->distance_validity > 0;
    int32_t direction_known = last->direction_validity > 0;
    int32_t wave_known = last->wave_validity > 0 && report->wave_n > 0u;
    memset(out, 0, sizeof *out);
    out->frame = last->frame;
    out->state = to_u8((int32_t)state);
    out->flags = (uint8_t)(report->flags & (SW_FLAG_SATURATED | SW_FLAG_GAP));
    out->confidence = to_u8(last->confidence);
    out->respiration_rate = rate_known ? to_u16(last->rate_centi_per_min) : 0u;
    out->respiration_validity = to_u8(last->rate_validity);
    out->respiration_reason = reason_for(rate_known, last->rate_reason);
    out->motion_class = motion_known ? to_u8(last->motion_class) : SW_MOTION_UNKNOWN;
    out->motion = motion_known ? to_u16(last->motion_decidb) : 0u;
    out->motion_validity = to_u8(last->motion_validity);
    out->motion_reason = reason_for(motion_known, last->motion_reason);
    out->distance = distance_known ? to_u16(last->distance_mm) : 0u;
    out->distance_validity = to_u8(last->distance_validity);
    out->azimuth = direction_known ? to_i16(last->azimuth_cdeg) : (int16_t)0;
    out->elevation = direction_known ? to_i16(last->elevation_cdeg) : (int16_t)0;
    out->direction_validity = to_u8(last->direction_validity);
    out->position_reason = reason_for(distance_known && direction_known, last->position_reason);
    out->range_bin = to_u16(last->range_bin);
    out->quality_breathing = to_u8(last->quality_breathing);
    out->quality_motion = to_u8(last->quality_motion);
    out->wave_validity = wave_known ? to_u8(last->wave_validity) : 0u;
    out->wave_reason = reason_for(wave_known, last->wave_reason);
    if (wave_known) {
        out->wave_n = (uint8_t)report->wave_n;
        out->wave_t_us = report->wave_t_us;
        memcpy(out->wave, report->wave_um, report->wave_n * sizeof report->wave_um[0]);
    }
}
