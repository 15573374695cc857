/* The chain's place, until its blocks are composed: every value is unknown, for the reason STARTING.
 *
 * Rule: nothing is invented.
 */
#include "sw_chain.h"

#include <string.h>

#include "sw_error.h"
#include "sw_parameters.h"
#include "sw_words.h"

uint32_t sw_chain_size(void) { return 16u; }

uint32_t sw_chain_parameters_hash(void) { return sw_parameters_hash(); }

int32_t sw_chain_init(void *state, const sw_radar_config *config, const sw_radar_timing *timing)
{
    (void)config;
    (void)timing;
    *(uint32_t *)state = 0;
    return SW_OK;
}

void sw_chain_step(void *state, const uint16_t *samples, uint64_t t_us, uint32_t flags, sw_chain_out *out)
{
    (void)samples;
    memset(out, 0, sizeof *out);
    out->t_us = t_us;
    out->frame = (*(uint32_t *)state)++;
    out->flags = flags;
    out->rate_reason = SW_REASON_STARTING;
    out->motion_reason = SW_REASON_STARTING;
    out->position_reason = SW_REASON_STARTING;
    out->wave_reason = SW_REASON_STARTING;
}
