/* A watchdog of the kind microcontrollers have: once started, nothing stops it but a reset.
 *
 * Rule: it counts the board's time, in whatever state the device is.
 * Not modelled: a window in which feeding is too early, its own oscillator's error, freezing under a debugger.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdint.h>

enum watchdog_limits { WATCHDOG_MS_MAX = 32768 }; /* as a 32-kHz prescaler of 256 and 12 bits have it */

typedef struct watchdog {
    uint64_t timeout_us; /* 0: not started */
    uint64_t due_us;     /* bites then; UINT64_MAX: not started */
    uint64_t bites;
} watchdog;

void watchdog_init(watchdog *w);
void watchdog_reset(watchdog *w); /* a reset of any kind stops it; bites stay */
/* -1: a timeout of 0 or of more than WATCHDOG_MS_MAX, which changes nothing. */
int32_t watchdog_start(watchdog *w, uint64_t now_us, uint32_t timeout_ms);
int32_t watchdog_feed(watchdog *w, uint64_t now_us); /* -1: it was not started */

#endif
