/* The board's small parts as the device reaches them: flash, clock chip, button, buzzer, light; and its power.
 *
 * Rule: every part gets the board's time; none has one of its own.
 */
#include <stddef.h>

#include "board_internal.h"
#include "chip.h"

#define DUTY_MAX 65535u

static void set_pin(board *b, uint32_t pin, uint32_t value)
{
    if (b->pins.value[pin] != value)
        TRACE_LEVEL(b, pin == PIN_BUZZER ? TRACE_BUZZER : TRACE_LIGHT, value);
    pins_set(&b->pins, b->now_us, pin, value);
}

int32_t board_button(void *ctx)
{
    const board *b = ctx;
    return b->pins.button;
}

int32_t board_buzzer(void *ctx, int32_t level)
{
    board *b = ctx;
    set_pin(b, PIN_BUZZER, level != 0);
    return 0;
}

int32_t board_light(void *ctx, uint32_t duty)
{
    board *b = ctx;
    set_pin(b, PIN_LIGHT, duty > DUTY_MAX ? DUTY_MAX : duty);
    return duty > DUTY_MAX ? -1 : 0;
}

int32_t board_i2c_transfer(void *ctx, uint8_t address, const uint8_t *tx, uint32_t tx_n, uint8_t *rx, uint32_t rx_n)
{
    board *b = ctx;
    return rtc_transfer(&b->clock, b->now_us, address, tx, tx_n, rx, rx_n);
}

int32_t board_flash_read(void *ctx, uint32_t address, uint8_t *bytes, uint32_t n)
{
    board *b = ctx;
    return nor_flash_read(&b->flash, b->now_us, address, bytes, n);
}

int32_t board_flash_program(void *ctx, uint32_t address, const uint8_t *bytes, uint32_t n)
{
    board *b = ctx;
    return nor_flash_program(&b->flash, b->now_us, address, bytes, n);
}

int32_t board_flash_erase(void *ctx, uint32_t address)
{
    board *b = ctx;
    return nor_flash_erase(&b->flash, b->now_us, address);
}

int32_t board_flash_busy(void *ctx)
{
    const board *b = ctx;
    return nor_flash_busy(&b->flash, b->now_us);
}

void board_button_set(board *b, int32_t level)
{
    const int32_t now = level != 0;
    if (now != b->pins.button) {
        b->pins.button = now;
        TRACE_LEVEL(b, TRACE_BUTTON, now);
        b->button_fresh = 1;
    }
}

void board_pins_drained(board *b)
{
    b->pins.n = 0;
}

void board_power_cycle(board *b)
{
    (void)chip_cs(b->chip, 1);
    (void)chip_reset_pin(b->chip, 0);
    (void)chip_reset_pin(b->chip, 1);
    TRACE_LEVEL(b, TRACE_RST, 0);
    TRACE_LEVEL(b, TRACE_RST, 1);
    board_device_reset(b);
}

void board_device_reset(board *b)
{
    (void)chip_cs(b->chip, 1); /* its pins float, and a resistor holds chip select high */
    set_pin(b, PIN_BUZZER, 0);
    set_pin(b, PIN_LIGHT, 0);
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
