/* The board's small parts as the device reaches them: flash, clock chip, button, buzzer, light.
 *
 * Rule: every part gets the board's time; none has one of its own.
 */
#include <stddef.h>

#include "board_internal.h"

#define DUTY_MAX 65535u

static const uint32_t kind_of[PINS_OUT] = {TRACE_BUZZER, TRACE_LIGHT, TRACE_RED, TRACE_GREEN, TRACE_BLUE};

static void set_pin(board *b, uint32_t pin, uint32_t value)
{
    if (b->pins.value[pin] != value)
        TRACE_LEVEL(b, kind_of[pin], value);
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

int32_t board_light(void *ctx, uint32_t red, uint32_t green, uint32_t blue)
{
    board *b = ctx;
    const uint32_t asked[3] = {red, green, blue};
    uint32_t duty[3], brightest = 0;
    int32_t status = 0;
    for (uint32_t i = 0; i < 3u; i++) {
        status = asked[i] > DUTY_MAX ? -1 : status;
        duty[i] = asked[i] > DUTY_MAX ? DUTY_MAX : asked[i];
        brightest = duty[i] > brightest ? duty[i] : brightest;
    }
    set_pin(b, PIN_LIGHT, brightest);
    for (uint32_t i = 0; i < 3u; i++) {
        set_pin(b, PIN_RED + i, duty[i]);
    }
    return status;
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
