/* A serial NOR flash of the W25Q class, at function level: what programming, erasing and waiting mean.
 *
 * Rule: an operation starts and returns at once; until it is over everything but asking is refused.
 * Times, page and sector sizes, endurance: Winbond, W25Q128JV datasheet, AC characteristics: page program 0.7 ms typical,
 * 3 ms maximum; sector erase 45 ms typical, 400 ms maximum; 100 000 cycles. What power lost in the middle of an operation
 * leaves: of a program some of the wanted zeros, of an erase a mixture of old bits, ones and zeros, the more finished the
 * later it came. A sector beyond its endurance has cells, always the same, that take no program or no erase.
 * The memory is the caller's and may hold anything: a sector that nobody touched yet is erased, and its bytes are not looked at.
 * So 16 MB of zeroed pages cost nothing until they are used. A smaller part of the same kind is one with another size.
 * Not modelled: SPI commands and write enable, a page that wraps (refused instead), suspend, read disturb, marginal bits
 * that change after they were read.
 */
#ifndef NOR_FLASH_H
#define NOR_FLASH_H

#include <stdint.h>

enum nor_flash_sizes {
    NOR_FLASH_BYTES = 16777216, /* W25Q128 */
    NOR_FLASH_BYTES_MIN = 65536,
    NOR_FLASH_PAGE_BYTES = 256,
    NOR_FLASH_SECTOR_BYTES = 4096,
    NOR_FLASH_SECTORS = NOR_FLASH_BYTES / NOR_FLASH_SECTOR_BYTES,
    NOR_FLASH_PROGRAM_US = 700, /* typical */
    NOR_FLASH_ERASE_US = 45000,
    NOR_FLASH_PROGRAM_MAX_US = 3000,
    NOR_FLASH_ERASE_MAX_US = 400000,
    NOR_FLASH_ENDURANCE = 100000
};

enum nor_flash_status {
    NOR_FLASH_DONE = 0,
    NOR_FLASH_BUSY = -1,      /* an operation runs */
    NOR_FLASH_IMPOSSIBLE = -2 /* outside of the memory, over the end of a page, or nothing */
};

typedef struct nor_flash {
    uint64_t busy_from_us; /* the last operation */
    uint64_t busy_until_us;
    uint64_t stuck_from_us; /* fault: from then on program and erase are accepted and change nothing */
    uint64_t programs;
    uint64_t erases;
    uint64_t refused;
    uint64_t torn;        /* operations that lost their power */
    uint64_t seed;        /* of torn bits and worn cells */
    uint32_t program_us;  /* how long one takes */
    uint32_t erase_us;
    uint32_t endurance;   /* a sector erased more often is worn; UINT32_MAX: the datasheet's */
    uint32_t cut_op;      /* the power is cut at this operation, counted from 1; 0: never */
    uint32_t cut_permille; /* ... when so much of its time has passed */
    uint64_t cut_at_us;   /* then; UINT64_MAX: not planned, or over */
    uint32_t op_at;       /* what the last operation changes: address and bytes ... */
    uint32_t op_n;
    int32_t op_erases;    /* ... and whether it erases */
    uint32_t size;        /* bytes: a power of two, NOR_FLASH_BYTES_MIN .. NOR_FLASH_BYTES */
    uint32_t wear[NOR_FLASH_SECTORS]; /* erases of each */
    uint8_t touched[NOR_FLASH_SECTORS]; /* 1: what bytes holds of it counts */
    uint8_t before[NOR_FLASH_SECTOR_BYTES]; /* what stood where the last operation works */
    uint8_t *bytes; /* size bytes, owned by the caller */
} nor_flash;

void nor_flash_init(nor_flash *f, uint8_t *bytes, uint32_t size, uint64_t seed); /* erased, never used */
/* Content from outside, in no time and at any time: what an earlier life left, and what is there now. 0, or IMPOSSIBLE. */
int32_t nor_flash_put(nor_flash *f, uint32_t address, const uint8_t *bytes, uint32_t n);
int32_t nor_flash_look(const nor_flash *f, uint32_t address, uint8_t *bytes, uint32_t n);
int32_t nor_flash_read(nor_flash *f, uint64_t now_us, uint32_t address, uint8_t *bytes, uint32_t n);
int32_t nor_flash_program(nor_flash *f, uint64_t now_us, uint32_t address, const uint8_t *bytes, uint32_t n);
int32_t nor_flash_erase(nor_flash *f, uint64_t now_us, uint32_t address); /* the sector that holds address */
int32_t nor_flash_busy(const nor_flash *f, uint64_t now_us);
/* The power fails: an operation that runs leaves what it has done so far. */
void nor_flash_power_off(nor_flash *f, uint64_t now_us);

#endif
