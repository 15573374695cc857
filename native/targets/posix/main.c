/* The firmware as a small program: the bridge on stdin and stdout. Serves lock-step runs, sanitizers and fuzzers.
 *
 * Rule: nothing but the bridge may write to stdout.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../bridge_hal.h"
#include "../firmware_memory.h"
#include "sw_handles.h"

#ifdef SW_WITHOUT_HANDLER
uint32_t sw_without;

/* The reason named in the environment; 0 when it names none. */
static int32_t choose_handler(void)
{
#define NAMED(name, value, text) {#name, value},
    static const struct {
        const char *name;
        uint32_t reason;
    } known[] = {SW_REASONS(NAMED)};
#undef NAMED
    const char *asked = getenv("SW_WITHOUT");
    for (uint32_t i = 0; asked != NULL && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(asked, known[i].name) == 0) {
            sw_without = known[i].reason;
            return 1;
        }
    }
    return 0;
}
#endif

#ifdef SW_DELIBERATE_FLUSH
/* Denormals become zero from here on, as a library linked with fast-math would have it. */
static void flush_to_zero(void)
{
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(0x9FC0u); /* FTZ, DAZ, all exceptions masked: Intel SDM vol. 1, 10.2.3 */
#elif defined(__aarch64__)
    __asm volatile("msr fpcr, %0" : : "r"(1ul << 24)); /* FZ */
#endif
}
#endif

static int32_t read_some(uint8_t *bytes, uint32_t capacity)
{
    ssize_t got;
    do {
        got = read(STDIN_FILENO, bytes, capacity);
    } while (got < 0 && errno == EINTR);
    return (int32_t)got;
}

static int32_t write_all(const uint8_t *bytes, uint32_t n)
{
    while (n != 0u) {
        const ssize_t done = write(STDOUT_FILENO, bytes, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return -1;
        }
        bytes += done;
        n -= (uint32_t)done;
    }
    return 0;
}

int main(void)
{
    static alignas(16) uint8_t firmware[SW_FIRMWARE_BYTES];
    static sw_bridge bridge;
#ifdef SW_DELIBERATE_FLUSH
    flush_to_zero();
#endif
#ifdef SW_WITHOUT_HANDLER
    if (!choose_handler()) {
        return 2;
    }
#endif
    bridge.io = (sw_bridge_io){read_some, write_all};
#ifdef SW_DELIBERATE_OVERFLOW
    uint8_t *volatile where = firmware; /* nobody but the address sanitizer knows where this ends */
    where[SW_FIRMWARE_BYTES] = 1;
#endif
#ifdef SW_DELIBERATE_SHIFT
    volatile int32_t bits = 32;
    firmware[0] = (uint8_t)(1u << bits); /* no stray access: for the sanitizer of undefined behaviour alone */
#endif
    return sw_bridge_serve(&bridge, firmware, SW_FIRMWARE_BYTES) == 0 ? 0 : 1;
}
