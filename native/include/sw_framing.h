/* Packets to the bytes of the line and back: COBS( header | payload | tag | crc32 ) 0x00.
 *
 * The tag says who sent it (keyed BLAKE2s over header and payload), the checksum that it came as it was sent. A packet with
 * SW_PACKET_FLAG_TAG_ABSENT has no tag.
 * Rule: whatever bytes arrive, memory stays bounded, nothing but an intact packet comes out, and the
 * next delimiter is a new start. Intact is not genuine: sw_packet_genuine() tells.
 */
#ifndef SW_FRAMING_H
#define SW_FRAMING_H

#include <stdint.h>

#include "sw_packet.h"

#define SW_CRC_BYTES 4u
#define SW_TAG_BYTES 8u
#define SW_KEY_BYTES 32u
#define SW_BODY_MAX (SW_HEADER_BYTES + SW_PAYLOAD_MAX + SW_TAG_BYTES + SW_CRC_BYTES)
#define SW_BLOCK_MAX (SW_BODY_MAX + 2u) /* COBS: one byte, and one more per full 254 bytes */
#define SW_LINE_MAX (SW_BLOCK_MAX + 1u) /* with the delimiter: the longest packet on the line */

/* zlib's CRC-32 of n bytes. */
uint32_t sw_crc32(const uint8_t *bytes, uint32_t n);
/* The same over bytes that go on where those of crc ended; crc 0: at their beginning. */
uint32_t sw_crc32_more(uint32_t crc, const uint8_t *bytes, uint32_t n);

/* COBS. out holds n + n / 254 + 1 bytes; returns the bytes written (no delimiter). */
uint32_t sw_cobs_encode(const uint8_t *in, uint32_t n, uint8_t *out);
/* out holds n bytes and may be in; returns the bytes written, or -1: in is no COBS block. */
int32_t sw_cobs_decode(const uint8_t *in, uint32_t n, uint8_t *out);

/* One packet to the line. payload_n <= SW_PAYLOAD_MAX; key: SW_KEY_BYTES, NULL: without a tag; the flag says which.
 * line holds SW_LINE_MAX bytes. Returns the bytes to send, delimiter included; 0 when payload_n is too large. */
uint32_t sw_packet_seal(const sw_packet_header *header, const uint8_t *payload, uint32_t payload_n, const uint8_t *key,
                        uint8_t *line);
/* The same without a tag. */
uint32_t sw_packet_frame(const sw_packet_header *header, const uint8_t *payload, uint32_t payload_n,
                         uint8_t *line);

/* A packet as it came: payload holds at least sw_packet_payload_bytes(header.type) bytes. */
typedef struct sw_packet {
    sw_packet_header header;
    uint32_t payload_n;
    uint8_t payload[SW_PAYLOAD_MAX];
    uint8_t tag[SW_TAG_BYTES]; /* nobody has checked it; 0 where the flag says that there is none */
} sw_packet;

/* 1: it bears the tag that this key makes. */
int32_t sw_packet_genuine(const sw_packet *packet, const uint8_t *key);

typedef struct sw_deframer_counters {
    uint32_t packets;      /* accepted */
    uint32_t too_long;     /* more than SW_BLOCK_MAX bytes without a delimiter */
    uint32_t bad_cobs;
    uint32_t too_short;    /* shorter than header, tag and crc, or than its type's payload */
    uint32_t bad_crc;
    uint32_t bad_version;  /* not SW_PROTOCOL_VERSION, and no HELLO, HOST_HELLO or REFUSE: these are the same in all */
    uint32_t bad_flags;    /* flags this version does not know */
    uint32_t unknown_type;
} sw_deframer_counters;

typedef struct sw_deframer {
    sw_deframer_counters counters;
    uint32_t n;            /* bytes held of the block under way, 0..SW_BLOCK_MAX */
    uint32_t skipping;     /* 1: the block under way is too long; drop up to the delimiter */
    uint8_t block[SW_BLOCK_MAX];
} sw_deframer;

void sw_deframer_init(sw_deframer *d);
/* Takes bytes up to and including the one that completes a packet, or all n. Returns the bytes taken;
 * *got is 1 when out holds a packet. Call again with the rest until all are taken:
 *   for (at = 0; at < n;) { at += sw_deframer_feed(d, bytes + at, n - at, &p, &got); if (got) use(&p); } */
uint32_t sw_deframer_feed(sw_deframer *d, const uint8_t *bytes, uint32_t n, sw_packet *out, int32_t *got);

#endif
