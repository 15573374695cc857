/* Delivery: what of the kept data packets goes onto the line, and when.
 *
 * A packet gets its number, waits here until the ring in flash holds it, and is sent then. The host's acknowledgements are
 * cumulative and name what it has beyond (sack); they decide when a packet is sent again, never what it says. Live packets
 * go first; what was stored while nobody listened, and what earlier boots left, follows as far as the host's credit goes.
 * Rule: this file keeps count and chooses, it sends nothing; whoever asks it decides whether the device may speak.
 *
 * Numbers (seq) count from 1 in each boot; `at` counts the packets of all boots (sw_ring_store.h). Those of this boot have
 * at = base + seq - 1. Everything from the ring's tail up to sent_to has been sent since the host began, what follows up to
 * live_from has not, what follows that went out live. Times: us.
 */
#ifndef SW_DELIVERY_H
#define SW_DELIVERY_H

#include <stdint.h>
#include "sw_packet.h"
#include "sw_ring_store.h"

#define SW_DELIVERY_QUEUE 32u  /* packets that wait for the flash: an erase takes 0.4 s at most */
#define SW_DELIVERY_PAYLOAD SW_RING_PAYLOAD
#define SW_DELIVERY_WINDOW 33u /* what an acknowledgement tells of: seq + 1 and the 32 bits of sack */
#define SW_DELIVERY_CREDIT 256u /* ... before the first one of a host */
#define SW_DELIVERY_RESEND_US 30000000u /* unacknowledged for so long: sent again; a host commits every 20 s */
#define SW_DELIVERY_HOLE_MS 1000u       /* the same for a packet behind which a later one has arrived, until a round trip is known, */
#define SW_DELIVERY_HOLE_MIN_MS 250u    /* ... then after two of them, within these */
#define SW_DELIVERY_HOLE_MAX_MS 10000u
#define SW_DELIVERY_BOOTS 4u            /* earlier boots of which packets were sent, and acknowledgements are heeded */
#define SW_DELIVERY_HOST_GONE_US 60000000u /* nothing heard of the host for so long: nothing is sent until it speaks */
#define SW_DELIVERY_PULL_US 10000000u   /* what a PULL asked for and the line did not take within this is forgotten */
#define SW_DELIVERY_PULLS 8u            /* ... that wait */
#define SW_DELIVERY_RECENT 64u          /* packets whose sending is remembered one by one */
#define SW_DELIVERY_BLOCKS 64u          /* ... and in blocks of so many ... */
#define SW_DELIVERY_BLOCK 32u           /* ... packets */

typedef struct sw_delivery_slot {
    uint64_t t_us;  /* of the header */
    uint8_t type;   /* SW_PACKET_* */
    uint8_t n;      /* of payload */
    uint8_t live;   /* 1: it goes onto the line as soon as it is kept */
    uint8_t sent;   /* 1: it did already */
    uint8_t payload[SW_DELIVERY_PAYLOAD];
} sw_delivery_slot;

typedef struct sw_delivery_time {
    uint32_t of;    /* packet or block, + 1 */
    uint32_t ms;
} sw_delivery_time;

typedef struct sw_delivery_boot {
    uint32_t boot;
    uint32_t base;  /* `at` of its number 1 */
    uint32_t acked; /* first `at` of it that is not acknowledged; 0: nothing is */
} sw_delivery_boot;

typedef struct sw_delivery_wish {
    uint32_t at;
    uint32_t left;
    uint32_t boot;
    uint64_t asked_us;
} sw_delivery_wish;

typedef struct sw_delivery {
    uint32_t boot;
    uint32_t base;          /* `at` of number 1; 0: the ring is not read yet */
    uint32_t newest;        /* last number given */
    uint32_t written;       /* up to here they are kept, or given up */
    uint32_t gap_first;     /* numbers that could not be kept, until a GAP tells of them; 0 none */
    uint32_t gap_last;
    uint32_t host_heard;    /* 1: heard_us holds */
    uint64_t heard_us;      /* last packet of the host */
    uint32_t sent_to;
    uint32_t live_from;
    uint32_t credit_to;     /* stored packets before this may be sent */
    uint32_t sack_at;       /* sack: bit i stands for sack_at + 1 + i; 0: nothing said */
    uint32_t sack;
    uint32_t own_acked;     /* of this boot acknowledged while older ones are not: first `at` that is not */
    uint32_t tail_boot;     /* boot of the packet at the tail, and `at` of its number 1; 0 not known */
    uint32_t tail_base;
    uint32_t tail_read;     /* the packet from which that is known */
    sw_ring_cursor backlog; /* readers of the ring */
    sw_ring_cursor again;
    sw_delivery_time recent[SW_DELIVERY_RECENT];
    sw_delivery_time block[SW_DELIVERY_BLOCKS];
    uint32_t rtt_ms;        /* from sending to acknowledgement, smoothed; 0 not known */
    uint32_t rtt_at;        /* the packet of the last measurement */
    uint32_t early_n;       /* boots met so far */
    sw_delivery_boot early[SW_DELIVERY_BOOTS];
    uint32_t wish_n;
    sw_delivery_wish wish[SW_DELIVERY_PULLS]; /* oldest first */
    sw_delivery_slot queue[SW_DELIVERY_QUEUE]; /* number seq in slot seq % SW_DELIVERY_QUEUE, written < seq <= newest */
} sw_delivery;

void sw_delivery_init(sw_delivery *d, uint32_t boot);
/* Gives a packet its number; n <= SW_DELIVERY_PAYLOAD. Where the queue is full its oldest is given up: see gap_first. */
uint32_t sw_delivery_put(sw_delivery *d, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n, uint32_t live);
/* A packet that waits for the flash, NULL when it is none of them. */
sw_delivery_slot *sw_delivery_waiting(sw_delivery *d, uint32_t seq);
/* The next number is kept (kept 1), or cannot be. sent: it went onto the line. */
void sw_delivery_written(sw_delivery *d, uint64_t t_us, uint32_t kept, uint32_t sent);
/* A stored packet of that boot was read; base: `at` of its number 1. */
void sw_delivery_met(sw_delivery *d, uint32_t boot, uint32_t base);
/* The stored packet `at` went onto the line. */
void sw_delivery_sent(sw_delivery *d, uint64_t t_us, uint32_t at);
void sw_delivery_heard(sw_delivery *d, uint64_t t_us);
/* 1: a host has been heard of within a minute. */
int32_t sw_delivery_host(const sw_delivery *d, uint64_t t_us);
/* A host has begun anew: everything kept is to be sent, once. */
void sw_delivery_all_due(sw_delivery *d, const sw_ring *r);
/* What an acknowledgement says; a number that cannot have been given is ignored. Returns `at` before which nothing is wanted. */
uint32_t sw_delivery_ack(sw_delivery *d, const sw_ring *r, const sw_hal *hal, const sw_packet_ack *ack);
/* The stored packet to be sent now, 0 none. */
uint32_t sw_delivery_due(const sw_delivery *d, const sw_ring *r, uint64_t t_us);
/* The host asks for stored packets. */
void sw_delivery_pull(sw_delivery *d, const sw_ring *r, uint64_t t_us, const sw_packet_pull *pull);
/* The next packet the host waits for, 0 none; sw_delivery_pull_done() takes it off. */
uint32_t sw_delivery_pulled(sw_delivery *d, const sw_ring *r, uint64_t t_us);
void sw_delivery_pull_done(sw_delivery *d);
/* Looks, at times, whose packet is at the tail. Returns `at` before which there is nothing. */
uint32_t sw_delivery_learn(sw_delivery *d, const sw_ring *r, const sw_hal *hal);
/* As HELLO and PONG tell it. */
uint32_t sw_delivery_oldest(const sw_delivery *d, const sw_ring *r);
uint32_t sw_delivery_oldest_boot(const sw_delivery *d, const sw_ring *r);
uint32_t sw_delivery_stored(const sw_delivery *d, const sw_ring *r);

#endif
