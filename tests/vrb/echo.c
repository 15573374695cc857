/* The floor of the socket's figures: two processes that send bytes of the same sizes to each other and do nothing else.
 *
 * Prints `accesses_per_s burst_bytes_per_s`, as measure.c does. */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BUDGET_S 0.5
#define ACCESS_REQUEST 14u
#define ACCESS_ANSWER 12u
#define BURST_REQUEST 15u /* another size, so that the other side knows */
#define BURST_BYTES 3072u
#define BURST_ANSWER (BURST_BYTES + 12u)

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void answer_for_ever(int fd)
{
    static uint8_t bytes[4096];
    for (;;) {
        const ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0 || send(fd, bytes, n == BURST_REQUEST ? BURST_ANSWER : ACCESS_ANSWER, MSG_NOSIGNAL) <= 0)
            _exit(0);
    }
}

static double per_s(int fd, size_t request, size_t answer)
{
    static uint8_t bytes[4096];
    const double start_s = now_s();
    double n = 0;
    while (now_s() - start_s < BUDGET_S) {
        for (int i = 0; i < 256; i++) {
            size_t got = 0;
            if (send(fd, bytes, request, MSG_NOSIGNAL) != (ssize_t)request)
                return 0;
            while (got < answer) {
                const ssize_t part = recv(fd, bytes, sizeof bytes, 0);
                if (part <= 0)
                    return 0;
                got += (size_t)part;
            }
        }
        n += 256;
    }
    return n / (now_s() - start_s);
}

int main(void)
{
    int pair[2];
    pid_t other;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || (other = fork()) < 0)
        return 1;
    if (other == 0) {
        close(pair[0]);
        answer_for_ever(pair[1]);
    }
    close(pair[1]);
    printf("%.0f %.0f\n", per_s(pair[0], ACCESS_REQUEST, ACCESS_ANSWER), BURST_BYTES * per_s(pair[0], BURST_REQUEST, BURST_ANSWER));
    close(pair[0]);
    waitpid(other, NULL, 0);
    return 0;
}
