/* Reading the ring: sectors and records, the scan at boot, any packet by its place in the count.
 *
 * Rule: what is not valid is passed over, never trusted.
 */
#include "sw_ring_read.h"

#include <string.h>

#include "sw_flash_store.h"
#include "sw_framing.h"
#include "sw_handles.h"
#include "sw_packet.h"

#define SECTOR SW_STORE_SECTOR_BYTES
#define CRC 4u
#define NEAR 64u /* a reader reads on over so many records before it looks for the sector */

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

uint32_t sw_ring_address(const sw_ring *r, uint32_t counter, uint32_t offset)
{
    return (r->from + counter % r->sectors) * SECTOR + offset;
}

/* 1 valid, 0 not, -1 refused. */
static int32_t look(const sw_ring *r, const sw_hal *hal, uint32_t place, sw_ring_sector_head *head)
{
    uint8_t b[SW_RING_HEADER];
    if (hal->flash_read(hal->flash, sw_ring_address(r, place, 0), b, SW_RING_HEADER) < 0) {
        return -1;
    }
    *head = (sw_ring_sector_head){.counter = get32(b + 4), .first = get32(b + 8), .tail = get32(b + 12)};
    return get32(b) == r->magic && get32(b + 16) == sw_crc32(b, 16) && head->counter % r->sectors == place % r->sectors;
}

int32_t sw_ring_sector(const sw_ring *r, const sw_hal *hal, uint32_t counter, sw_ring_sector_head *head)
{
    int32_t seen = look(r, hal, counter, head);
    return seen > 0 ? head->counter == counter : seen;
}

static int32_t all_blank(const uint8_t *bytes, uint32_t n)
{
    uint8_t all = 0xFF;
    for (uint32_t i = 0; i < n; i++) {
        all &= bytes[i];
    }
    return all == 0xFFu;
}

/* 1 a record, *length bytes; 0 blank from here on; -1 refused; -2 neither. */
static int32_t read_record(const sw_ring *r, const sw_hal *hal, uint32_t counter, uint32_t offset, sw_ring_record *out,
                           uint32_t *length)
{
    uint8_t b[SW_RING_RECORD_MAX];
    uint32_t left = offset < SECTOR ? SECTOR - offset : 0u;
    uint32_t n = left < SW_RING_RECORD_MAX ? left : SW_RING_RECORD_MAX;
    if (n < SW_RING_HEAD + CRC) {
        return 0;
    }
    if (hal->flash_read(hal->flash, sw_ring_address(r, counter, offset), b, n) < 0) {
        return -1;
    }
    if (all_blank(b, n)) {
        return 0;
    }
    if (b[3] != SW_RING_CHECK || b[0] > SW_RING_PAYLOAD || SW_RING_HEAD + b[0] + CRC > n ||
        get32(b + SW_RING_HEAD + b[0]) != sw_crc32(b, SW_RING_HEAD + b[0])) {
        return -2;
    }
    out->n = b[0];
    out->kind = b[1];
    out->type = b[2];
    out->at = get32(b + 4);
    out->boot = get32(b + 8);
    out->seq = get32(b + 12);
    out->t_us = (uint64_t)get32(b + 16) | (uint64_t)get32(b + 20) << 32;
    memcpy(out->payload, b + SW_RING_HEAD, out->n);
    *length = SW_RING_HEAD + out->n + CRC;
    return 1;
}

static uint32_t page_behind(uint32_t offset) { return (offset / SW_STORE_PAGE_BYTES + 1u) * SW_STORE_PAGE_BYTES; }

/* The same, looked for from *offset on, past what a power cut tore. Where nothing follows: what is at *offset. */
static int32_t next_record(const sw_ring *r, const sw_hal *hal, uint32_t counter, uint32_t *offset, sw_ring_record *out,
                           uint32_t *length)
{
    const int32_t here = read_record(r, hal, counter, *offset, out, length);
    int32_t seen = here;
    for (uint32_t at = page_behind(*offset); seen != 1 && seen != -1 && at < SECTOR; at = page_behind(at)) {
        seen = read_record(r, hal, counter, at, out, length);
        *offset = seen == 1 ? at : *offset;
    }
    return seen == 1 || seen == -1 ? seen : here;
}

/* The first page behind a torn record at this offset of which nothing is used. */
static uint32_t blank_page(const sw_ring *r, const sw_hal *hal, uint32_t counter, uint32_t offset)
{
    sw_ring_record record;
    uint32_t length;
    do {
        offset = page_behind(offset + SW_RING_RECORD_MAX - 1u);
    } while (offset < SECTOR && read_record(r, hal, counter, offset, &record, &length) != 0);
    return offset < SECTOR ? offset : SECTOR;
}

/* What reading the two newest sectors to their end tells; with it, what the ring has `missing`. */
typedef struct walked {
    uint32_t boot, seq; /* of the last packet */
    int32_t end;        /* 0 blank, -2 damaged */
} walked;

static void note_missing(sw_ring *r, uint32_t boot, uint32_t seq)
{
    for (uint32_t i = 0; i < r->missing_n; i++) {
        if (r->missing[i].boot == boot && r->missing[i].seq == seq) {
            return;
        }
    }
    if (boot != 0u && r->missing_n < SW_RING_MISSING) {
        r->missing[r->missing_n++] = (sw_ring_torn){.boot = boot, .seq = seq};
    }
}

/* A boot says what it found missing. */
static void on_boot(sw_ring *r, const sw_ring_record *record)
{
    r->missing_n = 0;
    for (uint32_t at = 0; at + SW_RING_NAME <= record->n; at += SW_RING_NAME) {
        note_missing(r, get32(record->payload + at), get32(record->payload + at + 4u));
    }
}

/* A packet: a GAP tells of what was missing, and one behind it in its own boot says that the power had not failed there. */
static void on_data(sw_ring *r, const sw_ring_record *record)
{
    sw_packet_gap gap = {0};
    uint32_t n = 0;
    if (record->type == SW_PACKET_GAP) {
        (void)sw_packet_gap_get(&gap, record->payload, record->n);
    }
    for (uint32_t i = 0; i < r->missing_n; i++) {
        const sw_ring_torn one = r->missing[i];
        const int32_t is_told = gap.boot == one.boot && gap.first <= one.seq && one.seq <= gap.last;
        if (!is_told && (record->boot != one.boot || record->seq < one.seq)) {
            r->missing[n++] = one;
        }
    }
    r->missing_n = n;
}

/* 1: what a power cut tore at this offset is a packet, as far as anybody can see. */
static int32_t is_packet(const sw_ring *r, const sw_hal *hal, uint32_t counter, uint32_t offset)
{
    uint8_t kind = SW_RING_DATA;
    (void)hal->flash_read(hal->flash, sw_ring_address(r, counter, offset) + SW_RING_AT_KIND, &kind, 1);
    return (kind & SW_RING_DATA) != 0;
}

static void walk(sw_ring *r, const sw_hal *hal, uint32_t counter, const sw_ring_sector_head *head, walked *w)
{
    sw_ring_record record;
    uint32_t length = 0;
    r->offset = SW_RING_HEADER;
    r->next = head->first;
    r->tail = head->tail;
    while ((w->end = next_record(r, hal, counter, &r->offset, &record, &length)) > 0) {
        r->offset += length;
        if (record.kind == SW_RING_MARK) {
            r->tail = record.at;
        }
        if (record.kind != SW_RING_BOOT && record.kind != SW_RING_DATA) {
            continue;
        }
        w->boot = record.boot;
        w->seq = record.seq;
        r->next = record.at;
        if (record.kind == SW_RING_BOOT) {
            on_boot(r, &record);
        } else {
            r->next++;
            on_data(r, &record);
        }
    }
    if (w->end == -2 && SW_HANDLES(FLASH_TORN) && is_packet(r, hal, counter, r->offset)) {
        note_missing(r, w->boot, w->seq + 1u);
    }
}

/* All sectors are known: where the head is, and what its end says of the last write. */
static void found(sw_ring *r, const sw_hal *hal)
{
    walked w = {0};
    sw_ring_sector_head head;
    r->state = SW_RING_IDLE;
    if (r->newest == 0u) { /* a new flash: the first record opens the first sector */
        r->newest = r->sectors - 1u;
        r->oldest = r->sectors;
        r->offset = SECTOR;
        r->next = r->tail = r->marked = 1;
        return;
    }
    for (uint32_t counter = r->newest - 1u; counter <= r->newest; counter++) {
        if (sw_ring_sector(r, hal, counter, &head) > 0) {
            walk(r, hal, counter, &head, &w);
        }
    }
    r->torn = w.end == -2 && SW_HANDLES(FLASH_TORN);
    r->offset = w.end == 0 ? r->offset : w.end == -2 ? blank_page(r, hal, r->newest, r->offset) : SECTOR;
    r->marked = r->tail;
}

/* Both rings are read: what the first one has no more may be in the thin one. */
static void join(sw_ring *r, const sw_hal *hal)
{
    sw_ring *thin = r->thin;
    sw_ring_sector_head head;
    const int32_t has_oldest = sw_ring_sector(r, hal, r->oldest, &head) > 0;
    uint32_t low = has_oldest && r->tail < head.first ? head.first : r->tail;
    if (thin != 0) {
        r->full_from = low < thin->next ? thin->next : low;
        r->next = r->next < thin->next ? thin->next : r->next;
        if (thin->next > r->tail && sw_ring_sector(thin, hal, thin->oldest, &head) > 0) {
            low = r->tail < head.first ? head.first : r->tail;
        }
        thin->tail = low;
        thin->at_us = UINT64_MAX;
    }
    r->tail = low; /* what is gone has its GAPs: they are written before a sector is erased */
}

/* A flash has the largest size of which the last byte can be read. */
static void measure(sw_ring *r, const sw_hal *hal)
{
    uint8_t last;
    uint32_t size = SW_RING_FLASH_MAX;
    while (size > SW_RING_FLASH_MIN && hal->flash_read(hal->flash, size - 1u, &last, 1) < 0) {
        size /= 2u;
    }
    r->sectors = size / SECTOR - SW_RING_FIRST_SECTOR;
    if (r->sectors < SW_RING_THIN_FROM) {
        r->thin = 0;
    } else if (r->thin != 0) {
        r->thin->sectors = r->sectors / 8u * 3u;
        r->sectors -= r->thin->sectors;
        r->thin->from = r->from + r->sectors;
    }
}

/* 1: all sectors of this one are known. */
static int32_t scan(sw_ring *r, const sw_hal *hal)
{
    for (uint32_t i = 0; i < SW_RING_SCAN && r->scanned < r->sectors; i++, r->scanned++) {
        sw_ring_sector_head head;
        if (look(r, hal, r->scanned, &head) <= 0 || head.counter == 0u) {
            continue;
        }
        r->newest = head.counter > r->newest ? head.counter : r->newest;
        r->oldest = r->oldest == 0u || head.counter < r->oldest ? head.counter : r->oldest;
    }
    if (r->scanned < r->sectors) {
        return 0;
    }
    if (r->newest >= r->sectors && r->oldest <= r->newest - r->sectors) { /* a place that could not be erased */
        r->oldest = r->newest - r->sectors + 1u;
    }
    if (r->state < SW_RING_IDLE) {
        found(r, hal);
    }
    return 1;
}

int32_t sw_ring_scan(sw_ring *r, const sw_hal *hal)
{
    if (r->sectors == 0u) {
        measure(r, hal);
    }
    if (r->thin != 0 && !scan(r->thin, hal)) {
        return 0;
    }
    if (!scan(r, hal)) {
        return 0;
    }
    join(r, hal);
    return 1;
}

/* The newest sector that begins at or before `at`; 0 none, -1 busy. */
static int32_t find_sector(const sw_ring *r, const sw_hal *hal, uint32_t at, sw_ring_cursor *cursor)
{
    uint32_t low = r->oldest, high = r->newest;
    *cursor = (sw_ring_cursor){.from = r->from};
    while (low <= high) {
        sw_ring_sector_head head;
        uint32_t middle = low + (high - low) / 2u, seen_at = middle;
        int32_t seen = sw_ring_sector(r, hal, middle, &head);
        while (seen == 0 && seen_at > low) { /* a place that was passed over */
            seen = sw_ring_sector(r, hal, --seen_at, &head);
        }
        if (seen < 0) {
            return -1;
        }
        if (seen > 0 && head.first <= at) {
            *cursor = (sw_ring_cursor){.counter = seen_at, .offset = SW_RING_HEADER, .at = head.first, .from = r->from};
        }
        if (seen == 0 || head.first <= at) {
            low = middle + 1u;
        } else {
            high = seen_at - 1u;
        }
    }
    return cursor->counter != 0u;
}

static int32_t read_here(const sw_ring *r, const sw_hal *hal, uint32_t at, sw_ring_cursor *cursor, sw_ring_record *out)
{
    if (r->state < SW_RING_IDLE || at < r->tail || at >= r->next) {
        return 0;
    }
    if (cursor->from != r->from || cursor->counter < r->oldest || cursor->at > at || at - cursor->at > NEAR) {
        int32_t sector = find_sector(r, hal, at, cursor);
        if (sector <= 0) {
            return sector;
        }
    }
    while (cursor->counter <= r->newest) {
        uint32_t length = 0;
        int32_t seen = next_record(r, hal, cursor->counter, &cursor->offset, out, &length);
        if (seen == -1) {
            return -1;
        }
        if (seen <= 0) {
            if (cursor->counter == r->newest) {
                return 0;
            }
            cursor->counter++;
            cursor->offset = SW_RING_HEADER;
            continue;
        }
        if (out->kind == SW_RING_DATA && out->at > at) {
            return 0;
        }
        cursor->offset += length;
        cursor->at = out->kind == SW_RING_DATA ? out->at + 1u : cursor->at;
        if (out->kind == SW_RING_DATA && out->at == at) {
            return 1;
        }
    }
    return 0;
}

int32_t sw_ring_read(const sw_ring *r, const sw_hal *hal, uint32_t at, sw_ring_cursor *cursor, sw_ring_record *out)
{
    if (r->thin == 0 || at >= r->full_from) {
        return read_here(r, hal, at, cursor, out);
    }
    const int32_t seen = r->state < SW_RING_IDLE || at < r->tail ? 0 : read_here(r->thin, hal, at, cursor, out);
    if (seen > 0) {
        sw_ring_widen(out);
    }
    return seen;
}
