/* Counts until somebody feeds it.
 *
 * Rule: starting it again only changes the timeout.
 */
#include "watchdog.h"

#include <string.h>

void watchdog_init(watchdog *w)
{
    memset(w, 0, sizeof *w);
    w->due_us = UINT64_MAX;
}

void watchdog_reset(watchdog *w)
{
    w->timeout_us = 0;
    w->due_us = UINT64_MAX;
}

int32_t watchdog_start(watchdog *w, uint64_t now_us, uint32_t timeout_ms)
{
    if (timeout_ms == 0u || timeout_ms > WATCHDOG_MS_MAX) {
        return -1;
    }
    w->timeout_us = (uint64_t)timeout_ms * 1000u;
    w->due_us = now_us + w->timeout_us;
    return 0;
}

int32_t watchdog_feed(watchdog *w, uint64_t now_us)
{
    if (w->timeout_us == 0u) {
        return -1;
    }
    w->due_us = now_us + w->timeout_us;
    return 0;
}
