/* SPDX-License-Identifier: Apache-2.0
 *
 * Your firmware on the emulated radar board: the client's side of the bridge, in one header without dependencies.
 *
 * The board holds a BGT60TR13C on SPI, an interrupt and a reset line, a serial line to the host, a standby switch and a
 * button, buzzer and light, a clock chip on I2C (RV-3028 class, address 0x52), 16 MB of NOR flash and an entropy source.
 * Your firmware is an ordinary program; the board talks to it over two byte streams, on POSIX stdin and stdout:
 *
 *     #include "stillwave_device.h"
 *
 *     static void firmware(swdev *b, void *mine)      -- from power-on; memory is as you left it: set your variables here
 *     {
 *         uint8_t bytes[64];
 *         while (swdev_wait(b, 1000000) != SWDEV_BUTTON) {            -- until something happens, at most 1 s
 *             (void)swdev_uart_write(b, bytes, (uint32_t)swdev_uart_read(b, bytes, sizeof bytes));
 *         }
 *     }
 *     int main(void)
 *     {
 *         static swdev board;
 *         swdev_stdio(&board);
 *         return swdev_superloop(&board, firmware, NULL);
 *     }
 *
 * Rules. Time is virtual: it stands still while your code runs and moves only in swdev_wait() and swdev_delay(), so a
 * firmware that polls without waiting never sees anything change. stdout belongs to the board: print to stderr. Calls
 * return 0 or a count, and a negative number when the part refuses or the board is gone.
 *
 * Who has an event machine instead of a loop uses swdev_run(). Elsewhere than on POSIX fill in read and write of the
 * struct yourself, and define SWDEV_NO_STDIO; without <setjmp.h> define SWDEV_NO_SUPERLOOP and use swdev_run().
 * Records and numbers are those of hw_sim/chip/bridge.h and docs/testing.md.
 */
#ifndef STILLWAVE_DEVICE_H
#define STILLWAVE_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#ifndef SWDEV_NO_SUPERLOOP
#include <setjmp.h>
#endif
#ifndef SWDEV_NO_STDIO
#include <errno.h>
#include <unistd.h>
#endif

#define SWDEV_NEVER 0xFFFFFFFFFFFFFFFFu
#define SWDEV_PART_BYTES 16384u /* the longest piece of one record; longer transfers are cut here */

enum swdev_event { /* what ended a wait, and what a step is told */
    SWDEV_POWER_ON = 0,
    SWDEV_RADAR_IRQ = 1, /* the radar's interrupt line rose */
    SWDEV_UART_RX = 2,   /* bytes of the host wait */
    SWDEV_SWITCH = 3,    /* the standby switch changed */
    SWDEV_BUTTON = 4,    /* the button was pressed or released */
    SWDEV_DEADLINE = 5   /* the time asked for has come */
};

typedef struct swdev {
    /* Yours, unless swdev_stdio() filled them in. read: at least one byte, 0 or less when the board is gone;
     * write: all n bytes, negative when it is gone. */
    int32_t (*read)(void *io, uint8_t *to, uint32_t capacity);
    int32_t (*write)(void *io, const uint8_t *from, uint32_t n);
    void *io;
    /* Not yours. */
    uint64_t now_us;
    int32_t gone;
    uint32_t at, have, out_n;
    uint8_t in[2048];
    uint8_t out[256];
#ifndef SWDEV_NO_SUPERLOOP
    jmp_buf restart;
#endif
} swdev;

/* ---- the records: op, arg, n, each 32 bits little-endian, and n bytes ---- */

enum swdev_op {
    SWDEV_OP_START = 1, SWDEV_OP_STEP = 2, SWDEV_OP_REPLY = 3, SWDEV_OP_STOP = 4,
    SWDEV_OP_DONE = 16, SWDEV_OP_CS = 17, SWDEV_OP_XFER = 18, SWDEV_OP_RESET = 19, SWDEV_OP_IRQ = 20,
    SWDEV_OP_SWITCH = 21, SWDEV_OP_UART_WRITE = 22, SWDEV_OP_UART_READ = 23, SWDEV_OP_ENTROPY = 24,
    SWDEV_OP_BUTTON = 25, SWDEV_OP_BUZZER = 26, SWDEV_OP_LIGHT = 27, SWDEV_OP_I2C = 28, SWDEV_OP_FLASH_READ = 29,
    SWDEV_OP_FLASH_PROGRAM = 30, SWDEV_OP_FLASH_ERASE = 31, SWDEV_OP_FLASH_BUSY = 32,
    SWDEV_OP_WATCHDOG_START = 34, SWDEV_OP_WATCHDOG_FEED = 35, SWDEV_OP_RESET_CAUSE = 36
};
#define SWDEV_HEADER 12u
#define SWDEV_WANT_RX 0x80000000u

static inline void swdev_put32(uint8_t *to, uint32_t value)
{
    for (uint32_t i = 0; i < 4u; i++) {
        to[i] = (uint8_t)(value >> (8u * i));
    }
}

static inline uint32_t swdev_get32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static inline void swdev_flush(swdev *b)
{
    if (b->out_n != 0u && !b->gone && b->write(b->io, b->out, b->out_n) < 0) {
        b->gone = 1;
    }
    b->out_n = 0;
}

static inline void swdev_post(swdev *b, uint32_t op, uint32_t arg, const uint8_t *bytes, uint32_t n)
{
    if (b->out_n + SWDEV_HEADER + n > sizeof b->out) {
        swdev_flush(b);
    }
    swdev_put32(b->out + b->out_n, op);
    swdev_put32(b->out + b->out_n + 4, arg);
    swdev_put32(b->out + b->out_n + 8, n);
    b->out_n += SWDEV_HEADER;
    if (n <= sizeof b->out - b->out_n) {
        for (uint32_t i = 0; i < n; i++) {
            b->out[b->out_n + i] = bytes[i];
        }
        b->out_n += n;
        return;
    }
    swdev_flush(b);
    if (!b->gone && b->write(b->io, bytes, n) < 0) {
        b->gone = 1;
    }
}

/* n bytes from the board; to NULL drops them. */
static inline void swdev_take(swdev *b, uint8_t *to, uint32_t n)
{
    for (uint32_t i = 0; i < n && !b->gone; i++) {
        if (b->at == b->have) {
            const int32_t got = b->read(b->io, b->in, (uint32_t)sizeof b->in);
            b->at = 0;
            b->have = got > 0 ? (uint32_t)got : 0u;
            if (got <= 0) {
                b->gone = 1;
                return;
            }
        }
        if (to != NULL) {
            to[i] = b->in[b->at];
        }
        b->at++;
    }
}

/* One question and its answer, whose bytes (at most capacity) go to `to`. Returns the result. */
static inline int32_t swdev_ask(swdev *b, uint32_t op, uint32_t arg, const uint8_t *bytes, uint32_t n, uint8_t *to,
                                uint32_t capacity)
{
    uint8_t header[SWDEV_HEADER];
    swdev_post(b, op, arg, bytes, n);
    swdev_flush(b);
    swdev_take(b, header, SWDEV_HEADER);
    if (b->gone || swdev_get32(header) != SWDEV_OP_REPLY || swdev_get32(header + 8) > capacity) {
        b->gone = 1;
        return -1;
    }
    swdev_take(b, to, swdev_get32(header + 8));
    return b->gone ? -1 : (int32_t)swdev_get32(header + 4);
}

static inline int32_t swdev_tell(swdev *b, uint32_t op, uint32_t arg) { return swdev_ask(b, op, arg, NULL, 0, NULL, 0); }

/* ---- what the board offers ---- */

/* us since power-on. */
static inline uint64_t swdev_now_us(const swdev *b)
{
    return b->now_us;
}

/* Radar: chip select (0 selects), full-duplex transfer (tx NULL sends FF, rx NULL drops), reset pin (0 resets),
 * level of the interrupt line. One chip-select window may hold any number of transfers. */
static inline void swdev_spi_cs(swdev *b, int32_t level)
{
    swdev_post(b, SWDEV_OP_CS, (uint32_t)level, NULL, 0);
}

static inline int32_t swdev_spi_xfer(swdev *b, const uint8_t *tx, uint8_t *rx, uint32_t n)
{
    int32_t rc = 0;
    for (uint32_t at = 0; at < n && rc >= 0;) {
        const uint32_t part = n - at < SWDEV_PART_BYTES ? n - at : SWDEV_PART_BYTES;
        rc = swdev_ask(b, SWDEV_OP_XFER, part | (rx != NULL ? SWDEV_WANT_RX : 0u), tx != NULL ? tx + at : NULL,
                       tx != NULL ? part : 0u, rx != NULL ? rx + at : NULL, rx != NULL ? part : 0u);
        at += part;
    }
    return rc;
}

static inline int32_t swdev_radar_reset(swdev *b, int32_t level) { return swdev_tell(b, SWDEV_OP_RESET, (uint32_t)level); }
static inline int32_t swdev_radar_irq(swdev *b) { return swdev_tell(b, SWDEV_OP_IRQ, 0); }

/* Serial line to the host: bytes taken (less than n when its queue is full), bytes got. */
static inline int32_t swdev_uart_write(swdev *b, const uint8_t *bytes, uint32_t n)
{
    return swdev_ask(b, SWDEV_OP_UART_WRITE, 0, bytes, n < SWDEV_PART_BYTES ? n : SWDEV_PART_BYTES, NULL, 0);
}

static inline int32_t swdev_uart_read(swdev *b, uint8_t *bytes, uint32_t capacity)
{
    const uint32_t n = capacity < SWDEV_PART_BYTES ? capacity : SWDEV_PART_BYTES;
    return swdev_ask(b, SWDEV_OP_UART_READ, n, NULL, 0, bytes, n);
}

/* Pins: 1 in standby; 1 pressed; buzzer 0 or 1; light 0 dark to 65535 full, in white or of each colour. */
static inline int32_t swdev_standby_switch(swdev *b) { return swdev_tell(b, SWDEV_OP_SWITCH, 0); }
static inline int32_t swdev_button(swdev *b) { return swdev_tell(b, SWDEV_OP_BUTTON, 0); }
static inline int32_t swdev_buzzer(swdev *b, int32_t level) { return swdev_tell(b, SWDEV_OP_BUZZER, (uint32_t)level); }
static inline int32_t swdev_light(swdev *b, uint32_t duty) { return swdev_tell(b, SWDEV_OP_LIGHT, duty); }

static inline int32_t swdev_light_rgb(swdev *b, uint32_t red, uint32_t green, uint32_t blue)
{
    uint8_t duties[12];
    swdev_put32(duties, red);
    swdev_put32(duties + 4, green);
    swdev_put32(duties + 8, blue);
    return swdev_ask(b, SWDEV_OP_LIGHT, 0, duties, 12, NULL, 0);
}

/* Watchdog: from its start on (1 to 32768 ms) the device is reset unless it is fed in time; nothing stops it. A reset is
 * a new start for the program. Why this one began: 0 power, 1 reset pin, 2 watchdog, 3 dip of the supply. */
static inline int32_t swdev_watchdog_start(swdev *b, uint32_t timeout_ms)
{
    return swdev_tell(b, SWDEV_OP_WATCHDOG_START, timeout_ms);
}
static inline int32_t swdev_watchdog_feed(swdev *b) { return swdev_tell(b, SWDEV_OP_WATCHDOG_FEED, 0); }
static inline int32_t swdev_reset_cause(swdev *b) { return swdev_tell(b, SWDEV_OP_RESET_CAUSE, 0); }

/* One I2C transaction: writes tx, then reads rx. Negative: nobody has this address. At most 16384 bytes each. */
static inline int32_t swdev_i2c(swdev *b, uint8_t address, const uint8_t *tx, uint32_t tx_n, uint8_t *rx, uint32_t rx_n)
{
    if (tx_n > SWDEV_PART_BYTES || rx_n > SWDEV_PART_BYTES) {
        return -1;
    }
    return swdev_ask(b, SWDEV_OP_I2C, (uint32_t)address | rx_n << 8, tx, tx_n, rx, rx_n);
}

/* Flash: pages of 256 bytes, sectors of 4096. Programming and erasing start at once and keep it busy; until then
 * everything else is refused. At most 16384 bytes in one call. */
static inline int32_t swdev_flash_read(swdev *b, uint32_t address, uint8_t *bytes, uint32_t n)
{
    uint8_t count[4];
    swdev_put32(count, n);
    return n > SWDEV_PART_BYTES ? -1 : swdev_ask(b, SWDEV_OP_FLASH_READ, address, count, 4, bytes, n);
}

static inline int32_t swdev_flash_program(swdev *b, uint32_t address, const uint8_t *bytes, uint32_t n)
{
    return n > SWDEV_PART_BYTES ? -1 : swdev_ask(b, SWDEV_OP_FLASH_PROGRAM, address, bytes, n, NULL, 0);
}

static inline int32_t swdev_flash_erase(swdev *b, uint32_t address) { return swdev_tell(b, SWDEV_OP_FLASH_ERASE, address); }
static inline int32_t swdev_flash_busy(swdev *b) { return swdev_tell(b, SWDEV_OP_FLASH_BUSY, 0); }

/* Random bytes; from the run's seed, so that the same seed gives the same run. */
static inline int32_t swdev_entropy(swdev *b, uint8_t *bytes, uint32_t n)
{
    return n > SWDEV_PART_BYTES ? -1 : swdev_ask(b, SWDEV_OP_ENTROPY, n, NULL, 0, bytes, n);
}

/* ---- the main loop ---- */

static inline void swdev_done(swdev *b, uint64_t deadline_us)
{
    uint8_t bytes[8];
    swdev_put32(bytes, (uint32_t)deadline_us);
    swdev_put32(bytes + 4, (uint32_t)(deadline_us >> 32));
    swdev_post(b, SWDEV_OP_DONE, 0, bytes, 8);
    swdev_flush(b);
}

/* The next record: an event, with the time taken over; -1 at START (power goes off and on), -2 when the board is gone. */
static inline int32_t swdev_next(swdev *b)
{
    uint8_t header[SWDEV_HEADER], now[8] = {0};
    swdev_take(b, header, SWDEV_HEADER);
    if (b->gone || swdev_get32(header) == SWDEV_OP_STOP) {
        b->gone = 1;
        return -2;
    }
    if (swdev_get32(header) == SWDEV_OP_STEP && swdev_get32(header + 8) == 8u) {
        swdev_take(b, now, 8);
        b->now_us = (uint64_t)swdev_get32(now) | (uint64_t)swdev_get32(now + 4) << 32;
        return (int32_t)swdev_get32(header + 4);
    }
    swdev_take(b, NULL, swdev_get32(header + 8)); /* START may hold words for another firmware */
    return -1;
}

/* An event machine: step(b, mine, event) returns its next deadline in us, or SWDEV_NEVER. Every life begins with
 * SWDEV_POWER_ON at time 0. Returns 0 when the board ends the run. */
static inline int swdev_run(swdev *b, uint64_t (*step)(swdev *b, void *mine, int32_t event), void *mine)
{
    for (;;) {
        const int32_t event = swdev_next(b);
        if (event == -2) {
            return 0;
        }
        swdev_done(b, event == -1 ? SWDEV_NEVER : step(b, mine, event));
    }
}

#ifndef SWDEV_NO_SUPERLOOP
/* Sleeps until something happens, at most max_us (SWDEV_NEVER: for ever); returns the event. A power cycle or the end
 * of the run does not return: it leaves the firmware. */
static inline int32_t swdev_wait(swdev *b, uint64_t max_us)
{
    const uint64_t until_us = max_us > SWDEV_NEVER - b->now_us ? SWDEV_NEVER : b->now_us + max_us;
    swdev_done(b, until_us);
    const int32_t event = swdev_next(b);
    if (event < 0) {
        longjmp(b->restart, -event);
    }
    return event;
}

/* Sleeps so long (SWDEV_NEVER: for ever) whatever happens; what happened meanwhile still waits in the serial receiver and on the pins. */
static inline void swdev_delay(swdev *b, uint64_t us)
{
    const uint64_t from_us = b->now_us;
    while (b->now_us - from_us < us) {
        (void)swdev_wait(b, us - (b->now_us - from_us));
    }
}

/* Runs the firmware from every power-on until the next, for ever asleep when it returns. Returns 0 when the board ends
 * the run. */
static inline int swdev_superloop(swdev *b, void (*firmware)(swdev *b, void *mine), void *mine)
{
    if (swdev_next(b) == -2) {
        return 0;
    }
    if (setjmp(b->restart) == 2) { /* 1: a power cycle; memory keeps what it holds */
        return 0;
    }
    (void)swdev_wait(b, SWDEV_NEVER); /* the answer to START, then POWER_ON, or power off and on once more */
    firmware(b, mine);
    for (;;) {
        (void)swdev_wait(b, SWDEV_NEVER);
    }
}
#endif

#ifndef SWDEV_NO_STDIO
static inline int32_t swdev_read_stdin(void *io, uint8_t *to, uint32_t capacity)
{
    ssize_t got;
    (void)io;
    do {
        got = read(STDIN_FILENO, to, capacity);
    } while (got < 0 && errno == EINTR);
    return (int32_t)got;
}

static inline int32_t swdev_write_stdout(void *io, const uint8_t *from, uint32_t n)
{
    (void)io;
    while (n != 0u) {
        const ssize_t done = write(STDOUT_FILENO, from, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return -1;
        }
        from += done;
        n -= (uint32_t)done;
    }
    return 0;
}

/* The bridge on stdin and stdout, as --sw-target program:PATH speaks it. */
static inline void swdev_stdio(swdev *b)
{
    b->read = swdev_read_stdin;
    b->write = swdev_write_stdout;
    b->io = NULL;
    b->now_us = 0;
    b->gone = 0;
    b->at = b->have = b->out_n = 0;
}
#endif

#endif
