/* vrb_serve(): a board, a socket, and nobody else.
 *
 * Rule: the server lives in the board, so that a call that stopped for samples goes on where it was.
 */
#include <stdio.h>
#include <string.h>

#include "spi_socket.h"
#include "vrb_internal.h"

#define TURN_MS 1000

void serve_close(vrb *b)
{
    spi_socket_close(b->server);
    b->server = NULL;
}

int serve_run(vrb *b, const char *address, char *why, size_t n)
{
    int32_t result;
    if (b->server != NULL && (address == NULL || strcmp(address, spi_socket_address(b->server)) != 0))
        serve_close(b);
    if (b->server == NULL)
        b->server = spi_socket_open(address, why, n);
    if (b->server == NULL)
        return VRB_WRONG_USE;
    do {
        result = spi_socket_run(b->server, b, TURN_MS);
        if (result == SPI_SOCKET_LOST)
            fprintf(stderr, "vrb: %s\n", spi_socket_line(b->server));
    } while (result == SPI_SOCKET_LOST || result == SPI_SOCKET_CLOSED);
    return result == SPI_SOCKET_NEED_SAMPLES ? VRB_NEED_SAMPLES : VRB_OK;
}
