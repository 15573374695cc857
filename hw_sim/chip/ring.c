/* Where samples come from: borrowed memory with whole frames in FIFO order.
 *
 * Rule: samples belong to frame times. A ring that was made for other times, or for frames of another size, is
 * dropped and asked for again; only a recording (any time) lives through a restart of the frames.
 */
#include "chip_internal.h"

void ring_at_start(chip *c)
{
    ring_state *r = &c->ring;
    if (!r->any_time || r->frame_samples != c->frames.timing.frame_samples)
        r->frames_left = 0;
}

const uint16_t *ring_take(chip *c)
{
    ring_state *r = &c->ring;
    const uint16_t *frame = r->next;
    if (r->frames_left == 0)
        return NULL;
    r->frames_left--;
    r->next += r->frame_samples;
    c->counters.frames_from_ring++;
    return frame;
}

void chip_samples_set(void *memory, const uint16_t *frames, uint32_t n_frames, uint64_t first_frame_ns)
{
    chip *c = memory;
    ring_state *r = &c->ring;
    r->ended = n_frames == 0;
    r->frames_left = 0;
    if (!c->frames.running || c->frames.in_frame)
        return;
    if (first_frame_ns != CHIP_ANY_TIME_NS && first_frame_ns != chip_next_frame_ns(c))
        return;
    r->next = frames;
    r->frames_left = n_frames;
    r->any_time = first_frame_ns == CHIP_ANY_TIME_NS;
    r->frame_samples = c->frames.timing.frame_samples;
}
