/* Health: the table of faults and what was noticed of each. See sw_health.h.
 *
 * Rule: nothing is sent here; whoever asks decides whether the device may speak.
 */
#include "sw_health.h"

#include <string.h>

#define SECOND_US 1000000u
#define TIMES_MAX 65535u

typedef struct row {
    uint8_t reason;
    uint8_t hold_s;
    uint8_t sensed;
} row;

#define HEALTH_ROW(reason, hold, sensed) {SW_REASON_##reason, hold, sensed},
static const row rows[SW_HEALTH_COUNT] = {SW_HEALTH_ROWS(HEALTH_ROW)};
#undef HEALTH_ROW

static uint32_t index_of(uint32_t reason)
{
    uint32_t i = 0;
    while (i < (uint32_t)SW_HEALTH_COUNT && rows[i].reason != reason) {
        i++;
    }
    return i;
}

static uint64_t end_of(const sw_health *h, uint32_t i) { return h->fault[i].to_us + rows[i].hold_s * (uint64_t)SECOND_US; }

static void change(sw_health *h, uint32_t i, uint8_t present)
{
    sw_health_fault *f = &h->fault[i];
    f->present = present;
    h->present_n += present ? 1u : UINT32_MAX;
    h->changes += rows[i].sensed ? 0u : 1u;
    h->untold_n += f->untold ? 0u : 1u;
    f->untold = 1;
}

void sw_health_init(sw_health *h)
{
    memset(h, 0, sizeof *h);
    h->next_us = UINT64_MAX;
}

void sw_health_note(sw_health *h, uint64_t now_us, uint32_t reason)
{
    uint32_t i = index_of(reason);
    if (i == (uint32_t)SW_HEALTH_COUNT) {
        return;
    }
    sw_health_fault *f = &h->fault[i];
    f->times = (uint16_t)(f->times < TIMES_MAX ? f->times + 1u : TIMES_MAX);
    f->to_us = now_us;
    if (f->present) { /* its end is looked for again at the old one */
        return;
    }
    f->from_us = now_us;
    change(h, i, 1);
    h->next_us = end_of(h, i) < h->next_us ? end_of(h, i) : h->next_us;
}

int32_t sw_health_present(const sw_health *h, uint32_t reason)
{
    uint32_t i = index_of(reason);
    return i < (uint32_t)SW_HEALTH_COUNT && h->fault[i].present;
}

uint32_t sw_health_blinding(const sw_health *h)
{
    static const uint8_t blinding[] = {
        SW_REASON_BUS_SLOW, SW_REASON_BUS_CLOCKS, SW_REASON_BUS_BITS, SW_REASON_OVERFLOW, SW_REASON_UNDERFLOW,
        SW_REASON_FIFO_SHIFTED, SW_REASON_FRAME_PAUSE, SW_REASON_FRAME_DROPPED, SW_REASON_FRAME_REPEATED,
    };
    for (uint32_t i = 0; i < sizeof blinding; i++) {
        if (sw_health_present(h, blinding[i])) {
            return blinding[i];
        }
    }
    return SW_REASON_NONE;
}

void sw_health_step(sw_health *h, uint64_t now_us)
{
    if (now_us < h->next_us) {
        return;
    }
    h->next_us = UINT64_MAX;
    for (uint32_t i = 0; i < (uint32_t)SW_HEALTH_COUNT; i++) {
        if (h->fault[i].present && now_us >= end_of(h, i)) {
            change(h, i, 0);
        } else if (h->fault[i].present && end_of(h, i) < h->next_us) {
            h->next_us = end_of(h, i);
        }
    }
}

int32_t sw_health_take(sw_health *h, sw_health_change *out)
{
    if (h->untold_n == 0u) {
        return 0;
    }
    uint32_t i = 0;
    while (!h->fault[i].untold) {
        i++;
    }
    sw_health_fault *f = &h->fault[i];
    f->untold = 0;
    h->untold_n--;
    *out = (sw_health_change){.reason = rows[i].reason, .present = f->present, .times = f->times,
                              .from_us = f->from_us, .to_us = f->present ? 0u : f->to_us};
    return 1;
}

/* The latest of those that are over by the time (and, of equals, the row) before; SW_HEALTH_COUNT: none is left. */
static uint32_t next_past(const sw_health *h, uint64_t before_us, uint32_t behind)
{
    uint32_t found = SW_HEALTH_COUNT;
    for (uint32_t i = 0; i < (uint32_t)SW_HEALTH_COUNT; i++) {
        const sw_health_fault *f = &h->fault[i];
        int32_t is_past = f->times != 0u && !f->present && !rows[i].sensed;
        int32_t is_next = f->to_us < before_us || (f->to_us == before_us && i > behind);
        if (is_past && is_next && (found == (uint32_t)SW_HEALTH_COUNT || f->to_us > h->fault[found].to_us)) {
            found = i;
        }
    }
    return found;
}

void sw_health_list(const sw_health *h, uint8_t *present, uint8_t *past)
{
    uint32_t n = 0;
    memset(present, 0, SW_HEALTH_LISTED);
    memset(past, 0, SW_HEALTH_LISTED);
    for (uint32_t i = 0; i < (uint32_t)SW_HEALTH_COUNT && n < SW_HEALTH_LISTED; i++) {
        if (h->fault[i].present && !rows[i].sensed) {
            present[n++] = rows[i].reason;
        }
    }
    uint32_t i = next_past(h, UINT64_MAX, 0);
    for (n = 0; i < (uint32_t)SW_HEALTH_COUNT && n < SW_HEALTH_LISTED; n++) {
        past[n] = rows[i].reason;
        i = next_past(h, h->fault[i].to_us, i);
    }
}
