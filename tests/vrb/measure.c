/* How fast the bus is: single accesses, and FIFO bursts of 3072 bytes that all hold samples. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <time.h>

#include "checks.h"
#include "register_list.h"

#define BURST_BYTES 3072u
#define FILL_FRAMES 5u /* 7680 words of the 8192 */
#define BURSTS_PER_FILL 7u
#define REST_BYTES 1536u

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

static int burst(const port *p, size_t n)
{
    static const uint8_t header[4] = {0xFF, 0xC0, 0, 0};
    static uint8_t rx[4u + BURST_BYTES];
    p->window(p->ctx, header, sizeof header, rx, n);
    return rx[0] == 0xF0u && !(rx[n + 1u] == 0xFFu && rx[n + 2u] == 0xFFu && rx[n + 3u] == 0xFFu);
}

int measure(const port *p, double budget_s)
{
    double start_s, accesses = 0, bursts = 0, accesses_s;
    p->rst(p->ctx, 0);
    p->rst(p->ctx, 1);
    for (uint32_t i = 0; i < LIST_WORDS; i++)
        access_word(p, register_list[i]);
    access_word(p, 0x0D701FFFu); /* SFCTL: no interrupt before the FIFO is full */
    access_word(p, 0x011E8271u); /* FRAME_START */
    start_s = now_s();
    while (now_s() - start_s < budget_s) {
        for (int i = 0; i < 256; i++)
            access_word(p, 0x04000000u);
        accesses += 256;
    }
    accesses_s = now_s() - start_s;
    start_s = now_s();
    while (now_s() - start_s < budget_s) {
        int right = 1;
        p->advance(p->ctx, FILL_FRAMES * LIST_FRAME_NS + (bursts == 0 ? LIST_FIRST_IRQ_NS - LIST_FRAME_NS : 0));
        for (uint32_t i = 0; i < BURSTS_PER_FILL; i++)
            right &= burst(p, BURST_BYTES);
        right &= burst(p, REST_BYTES);
        if (!right) {
            printf("a burst without samples\n");
            return 1;
        }
        bursts += BURSTS_PER_FILL + (double)REST_BYTES / BURST_BYTES;
    }
    printf("%.0f %.0f\n", accesses / accesses_s, bursts * BURST_BYTES / (now_s() - start_s));
    return 0;
}
