/* Semihosting by BKPT 0xAB. See semihosting.h.
 *
 * Rule: nothing here keeps anything.
 */
#include "semihosting.h"

#include <string.h>

enum { SYS_OPEN = 0x01, SYS_WRITE0 = 0x04, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
#define EXIT_APPLICATION 0x20026u

static uint32_t call(uint32_t operation, const void *block)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = block;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

int32_t sw_semihosting_open(const char *name, uint32_t mode)
{
    const uint32_t block[3] = {(uint32_t)(uintptr_t)name, mode, (uint32_t)strlen(name)};
    return (int32_t)call(SYS_OPEN, block);
}

uint32_t sw_semihosting_read(int32_t file, uint8_t *bytes, uint32_t n)
{
    const uint32_t block[3] = {(uint32_t)file, (uint32_t)(uintptr_t)bytes, n};
    return call(SYS_READ, block);
}

uint32_t sw_semihosting_write(int32_t file, const uint8_t *bytes, uint32_t n)
{
    const uint32_t block[3] = {(uint32_t)file, (uint32_t)(uintptr_t)bytes, n};
    return call(SYS_WRITE, block);
}

void sw_semihosting_say(const char *text)
{
    (void)call(SYS_WRITE0, text);
}

_Noreturn void sw_semihosting_exit(int32_t status)
{
    const uint32_t block[2] = {EXIT_APPLICATION, (uint32_t)status};
    for (;;) {
        (void)call(SYS_EXIT_EXTENDED, block);
    }
}
