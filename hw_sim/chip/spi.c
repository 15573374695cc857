/* SPI framing: single accesses, bursts, the status byte GSR0 and the error rules, per chip-select window.
 *
 * Rule: bytes only (a master that stops inside a byte is not modelled); a window may come in any number of calls;
 * whole FIFO words go by memcpy, everything else byte by byte. Source: BGT60TR13C datasheet V2.4.9, SPI chapter.
 */
#include <string.h>
#include "chip_internal.h"

#define ERROR_CLK FIELD_AT(FSTAT_CLK_NUM_ERR, 1u)
#define ERROR_BURST FIELD_AT(FSTAT_SPI_BURST_ERR, 1u)
#define COMMAND_BYTES 4u

/* Status bits of the first MISO byte; the upper nibble reads ones. */
static uint8_t gsr0(const chip *c)
{
    uint32_t fou = c->fifo.overflowed | c->fifo.underflowed;
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
}

static uint8_t clock_command(chip *c, uint8_t in)
{
    spi_state *s = &c->spi;
    uint32_t index = (uint32_t)s->n_bytes;
    uint8_t out;
    if (index == 0) {
        out = s->gsr0;
        s->command = 0;
        s->previous = in == 0xFFu ? 0u : fetch(c, in >> 1);
    } else {
        out = (uint8_t)(s->previous >> (8u * (3u - index)));
    }
    s->command = s->command << 8 | in;
    if (index + 1u == COMMAND_BYTES) {
        if (s->command >> 24 == 0xFFu) {
            begin_burst(c, s->command);
        } else {
            s->phase = SPI_SINGLE_DONE;
            if ((s->command >> 24) & 1u)
                store(c, s->command >> 25, s->command & WORD_MASK);
        }
    }
    return out;
}

static uint8_t clock_burst(chip *c, uint8_t in)
{
    spi_state *s = &c->spi;
    uint8_t out;
    if (s->n_words && s->words_done == s->n_words)
        return 0;
    if (s->word_position == 0)
        s->word_out = fetch(c, s->address);
    out = (uint8_t)(s->word_out >> (8u * (2u - s->word_position)));
    s->word_in = (s->word_in << 8 | in) & WORD_MASK;
    if (++s->word_position == 3u) {
        s->word_position = 0;
        s->words_done++;
        if (s->writes)
            store(c, s->address, s->word_in);
        if (s->address < REG_FIFO)
            s->address++;
    }
    return out;
}

/* Whole words of a FIFO read burst at once; returns the bytes it dealt with. */
static uint32_t burst_from_fifo(chip *c, uint8_t *rx, uint32_t n)
{
    spi_state *s = &c->spi;
    uint64_t words = n / 3u;
    if (s->phase != SPI_BURST || s->writes || s->address != REG_FIFO || s->word_position != 0)
        return 0;
    if (s->n_words && words > s->n_words - s->words_done)
        words = s->n_words - s->words_done;
    pop_words(c, rx, (uint32_t)words);
    s->words_done += words;
    s->n_bytes += 3u * words;
    return 3u * (uint32_t)words;
}

int32_t chip_xfer(void *memory, const uint8_t *tx, uint8_t *rx, uint32_t n)
{
    chip *c = memory;
    spi_state *s = &c->spi;
    uint32_t i = 0;
    if (c->in_reset || !s->selected) {
        if (rx)
            memset(rx, 0xFF, n);
        return c->in_reset ? CHIP_ERROR_IN_RESET : CHIP_ERROR_NOT_SELECTED;
    }
    c->counters.spi_bytes += n;
    while (i < n) {
        uint32_t done = burst_from_fifo(c, rx ? rx + i : NULL, n - i);
        if (done) {
            i += done;
        } else {
            uint8_t in = tx ? tx[i] : 0xFFu;
            uint8_t out = s->phase == SPI_COMMAND ? clock_command(c, in)
                : s->phase == SPI_BURST ? clock_burst(c, in) : 0u;
            if (rx)
                rx[i] = out;
            s->n_bytes++;
            i++;
        }
    }
    return CHIP_OK;
}

static uint32_t window_errors(const spi_state *s)
{
    uint64_t data = s->n_bytes - COMMAND_BYTES;
    if (s->phase != SPI_BURST)
        return s->n_bytes == COMMAND_BYTES ? 0u : ERROR_CLK;
    if (data % 3u)
        return s->n_words ? ERROR_CLK | ERROR_BURST : ERROR_CLK;
    return s->n_words && data / 3u != s->n_words ? ERROR_BURST : 0u;
}

static void close_window(chip *c)
{
    spi_state *s = &c->spi;
    if (s->n_bytes == 0)
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
        s->selected = 1;
        s->phase = SPI_COMMAND;
        s->n_bytes = 0;
        s->underflowed = 0;
        s->gsr0 = gsr0(c);
    } else if (level != 0 && s->selected) {
        s->selected = 0;
        close_window(c);
    }
    return CHIP_OK;
}
