/* The ring in flash: a log of records over all sectors behind those of settings, calibration and keys.
 *
 * Every data packet of every boot has a place in one count, `at`. Records are appended; a full sector is followed by the
 * next one round the ring, erased ahead. The head is found by a scan at boot; what is committed by a mark, now and then.
 * Rule: a sector is erased only when nothing in it is wanted any more (sw_ring_forget); SW_RING_FULL asks for that.
 * Nothing waits: an operation is begun, and asked for at at_us. A record counts as written when it was read back.
 *
 * In a flash of SW_RING_THIN_FROM sectors or more the last three eighths are a second log, the *thin ring*: when the first
 * one is full, the packets of its oldest sectors go there without their waveforms, in order and read back one by one, before
 * the sector is erased. full_from is the first packet that the first ring holds; what lies before it is read from the thin
 * one. Only when that is full, too, is anything forgotten. Power may fail at any moment: a packet is in one of them, or both.
 *
 * Sector: magic, counter (its place is counter modulo sectors), `at` of its first data record, the tail then, CRC.
 * Record: n, kind, type, 0x5A, at, boot, seq, t_us, n bytes, CRC. Behind one that a power cut tore it goes on in the same
 * sector, at the beginning of a page: where no valid record is, the next is looked for at the pages behind.
 */
#ifndef SW_RING_STORE_H
#define SW_RING_STORE_H

#include <stdint.h>
#include "sw_hal.h"

#define SW_RING_FIRST_SECTOR 8u /* 0, 1 settings and alarm; 2, 3 calibration; 4, 5 keys; 6, 7 free */
#define SW_RING_FLASH_MIN 65536u /* smallest and largest flash that is looked for */
#define SW_RING_FLASH_MAX 16777216u
#define SW_RING_PAYLOAD 78u     /* longest data packet */
#define SW_RING_HEADER 20u      /* of a sector */
#define SW_RING_HEAD 24u        /* of a record */
#define SW_RING_RECORD_MAX (SW_RING_HEAD + SW_RING_PAYLOAD + 4u)
#define SW_RING_MARK_US 30000000u  /* what is committed is marked so long after it has changed */
#define SW_RING_AGAIN_US 60000000u /* after a failed write */
#define SW_RING_SCAN 64u        /* sectors looked at in one step */
#define SW_RING_THIN_FROM 56u   /* sectors of a flash of 256 KB */
#define SW_RING_MISSING 4u      /* a power cut tears one; those that it tore before may still have to be told of */
#define SW_RING_BATCH 4u        /* sectors whose packets lose their waveforms together: one GAP tells of them */

typedef enum sw_ring_state {
    SW_RING_ASLEEP = 0, SW_RING_SCANNING, SW_RING_IDLE, SW_RING_ERASING, SW_RING_PROGRAMMING
} sw_ring_state;

/* LOADED: once; the ring may be used. WRITTEN, FAILED: the end of one sw_ring_write. FULL: what lies before drop_to
 * has to be forgotten before the ring goes on. */
typedef enum sw_ring_news { SW_RING_NOTHING = 0, SW_RING_LOADED, SW_RING_WRITTEN, SW_RING_FAILED, SW_RING_FULL } sw_ring_news;

/* Bit 0 says whether it is a packet. Of the ring's own records it is cleared first, by an operation of its own: what a power
 * cut has torn is told from a packet. SECTOR, a header, and DROPPED are in no record. */
typedef enum sw_ring_kind {
    SW_RING_DATA = 1, SW_RING_BOOT = 2, SW_RING_MARK = 4, SW_RING_SECTOR = 6, SW_RING_DROPPED = 8
} sw_ring_kind;

/* A packet whose writing was interrupted. */
typedef struct sw_ring_torn {
    uint32_t boot;
    uint32_t seq;
} sw_ring_torn;

typedef struct sw_ring_record {
    uint32_t at;   /* count of all data packets; of BOOT the next one's, of MARK the tail */
    uint32_t boot;
    uint32_t seq;
    uint64_t t_us;
    uint8_t kind;  /* SW_RING_* */
    uint8_t type;  /* SW_PACKET_* */
    uint8_t n;
    uint8_t payload[SW_RING_PAYLOAD];
} sw_ring_record;

/* Where a reader stands: before the data record `at`, or somewhere in front of it in its sector. */
typedef struct sw_ring_cursor {
    uint32_t counter; /* of the sector, 0: nowhere */
    uint32_t offset;
    uint32_t at;
    uint32_t from;    /* first sector of its ring */
} sw_ring_cursor;

typedef struct sw_ring {
    sw_ring_state state;
    uint32_t magic;      /* of its sectors */
    uint32_t from;       /* its first sector in the flash */
    struct sw_ring *thin; /* NULL: there is none */
    uint32_t full_from;  /* with a thin ring: packets before it are there, or nowhere */
    uint32_t thin_to;    /* up to here they go there next */
    sw_ring_cursor thinned; /* reader of those */
    uint32_t sectors;    /* of the ring */
    uint32_t scanned;
    uint32_t oldest;     /* counters of the oldest and the newest sector */
    uint32_t newest;
    uint32_t offset;     /* next record in the newest; a sector's length: it is full */
    uint32_t ahead;      /* counter of the sector that is erased and waits */
    uint32_t next;       /* `at` of the next data record */
    uint32_t tail;       /* first data record that is still wanted */
    uint32_t marked;     /* the tail, as a reboot would find it */
    uint64_t mark_us;    /* it is marked then */
    uint32_t boot;       /* of this boot; not 0: to be written */
    uint32_t missing_n;  /* packets whose writing was interrupted, and no GAP that is kept tells of it */
    sw_ring_torn missing[SW_RING_MISSING];
    uint32_t drop_to;    /* with SW_RING_FULL */
    uint32_t pressed;    /* ... 1: before that nothing at all can be written */
    uint32_t failing;    /* 1: the last write failed; the next try is at again_us */
    uint64_t again_us;
    uint32_t tries;
    uint32_t torn, slow, worn; /* for whoever tells, as in sw_flash_store.h */
    uint64_t at_us;      /* next step; UINT64_MAX none */
    uint64_t begun_us;   /* the operation under way */
    uint32_t begun_n;    /* ... and its number among all of the flash */
    uint32_t n;          /* bytes of the record being written, 0 none */
    uint32_t done;       /* ... up to which it is programmed */
    uint32_t cleared;    /* 1: bit 0 of its kind is cleared, if it is the ring's own */
    uint8_t kind;        /* ... SW_RING_* */
    uint8_t bytes[SW_RING_RECORD_MAX];
    uint32_t waits;      /* of a data record that waits for a sector or for the mark of this boot, 0 none */
    uint8_t waiting[SW_RING_RECORD_MAX];
} sw_ring;

void sw_ring_init(sw_ring *r, uint32_t boot, uint64_t now_us);
/* Behind sw_ring_init: thin, the caller's, is the thin ring, if the flash is large enough for one. */
void sw_ring_with(sw_ring *r, sw_ring *thin);
/* Where the next batch for the thin ring ends. */
uint32_t sw_ring_batch(const sw_ring *r, const sw_hal *hal);
/* The next packet of the batch goes to the thin ring; when it is ready. WRITTEN of the thin ring: sw_ring_thinned(). */
void sw_ring_thin_feed(sw_ring *r, const sw_hal *hal, uint64_t now_us);
void sw_ring_thinned(sw_ring *r);
/* At at_us. may_begin 0: the flash is another store's. begun: operations of all stores of this flash. */
sw_ring_news sw_ring_step(sw_ring *r, const sw_hal *hal, uint64_t now_us, int32_t may_begin, uint32_t *begun);
/* 1: sw_ring_write may be called. */
int32_t sw_ring_ready(const sw_ring *r, uint64_t now_us);
/* Begins to write a data packet; `at` is the next. */
void sw_ring_write(sw_ring *r, uint64_t now_us, const sw_ring_record *record);
/* The packet that waits is given up; where it is being programmed, it counts no more when that ends. */
void sw_ring_drop(sw_ring *r);
/* A number that is not kept takes its place in the count all the same. */
void sw_ring_pass(sw_ring *r);
/* Reads the data record `at`. 1: found; 0: there is none; -1: the flash is busy. The cursor makes reading on quick. */
int32_t sw_ring_read(const sw_ring *r, const sw_hal *hal, uint32_t at, sw_ring_cursor *cursor, sw_ring_record *out);
/* Nothing before `at` is wanted any more. */
void sw_ring_forget(sw_ring *r, uint64_t now_us, uint32_t at);
/* 1: an operation of the ring keeps the flash busy, and has not taken too long. */
int32_t sw_ring_busy(const sw_ring *r, uint64_t now_us);

#endif
