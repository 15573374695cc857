/* The board's event loop: whose turn is it, and when.
 *
 * Rule: no clock, no chance, no allocation; time moves only from event to event.
 */
#include <stddef.h>
#include <string.h>

#include "board_internal.h"
#include "chip.h"

#define NO_EVENT (-1)

void board_init(board *b, void *chip, uint8_t *flash, uint32_t flash_bytes, uint64_t seed)
{
    memset(b, 0, sizeof *b);
    b->chip = chip;
    b->seed = seed;
    b->deadline_us = NEVER;
    bus_init(b);
    power_init(b);
    pins_init(&b->pins);
    rtc_init(&b->clock, 0);
    nor_flash_init(&b->flash, flash, flash_bytes, seed);
    sht4x_init(&b->climate, (uint32_t)board_hash64(seed ^ 0x44u));
    veml7700_init(&b->eye);
    room_init(&b->room);
}

void board_device(board *b, board_step_fn step, void *fw)
{
    b->step = step;
    b->fw = fw;
}

void board_fail(board *b, const char *reason)
{
    if (b->failed) {
        return;
    }
    b->failed = 1;
    size_t n = strlen(reason);
    if (n >= sizeof b->reason) {
        n = sizeof b->reason - 1;
    }
    memcpy(b->reason, reason, n);
    b->reason[n] = '\0';
}

static uint64_t chip_event_us(const board *b)
{
    const uint64_t ns = chip_next_event_ns(b->chip);
    return ns == NEVER ? NEVER : ns / 1000u + (ns % 1000u != 0u);
}

static uint64_t next_time_us(const board *b)
{
    const int32_t waiting = !b->powered || bus_edge_waits(b) || b->uart_fresh || b->switch_fresh || b->button_fresh;
    const int32_t away = power_away(b);
    if (waiting && !away) {
        return b->now_us;
    }
    const uint64_t chip_us = chip_event_us(b);
    const uint64_t bus_us = bus_next_us(b);
    const uint64_t power_us = power_next_us(b);
    const uint64_t parts_us = parts_next_us(b);
    uint64_t t = chip_us < b->deadline_us || away ? chip_us : b->deadline_us;
    t = bus_us < t ? bus_us : t;
    t = power_us < t ? power_us : t;
    t = parts_us < t ? parts_us : t;
    return t > b->now_us ? t : b->now_us;
}

/* The lowest number that is due; taken off the list. */
static int32_t take_event(board *b)
{
    if (!b->powered) {
        b->powered = 1;
        return BOARD_POWER_ON;
    }
    if (bus_take_edge(b)) {
        return BOARD_RADAR_IRQ;
    }
    if (b->uart_fresh) {
        b->uart_fresh = 0;
        return BOARD_UART_RX;
    }
    if (b->switch_fresh) {
        b->switch_fresh = 0;
        return BOARD_SWITCH;
    }
    if (b->button_fresh) {
        b->button_fresh = 0;
        return BOARD_BUTTON;
    }
    if (b->deadline_us <= b->now_us) {
        b->deadline_us = NEVER;
        return BOARD_DEADLINE;
    }
    return NO_EVENT;
}

/* Transfers may take time: the board's goes on with the chip's, in whole us. What was due meanwhile is given late. */
static void follow_chip(board *b)
{
    const uint64_t ns = chip_time_ns(b->chip);
    const uint64_t us = ns / 1000u + (ns % 1000u != 0u);
    if (us > b->now_us) {
        b->now_us = us;
        b->steps_here = 0;
    }
}

static void give_event(board *b, int32_t event)
{
    const uint32_t waiting = b->rx_n;
    b->steps++;
    const uint64_t due_us = b->step(b->fw, b->now_us - b->power_on_us, (uint32_t)event);
    b->deadline_us = due_us > NEVER - b->power_on_us ? NEVER : due_us + b->power_on_us;
    follow_chip(b);
    /* a device that reads in pieces is told again; one that does not read waits for new bytes */
    if (event == BOARD_UART_RX && b->rx_n != 0u && b->rx_n < waiting) {
        b->uart_fresh = 1;
    }
}

/* Moves chip and board to t; edges on the way are noted. False: the chip waits for samples before t. */
static int32_t go_to(board *b, uint64_t t)
{
    const uint64_t event_ns = b->trace != NULL ? chip_next_event_ns(b->chip) : NEVER;
    chip_advance_ns(b->chip, t * 1000u);
    if (chip_needs_samples(b->chip)) {
        return 0;
    }
    if (t != b->now_us) {
        b->now_us = t;
        b->steps_here = 0;
    }
    bus_at(b, t);
    parts_at(b, t);
    bus_irq_event(b, event_ns);
    return 1;
}

int32_t board_run(board *b, uint64_t until_us)
{
    while (!b->failed) {
        const uint64_t t = next_time_us(b);
        if (b->trace != NULL && trace_wants_drain(b->trace)) {
            return BOARD_DRAIN_TRACE;
        }
        if (t >= until_us) {
            const uint64_t end = until_us > b->now_us ? until_us : b->now_us;
            return go_to(b, end) ? BOARD_DONE : BOARD_NEED_SAMPLES;
        }
        if (!go_to(b, t)) {
            return BOARD_NEED_SAMPLES;
        }
        if (++b->steps_here > BOARD_STEPS_AT_ONE_TIME) {
            board_fail(b, "the device makes no progress: too many events at one time");
            break;
        }
        if (power_reset_due(b)) {
            return BOARD_RESET;
        }
        const int32_t event = power_hangs(b) ? NO_EVENT : take_event(b);
        if (event != NO_EVENT) {
            give_event(b, event);
        }
    }
    return BOARD_FAILED;
}

uint32_t board_host_write(board *b, const uint8_t *bytes, uint32_t n)
{
    if (n > BOARD_RX_BYTES - b->rx_n) {
        n = BOARD_RX_BYTES - b->rx_n;
    }
    for (uint32_t i = 0; i < n; i++) {
        b->rx[(b->rx_head + b->rx_n + i) % BOARD_RX_BYTES] = bytes[i];
    }
    b->rx_n += n;
    b->rx_bytes += n;
    if (n != 0u && b->trace != NULL) {
        trace_serial(b->trace, bus_now_ns(b), TRACE_TO_DEVICE, bytes, n);
    }
    if (n != 0u) {
        b->uart_fresh = 1;
    }
    return n;
}

void board_host_drained(board *b)
{
    b->tx_n = 0;
    b->mark_n = 0;
}

static uint64_t line_us(const board *b, uint64_t n)
{
    return (n * 10u * 1000000u + b->faults.uart_baud - 1u) / b->faults.uart_baud;
}

/* Bytes a slow line takes now. */
static uint32_t uart_room(const board *b)
{
    if (b->faults.uart_baud == 0u) {
        return BOARD_TX_BYTES;
    }
    const uint64_t waits_us = b->uart_free_us > b->now_us ? b->uart_free_us - b->now_us : 0u;
    const uint64_t full_us = line_us(b, BOARD_UART_BYTES);
    return waits_us >= full_us ? 0u : (uint32_t)((full_us - waits_us) * b->faults.uart_baud / (10u * 1000000u));
}

static void uart_took(board *b, uint32_t n)
{
    if (b->faults.uart_baud != 0u) {
        const uint64_t from_us = b->uart_free_us > b->now_us ? b->uart_free_us : b->now_us;
        b->uart_free_us = from_us + line_us(b, n);
    }
}

int32_t board_uart_write(void *ctx, const uint8_t *bytes, uint32_t n)
{
    board *b = ctx;
    const uint32_t free = BOARD_TX_BYTES - b->tx_n;
    const uint32_t line = uart_room(b);
    const uint32_t room = line < free ? line : free;
    const uint32_t taken = b->mark_n == BOARD_MARKS ? 0u : (n < room ? n : room);
    b->tx_refused += n - taken;
    if (taken == 0u) {
        return 0;
    }
    if (b->trace != NULL) {
        trace_serial(b->trace, bus_now_ns(b), TRACE_TO_HOST, bytes, taken);
    }
    uart_took(b, taken);
    memcpy(b->tx + b->tx_n, bytes, taken);
    b->tx_n += taken;
    b->tx_bytes += taken;
    b->marks[b->mark_n].t_us = b->now_us;
    b->marks[b->mark_n].n = taken;
    b->mark_n++;
    return (int32_t)taken;
}

int32_t board_uart_read(void *ctx, uint8_t *bytes, uint32_t capacity)
{
    board *b = ctx;
    const uint32_t n = capacity < b->rx_n ? capacity : b->rx_n;
    for (uint32_t i = 0; i < n; i++) {
        bytes[i] = b->rx[(b->rx_head + i) % BOARD_RX_BYTES];
    }
    b->rx_head = (b->rx_head + n) % BOARD_RX_BYTES;
    b->rx_n -= n;
    return (int32_t)n;
}

/* splitmix64 finaliser over (seed, counter): the same bytes for the same seed, however they are asked for. */
uint64_t board_hash64(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

int32_t board_entropy_read(void *ctx, uint8_t *bytes, uint32_t n)
{
    board *b = ctx;
    if (b->faults.entropy_absent) {
        return -1;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t word = board_hash64(board_hash64(b->seed) + b->entropy_given / 8u);
        bytes[i] = (uint8_t)(word >> (8u * (b->entropy_given % 8u)));
        b->entropy_given++;
    }
    return 0;
}
