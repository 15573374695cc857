/* Delivery: the ring of what is not committed yet. See sw_delivery.h.
 *
 * Rule: slot seq % SW_DELIVERY_SLOTS holds packet seq, for oldest <= seq <= newest, and at most all slots are in use.
 */
#include "sw_delivery.h"

#include <string.h>

#define BYTES(type, name, count, lsb, unit) +sizeof(sw_##type) * (count)
_Static_assert(0 SW_VITALS_FIELDS(BYTES) <= SW_DELIVERY_PAYLOAD, "VITALS does not fit a slot");
_Static_assert(0 SW_TRANSITION_FIELDS(BYTES) <= SW_DELIVERY_PAYLOAD, "TRANSITION does not fit a slot");
_Static_assert(0 SW_FAULT_FIELDS(BYTES) <= SW_DELIVERY_PAYLOAD, "FAULT does not fit a slot");
_Static_assert(0 SW_ALARM_EVENT_FIELDS(BYTES) <= SW_DELIVERY_PAYLOAD, "ALARM_EVENT does not fit a slot");

static sw_delivery_slot *slot_of(sw_delivery *d, uint32_t seq) { return &d->slot[seq % SW_DELIVERY_SLOTS]; }

static int32_t is_kept(const sw_delivery *d, uint32_t seq) { return seq >= d->oldest && seq <= d->newest; }

void sw_delivery_init(sw_delivery *d)
{
    memset(d, 0, sizeof *d);
    d->oldest = 1;
}

uint32_t sw_delivery_put(sw_delivery *d, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n)
{
    if (d->newest - d->oldest + 1u == SW_DELIVERY_SLOTS) {
        d->oldest++;
        d->dropped++;
    }
    sw_delivery_slot *slot = slot_of(d, ++d->newest);
    slot->t_us = t_us;
    slot->sent_us = 0;
    slot->due = 1;
    slot->type = (uint8_t)type;
    slot->n = (uint8_t)(n < SW_DELIVERY_PAYLOAD ? n : SW_DELIVERY_PAYLOAD);
    memcpy(slot->payload, payload, slot->n);
    return d->newest;
}

const sw_delivery_slot *sw_delivery_get(const sw_delivery *d, uint32_t seq)
{
    return is_kept(d, seq) ? &d->slot[seq % SW_DELIVERY_SLOTS] : 0;
}

void sw_delivery_sent(sw_delivery *d, uint32_t seq, uint64_t t_us)
{
    if (is_kept(d, seq)) {
        slot_of(d, seq)->sent_us = t_us;
        slot_of(d, seq)->due = 0;
    }
}

void sw_delivery_heard(sw_delivery *d, uint64_t t_us)
{
    d->host_heard = 1;
    d->heard_us = t_us;
}

void sw_delivery_ack(sw_delivery *d, uint32_t seq)
{
    if (is_kept(d, seq)) {
        d->oldest = seq + 1u;
    }
}

void sw_delivery_all_due(sw_delivery *d)
{
    for (uint32_t seq = d->oldest; seq <= d->newest; seq++) {
        slot_of(d, seq)->due = 1;
    }
}

uint32_t sw_delivery_due(const sw_delivery *d, uint64_t t_us)
{
    uint32_t found = 0;
    uint64_t found_us = UINT64_MAX;
    if (!d->host_heard || t_us - d->heard_us > SW_DELIVERY_HOST_GONE_US) {
        return 0;
    }
    for (uint32_t seq = d->oldest; seq <= d->newest; seq++) {
        const sw_delivery_slot *slot = &d->slot[seq % SW_DELIVERY_SLOTS];
        uint64_t sent_us = slot->due ? 0u : slot->sent_us;
        int32_t due = slot->due || t_us - sent_us >= SW_DELIVERY_RESEND_US;
        if (due && sent_us < found_us) {
            found = seq;
            found_us = sent_us;
        }
    }
    return found;
}

void sw_delivery_pull(sw_delivery *d, uint32_t seq, uint32_t count, uint64_t t_us)
{
    uint32_t first = seq > d->oldest ? seq : d->oldest;
    uint32_t kept = first <= d->newest ? d->newest - first + 1u : 0u;
    d->pull_next = first;
    d->pull_left = count < kept ? count : kept;
    d->pulled_us = t_us;
}

uint32_t sw_delivery_pulled(sw_delivery *d, uint64_t t_us)
{
    while (d->pull_left > 0u && d->pull_next < d->oldest) { /* committed in the meantime */
        sw_delivery_pull_done(d);
    }
    if (d->pull_left > 0u && t_us - d->pulled_us > SW_DELIVERY_PULL_US) {
        d->pull_left = 0;
    }
    return d->pull_left > 0u ? d->pull_next : 0u;
}

void sw_delivery_pull_done(sw_delivery *d)
{
    d->pull_next++;
    d->pull_left--;
}

uint32_t sw_delivery_oldest(const sw_delivery *d) { return is_kept(d, d->oldest) ? d->oldest : 0u; }

uint32_t sw_delivery_stored(const sw_delivery *d) { return d->newest - d->oldest + 1u; }
