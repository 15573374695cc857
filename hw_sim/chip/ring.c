/* Where samples come from: borrowed memory with whole frames in FIFO order.
 *
 * Rule: samples belong to frame times. A ring that was made for other times, or for frames of another size, is
 * dropped and asked for again; only a recording (any time) lives through a restart of the frames.
 * In data test mode RX1 is not the source's, the other antennas are. A recording shows its next frame there and keeps it.
 */
#include "chip_internal.h"

void ring_at_start(chip *c)
{
    ring_state *r = &c->ring;
    if (!r->any_time || r->frame_samples != c->frames.timing.frame_samples)
        r->frames_left = 0;
}

uint64_t ring_frames(const chip *c, uint32_t test)
{
    const ring_state *r = &c->ring;
    if (test && (!c->frames.timing.beyond_rx1 || r->ended || (r->any_time && r->frames_left != 0)))
        return UINT64_MAX;
    return r->frames_left;
}

const uint16_t *ring_take(chip *c, uint32_t test)
{
    ring_state *r = &c->ring;
    const uint16_t *frame = r->next;
    if (r->frames_left == 0)
        return NULL;
    if (test && r->any_time)
        return frame;
    r->frames_left--;
    r->frames_taken++;
    r->next += r->frame_samples;
    c->counters.frames_from_ring += !test;
    return frame;
}

const uint16_t *ring_repeat(chip *c, uint32_t test)
{
    const ring_state *r = &c->ring;
    uint32_t here = r->frames_taken != 0 && r->frames_left != 0 && !(test && r->any_time);
    const uint16_t *frame = ring_take(c, test);
    return here ? frame - r->frame_samples : frame;
}

/* The frame whose start has come finds no samples: outside of transfers the caller of chip_advance_ns() is asked. */
void ring_ask(chip *c)
{
    if (c->clock.in_transfer && c->ring.ask && chip_needs_samples(c))
        c->ring.ask(c->ring.ask_context);
}

void chip_ask(void *memory, chip_ask_fn ask, void *context)
{
    chip *c = memory;
    c->ring.ask = ask;
    c->ring.ask_context = context;
}

void chip_samples_forget(void *memory)
{
    chip *c = memory;
    if (!c->ring.any_time)
        c->ring.frames_left = 0;
}

int32_t chip_samples_set(void *memory, const uint16_t *frames, uint32_t n_frames, uint64_t first_frame_ns)
{
    chip *c = memory;
    ring_state *r = &c->ring;
    r->ended = n_frames == 0;
    r->frames_left = 0;
    if (!c->frames.running || c->frames.in_frame)
        return 0;
    if (first_frame_ns != CHIP_ANY_TIME_NS && first_frame_ns != chip_next_frame_ns(c))
        return 0;
    r->next = frames;
    r->frames_left = n_frames;
    r->frames_taken = 0;
    r->any_time = first_frame_ns == CHIP_ANY_TIME_NS;
    r->frame_samples = c->frames.timing.frame_samples;
    return 1;
}
