/* Serialising: fields to little-endian bytes and back, by the tables of wire/packet.h.
 *
 * Rule: the offset of a field is its offset in a struct of byte arrays made from the same table.
 */
#include "sw_packet.h"

#include <stddef.h>


static void put_u8(uint8_t *out, uint8_t value) { out[0] = value; }

static void put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value & 0xFFu);
    out[1] = (uint8_t)(value >> 8);
}

static void put_i16(uint8_t *out, int16_t value) { put_u16(out, (uint16_t)value); }

static void put_u32(uint8_t *out, uint32_t value)
{
    put_u16(out, (uint16_t)(value & 0xFFFFu));
    put_u16(out + 2, (uint16_t)(value >> 16));
}

static void put_u64(uint8_t *out, uint64_t value)
{
    put_u32(out, (uint32_t)(value & 0xFFFFFFFFu));
    put_u32(out + 4, (uint32_t)(value >> 32));
}

static uint8_t get_u8(const uint8_t *in) { return in[0]; }

static uint16_t get_u16(const uint8_t *in)
{
    return (uint16_t)((uint32_t)in[0] | ((uint32_t)in[1] << 8));
}

static int16_t get_i16(const uint8_t *in) { return (int16_t)get_u16(in); }

static uint32_t get_u32(const uint8_t *in)
{
    return (uint32_t)get_u16(in) | ((uint32_t)get_u16(in + 2) << 16);
}

static uint64_t get_u64(const uint8_t *in)
{
    return (uint64_t)get_u32(in) | ((uint64_t)get_u32(in + 4) << 32);
}

#define FIELD_BYTES(type, name, count, lsb, unit) uint8_t name[sizeof(sw_##type) * (count)];

#define PUT_1(type, name) put_##type(out + offsetof(layout, name), in->name);
#define PUT_16(type, name) PUT_MANY(type, name, 16u)
#define PUT_32(type, name) PUT_MANY(type, name, 32u)
#define PUT_MANY(type, name, count)                                               \
    for (uint32_t i = 0; i < count; i++) {                                        \
        put_##type(out + offsetof(layout, name) + i * sizeof(sw_##type), in->name[i]);  \
    }
#define FIELD_PUT(type, name, count, lsb, unit) PUT_##count(type, name)

#define GET_1(type, name) out->name = get_##type(in + offsetof(layout, name));
#define GET_16(type, name) GET_MANY(type, name, 16u)
#define GET_32(type, name) GET_MANY(type, name, 32u)
#define GET_MANY(type, name, count)                                               \
    for (uint32_t i = 0; i < count; i++) {                                        \
        out->name[i] = get_##type(in + offsetof(layout, name) + i * sizeof(sw_##type)); \
    }
#define FIELD_GET(type, name, count, lsb, unit) GET_##count(type, name)

#define DEFINE_PACKET(NAME, name)                                                       \
    typedef struct name##_layout {                                                      \
        SW_##NAME##_FIELDS(FIELD_BYTES)                                                 \
    } name##_layout;                                                                    \
    _Static_assert(sizeof(name##_layout) <= SW_PAYLOAD_MAX, #NAME " is too long");      \
    uint32_t sw_packet_##name##_put(const sw_packet_##name *in, uint8_t *out)           \
    {                                                                                   \
        typedef name##_layout layout;                                                   \
        SW_##NAME##_FIELDS(FIELD_PUT)                                                   \
        return (uint32_t)sizeof(layout);                                                \
    }                                                                                   \
    int32_t sw_packet_##name##_get(sw_packet_##name *out, const uint8_t *in, uint32_t n) \
    {                                                                                   \
        typedef name##_layout layout;                                                   \
        if (n < sizeof(layout)) {                                                       \
            return 0;                                                                   \
        }                                                                               \
        SW_##NAME##_FIELDS(FIELD_GET)                                                   \
        return 1;                                                                       \
    }

DEFINE_PACKET(HEADER, header)
_Static_assert(sizeof(header_layout) == SW_HEADER_BYTES, "the header changed its length");

SW_PACKETS(DEFINE_PACKET)

#define CASE_BYTES(NAME, name) \
    case SW_PACKET_##NAME:     \
        return (uint32_t)sizeof(name##_layout);

uint32_t sw_packet_payload_bytes(uint32_t type)
{
    switch (type) {
        SW_PACKETS(CASE_BYTES)
    default:
        return 0;
    }
}

static inline uint32_t fold(uint32_t digest, uint32_t part) { return (digest ^ part) * 0x01000193u; }

#define IS_SIGNED(type) ((sw_##type)-1 > (sw_##type)1 ? 0u : 16u)
#define FOLD_FIELD(type, name, count, lsb, unit)                                        \
    digest = fold(digest, (uint32_t)sizeof(sw_##type) + IS_SIGNED(type));               \
    digest = fold(digest, (count));                                                     \
    digest = fold(digest, (uint32_t)sizeof(#name) - 1u);                                \
    digest = fold(digest, (uint8_t)#name[0]);                                           \
    digest = fold(digest, (uint8_t)#name[(sizeof(#name) - 1u) / 2u]);                   \
    digest = fold(digest, (uint8_t)#name[sizeof(#name) - 2u]);
#define FOLD_PACKET(NAME, name)              \
    digest = fold(digest, SW_PACKET_##NAME); \
    SW_##NAME##_FIELDS(FOLD_FIELD)

uint32_t sw_packet_layout_digest(void) /* the compiler makes one constant of it */
{
    uint32_t digest = fold(0x811C9DC5u, 0xFFu);
    SW_HEADER_FIELDS(FOLD_FIELD)
    SW_PACKETS(FOLD_PACKET)
    return digest;
}
