/* Delivery: data packets are kept until the host says that they are committed.
 *
 * A ring in memory, one slot per packet. The acknowledgement is cumulative; when the ring is full the oldest packet goes
 * and is counted. What a packet says never depends on acknowledgements: they only decide when it is sent again.
 * Rule: this file keeps and chooses, it sends nothing; whoever asks it decides whether the device may speak.
 *
 * Sequence numbers count from 1 in each boot; 0 means none. Times: device time, us.
 */
#ifndef SW_DELIVERY_H
#define SW_DELIVERY_H

#include <stdint.h>
#include "sw_packet.h"

#define SW_DELIVERY_SLOTS 128u           /* 128 VITALS are 12.5 KB on the line, and two minutes of streaming */
#define SW_DELIVERY_PAYLOAD 78u          /* longest data packet */
#define SW_DELIVERY_RESEND_US 30000000u  /* unacknowledged for so long: due again; the host commits every 20 s, and
                                          * pulls sooner what it sees missing */
#define SW_DELIVERY_HOST_GONE_US 60000000u /* nothing heard of the host for so long: nothing is due until it speaks */
#define SW_DELIVERY_PULL_US 10000000u    /* what a PULL asked for and the line did not take within this is forgotten */

typedef struct sw_delivery_slot {
    uint64_t t_us;    /* of the header */
    uint64_t sent_us; /* last time it went onto the line */
    uint8_t due;      /* 1: whatever sent_us says, it is to be sent */
    uint8_t type;     /* SW_PACKET_* */
    uint8_t n;        /* of payload */
    uint8_t payload[SW_DELIVERY_PAYLOAD];
} sw_delivery_slot;

typedef struct sw_delivery {
    uint32_t oldest;        /* first packet kept; newest + 1 when none is */
    uint32_t newest;        /* last data packet of this boot */
    uint32_t dropped;       /* unacknowledged, gone for a newer one */
    uint32_t host_heard;    /* 1: heard_us holds */
    uint64_t heard_us;      /* last packet of the host */
    uint32_t pull_next;     /* first packet the host waits for */
    uint32_t pull_left;     /* how many from there on */
    uint64_t pulled_us;     /* when it asked */
    sw_delivery_slot slot[SW_DELIVERY_SLOTS];
} sw_delivery;

void sw_delivery_init(sw_delivery *d);
/* Keeps a packet, due at once. n <= SW_DELIVERY_PAYLOAD. Returns its sequence number. */
uint32_t sw_delivery_put(sw_delivery *d, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n);
/* A kept packet, NULL when there is none of this number. */
const sw_delivery_slot *sw_delivery_get(const sw_delivery *d, uint32_t seq);
/* It went onto the line at t_us. */
void sw_delivery_sent(sw_delivery *d, uint32_t seq, uint64_t t_us);
/* Something was heard of the host at t_us. */
void sw_delivery_heard(sw_delivery *d, uint64_t t_us);
/* Everything up to seq is committed; a number that was never given is ignored. */
void sw_delivery_ack(sw_delivery *d, uint32_t seq);
/* Everything kept is due at once: the host has begun anew. */
void sw_delivery_all_due(sw_delivery *d);
/* The packet that is due at t_us and waits longest, the oldest of equals; 0 when none is or the host is gone. */
uint32_t sw_delivery_due(const sw_delivery *d, uint64_t t_us);
/* The host asks, at t_us, for count packets from seq on; takes the place of what it asked for before. */
void sw_delivery_pull(sw_delivery *d, uint32_t seq, uint32_t count, uint64_t t_us);
/* The next packet the host still waits for, 0: none. sw_delivery_pull_done() takes it off. */
uint32_t sw_delivery_pulled(sw_delivery *d, uint64_t t_us);
void sw_delivery_pull_done(sw_delivery *d);
/* First packet kept, as HELLO and PONG tell it: 0 when none is. */
uint32_t sw_delivery_oldest(const sw_delivery *d);
/* Packets kept, as HELLO and PONG tell it. */
uint32_t sw_delivery_stored(const sw_delivery *d);

#endif
