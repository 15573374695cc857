/* A log of what happened on the board's wires, in virtual time. Whoever wants a picture of it drains the log.
 *
 * Rule: logging changes nothing and never waits. Records are in the order in which things happened, times never fall.
 * A record that finds no room is counted as lost.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>

enum trace_kind {
    TRACE_CS = 0,       /* levels */
    TRACE_RST = 1,
    TRACE_IRQ = 2,      /* as the device sees the line */
    TRACE_SWITCH = 3,
    TRACE_BUTTON = 4,
    TRACE_BUZZER = 5,
    TRACE_LIGHT = 6,    /* duty 0..65535 of the brightest colour */
    TRACE_SPI = 7,      /* bytes: kept MOSI, then as many of MISO */
    TRACE_TO_HOST = 8,  /* bytes of the serial line */
    TRACE_TO_DEVICE = 9,
    TRACE_RED = 10,     /* duties 0..65535 */
    TRACE_GREEN = 11,
    TRACE_BLUE = 12
};

enum trace_sizes { TRACE_BYTES = 1048576 };

typedef struct trace_record { /* then `kept` bytes (twice as many of TRACE_SPI), padded with 0 to a multiple of 8 */
    uint64_t t_ns;
    uint64_t until_ns; /* end of the transfer; of everything else t_ns */
    uint32_t kind;
    uint32_t value;    /* level; or the bytes that went over the wire */
    uint32_t kept;     /* of these, the first ones, that follow */
    uint32_t reserved;
} trace_record;

typedef struct trace {
    uint64_t last_ns;
    uint64_t lost;       /* records */
    uint32_t spi_limit;  /* bytes of one chip-select window to keep */
    uint32_t spi_kept;   /* in this window */
    uint32_t n;          /* bytes in use */
    uint32_t reserved;
    uint8_t bytes[TRACE_BYTES];
} trace;

void trace_init(trace *log, uint32_t spi_limit);
void trace_level(trace *log, uint64_t t_ns, uint32_t kind, uint32_t value);
/* tx NULL was FF; rx is what the device received. */
void trace_spi(trace *log, uint64_t t_ns, uint64_t until_ns, const uint8_t *tx, const uint8_t *rx, uint32_t n);
void trace_serial(trace *log, uint64_t t_ns, uint32_t kind, const uint8_t *bytes, uint32_t n);
int32_t trace_wants_drain(const trace *log); /* 1: half of the room is used */
void trace_drained(trace *log);              /* the records were copied out */

#endif
