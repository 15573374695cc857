/* Packets as C structs and bytes; everything here is made from the tables of wire/packet.h.
 *
 * Rule: no offset is written by hand, and no struct is ever copied onto the line: each field is
 * serialised on its own, little-endian.
 *
 * Made per packet NAME / name: struct sw_packet_<name>,
 *   uint32_t sw_packet_<name>_put(const sw_packet_<name> *in, uint8_t *out)   -> bytes written
 *   int32_t sw_packet_<name>_get(sw_packet_<name> *out, const uint8_t *in, uint32_t n)
 *       -> 1, or 0 when n is too short (out untouched); more bytes than known are ignored.
 */
#ifndef SW_PACKET_H
#define SW_PACKET_H

#include <stdint.h>

#include "packet.h"
#include "sw_words.h"

#define SW_PAYLOAD_MAX 255u

/* the types of the table */
typedef uint8_t sw_u8;
typedef uint16_t sw_u16;
typedef uint32_t sw_u32;
typedef uint64_t sw_u64;
typedef int16_t sw_i16;

/* A field of count 1 is a scalar; each other count in the table has a line here. */
#define SW_MEMBER_1(type, name) sw_##type name;
#define SW_MEMBER_16(type, name) sw_##type name[16];
#define SW_MEMBER_32(type, name) sw_##type name[32];
#define SW_MEMBER(type, name, count, lsb, unit) SW_MEMBER_##count(type, name)

typedef struct sw_packet_header {
    SW_HEADER_FIELDS(SW_MEMBER)
} sw_packet_header;

#define SW_DECLARE_PACKET(NAME, name)                                               \
    typedef struct sw_packet_##name {                                               \
        SW_##NAME##_FIELDS(SW_MEMBER)                                               \
    } sw_packet_##name;                                                             \
    uint32_t sw_packet_##name##_put(const sw_packet_##name *in, uint8_t *out);      \
    int32_t sw_packet_##name##_get(sw_packet_##name *out, const uint8_t *in, uint32_t n);

SW_PACKETS(SW_DECLARE_PACKET)

#undef SW_DECLARE_PACKET

/* As above for the header, SW_HEADER_BYTES long. */
#define SW_HEADER_BYTES 20u
uint32_t sw_packet_header_put(const sw_packet_header *in, uint8_t *out);
int32_t sw_packet_header_get(sw_packet_header *out, const uint8_t *in, uint32_t n);

/* Payload bytes of a packet type in this version of the protocol; 0 for an unknown type. */
uint32_t sw_packet_payload_bytes(uint32_t type);
/* 32 bits that change with any number, type, count, order or (nearly any) name of the tables. FNV-1a. */
uint32_t sw_packet_layout_digest(void);

#endif
