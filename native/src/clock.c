/* UTC from a battery clock or from the host.
 *
 * Rule: see the header. Sums of two values below 2^62 cannot overflow; the host's are checked, ticks are small.
 */
#include "sw_clock.h"

#include <string.h>

#define SECOND_US 1000000u

void sw_clock_init(sw_clock *c) { memset(c, 0, sizeof *c); }

static int32_t sane(uint64_t utc_us) { return utc_us >= SW_CLOCK_OLDEST_US && utc_us <= SW_CLOCK_NEWEST_US; }

static void anchor(sw_clock *c, uint32_t source, uint64_t tick_us, uint64_t utc_us)
{
    c->source = source;
    c->tick_us = tick_us;
    c->utc_us = utc_us;
}

static int32_t battery(sw_clock *c, uint64_t tick_us, uint64_t utc_us)
{
    if (!sane(utc_us)) {
        return 0;
    }
    anchor(c, SW_CLOCK_BATTERY, tick_us, utc_us);
    return 1;
}

int32_t sw_clock_battery(sw_clock *c, uint64_t tick_us, uint32_t unix_s)
{
    return battery(c, tick_us, ((uint64_t)unix_s + 1u) * SECOND_US); /* the second may be over at any moment */
}

int32_t sw_clock_battery_edge(sw_clock *c, uint64_t since_us, uint64_t tick_us, uint32_t unix_s)
{
    return battery(c, tick_us, (uint64_t)unix_s * SECOND_US + (tick_us - since_us));
}

void sw_clock_nonce(sw_clock *c, uint64_t tick_us, uint64_t nonce)
{
    c->nonce = nonce;
    c->nonce_us = tick_us;
}

int32_t sw_clock_host(sw_clock *c, uint64_t tick_us, uint64_t nonce, uint64_t utc_us)
{
    if (c->nonce == 0u || nonce != c->nonce) {
        return 0;
    }
    c->nonce = 0; /* once, also when it comes too late */
    if (tick_us - c->nonce_us > SW_CLOCK_ANSWER_US || !sane(utc_us)) {
        return 0;
    }
    anchor(c, SW_CLOCK_HOST, tick_us, utc_us);
    return 1;
}

uint64_t sw_clock_utc(const sw_clock *c, uint64_t tick_us)
{
    if (c->source == SW_CLOCK_UNKNOWN) {
        return 0;
    }
    return tick_us >= c->tick_us ? c->utc_us + (tick_us - c->tick_us) : c->utc_us - (c->tick_us - tick_us);
}

uint64_t sw_clock_tick(const sw_clock *c, uint64_t utc_us)
{
    if (utc_us >= c->utc_us) {
        return c->tick_us + (utc_us - c->utc_us);
    }
    uint64_t before = c->utc_us - utc_us;
    return before < c->tick_us ? c->tick_us - before : 0u;
}
