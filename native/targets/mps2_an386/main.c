/* The firmware on a bare Cortex-M4: the bridge over two semihosting files, named pipes of the rig.
 *
 * Rule: no interrupt, no timer; the core stands still inside a semihosting read until the rig answers.
 */
#include <stdint.h>

#include "../bridge_hal.h"

/* Semihosting operations and parameters: Arm "Semihosting for AArch32 and AArch64", section 6. */
enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { OPEN_READ_BINARY = 1, OPEN_WRITE_BINARY = 5 };
#define EXIT_APPLICATION 0x20026u

extern uint8_t sw_firmware_start[], sw_firmware_end[]; /* from the linker script, 16-byte aligned */

_Noreturn void sw_semihosting_exit(int32_t status);
int main(void);

static int32_t semihosting(uint32_t operation, const void *block)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = block;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

_Noreturn void sw_semihosting_exit(int32_t status)
{
    const uint32_t block[2] = {EXIT_APPLICATION, (uint32_t)status};
    for (;;) {
        (void)semihosting(SYS_EXIT_EXTENDED, block);
    }
}

static uint32_t requests; /* file handles; a target, not the core, may keep them here */
static uint32_t replies;

static int32_t open_file(const char *name, uint32_t length, uint32_t mode, uint32_t *handle)
{
    const uint32_t block[3] = {(uint32_t)(uintptr_t)name, mode, length};
    const int32_t got = semihosting(SYS_OPEN, block);
    *handle = (uint32_t)got;
    return got;
}

/* Both calls return the number of bytes NOT moved. */
static int32_t read_some(uint8_t *bytes, uint32_t capacity)
{
    const uint32_t block[3] = {replies, (uint32_t)(uintptr_t)bytes, capacity};
    return (int32_t)capacity - semihosting(SYS_READ, block);
}

static int32_t write_all(const uint8_t *bytes, uint32_t n)
{
    while (n != 0u) {
        const uint32_t block[3] = {requests, (uint32_t)(uintptr_t)bytes, n};
        const uint32_t left = (uint32_t)semihosting(SYS_WRITE, block);
        if (left >= n) {
            return -1;
        }
        bytes += n - left;
        n = left;
    }
    return 0;
}

int main(void)
{
    static sw_bridge bridge;
    bridge.io = (sw_bridge_io){read_some, write_all};
    /* the order the rig expects: requests first, then replies */
    if (open_file("requests", 8, OPEN_WRITE_BINARY, &requests) < 0
        || open_file("replies", 7, OPEN_READ_BINARY, &replies) < 0) {
        return 3;
    }
    return sw_bridge_serve(&bridge, sw_firmware_start, (uint32_t)(sw_firmware_end - sw_firmware_start)) == 0 ? 0 : 1;
}
