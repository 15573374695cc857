/* The sample memory: 8192 words of 24 bits, two 12-bit samples each, kept as the 3 bytes that go over the wire.
 *
 * Rule: no clock and no interrupt in here. A push that does not fit sets the overflow flag and drops the rest;
 * a pop from an empty memory gives all ones and sets the underflow flag. Both flags stay until fifo_reset().
 */
#include <string.h>
#include "chip_internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "pack_four() is written for little-endian hosts");

void fifo_reset(fifo_state *fifo)
{
    fifo->read_word = 0;
    fifo->fill = 0;
    fifo->has_half = 0;
    fifo->overflowed = 0;
    fifo->underflowed = 0;
}

static void pack_two(uint8_t *out, uint32_t first, uint32_t second)
{
    out[0] = (uint8_t)(first >> 4);
    out[1] = (uint8_t)((first << 4) | ((second >> 8) & 15u));
    out[2] = (uint8_t)second;
}

/* Four samples to 48 bits in the upper end of the result, in memory order. */
static uint64_t pack_four(const uint16_t *samples)
{
    const uint64_t even = 0x00000FFF00000FFFu;
    uint64_t s, words;
    memcpy(&s, samples, sizeof s);
    words = ((s & even) << 12) | ((s >> 16) & even);
    return __builtin_bswap64((words << 40) | ((words >> 32) << 16));
}

/* n_words words; writes exactly 3 * n_words bytes. */
static void pack(uint8_t *out, const uint16_t *samples, uint32_t n_words)
{
    while (n_words >= 4) { /* 8 bytes are stored of which 6 count; the next store covers the rest */
        uint64_t four = pack_four(samples);
        memcpy(out, &four, sizeof four);
        out += 6;
        samples += 4;
        n_words -= 2;
    }
    for (; n_words > 0; n_words--) {
        pack_two(out, samples[0] & 0xFFFu, samples[1] & 0xFFFu);
        out += 3;
        samples += 2;
    }
}

static void write_words(fifo_state *fifo, const uint16_t *samples, uint32_t n_words)
{
    while (n_words > 0) {
        uint32_t at = (fifo->read_word + fifo->fill) % FIFO_WORDS;
        uint32_t part = FIFO_WORDS - at < n_words ? FIFO_WORDS - at : n_words;
        pack(fifo->bytes + 3u * at, samples, part);
        fifo->fill += part;
        samples += 2u * part;
        n_words -= part;
    }
}

/* Returns how many samples were taken: n, or fewer when the memory overflowed. */
uint32_t fifo_push(fifo_state *fifo, const uint16_t *samples, uint32_t n)
{
    uint32_t space = FIFO_WORDS - fifo->fill;
    uint32_t overflows = (fifo->has_half + n) / 2u > space;
    uint32_t taken = overflows ? 2u * space - (space ? fifo->has_half : 0u) : n;
    uint32_t left = taken;
    if (fifo->has_half && left > 0) {
        uint16_t pair[2] = {(uint16_t)fifo->half, *samples++};
        write_words(fifo, pair, 1);
        left--;
        fifo->has_half = 0;
    }
    write_words(fifo, samples, left / 2u);
    if (left & 1u) {
        fifo->half = samples[left - 1u];
        fifo->has_half = 1;
    }
    if (overflows) {
        fifo->has_half = 0;
        fifo->overflowed = 1;
    }
    return taken;
}

void fifo_pop(fifo_state *fifo, uint8_t *bytes, uint32_t n_words)
{
    uint32_t stored = n_words < fifo->fill ? n_words : fifo->fill;
    uint32_t first = FIFO_WORDS - fifo->read_word < stored ? FIFO_WORDS - fifo->read_word : stored;
    if (bytes) {
        memcpy(bytes, fifo->bytes + 3u * fifo->read_word, 3u * first);
        memcpy(bytes + 3u * first, fifo->bytes, 3u * (stored - first));
        memset(bytes + 3u * stored, 0xFF, 3u * (n_words - stored));
    }
    fifo->read_word = (fifo->read_word + stored) % FIFO_WORDS;
    fifo->fill -= stored;
    if (stored < n_words)
        fifo->underflowed = 1;
}
