/* Log-structured ring over many flash sectors. See sw_ring_store.h.
 *
 * Rule: what is not valid is passed over, never trusted; the operation that fails closes its sector.
 */
#include "sw_ring_store.h"

#include <string.h>

#include "sw_flash_store.h"
#include "sw_framing.h"
#include "sw_ring_read.h"

#define SECTOR SW_STORE_SECTOR_BYTES
#define CRC 4u
#define NEVER UINT64_MAX
#define PROGRAM_POLL_US 1000u
#define ERASE_POLL_US 5000u
#define WAIT_US 1000u   /* until the flash may be another store's no more */
#define TRIES_MAX 3u

static void put32(uint8_t *to, uint32_t value)
{
    for (uint32_t i = 0; i < 4u; i++) {
        to[i] = (uint8_t)(value >> (8u * i));
    }
}

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static uint32_t build(uint8_t *b, const sw_ring_record *record)
{
    b[0] = record->n;
    b[1] = record->kind;
    b[2] = record->type;
    b[3] = SW_RING_CHECK;
    put32(b + 4, record->at);
    put32(b + 8, record->boot);
    put32(b + 12, record->seq);
    put32(b + 16, (uint32_t)record->t_us);
    put32(b + 20, (uint32_t)(record->t_us >> 32));
    memcpy(b + SW_RING_HEAD, record->payload, record->n);
    put32(b + SW_RING_HEAD + record->n, sw_crc32(b, SW_RING_HEAD + record->n));
    return SW_RING_HEAD + record->n + CRC;
}

void sw_ring_init(sw_ring *r, uint32_t boot, uint64_t now_us)
{
    memset(r, 0, sizeof *r);
    r->boot = boot;
    r->at_us = now_us;
    r->mark_us = NEVER;
    r->magic = SW_RING_MAGIC;
    r->from = SW_RING_FIRST_SECTOR;
}

static void begin(sw_ring *r, uint64_t now_us, sw_ring_state state, uint32_t poll_us, uint32_t *begun)
{
    r->state = state;
    r->begun_us = now_us;
    r->at_us = now_us + poll_us;
    r->begun_n = ++*begun;
}

/* The next piece of the record: up to its end, or to that of the page; of the ring's own ones the bit of the kind first. */
static void program(sw_ring *r, const sw_hal *hal, uint64_t now_us, uint32_t *begun)
{
    const uint8_t own = 0xFEu;
    if (!r->cleared && (r->kind == SW_RING_BOOT || r->kind == SW_RING_MARK)) {
        r->cleared = 1;
        begin(r, now_us, SW_RING_PROGRAMMING, PROGRAM_POLL_US, begun);
        (void)hal->flash_program(hal->flash, sw_ring_address(r, r->newest, r->offset) + SW_RING_AT_KIND, &own, 1);
        return;
    }
    uint32_t address = sw_ring_address(r, r->newest, r->offset) + r->done;
    uint32_t room = SW_STORE_PAGE_BYTES - address % SW_STORE_PAGE_BYTES;
    uint32_t n = r->n - r->done < room ? r->n - r->done : room;
    begin(r, now_us, SW_RING_PROGRAMMING, PROGRAM_POLL_US, begun);
    (void)hal->flash_program(hal->flash, address, r->bytes + r->done, n); /* refused: seen when it is read back */
    r->done += n;
}

/* First `at` behind the sectors that are to be erased next. */
static uint32_t wanted_from(const sw_ring *r, const sw_hal *hal, uint32_t n)
{
    sw_ring_sector_head head;
    uint32_t counter = r->newest + 1u + n > r->sectors ? r->newest + 1u + n - r->sectors : 0u;
    counter = counter < r->oldest ? r->oldest : counter;
    if (r->newest + 1u < r->oldest + r->sectors) { /* nothing of the ring is there */
        return 0;
    }
    for (; counter <= r->newest; counter++) {
        if (sw_ring_sector(r, hal, counter, &head) > 0) {
            return head.first;
        }
    }
    return r->next;
}

uint32_t sw_ring_batch(const sw_ring *r, const sw_hal *hal)
{
    return wanted_from(r, hal, SW_RING_BATCH);
}

static sw_ring_news erase_next(sw_ring *r, const sw_hal *hal, uint64_t now_us, uint32_t *begun)
{
    r->drop_to = wanted_from(r, hal, 1);
    if (r->tail < r->drop_to && r->full_from < r->drop_to) {
        r->at_us = now_us + WAIT_US;
        return SW_RING_FULL;
    }
    if (r->newest + 1u >= r->oldest + r->sectors) {
        r->oldest = r->newest + 2u - r->sectors;
    }
    begin(r, now_us, SW_RING_ERASING, ERASE_POLL_US, begun);
    (void)hal->flash_erase(hal->flash, sw_ring_address(r, r->newest + 1u, 0)); /* refused: seen when it is written to */
    return SW_RING_NOTHING;
}

static void prepare(sw_ring *r, const sw_ring_record *record)
{
    r->n = build(r->bytes, record);
    r->kind = record->kind;
    r->done = r->cleared = 0;
}

/* The next record to write: this boot's, the one that waits, a mark. */
static void choose(sw_ring *r, uint64_t now_us)
{
    sw_ring_record record = {.kind = SW_RING_MARK, .at = r->tail};
    if (r->boot != 0u) {
        record = (sw_ring_record){.kind = SW_RING_BOOT, .at = r->next, .boot = r->boot};
        for (uint32_t i = 0; i < r->missing_n; i++) {
            put32(record.payload + record.n, r->missing[i].boot);
            put32(record.payload + record.n + 4u, r->missing[i].seq);
            record.n = (uint8_t)(record.n + SW_RING_NAME);
        }
        prepare(r, &record);
    } else if (r->waits != 0u) {
        memcpy(r->bytes, r->waiting, r->waits);
        r->n = r->waits;
        r->kind = SW_RING_DATA;
        r->done = 0;
    } else if (now_us >= r->mark_us) {
        prepare(r, &record);
    }
}

/* The header of the sector that was erased ahead; it becomes the newest. */
static void open_sector(sw_ring *r)
{
    put32(r->bytes, r->magic);
    put32(r->bytes + 4, ++r->newest);
    put32(r->bytes + 8, r->next);
    put32(r->bytes + 12, r->tail);
    put32(r->bytes + 16, sw_crc32(r->bytes, 16));
    r->offset = 0;
    r->n = SW_RING_HEADER;
    r->kind = SW_RING_SECTOR;
    r->done = 0;
}

static sw_ring_news idle(sw_ring *r, const sw_hal *hal, uint64_t now_us, uint32_t *begun)
{
    if (r->failing && now_us < r->again_us) {
        r->at_us = r->again_us;
        return SW_RING_NOTHING;
    }
    choose(r, now_us);
    r->pressed = 0;
    if (r->n != 0u) {
        if (r->offset + r->n > SECTOR) {
            r->n = 0; /* chosen again, once there is room */
            if (r->ahead != r->newest + 1u) {
                r->pressed = 1;
                return erase_next(r, hal, now_us, begun);
            }
            open_sector(r);
        }
        program(r, hal, now_us, begun);
        return SW_RING_NOTHING;
    }
    if (r->ahead != r->newest + 1u && r->magic == SW_RING_MAGIC) {
        return erase_next(r, hal, now_us, begun);
    }
    r->at_us = r->mark_us;
    return SW_RING_NOTHING;
}

static int32_t reads_back(const sw_ring *r, const sw_hal *hal)
{
    uint8_t there[SW_RING_RECORD_MAX];
    return hal->flash_read(hal->flash, sw_ring_address(r, r->newest, r->offset), there, r->n) >= 0 &&
           memcmp(there, r->bytes, r->n) == 0;
}

static sw_ring_news fail(sw_ring *r, uint64_t now_us)
{
    sw_ring_news news = r->waits != 0u ? SW_RING_FAILED : SW_RING_NOTHING;
    r->state = SW_RING_IDLE;
    r->n = r->waits = 0;
    r->tries = 0;
    r->offset = SECTOR;
    r->ahead = 0;
    r->failing = 1;
    r->again_us = now_us + SW_RING_AGAIN_US;
    r->at_us = r->again_us;
    return news;
}

/* The record is programmed: does it hold? Where not, the next sector is tried. */
static sw_ring_news written(sw_ring *r, const sw_hal *hal, uint64_t now_us)
{
    uint32_t kind = r->kind, n = r->n;
    r->state = SW_RING_IDLE;
    r->at_us = now_us;
    if (!reads_back(r, hal)) {
        r->n = 0;
        r->offset = SECTOR;
        return ++r->tries == TRIES_MAX ? fail(r, now_us) : SW_RING_NOTHING;
    }
    r->n = 0;
    r->offset += n;
    if (kind == SW_RING_SECTOR || kind == SW_RING_MARK) {
        r->marked = get32(r->bytes + (kind == SW_RING_SECTOR ? 12u : 4u));
        r->mark_us = r->marked != r->tail ? now_us + SW_RING_MARK_US : NEVER;
    }
    if (kind == SW_RING_SECTOR) {
        return SW_RING_NOTHING; /* what it was opened for has still to hold */
    }
    r->worn |= r->tries != 0u;
    r->tries = 0;
    r->failing = 0;
    if (kind == SW_RING_DATA) {
        r->waits = 0;
        r->next++;
        return SW_RING_WRITTEN;
    }
    r->boot = kind == SW_RING_BOOT ? 0u : r->boot;
    return SW_RING_NOTHING;
}

/* The flash is busy with the operation of the ring. */
static sw_ring_news wait_for(sw_ring *r, uint64_t now_us, uint32_t begun)
{
    uint32_t erases = r->state == SW_RING_ERASING;
    uint32_t most_us = erases ? SW_STORE_ERASE_MAX_US : SW_STORE_PROGRAM_MAX_US;
    r->slow |= begun == r->begun_n && now_us - r->begun_us > most_us;
    r->at_us = now_us + (erases ? ERASE_POLL_US : PROGRAM_POLL_US);
    return SW_RING_NOTHING;
}

sw_ring_news sw_ring_step(sw_ring *r, const sw_hal *hal, uint64_t now_us, int32_t may_begin, uint32_t *begun)
{
    if (now_us < r->at_us) {
        return SW_RING_NOTHING;
    }
    int32_t own = r->state == SW_RING_ERASING || r->state == SW_RING_PROGRAMMING;
    if (hal->flash_busy(hal->flash) != 0) {
        if (own && now_us - r->begun_us >= SW_STORE_TIMEOUT_US) {
            return fail(r, now_us);
        }
        r->at_us = now_us + WAIT_US;
        return own ? wait_for(r, now_us, *begun) : SW_RING_NOTHING;
    }
    if (r->state == SW_RING_ERASING) {
        r->ahead = r->newest + 1u;
        r->state = SW_RING_IDLE;
    }
    if (r->state == SW_RING_PROGRAMMING && r->done == r->n) {
        return written(r, hal, now_us);
    }
    if (!may_begin) {
        r->at_us = now_us + WAIT_US;
        return SW_RING_NOTHING;
    }
    if (r->state == SW_RING_PROGRAMMING) {
        program(r, hal, now_us, begun);
        return SW_RING_NOTHING;
    }
    if (r->state == SW_RING_IDLE) {
        return idle(r, hal, now_us, begun);
    }
    r->at_us = now_us + WAIT_US;
    return sw_ring_scan(r, hal) ? SW_RING_LOADED : SW_RING_NOTHING;
}

int32_t sw_ring_ready(const sw_ring *r, uint64_t now_us)
{
    return r->state >= SW_RING_IDLE && r->waits == 0u && !(r->failing && now_us < r->again_us);
}

void sw_ring_write(sw_ring *r, uint64_t now_us, const sw_ring_record *record)
{
    sw_ring_record placed = *record;
    placed.at = r->next;
    placed.kind = SW_RING_DATA;
    r->waits = build(r->waiting, &placed);
    if (r->state == SW_RING_IDLE) {
        r->at_us = now_us;
    }
}

void sw_ring_drop(sw_ring *r)
{
    r->waits = 0;
    r->kind = r->kind == SW_RING_DATA ? SW_RING_DROPPED : r->kind;
}

void sw_ring_pass(sw_ring *r) { r->next++; }

void sw_ring_forget(sw_ring *r, uint64_t now_us, uint32_t at)
{
    if (at > r->tail && at <= r->next) {
        r->tail = at;
        r->full_from = r->full_from < at ? at : r->full_from;
        if (r->thin != 0) {
            r->thin->tail = at;
        }
        if (r->mark_us == NEVER) {
            r->mark_us = now_us + SW_RING_MARK_US;
            if (r->state == SW_RING_IDLE && r->at_us > r->mark_us) {
                r->at_us = r->mark_us;
            }
        }
    }
}

static int32_t is_busy(const sw_ring *r, uint64_t now_us)
{
    return (r->state == SW_RING_ERASING || r->state == SW_RING_PROGRAMMING) && now_us - r->begun_us <= SW_STORE_ERASE_MAX_US;
}

int32_t sw_ring_busy(const sw_ring *r, uint64_t now_us)
{
    return is_busy(r, now_us) || (r->thin != 0 && is_busy(r->thin, now_us));
}
