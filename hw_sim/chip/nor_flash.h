/* A serial NOR flash of the W25Q class, at function level: what programming, erasing and waiting mean.
 *
 * Rule: an operation starts and returns at once; until it is over everything but asking is refused.
 * Times: typical values of the W25Q128JV datasheet (page program 0.7 ms, sector erase 45 ms).
 * Not modelled: SPI commands and write enable, a page that wraps (refused instead), wear, power lost in the
 * middle of an operation (it is then as if it had been finished).
 */
#ifndef NOR_FLASH_H
#define NOR_FLASH_H

#include <stdint.h>

enum nor_flash_sizes {
    NOR_FLASH_BYTES = 65536,
    NOR_FLASH_PAGE_BYTES = 256,
    NOR_FLASH_SECTOR_BYTES = 4096,
    NOR_FLASH_PROGRAM_US = 700,
    NOR_FLASH_ERASE_US = 45000
};

enum nor_flash_status {
    NOR_FLASH_DONE = 0,
    NOR_FLASH_BUSY = -1,      /* an operation runs */
    NOR_FLASH_IMPOSSIBLE = -2 /* outside of the memory, over the end of a page, or nothing */
};

typedef struct nor_flash {
    uint64_t busy_until_us;
    uint64_t stuck_from_us; /* fault: from then on program and erase are accepted and change nothing */
    uint64_t programs;
    uint64_t erases;
    uint64_t refused;
    uint8_t bytes[NOR_FLASH_BYTES];
} nor_flash;

void nor_flash_init(nor_flash *f); /* erased */
int32_t nor_flash_read(nor_flash *f, uint64_t now_us, uint32_t address, uint8_t *bytes, uint32_t n);
int32_t nor_flash_program(nor_flash *f, uint64_t now_us, uint32_t address, const uint8_t *bytes, uint32_t n);
int32_t nor_flash_erase(nor_flash *f, uint64_t now_us, uint32_t address); /* the sector that holds address */
int32_t nor_flash_busy(const nor_flash *f, uint64_t now_us);

#endif
