/* The firmware as a small program: the bridge on stdin and stdout. Serves lock-step runs, sanitizers and fuzzers.
 *
 * Rule: nothing but the bridge may write to stdout.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdalign.h>
#include <unistd.h>

#include "../bridge_hal.h"

#define FIRMWARE_BYTES 1048576u

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
    static alignas(16) uint8_t firmware[FIRMWARE_BYTES];
    static sw_bridge bridge;
    bridge.io = (sw_bridge_io){read_some, write_all};
#ifdef SW_DELIBERATE_OVERFLOW
    volatile uint32_t behind = FIRMWARE_BYTES;
    firmware[behind] = 1;
#endif
    return sw_bridge_serve(&bridge, firmware, FIRMWARE_BYTES) == 0 ? 0 : 1;
}
