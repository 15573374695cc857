/* What waits for the serial line: whole packets in, bytes out.
 *
 * Rule: a packet is queued whole or dropped whole and counted; a byte that was queued is sent, once, in order.
 */
#ifndef SW_OUTBOX_H
#define SW_OUTBOX_H

#include <stdint.h>
#include "sw_framing.h"
#include "sw_hal.h"

#define SW_OUTBOX_BYTES 4096u

typedef struct sw_outbox {
    uint32_t head;            /* next byte to send */
    uint32_t n;               /* bytes waiting */
    uint32_t dropped_packets;
    uint32_t bytes_sent;
    uint8_t bytes[SW_OUTBOX_BYTES];
} sw_outbox;

void sw_outbox_init(sw_outbox *box);
/* One packet, sealed with key; NULL: without a tag. Returns its bytes on the line, or 0: no room, dropped and counted. */
uint32_t sw_outbox_put(sw_outbox *box, const sw_packet_header *header, const uint8_t *payload, uint32_t n, const uint8_t *key);
/* Offers what waits to the line. Returns the bytes that still wait. */
uint32_t sw_outbox_flush(sw_outbox *box, const sw_hal *hal);

#endif
