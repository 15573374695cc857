/* From a request's bytes to a call of vrb.h, and back.
 *
 * Rule: no length is believed before it was compared with what there is room for; a request that is wrong in itself
 * is answered with VRB_WRONG_USE and one line, one of a wrong length ends the connection.
 */
#include <stdio.h>
#include <string.h>

#include "spi_socket_internal.h"

#define STATUS_BYTES 4u
#define BOARD_NAME "virtual radar board, BGT60TR13C"

typedef struct request {
    uint32_t op;
    const uint8_t *bytes; /* payload */
    size_t n;
} request;

static void put32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static uint64_t get64(const uint8_t *from)
{
    return (uint64_t)get32(from) | (uint64_t)get32(from + 4) << 32;
}

static uint8_t *answer_payload(spi_socket *s)
{
    return s->out + s->out_n + SPI_SOCKET_HEADER_BYTES + STATUS_BYTES;
}

/* The payload already lies at answer_payload(). */
static void answer(spi_socket *s, int status, size_t n)
{
    put32(s->out + s->out_n, (uint32_t)(STATUS_BYTES + n));
    put32(s->out + s->out_n + SPI_SOCKET_HEADER_BYTES, (uint32_t)status);
    s->out_n += SPI_SOCKET_HEADER_BYTES + STATUS_BYTES + n;
}

static void answer_wrong(spi_socket *s, const char *line)
{
    const size_t n = strlen(line);
    memcpy(answer_payload(s), line, n);
    answer(s, VRB_WRONG_USE, n);
}

/* MOSI bytes and FF bytes of an XFER; -1: the request is wrong. */
static int xfer_parts(const request *r, size_t *n_mosi, size_t *n_read)
{
    *n_mosi = r->n - 1u;
    *n_read = 0;
    if (r->bytes[0] & SPI_SOCKET_READ) {
        if (*n_mosi < 4u)
            return -1;
        *n_mosi -= 4u;
        *n_read = get32(r->bytes + r->n - 4u);
    }
    return *n_mosi > SPI_SOCKET_MAX_BYTES || *n_read > SPI_SOCKET_MAX_BYTES - *n_mosi ? -1 : 0;
}

static void xfer(spi_socket *s, vrb *board, const request *r, size_t n_mosi, size_t n_read)
{
    const uint32_t flags = r->bytes[0];
    uint8_t *miso = flags & SPI_SOCKET_NO_MISO ? NULL : answer_payload(s);
    int status;
    vrb_cs(board, 0);
    status = vrb_xfer(board, r->bytes + 1, miso, n_mosi);
    if (n_read != 0)
        status = vrb_xfer(board, NULL, miso != NULL ? miso + n_mosi : NULL, n_read);
    if (!(flags & SPI_SOCKET_KEEP_CS))
        vrb_cs(board, 1);
    answer(s, status, miso != NULL ? n_mosi + n_read : 0u);
}

static int32_t go_on_waiting(spi_socket *s, vrb *board)
{
    const uint64_t now_ns = vrb_time_ns(board);
    const uint64_t left_ns = s->until_ns > now_ns ? s->until_ns - now_ns : 0u;
    const int status = s->waiting_op == SPI_SOCKET_ADVANCE ? vrb_advance(board, left_ns) : vrb_wait_irq(board, left_ns);
    if (status == VRB_NEED_SAMPLES)
        return SPI_REQUEST_SAMPLES;
    s->waiting_op = 0;
    if (status == VRB_WRONG_USE)
        answer_wrong(s, "source: it has no frame of the size that the registers programme");
    else
        answer(s, status, 0);
    return SPI_REQUEST_WANTED;
}

static int32_t start_waiting(spi_socket *s, vrb *board, const request *r)
{
    const uint64_t now_ns = vrb_time_ns(board);
    const uint64_t ns = get64(r->bytes);
    s->waiting_op = r->op;
    s->until_ns = ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + ns;
    return go_on_waiting(s, board);
}

/* Payload bytes that an op has; XFER: at least. */
static int right_size(const request *r)
{
    static const size_t bytes_of_op[] = {0, 1, 1, 1, 0, 8, 8, 0, 0};
    return r->op == SPI_SOCKET_XFER ? r->n >= 1u : r->n == bytes_of_op[r->op];
}

static int32_t serve(spi_socket *s, vrb *board, const request *r)
{
    size_t n_mosi, n_read;
    uint8_t *out = answer_payload(s);
    if (r->op < SPI_SOCKET_CS || r->op > SPI_SOCKET_HELLO) {
        answer_wrong(s, "op: expected 1 to 8");
        return SPI_REQUEST_WANTED;
    }
    if (!right_size(r) || (r->op == SPI_SOCKET_XFER && xfer_parts(r, &n_mosi, &n_read) != 0)) {
        answer_wrong(s, "payload: expected the size that the op has");
        return SPI_REQUEST_WANTED;
    }
    if ((r->op == SPI_SOCKET_CS || r->op == SPI_SOCKET_RST) && r->bytes[0] > 1u) {
        answer_wrong(s, "level: expected 0 or 1");
        return SPI_REQUEST_WANTED;
    }
    switch (r->op) {
    case SPI_SOCKET_CS:
        answer(s, vrb_cs(board, r->bytes[0]), 0);
        break;
    case SPI_SOCKET_XFER:
        xfer(s, board, r, n_mosi, n_read);
        break;
    case SPI_SOCKET_RST:
        answer(s, vrb_rst(board, r->bytes[0]), 0);
        break;
    case SPI_SOCKET_IRQ:
        answer(s, vrb_irq(board), 0);
        break;
    case SPI_SOCKET_TIME:
        put32(out, (uint32_t)vrb_time_ns(board));
        put32(out + 4, (uint32_t)(vrb_time_ns(board) >> 32));
        answer(s, VRB_OK, 8);
        break;
    case SPI_SOCKET_HELLO:
        put32(out, vrb_abi());
        memcpy(out + 4, BOARD_NAME, sizeof BOARD_NAME - 1u);
        answer(s, VRB_OK, 4u + sizeof BOARD_NAME - 1u);
        break;
    default:
        return start_waiting(s, board, r);
    }
    return SPI_REQUEST_WANTED;
}

/* Room in out that the answer to any request of this size may take. */
static size_t answer_cap(const request *r)
{
    size_t n_mosi = 0, n_read = 0;
    if (r->op == SPI_SOCKET_XFER && r->n >= 1u && xfer_parts(r, &n_mosi, &n_read) != 0)
        n_mosi = n_read = 0;
    return n_mosi + n_read + 64u;
}

int32_t spi_requests(spi_socket *s, vrb *board)
{
    if (s->waiting_op != 0 && go_on_waiting(s, board) != SPI_REQUEST_WANTED)
        return SPI_REQUEST_SAMPLES;
    while (s->in_n - s->in_at >= SPI_SOCKET_HEADER_BYTES) {
        const uint8_t *at = s->in + s->in_at;
        const size_t len = get32(at);
        request r;
        int32_t result;
        if (len == 0 || len > SPI_SOCKET_BUFFER_BYTES - SPI_SOCKET_HEADER_BYTES) {
            snprintf(s->line, sizeof s->line, "a request of %zu bytes: expected 1 to %u", len,
                     SPI_SOCKET_BUFFER_BYTES - SPI_SOCKET_HEADER_BYTES);
            return SPI_REQUEST_NONSENSE;
        }
        if (s->in_n - s->in_at < SPI_SOCKET_HEADER_BYTES + len)
            break;
        r = (request){.op = at[4], .bytes = at + 5, .n = len - 1u};
        if (s->out_n + answer_cap(&r) > sizeof s->out)
            return SPI_REQUEST_FULL;
        s->in_at += SPI_SOCKET_HEADER_BYTES + len;
        result = serve(s, board, &r);
        if (result != SPI_REQUEST_WANTED)
            return result;
    }
    return SPI_REQUEST_WANTED;
}
