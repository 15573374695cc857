/* The four resets and the two pins.
 *
 * Rule: hardware > software > FIFO > FSM, each does all that the weaker ones do.
 * The sticky errors of the SPI frame go only with a software or hardware reset, the FIFO's with a FIFO reset.
 * A pulse on the pin shorter than 100 ns, and an access within 100 ns of a software reset, promise nothing on silicon:
 * here they work, with a warning. Between two calls at the same time nothing is judged: time may stand still there.
 */
#include <string.h>
#include "chip_internal.h"

#define SETTLE_TICKS 8u /* 100 ns */

void reset_fsm(chip *c)
{
    frames_reset(c);
    c->fifo.has_half = 0; /* whole words stay, half a word has no place to wait for a new frame */
}

void reset_fifo(chip *c)
{
    reset_fsm(c);
    fifo_reset(&c->fifo);
}

void reset_software(chip *c)
{
    reset_fifo(c);
    sadc_reset(c);
    memory_test_reset(c);
    registers_reset(c);
    c->registers[REG_MAIN] |= c->resets.stuck;
    c->resets.software_tick = c->clock.tick;
    c->spi.errors_next = 0;
    c->spi.errors_sticky = 0;
}

static void power_on_reset(chip *c)
{
    c->resets.stuck = 0;
    reset_software(c);
    c->resets.software_tick = NEVER_TICK; /* that wait is for the software reset alone */
}

size_t chip_size(void)
{
    return sizeof(chip);
}

void chip_default_options(chip_options *out)
{
    *out = (chip_options){.reference_hz = 80000000u, .temperature_mc = 25000, .chip_id = 0x000303u};
}

void chip_init(void *memory, const chip_options *options)
{
    chip *c = memory;
    memset(c, 0, sizeof *c);
    chip_default_options(&c->options);
    if (options)
        c->options = *options;
    faults_init(c);
    clock_init(c);
    power_on_reset(c);
}

static uint32_t too_soon(const chip *c, uint64_t tick)
{
    return c->clock.tick > tick && c->clock.tick - tick < SETTLE_TICKS;
}

void resets_check_wait(chip *c)
{
    if (too_soon(c, c->resets.software_tick))
        chip_warn(c, REG_MAIN);
}

/* Active low. A falling edge while the chip is selected is undefined on silicon: ignored here, with a warning. */
int32_t chip_reset_pin(void *memory, int32_t level)
{
    chip *c = memory;
    if (level != 0) {
        if (c->in_reset && too_soon(c, c->resets.low_tick))
            chip_warn(c, REG_MAIN);
        c->in_reset = 0;
    } else if (c->spi.selected) {
        chip_warn(c, REG_MAIN);
    } else if (!c->in_reset) {
        c->in_reset = 1;
        c->resets.low_tick = c->clock.tick;
        power_on_reset(c);
    }
    return CHIP_OK;
}

void chip_brown_out(void *memory)
{
    chip *c = memory;
    c->spi.selected = 0; /* the master's window goes on without the chip */
    power_on_reset(c);
}

int32_t chip_irq(void *memory)
{
    const chip *c = memory;
    return !c->in_reset && !c->spi.selected && c->fifo.fill > FIELD(c, SFCTL, FIFO_CREF);
}

void chip_get_counters(void *memory, chip_counters *out)
{
    *out = ((const chip *)memory)->counters;
}
