/* HAL over records, shared by all targets that live outside the rig's process.
 *
 * Rule: only chip select is posted; it travels with the next record, in order.
 */
#include "bridge_hal.h"

#include <stddef.h>
#include <string.h>

#include "sw_firmware.h"

enum {
    OP_START = 1, OP_STEP = 2, OP_REPLY = 3, OP_STOP = 4,
    OP_DONE = 16, OP_CS = 17, OP_XFER = 18, OP_RESET = 19, OP_IRQ = 20, OP_SWITCH = 21,
    OP_UART_WRITE = 22, OP_UART_READ = 23, OP_ENTROPY = 24, OP_BUTTON = 25, OP_BUZZER = 26, OP_LIGHT = 27,
    OP_I2C = 28, OP_FLASH_READ = 29, OP_FLASH_PROGRAM = 30, OP_FLASH_ERASE = 31, OP_FLASH_BUSY = 32,
    OP_ADVANCE = 33, OP_WATCHDOG_START = 34, OP_WATCHDOG_FEED = 35, OP_RESET_CAUSE = 36
};

#define WANT_RX 0x80000000u
#define CONFIG_BYTES ((uint32_t)sizeof(sw_radar_config))
#define RAM_AT_POWER_ON 0xA5 /* nothing may be expected of it */
#define STATUS_TOO_SMALL (-100) /* the target's memory does not hold the firmware */

typedef struct record {
    uint32_t op;
    uint32_t arg;
    uint32_t n;
} record;

static void put32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static void put64(uint8_t *to, uint64_t value)
{
    put32(to, (uint32_t)value);
    put32(to + 4, (uint32_t)(value >> 32));
}

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static void flush(sw_bridge *b)
{
    if (!b->lost && b->out_n != 0u && b->io.write(b->out, b->out_n) < 0) {
        b->lost = 1;
    }
    b->out_n = 0;
}

/* Appends a record to what waits. A payload that finds no room goes out at once, from where it lies. */
static void append(sw_bridge *b, uint32_t op, uint32_t arg, const uint8_t *bytes, uint32_t n)
{
    if (b->out_n + SW_BRIDGE_HEADER > SW_BRIDGE_OUT) {
        flush(b);
    }
    uint8_t *to = b->out + b->out_n;
    put32(to, op);
    put32(to + 4, arg);
    put32(to + 8, n);
    b->out_n += SW_BRIDGE_HEADER;
    if (n == 0u) {
        return;
    }
    if (n <= SW_BRIDGE_OUT - b->out_n) {
        memcpy(b->out + b->out_n, bytes, n);
        b->out_n += n;
        return;
    }
    flush(b);
    if (!b->lost && b->io.write(bytes, n) < 0) {
        b->lost = 1;
    }
}

/* Bytes that are here already come first; then a long rest straight to where it belongs, a short one by the buffer. */
static int32_t receive(sw_bridge *b, uint8_t *to, uint32_t n)
{
    while (n != 0u && !b->lost) {
        int32_t got = (int32_t)(b->have - b->at);
        if (got == 0 && n >= SW_BRIDGE_IN) {
            got = b->io.read(to, n);
        } else if (got == 0) {
            got = b->io.read(b->in, SW_BRIDGE_IN);
            b->at = 0;
            b->have = got > 0 ? (uint32_t)got : 0u;
            b->lost = got <= 0;
            continue;
        } else {
            got = (uint32_t)got < n ? got : (int32_t)n;
            memcpy(to, b->in + b->at, (uint32_t)got);
            b->at += (uint32_t)got;
        }
        b->lost = got <= 0;
        to += got;
        n -= got > 0 ? (uint32_t)got : 0u;
    }
    return b->lost ? -1 : 0;
}

static int32_t receive_header(sw_bridge *b, record *r)
{
    uint8_t header[SW_BRIDGE_HEADER];
    if (receive(b, header, SW_BRIDGE_HEADER) != 0) {
        return -1;
    }
    r->op = get32(header);
    r->arg = get32(header + 4);
    r->n = get32(header + 8);
    return 0;
}

/* One question, one answer; the answer's bytes go to `to` (room for capacity). Returns the result. */
static int32_t ask(sw_bridge *b, const record *q, const uint8_t *bytes, uint8_t *to, uint32_t capacity)
{
    record r;
    append(b, q->op, q->arg, bytes, q->n);
    flush(b);
    if (receive_header(b, &r) != 0) {
        return -1;
    }
    if (r.op != OP_REPLY || r.n > capacity) {
        b->lost = 1;
        return -1;
    }
    if (receive(b, to, r.n) != 0) {
        return -1;
    }
    return (int32_t)r.arg;
}

static int32_t hal_cs(void *ctx, int32_t level)
{
    sw_bridge *b = ctx;
    append(b, OP_CS, (uint32_t)level, NULL, 0);
    return b->lost ? -1 : 0;
}

static int32_t hal_xfer(void *ctx, const uint8_t *tx, uint8_t *rx, uint32_t n)
{
    int32_t rc = 0;
    while (n != 0u && rc >= 0) {
        const uint32_t part = n < SW_BRIDGE_PAYLOAD ? n : SW_BRIDGE_PAYLOAD;
        const record q = {OP_XFER, part | (rx != NULL ? WANT_RX : 0u), tx != NULL ? part : 0u};
        rc = ask(ctx, &q, tx, rx, rx != NULL ? part : 0u);
        tx = tx != NULL ? tx + part : NULL;
        rx = rx != NULL ? rx + part : NULL;
        n -= part;
    }
    return rc;
}

static int32_t ask_pin(void *ctx, uint32_t op, int32_t level)
{
    const record q = {op, (uint32_t)level, 0};
    return ask(ctx, &q, NULL, NULL, 0);
}

static int32_t hal_reset(void *ctx, int32_t level)
{
    return ask_pin(ctx, OP_RESET, level);
}

static int32_t hal_irq(void *ctx)
{
    return ask_pin(ctx, OP_IRQ, 0);
}

static int32_t hal_switch(void *ctx)
{
    return ask_pin(ctx, OP_SWITCH, 0);
}

static int32_t hal_button(void *ctx)
{
    return ask_pin(ctx, OP_BUTTON, 0);
}

static int32_t hal_buzzer(void *ctx, int32_t level)
{
    return ask_pin(ctx, OP_BUZZER, level);
}

static int32_t hal_light(void *ctx, uint32_t red, uint32_t green, uint32_t blue)
{
    uint8_t duties[12];
    const record q = {OP_LIGHT, 0, sizeof duties};
    put32(duties, red);
    put32(duties + 4, green);
    put32(duties + 8, blue);
    return ask(ctx, &q, duties, NULL, 0);
}

static int32_t hal_watchdog_start(void *ctx, uint32_t timeout_ms)
{
    const record q = {OP_WATCHDOG_START, timeout_ms, 0};
    return ask(ctx, &q, NULL, NULL, 0);
}

static int32_t hal_watchdog_feed(void *ctx)
{
    return ask_pin(ctx, OP_WATCHDOG_FEED, 0);
}

static int32_t hal_reset_cause(void *ctx)
{
    return ask_pin(ctx, OP_RESET_CAUSE, 0);
}

static int32_t hal_i2c(void *ctx, uint8_t address, const uint8_t *tx, uint32_t tx_n, uint8_t *rx, uint32_t rx_n)
{
    const record q = {OP_I2C, (uint32_t)address | rx_n << 8, tx_n};
    if (tx_n > SW_BRIDGE_PAYLOAD || rx_n > SW_BRIDGE_PAYLOAD) {
        return -1;
    }
    return ask(ctx, &q, tx, rx, rx_n);
}

static int32_t hal_flash_read(void *ctx, uint32_t address, uint8_t *bytes, uint32_t n)
{
    int32_t rc = 0;
    while (n != 0u && rc >= 0) {
        uint8_t count[4];
        const uint32_t part = n < SW_BRIDGE_PAYLOAD ? n : SW_BRIDGE_PAYLOAD;
        const record q = {OP_FLASH_READ, address, 4};
        put32(count, part);
        rc = ask(ctx, &q, count, bytes, part);
        address += part;
        bytes += part;
        n -= part;
    }
    return rc;
}

static int32_t hal_flash_program(void *ctx, uint32_t address, const uint8_t *bytes, uint32_t n)
{
    const record q = {OP_FLASH_PROGRAM, address, n};
    return n > SW_BRIDGE_PAYLOAD ? -1 : ask(ctx, &q, bytes, NULL, 0);
}

static int32_t hal_flash_erase(void *ctx, uint32_t address)
{
    const record q = {OP_FLASH_ERASE, address, 0};
    return ask(ctx, &q, NULL, NULL, 0);
}

static int32_t hal_flash_busy(void *ctx)
{
    return ask_pin(ctx, OP_FLASH_BUSY, 0);
}

static int32_t hal_uart_write(void *ctx, const uint8_t *bytes, uint32_t n)
{
    const record q = {OP_UART_WRITE, 0, n < SW_BRIDGE_PAYLOAD ? n : SW_BRIDGE_PAYLOAD};
    return ask(ctx, &q, bytes, NULL, 0);
}

static int32_t hal_uart_read(void *ctx, uint8_t *bytes, uint32_t capacity)
{
    const record q = {OP_UART_READ, capacity, 0};
    return ask(ctx, &q, NULL, bytes, capacity);
}

static int32_t hal_entropy(void *ctx, uint8_t *bytes, uint32_t n)
{
    const record q = {OP_ENTROPY, n, 0};
    return ask(ctx, &q, NULL, bytes, n);
}

static void answer(sw_bridge *b, int32_t status, uint64_t deadline_us)
{
    uint8_t bytes[8];
    put64(bytes, deadline_us);
    append(b, OP_DONE, (uint32_t)status, bytes, 8);
    flush(b);
}

void sw_bridge_hal(sw_bridge *b, sw_hal *hal)
{
    *hal = (sw_hal){
        .spi = b, .spi_cs = hal_cs, .spi_xfer = hal_xfer,
        .pins = b, .radar_reset = hal_reset, .radar_irq = hal_irq, .standby_switch = hal_switch,
        .button = hal_button, .buzzer = hal_buzzer, .light = hal_light,
        .i2c = b, .i2c_transfer = hal_i2c,
        .flash = b, .flash_read = hal_flash_read, .flash_program = hal_flash_program,
        .flash_erase = hal_flash_erase, .flash_busy = hal_flash_busy,
        .uart = b, .uart_write = hal_uart_write, .uart_read = hal_uart_read,
        .entropy = b, .entropy_read = hal_entropy,
        .watchdog = b, .watchdog_start = hal_watchdog_start, .watchdog_feed = hal_watchdog_feed,
        .reset_cause = hal_reset_cause,
    };
}

/* START with n bytes of radar config, none for the default: fresh memory, then the firmware's own check. */
static int32_t start(sw_bridge *b, const sw_hal *hal, void *fw, uint32_t fw_bytes, uint32_t n)
{
    uint32_t words[sizeof(sw_radar_config) / 4] = {0};
    uint8_t bytes[sizeof words];
    if (n != 0u && n != CONFIG_BYTES) {
        b->lost = 1;
        return -1;
    }
    if (receive(b, bytes, n) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < n / 4u; i++) {
        words[i] = get32(bytes + 4u * i);
    }
    sw_radar_config config;
    memcpy(&config, words, sizeof config);
    if (sw_firmware_size() > fw_bytes) {
        return STATUS_TOO_SMALL;
    }
    memset(fw, RAM_AT_POWER_ON, sw_firmware_size());
    return sw_firmware_init(fw, hal, n != 0u ? &config : NULL, NULL);
}

int32_t sw_bridge_accept(sw_bridge *b, const sw_hal *hal, void *fw, uint32_t fw_bytes)
{
    record r;
    if (receive_header(b, &r) != 0 || r.op != OP_START) {
        return -1;
    }
    const int32_t status = start(b, hal, fw, fw_bytes, r.n);
    answer(b, status, SW_NEVER);
    return b->lost ? -1 : status;
}

int32_t sw_bridge_advance(sw_bridge *b, uint64_t now_us)
{
    uint8_t bytes[8];
    const record q = {OP_ADVANCE, 0, 8};
    put64(bytes, now_us);
    return ask(b, &q, bytes, NULL, 0);
}

int32_t sw_bridge_serve(sw_bridge *b, void *fw, uint32_t fw_bytes)
{
    record r;
    sw_hal hal;
    uint8_t now[8];
    sw_bridge_hal(b, &hal);
    while (receive_header(b, &r) == 0) {
        if (r.op == OP_STOP) {
            return 0;
        }
        if (r.op == OP_START) {
            answer(b, start(b, &hal, fw, fw_bytes, r.n), SW_NEVER);
        } else if (r.op == OP_STEP && r.n == 8u && receive(b, now, 8) == 0) {
            const uint64_t now_us = (uint64_t)get32(now) | (uint64_t)get32(now + 4) << 32;
            answer(b, 0, sw_firmware_step(fw, now_us, r.arg));
        } else {
            break;
        }
    }
    return -1;
}
