/* Output pins with a log.
 *
 * Rule: the log is in order of time.
 */
#include "pins.h"

#include <string.h>

#define NEVER UINT64_MAX
#define FLIPS_MAX 8u

void pins_init(pins *p)
{
    memset(p, 0, sizeof *p);
    p->button.next_us = NEVER;
    p->slide.next_us = NEVER;
}

static uint64_t chance(uint64_t seed, uint64_t counter)
{
    uint64_t x = seed * 0x9E3779B97F4A7C15u + counter * 0xD1B54A32D192ED03u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* The next flip: somewhere in the first part of what is left, so that all of them find room. */
static void plan(contact *c, uint64_t now_us, uint64_t seed)
{
    c->next_us = c->left == 0u ? NEVER : now_us + 1u + chance(seed, c->flips) % ((c->ends_us - now_us) / c->left + 1u);
}

int32_t contact_move(contact *c, uint64_t now_us, int32_t level, uint32_t bounce_us, uint64_t seed)
{
    const int32_t settled = c->left % 2u != 0u ? !c->level : c->level;
    const int32_t was = c->level;
    if (settled == (level != 0)) {
        return 0;
    }
    c->level = level != 0;
    c->flips++;
    c->ends_us = now_us + bounce_us;
    c->left = bounce_us == 0u ? 0u : 2u + 2u * (uint32_t)(chance(seed, c->flips) % (FLIPS_MAX / 2u));
    plan(c, now_us, seed);
    return c->level != was;
}

int32_t contact_at(contact *c, uint64_t now_us, uint64_t seed)
{
    const int32_t was = c->level;
    while (c->next_us <= now_us) {
        const uint64_t at_us = c->next_us < c->ends_us ? c->next_us : c->ends_us;
        c->level = !c->level;
        c->flips++;
        c->left--;
        plan(c, at_us, seed);
    }
    return c->level != was;
}

void pins_set(pins *p, uint64_t now_us, uint32_t pin, uint32_t value)
{
    if (p->value[pin] == value) {
        return;
    }
    p->value[pin] = value;
    if (p->n == PINS_LOG) {
        p->lost++;
        return;
    }
    p->log[p->n].t_us = now_us;
    p->log[p->n].pin = pin;
    p->log[p->n].value = value;
    p->n++;
}
