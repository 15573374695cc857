/* The uplink policy's one table, and the seconds counted on both sides of its thresholds.
 *
 * Rule: every state meets every input in the table; nothing outside it changes the state.
 */
#include "sw_uplink_policy.h"

#include <string.h>

#include "sw_error.h"
#include "sw_parameters.h"

#define STAY(state) {SW_UPLINK_##state, SW_REASON_NONE}
#define GO(state, reason) {SW_UPLINK_##state, SW_REASON_##reason}

static const sw_uplink_cell table[SW_UPLINK_COUNT][SW_INPUT_COUNT] = {
    [SW_UPLINK_BOOT] = {
        [SW_INPUT_ANNOUNCED] = GO(MONITORING, BOOTED),
        [SW_INPUT_STANDBY_ON] = GO(STANDBY, STANDBY_SWITCH),
        [SW_INPUT_STANDBY_ORDERED] = GO(STANDBY, STANDBY_COMMAND),
        [SW_INPUT_STANDBY_OFF] = STAY(BOOT),
        [SW_INPUT_CONFIDENT] = STAY(BOOT), /* the announcement comes first; the next second asks again */
        [SW_INPUT_UNDECIDED] = STAY(BOOT),
        [SW_INPUT_NOT_CONFIDENT] = STAY(BOOT),
        [SW_INPUT_RADAR_FAILED] = STAY(BOOT),
        [SW_INPUT_SELF_TEST_FAILED] = STAY(BOOT),
        [SW_INPUT_NOT_PAIRED] = STAY(BOOT),
    },
    [SW_UPLINK_STANDBY] = {
        [SW_INPUT_ANNOUNCED] = STAY(STANDBY),
        [SW_INPUT_STANDBY_ON] = STAY(STANDBY),
        [SW_INPUT_STANDBY_ORDERED] = STAY(STANDBY),
        [SW_INPUT_STANDBY_OFF] = GO(MONITORING, STANDBY_SWITCH),
        [SW_INPUT_CONFIDENT] = STAY(STANDBY),
        [SW_INPUT_UNDECIDED] = STAY(STANDBY),
        [SW_INPUT_NOT_CONFIDENT] = STAY(STANDBY),
        [SW_INPUT_RADAR_FAILED] = STAY(STANDBY),
        [SW_INPUT_SELF_TEST_FAILED] = STAY(STANDBY),
        [SW_INPUT_NOT_PAIRED] = STAY(STANDBY),
    },
    [SW_UPLINK_MONITORING] = {
        [SW_INPUT_ANNOUNCED] = STAY(MONITORING),
        [SW_INPUT_STANDBY_ON] = GO(STANDBY, STANDBY_SWITCH),
        [SW_INPUT_STANDBY_ORDERED] = GO(STANDBY, STANDBY_COMMAND),
        [SW_INPUT_STANDBY_OFF] = STAY(MONITORING),
        [SW_INPUT_CONFIDENT] = GO(STREAMING, CONFIDENT),
        [SW_INPUT_UNDECIDED] = STAY(MONITORING),
        [SW_INPUT_NOT_CONFIDENT] = STAY(MONITORING),
        [SW_INPUT_RADAR_FAILED] = STAY(MONITORING),
        [SW_INPUT_SELF_TEST_FAILED] = STAY(MONITORING),
        [SW_INPUT_NOT_PAIRED] = STAY(MONITORING),
    },
    [SW_UPLINK_STREAMING] = {
        [SW_INPUT_ANNOUNCED] = STAY(STREAMING),
        [SW_INPUT_STANDBY_ON] = GO(STANDBY, STANDBY_SWITCH),
        [SW_INPUT_STANDBY_ORDERED] = GO(STANDBY, STANDBY_COMMAND),
        [SW_INPUT_STANDBY_OFF] = STAY(STREAMING),
        [SW_INPUT_CONFIDENT] = STAY(STREAMING),
        [SW_INPUT_UNDECIDED] = STAY(STREAMING),
        [SW_INPUT_NOT_CONFIDENT] = GO(MONITORING, NOBODY),
        [SW_INPUT_RADAR_FAILED] = GO(MONITORING, RADAR_FAILED),
        [SW_INPUT_SELF_TEST_FAILED] = GO(MONITORING, SELF_TEST_FAILED),
        [SW_INPUT_NOT_PAIRED] = GO(MONITORING, NOT_PAIRED),
    },
};

/* What an input says about why it is silent; the others say nothing. */
static const uint8_t cause_of[SW_INPUT_COUNT] = {
    [SW_INPUT_STANDBY_ON] = SW_REASON_STANDBY_SWITCH,
    [SW_INPUT_STANDBY_ORDERED] = SW_REASON_STANDBY_COMMAND,
    [SW_INPUT_NOT_CONFIDENT] = SW_REASON_NOBODY,
    [SW_INPUT_RADAR_FAILED] = SW_REASON_RADAR_FAILED,
    [SW_INPUT_SELF_TEST_FAILED] = SW_REASON_SELF_TEST_FAILED,
    [SW_INPUT_NOT_PAIRED] = SW_REASON_NOT_PAIRED,
};

/* Causes of a silence, the most important first; NONE stands for no cause and comes last. */
static const uint8_t causes[] = {
    SW_REASON_STANDBY_SWITCH, SW_REASON_STANDBY_COMMAND, SW_REASON_NOT_PAIRED, SW_REASON_SELF_TEST_FAILED,
    SW_REASON_RADAR_FAILED,   SW_REASON_NOBODY,          SW_REASON_BOOTED,     SW_REASON_NONE,
};

static uint32_t more_important(uint32_t a, uint32_t b)
{
    uint32_t i = 0;
    while (causes[i] != a && causes[i] != b && causes[i] != SW_REASON_NONE) {
        i++;
    }
    return causes[i];
}

void sw_uplink_config_default(sw_uplink_config *config)
{
    *config = (sw_uplink_config){.enter_confidence = (uint32_t)SW_P_STREAM_FROM,
                                 .enter_s = (uint32_t)SW_P_STREAM_AFTER_S,
                                 .leave_confidence = (uint32_t)SW_P_NOBODY_BELOW,
                                 .leave_s = (uint32_t)SW_P_SILENT_AFTER_S};
}

int32_t sw_uplink_policy_init(sw_uplink_policy *p, const sw_uplink_config *config, uint64_t t_us)
{
    memset(p, 0, sizeof *p);
    if (config != 0) {
        p->config = *config;
    } else {
        sw_uplink_config_default(&p->config);
    }
    const sw_uplink_config *c = &p->config;
    if (c->enter_confidence > 255u || c->leave_confidence > c->enter_confidence || c->leave_confidence == 0u ||
        c->enter_s == 0u || c->leave_s == 0u) {
        return SW_ERROR_PARAMETER;
    }
    p->state = SW_UPLINK_BOOT;
    p->silent_from_us = t_us;
    p->silent_reason = SW_REASON_BOOTED;
    return SW_OK;
}

static uint32_t count(uint32_t seconds, int32_t one_more, uint32_t limit)
{
    return one_more == 0 ? 0u : seconds < limit ? seconds + 1u : limit;
}

sw_uplink_input sw_uplink_policy_second(sw_uplink_policy *p, int32_t confidence)
{
    p->above_s = count(p->above_s, confidence >= (int32_t)p->config.enter_confidence, p->config.enter_s);
    p->below_s = count(p->below_s, confidence < (int32_t)p->config.leave_confidence, p->config.leave_s);
    if (p->above_s == p->config.enter_s) {
        return SW_INPUT_CONFIDENT;
    }
    return p->below_s == p->config.leave_s ? SW_INPUT_NOT_CONFIDENT : SW_INPUT_UNDECIDED;
}

void sw_uplink_policy_step(sw_uplink_policy *p, uint64_t t_us, sw_uplink_input input, uint32_t fault,
                           sw_uplink_change *out)
{
    sw_uplink_cell cell = table[p->state][input];
    int32_t begins = p->state != SW_UPLINK_STREAMING && cell.next == SW_UPLINK_STREAMING;
    int32_t ends = p->state == SW_UPLINK_STREAMING && cell.next != SW_UPLINK_STREAMING;
    *out = (sw_uplink_change){
        .tell = begins || ends,
        .from_state = p->state,
        .to_state = cell.next,
        .reason = ends && fault != SW_REASON_NONE ? fault : cell.reason,
        .silent_from_us = begins ? p->silent_from_us : 0u,
        .silent_to_us = begins ? t_us : 0u,
        .silent_reason = !begins ? SW_REASON_NONE : p->silent_fault != SW_REASON_NONE ? p->silent_fault : p->silent_reason,
    };
    if (ends) {
        p->silent_from_us = t_us;
    }
    uint32_t was = p->silent_reason;
    p->silent_reason = cell.next == SW_UPLINK_STREAMING ? SW_REASON_NONE : more_important(was, cause_of[input]);
    if (p->silent_reason != was) { /* another cause: what is known of the old one says nothing about it */
        p->silent_fault = SW_REASON_NONE;
    }
    if (fault != SW_REASON_NONE && p->silent_reason == cause_of[input]) { /* the latest diagnosis knows most */
        p->silent_fault = fault;
    }
    /* seconds counted in another state, or before the radar failed, say nothing about those to come */
    if (cell.next != p->state || input == SW_INPUT_RADAR_FAILED || input == SW_INPUT_SELF_TEST_FAILED) {
        p->above_s = 0;
        p->below_s = 0;
    }
    p->state = cell.next;
}

sw_uplink_cell sw_uplink_policy_cell(uint32_t state, uint32_t input)
{
    return table[state < SW_UPLINK_COUNT ? state : 0u][input < SW_INPUT_COUNT ? input : 0u];
}
