/* Uplink policy: what may leave the device, decided once a second and at every event that matters.
 *
 * Rule: in BOOT, STANDBY and MONITORING nothing is sent unasked. The last packet before a silence and the first
 * one after it are TRANSITIONs; no cell of the table can say otherwise, because the packet follows from the states.
 * A silence has one reason, the most important of its causes, in whatever order they came: standby switch, standby by
 * command, not paired, self test failed, radar failed, nobody, booted. Where the device knows which fault made the radar fail, that one is named.
 */
#ifndef SW_UPLINK_POLICY_H
#define SW_UPLINK_POLICY_H

#include <stdint.h>
#include "sw_words.h"

/* INPUT(NAME): what the policy is told */
#define SW_UPLINK_INPUTS(INPUT) \
    INPUT(ANNOUNCED)        /* the third HELLO of the boot is out */ \
    INPUT(STANDBY_ON)       /* the user's switch */ \
    INPUT(STANDBY_ORDERED)  /* the host's command */ \
    INPUT(STANDBY_OFF)      /* neither of the two any more */ \
    INPUT(CONFIDENT)        /* a second: confident for long enough */ \
    INPUT(UNDECIDED)        /* a second: neither of the two */ \
    INPUT(NOT_CONFIDENT)    /* a second: not confident for long enough */ \
    INPUT(RADAR_FAILED)     /* no frames come */ \
    INPUT(SELF_TEST_FAILED) /* the chip's data path is broken */ \
    INPUT(NOT_PAIRED)       /* a second without a key: there is nobody to speak to */

#define SW_INPUT_WORD(NAME) SW_INPUT_##NAME,
typedef enum sw_uplink_input { SW_UPLINK_INPUTS(SW_INPUT_WORD) SW_INPUT_COUNT } sw_uplink_input;
#undef SW_INPUT_WORD

typedef struct sw_uplink_cell {
    uint8_t next;   /* SW_UPLINK_* */
    uint8_t reason; /* SW_REASON_* of the change; NONE where the state stays */
} sw_uplink_cell;

/* Hysteresis on the quantised confidence, 0..255. */
typedef struct sw_uplink_config {
    uint32_t enter_confidence; /* at least this for enter_s consecutive seconds: start streaming */
    uint32_t enter_s;
    uint32_t leave_confidence; /* below this for leave_s consecutive seconds: stop */
    uint32_t leave_s;
} sw_uplink_config;

typedef struct sw_uplink_policy {
    sw_uplink_config config;
    uint32_t state;          /* SW_UPLINK_* */
    uint32_t above_s;        /* consecutive seconds, up to enter_s */
    uint32_t below_s;        /* ... up to leave_s */
    uint64_t silent_from_us; /* the silence under way */
    uint32_t silent_reason;  /* SW_REASON_*: its most important cause so far; NONE while streaming */
    uint32_t silent_fault;   /* SW_REASON_* of the fault behind it, NONE: not known */
} sw_uplink_policy;

/* One change; tell 1: it is to be sent as a TRANSITION, before anything else if it starts streaming. */
typedef struct sw_uplink_change {
    uint32_t tell;
    uint32_t from_state;
    uint32_t to_state;
    uint32_t reason;
    uint64_t silent_from_us; /* all three 0 unless a silence ends */
    uint64_t silent_to_us;
    uint32_t silent_reason; /* SW_REASON_* */
} sw_uplink_change;

void sw_uplink_config_default(sw_uplink_config *config);
/* Starts in BOOT, silent from t_us. config NULL: the default. Returns 0 or SW_ERROR_PARAMETER. */
int32_t sw_uplink_policy_init(sw_uplink_policy *p, const sw_uplink_config *config, uint64_t t_us);
/* Counts one second with this confidence; returns the input it makes. */
sw_uplink_input sw_uplink_policy_second(sw_uplink_policy *p, int32_t confidence);
/* fault: SW_REASON_* behind RADAR_FAILED or SELF_TEST_FAILED where it is known, else NONE. */
void sw_uplink_policy_step(sw_uplink_policy *p, uint64_t t_us, sw_uplink_input input, uint32_t fault,
                           sw_uplink_change *out);
/* The table, for the documentation and the tests. */
sw_uplink_cell sw_uplink_policy_cell(uint32_t state, uint32_t input);

#endif
