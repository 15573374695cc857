/* The second opinion of fuzz.c: COBS, checksum and header bit by bit, from the description of the line.
 *
 * Rule: slow and plain, and nothing of the decoder but its numbers.
 */
#ifndef BENCH_PLAIN_H
#define BENCH_PLAIN_H

#include "sw_framing.h"

static uint32_t plain_crc(const uint8_t *bytes, uint32_t n)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (uint32_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++) {
            crc = (crc & 1u) != 0u ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
        }
    }
    return ~crc;
}

static int32_t plain_cobs(const uint8_t *in, uint32_t n, uint8_t *out)
{
    uint32_t until = 0, m = 0, code = 255; /* as if a full run had ended: no zero before the first byte */
    for (uint32_t i = 0; i < n; i++) {
        if (until > 0u) {
            out[m++] = in[i];
            until--;
        } else {
            if (code != 255u) {
                out[m++] = 0;
            }
            code = in[i];
            until = code - 1u;
        }
    }
    return until == 0u ? (int32_t)m : -1;
}

/* 1 when the block is a packet: its checksum is right and its header is one of this version. */
static int plain_accepts(const uint8_t *block, uint32_t n, uint8_t *body, uint32_t *body_n)
{
    int32_t m = n <= SW_BLOCK_MAX ? plain_cobs(block, n, body) : -1;
    if (m < 24) {
        return 0;
    }
    uint32_t at = (uint32_t)m - 4u, crc = plain_crc(body, at);
    for (uint32_t k = 0; k < 4; k++) {
        if (body[at + k] != ((crc >> (8u * k)) & 255u)) {
            return 0;
        }
    }
    uint32_t version = body[0], type = body[1], flags = body[2], tag_n = (flags & 1u) != 0u ? 0u : 8u;
    uint32_t known_n = sw_packet_payload_bytes(type);
    int every = type == SW_PACKET_HELLO || type == SW_PACKET_HOST_HELLO || type == SW_PACKET_REFUSE;
    *body_n = at;
    return (version == SW_PROTOCOL_VERSION || every) && flags < 4u && known_n > 0u && at >= 20u + known_n + tag_n &&
           at <= 20u + 255u + tag_n;
}

static uint64_t number(const uint8_t *bytes, uint32_t n) /* least significant byte first */
{
    uint64_t value = 0;
    while (n-- > 0u) {
        value = value << 8 | bytes[n];
    }
    return value;
}

#endif
