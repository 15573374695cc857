/* The seams between the board's files. Private to them. */
#ifndef BOARD_INTERNAL_H
#define BOARD_INTERNAL_H

#include "board.h"

#define NEVER UINT64_MAX

/* board_bus.c: the wires between device and chip, faults included */
void bus_init(board *b);
void bus_reset(board *b);           /* a power cycle: nothing is pending */
int32_t bus_irq_level(const board *b);
void bus_watch_irq(board *b);       /* an edge counts when the line rises, also at the release of chip select */
int32_t bus_take_edge(board *b);    /* 1: an edge waits to be given, and is taken */
int32_t bus_edge_waits(const board *b);
uint64_t bus_next_us(const board *b); /* when a fault changes something by itself */
void bus_at(board *b, uint64_t t_us); /* the chip has come to t: what faults do then */

/* board_power.c: what resets the device, and a device that hangs */
void power_init(board *b);
uint64_t power_next_us(const board *b);  /* when a fault of the supply or the watchdog strikes */
int32_t power_reset_due(board *b);       /* 1: the device was reset just now */
int32_t power_hangs(board *b);           /* 1: the device takes no events, from now on */
int32_t power_away(const board *b);      /* 1: it takes none now */

/* board_parts.c: contacts that bounce */
uint64_t parts_next_us(const board *b);
void parts_at(board *b, uint64_t t_us);

/* One branch when nobody looks. */
#define TRACE_LEVEL(b, kind, value) \
    do { \
        if ((b)->trace != NULL) \
            trace_level((b)->trace, bus_now_ns(b), (kind), (uint32_t)(value)); \
    } while (0)

uint64_t bus_now_ns(const board *b);  /* virtual time, to the ns where the chip knows it */
void bus_irq_event(board *b, uint64_t event_ns); /* the interrupt line may have changed at that time, before now */

/* board.c: splitmix64 finaliser */
uint64_t board_hash64(uint64_t x);

#endif
