/* Delivery: the numbers of data packets, and which of them is to be sent. See sw_delivery.h.
 *
 * Rule: see the header. What has not been sent lies in one piece: whatever would make two of it joins them.
 */
#include "sw_delivery.h"

#include <string.h>

#define BYTES(type, name, count, lsb, unit) +sizeof(sw_##type) * (count)
_Static_assert(0 SW_VITALS_FIELDS(BYTES) <= SW_DELIVERY_PAYLOAD, "VITALS does not fit a slot");
_Static_assert(0 SW_TRANSITION_FIELDS(BYTES) <= SW_DELIVERY_PAYLOAD, "TRANSITION does not fit a slot");
_Static_assert(0 SW_FAULT_FIELDS(BYTES) <= SW_DELIVERY_PAYLOAD, "FAULT does not fit a slot");
_Static_assert(0 SW_ALARM_EVENT_FIELDS(BYTES) <= SW_DELIVERY_PAYLOAD, "ALARM_EVENT does not fit a slot");
_Static_assert(0 SW_GAP_FIELDS(BYTES) <= SW_DELIVERY_PAYLOAD, "GAP does not fit a slot");

#define MS_US 1000u
#define NEVER_MS 0u /* long ago */

static uint32_t later(uint32_t a, uint32_t b) { return a > b ? a : b; }

void sw_delivery_init(sw_delivery *d, uint32_t boot)
{
    memset(d, 0, sizeof *d);
    d->boot = boot;
}

static uint32_t at_of(const sw_delivery *d, uint32_t seq) { return d->base + seq - 1u; }

static void cannot_keep(sw_delivery *d, uint32_t seq)
{
    d->gap_first = d->gap_first == 0u ? seq : d->gap_first;
    d->gap_last = seq;
}

uint32_t sw_delivery_put(sw_delivery *d, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n, uint32_t live)
{
    sw_delivery_slot *slot = &d->queue[++d->newest % SW_DELIVERY_QUEUE];
    slot->t_us = t_us;
    slot->type = (uint8_t)type;
    slot->n = (uint8_t)(n < SW_DELIVERY_PAYLOAD ? n : SW_DELIVERY_PAYLOAD);
    slot->live = (uint8_t)live;
    slot->sent = 0;
    memcpy(slot->payload, payload, slot->n);
    return d->newest;
}

sw_delivery_slot *sw_delivery_waiting(sw_delivery *d, uint32_t seq)
{
    return seq > d->written && seq <= d->newest ? &d->queue[seq % SW_DELIVERY_QUEUE] : 0;
}

static uint32_t ms_of(uint64_t t_us)
{
    uint32_t ms = (uint32_t)(t_us / MS_US);
    return ms == NEVER_MS ? 1u : ms;
}

static void remember(sw_delivery *d, uint64_t t_us, uint32_t at)
{
    const uint32_t block = at / SW_DELIVERY_BLOCK;
    d->recent[at % SW_DELIVERY_RECENT] = (sw_delivery_time){.of = at + 1u, .ms = ms_of(t_us)};
    d->block[block % SW_DELIVERY_BLOCKS] = (sw_delivery_time){.of = block + 1u, .ms = ms_of(t_us)};
}

/* When a packet was sent, ms; of one long ago, when its block was. */
static uint32_t sent_ms(const sw_delivery *d, uint32_t at)
{
    const uint32_t block = at / SW_DELIVERY_BLOCK;
    const sw_delivery_time *one = &d->recent[at % SW_DELIVERY_RECENT];
    const sw_delivery_time *all = &d->block[block % SW_DELIVERY_BLOCKS];
    return one->of == at + 1u ? one->ms : all->of == block + 1u ? all->ms : NEVER_MS;
}

static void not_sent(sw_delivery *d, uint32_t at)
{
    d->sent_to = d->sent_to == d->live_from ? at : d->sent_to;
    d->live_from = at + 1u;
}

void sw_delivery_written(sw_delivery *d, uint64_t t_us, uint32_t kept, uint32_t sent)
{
    const uint32_t seq = ++d->written;
    if (!kept) {
        cannot_keep(d, seq);
    }
    if (d->base == 0u) {
        return;
    }
    if (!sent && kept) {
        not_sent(d, at_of(d, seq));
        return;
    }
    remember(d, t_us, at_of(d, seq));
    if (d->sent_to == d->live_from) {
        d->sent_to = d->live_from = at_of(d, seq) + 1u;
    }
}

void sw_delivery_sent(sw_delivery *d, uint64_t t_us, uint32_t at)
{
    remember(d, t_us, at);
    if (at == d->sent_to && at < d->live_from) {
        d->sent_to++;
        if (d->sent_to == d->live_from) { /* all that follows went out live */
            d->sent_to = d->live_from = at_of(d, d->written) + 1u;
        }
    }
}

void sw_delivery_heard(sw_delivery *d, uint64_t t_us)
{
    d->host_heard = 1;
    d->heard_us = t_us;
}

int32_t sw_delivery_host(const sw_delivery *d, uint64_t t_us)
{
    return d->host_heard && t_us - d->heard_us <= SW_DELIVERY_HOST_GONE_US;
}

void sw_delivery_all_due(sw_delivery *d, const sw_ring *r)
{
    if (d->base != 0u) {
        d->sent_to = r->tail;
        d->live_from = r->next;
        d->credit_to = r->tail + SW_DELIVERY_CREDIT;
        d->sack_at = 0;
    }
}

static uint32_t top_bit(uint32_t word)
{
    uint32_t n = 0;
    while (word >> n > 1u) {
        n++;
    }
    return n;
}

/* `at` behind the newest packet of that earlier boot that is kept and acknowledged. A power cut takes those that went onto the
 * line before they were kept: they are acknowledged, too. 0: a number that was never given. */
static uint32_t acked_to(sw_delivery *d, const sw_ring *r, const sw_hal *hal, const sw_packet_ack *ack, uint32_t base)
{
    sw_ring_record record;
    uint32_t seq = ack->seq < d->base - base ? ack->seq : d->base - base;
    for (; seq > 0u && ack->seq - seq <= SW_DELIVERY_QUEUE; seq--) {
        if (sw_ring_read(r, hal, base + seq - 1u, &d->again, &record) > 0 && record.boot == ack->boot && record.seq == seq) {
            return base + seq;
        }
    }
    return 0;
}

static sw_delivery_boot *met(sw_delivery *d, uint32_t boot)
{
    for (uint32_t i = 0; i < SW_DELIVERY_BOOTS; i++) {
        if (boot != 0u && d->early[i].boot == boot) {
            return &d->early[i];
        }
    }
    return 0;
}

void sw_delivery_met(sw_delivery *d, uint32_t boot, uint32_t base)
{
    if (boot != d->boot && met(d, boot) == 0) {
        d->early[d->early_n++ % SW_DELIVERY_BOOTS] = (sw_delivery_boot){.boot = boot, .base = base};
    }
}

/* 1: acknowledged, while older ones are not. */
static int32_t is_acked_early(const sw_delivery *d, uint32_t at)
{
    int32_t acked = at >= d->base && at < d->own_acked;
    for (uint32_t i = 0; i < SW_DELIVERY_BOOTS; i++) {
        acked |= at >= d->early[i].base && at < d->early[i].acked;
    }
    return acked;
}

/* An acknowledgement for a boot behind the oldest one that is kept. */
static void ack_early(sw_delivery *d, const sw_ring *r, const sw_hal *hal, const sw_packet_ack *ack)
{
    sw_delivery_boot *early = met(d, ack->boot);
    const uint32_t to = early == 0 || early->base <= r->tail ? 0u : acked_to(d, r, hal, ack, early->base);
    if (to == 0u) {
        return;
    }
    early->acked = later(early->acked, to);
    d->credit_to = later(d->credit_to, early->acked + ack->credit);
    if (d->sent_to >= early->base && d->sent_to < early->acked) {
        d->sent_to = early->acked < d->live_from ? early->acked : d->live_from;
    }
}

/* Something new was acknowledged: how long did the newest of it take? */
static void measure(sw_delivery *d, uint32_t newest)
{
    const sw_delivery_time *sent = &d->recent[newest % SW_DELIVERY_RECENT];
    const uint32_t took_ms = ms_of(d->heard_us) - sent->ms;
    if (newest <= d->rtt_at || sent->of != newest + 1u || took_ms > SW_DELIVERY_HOLE_MAX_MS) {
        return;
    }
    d->rtt_at = newest;
    d->rtt_ms = d->rtt_ms == 0u ? later(took_ms, 1u) : (7u * d->rtt_ms + took_ms + 4u) / 8u;
}

static uint32_t hole_ms(const sw_delivery *d)
{
    const uint32_t two = 2u * d->rtt_ms;
    const uint32_t least = later(two, SW_DELIVERY_HOLE_MIN_MS);
    return d->rtt_ms == 0u ? SW_DELIVERY_HOLE_MS : least < SW_DELIVERY_HOLE_MAX_MS ? least : SW_DELIVERY_HOLE_MAX_MS;
}

uint32_t sw_delivery_ack(sw_delivery *d, const sw_ring *r, const sw_hal *hal, const sw_packet_ack *ack)
{
    const int32_t own = ack->boot == d->boot && d->base != 0u;
    const int32_t of_tail = !own && ack->boot == d->tail_boot && d->tail_base != 0u;
    uint32_t from = own ? at_of(d, ack->seq) + 1u : d->tail_base + ack->seq; /* first that is not acknowledged */
    if (!own && !of_tail && d->base != 0u) {
        ack_early(d, r, hal, ack);
    }
    uint32_t sack = ack->sack;
    if (of_tail && from > r->tail) {
        const uint32_t to = acked_to(d, r, hal, ack, d->tail_base);
        sack = to == from ? sack : 0u; /* it tells of what follows the number that was said */
        from = to;
    }
    if ((!own && !of_tail) || (own && ack->seq > d->written) || from == 0u) {
        return r->tail;
    }
    measure(d, sack != 0u ? from + 1u + top_bit(sack) : from - 1u);
    if (own && r->tail < d->base) { /* earlier boots are not done yet */
        d->own_acked = later(d->own_acked, from);
        d->credit_to = later(d->credit_to, r->tail + ack->credit);
        return r->tail;
    }
    if (from >= r->tail) {
        d->sack_at = from;
        d->sack = sack;
        d->credit_to = from + ack->credit;
    }
    return later(from, r->tail);
}

static int32_t has_arrived(const sw_delivery *d, uint32_t at)
{
    return at > d->sack_at && at - d->sack_at <= 32u && (d->sack >> (at - d->sack_at - 1u) & 1u);
}

static int32_t is_missing(const sw_delivery *d, uint32_t now_ms, uint32_t at, uint32_t top, uint32_t top_ms)
{
    const uint32_t ms = sent_ms(d, at), gone_us = now_ms - ms >= 4000000u ? 4000000000u : (now_ms - ms) * MS_US;
    uint32_t wait_us = SW_DELIVERY_RESEND_US;
    if (at < top && ms < top_ms) { /* one that was sent after it has arrived */
        wait_us = hole_ms(d) * MS_US;
    }
    return gone_us >= wait_us;
}

uint32_t sw_delivery_due(const sw_delivery *d, const sw_ring *r, uint64_t t_us)
{
    if (d->base == 0u || !sw_delivery_host(d, t_us)) {
        return 0;
    }
    const uint32_t now_ms = ms_of(t_us);
    const uint32_t told = d->sack_at == r->tail && d->sack != 0u;
    const uint32_t top = told ? d->sack_at + 1u + top_bit(d->sack) : 0u, top_ms = told ? sent_ms(d, top) : 0u;
    for (uint32_t at = r->tail; at < r->next && at - r->tail < SW_DELIVERY_WINDOW; at++) {
        const int32_t was_sent = at < d->sent_to || at >= d->live_from;
        if (was_sent && !(told && has_arrived(d, at)) && !is_acked_early(d, at) && is_missing(d, now_ms, at, top, top_ms)) {
            return at;
        }
    }
    return d->sent_to < d->live_from && d->sent_to < d->credit_to ? later(d->sent_to, r->tail) : 0u;
}

void sw_delivery_pull(sw_delivery *d, const sw_ring *r, uint64_t t_us, const sw_packet_pull *pull)
{
    const uint32_t seq = later(pull->seq, 1u);
    const int32_t own = pull->boot == d->boot && d->base != 0u;
    if ((!own && (pull->boot != d->tail_boot || d->tail_base == 0u)) || pull->count == 0u) {
        return;
    }
    uint32_t at = (own ? d->base : d->tail_base) + seq - 1u;
    if (at < seq || later(at, r->tail) >= r->next || seq > 0x7FFFFFFFu) {
        return;
    }
    if (d->wish_n == SW_DELIVERY_PULLS) {
        memmove(&d->wish[0], &d->wish[1], (SW_DELIVERY_PULLS - 1u) * sizeof d->wish[0]);
        d->wish_n--;
    }
    d->wish[d->wish_n++] = (sw_delivery_wish){.at = at, .left = pull->count, .boot = pull->boot, .asked_us = t_us};
}

static void next_wish(sw_delivery *d)
{
    memmove(&d->wish[0], &d->wish[1], (SW_DELIVERY_PULLS - 1u) * sizeof d->wish[0]);
    d->wish_n--;
}

uint32_t sw_delivery_pulled(sw_delivery *d, const sw_ring *r, uint64_t t_us)
{
    while (d->wish_n > 0u) {
        sw_delivery_wish *wish = &d->wish[0];
        if (wish->at < r->tail) { /* committed in the meantime */
            const uint32_t done = r->tail - wish->at;
            wish->left -= done < wish->left ? done : wish->left;
            wish->at = r->tail;
        }
        if (wish->left > 0u && wish->at < r->next && t_us - wish->asked_us <= SW_DELIVERY_PULL_US) {
            return wish->at;
        }
        next_wish(d);
    }
    return 0;
}

void sw_delivery_pull_done(sw_delivery *d)
{
    d->wish[0].at++;
    d->wish[0].left--;
}

uint32_t sw_delivery_learn(sw_delivery *d, const sw_ring *r, const sw_hal *hal)
{
    sw_ring_record record;
    uint32_t tail = r->tail;
    d->sent_to = later(d->sent_to, tail);
    d->live_from = later(d->live_from, d->sent_to);
    if (d->base == 0u || tail >= r->next) {
        return tail;
    }
    if (tail >= d->base) {
        d->tail_boot = 0;
        d->tail_base = 0;
        return later(tail, d->own_acked);
    }
    if (d->tail_base != 0u && tail >= d->tail_base && d->tail_read == tail) {
        return tail;
    }
    for (uint32_t i = 0; i < SW_DELIVERY_WINDOW && tail < r->next; i++, tail++) {
        int32_t seen = sw_ring_read(r, hal, tail, &d->again, &record);
        if (seen != 0) {
            if (seen > 0) {
                d->tail_boot = record.boot;
                d->tail_base = record.at + 1u - record.seq;
                d->tail_read = tail;
                const sw_delivery_boot *early = met(d, record.boot);
                tail = early != 0 && early->base == d->tail_base ? later(tail, early->acked) : tail;
            }
            return tail;
        }
    }
    return tail;
}

uint32_t sw_delivery_oldest(const sw_delivery *d, const sw_ring *r)
{
    return d->base == 0u || r->tail >= r->next || d->written == 0u ? 0u : r->tail < d->base ? 1u : r->tail - d->base + 1u;
}

uint32_t sw_delivery_oldest_boot(const sw_delivery *d, const sw_ring *r)
{
    return d->base == 0u || r->tail >= r->next ? 0u : r->tail < d->base ? d->tail_boot : d->boot;
}

uint32_t sw_delivery_stored(const sw_delivery *d, const sw_ring *r) { return d->base == 0u ? 0u : r->next - r->tail; }
