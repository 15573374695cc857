/* SPI framing: single accesses, bursts, the status byte GSR0 and the error rules, per chip-select window.
 *
 * Rule: the answer to a byte is fixed when its first bit is clocked, what it does when its last one is, so a window
 * may come in any number of calls and end inside a byte. Whole FIFO words go by memcpy, everything else byte by byte.
 * Source: BGT60TR13C datasheet V2.4.9, SPI chapter.
 */
#include <string.h>
#include "chip_internal.h"

#define ERROR_CLK FIELD_AT(FSTAT_CLK_NUM_ERR, 1u)
#define ERROR_BURST FIELD_AT(FSTAT_SPI_BURST_ERR, 1u)
#define COMMAND_BYTES 4u
#define BURST_COMMAND (REG_BURST << 1 | 1u)
#define COMMAND_CLOCKS 32u
#define WORD_CLOCKS 24u

/* Status bits of the first MISO byte; the upper nibble reads ones. */
static uint8_t gsr0(const chip *c)
{
    uint32_t fou = c->fifo.overflowed | c->fifo.underflowed | (c->options.fou_while_empty && c->fifo.fill == 0);
    uint32_t high_speed = FIELD(c, SFCTL, MISO_HS_RD);
    uint32_t burst = (c->spi.errors_next & ERROR_BURST) != 0;
    uint32_t clk = (c->spi.errors_next & ERROR_CLK) != 0;
    if (c->options.gsr0_vendor_order)
        return (uint8_t)(0xF0u | clk << 3 | burst << 2 | high_speed << 1 | fou);
    return (uint8_t)(0xF0u | fou << 3 | high_speed << 2 | burst << 1 | clk);
}

static void pop_words(chip *c, uint8_t *bytes, uint32_t n)
{
    if (n > c->fifo.fill)
        c->spi.underflowed = 1;
    fifo_pop(&c->fifo, bytes, n);
}

static uint32_t pop_word(chip *c)
{
    uint8_t b[3];
    pop_words(c, b, 1);
    return (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
}

static uint32_t fetch(chip *c, uint32_t address)
{
    if (address == REG_FIFO)
        return pop_word(c);
    if (address > REG_FIFO)
        chip_warn(c, address);
    return registers_peek(c, address);
}

static void store(chip *c, uint32_t address, uint32_t value)
{
    if (address == REG_FIFO) /* its word was lost in fetch() */
        chip_warn(c, address);
    else
        registers_write(c, address, value);
}

static void begin_burst(chip *c, uint32_t header)
{
    spi_state *s = &c->spi;
    s->phase = SPI_BURST;
    s->address = (header >> 17) & 0x7Fu;
    if (s->address > REG_FIFO)
        s->address = REG_FIFO;
    s->writes = (header >> 16) & 1u;
    s->n_words = (header >> 9) & 0x7Fu;
    s->words_done = 0;
    s->word_position = 0;
    if (s->address == REG_FIFO && !s->writes)
        faults_burst(c);
}

static void end_command_byte(chip *c, uint8_t in)
{
    spi_state *s = &c->spi;
    uint32_t first = s->n_bytes == 0;
    if (first)
        s->previous = in == BURST_COMMAND ? 0u : fetch(c, in >> 1);
    s->command = first ? in : s->command << 8 | in;
    if (s->n_bytes + 1u < COMMAND_BYTES)
        return;
    if (s->command >> 24 == BURST_COMMAND) {
        begin_burst(c, s->command);
    } else {
        s->phase = SPI_SINGLE_DONE;
        if ((s->command >> 24) & 1u)
            store(c, s->command >> 25, s->command & WORD_MASK);
    }
}

static void end_burst_byte(chip *c, uint8_t in)
{
    spi_state *s = &c->spi;
    s->word_in = (s->word_in << 8 | in) & WORD_MASK;
    if (++s->word_position < 3u)
        return;
    s->word_position = 0;
    s->words_done++;
    if (s->writes)
        store(c, s->address, s->word_in);
    if (s->address < REG_FIFO)
        s->address++;
}

static uint32_t bound_reached(const spi_state *s)
{
    return s->n_words && s->words_done == s->n_words;
}

/* The byte that MISO shows while the next eight bits are clocked. */
static uint8_t begin_byte(chip *c)
{
    spi_state *s = &c->spi;
    if (s->phase == SPI_COMMAND)
        return s->n_bytes == 0 ? s->gsr0 : (uint8_t)(s->previous >> (8u * (3u - (uint32_t)s->n_bytes)));
    if (s->phase != SPI_BURST || bound_reached(s))
        return 0;
    if (s->word_position == 0)
        s->word_out = fetch(c, s->address);
    return (uint8_t)(s->word_out >> (8u * (2u - s->word_position)));
}

static void end_byte(chip *c, uint8_t in)
{
    spi_state *s = &c->spi;
    if (s->phase == SPI_COMMAND)
        end_command_byte(c, in);
    else if (s->phase == SPI_BURST && !bound_reached(s))
        end_burst_byte(c, in);
    s->n_bytes++;
}

static uint32_t clock_bit(chip *c, uint32_t in)
{
    spi_state *s = &c->spi;
    uint32_t out;
    if (s->n_bits == 0) {
        s->byte_out = begin_byte(c);
        s->byte_in = 0;
    }
    out = (s->byte_out >> (7u - s->n_bits)) & 1u;
    s->byte_in = (uint8_t)(s->byte_in << 1 | (in & 1u));
    clock_spi_bits(c, 1);
    if (++s->n_bits == 8u) {
        s->n_bits = 0;
        c->counters.spi_bytes++;
        end_byte(c, s->byte_in);
    }
    return out;
}

static uint32_t clock_bits(chip *c, uint32_t in, uint32_t n_bits)
{
    uint32_t out = 0;
    for (uint32_t left = n_bits; left > 0; left--)
        out = out << 1 | clock_bit(c, in >> (left - 1u));
    return out;
}

/* Whole words of a FIFO read burst at once, one at a time when that takes time; returns the bytes it dealt with. */
static uint32_t burst_from_fifo(chip *c, uint8_t *rx, uint32_t n)
{
    spi_state *s = &c->spi;
    uint64_t words = n / 3u;
    if (s->phase != SPI_BURST || s->writes || s->address != REG_FIFO || s->word_position != 0)
        return 0;
    if (s->n_words && words > s->n_words - s->words_done)
        words = s->n_words - s->words_done;
    if (clock_is_timed(c) && words > 1u)
        words = 1u;
    pop_words(c, rx, (uint32_t)words);
    clock_spi_bits(c, WORD_CLOCKS * words);
    s->words_done += words;
    s->n_bytes += 3u * words;
    c->counters.spi_bytes += 3u * words;
    return 3u * (uint32_t)words;
}

static int32_t deaf(const chip *c)
{
    return c->in_reset ? CHIP_ERROR_IN_RESET : c->spi.selected ? CHIP_OK : CHIP_ERROR_NOT_SELECTED;
}

int32_t chip_xfer(void *memory, const uint8_t *tx, uint8_t *rx, uint32_t n)
{
    chip *c = memory;
    uint32_t i = 0;
    if (deaf(c)) {
        if (rx)
            memset(rx, 0xFF, n);
        clock_spi_bits(c, 8u * (uint64_t)n);
        return deaf(c);
    }
    while (i < n) {
        uint32_t done = c->spi.n_bits == 0 ? burst_from_fifo(c, rx ? rx + i : NULL, n - i) : 0u;
        uint8_t in = tx ? tx[i] : 0xFFu;
        uint8_t out;
        if (done) {
            i += done;
            continue;
        }
        if (c->spi.n_bits == 0) {
            out = begin_byte(c);
            clock_spi_bits(c, 8);
            end_byte(c, in);
            c->counters.spi_bytes++;
        } else {
            out = (uint8_t)clock_bits(c, in, 8);
        }
        if (rx)
            rx[i] = out;
        i++;
    }
    return CHIP_OK;
}

int32_t chip_clock_bits(void *memory, uint32_t mosi, uint32_t n_bits, uint32_t *miso)
{
    chip *c = memory;
    int32_t error = n_bits > 32u ? CHIP_ERROR_WRONG_USE : deaf(c);
    uint32_t out = n_bits < 32u ? (1u << n_bits) - 1u : 0xFFFFFFFFu;
    if (!error)
        out = clock_bits(c, mosi, n_bits);
    else if (error != CHIP_ERROR_WRONG_USE)
        clock_spi_bits(c, n_bits);
    if (miso)
        *miso = out;
    return error;
}

static uint64_t window_clocks(const spi_state *s)
{
    return 8u * s->n_bytes + s->n_bits;
}

static uint32_t window_errors(const spi_state *s)
{
    uint64_t data = window_clocks(s) - COMMAND_CLOCKS;
    if (s->phase != SPI_BURST)
        return window_clocks(s) == COMMAND_CLOCKS ? 0u : ERROR_CLK;
    if (data % WORD_CLOCKS)
        return s->n_words ? ERROR_CLK | ERROR_BURST : ERROR_CLK;
    return s->n_words && data / WORD_CLOCKS != s->n_words ? ERROR_BURST : 0u;
}

static void close_window(chip *c)
{
    spi_state *s = &c->spi;
    if (window_clocks(s) == 0)
        return;
    s->errors_next = window_errors(s);
    s->errors_sticky |= s->errors_next;
    c->counters.underflows += s->underflowed;
    if (s->phase == SPI_BURST && !s->writes && s->address == REG_FIFO) {
        if (frames_lfsr_enabled(c))
            c->counters.test_burst_bytes += s->n_bytes;
        else
            c->counters.fifo_burst_bytes += s->n_bytes;
    }
}

int32_t chip_cs(void *memory, int32_t level)
{
    chip *c = memory;
    spi_state *s = &c->spi;
    if (c->in_reset)
        return CHIP_ERROR_IN_RESET;
    if (level == 0 && !s->selected) {
        resets_check_wait(c);
        s->selected = 1;
        s->phase = SPI_COMMAND;
        s->n_bytes = 0;
        s->n_bits = 0;
        s->underflowed = 0;
        s->gsr0 = gsr0(c);
    } else if (level != 0 && s->selected) {
        s->selected = 0;
        close_window(c);
    }
    return CHIP_OK;
}
