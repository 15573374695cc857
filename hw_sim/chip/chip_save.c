/* The chip's state taken out and put into another chip, in another process, at other addresses.
 *
 * Rule: a saved state holds no address. Two chips with the same past, lent the same samples, save the same bytes.
 */
#include <string.h>

#include "chip_internal.h"

/* In a saved state a pointer is 1 + its distance from the lent samples, 0 for none. Negative: it lies elsewhere. */
static int32_t to_number(const uint16_t **field, uint32_t used, const uint16_t *frames, uint64_t n_samples)
{
    const uint16_t *at = *field;
    *field = NULL;
    if (!used || !at)
        return 0;
    if (at < frames || at >= frames + n_samples)
        return -1;
    *field = (const uint16_t *)(uintptr_t)(1u + (uint64_t)(at - frames));
    return 0;
}

static void to_pointer(const uint16_t **field, const uint16_t *frames)
{
    if (*field)
        *field = frames + ((uintptr_t)*field - 1u);
}

int32_t chip_save(const void *memory, const uint16_t *frames, uint64_t n_samples, uint8_t *out)
{
    const chip *from = memory;
    frame_state running = from->frames;
    ring_state ring = from->ring;
    memcpy(out, from, sizeof *from);
    ring.ask = NULL;
    ring.ask_context = NULL;
    if (to_number(&running.source, running.in_frame, frames, n_samples) != 0
        || to_number(&ring.next, ring.frames_left != 0, frames, n_samples) != 0)
        return -1;
    memcpy(out + offsetof(chip, frames.source), &running.source, sizeof running.source);
    memcpy(out + offsetof(chip, ring.next), &ring.next, sizeof ring.next);
    memcpy(out + offsetof(chip, ring.ask), &ring.ask, sizeof ring.ask);
    memcpy(out + offsetof(chip, ring.ask_context), &ring.ask_context, sizeof ring.ask_context);
    return 0;
}

void chip_load(void *memory, const uint8_t *saved, const uint16_t *frames)
{
    chip *c = memory;
    const chip_ask_fn ask = c->ring.ask;
    void *context = c->ring.ask_context;
    memcpy(c, saved, sizeof *c);
    to_pointer(&c->frames.source, frames);
    to_pointer(&c->ring.next, frames);
    c->ring.ask = ask;
    c->ring.ask_context = context;
}
