/* The chip's time: clocks of its reference oscillator, and how much of them passes during SPI.
 *
 * Rule: integers only. The time is a whole clock and a fraction of one in units of 1 / spi_hz, so that transfers of
 * any length add up exactly and nothing drifts; without an SPI clock rate only chip_advance_ns() moves it.
 */
#include "chip_internal.h"

#define NS_PER_S 1000000000u

__extension__ typedef unsigned __int128 wide;

static void count_cycles(chip *c)
{
    uint32_t a = NS_PER_S;
    uint32_t b = c->options.reference_hz;
    while (b != 0) { /* greatest common divisor */
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    c->clock.ns_of_cycle = NS_PER_S / a;
    c->clock.ticks_of_cycle = c->options.reference_hz / a;
}

void clock_init(chip *c)
{
    c->clock = (clock_state){0};
    count_cycles(c);
}

/* What has begun of the present clock is dropped. */
void clock_set_rate(chip *c, uint32_t reference_hz)
{
    clock_state *k = &c->clock;
    k->base_ns = chip_time_ns(c);
    k->base_tick = k->tick;
    k->part = 0;
    c->options.reference_hz = reference_hz;
    count_cycles(c);
}

/* The last clock that has begun; rest / ns_of_cycle of a clock is left. */
static uint64_t tick_of_ns(const clock_state *k, uint64_t now_ns, uint64_t *rest)
{
    uint64_t ns = now_ns > k->base_ns ? now_ns - k->base_ns : 0u;
    uint64_t of_cycle = ns % k->ns_of_cycle * k->ticks_of_cycle;
    *rest = of_cycle % k->ns_of_cycle;
    return k->base_tick + ns / k->ns_of_cycle * k->ticks_of_cycle + of_cycle / k->ns_of_cycle;
}

uint64_t clock_ns_of_tick(const chip *c, uint64_t at)
{
    const clock_state *k = &c->clock;
    uint64_t tick = at > k->base_tick ? at - k->base_tick : 0u; /* what was due before was due at the change */
    uint64_t cycles = tick / k->ticks_of_cycle;
    uint64_t rest = tick % k->ticks_of_cycle * k->ns_of_cycle;
    if (at == NEVER_TICK || cycles >= (CHIP_NEVER_NS - k->base_ns) / k->ns_of_cycle)
        return CHIP_NEVER_NS;
    return k->base_ns + cycles * k->ns_of_cycle + (rest + k->ticks_of_cycle - 1u) / k->ticks_of_cycle;
}

uint32_t clock_is_timed(const chip *c)
{
    return c->options.spi_hz != 0;
}

void clock_spi_bits(chip *c, uint64_t n_bits)
{
    clock_state *k = &c->clock;
    if (!clock_is_timed(c))
        return;
    k->part += n_bits * c->options.reference_hz;
    k->tick += k->part / c->options.spi_hz;
    k->part %= c->options.spi_hz;
    k->in_transfer = 1;
    frames_run(c);
    k->in_transfer = 0;
}

/* The fraction of a clock is kept, rounded down to the new unit. */
void chip_set_spi_hz(void *memory, uint32_t spi_hz)
{
    chip *c = memory;
    uint32_t before = c->options.spi_hz;
    c->clock.part = before == 0 ? 0u : c->clock.part * spi_hz / before;
    c->options.spi_hz = spi_hz;
}

void chip_advance_ns(void *memory, uint64_t now_ns)
{
    chip *c = memory;
    clock_state *k = &c->clock;
    uint64_t rest;
    uint64_t tick = tick_of_ns(k, now_ns, &rest);
    uint64_t part = rest * c->options.spi_hz / k->ns_of_cycle;
    if (tick > k->tick || (tick == k->tick && part > k->part)) {
        k->tick = tick;
        k->part = part;
    }
    if (now_ns > k->asked_ns)
        k->asked_ns = now_ns;
    frames_run(c);
}

uint64_t chip_time_ns(void *memory)
{
    const chip *c = memory;
    const clock_state *k = &c->clock;
    uint64_t hz = clock_is_timed(c) ? c->options.spi_hz : 1u;
    uint64_t ticks = k->tick - k->base_tick;
    wide unit = (wide)k->ticks_of_cycle * hz;
    wide rest = ((wide)(ticks % k->ticks_of_cycle) * hz + k->part) * k->ns_of_cycle; /* ns * ticks_of_cycle * hz */
    uint64_t ns = k->base_ns + ticks / k->ticks_of_cycle * k->ns_of_cycle + (uint64_t)((rest + unit - 1u) / unit);
    return ns > k->asked_ns ? ns : k->asked_ns;
}
