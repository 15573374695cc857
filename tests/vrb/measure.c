/* How fast the bus is: single accesses, and FIFO bursts of 3072 bytes that all hold samples. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <time.h>

#include "checks.h"
#include "register_list.h"

#define BURST_BYTES 3072u
#define HEADER_BYTES 4u
#define FILL_FRAMES 5u /* 7680 words of the 8192 */
#define BURSTS_PER_FILL 7u
#define REST_BYTES 1536u
#define AT_ONCE 64u

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void access_word(const port *p, uint32_t word)
{
    const uint8_t tx[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16), (uint8_t)(word >> 8), (uint8_t)word};
    uint8_t rx[4];
    p->window(p->ctx, tx, sizeof tx, rx, 0);
}

/* n bursts, each with samples to its end. -1: not so. */
static int bursts(const port *p, size_t n, size_t bytes, int at_once)
{
    static const uint8_t header[HEADER_BYTES] = {0xFF, 0xC0, 0, 0};
    static uint8_t rx[BURSTS_PER_FILL * (HEADER_BYTES + BURST_BYTES)];
    const size_t size = HEADER_BYTES + bytes;
    for (size_t i = 0; i < (at_once ? 1u : n); i++)
        p->windows(p->ctx, at_once ? n : 1u, header, sizeof header, rx + i * size, bytes);
    for (const uint8_t *one = rx; one < rx + n * size; one += size)
        if (one[0] != 0xF0u || (one[size - 3u] == 0xFFu && one[size - 2u] == 0xFFu && one[size - 1u] == 0xFFu))
            return -1;
    return 0;
}

static void start_frames(const port *p)
{
    p->rst(p->ctx, 0);
    p->rst(p->ctx, 1);
    for (uint32_t i = 0; i < LIST_WORDS; i++)
        access_word(p, register_list[i]);
    access_word(p, 0x0D701FFFu); /* SFCTL: no interrupt before the FIFO is full */
    access_word(p, 0x011E8271u); /* FRAME_START */
    p->advance(p->ctx, LIST_FIRST_IRQ_NS); /* the end of a frame, and the FIFO is emptied there: 3072 + 1536 bytes */
    (void)bursts(p, 1, BURST_BYTES, 0);
    (void)bursts(p, 1, REST_BYTES, 0);
}

static double accesses_per_s(const port *p, double budget_s, int at_once)
{
    static const uint8_t chip_id[4] = {0x04, 0, 0, 0};
    static uint8_t rx[4u * AT_ONCE];
    const double start_s = now_s();
    double n = 0;
    for (; now_s() - start_s < budget_s; n += AT_ONCE)
        for (uint32_t i = 0; i < (at_once ? 1u : AT_ONCE); i++)
            p->windows(p->ctx, at_once ? AT_ONCE : 1u, chip_id, sizeof chip_id, rx, 0);
    return n / (now_s() - start_s);
}

/* -1: a burst without samples. */
static double bytes_per_s(const port *p, double budget_s, int at_once)
{
    double start_s, n = 0;
    start_frames(p);
    start_s = now_s();
    while (now_s() - start_s < budget_s) {
        p->advance(p->ctx, (uint64_t)FILL_FRAMES * LIST_FRAME_NS);
        if (bursts(p, BURSTS_PER_FILL, BURST_BYTES, at_once) != 0 || bursts(p, 1, REST_BYTES, 0) != 0)
            return -1;
        n += BURSTS_PER_FILL * BURST_BYTES + REST_BYTES;
    }
    return n / (now_s() - start_s);
}

int measure(const port *p, double budget_s)
{
    for (int at_once = 0; at_once < 2; at_once++) {
        const double accesses = accesses_per_s(p, budget_s, at_once);
        const double bytes = bytes_per_s(p, budget_s, at_once);
        if (bytes < 0) {
            printf("a burst without samples\n");
            return 1;
        }
        printf("%.0f %.0f\n", accesses, bytes);
    }
    return 0;
}
