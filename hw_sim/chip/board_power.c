/* The board's power and everything else that resets the device: plug, pin, watchdog, a dip of the supply.
 *
 * Rule: a reset takes the device's pins, its time and what waits in its serial receiver; other parts keep what they have.
 */
#include "board_internal.h"
#include "chip.h"

void power_init(board *b)
{
    b->faults.dip_at_us = NEVER;
    b->faults.hang_at_us = NEVER;
    b->dipped_us = NEVER;
    b->hung_us = NEVER;
    watchdog_init(&b->dog);
}

static void device_reset(board *b, uint32_t cause)
{
    (void)chip_cs(b->chip, 1); /* its pins float, and a resistor holds chip select high */
    (void)board_buzzer(b, 0);
    (void)board_light(b, 0, 0, 0);
    watchdog_reset(&b->dog);
    b->reset_cause = cause;
    b->hangs = 0;
    b->busy_until_us = 0;
    b->power_on_us = b->now_us;
    b->deadline_us = NEVER;
    b->powered = 0;
    bus_reset(b);
    b->uart_fresh = 0;
    b->switch_fresh = 0;
    b->button_fresh = 0;
    b->rx_head = 0;
    b->rx_n = 0;
}

static void chip_off(board *b)
{
    (void)chip_cs(b->chip, 1);
    (void)chip_reset_pin(b->chip, 0);
    (void)chip_reset_pin(b->chip, 1);
    TRACE_LEVEL(b, TRACE_RST, 0);
    TRACE_LEVEL(b, TRACE_RST, 1);
}

void board_power_cycle(board *b)
{
    chip_off(b);
    nor_flash_power_off(&b->flash, b->now_us);
    sht4x_power_on(&b->climate, b->now_us);
    veml7700_init(&b->eye);
    device_reset(b, BOARD_RESET_POWER);
}

void board_dip(board *b)
{
    chip_off(b);
    device_reset(b, BOARD_RESET_DIP);
}

void board_device_reset(board *b)
{
    device_reset(b, BOARD_RESET_PIN);
}

static uint64_t waits(uint64_t at_us, uint64_t been_us) { return at_us == been_us ? NEVER : at_us; }

uint64_t power_next_us(const board *b)
{
    uint64_t t = b->dog.due_us;
    const uint64_t dip_us = waits(b->faults.dip_at_us, b->dipped_us);
    const uint64_t hang_us = waits(b->faults.hang_at_us, b->hung_us);
    t = dip_us < t ? dip_us : t;
    t = hang_us < t ? hang_us : t;
    t = b->flash.cut_at_us < t ? b->flash.cut_at_us : t;
    return b->busy_until_us > b->now_us && b->busy_until_us < t ? b->busy_until_us : t;
}

int32_t power_away(const board *b)
{
    return b->hangs || b->now_us < b->busy_until_us;
}

void board_busy(board *b, uint64_t us)
{
    b->busy_until_us = b->now_us + us;
}

int32_t power_reset_due(board *b)
{
    if (b->flash.cut_at_us <= b->now_us) {
        board_power_cycle(b);
        return 1;
    }
    if (waits(b->faults.dip_at_us, b->dipped_us) <= b->now_us) {
        b->dipped_us = b->faults.dip_at_us;
        device_reset(b, BOARD_RESET_DIP);
        return 1;
    }
    if (b->dog.due_us <= b->now_us) {
        b->dog.bites++;
        device_reset(b, BOARD_RESET_WATCHDOG);
        return 1;
    }
    return 0;
}

int32_t power_hangs(board *b)
{
    if (waits(b->faults.hang_at_us, b->hung_us) <= b->now_us) {
        b->hung_us = b->faults.hang_at_us;
        b->hangs = 1;
    }
    return power_away(b);
}

int32_t board_watchdog_start(void *ctx, uint32_t timeout_ms)
{
    board *b = ctx;
    return watchdog_start(&b->dog, b->now_us, timeout_ms);
}

int32_t board_watchdog_feed(void *ctx)
{
    board *b = ctx;
    return watchdog_feed(&b->dog, b->now_us);
}

int32_t board_reset_cause(void *ctx)
{
    const board *b = ctx;
    return (int32_t)b->reset_cause;
}
