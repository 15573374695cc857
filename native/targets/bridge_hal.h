/* The firmware's side of the bridge: a HAL whose every call is a record to the board in another process.
 *
 * Rule: the firmware runs only while the rig waits for its answer; the target has no time of its own.
 * A record is three little-endian words op, arg, n and n bytes; docs: the header of the rig's bridge.
 */
#ifndef SW_BRIDGE_HAL_H
#define SW_BRIDGE_HAL_H

#include <stdint.h>

#define SW_BRIDGE_PAYLOAD 16384u
#define SW_BRIDGE_HEADER 12u
#define SW_BRIDGE_POSTED 256u /* records without an answer that may wait for the next one */

/* How a target moves bytes. read blocks for 1..capacity bytes; write takes all n. Negative or 0: the rig is gone. */
typedef struct sw_bridge_io {
    int32_t (*read)(uint8_t *bytes, uint32_t capacity);
    int32_t (*write)(const uint8_t *bytes, uint32_t n);
} sw_bridge_io;

typedef struct sw_bridge {
    sw_bridge_io io;
    int32_t lost;        /* the rig is gone: every call fails */
    uint32_t out_n;      /* posted bytes that wait */
    uint32_t at, have;   /* unread part of in */
    uint8_t out[SW_BRIDGE_POSTED + SW_BRIDGE_HEADER + SW_BRIDGE_PAYLOAD];
    uint8_t in[SW_BRIDGE_HEADER + SW_BRIDGE_PAYLOAD];
} sw_bridge;

/* Runs the firmware in memory fw of fw_bytes, 16-byte aligned, until the rig says STOP (0) or is gone (-1). */
int32_t sw_bridge_serve(sw_bridge *bridge, void *fw, uint32_t fw_bytes);

#endif
