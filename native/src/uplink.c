/* Uplink: packets to flash and to the outbox, first and again. See sw_uplink.h.
 *
 * Rule: what is sent again has the number, time and payload of the first time; only its flag differs.
 */
#include "sw_uplink.h"

#include "sw_line.h"

static uint32_t put(sw_firmware *fw, const sw_packet_header *given, const uint8_t *payload, uint32_t n, const uint8_t *key)
{
    sw_packet_header header = *given;
    header.version = SW_PROTOCOL_VERSION;
    return sw_outbox_put(&fw->outbox, &header, payload, n, key);
}

uint32_t sw_uplink_plain(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n)
{
    const sw_packet_header header = {.type = (uint8_t)type, .boot = fw->boot, .t_us = t_us};
    return put(fw, &header, payload, n, 0);
}

void sw_uplink_answer_by(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n, const uint8_t *key)
{
    const sw_packet_header header = {.type = (uint8_t)type, .boot = fw->boot, .t_us = t_us};
    fw->counters.bytes_replied += put(fw, &header, payload, n, key);
    fw->counters.replies++;
}

void sw_uplink_answer(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n)
{
    sw_uplink_answer_by(fw, t_us, type, payload, n, sw_trust_key(&fw->trust));
}

/* Nobody to send to: a host was there, and is not any more. One that never was may be somebody who only listens. */
static int32_t is_host_gone(const sw_firmware *fw, uint64_t t_us)
{
    return fw->delivery.host_heard && !sw_delivery_host(&fw->delivery, t_us);
}

static void send_live(sw_firmware *fw, uint64_t t_us, uint32_t seq, sw_delivery_slot *slot)
{
    if (slot->live == SW_UPLINK_LATER || slot->sent || is_host_gone(fw, t_us)) {
        return;
    }
    const sw_packet_header header = {.type = slot->type, .seq = seq, .boot = fw->boot, .t_us = slot->t_us};
    const uint32_t line_n = put(fw, &header, slot->payload, slot->n, sw_trust_key(&fw->trust));
    fw->counters.bytes_data += line_n;
    slot->sent = line_n > 0u; /* what found no room is sent later */
}

/* There is something to tell, and nobody known to listen: once, with the packet that ends the silence. */
static void call_host(sw_firmware *fw, uint64_t t_us, const sw_delivery_slot *slot)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    const int32_t begins = slot->type == SW_PACKET_TRANSITION && slot->live == SW_UPLINK_LIVE;
    if (begins && fw->policy.state == SW_UPLINK_STREAMING && !sw_delivery_host(&fw->delivery, t_us)) {
        fw->counters.bytes_data += sw_uplink_plain(fw, t_us, SW_PACKET_HELLO, payload, sw_line_hello(fw, fw->nonce, 0, payload));
        fw->counters.calls++;
    }
}

/* The packet that waits longest is in flash, or will never be. */
static void settle(sw_firmware *fw, uint64_t t_us, uint32_t kept)
{
    const uint32_t seq = fw->delivery.written + 1u;
    sw_delivery_slot *slot = sw_delivery_waiting(&fw->delivery, seq);
    if (slot == 0) {
        return;
    }
    send_live(fw, t_us, seq, slot);
    call_host(fw, t_us, slot);
    if (!kept && fw->delivery.base != 0u) {
        sw_ring_pass(&fw->ring);
    }
    fw->naming_failed |= !kept && seq <= fw->named_by;
    sw_delivery_written(&fw->delivery, t_us, kept, slot->sent);
}

void sw_uplink_data(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n, uint32_t when)
{
    sw_delivery *d = &fw->delivery;
    if (d->newest - d->written == SW_DELIVERY_QUEUE) {
        sw_ring_drop(&fw->ring);
        settle(fw, t_us, 0);
    }
    (void)sw_delivery_put(d, t_us, type, payload, n, when);
    for (uint32_t seq = d->written + 1u; when == SW_UPLINK_AT_ONCE && seq <= d->newest; seq++) {
        send_live(fw, t_us, seq, sw_delivery_waiting(d, seq));
    }
}

static void tell_gap(sw_firmware *fw, uint64_t t_us, const sw_packet_gap *gap)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    const uint32_t when = fw->policy.state == SW_UPLINK_STREAMING ? SW_UPLINK_LIVE : SW_UPLINK_LATER;
    sw_uplink_data(fw, t_us, SW_PACKET_GAP, payload, sw_packet_gap_put(gap, payload), when);
}

/* The ring was read: this boot begins behind what is there. */
static void on_loaded(sw_firmware *fw, uint64_t t_us)
{
    sw_delivery *d = &fw->delivery;
    sw_ring *r = &fw->ring;
    d->base = r->next;
    for (uint32_t seq = 1; seq <= d->written; seq++) {
        sw_ring_pass(r);
    }
    d->sent_to = r->tail;
    d->live_from = r->next;
    d->credit_to = r->tail + SW_DELIVERY_CREDIT;
    for (uint32_t i = 0; i < r->missing_n; i++) {
        const sw_ring_torn *one = &r->missing[i];
        const sw_packet_gap gap = {one->boot, one->seq, one->seq, SW_REASON_FLASH_TORN, SW_GAP_PACKETS};
        tell_gap(fw, t_us, &gap);
    }
}

/* Names the VITALS from `at` to end, whose waves go, each boot's apart. Returns where it has stopped. */
static uint32_t tell_waves(sw_firmware *fw, uint64_t t_us, uint32_t at, uint32_t end)
{
    sw_packet_gap gap = {.reason = SW_REASON_STORE_FULL, .what = SW_GAP_WAVES};
    uint32_t gaps = 0;
    for (; at < end && gaps < SW_UPLINK_GAPS; at++) {
        sw_ring_record record;
        if (sw_ring_read(&fw->ring, &fw->hal, at, &fw->delivery.again, &record) <= 0 || record.type != SW_PACKET_VITALS) {
            continue;
        }
        if (gap.last != 0u && record.boot != gap.boot) {
            tell_gap(fw, t_us, &gap);
            gaps++;
            gap.last = 0;
        }
        gap.first = gap.last == 0u ? record.seq : gap.first;
        gap.boot = record.boot;
        gap.last = record.seq;
    }
    if (gap.last != 0u) {
        tell_gap(fw, t_us, &gap);
    }
    return at;
}

static int32_t touches(const sw_gone_run *run, const sw_packet_gap *gap)
{
    return run->last != 0u && run->boot == gap->boot && run->reason == gap->reason && gap->first - 1u <= run->last &&
           run->first - 1u <= gap->last;
}

/* These go: joined with what went before. told_at: of the GAP that said so and goes itself, 0 none. Returns 1: it is to be
 * said; 0: a later GAP says it; -1: nothing more can be noted before what is due is said. */
static int32_t note_gone(sw_firmware *fw, const sw_packet_gap *gap, uint32_t told_at)
{
    sw_gone_run *place = 0;
    for (uint32_t i = 0; i < SW_GONE_RUNS; i++) {
        sw_gone_run *run = &fw->gone[i];
        if (touches(run, gap)) {
            if (told_at != 0u && told_at != run->at && gap->first >= run->first && gap->last <= run->last) {
                return 0;
            }
            run->first = gap->first < run->first ? gap->first : run->first;
            run->last = gap->last > run->last ? gap->last : run->last;
            run->due = 1;
            return 1;
        }
        if (!run->due && (place == 0 || run->at < place->at)) {
            place = run;
        }
    }
    if (place == 0) {
        return -1;
    }
    *place = (sw_gone_run){.boot = gap->boot, .first = gap->first, .last = gap->last, .reason = gap->reason, .due = 1};
    return 1;
}

/* A GAP goes: what it named is named again. Returns 0: not yet. */
static int32_t note_gap(sw_firmware *fw, const sw_ring_record *record)
{
    sw_packet_gap gap;
    if (record->type != SW_PACKET_GAP || !sw_packet_gap_get(&gap, record->payload, record->n) ||
        gap.what != SW_GAP_PACKETS || gap.first == 0u || gap.last < gap.first || fw->told_again >= SW_UPLINK_TOLD_AGAIN) {
        return 1;
    }
    const int32_t noted = note_gone(fw, &gap, record->at);
    fw->told_again += noted > 0;
    return noted >= 0;
}

/* Names the packets from `at` to end, and what the GAPs among them named. Returns where it has stopped. */
static uint32_t tell_packets(sw_firmware *fw, uint64_t t_us, uint32_t at, uint32_t end, uint32_t reason)
{
    for (; at < end; at++) {
        sw_ring_record record;
        if (sw_ring_read(&fw->ring, &fw->hal, at, &fw->delivery.again, &record) <= 0) {
            continue;
        }
        const sw_packet_gap gap = {record.boot, record.seq, record.seq, (uint8_t)reason, SW_GAP_PACKETS};
        if (note_gone(fw, &gap, 0) < 0 || !note_gap(fw, &record)) {
            break;
        }
        fw->counters.given_up++;
    }
    for (uint32_t i = 0; i < SW_GONE_RUNS; i++) {
        sw_gone_run *run = &fw->gone[i];
        if (run->due) {
            const sw_packet_gap gap = {run->boot, run->first, run->last, (uint8_t)run->reason, SW_GAP_PACKETS};
            tell_gap(fw, t_us, &gap);
            run->at = fw->delivery.base + fw->delivery.newest - 1u;
            run->due = 0;
        }
    }
    fw->told_again = at == end ? 0u : fw->told_again;
    return at;
}

/* The oldest packets of that ring make room, once the GAPs that name them are kept: the power may fail in between. */
static void give_up(sw_firmware *fw, uint64_t now_us, uint64_t t_us, const sw_ring *full)
{
    sw_ring *r = &fw->ring;
    if (fw->naming_to <= r->tail || fw->naming_failed) {
        for (uint32_t i = 0; i < SW_GONE_RUNS && fw->naming_failed; i++) {
            fw->gone[i].due = fw->gone[i].last != 0u;
        }
        fw->naming_to = tell_packets(fw, t_us, r->tail, full->drop_to, SW_REASON_STORE_FULL);
        fw->named_by = fw->delivery.newest;
        fw->naming_failed = 0;
    }
    if (fw->delivery.written >= fw->named_by || r->pressed) {
        sw_ring_forget(r, now_us, fw->naming_to);
    }
}

/* The first ring is full: its oldest packets go on without their waveforms, where there is a place for them. */
static void make_room(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    sw_ring *r = &fw->ring;
    if (r->thin == 0) {
        give_up(fw, now_us, t_us, r);
    } else if (r->thin->failing && now_us < r->thin->again_us) {
        r->full_from = tell_packets(fw, t_us, r->full_from, r->drop_to, SW_REASON_FLASH_FAILED);
    } else if (r->thin_to < r->drop_to && r->thin_to <= r->full_from) { /* what was told last is done */
        r->thin_to = tell_waves(fw, t_us, r->full_from, sw_ring_batch(r, &fw->hal));
        r->thin->at_us = now_us;
    }
}

/* Gives the ring what waits. */
static void feed(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    sw_delivery *d = &fw->delivery;
    sw_ring *r = &fw->ring;
    if (!sw_ring_ready(r, now_us)) {
        while (r->failing && r->waits == 0u && d->newest != d->written) { /* they are not made to wait for it */
            settle(fw, t_us, 0);
        }
        return;
    }
    if (d->gap_last != 0u && !r->failing) {
        const sw_packet_gap gap = {fw->boot, d->gap_first, d->gap_last, SW_REASON_FLASH_FAILED, SW_GAP_PACKETS};
        d->gap_first = d->gap_last = 0;
        tell_gap(fw, t_us, &gap);
    }
    const sw_delivery_slot *slot = sw_delivery_waiting(d, d->written + 1u);
    if (slot != 0) {
        sw_ring_record record = {
            .boot = fw->boot, .seq = d->written + 1u, .t_us = slot->t_us, .type = slot->type, .n = slot->n,
        };
        for (uint32_t i = 0; i < slot->n; i++) {
            record.payload[i] = slot->payload[i];
        }
        sw_ring_write(r, now_us, &record);
    }
}

/* The thin ring, in its turn: behind what the host says, which is not read while the flash is busy, and what is new. */
static void write_thin(sw_firmware *fw, uint64_t now_us, uint64_t t_us, int32_t may_begin)
{
    sw_ring *r = &fw->ring, *thin = r->thin;
    sw_ring_news news = SW_RING_NOTHING;
    if (thin == 0 || r->state < SW_RING_IDLE) {
        return;
    }
    do {
        if (!fw->uart_waits && (r->waits == 0u || r->pressed)) {
            sw_ring_thin_feed(r, &fw->hal, now_us);
        }
        news = sw_ring_step(thin, &fw->hal, now_us, may_begin, &fw->flash_begun);
        if (news == SW_RING_WRITTEN) {
            sw_ring_thinned(r);
        } else if (news == SW_RING_FULL) {
            give_up(fw, now_us, t_us, thin);
        }
    } while (news != SW_RING_NOTHING && news != SW_RING_FULL);
    r->torn |= thin->torn;
    r->slow |= thin->slow;
    r->worn |= thin->worn;
    thin->torn = thin->slow = thin->worn = 0;
}

static void write_waiting(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    const int32_t may_begin = fw->keeper.loaded && fw->keeper.store.state == SW_STORE_IDLE &&
                              fw->calibrator.store.state == SW_STORE_IDLE && fw->trust.store.state == SW_STORE_IDLE; /* settings and alarm go first */
    sw_ring_news news = SW_RING_NOTHING;
    do {
        feed(fw, now_us, t_us);
        news = sw_ring_step(&fw->ring, &fw->hal, now_us, may_begin, &fw->flash_begun);
        if (news == SW_RING_LOADED) {
            on_loaded(fw, t_us);
        } else if (news == SW_RING_FULL) {
            make_room(fw, now_us, t_us);
        } else if (news != SW_RING_NOTHING) {
            settle(fw, t_us, news == SW_RING_WRITTEN);
        }
    } while (news != SW_RING_NOTHING && news != SW_RING_FULL);
    feed(fw, now_us, t_us);
    write_thin(fw, now_us, t_us, may_begin);
}

static int32_t has_room(const sw_firmware *fw)
{
    return SW_OUTBOX_BYTES - fw->outbox.n >= SW_UPLINK_RESERVE + SW_LINE_MAX;
}

/* One stored packet. Returns 1: sent, or known not to be there; 0: nothing is to be sent, or it cannot be read now. */
static int32_t send_stored(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    sw_delivery *d = &fw->delivery;
    sw_ring_record record;
    const uint32_t pulled = sw_delivery_pulled(d, &fw->ring, t_us);
    const int32_t streams = fw->policy.state == SW_UPLINK_STREAMING;
    const uint32_t at = pulled != 0u ? pulled : streams ? sw_delivery_due(d, &fw->ring, t_us) : 0u;
    if (at == 0u) {
        return 0;
    }
    const int32_t seen = sw_ring_read(&fw->ring, &fw->hal, at, at == d->sent_to ? &d->backlog : &d->again, &record);
    if (seen < 0) {
        return 0;
    }
    if (seen > 0 && pulled != 0u && record.boot != d->wish[0].boot) {
        d->wish[0].left = 0; /* that boot has no more: what follows was not asked for, and is not sent */
        return 1;
    }
    if (seen > 0) {
        sw_delivery_met(d, record.boot, record.at + 1u - record.seq);
        const sw_packet_header header = {
            .type = record.type, .flags = SW_PACKET_FLAG_RESENT, .seq = record.seq, .boot = record.boot, .t_us = record.t_us,
        };
        const uint32_t line_n = put(fw, &header, record.payload, record.n, sw_trust_key(&fw->trust));
        fw->counters.bytes_replied += pulled != 0u ? line_n : 0u;
        fw->counters.bytes_data += pulled != 0u ? 0u : line_n;
        fw->counters.pulled += pulled != 0u;
        fw->counters.resent += pulled == 0u;
    }
    if (seen == 0 && at == fw->ring.tail) {
        sw_ring_forget(&fw->ring, now_us, at + 1u);
    }
    sw_delivery_sent(d, t_us, at);
    if (pulled != 0u) {
        sw_delivery_pull_done(d);
    }
    return 1;
}

void sw_uplink_step(sw_firmware *fw, uint64_t now_us)
{
    const uint64_t t_us = sw_line_present(fw, now_us);
    uint32_t n = 0;
    write_waiting(fw, now_us, t_us);
    sw_ring_forget(&fw->ring, now_us, sw_delivery_learn(&fw->delivery, &fw->ring, &fw->hal));
    if (fw->stored_us != SW_NEVER && now_us < fw->stored_us) {
        return;
    }
    while (n < SW_UPLINK_STORED && has_room(fw) && send_stored(fw, now_us, t_us)) {
        n++;
    }
    fw->stored_us = n > 0u ? now_us + SW_UPLINK_STORED_US : SW_NEVER;
}
