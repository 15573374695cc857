/* Append-only records over two flash sectors.
 *
 * Rule: see the header. A slot that is not blank and not valid was torn by a power failure: it is passed over.
 */
#include "sw_flash_store.h"

#include <string.h>

#include "sw_framing.h"

#define MAGIC 0x31525753u /* "SWR1" */
#define AT_COUNTER 4u
#define AT_CRC 60u
#define TRIES_MAX 6u
#define TRIES_HERE 3u /* then the other sector */
#define PROGRAM_POLL_US 1000u
#define ERASE_POLL_US 5000u
#define NEVER UINT64_MAX

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

static uint32_t address_of(uint32_t sector, uint32_t slot)
{
    return sector * SW_STORE_SECTOR_BYTES + slot * SW_STORE_SLOT_BYTES;
}

static int32_t blank(const uint8_t *slot)
{
    uint8_t all = 0xFF;
    for (uint32_t i = 0; i < SW_STORE_SLOT_BYTES; i++) {
        all &= slot[i];
    }
    return all == 0xFFu;
}

static int32_t valid(const uint8_t *slot)
{
    return get32(slot) == MAGIC && get32(slot + AT_COUNTER) != 0u && get32(slot + AT_CRC) == sw_crc32(slot, AT_CRC);
}

int32_t sw_flash_store_load(sw_flash_store *s, const sw_hal *hal, uint8_t *content)
{
    uint8_t slot[SW_STORE_SLOT_BYTES];
    uint32_t free_from[SW_STORE_SECTORS] = {0};
    memset(s, 0, sizeof *s);
    s->poll_us = NEVER;
    for (uint32_t i = 0; i < SW_STORE_SECTORS * SW_STORE_SLOTS; i++) {
        uint32_t address = address_of(i / SW_STORE_SLOTS, i % SW_STORE_SLOTS);
        if (hal->flash_read(hal->flash, address, slot, SW_STORE_SLOT_BYTES) < 0) {
            return -1;
        }
        if (!blank(slot)) {
            free_from[i / SW_STORE_SLOTS] = i % SW_STORE_SLOTS + 1u;
        }
        if (valid(slot) && get32(slot + AT_COUNTER) > s->counter) {
            s->counter = get32(slot + AT_COUNTER);
            s->newest = address;
            memcpy(content, slot + SW_STORE_CONTENT_AT, SW_STORE_BYTES);
        }
    }
    s->given = s->counter;
    s->sector = s->newest / SW_STORE_SECTOR_BYTES;
    s->slot = free_from[s->sector];
    return s->counter != 0u;
}

/* Programs the next slot; erases the spare sector first when this one is full, or has failed too often. */
static void try_to_write(sw_flash_store *s, const sw_hal *hal, uint64_t now_us, int32_t erased)
{
    s->timeout_us = now_us + SW_STORE_TIMEOUT_US;
    if (!erased && (s->slot == SW_STORE_SLOTS || s->tries == TRIES_HERE)) {
        s->sector = s->counter == 0u ? 0u : 1u - s->newest / SW_STORE_SECTOR_BYTES;
        s->slot = 0;
        s->state = SW_STORE_ERASING;
        s->poll_us = now_us + ERASE_POLL_US;
        (void)hal->flash_erase(hal->flash, address_of(s->sector, 0)); /* refused: seen when the record is read back */
        return;
    }
    put32(s->record + AT_COUNTER, ++s->given);
    put32(s->record + AT_CRC, sw_crc32(s->record, AT_CRC));
    s->state = SW_STORE_PROGRAMMING;
    s->poll_us = now_us + PROGRAM_POLL_US;
    (void)hal->flash_program(hal->flash, address_of(s->sector, s->slot), s->record, SW_STORE_SLOT_BYTES);
}

void sw_flash_store_write(sw_flash_store *s, const sw_hal *hal, uint64_t now_us, const uint8_t *content)
{
    put32(s->record, MAGIC);
    memcpy(s->record + SW_STORE_CONTENT_AT, content, SW_STORE_BYTES);
    s->tries = 0;
    try_to_write(s, hal, now_us, 0);
}

static int32_t reads_back(const sw_hal *hal, uint32_t address, const uint8_t *record)
{
    uint8_t slot[SW_STORE_SLOT_BYTES];
    return hal->flash_read(hal->flash, address, slot, SW_STORE_SLOT_BYTES) >= 0 &&
           memcmp(slot, record, SW_STORE_SLOT_BYTES) == 0;
}

static sw_store_result end(sw_flash_store *s, sw_store_result result)
{
    s->state = SW_STORE_IDLE;
    s->poll_us = NEVER;
    return result;
}

sw_store_result sw_flash_store_step(sw_flash_store *s, const sw_hal *hal, uint64_t now_us)
{
    if (s->state == SW_STORE_IDLE || now_us < s->poll_us) {
        return SW_STORE_NOTHING;
    }
    if (hal->flash_busy(hal->flash) != 0) {
        s->poll_us = now_us + (s->state == SW_STORE_ERASING ? ERASE_POLL_US : PROGRAM_POLL_US);
        return now_us < s->timeout_us ? SW_STORE_NOTHING : end(s, SW_STORE_FAILED);
    }
    if (s->state == SW_STORE_ERASING) {
        try_to_write(s, hal, now_us, 1);
        return SW_STORE_NOTHING;
    }
    uint32_t address = address_of(s->sector, s->slot++);
    if (reads_back(hal, address, s->record)) {
        s->counter = s->given;
        s->newest = address;
        return end(s, SW_STORE_WRITTEN);
    }
    if (++s->tries == TRIES_MAX) {
        return end(s, SW_STORE_FAILED);
    }
    try_to_write(s, hal, now_us, 0);
    return SW_STORE_NOTHING;
}

int32_t sw_flash_store_holds(const sw_flash_store *s, const sw_hal *hal, const uint8_t *content)
{
    uint8_t slot[SW_STORE_SLOT_BYTES];
    return s->state == SW_STORE_IDLE && s->counter != 0u &&
           hal->flash_read(hal->flash, s->newest, slot, SW_STORE_SLOT_BYTES) >= 0 && valid(slot) &&
           memcmp(slot + SW_STORE_CONTENT_AT, content, SW_STORE_BYTES) == 0;
}
