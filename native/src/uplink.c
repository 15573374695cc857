/* Uplink: packets to the outbox, first and again. See sw_uplink.h.
 *
 * Rule: what is sent again has the number, time and payload of the first time; only its flag differs.
 */
#include "sw_uplink.h"

static uint32_t put(sw_firmware *fw, uint64_t t_us, uint32_t type, uint32_t flags, uint32_t seq,
                    const uint8_t *payload, uint32_t n, const uint8_t *key)
{
    sw_packet_header header = {
        .version = SW_PROTOCOL_VERSION, .type = (uint8_t)type, .flags = (uint8_t)flags,
        .seq = seq, .boot = fw->boot, .t_us = t_us,
    };
    return sw_outbox_put(&fw->outbox, &header, payload, n, key);
}

uint32_t sw_uplink_plain(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n)
{
    return put(fw, t_us, type, 0, 0, payload, n, 0);
}

void sw_uplink_answer_by(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n, const uint8_t *key)
{
    fw->counters.bytes_replied += put(fw, t_us, type, 0, 0, payload, n, key);
    fw->counters.replies++;
}

void sw_uplink_answer(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n)
{
    sw_uplink_answer_by(fw, t_us, type, payload, n, sw_trust_key(&fw->trust));
}

void sw_uplink_data(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n, int32_t now)
{
    uint32_t seq = sw_delivery_put(&fw->delivery, t_us, type, payload, n);
    uint32_t line_n = now ? put(fw, t_us, type, 0, seq, payload, n, sw_trust_key(&fw->trust)) : 0u;
    fw->counters.bytes_data += line_n;
    if (line_n > 0u) { /* what found no room stays due */
        sw_delivery_sent(&fw->delivery, seq, t_us);
    }
}

static int32_t has_room(const sw_firmware *fw)
{
    return SW_OUTBOX_BYTES - fw->outbox.n >= SW_UPLINK_RESERVE + SW_LINE_MAX;
}

static uint32_t put_again(sw_firmware *fw, uint64_t t_us, uint32_t seq)
{
    const sw_delivery_slot *slot = sw_delivery_get(&fw->delivery, seq);
    uint32_t line_n = put(fw, slot->t_us, slot->type, SW_PACKET_FLAG_RESENT, seq, slot->payload, slot->n, sw_trust_key(&fw->trust));
    sw_delivery_sent(&fw->delivery, seq, t_us);
    return line_n;
}

void sw_uplink_catch_up(sw_firmware *fw, uint64_t t_us)
{
    for (uint32_t i = 0; i < SW_UPLINK_RESENT_PER_S && has_room(fw); i++) {
        uint32_t seq = sw_delivery_due(&fw->delivery, t_us);
        if (seq == 0u) {
            return;
        }
        fw->counters.bytes_data += put_again(fw, t_us, seq);
        fw->counters.resent++;
    }
}

void sw_uplink_hand_over(sw_firmware *fw, uint64_t t_us)
{
    while (has_room(fw)) {
        uint32_t seq = sw_delivery_pulled(&fw->delivery, t_us);
        if (seq == 0u) {
            return;
        }
        fw->counters.bytes_replied += put_again(fw, t_us, seq);
        fw->counters.pulled++;
        sw_delivery_pull_done(&fw->delivery);
    }
}
