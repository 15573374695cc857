/* The firmware's side of the bridge: a HAL whose every call is a record to the board in another process.
 *
 * Rule: the firmware runs only while the rig waits for its answer; the target has no time of its own.
 * A record is three little-endian words op, arg, n and n bytes; docs: the header of the rig's bridge.
 * Long payloads are never copied: they go out from where they lie and come in to where they are wanted.
 */
#ifndef SW_BRIDGE_HAL_H
#define SW_BRIDGE_HAL_H

#include <stdint.h>

#include "sw_hal.h"

#define SW_BRIDGE_PAYLOAD 16384u /* of one record; longer transfers are cut */
#define SW_BRIDGE_HEADER 12u
#define SW_BRIDGE_OUT 512u       /* posted records, the next header and a short payload travel in one write */
#define SW_BRIDGE_IN 256u        /* a header and a short payload come in one read */

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
    uint8_t out[SW_BRIDGE_OUT];
    uint8_t in[SW_BRIDGE_IN];
} sw_bridge;

/* The HAL whose every call is a record. */
void sw_bridge_hal(sw_bridge *bridge, sw_hal *hal);

/* A target with time and events of its own, instead of sw_bridge_serve: waits for START, starts the firmware with this
 * HAL and answers. Returns its status, -1 when the rig is gone. */
int32_t sw_bridge_accept(sw_bridge *bridge, const sw_hal *hal, void *fw, uint32_t fw_bytes);
/* Tells the board the device's time. Returns what happened on it since: bit n for event n; negative: the end. */
int32_t sw_bridge_advance(sw_bridge *bridge, uint64_t now_us);

/* Runs the firmware in memory fw of fw_bytes, 16-byte aligned, until the rig says STOP (0) or is gone (-1). */
int32_t sw_bridge_serve(sw_bridge *bridge, void *fw, uint32_t fw_bytes);

#endif
