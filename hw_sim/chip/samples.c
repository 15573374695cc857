/* From the source's samples to the FIFO: prefix words, and data test mode.
 *
 * Rule: a unit is half a FIFO word: a sample, or half of a prefix word. Without prefix and test they go through as they
 * are. Prefix, before each chirp: 000000; frame count and group count; samples of the chirp, result of the sensor
 * converter and channel set. With prefix on, a data word of all zeros becomes 000001. Source: datasheet, FIFO.
 * Open on silicon: counts begin at 0, the length counts one antenna's samples; with an odd number of samples a chirp
 * begins in the middle of a word.
 */
#include "chip_internal.h"

#define CHUNK 192u          /* units made at a time */
#define MORE_THAN_FIFO (4u * FIFO_WORDS)
#define MID_SCALE 2048u     /* what the antennas beside RX1 read in test mode when the source has ended */

static uint16_t prefix_unit(const chip *c, const chirp_place *at, uint64_t n)
{
    uint32_t words[3];
    words[0] = 0;
    words[1] = (uint32_t)((c->frames.frames_begun - 1u) << 12 | (at->group & 0xFFFu)) & WORD_MASK;
    words[2] = at->shape->samples[at->down] << 12 | FIELD_OF(sadc_read(c), SADC_RESULT_RESULT) << 2 | at->set->number;
    return (uint16_t)(n % 2u ? words[n / 2u] & 0xFFFu : words[n / 2u] >> 12);
}

/* Units of one chirp into out; n from the n-th one on. */
static void make(chip *c, const chirp_place *at, uint64_t from, uint32_t n, uint16_t *out)
{
    frame_state *f = &c->frames;
    uint64_t prefix = f->timing.prefix_units;
    uint32_t n_rx = at->set->n_rx[at->down];
    uint32_t replaces = f->test && (at->set->rx_mask[at->down] & 1u);
    const uint16_t *source = f->source ? f->source + (at->unit - at->chirp * prefix) : NULL;
    uint32_t half = c->fifo.has_half ? c->fifo.half : 0u;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t k = from + i;
        uint32_t closes_word = (c->fifo.has_half + i) % 2u;
        if (k < prefix) {
            out[i] = prefix_unit(c, at, k);
        } else {
            k -= prefix;
            out[i] = source ? source[k] & 0xFFFu : MID_SCALE;
            if (replaces && k % n_rx == 0) { /* RX1 is the first of each trigger */
                out[i] = faults_test_sample(c, f->lfsr);
                f->lfsr = lfsr_step(f->lfsr);
            }
            if (prefix && closes_word && (half | out[i]) == 0)
                out[i] = 1;
        }
        half = out[i];
    }
}

static uint64_t deliver_made(chip *c, uint64_t n)
{
    frame_state *f = &c->frames;
    uint16_t made[CHUNK];
    uint64_t taken = 0;
    while (taken < n) {
        chirp_place at = sequence_chirp_of_unit(&f->timing, f->done + 1u);
        uint64_t from = f->done - at.unit;
        uint64_t wanted = f->timing.prefix_units + (uint64_t)at.set->n_rx[at.down] * at.shape->samples[at.down] - from;
        uint32_t part;
        wanted = wanted < n - taken ? wanted : n - taken;
        wanted = wanted < CHUNK ? wanted : CHUNK;
        make(c, &at, from, (uint32_t)wanted, made);
        part = fifo_push(&c->fifo, made, (uint32_t)wanted);
        taken += part;
        f->done += part;
        if (part < wanted)
            break;
    }
    return taken;
}

uint64_t samples_deliver(chip *c, uint64_t n)
{
    frame_state *f = &c->frames;
    uint32_t taken;
    if (f->test || f->timing.prefix_units)
        return deliver_made(c, n);
    taken = fifo_push(&c->fifo, f->source + f->done, (uint32_t)(n < MORE_THAN_FIFO ? n : MORE_THAN_FIFO));
    f->done += taken;
    return taken;
}
