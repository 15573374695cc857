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
    return b->pins.button.level || b->pins.button_stuck;
}

int32_t board_standby_switch(void *ctx)
{
    const board *b = ctx;
    return b->pins.slide.level;
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
    const board_faults *f = &b->faults;
    if (f->i2c_stuck) {
        return -1;
    }
    if (address == SHT4X_ADDRESS && !f->climate_absent) {
        const room_point at = room_at(&b->room, b->now_us);
        return sht4x_transfer(&b->climate, b->now_us, at.temperature_mc, at.humidity_mpct, tx, tx_n, rx, rx_n);
    }
    if (address == VEML7700_ADDRESS && !f->light_absent) {
        return veml7700_transfer(&b->eye, b->now_us, room_light, &b->room, tx, tx_n, rx, rx_n);
    }
    if (address == RTC_ADDRESS && !f->clock_absent) {
        return rtc_transfer(&b->clock, b->now_us, address, tx, tx_n, rx, rx_n);
    }
    return -1;
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

/* After a change of either contact; was: what the device saw before. */
static void contacts_changed(board *b, int32_t button_was, int32_t switch_was)
{
    if (board_button(b) != button_was) {
        TRACE_LEVEL(b, TRACE_BUTTON, !button_was);
        b->button_fresh = 1;
    }
    if (b->pins.slide.level != switch_was) {
        TRACE_LEVEL(b, TRACE_SWITCH, !switch_was);
        b->switch_fresh = 1;
    }
}

static void move(board *b, contact *c, int32_t level)
{
    const int32_t button_was = board_button(b), switch_was = b->pins.slide.level;
    (void)contact_move(c, b->now_us, level, b->faults.bounce_us, b->seed);
    contacts_changed(b, button_was, switch_was);
}

void board_button_set(board *b, int32_t level) { move(b, &b->pins.button, level); }

void board_standby_set(board *b, int32_t level) { move(b, &b->pins.slide, level); }

void board_button_stick(board *b, int32_t stuck)
{
    const int32_t button_was = board_button(b);
    b->pins.button_stuck = stuck;
    contacts_changed(b, button_was, b->pins.slide.level);
}

uint64_t parts_next_us(const board *b)
{
    return b->pins.button.next_us < b->pins.slide.next_us ? b->pins.button.next_us : b->pins.slide.next_us;
}

void parts_at(board *b, uint64_t t_us)
{
    const int32_t button_was = board_button(b), switch_was = b->pins.slide.level;
    if (parts_next_us(b) > t_us) {
        return;
    }
    (void)contact_at(&b->pins.button, t_us, b->seed);
    (void)contact_at(&b->pins.slide, t_us, b->seed);
    contacts_changed(b, button_was, switch_was);
}

void board_pins_drained(board *b)
{
    b->pins.n = 0;
}
