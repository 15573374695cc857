/* The virtual board on a socket, for drivers in other languages and other processes.
 *
 * Little-endian. Request: u32 len, u8 op, payload; answer: u32 len, i32 status, payload; len counts what follows it.
 * Several requests may be sent before the first answer is read; answers come in order. status is that of vrb.h.
 * Rule: one client at a time, the next one waits. A client that vanishes or talks nonsense costs one line and its own
 * connection, never the board; chip select is released behind it.
 */
#ifndef SPI_SOCKET_H
#define SPI_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "vrb.h"

enum spi_socket_op {
    SPI_SOCKET_CS = 1,       /* u8 level */
    SPI_SOCKET_XFER = 2,     /* u8 flags, MOSI bytes -> MISO bytes. Selects if nothing is selected, releases afterwards */
    SPI_SOCKET_RST = 3,      /* u8 level */
    SPI_SOCKET_IRQ = 4,      /* -> status = level */
    SPI_SOCKET_ADVANCE = 5,  /* u64 ns */
    SPI_SOCKET_WAIT_IRQ = 6, /* u64 max_ns -> status 1: high, 0: max_ns are over */
    SPI_SOCKET_TIME = 7,     /* -> u64 ns */
    SPI_SOCKET_HELLO = 8     /* -> u32 VRB_ABI, then the name of the board as text */
};

enum spi_socket_flag { /* of XFER */
    SPI_SOCKET_KEEP_CS = 1, /* chip select stays low */
    SPI_SOCKET_NO_MISO = 2, /* the answer holds no bytes */
    SPI_SOCKET_READ = 4     /* the last four bytes are a u32: behind the MOSI bytes so many FF are clocked */
};

enum spi_socket_sizes {
    SPI_SOCKET_HEADER_BYTES = 4,
    SPI_SOCKET_MAX_BYTES = 1048576 /* clocked by one XFER */
};

enum spi_socket_result {
    SPI_SOCKET_TIMEOUT = 0,      /* timeout_ms are over, or a signal came */
    SPI_SOCKET_NEED_SAMPLES = 2, /* VRB_NEED_SAMPLES: lend some, call again, the request goes on */
    SPI_SOCKET_LOST = 3,         /* a client was given up, spi_socket_line() says why */
    SPI_SOCKET_CLOSED = 4        /* the client closed its side in order */
};

typedef struct spi_socket spi_socket;

/* address: "unix:PATH" or "tcp:127.0.0.1:PORT" (PORT 0: any free one). NULL: refused, why[n] holds one line. */
spi_socket *spi_socket_open(const char *address, char *why, size_t n);
void spi_socket_close(spi_socket *s); /* NULL: nothing */
int32_t spi_socket_port(const spi_socket *s); /* of TCP; 0 for a path */
const char *spi_socket_address(const spi_socket *s);
const char *spi_socket_line(const spi_socket *s);
/* Serves clients for timeout_ms (negative: for ever); see spi_socket_result. */
int32_t spi_socket_run(spi_socket *s, vrb *board, int32_t timeout_ms);

#endif
