/* The table of probes. See sw_probe.h.
 *
 * Rule: offset, size and element type come from the members themselves; a row adds only name, unit and axes.
 */
#include "sw_probe.h"

#include <stddef.h>

#include "sw_chain_state.h"

#define CHAIN ((sw_chain *)0)
#define OUT ((sw_chain_out *)0)
#define TYPE_OF(element) \
    _Generic(element, float: SW_PROBE_FLOAT, int32_t: SW_PROBE_INT32, uint32_t: SW_PROBE_UINT32, \
             int16_t: SW_PROBE_INT16, uint64_t: SW_PROBE_UINT64)

/* of the chain's state: name, unit, block, member, its first element, axes */
#define PROBE(name, unit, block, member, first, axes) \
    {name, unit, axes, (uint32_t)offsetof(sw_chain, member), (uint32_t)sizeof(CHAIN->member), \
     SW_AFTER_##block, (uint32_t)TYPE_OF(CHAIN->first), 0},
#define VALUE(name, unit, block, member) PROBE(name, unit, block, member, member, "")
/* of the frame's output */
#define RESULT(name, unit, member, first, axes) \
    {name, unit, axes, (uint32_t)offsetof(sw_chain_out, member), (uint32_t)sizeof(OUT->member), SW_AFTER_VITALS, \
     (uint32_t)TYPE_OF(OUT->first), 1},
#define NUMBER(unit, member) RESULT("vitals." #member, unit, member, member, "")

static const sw_probe table[] = {
    PROBE("half_burst.mean", "ADC counts", HALF_BURST, memory.arriving.halves, memory.arriving.halves[0].lane[0][0],
          "half sample lane")
    PROBE("range.profile", "ADC counts", RANGE_FFT, memory.watching.range.profile,
          memory.watching.range.profile.re[0][0], "part range_bin lane")
    PROBE("range.difference", "ADC counts", RANGE_FFT, memory.watching.range.difference,
          memory.watching.range.difference.re[0][0], "part range_bin lane")
    PROBE("clutter.background", "ADC counts", CLUTTER, clutter.background, clutter.background.re[0][0],
          "part watched_bin lane")
    PROBE("clutter.moving", "ADC counts", CLUTTER, memory.watching.cleared.moving,
          memory.watching.cleared.moving.re[0][0], "part seen_bin lane")
    PROBE("candidates.coherent", "ADC counts^2", CANDIDATES, candidates.window.coherent, candidates.window.coherent[0],
          "watched_bin")
    PROBE("candidates.power", "ADC counts^2", CANDIDATES, candidates.window.power, candidates.window.power[0],
          "watched_bin")
    PROBE("candidates.burst", "ADC counts^2", CANDIDATES, candidates.window.burst, candidates.window.burst[0],
          "watched_bin")
    PROBE("candidates.excess", "ADC counts^2", CANDIDATES, candidates.excess, candidates.excess[0], "watched_bin")
    VALUE("candidates.body_bin", "range bin", CANDIDATES, candidates.body_bin)
    VALUE("candidates.first_bin", "range bin", CANDIDATES, candidates.first_bin)
    VALUE("candidates.last_bin", "range bin", CANDIDATES, candidates.last_bin)
    VALUE("candidates.snr", "1", CANDIDATES, candidates.snr)
    VALUE("candidates.coherence", "1", CANDIDATES, candidates.coherence)
    VALUE("candidates.noise", "ADC counts^2", CANDIDATES, candidates.noise)
    VALUE("candidates.distance_m", "m", CANDIDATES, candidates.distance_m)
    VALUE("direction.azimuth_rad", "rad", DIRECTION, direction.azimuth_rad)
    VALUE("direction.elevation_rad", "rad", DIRECTION, direction.elevation_rad)
    VALUE("direction.coherence", "1", DIRECTION, direction.coherence)
    VALUE("motion.burst", "ADC counts^2", MOTION, motion.burst)
    VALUE("motion.amplitude", "ADC counts^2", MOTION, motion.amplitude)
    VALUE("motion.speed_mm_per_s", "mm/s", MOTION, motion.speed_mm_per_s)
    VALUE("motion.over_floor", "1", MOTION, motion.over_floor)
    VALUE("motion.still_s", "s", MOTION, motion.still_s)
    VALUE("motion.moving", "0 or 1", MOTION, motion.moving)
    VALUE("phase_circle.channels", "1", PHASE_CIRCLE, circle.channels.n)
    PROBE("phase_circle.bin", "range bin", PHASE_CIRCLE, circle.channels.bin, circle.channels.bin[0], "channel")
    PROBE("phase_circle.lane", "lane", PHASE_CIRCLE, circle.channels.lane, circle.channels.lane[0], "channel")
    PROBE("phase_circle.centre_re", "ADC counts", PHASE_CIRCLE, circle.channels.centre_re,
          circle.channels.centre_re[0], "channel")
    PROBE("phase_circle.centre_im", "ADC counts", PHASE_CIRCLE, circle.channels.centre_im,
          circle.channels.centre_im[0], "channel")
    PROBE("phase_circle.radius", "ADC counts", PHASE_CIRCLE, circle.radius, circle.radius.re[0], "part channel")
    PROBE("phase_circle.phase", "rad", PHASE_CIRCLE, circle.phase, circle.phase[0], "remembered")
    VALUE("phase_circle.remembered", "1", PHASE_CIRCLE, circle.samples)
    VALUE("phase_circle.fitted", "0 or 1", PHASE_CIRCLE, circle.fitted)
    VALUE("phase_circle.arc_rad", "rad", PHASE_CIRCLE, circle.arc_rad)
    VALUE("phase_circle.residual", "1", PHASE_CIRCLE, circle.residual)
    VALUE("phase_circle.radius_power", "ADC counts^2", PHASE_CIRCLE, circle.radius_power)
    VALUE("displacement.displacement_um", "um", PHASE_CIRCLE, displacement.displacement_um)
    VALUE("band_filter.high", "um", PHASE_CIRCLE, band.high)
    VALUE("breathing_rate.rate_per_min", "1/min", PHASE_CIRCLE, rate.rate_per_min)
    VALUE("breathing_rate.variation", "1", PHASE_CIRCLE, rate.variation)
    VALUE("breathing_rate.line_hz", "Hz", PHASE_CIRCLE, rate.line_hz)
    VALUE("breathing_rate.line_share", "1", PHASE_CIRCLE, rate.line_share)
    VALUE("breathing_rate.intervals", "1", PHASE_CIRCLE, rate.intervals)
    VALUE("breathing_rate.span_s", "s", PHASE_CIRCLE, rate.span_s)
    VALUE("breathing_rate.square", "um^2", PHASE_CIRCLE, rate.square)
    VALUE("breathing_rate.reason", "SW_REASON_*", PHASE_CIRCLE, rate.reason)
    NUMBER("us", t_us)
    NUMBER("frame", frame)
    NUMBER("SW_FLAG_*", flags)
    NUMBER("1/255", confidence)
    NUMBER("0.01/min", rate_centi_per_min)
    NUMBER("1/255", rate_validity)
    NUMBER("SW_REASON_*", rate_reason)
    NUMBER("SW_MOTION_*", motion_class)
    NUMBER("0.1 dB", motion_decidb)
    NUMBER("1/255", motion_validity)
    NUMBER("mm", distance_mm)
    NUMBER("1/255", distance_validity)
    NUMBER("0.01 degree", azimuth_cdeg)
    NUMBER("0.01 degree", elevation_cdeg)
    NUMBER("1/255", direction_validity)
    NUMBER("1/255", quality_breathing)
    NUMBER("1/255", quality_motion)
    NUMBER("1/255", wave_validity)
    NUMBER("1", wave_n)
    NUMBER("us", wave_t_us)
    RESULT("vitals.wave_um", "um", wave_um, wave_um[0], "waveform")
};

const sw_probe *sw_probe_table(uint32_t *n)
{
    *n = (uint32_t)(sizeof table / sizeof table[0]);
    return table;
}
