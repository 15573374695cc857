/* Connections of the socket server: one listener, one client, everything that can go wrong with it.
 *
 * Rule: no signal, no exit, no endless wait for somebody who is gone. One recv() and one send() per transaction; the
 * timeout is the socket's own, so that nothing else is asked of the kernel.
 */
#define _POSIX_C_SOURCE 200809L

#include "spi_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "spi_socket_internal.h"

#define SEND_TIMEOUT_S 5 /* a client that reads nothing for so long is given up */
#define UNIX_PREFIX "unix:"
#define TCP_PREFIX "tcp:127.0.0.1:"
#define UNIX_MODE 0600

static int refuse(const char *address, const char *got, char *why, size_t n)
{
    snprintf(why, n, "address: expected unix:PATH or tcp:127.0.0.1:PORT, got %.80s: %s", address, got);
    return -1;
}

static int new_socket(int family)
{
    const int fd = socket(family, SOCK_STREAM, 0);
    if (fd >= 0)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

/* A socket file that nobody answers at is left over from a server that was killed. */
static int is_left_over(const struct sockaddr_un *where)
{
    struct stat info;
    int fd, answers;
    if (lstat(where->sun_path, &info) != 0 || !S_ISSOCK(info.st_mode))
        return 0;
    fd = new_socket(AF_UNIX);
    answers = fd < 0 || connect(fd, (const struct sockaddr *)where, sizeof *where) == 0 || errno != ECONNREFUSED;
    if (fd >= 0)
        (void)close(fd);
    return !answers;
}

static int listen_unix(spi_socket *s, const char *path, char *why, size_t n)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (path[0] == '\0' || strlen(path) >= sizeof where.sun_path)
        return refuse(s->address, "no path, or one too long for a socket", why, n);
    memcpy(where.sun_path, path, strlen(path));
    s->listener = new_socket(AF_UNIX);
    if (s->listener < 0)
        return refuse(s->address, strerror(errno), why, n);
    if (is_left_over(&where))
        (void)unlink(path);
    if (bind(s->listener, (const struct sockaddr *)&where, sizeof where) != 0)
        return refuse(s->address, strerror(errno), why, n);
    s->bound = 1;
    if (chmod(path, UNIX_MODE) != 0 || listen(s->listener, 1) != 0)
        return refuse(s->address, strerror(errno), why, n);
    return 0;
}

static int listen_tcp(spi_socket *s, const char *digits, char *why, size_t n)
{
    struct sockaddr_in where = {.sin_family = AF_INET};
    socklen_t size = sizeof where;
    const int on = 1;
    uint32_t port = 0;
    for (size_t i = 0; digits[i] != '\0'; i++) {
        if (digits[i] < '0' || digits[i] > '9' || i > 4u)
            return refuse(s->address, "no port", why, n);
        port = 10u * port + (uint32_t)(digits[i] - '0');
    }
    if (digits[0] == '\0' || port > 65535u)
        return refuse(s->address, "no port", why, n);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    where.sin_port = htons((uint16_t)port);
    s->listener = new_socket(AF_INET);
    if (s->listener < 0)
        return refuse(s->address, strerror(errno), why, n);
    (void)setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s->listener, (const struct sockaddr *)&where, sizeof where) != 0 || listen(s->listener, 1) != 0
        || getsockname(s->listener, (struct sockaddr *)&where, &size) != 0)
        return refuse(s->address, strerror(errno), why, n);
    s->port = ntohs(where.sin_port);
    return 0;
}

spi_socket *spi_socket_open(const char *address, char *why, size_t n)
{
    spi_socket *s = calloc(1, sizeof *s);
    int failed;
    if (s == NULL || address == NULL || strlen(address) >= sizeof s->address) {
        (void)refuse(address == NULL ? "nothing" : address, "no address, too long, or no memory", why, n);
        free(s);
        return NULL;
    }
    s->listener = -1;
    s->client = -1;
    memcpy(s->address, address, strlen(address));
    if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        failed = listen_unix(s, address + strlen(UNIX_PREFIX), why, n);
    else if (strncmp(address, TCP_PREFIX, strlen(TCP_PREFIX)) == 0)
        failed = listen_tcp(s, address + strlen(TCP_PREFIX), why, n);
    else
        failed = refuse(address, "neither", why, n);
    if (failed) {
        spi_socket_close(s);
        return NULL;
    }
    return s;
}

void spi_socket_close(spi_socket *s)
{
    if (s == NULL)
        return;
    if (s->client >= 0)
        (void)close(s->client);
    if (s->listener >= 0)
        (void)close(s->listener);
    if (s->bound)
        (void)unlink(s->address + strlen(UNIX_PREFIX));
    free(s);
}

int32_t spi_socket_port(const spi_socket *s)
{
    return s->port;
}

const char *spi_socket_address(const spi_socket *s)
{
    return s->address;
}

const char *spi_socket_line(const spi_socket *s)
{
    return s->line;
}

static uint64_t wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void set_timeout(int fd, int what, int32_t ms)
{
    const struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    (void)setsockopt(fd, SOL_SOCKET, what, &tv, sizeof tv);
}

static void drop_client(spi_socket *s, vrb *board)
{
    (void)close(s->client);
    s->client = -1;
    s->in_at = s->in_n = s->out_n = 0;
    s->waiting_op = 0;
    (void)vrb_cs(board, 1);
}

/* 1: a client is there; 0: none came in time. */
static int accept_client(spi_socket *s, int32_t timeout_ms)
{
    struct pollfd wait = {.fd = s->listener, .events = POLLIN, .revents = 0};
    const int on = 1;
    if (poll(&wait, 1, timeout_ms) <= 0)
        return 0;
    s->client = accept(s->listener, NULL, NULL);
    if (s->client < 0)
        return 0;
    (void)fcntl(s->client, F_SETFD, FD_CLOEXEC);
    if (s->port != 0)
        (void)setsockopt(s->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    set_timeout(s->client, SO_SNDTIMEO, SEND_TIMEOUT_S * 1000);
    s->timeout_ms = -1;
    return 1;
}

static int send_answers(spi_socket *s)
{
    size_t sent = 0;
    while (sent < s->out_n) {
        const ssize_t done = send(s->client, s->out + sent, s->out_n - sent, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            snprintf(s->line, sizeof s->line, "the client takes no answers: %s", strerror(errno));
            return -1;
        }
        sent += (size_t)done;
    }
    s->out_n = 0;
    return 0;
}

/* More bytes behind what is left of the last ones. 1: some; 0: none in time, or a signal;
 * -1: the client is gone, -2: in order. */
static int receive(spi_socket *s, int32_t timeout_ms)
{
    const size_t left = s->in_n - s->in_at;
    ssize_t got;
    if (s->in_at != 0) {
        memmove(s->in, s->in + s->in_at, left);
        s->in_at = 0;
        s->in_n = left;
    }
    if (timeout_ms != s->timeout_ms) {
        set_timeout(s->client, SO_RCVTIMEO, timeout_ms < 0 ? 0 : timeout_ms == 0 ? 1 : timeout_ms);
        s->timeout_ms = timeout_ms;
    }
    got = recv(s->client, s->in + left, sizeof s->in - left, 0);
    if (got > 0) {
        s->in_n += (size_t)got;
        return 1;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return 0;
    snprintf(s->line, sizeof s->line, "the client vanished in a request");
    return left == 0 && got == 0 ? -2 : -1;
}

int32_t spi_socket_run(spi_socket *s, vrb *board, int32_t timeout_ms)
{
    const uint64_t end_ms = timeout_ms < 0 ? UINT64_MAX : wall_ms() + (uint64_t)timeout_ms;
    for (;;) {
        int32_t result;
        int got;
        if (s->client < 0 && !accept_client(s, timeout_ms))
            return SPI_SOCKET_TIMEOUT;
        do
            result = spi_requests(s, board);
        while (send_answers(s) == 0 && result == SPI_REQUEST_FULL);
        if (s->out_n != 0 || result == SPI_REQUEST_NONSENSE)
            got = -1;
        else if (result == SPI_REQUEST_SAMPLES)
            return SPI_SOCKET_NEED_SAMPLES;
        else
            got = receive(s, timeout_ms);
        if (got == 0)
            return SPI_SOCKET_TIMEOUT;
        if (got < 0) {
            drop_client(s, board);
            return got == -2 ? SPI_SOCKET_CLOSED : SPI_SOCKET_LOST;
        }
        if (timeout_ms >= 0 && wall_ms() >= end_ms)
            return SPI_SOCKET_TIMEOUT;
    }
}
