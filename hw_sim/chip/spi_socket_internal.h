/* The state of the socket server and the seam between its two files: connections there, requests here. */
#ifndef SPI_SOCKET_INTERNAL_H
#define SPI_SOCKET_INTERNAL_H

#include "spi_socket.h"

#define SPI_SOCKET_ADDRESS_BYTES 128u
#define SPI_SOCKET_LINE_BYTES 160u
#define SPI_SOCKET_BUFFER_BYTES (SPI_SOCKET_MAX_BYTES + 64u) /* one request or answer of any size */

struct spi_socket {
    int listener;
    int client;             /* -1: none */
    int32_t port;
    uint32_t bound;         /* the path is ours to remove */
    int32_t timeout_ms;     /* that the client's socket was set to */
    uint32_t waiting_op;    /* ADVANCE or WAIT_IRQ that stopped for samples; 0: none */
    uint64_t until_ns;      /* of it */
    size_t in_at, in_n;     /* in[in_at .. in_n - 1] has not been read */
    size_t out_n;
    char address[SPI_SOCKET_ADDRESS_BYTES];
    char line[SPI_SOCKET_LINE_BYTES];
    uint8_t in[SPI_SOCKET_BUFFER_BYTES];
    uint8_t out[SPI_SOCKET_BUFFER_BYTES];
};

enum spi_request_result {
    SPI_REQUEST_WANTED = 0, /* no whole request is there */
    SPI_REQUEST_FULL = 1,   /* out must be sent first */
    SPI_REQUEST_SAMPLES = 2,
    SPI_REQUEST_NONSENSE = 3 /* line says what; nothing behind it can be understood */
};

/* spi_request.c: answers what is in `in`, as far as it goes */
int32_t spi_requests(spi_socket *s, vrb *board);

#endif
