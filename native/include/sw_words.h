/* The words of the packet table as C enums: SW_UPLINK_*, SW_MOTION_*, SW_REASON_*.
 *
 * Rule: names and values stand in wire/packet.h only; this header just spells them for C.
 */
#ifndef SW_WORDS_H
#define SW_WORDS_H

#include "packet.h"

#define SW_UPLINK_WORD(name, value, text) SW_UPLINK_##name = value,
#define SW_MOTION_WORD(name, value, text) SW_MOTION_##name = value,
#define SW_REASON_WORD(name, value, text) SW_REASON_##name = value,

typedef enum sw_uplink { SW_UPLINK_STATES(SW_UPLINK_WORD) SW_UPLINK_COUNT } sw_uplink;
typedef enum sw_motion { SW_MOTION_CLASSES(SW_MOTION_WORD) SW_MOTION_COUNT } sw_motion;
typedef enum sw_reason { SW_REASONS(SW_REASON_WORD) SW_REASON_COUNT } sw_reason;

#undef SW_UPLINK_WORD
#undef SW_MOTION_WORD
#undef SW_REASON_WORD

#endif
