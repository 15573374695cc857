/* Vitals: what the chain knows after a frame, as integers with validities, or unknown with a reason.
 *
 * Rule: nothing here remembers anything: a value that is not trusted now is unknown now, never the last number.
 */
#ifndef SW_VITALS_H
#define SW_VITALS_H

#include "sw_breathing_rate.h"
#include "sw_candidates.h"
#include "sw_chain.h"
#include "sw_direction.h"
#include "sw_motion.h"
#include "sw_phase_circle.h"

/* The blocks' results that a frame's values are made of. */
typedef struct sw_vitals_sources {
    const sw_candidates *candidates;
    const sw_direction *direction;
    const sw_motion_state *motion;
    const sw_phase_circle *circle;
    const sw_breathing_rate *rate;
    const sw_place *place;
    uint32_t seconds; /* of candidates since power-on or the last gap; 0: nothing is known yet */
    uint32_t gaps;    /* frames were lost so often; 0: it is the start */
    int32_t disturbed; /* SW_REASON_* why breathing cannot be believed; 0 */
    int32_t astray;    /* SW_REASON_* why the direction cannot be; 0 */
} sw_vitals_sources;

/* Fills everything of out but its time, frame, flags (which it reads) and waveform samples. */
void sw_vitals_fill(const sw_vitals_sources *from, sw_chain_out *out);

#endif
