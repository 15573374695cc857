/* The checks over a socket: a program that knows the protocol of docs/virtual-board.md and nothing else of the project.
 *
 * socket_driver unix:PATH|tcp:127.0.0.1:PORT [CHECK]...|measure [SECONDS]
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "checks.h"

enum op { CS = 1, XFER, RST, IRQ, ADVANCE, WAIT_IRQ, TIME, HELLO };

#define KEEP_CS 1u
#define NO_MISO 2u
#define READ 4u
#define PART 65536u

static int fd;
static int selected;
static uint8_t request[PART + 16u];

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void put(uint8_t *to, uint64_t value, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/* n payload bytes lie in request + 5. Returns the status; the answer's payload must have the size given. */
static int ask(enum op op, size_t n, uint8_t *payload, size_t size)
{
    static uint8_t answer[PART + 16u];
    size_t got = 0;
    put(request, n + 1u, 4);
    request[4] = (uint8_t)op;
    if (send(fd, request, n + 5u, MSG_NOSIGNAL) != (ssize_t)(n + 5u))
        die("send");
    while (got < 8u || got < 4u + get32(answer)) {
        const ssize_t part = recv(fd, answer + got, sizeof answer - got, 0);
        if (part <= 0)
            die("recv");
        got += (size_t)part;
    }
    if (got != size + 8u) {
        fprintf(stderr, "op %d: expected an answer of %zu bytes, got %zu\n", (int)op, size + 8u, got);
        exit(2);
    }
    if (size != 0)
        memcpy(payload, answer + 8, size);
    return (int)get32(answer + 4);
}

static int cs(void *ctx, int level)
{
    (void)ctx;
    selected = level == 0;
    request[5] = (uint8_t)level;
    return ask(CS, 1, NULL, 0);
}

static int xfer(void *ctx, const uint8_t *tx, uint8_t *rx, size_t n)
{
    const uint8_t flags = (uint8_t)((selected ? KEEP_CS : 0u) | (rx ? 0u : NO_MISO) | (tx ? 0u : READ));
    int status = 0;
    (void)ctx;
    for (size_t i = 0; i < n;) {
        const size_t part = n - i < PART ? n - i : PART;
        request[5] = flags;
        if (tx != NULL)
            memcpy(request + 6, tx + i, part);
        else
            put(request + 6, part, 4);
        status = ask(XFER, 1u + (tx ? part : 4u), rx ? rx + i : NULL, rx ? part : 0u);
        i += part;
    }
    return status;
}

static int rst(void *ctx, int level)
{
    (void)ctx;
    request[5] = (uint8_t)level;
    return ask(RST, 1, NULL, 0);
}

static int irq(void *ctx)
{
    (void)ctx;
    return ask(IRQ, 0, NULL, 0);
}

static int advance(void *ctx, uint64_t ns)
{
    (void)ctx;
    put(request + 5, ns, 8);
    return ask(ADVANCE, 8, NULL, 0);
}

static int wait_irq(void *ctx, uint64_t max_ns)
{
    (void)ctx;
    put(request + 5, max_ns, 8);
    return ask(WAIT_IRQ, 8, NULL, 0);
}

static uint64_t time_ns(void *ctx)
{
    uint8_t answer[8];
    uint64_t ns = 0;
    (void)ctx;
    (void)ask(TIME, 0, answer, sizeof answer);
    for (int i = 8; i-- > 0;)
        ns = ns << 8 | answer[i];
    return ns;
}

static int window(void *ctx, const uint8_t *tx, size_t n_tx, uint8_t *rx, size_t n_rx)
{
    (void)ctx;
    request[5] = READ;
    memcpy(request + 6, tx, n_tx);
    put(request + 6 + n_tx, n_rx, 4);
    return ask(XFER, 1u + n_tx + 4u, rx, n_tx + n_rx);
}

/* All requests in one send: they and their answers must fit PART. */
static int windows(void *ctx, size_t n, const uint8_t *tx, size_t n_tx, uint8_t *rx, size_t n_rx)
{
    const size_t size = 10u + n_tx, answer_size = 8u + n_tx + n_rx;
    static uint8_t answers[PART];
    int status = 0;
    size_t got = 0;
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        uint8_t *one = request + i * size;
        put(one, size - 4u, 4);
        one[4] = XFER;
        one[5] = READ;
        memcpy(one + 6, tx, n_tx);
        put(one + 6 + n_tx, n_rx, 4);
    }
    if (n * answer_size > sizeof answers || send(fd, request, n * size, MSG_NOSIGNAL) != (ssize_t)(n * size))
        die("send");
    while (got < n * answer_size) {
        const ssize_t part = recv(fd, answers + got, n * answer_size - got, 0);
        if (part <= 0)
            die("recv");
        got += (size_t)part;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(rx + i * (n_tx + n_rx), answers + i * answer_size + 8u, n_tx + n_rx);
        status |= (int)get32(answers + i * answer_size + 4u);
    }
    return status;
}

static void connect_to(const char *address)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in port = {.sin_family = AF_INET};
    const int on = 1;
    if (strncmp(address, "unix:", 5) == 0) {
        snprintf(path.sun_path, sizeof path.sun_path, "%s", address + 5);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&path, sizeof path) != 0)
            die(address);
        return;
    }
    port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    port.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&port, sizeof port) != 0)
        die(address);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int main(int argc, char **argv)
{
    const port p = {NULL, cs, xfer, rst, irq, advance, wait_irq, time_ns, window, windows};
    if (argc < 2) {
        fprintf(stderr, "socket_driver unix:PATH|tcp:127.0.0.1:PORT [CHECK]...\n");
        return 2;
    }
    connect_to(argv[1]);
    if (argc > 2 && strcmp(argv[2], "measure") == 0)
        return measure(&p, argc > 3 ? atof(argv[3]) : 0.5);
    return run_checks(&p, argc - 2, argv + 2);
}
