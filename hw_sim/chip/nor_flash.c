/* A NOR flash: programming clears bits, erasing sets them.
 *
 * Rule: what is refused changes nothing. Chance is a function of (seed, operation, byte), never a stream.
 */
#include "nor_flash.h"

#include <string.h>

#define NEVER UINT64_MAX
#define SECTOR ((uint32_t)NOR_FLASH_SECTOR_BYTES)
#define TORN_PERMILLE 1000u
#define WEAK_OF 8192u /* one cell of so many of a worn sector is weak */

void nor_flash_init(nor_flash *f, uint8_t *bytes, uint32_t size, uint64_t seed)
{
    memset(f, 0, sizeof *f);
    f->bytes = bytes;
    f->size = size;
    f->stuck_from_us = NEVER;
    f->cut_at_us = NEVER;
    f->seed = seed;
    f->program_us = NOR_FLASH_PROGRAM_US;
    f->erase_us = NOR_FLASH_ERASE_US;
    f->endurance = NOR_FLASH_ENDURANCE;
}

static uint64_t chance(uint64_t seed, uint64_t a, uint64_t b)
{
    uint64_t x = (seed ^ a * 0x9E3779B97F4A7C15u) + b * 0xD1B54A32D192ED03u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

int32_t nor_flash_busy(const nor_flash *f, uint64_t now_us)
{
    return now_us < f->busy_until_us;
}

static int32_t is_inside(const nor_flash *f, uint32_t address, uint32_t n)
{
    return address < f->size && n != 0u && n <= f->size - address;
}

/* From now on the bytes of these sectors count. */
static void touch(nor_flash *f, uint32_t address, uint32_t n)
{
    for (uint32_t s = address / SECTOR; s <= (address + n - 1u) / SECTOR; s++) {
        if (!f->touched[s]) {
            memset(f->bytes + s * SECTOR, 0xFF, SECTOR);
            f->touched[s] = 1;
        }
    }
}

int32_t nor_flash_put(nor_flash *f, uint32_t address, const uint8_t *bytes, uint32_t n)
{
    if (!is_inside(f, address, n)) {
        return NOR_FLASH_IMPOSSIBLE;
    }
    touch(f, address, n);
    memcpy(f->bytes + address, bytes, n);
    return NOR_FLASH_DONE;
}

int32_t nor_flash_look(const nor_flash *f, uint32_t address, uint8_t *bytes, uint32_t n)
{
    if (!is_inside(f, address, n)) {
        return NOR_FLASH_IMPOSSIBLE;
    }
    for (uint32_t done = 0, part = 0; done < n; done += part) {
        const uint32_t at = address + done, room = SECTOR - at % SECTOR;
        part = n - done < room ? n - done : room;
        if (f->touched[at / SECTOR]) {
            memcpy(bytes + done, f->bytes + at, part);
        } else {
            memset(bytes + done, 0xFF, part);
        }
    }
    return NOR_FLASH_DONE;
}

static int32_t check(nor_flash *f, uint64_t now_us, uint32_t address, uint32_t n)
{
    int32_t status = NOR_FLASH_DONE;
    if (nor_flash_busy(f, now_us)) {
        status = NOR_FLASH_BUSY;
    } else if (!is_inside(f, address, n)) {
        status = NOR_FLASH_IMPOSSIBLE;
    }
    f->refused += status != NOR_FLASH_DONE;
    return status;
}

int32_t nor_flash_read(nor_flash *f, uint64_t now_us, uint32_t address, uint8_t *bytes, uint32_t n)
{
    const int32_t status = check(f, now_us, address, n);
    return status == NOR_FLASH_DONE ? nor_flash_look(f, address, bytes, n) : status;
}

/* Bits of a byte of a worn sector that do not change any more. */
static uint8_t weak_bits(const nor_flash *f, uint32_t address)
{
    uint8_t weak = 0;
    if (f->wear[address / NOR_FLASH_SECTOR_BYTES] < f->endurance) {
        return 0;
    }
    for (uint32_t bit = 0; bit < 8u; bit++) {
        weak = (uint8_t)(weak | (chance(f->seed, 1, 8u * (uint64_t)address + bit) % WEAK_OF == 0u) << bit);
    }
    return weak;
}

/* The time an operation takes, and a power cut that was planned for it. */
static void begin(nor_flash *f, uint64_t now_us, uint32_t address, uint32_t n, int32_t erases)
{
    const uint32_t takes_us = erases ? f->erase_us : f->program_us;
    touch(f, address, n);
    memcpy(f->before, f->bytes + address, n);
    f->op_at = address;
    f->op_n = n;
    f->op_erases = erases;
    f->busy_from_us = now_us;
    f->busy_until_us = now_us + takes_us;
    f->programs += !erases;
    f->erases += (uint64_t)erases;
    if (f->programs + f->erases == f->cut_op) {
        f->cut_at_us = now_us + (uint64_t)takes_us * f->cut_permille / TORN_PERMILLE;
    }
}

int32_t nor_flash_program(nor_flash *f, uint64_t now_us, uint32_t address, const uint8_t *bytes, uint32_t n)
{
    const int32_t status = check(f, now_us, address, n);
    if (status != NOR_FLASH_DONE) {
        return status;
    }
    if (address % NOR_FLASH_PAGE_BYTES + n > NOR_FLASH_PAGE_BYTES) {
        f->refused++;
        return NOR_FLASH_IMPOSSIBLE;
    }
    begin(f, now_us, address, n, 0);
    for (uint32_t i = 0; i < n && now_us < f->stuck_from_us; i++) {
        f->bytes[address + i] &= (uint8_t)(bytes[i] | weak_bits(f, address + i));
    }
    return NOR_FLASH_DONE;
}

int32_t nor_flash_erase(nor_flash *f, uint64_t now_us, uint32_t address)
{
    const int32_t status = check(f, now_us, address, 1);
    if (status != NOR_FLASH_DONE) {
        return status;
    }
    const uint32_t from = address / NOR_FLASH_SECTOR_BYTES * NOR_FLASH_SECTOR_BYTES;
    begin(f, now_us, from, NOR_FLASH_SECTOR_BYTES, 1);
    f->wear[from / NOR_FLASH_SECTOR_BYTES]++;
    for (uint32_t i = from; i < from + NOR_FLASH_SECTOR_BYTES && now_us < f->stuck_from_us; i++) {
        f->bytes[i] |= (uint8_t)~weak_bits(f, i);
    }
    return NOR_FLASH_DONE;
}

/* A byte of the torn operation: each changing bit has changed with a chance that grows with the time gone; an erase
 * writes zeros first, and some of them are left. */
static uint8_t torn_byte(const nor_flash *f, uint64_t op, uint32_t address, uint8_t before, uint32_t gone)
{
    const uint8_t after = f->bytes[address];
    uint8_t bits = 0;
    for (uint32_t bit = 0; bit < 8u; bit++) {
        const uint64_t word = chance(f->seed, 2u + op, 8u * (uint64_t)address + bit);
        const uint32_t changed = word % TORN_PERMILLE < gone;
        const uint32_t cleared = f->op_erases && (word >> 32) % (4u * TORN_PERMILLE) < TORN_PERMILLE - gone;
        const uint32_t value = changed ? after >> bit & 1u : (uint32_t)(before >> bit & 1u) & !cleared;
        bits = (uint8_t)(bits | value << bit);
    }
    return bits;
}

void nor_flash_power_off(nor_flash *f, uint64_t now_us)
{
    f->cut_at_us = NEVER;
    if (!nor_flash_busy(f, now_us)) {
        return;
    }
    const uint64_t length = f->busy_until_us - f->busy_from_us;
    const uint32_t gone = (uint32_t)((now_us - f->busy_from_us) * TORN_PERMILLE / (length == 0u ? 1u : length));
    if (f->busy_from_us < f->stuck_from_us) {
        for (uint32_t i = 0; i < f->op_n; i++) {
            f->bytes[f->op_at + i] = torn_byte(f, f->programs + f->erases, f->op_at + i, f->before[i], gone);
        }
        f->torn++;
    }
    f->busy_until_us = now_us;
}
