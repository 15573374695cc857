/* Serves the HAL of a device in another process.
 *
 * Rule: one write() per record; whatever goes wrong becomes the board's reason, never a hang or a signal.
 */
#define _POSIX_C_SOURCE 200809L

#include "bridge_internal.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NEVER UINT64_MAX
#define WANT_RX 0x80000000u
#define LOOKS 100u /* most answers come sooner than a sleeper is woken */
#define LOOK_MS 1000
#define RECORDS_A_LOOK 1024u /* of a step, so that one which only asks is looked at as well */

static void put64(uint8_t *to, uint64_t value)
{
    put32(to, (uint32_t)value);
    put32(to + 4, (uint32_t)(value >> 32));
}

static uint64_t get64(const uint8_t *from)
{
    return (uint64_t)get32(from) | (uint64_t)get32(from + 4) << 32;
}

void bridge_init(bridge *g, board *b, int32_t fd_to, int32_t fd_from)
{
    memset(g, 0, sizeof *g);
    g->board = b;
    g->fd_to = fd_to;
    g->fd_from = fd_from;
    g->timeout_ms = BRIDGE_TIMEOUT_MS;
}

/* The payload already lies in out behind the header. */
int32_t bridge_send(bridge *g, uint32_t op, uint32_t arg, uint32_t n)
{
    put32(g->out, op);
    put32(g->out + 4, arg);
    put32(g->out + 8, n);
    const uint8_t *from = g->out;
    size_t left = BRIDGE_HEADER_BYTES + n;
    while (left != 0u) {
        const ssize_t done = write(g->fd_to, from, left);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            board_fail(g->board, "the target process is gone: it does not take records any more");
            return -1;
        }
        from += done;
        left -= (size_t)done;
    }
    return 0;
}

static int64_t wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ms that are left of the step, at most a look's; negative: its time is over. */
static int32_t left_ms(const bridge *g)
{
    const int64_t left = g->timeout_ms < 0 ? LOOK_MS : g->since_ms + g->timeout_ms - wall_ms();
    return left > LOOK_MS ? LOOK_MS : (int32_t)left;
}

static void begin_step(bridge *g)
{
    g->since_ms = wall_ms();
    g->since_record = g->records;
}

static void fail_late(bridge *g)
{
    const int32_t busy = g->records - g->since_record >= RECORDS_A_LOOK;
    board_fail(g->board, busy ? "the target process asks and asks, but never waits: timeout"
                              : "the target process does not answer: timeout");
}

/* Whoever waits for the board may give up. */
static int32_t given_up(bridge *g)
{
    if (g->waiting == NULL || g->waiting(g->waiting_ctx) == 0) {
        return 0;
    }
    board_fail(g->board, "the target process was given up");
    return 1;
}

/* Until something can be read. */
static int32_t wait_for_bytes(bridge *g)
{
    struct pollfd wait = {.fd = g->fd_from, .events = POLLIN, .revents = 0};
    int ready = 0;
    for (uint32_t look = 0; look < LOOKS && ready == 0; look++) {
        ready = poll(&wait, 1, 0);
    }
    while (ready <= 0) {
        const int32_t left = left_ms(g);
        if (left < 0) {
            fail_late(g);
            return -1;
        }
        ready = poll(&wait, 1, left);
        if (ready <= 0 && given_up(g)) {
            return -1;
        }
    }
    return 0;
}

/* At least one more byte into in; earlier bytes were used up. */
static int32_t refill(bridge *g)
{
    if (wait_for_bytes(g) != 0) {
        return -1;
    }
    const ssize_t got = read(g->fd_from, g->in, sizeof g->in);
    if (got <= 0) {
        board_fail(g->board, "the target process is gone: it closed its side in the middle of a step");
        return -1;
    }
    g->at = 0;
    g->have = (uint32_t)got;
    return 0;
}

static int32_t receive(bridge *g, uint8_t *to, uint32_t n)
{
    while (n != 0u) {
        if (g->at == g->have && refill(g) != 0) {
            return -1;
        }
        const uint32_t there = g->have - g->at;
        const uint32_t part = n < there ? n : there;
        memcpy(to, g->in + g->at, part);
        g->at += part;
        to += part;
        n -= part;
    }
    return 0;
}

static int32_t receive_record(bridge *g, record *r)
{
    uint8_t header[BRIDGE_HEADER_BYTES];
    if (receive(g, header, sizeof header) != 0) {
        return -1;
    }
    r->op = get32(header);
    r->arg = get32(header + 4);
    r->n = get32(header + 8);
    if (r->n > BRIDGE_PAYLOAD_BYTES) {
        board_fail(g->board, "the target process sent a record that is too long (stdout is the bridge's: print to stderr)");
        return -1;
    }
    g->records++;
    if (g->records % RECORDS_A_LOOK == 0u) {
        if (left_ms(g) < 0) {
            fail_late(g);
            return -1;
        }
        if (given_up(g)) {
            return -1;
        }
    }
    return receive(g, g->payload, r->n);
}

static int32_t serve_xfer(bridge *g, const record *r)
{
    const uint32_t n = r->arg & ~WANT_RX;
    if (n > BRIDGE_PAYLOAD_BYTES || (r->n != 0u && r->n != n)) {
        board_fail(g->board, "the target process asked for an impossible transfer");
        return -1;
    }
    const int32_t want = (r->arg & WANT_RX) != 0u;
    const int32_t rc = board_spi_xfer(g->board, r->n != 0u ? g->payload : NULL,
                                      want ? g->out + BRIDGE_HEADER_BYTES : NULL, n);
    return bridge_send(g, BRIDGE_REPLY, (uint32_t)rc, want ? n : 0u);
}

/* Result and bytes of a HAL call that fills memory of the device. */
static int32_t serve_read(bridge *g, const record *r)
{
    uint8_t *to = g->out + BRIDGE_HEADER_BYTES;
    const uint32_t n = r->arg < BRIDGE_PAYLOAD_BYTES ? r->arg : BRIDGE_PAYLOAD_BYTES;
    if (r->op == BRIDGE_ENTROPY) {
        return bridge_send(g, BRIDGE_REPLY, (uint32_t)board_entropy_read(g->board, to, n), n);
    }
    const int32_t got = board_uart_read(g->board, to, n);
    return bridge_send(g, BRIDGE_REPLY, (uint32_t)got, got > 0 ? (uint32_t)got : 0u);
}

static int32_t serve(bridge *g, const record *r)
{
    board *b = g->board;
    switch (r->op) {
    case BRIDGE_CS:
        (void)board_spi_cs(b, (int32_t)r->arg);
        return 0;
    case BRIDGE_XFER:
        return serve_xfer(g, r);
    case BRIDGE_RESET:
        return bridge_send(g, BRIDGE_REPLY, (uint32_t)board_radar_reset(b, (int32_t)r->arg), 0);
    case BRIDGE_IRQ:
        return bridge_send(g, BRIDGE_REPLY, (uint32_t)board_radar_irq(b), 0);
    case BRIDGE_SWITCH:
        return bridge_send(g, BRIDGE_REPLY, (uint32_t)board_standby_switch(b), 0);
    case BRIDGE_UART_WRITE:
        return bridge_send(g, BRIDGE_REPLY, (uint32_t)board_uart_write(b, g->payload, r->n), 0);
    case BRIDGE_UART_READ:
    case BRIDGE_ENTROPY:
        return serve_read(g, r);
    default:
        return bridge_serve_part(g, r);
    }
}

/* Serves until DONE. Returns its status; *deadline_us gets the rest. */
static int32_t converse(bridge *g, uint64_t *deadline_us)
{
    record r;
    *deadline_us = NEVER;
    begin_step(g);
    while (receive_record(g, &r) == 0) {
        if (r.op == BRIDGE_DONE && r.n == 8u) {
            *deadline_us = get64(g->payload);
            return (int32_t)r.arg;
        }
        if (serve(g, &r) != 0) {
            break;
        }
    }
    return -1;
}

int32_t bridge_start(bridge *g, const uint32_t *words, uint32_t n_words)
{
    uint64_t deadline_us;
    if (n_words > BRIDGE_CONFIG_WORDS) {
        return -1;
    }
    for (uint32_t i = 0; i < n_words; i++) {
        put32(g->out + BRIDGE_HEADER_BYTES + 4u * i, words[i]);
    }
    if (bridge_send(g, BRIDGE_START, 0, 4u * n_words) != 0) {
        return -1;
    }
    return converse(g, &deadline_us);
}

uint64_t bridge_step(void *ctx, uint64_t now_us, uint32_t event)
{
    bridge *g = ctx;
    uint64_t deadline_us = NEVER;
    put64(g->out + BRIDGE_HEADER_BYTES, now_us);
    if (!g->board->failed && bridge_send(g, BRIDGE_STEP, event, 8) == 0) {
        (void)converse(g, &deadline_us);
    }
    return deadline_us;
}

void bridge_stop(bridge *g)
{
    if (!g->board->failed) {
        (void)bridge_send(g, BRIDGE_STOP, 0, 0);
    }
}

int32_t bridge_await(bridge *g, uint64_t *now_us)
{
    record r;
    begin_step(g);
    while (receive_record(g, &r) == 0) {
        if (r.op == BRIDGE_ADVANCE && r.n == 8u) {
            *now_us = get64(g->payload);
            return 1;
        }
        if (serve(g, &r) != 0) {
            break;
        }
    }
    return -1;
}

uint64_t bridge_note(void *ctx, uint64_t now_us, uint32_t event)
{
    bridge *g = ctx;
    (void)now_us;
    g->happened |= 1u << event;
    return NEVER;
}

int32_t bridge_tell(bridge *g)
{
    const uint32_t happened = g->happened;
    g->happened = 0;
    return bridge_send(g, BRIDGE_REPLY, happened, 0);
}
