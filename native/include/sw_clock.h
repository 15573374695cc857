/* What the device knows of UTC: one instant of UTC pinned to one of its own ticks.
 *
 * Rule: unknown stays unknown; where a source leaves a choice the latest UTC is taken, so that nothing rings late.
 * Ticks are now_us of this boot; UTC is us since 1970. Pure: no chip is touched here.
 */
#ifndef SW_CLOCK_H
#define SW_CLOCK_H

#include <stdint.h>
#include "sw_words.h"

#define SW_CLOCK_ANSWER_US 2000000u          /* a TIME counts this long after the PONG whose nonce it answers */
#define SW_CLOCK_OLDEST_US 1577836800000000u /* 2020-01-01: no clock that is right shows less */
#define SW_CLOCK_NEWEST_US 4102444800000000u /* 2100-01-01: nor more; the clock chip counts to 2106 */

typedef struct sw_clock {
    uint32_t source;   /* SW_CLOCK_*; UNKNOWN: the anchor means nothing */
    uint64_t utc_us;   /* the anchor: this UTC ... */
    uint64_t tick_us;  /* ... was at this tick */
    uint64_t nonce;    /* of the last PONG, 0 when it is used up */
    uint64_t nonce_us; /* tick at which it was given */
} sw_clock;

void sw_clock_init(sw_clock *c);
/* The battery clock showed this whole second at this tick: it may be as late as the end of the second. Returns 1, or 0
 * when that is no time of this century. */
int32_t sw_clock_battery(sw_clock *c, uint64_t tick_us, uint32_t unix_s);
/* It began this second after since_us, and at tick_us it already shows it: as late as the first of them. */
int32_t sw_clock_battery_edge(sw_clock *c, uint64_t since_us, uint64_t tick_us, uint32_t unix_s);
/* A PONG leaves with this nonce, not 0; the one before it is void. */
void sw_clock_nonce(sw_clock *c, uint64_t tick_us, uint64_t nonce);
/* A TIME of the host. Returns 1 when it counted: it answers the last PONG in time, for the first time, sanely. */
int32_t sw_clock_host(sw_clock *c, uint64_t tick_us, uint64_t nonce, uint64_t utc_us);
/* UTC at a tick; 0: unknown. */
uint64_t sw_clock_utc(const sw_clock *c, uint64_t tick_us);
/* Tick at which it is this UTC; 0 when that was before this boot. Only with a known clock. */
uint64_t sw_clock_tick(const sw_clock *c, uint64_t utc_us);

#endif
