/* Append-only records over two flash sectors.
 *
 * Rule: see the header. A slot that is not blank and not valid was torn by a power failure: it is passed over.
 */
#include "sw_flash_store.h"

#include <string.h>

#include "sw_framing.h"
#include "sw_handles.h"

#define MAGIC 0x31525753u /* "SWR1" */
#define AT_COUNTER 4u
#define CRC_BYTES 4u
#define CHUNK 64u /* read at once; the shortest slot */
#define TRIES_MAX 6u
#define TRIES_HERE 3u /* then the other sector */
#define PROGRAM_POLL_US 1000u
#define ERASE_POLL_US 5000u
#define NEVER UINT64_MAX

_Static_assert(SW_STORE_BYTES + SW_STORE_AROUND == SW_STORE_SLOT_BYTES, "content of a slot");
_Static_assert(SW_STORE_SLOTS * SW_STORE_SLOT_BYTES == SW_STORE_SECTOR_BYTES, "slots of a sector");

typedef struct looked { /* at one slot */
    int32_t blank;
    int32_t valid;
    uint32_t counter;
} looked;

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

static uint32_t address_of(const sw_flash_store *s, uint32_t sector, uint32_t slot)
{
    return (s->base + sector) * SW_STORE_SECTOR_BYTES + slot * s->slot_bytes;
}

static uint32_t slots(const sw_flash_store *s) { return SW_STORE_SECTOR_BYTES / s->slot_bytes; }

static uint32_t shorter(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Reads one slot, piece by piece. Returns -1 when the flash cannot be read. */
static int32_t look(const sw_flash_store *s, const sw_hal *hal, uint32_t address, looked *seen)
{
    uint8_t piece[CHUNK], all = 0xFF;
    uint32_t crc = 0, magic = 0;
    for (uint32_t at = 0; at < s->slot_bytes; at += CHUNK) {
        if (hal->flash_read(hal->flash, address + at, piece, CHUNK) < 0) {
            return -1;
        }
        for (uint32_t i = 0; i < CHUNK; i++) {
            all &= piece[i];
        }
        if (at == 0u) {
            magic = get32(piece);
            seen->counter = get32(piece + AT_COUNTER);
        }
        crc = sw_crc32_more(crc, piece, shorter(CHUNK, s->slot_bytes - CRC_BYTES - at));
    }
    seen->blank = all == 0xFFu;
    const int32_t whole = crc == get32(piece + CHUNK - CRC_BYTES) || !SW_HANDLES(FLASH_TORN);
    seen->valid = magic == MAGIC && seen->counter != 0u && whole;
    return 0;
}

/* A write behind the newest record was interrupted; or, where that fills its sector, one in the other, or its erasing. */
static uint32_t torn_behind(const sw_flash_store *s, const uint32_t *torn_to)
{
    uint32_t next = s->newest % SW_STORE_SECTOR_BYTES / s->slot_bytes + 1u;
    return torn_to[s->sector] > next || (next == slots(s) && torn_to[1u - s->sector] != 0u);
}

int32_t sw_flash_store_load(sw_flash_store *s, const sw_hal *hal, uint32_t base, uint32_t slot_bytes, uint8_t *record)
{
    uint32_t free_from[SW_STORE_SECTORS] = {0}, torn_to[SW_STORE_SECTORS] = {0};
    *s = (sw_flash_store){.base = base, .slot_bytes = slot_bytes, .poll_us = NEVER, .begun = s->begun};
    for (uint32_t i = 0; i < SW_STORE_SECTORS * slots(s); i++) {
        uint32_t sector = i / slots(s), slot = i % slots(s), address = address_of(s, sector, slot);
        looked seen;
        if (look(s, hal, address, &seen) < 0) {
            return -1;
        }
        if (!seen.blank) {
            free_from[sector] = slot + 1u;
            s->damaged += !seen.valid;
            torn_to[sector] = seen.valid ? torn_to[sector] : slot + 1u;
        }
        if (seen.valid && seen.counter > s->counter) {
            s->counter = seen.counter;
            s->newest = address;
        }
    }
    if (s->counter != 0u && hal->flash_read(hal->flash, s->newest, record, slot_bytes) < 0) {
        return -1;
    }
    s->given = s->counter;
    s->sector = s->counter == 0u ? 0u : s->newest / SW_STORE_SECTOR_BYTES - base;
    s->slot = free_from[s->sector];
    s->torn = s->counter == 0u ? s->damaged != 0u : torn_behind(s, torn_to);
    return s->counter != 0u;
}

static void begin(sw_flash_store *s, uint64_t now_us, sw_store_state state, uint32_t poll_us)
{
    s->state = state;
    s->timeout_us = now_us + SW_STORE_TIMEOUT_US;
    s->poll_us = now_us + poll_us;
    s->mine = s->begun != 0 ? ++*s->begun : 0u;
}

static void program_page(sw_flash_store *s, const sw_hal *hal, uint64_t now_us, const uint8_t *record)
{
    uint32_t n = shorter(SW_STORE_PAGE_BYTES, s->slot_bytes - s->page);
    uint32_t address = address_of(s, s->sector, s->slot) + s->page;
    begin(s, now_us, SW_STORE_PROGRAMMING, PROGRAM_POLL_US);
    (void)hal->flash_program(hal->flash, address, record + s->page, n); /* refused: seen when the record is read back */
    s->page += n;
}

/* The sector to go on in. Built with SW_WITHOUT_SPARE_SECTOR it is the one that holds the newest record: the wrong store
 * that shows that the tests of power cuts can fail. */
static uint32_t spare(uint32_t newest)
{
#ifdef SW_WITHOUT_SPARE_SECTOR
    return newest;
#else
    return 1u - newest;
#endif
}

/* Programs the next slot; erases the spare sector first when this one is full, or has failed too often. */
static void try_to_write(sw_flash_store *s, const sw_hal *hal, uint64_t now_us, uint8_t *record, int32_t erased)
{
    if (!erased && (s->slot == slots(s) || s->tries == TRIES_HERE)) {
        s->sector = s->counter == 0u ? 0u : spare(s->newest / SW_STORE_SECTOR_BYTES - s->base);
        s->slot = 0;
        begin(s, now_us, SW_STORE_ERASING, ERASE_POLL_US);
        (void)hal->flash_erase(hal->flash, address_of(s, s->sector, 0)); /* refused: seen as above */
        return;
    }
    put32(record + AT_COUNTER, ++s->given);
    put32(record + s->slot_bytes - CRC_BYTES, sw_crc32(record, s->slot_bytes - CRC_BYTES));
    s->page = 0;
    program_page(s, hal, now_us, record);
}

void sw_flash_store_write(sw_flash_store *s, const sw_hal *hal, uint64_t now_us, uint8_t *record)
{
    put32(record, MAGIC);
    s->tries = 0;
    s->timeout_us = now_us + SW_STORE_TIMEOUT_US;
    s->state = SW_STORE_WAITING;
    s->poll_us = now_us;
    (void)sw_flash_store_step(s, hal, now_us, record);
}

/* 1: these bytes stand there. */
static int32_t reads_back(const sw_hal *hal, uint32_t address, const uint8_t *bytes, uint32_t n)
{
    uint8_t piece[CHUNK];
    for (uint32_t at = 0; at < n; at += CHUNK) {
        uint32_t length = shorter(CHUNK, n - at);
        if (hal->flash_read(hal->flash, address + at, piece, length) < 0 || memcmp(piece, bytes + at, length) != 0) {
            return 0;
        }
    }
    return 1;
}

static sw_store_result end(sw_flash_store *s, sw_store_result result)
{
    s->state = SW_STORE_IDLE;
    s->poll_us = NEVER;
    return result;
}

/* 1: what keeps the flash busy is this store's operation. One that another store has begun since waited for its end. */
static int32_t is_own(const sw_flash_store *s)
{
    return s->state != SW_STORE_WAITING && (s->begun == 0 || *s->begun == s->mine);
}

sw_store_result sw_flash_store_step(sw_flash_store *s, const sw_hal *hal, uint64_t now_us, uint8_t *record)
{
    if (s->state == SW_STORE_IDLE || now_us < s->poll_us) {
        return SW_STORE_NOTHING;
    }
    if (hal->flash_busy(hal->flash) != 0) {
        uint64_t begun_us = s->timeout_us - SW_STORE_TIMEOUT_US;
        uint32_t most_us = s->state == SW_STORE_PROGRAMMING ? SW_STORE_PROGRAM_MAX_US : SW_STORE_ERASE_MAX_US;
        s->slow |= is_own(s) && now_us - begun_us > most_us;
        s->poll_us = now_us + (s->state == SW_STORE_PROGRAMMING ? PROGRAM_POLL_US : ERASE_POLL_US);
        return now_us < s->timeout_us ? SW_STORE_NOTHING : end(s, SW_STORE_FAILED);
    }
    if (s->state == SW_STORE_WAITING || s->state == SW_STORE_ERASING) {
        try_to_write(s, hal, now_us, record, s->state == SW_STORE_ERASING);
        return SW_STORE_NOTHING;
    }
    if (s->page < s->slot_bytes) {
        program_page(s, hal, now_us, record);
        return SW_STORE_NOTHING;
    }
    uint32_t address = address_of(s, s->sector, s->slot++);
    if (reads_back(hal, address, record, s->slot_bytes)) {
        s->counter = s->given;
        s->newest = address;
        s->worn |= s->tries != 0u;
        return end(s, SW_STORE_WRITTEN);
    }
    if (++s->tries == TRIES_MAX) {
        return end(s, SW_STORE_FAILED);
    }
    try_to_write(s, hal, now_us, record, 0);
    return SW_STORE_NOTHING;
}

int32_t sw_flash_store_holds(const sw_flash_store *s, const sw_hal *hal, const uint8_t *content)
{
    looked seen;
    return s->state == SW_STORE_IDLE && s->counter != 0u && look(s, hal, s->newest, &seen) >= 0 && seen.valid &&
           reads_back(hal, s->newest + SW_STORE_CONTENT_AT, content, s->slot_bytes - SW_STORE_AROUND);
}
