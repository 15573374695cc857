/* A NOR flash: programming clears bits, erasing sets them.
 *
 * Rule: what is refused changes nothing.
 */
#include "nor_flash.h"

#include <string.h>

#define NEVER UINT64_MAX

void nor_flash_init(nor_flash *f)
{
    memset(f, 0, sizeof *f);
    memset(f->bytes, 0xFF, sizeof f->bytes);
    f->stuck_from_us = NEVER;
}

int32_t nor_flash_busy(const nor_flash *f, uint64_t now_us)
{
    return now_us < f->busy_until_us;
}

static int32_t check(nor_flash *f, uint64_t now_us, uint32_t address, uint32_t n)
{
    int32_t status = NOR_FLASH_DONE;
    if (nor_flash_busy(f, now_us)) {
        status = NOR_FLASH_BUSY;
    } else if (address >= NOR_FLASH_BYTES || n == 0u || n > NOR_FLASH_BYTES - address) {
        status = NOR_FLASH_IMPOSSIBLE;
    }
    f->refused += status != NOR_FLASH_DONE;
    return status;
}

int32_t nor_flash_read(nor_flash *f, uint64_t now_us, uint32_t address, uint8_t *bytes, uint32_t n)
{
    const int32_t status = check(f, now_us, address, n);
    if (status == NOR_FLASH_DONE) {
        memcpy(bytes, f->bytes + address, n);
    }
    return status;
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
    for (uint32_t i = 0; i < n && now_us < f->stuck_from_us; i++) {
        f->bytes[address + i] &= bytes[i];
    }
    f->busy_until_us = now_us + NOR_FLASH_PROGRAM_US;
    f->programs++;
    return NOR_FLASH_DONE;
}

int32_t nor_flash_erase(nor_flash *f, uint64_t now_us, uint32_t address)
{
    const int32_t status = check(f, now_us, address, 1);
    if (status != NOR_FLASH_DONE) {
        return status;
    }
    if (now_us < f->stuck_from_us) {
        memset(f->bytes + address / NOR_FLASH_SECTOR_BYTES * NOR_FLASH_SECTOR_BYTES, 0xFF, NOR_FLASH_SECTOR_BYTES);
    }
    f->busy_until_us = now_us + NOR_FLASH_ERASE_US;
    f->erases++;
    return NOR_FLASH_DONE;
}
