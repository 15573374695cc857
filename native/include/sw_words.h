/* The words of the serial line as C enums: SW_UPLINK_*, SW_REASON_*, SW_ALARM_* and so on.
 *
 * Rule: names and values stand in wire/words.h only; this header just spells them for C.
 */
#ifndef SW_WORDS_H
#define SW_WORDS_H

#include "words.h"

#define SW_UPLINK_WORD(name, value, text) SW_UPLINK_##name = value,
#define SW_MOTION_WORD(name, value, text) SW_MOTION_##name = value,
#define SW_REASON_WORD(name, value, text) SW_REASON_##name = value,
#define SW_SIDE_WORD(name, value, text) SW_SIDE_##name = value,
#define SW_CLOCK_WORD(name, value, text) SW_CLOCK_##name = value,
#define SW_ALARM_WORD(name, value, text) SW_ALARM_##name = value,
#define SW_ALARM_DID_WORD(name, value, text) SW_ALARM_DID_##name = value,
#define SW_ALARM_BY_WORD(name, value, text) SW_ALARM_BY_##name = value,
#define SW_RESET_WORD(name, value, text) SW_RESET_##name = value,
#define SW_CALIBRATION_WORD(name, value, text) SW_CALIBRATION_##name = value,
#define SW_STANDBY_WORD(name, value, text) SW_STANDBY_##name = value,
#define SW_PROCEDURE_WORD(name, value, text) SW_PROCEDURE_##name = value,
#define SW_GAP_WORD(name, value, text) SW_GAP_##name = value,
#define SW_REFUSAL_WORD(name, value, text) SW_REFUSAL_##name = value,
#define SW_PAIRING_WORD(name, value, text) SW_PAIRING_##name = value,

typedef enum sw_uplink { SW_UPLINK_STATES(SW_UPLINK_WORD) SW_UPLINK_COUNT } sw_uplink;
typedef enum sw_motion { SW_MOTION_CLASSES(SW_MOTION_WORD) SW_MOTION_COUNT } sw_motion;
typedef enum sw_reason { SW_REASONS(SW_REASON_WORD) SW_REASON_COUNT } sw_reason;
typedef enum sw_standby { SW_STANDBYS(SW_STANDBY_WORD) } sw_standby;
typedef enum sw_side { SW_SIDES(SW_SIDE_WORD) SW_SIDE_COUNT } sw_side;
typedef enum sw_clock_source { SW_CLOCK_SOURCES(SW_CLOCK_WORD) SW_CLOCK_COUNT } sw_clock_source;
typedef enum sw_alarm { SW_ALARM_STATES(SW_ALARM_WORD) SW_ALARM_COUNT } sw_alarm;
typedef enum sw_alarm_deed { SW_ALARM_DEEDS(SW_ALARM_DID_WORD) SW_ALARM_DID_COUNT } sw_alarm_deed;
typedef enum sw_alarm_maker { SW_ALARM_MAKERS(SW_ALARM_BY_WORD) SW_ALARM_BY_COUNT } sw_alarm_maker;
typedef enum sw_reset_cause { SW_RESETS(SW_RESET_WORD) SW_RESET_COUNT } sw_reset_cause;
typedef enum sw_calibration_state { SW_CALIBRATIONS(SW_CALIBRATION_WORD) SW_CALIBRATION_COUNT } sw_calibration_state;
typedef enum sw_procedure { SW_PROCEDURES(SW_PROCEDURE_WORD) SW_PROCEDURE_COUNT } sw_procedure;
typedef enum sw_gap { SW_GAPS(SW_GAP_WORD) SW_GAP_COUNT } sw_gap;
typedef enum sw_refusal { SW_REFUSALS(SW_REFUSAL_WORD) SW_REFUSAL_COUNT } sw_refusal;
typedef enum sw_pairing { SW_PAIRINGS(SW_PAIRING_WORD) SW_PAIRING_COUNT } sw_pairing;

#undef SW_UPLINK_WORD
#undef SW_MOTION_WORD
#undef SW_REASON_WORD
#undef SW_STANDBY_WORD
#undef SW_SIDE_WORD
#undef SW_CLOCK_WORD
#undef SW_ALARM_WORD
#undef SW_ALARM_DID_WORD
#undef SW_ALARM_BY_WORD
#undef SW_RESET_WORD
#undef SW_CALIBRATION_WORD
#undef SW_PROCEDURE_WORD
#undef SW_GAP_WORD
#undef SW_REFUSAL_WORD
#undef SW_PAIRING_WORD

#endif
