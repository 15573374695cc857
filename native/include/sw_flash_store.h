/* A record that survives: the newest of many in two neighbouring sectors of NOR flash.
 *
 * Records are appended, each with a counter and a CRC; the newest valid one counts. A full sector is left as it is, the
 * other one is erased and goes on. Rule: the sector that holds the newest valid record is never erased, so power may
 * fail at any moment and what was stored before is still there.
 * Nothing waits: an operation is started, and asked for at poll_us. A record counts as written when it was read back.
 * Several stores share one flash: who finds it busy waits for it. They count the operations in common, so that each knows
 * whose operation it is that keeps the flash busy.
 *
 * The caller owns the record's memory, slot_bytes long: magic, counter, content from SW_STORE_CONTENT_AT on, CRC. It is
 * the store's from a write until that has ended.
 */
#ifndef SW_FLASH_STORE_H
#define SW_FLASH_STORE_H

#include <stdint.h>
#include "sw_hal.h"

#define SW_STORE_SECTOR_BYTES 4096u
#define SW_STORE_SECTORS 2u
#define SW_STORE_PAGE_BYTES 256u /* programmed at once */
#define SW_STORE_CONTENT_AT 8u   /* in a record: behind magic and counter */
#define SW_STORE_AROUND 12u      /* bytes of a record beside its content */
#define SW_STORE_TIMEOUT_US 1000000u /* an operation that takes longer has failed */
#define SW_STORE_PROGRAM_MAX_US 5000u /* longer is slow: W25Q128JV maximum 3 ms ... */
#define SW_STORE_ERASE_MAX_US 500000u /* ... and 400 ms, and what polling adds */

/* The snapshot of settings and alarm: sectors 0 and 1. */
#define SW_STORE_SLOT_BYTES 128u
#define SW_STORE_SLOTS 32u /* of a sector */
#define SW_STORE_BYTES 116u /* content of a slot */

typedef enum sw_store_state { SW_STORE_IDLE = 0, SW_STORE_WAITING, SW_STORE_ERASING, SW_STORE_PROGRAMMING } sw_store_state;
typedef enum sw_store_result { SW_STORE_NOTHING = 0, SW_STORE_WRITTEN, SW_STORE_FAILED } sw_store_result;

typedef struct sw_flash_store {
    sw_store_state state;
    uint32_t base;        /* first of its sectors */
    uint32_t slot_bytes;  /* a power of two, 64 .. a sector */
    uint32_t counter;     /* of the newest valid record; 0: there is none */
    uint32_t damaged;     /* slots seen at loading that are neither blank nor valid */
    uint32_t newest;      /* address of the newest valid record */
    uint32_t torn;        /* 1: loading found a write, or an erase, that was interrupted. These are for whoever tells; */
    uint32_t slow;        /* 1: an operation took longer than the part's maximum. The store only ... */
    uint32_t worn;        /* 1: a record did not hold at one place, and holds at another. ... sets them. */
    uint32_t sector;      /* 0 or 1: where the next record goes ... */
    uint32_t slot;        /* ... and its place there; past the last: none is left */
    uint32_t page;        /* byte of the record up to which it is programmed */
    uint32_t given;       /* last counter given to a record, written or not: none is given twice */
    uint32_t tries;       /* of the write under way */
    uint64_t poll_us;     /* next step; UINT64_MAX none */
    uint64_t timeout_us;  /* of the operation under way */
    uint32_t *begun;      /* operations of all stores of this flash; set before loading; NULL: there is no other */
    uint32_t mine;        /* ... with the last of this one */
} sw_flash_store;

/* Finds the newest record in the sectors base and base + 1. record: written when there is one. Returns 1 found, 0 none,
 * -1 the flash cannot be read now. */
int32_t sw_flash_store_load(sw_flash_store *s, const sw_hal *hal, uint32_t base, uint32_t slot_bytes, uint8_t *record);
/* Starts a write of record's content; only when IDLE and loaded. */
void sw_flash_store_write(sw_flash_store *s, const sw_hal *hal, uint64_t now_us, uint8_t *record);
/* At poll_us, with the record being written. WRITTEN and FAILED end a write and are said once. */
sw_store_result sw_flash_store_step(sw_flash_store *s, const sw_hal *hal, uint64_t now_us, uint8_t *record);
/* 1: the newest record, read just now, is valid and holds this content (slot_bytes - SW_STORE_AROUND). */
int32_t sw_flash_store_holds(const sw_flash_store *s, const sw_hal *hal, const uint8_t *content);

#endif
