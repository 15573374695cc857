/* The seams between the bridge's files. Private to them. */
#ifndef BRIDGE_INTERNAL_H
#define BRIDGE_INTERNAL_H

#include "bridge.h"

typedef struct record {
    uint32_t op;
    uint32_t arg;
    uint32_t n; /* bytes in bridge.payload */
} record;

static inline void put32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static inline uint32_t get32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/* bridge.c: the payload already lies in out behind the header */
int32_t bridge_send(bridge *g, uint32_t op, uint32_t arg, uint32_t n);
/* bridge_parts.c: answers one record, -1: the board has failed */
int32_t bridge_serve_part(bridge *g, const record *r);

#endif
