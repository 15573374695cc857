/* COBS, CRC-32 and the stream decoder of the serial line.
 *
 * Rule: every byte of the line is treated as hostile until the checksum says otherwise.
 */
#include "sw_framing.h"

#include <string.h>

#include "sw_blake2s.h"

/* CRC-32 of the sixteen values of a nibble: reflected polynomial 0xEDB88320 (IEEE 802.3). */
static const uint32_t crc_of_nibble[16] = {
    0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
    0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu, 0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
};

uint32_t sw_crc32_more(uint32_t crc, const uint8_t *bytes, uint32_t n)
{
    crc ^= 0xFFFFFFFFu;
    for (uint32_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ crc_of_nibble[crc & 15u];
        crc = (crc >> 4) ^ crc_of_nibble[crc & 15u];
    }
    return crc ^ 0xFFFFFFFFu;
}

uint32_t sw_crc32(const uint8_t *bytes, uint32_t n) { return sw_crc32_more(0, bytes, n); }

uint32_t sw_cobs_encode(const uint8_t *in, uint32_t n, uint8_t *out)
{
    uint32_t code_at = 0; /* where the code of the group under way goes */
    uint32_t at = 1;
    for (uint32_t i = 0; i < n; i++) {
        if (in[i] == 0u) {
            out[code_at] = (uint8_t)(at - code_at);
            code_at = at++;
            continue;
        }
        out[at++] = in[i];
        if (at - code_at == 255u && i + 1u < n) { /* a full group stands for no zero */
            out[code_at] = 255u;
            code_at = at++;
        }
    }
    out[code_at] = (uint8_t)(at - code_at);
    return at;
}

int32_t sw_cobs_decode(const uint8_t *in, uint32_t n, uint8_t *out)
{
    uint32_t at = 0;
    uint32_t i = 0;
    while (i < n) {
        uint32_t code = in[i++];
        if (code == 0u || code - 1u > n - i) {
            return -1;
        }
        for (uint32_t k = 1; k < code; k++) {
            if (in[i] == 0u) {
                return -1;
            }
            out[at++] = in[i++];
        }
        if (code != 255u && i < n) {
            out[at++] = 0;
        }
    }
    return (int32_t)at;
}

static void make_tag(const uint8_t *body, uint32_t n, const uint8_t *key, uint8_t *tag)
{
    sw_blake2s(tag, SW_TAG_BYTES, key, SW_KEY_BYTES, body, n);
}

uint32_t sw_packet_seal(const sw_packet_header *header, const uint8_t *payload, uint32_t payload_n, const uint8_t *key,
                        uint8_t *line)
{
    uint8_t body[SW_BODY_MAX];
    sw_packet_header h = *header;
    if (payload_n > SW_PAYLOAD_MAX) {
        return 0;
    }
    h.flags = (uint8_t)(h.flags & ~(uint32_t)SW_PACKET_FLAG_TAG_ABSENT);
    h.flags = (uint8_t)(h.flags | (key == 0 ? SW_PACKET_FLAG_TAG_ABSENT : 0u));
    uint32_t n = sw_packet_header_put(&h, body);
    for (uint32_t i = 0; i < payload_n; i++) {
        body[n++] = payload[i];
    }
    if (key != 0) {
        make_tag(body, n, key, body + n);
        n += SW_TAG_BYTES;
    }
    uint32_t crc = sw_crc32(body, n);
    for (uint32_t k = 0; k < SW_CRC_BYTES; k++) {
        body[n++] = (uint8_t)((crc >> (8u * k)) & 0xFFu);
    }
    uint32_t line_n = sw_cobs_encode(body, n, line);
    line[line_n++] = 0;
    return line_n;
}

uint32_t sw_packet_frame(const sw_packet_header *header, const uint8_t *payload, uint32_t payload_n,
                         uint8_t *line)
{
    return sw_packet_seal(header, payload, payload_n, 0, line);
}

int32_t sw_packet_genuine(const sw_packet *packet, const uint8_t *key)
{
    uint8_t body[SW_BODY_MAX];
    uint8_t tag[SW_TAG_BYTES];
    if ((packet->header.flags & (uint32_t)SW_PACKET_FLAG_TAG_ABSENT) != 0u) {
        return 0;
    }
    uint32_t n = sw_packet_header_put(&packet->header, body);
    memcpy(body + n, packet->payload, packet->payload_n);
    make_tag(body, n + packet->payload_n, key, tag);
    return sw_same_bytes(tag, packet->tag, SW_TAG_BYTES);
}

/* These are read whatever version they come in: without them two ends could not tell each other why they do not talk. */
static int32_t is_of_every_version(uint32_t type)
{
    return type == SW_PACKET_HELLO || type == SW_PACKET_HOST_HELLO || type == SW_PACKET_REFUSE;
}

/* One block between delimiters, decoded in place. Returns 1 when it was an intact packet. */
static int32_t take_block(sw_deframer *d, sw_packet *out)
{
    sw_deframer_counters *c = &d->counters;
    uint8_t *body = d->block;
    int32_t decoded_n = sw_cobs_decode(body, d->n, body);
    if (decoded_n < 0) {
        c->bad_cobs++;
        return 0;
    }
    uint32_t n = (uint32_t)decoded_n;
    if (n < SW_HEADER_BYTES + SW_CRC_BYTES) {
        c->too_short++;
        return 0;
    }
    n -= SW_CRC_BYTES;
    uint32_t crc = (uint32_t)body[n] | ((uint32_t)body[n + 1] << 8) | ((uint32_t)body[n + 2] << 16) |
                   ((uint32_t)body[n + 3] << 24);
    if (crc != sw_crc32(body, n)) {
        c->bad_crc++;
        return 0;
    }
    (void)sw_packet_header_get(&out->header, body, n);
    if (out->header.version != SW_PROTOCOL_VERSION && !is_of_every_version(out->header.type)) {
        c->bad_version++;
        return 0;
    }
    if ((out->header.flags & ~(uint32_t)(SW_PACKET_FLAG_RESENT | SW_PACKET_FLAG_TAG_ABSENT)) != 0u) {
        c->bad_flags++;
        return 0;
    }
    uint32_t tag_n = (out->header.flags & (uint32_t)SW_PACKET_FLAG_TAG_ABSENT) != 0u ? 0u : SW_TAG_BYTES;
    uint32_t known_n = sw_packet_payload_bytes(out->header.type);
    if (known_n == 0u) {
        c->unknown_type++;
        return 0;
    }
    if (n - SW_HEADER_BYTES < known_n + tag_n || n - SW_HEADER_BYTES - tag_n > SW_PAYLOAD_MAX) {
        c->too_short += n - SW_HEADER_BYTES < known_n + tag_n;
        c->too_long += n - SW_HEADER_BYTES >= known_n + tag_n;
        return 0;
    }
    out->payload_n = n - SW_HEADER_BYTES - tag_n;
    memcpy(out->payload, body + SW_HEADER_BYTES, out->payload_n);
    memset(out->tag, 0, sizeof out->tag);
    memcpy(out->tag, body + SW_HEADER_BYTES + out->payload_n, tag_n);
    c->packets++;
    return 1;
}

void sw_deframer_init(sw_deframer *d) { memset(d, 0, sizeof *d); }

uint32_t sw_deframer_feed(sw_deframer *d, const uint8_t *bytes, uint32_t n, sw_packet *out, int32_t *got)
{
    *got = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (bytes[i] == 0u) {
            if (d->n > 0u && d->skipping == 0u) {
                *got = take_block(d, out);
            }
            d->n = 0;
            d->skipping = 0;
            if (*got != 0) {
                return i + 1u;
            }
        } else if (d->skipping == 0u) {
            if (d->n == SW_BLOCK_MAX) {
                d->skipping = 1;
                d->counters.too_long++;
            } else {
                d->block[d->n++] = bytes[i];
            }
        }
    }
    return n;
}
