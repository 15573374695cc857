/* The wires between the device and the radar chip: SPI, reset, interrupt; and what can be wrong with them.
 *
 * Rule: without a fault every call goes straight to the chip. A fault follows from time, counts and the board's seed
 * alone, so the same run gives the same faults.
 */
#include <stddef.h>

#include "board_internal.h"
#include "chip.h"

#define FIFO_ADDRESS 0x60u
#define SFCTL 0x06u
#define MISO_HS_RD (1u << 16)
#define BURST_COMMAND 0xFFu /* address 0x7F with the write bit: a burst header */
#define HEADER_BYTES 4u
#define FAULTY_BYTE 3u      /* the byte of a window that loses a clock, or gains one: the last of the header */
#define PPM 1000000u
#define DROPPED_BYTES 256u
#define FLIP_STREAM 0xF11Bu /* parts this generator from the board's entropy */

void bus_init(board *b)
{
    b->faults = (board_faults){.miso_from_us = NEVER, .miso_and = 0xFFu, .irq_low_from_us = NEVER,
                               .irq_high_from_us = NEVER, .brown_out_at_us = NEVER};
    b->bus.reset_level = 1;
    bus_reset(b);
}

/* Edges that a new fault makes are edges of this instant; glitches count from here. */
void board_set_faults(board *b, const board_faults *faults)
{
    const uint32_t glitches_every_us = b->faults.irq_spurious_every_us;
    const uint32_t held = b->faults.reset_held;
    b->faults = *faults;
    if (faults->irq_spurious_every_us != 0u && faults->irq_spurious_every_us != glitches_every_us) {
        b->bus.glitches = b->now_us / faults->irq_spurious_every_us;
    }
    if (faults->reset_held != held) {
        (void)chip_reset_pin(b->chip, b->bus.reset_level && !faults->reset_held);
    }
    if (b->powered) {
        bus_watch_irq(b);
    }
}

void board_brown_out(board *b)
{
    chip_brown_out(b->chip);
    bus_watch_irq(b);
}

void bus_reset(board *b)
{
    if (b->bus.selected)
        TRACE_LEVEL(b, TRACE_CS, 1);
    if (b->bus.irq_seen)
        TRACE_LEVEL(b, TRACE_IRQ, 0);
    b->bus.irq_seen = 0;
    b->bus.irq_rose = 0;
    b->bus.glitch = 0;
    b->bus.high_since_us = NEVER;
    b->bus.selected = 0;
    b->bus.window_bytes = 0;
}

int32_t bus_irq_level(const board *b)
{
    const board_faults *f = &b->faults;
    int32_t level = chip_irq(b->chip);
    if (f->irq_late_us != 0u) {
        level = level && b->bus.high_since_us != NEVER && b->now_us - b->bus.high_since_us >= f->irq_late_us;
    }
    level = f->irq_inverted ? !level : level;
    level = b->now_us >= f->irq_high_from_us ? 1 : level;
    return b->now_us >= f->irq_low_from_us ? 0 : level;
}

uint64_t bus_now_ns(const board *b)
{
    const uint64_t board_ns = b->now_us * 1000u;
    const uint64_t chip_ns = chip_time_ns(b->chip); /* ahead during transfers that take time */
    return chip_ns > board_ns ? chip_ns : board_ns;
}

static void watch_irq_at(board *b, uint64_t t_ns)
{
    if (!chip_irq(b->chip)) {
        b->bus.high_since_us = NEVER;
    } else if (b->bus.high_since_us == NEVER) {
        b->bus.high_since_us = b->now_us;
    }
    const int32_t level = bus_irq_level(b);
    if (level && !b->bus.irq_seen) {
        b->bus.edges++;
        if (b->faults.irq_miss_every == 0u || b->bus.edges % b->faults.irq_miss_every != 0u) {
            b->bus.irq_rose = 1;
        }
    }
    if (b->trace != NULL && level != b->bus.irq_seen) {
        trace_level(b->trace, t_ns, TRACE_IRQ, (uint32_t)level);
    }
    b->bus.irq_seen = level;
}

void bus_watch_irq(board *b)
{
    watch_irq_at(b, bus_now_ns(b));
}

void bus_irq_event(board *b, uint64_t event_ns)
{
    const uint64_t now_ns = bus_now_ns(b);
    const int32_t by_chip = b->faults.irq_late_us == 0u && event_ns < now_ns && chip_irq(b->chip);
    watch_irq_at(b, by_chip ? event_ns : now_ns);
}

int32_t bus_edge_waits(const board *b)
{
    return b->bus.irq_rose || b->bus.glitch;
}

int32_t bus_take_edge(board *b)
{
    const int32_t given = b->bus.glitch || (b->bus.irq_rose && bus_irq_level(b));
    b->bus.irq_rose = 0;
    b->bus.glitch = 0;
    return given;
}

static uint64_t next_glitch_us(const board *b)
{
    const uint64_t every_us = b->faults.irq_spurious_every_us;
    return every_us == 0u ? NEVER : (b->bus.glitches + 1u) * every_us;
}

uint64_t bus_next_us(const board *b)
{
    const board_faults *f = &b->faults;
    uint64_t t = next_glitch_us(b);
    if (b->bus.browned_out == 0 && f->brown_out_at_us < t) {
        t = f->brown_out_at_us;
    }
    if (f->irq_late_us != 0u && b->bus.high_since_us != NEVER && b->bus.high_since_us + f->irq_late_us > b->now_us
        && b->bus.high_since_us + f->irq_late_us < t) {
        t = b->bus.high_since_us + f->irq_late_us;
    }
    if (f->irq_high_from_us > b->now_us && f->irq_high_from_us < t) {
        t = f->irq_high_from_us;
    }
    return t;
}

void bus_at(board *b, uint64_t t_us)
{
    if (t_us >= b->faults.brown_out_at_us && b->bus.browned_out == 0) {
        b->bus.browned_out = 1;
        chip_brown_out(b->chip);
    }
    while (t_us >= next_glitch_us(b)) {
        b->bus.glitches++;
        b->bus.glitch = 1;
    }
}

int32_t board_spi_cs(void *ctx, int32_t level)
{
    board *b = ctx;
    const int32_t rc = chip_cs(b->chip, level);
    if (level == 0 && !b->bus.selected) {
        b->bus.windows++;
    }
    if ((level == 0) != b->bus.selected) {
        TRACE_LEVEL(b, TRACE_CS, level != 0);
    }
    b->bus.selected = level == 0;
    b->bus.window_bytes = 0;
    b->bus.late_bit = 1;
    bus_watch_irq(b);
    return b->faults.reset_held ? 0 : rc;
}

/* True for bytes behind a burst-read header that names the FIFO. */
static int32_t in_fifo_burst(const board *b)
{
    return b->bus.header[0] == BURST_COMMAND && (b->bus.header[1] >> 1) >= FIFO_ADDRESS && (b->bus.header[1] & 1u) == 0u;
}

/* One bit of the byte, with the chance of the fault; counted over all bytes since the board began. */
static uint8_t flipped(const board *b, uint8_t byte, uint64_t counter)
{
    const uint64_t word = board_hash64(board_hash64(b->seed ^ FLIP_STREAM) + counter);
    return (word >> 8) % PPM < b->faults.miso_flip_ppm ? (uint8_t)(byte ^ 1u << (word & 7u)) : byte;
}

static void spoil_miso(const board *b, uint8_t *rx, uint32_t n, uint32_t at)
{
    const board_faults *f = &b->faults;
    for (uint32_t i = 0; i < n; i++) {
        if (f->miso_scope == BOARD_MISO_WHOLE || (at + i >= HEADER_BYTES && in_fifo_burst(b))) {
            rx[i] = (uint8_t)((rx[i] & f->miso_and) | f->miso_or);
            rx[i] = f->miso_flip_ppm != 0u ? flipped(b, rx[i], b->bus.bytes + i) : rx[i];
        }
    }
}

/* MISO too slow for the clock: every bit is taken for the next one, unless the chip sends half a clock early. */
static void delay_miso(board *b, uint8_t *rx, uint32_t n)
{
    if (chip_register(b->chip, SFCTL) & MISO_HS_RD) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t byte = rx[i];
        rx[i] = (uint8_t)(b->bus.late_bit << 7 | byte >> 1);
        b->bus.late_bit = byte & 1u;
    }
}

static int32_t nth(uint64_t count, uint32_t every)
{
    return every != 0u && count % every == 0u;
}

/* A byte whose last clock the chip does not see (-1), or sees twice (+1). */
static int32_t clock_faulty_byte(board *b, uint8_t tx, uint8_t *rx, int32_t fault)
{
    uint32_t miso = 0xFFu;
    int32_t rc;
    if (fault < 0) {
        rc = chip_clock_bits(b->chip, tx >> 1, 7, &miso);
        miso = miso << 1 | (miso & 1u);
    } else {
        rc = chip_clock_bits(b->chip, (uint32_t)tx << 1 | (tx & 1u), 9, &miso);
        miso >>= 1;
    }
    if (rx != NULL) {
        *rx = (uint8_t)miso;
    }
    return rc;
}

/* In pieces: chip select released between chunks, a clock lost or added. */
static int32_t faulty_xfer(board *b, const uint8_t *tx, uint8_t *rx, uint32_t n)
{
    const uint32_t chunk = b->faults.cs_chunk_bytes;
    const int32_t fault = nth(b->bus.windows, b->faults.lost_clock_every) ? -1
        : nth(b->bus.windows, b->faults.extra_clock_every) ? 1 : 0;
    int32_t rc = 0;
    for (uint32_t i = 0; i < n;) {
        const uint32_t at = b->bus.window_bytes + i;
        uint32_t part = n - i;
        if (chunk != 0u && at != 0u && at % chunk == 0u) {
            (void)chip_cs(b->chip, 1);
            TRACE_LEVEL(b, TRACE_CS, 1);
            bus_watch_irq(b);
            (void)chip_cs(b->chip, 0);
            TRACE_LEVEL(b, TRACE_CS, 0);
            bus_watch_irq(b);
        }
        if (fault != 0 && at == FAULTY_BYTE) {
            rc = clock_faulty_byte(b, tx != NULL ? tx[i] : 0xFFu, rx != NULL ? rx + i : NULL, fault);
            i++;
            continue;
        }
        if (fault != 0 && at < FAULTY_BYTE && part > FAULTY_BYTE - at) {
            part = FAULTY_BYTE - at;
        }
        if (chunk != 0u && part > chunk - at % chunk) {
            part = chunk - at % chunk;
        }
        rc = chip_xfer(b->chip, tx != NULL ? tx + i : NULL, rx != NULL ? rx + i : NULL, part);
        i += part;
    }
    return rc;
}

static int32_t transfer(board *b, const uint8_t *tx, uint8_t *rx, uint32_t n)
{
    const board_faults *f = &b->faults;
    const int32_t whole = (f->lost_clock_every | f->extra_clock_every | f->cs_chunk_bytes) == 0u || !b->bus.selected;
    const int32_t rc = whole ? chip_xfer(b->chip, tx, rx, n) : faulty_xfer(b, tx, rx, n);
    const uint32_t at = b->bus.window_bytes;
    for (uint32_t i = 0; i < n && at + i < HEADER_BYTES; i++) {
        b->bus.header[at + i] = tx != NULL ? tx[i] : 0xFFu;
    }
    if (rx != NULL && f->miso_late) {
        delay_miso(b, rx, n);
    }
    if (rx != NULL && b->now_us >= f->miso_from_us) {
        spoil_miso(b, rx, n, at);
    }
    b->bus.window_bytes = at + n;
    b->bus.bytes += n;
    return f->reset_held ? 0 : rc; /* the device's SPI knows nothing of it */
}

/* In pieces, which makes no difference to the chip: each within one window, and what the device drops is received. */
static int32_t logged_transfer(board *b, const uint8_t *tx, uint8_t *rx, uint32_t n)
{
    const uint32_t chunk = b->faults.cs_chunk_bytes;
    uint8_t dropped[DROPPED_BYTES];
    int32_t rc = 0;
    for (uint32_t i = 0; i < n;) {
        const uint64_t began_ns = bus_now_ns(b);
        uint32_t part = n - i;
        uint8_t *to = rx != NULL ? rx + i : dropped;
        if (rx == NULL && part > DROPPED_BYTES) {
            part = DROPPED_BYTES;
        }
        if (chunk != 0u && part > chunk - b->bus.window_bytes % chunk) {
            part = chunk - b->bus.window_bytes % chunk;
        }
        rc = transfer(b, tx != NULL ? tx + i : NULL, to, part);
        trace_spi(b->trace, began_ns, bus_now_ns(b), tx != NULL ? tx + i : NULL, to, part);
        i += part;
    }
    return rc;
}

int32_t board_spi_xfer(void *ctx, const uint8_t *tx, uint8_t *rx, uint32_t n)
{
    board *b = ctx;
    return b->trace != NULL ? logged_transfer(b, tx, rx, n) : transfer(b, tx, rx, n);
}

int32_t board_radar_reset(void *ctx, int32_t level)
{
    board *b = ctx;
    b->bus.reset_level = level != 0;
    const int32_t rc = chip_reset_pin(b->chip, level && !b->faults.reset_held);
    TRACE_LEVEL(b, TRACE_RST, level != 0);
    bus_watch_irq(b);
    return rc;
}

int32_t board_radar_irq(void *ctx)
{
    return bus_irq_level(ctx);
}

void board_trace(board *b, trace *log)
{
    b->trace = log;
    TRACE_LEVEL(b, TRACE_CS, !b->bus.selected);
    TRACE_LEVEL(b, TRACE_RST, 1); /* a device that holds it low says so again */
    TRACE_LEVEL(b, TRACE_IRQ, b->bus.irq_seen);
    TRACE_LEVEL(b, TRACE_SWITCH, b->pins.slide.level);
    TRACE_LEVEL(b, TRACE_BUTTON, board_button(b));
    TRACE_LEVEL(b, TRACE_BUZZER, b->pins.value[PIN_BUZZER]);
    TRACE_LEVEL(b, TRACE_LIGHT, b->pins.value[PIN_LIGHT]);
    TRACE_LEVEL(b, TRACE_RED, b->pins.value[PIN_RED]);
    TRACE_LEVEL(b, TRACE_GREEN, b->pins.value[PIN_GREEN]);
    TRACE_LEVEL(b, TRACE_BLUE, b->pins.value[PIN_BLUE]);
}
