/* The serial line's receiving side. See sw_line.h.
 *
 * Rule: every question with a nonce is answered at once; a nonce of 0 is no question.
 */
#include "sw_line.h"

#include "sw_commands.h"
#include "sw_handles.h"
#include "sw_uplink.h"

#define UART_CHUNK 256u
#define UART_CHUNKS_MAX 16u     /* a step reads no more; the rest waits for the next */

uint64_t sw_line_present(const sw_firmware *fw, uint64_t now_us)
{
    const sw_driver *d = &fw->driver;
    uint64_t t = d->state == SW_DRIVER_RUNNING && d->next_frame > 0u ? d->t_us : now_us;
    return t > fw->device_us ? t : fw->device_us;
}

uint64_t sw_line_time(sw_firmware *fw, uint64_t now_us)
{
    fw->device_us = sw_line_present(fw, now_us);
    return fw->device_us;
}

uint32_t sw_line_hello(const sw_firmware *fw, uint64_t device_nonce, uint64_t host_nonce, uint8_t *payload)
{
    sw_packet_hello hello = {
        .device_id = fw->trust.device_id, .nonce = device_nonce, .config_hash = fw->config_hash,
        .parameters_hash = fw->chain.parameters_hash, .protocol_oldest = SW_PROTOCOL_VERSION,
        .protocol_newest = SW_PROTOCOL_VERSION, .host_nonce = host_nonce,
        .oldest_seq = sw_delivery_oldest(&fw->delivery, &fw->ring), .newest_seq = fw->delivery.written,
        .oldest_boot = sw_delivery_oldest_boot(&fw->delivery, &fw->ring),
        .stored = sw_delivery_stored(&fw->delivery, &fw->ring), .layout_digest = sw_packet_layout_digest(),
    };
    return sw_packet_hello_put(&hello, payload);
}

/* Without a generator: no secret, but another one each time and, while the battery clock runs, in each boot; so a host
 * still tells boots and answers apart. Finaliser of splitmix64. */
static uint64_t instead_of_random(sw_firmware *fw, uint64_t now_us)
{
    uint64_t x = sw_clock_utc(&fw->alarm.clock, now_us) + ++fw->made_up * 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

uint64_t sw_line_random(sw_firmware *fw, uint64_t now_us, uint32_t bytes)
{
    uint8_t random[8] = {0};
    uint64_t word = 0;
    if (fw->hal.entropy_read(fw->hal.entropy, random, bytes) < 0 && SW_HANDLES(ENTROPY_FAILED)) {
        sw_health_note(&fw->health, now_us, SW_REASON_ENTROPY_FAILED);
        word = instead_of_random(fw, now_us);
        return bytes < 8u ? word & ((1ull << 8u * bytes) - 1u) : word;
    }
    for (uint32_t i = 0; i < bytes; i++) {
        word |= (uint64_t)random[i] << (8u * i);
    }
    return word;
}

static uint32_t refusal(const sw_packet_host_hello *hello)
{
    if (hello->protocol_oldest > SW_PROTOCOL_VERSION || hello->protocol_newest < SW_PROTOCOL_VERSION) {
        return SW_REFUSAL_VERSION;
    }
    int32_t same = hello->protocol_newest == SW_PROTOCOL_VERSION; /* a later one has other tables, and knows these */
    return same && hello->layout_digest != sw_packet_layout_digest() ? SW_REFUSAL_LAYOUT : SW_REFUSAL_NONE;
}

/* Each answer of a paired device opens a session of its own: with another nonce, or an old HOST_HELLO would open an old one. */
static void on_hello(sw_firmware *fw, uint64_t now_us, uint64_t t_us, const sw_packet_host_hello *hello)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    uint32_t reason = refusal(hello);
    if (hello->nonce == 0u) { /* its answer would look like a boot announcement */
        return;
    }
    fw->device_us = t_us;
    if (reason != SW_REFUSAL_NONE) {
        sw_packet_refuse refuse = {
            .nonce = hello->nonce, .reason = (uint8_t)reason, .protocol_oldest = SW_PROTOCOL_VERSION,
            .protocol_newest = SW_PROTOCOL_VERSION,
        };
        sw_uplink_answer_by(fw, t_us, SW_PACKET_REFUSE, payload, sw_packet_refuse_put(&refuse, payload), 0);
        return;
    }
    uint64_t nonce = fw->trust.state == SW_TRUST_PAIRED ? sw_line_random(fw, now_us, 8) : fw->nonce;
    const uint8_t *key = sw_trust_open(&fw->trust, nonce, hello->nonce, fw->boot);
    sw_uplink_answer_by(fw, t_us, SW_PACKET_HELLO, payload, sw_line_hello(fw, nonce, hello->nonce, payload), key);
    if (fw->trust.state == SW_TRUST_OPEN) {
        sw_delivery_heard(&fw->delivery, t_us);
        sw_delivery_all_due(&fw->delivery, &fw->ring);
    }
}

/* Held for pairing: pressed since the power came, and since the alarm last rang or was snoozed; and not stuck. */
static int32_t is_held(const sw_firmware *fw, uint64_t now_us)
{
    const sw_button *b = &fw->alarm.button;
    return b->down && b->since_us > fw->rang_us && now_us - b->since_us < SW_PARTS_STUCK_US &&
           fw->hal.button(fw->hal.pins) == 1;
}

static void on_pair(sw_firmware *fw, uint64_t now_us, uint64_t t_us, const sw_packet_pair *pair)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    sw_packet_paired paired;
    if (sw_trust_pair(&fw->trust, &fw->hal, now_us, is_held(fw, now_us), pair, &paired)) {
        fw->device_us = t_us;
        sw_uplink_answer_by(fw, t_us, SW_PACKET_PAIRED, payload, sw_packet_paired_put(&paired, payload), 0);
    }
}

/* 1: a packet that needs no tag, and is dealt with. */
static int32_t on_stranger(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    const sw_packet *p = &fw->packet;
    sw_packet_host_hello hello;
    sw_packet_pair pair;
    if (p->header.type == SW_PACKET_HOST_HELLO && sw_packet_host_hello_get(&hello, p->payload, p->payload_n)) {
        on_hello(fw, now_us, t_us, &hello);
        return 1;
    }
    if (p->header.type == SW_PACKET_PAIR && sw_packet_pair_get(&pair, p->payload, p->payload_n)) {
        on_pair(fw, now_us, t_us, &pair);
        return 1;
    }
    return 0;
}

/* device_nonce 0: of a device that takes no TIME. */
static void answer_ping(sw_firmware *fw, uint64_t t_us, uint64_t nonce, uint64_t device_nonce)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    const sw_packet_pong pong = {
        .nonce = nonce, .device_nonce = device_nonce,
        .oldest_seq = sw_delivery_oldest(&fw->delivery, &fw->ring), .newest_seq = fw->delivery.written,
        .oldest_boot = sw_delivery_oldest_boot(&fw->delivery, &fw->ring),
        .stored = sw_delivery_stored(&fw->delivery, &fw->ring),
    };
    fw->device_us = t_us;
    sw_uplink_answer(fw, t_us, SW_PACKET_PONG, payload, sw_packet_pong_put(&pong, payload));
}

static uint64_t nonce_of(const sw_packet *p)
{
    uint64_t nonce = 0;
    for (uint32_t i = 0; i < 8u && p->payload_n >= 8u; i++) {
        nonce |= (uint64_t)p->payload[i] << (8u * i);
    }
    return nonce;
}

/* Said to a device without a key: PING is answered, every other question refused, the rest is nothing. */
static void on_unpaired(sw_firmware *fw, uint64_t t_us)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    const sw_packet *p = &fw->packet;
    const uint32_t type = p->header.type;
    const uint64_t nonce = nonce_of(p); /* each question begins with it */
    if ((p->header.flags & (uint32_t)SW_PACKET_FLAG_TAG_ABSENT) == 0u || type < SW_PACKET_HOST_HELLO || nonce == 0u ||
        type == SW_PACKET_ACK || type == SW_PACKET_PULL || type == SW_PACKET_TIME) {
        return;
    }
    if (type == SW_PACKET_PING) {
        answer_ping(fw, t_us, nonce, 0);
        return;
    }
    const sw_packet_refuse refuse = {
        .nonce = nonce, .reason = SW_REFUSAL_NOT_PAIRED, .protocol_oldest = SW_PROTOCOL_VERSION,
        .protocol_newest = SW_PROTOCOL_VERSION,
    };
    fw->device_us = t_us;
    sw_uplink_answer_by(fw, t_us, SW_PACKET_REFUSE, payload, sw_packet_refuse_put(&refuse, payload), 0);
}

static void on_packet(sw_firmware *fw, uint64_t now_us)
{
    const sw_packet *p = &fw->packet;
    uint64_t t_us = sw_line_present(fw, now_us);
    sw_packet_ping ping;
    sw_packet_ack ack;
    sw_packet_pull pull;
    if (on_stranger(fw, now_us, t_us)) {
        return;
    }
    sw_admitted admitted = sw_trust_admit(&fw->trust, p);
    if (admitted == SW_ADMITTED_NOT) {
        if (fw->trust.state == SW_TRUST_UNPAIRED) {
            on_unpaired(fw, t_us);
        }
        return;
    }
    sw_delivery_heard(&fw->delivery, t_us);
    if (admitted == SW_ADMITTED_FIRST) {
        sw_delivery_all_due(&fw->delivery, &fw->ring);
    }
    if (p->header.type == SW_PACKET_PING && sw_packet_ping_get(&ping, p->payload, p->payload_n)) {
        if (ping.nonce == 0u) {
            return;
        }
        uint64_t device_nonce = sw_line_random(fw, now_us, 8);
        device_nonce = device_nonce == 0u ? 1u : device_nonce;
        sw_alarm_clock_nonce(&fw->alarm, now_us, device_nonce);
        answer_ping(fw, t_us, ping.nonce, device_nonce);
    } else if (p->header.type == SW_PACKET_ACK && sw_packet_ack_get(&ack, p->payload, p->payload_n)) {
        sw_ring_forget(&fw->ring, now_us, sw_delivery_ack(&fw->delivery, &fw->ring, &fw->hal, &ack));
        fw->counters.acks++;
    } else if (p->header.type == SW_PACKET_PULL && sw_packet_pull_get(&pull, p->payload, p->payload_n)) {
        sw_delivery_pull(&fw->delivery, &fw->ring, t_us, &pull);
    } else if (sw_commands_packet(fw, now_us, t_us)) {
        fw->device_us = t_us;
    }
}

void sw_line_read(sw_firmware *fw, uint64_t now_us)
{
    uint8_t bytes[UART_CHUNK];
    if (sw_ring_busy(&fw->ring, now_us)) { /* what is read back for an answer cannot be read now */
        fw->uart_waits = 1;
        return;
    }
    for (uint32_t chunk = 0; chunk < UART_CHUNKS_MAX; chunk++) {
        int32_t n = fw->hal.uart_read(fw->hal.uart, bytes, UART_CHUNK);
        for (uint32_t at = 0; n > 0 && at < (uint32_t)n;) {
            int32_t got = 0;
            at += sw_deframer_feed(&fw->deframer, bytes + at, (uint32_t)n - at, &fw->packet, &got);
            if (got) {
                on_packet(fw, now_us);
            }
        }
        if (n < (int32_t)UART_CHUNK) {
            fw->uart_waits = 0;
            return;
        }
    }
    fw->uart_waits = 1;
}
