/* A stranger's firmware, for tests of the HIL kit: it shares nothing with Stillwave's own.
 *
 * One antenna, 32 chirps of 128 samples ten times a second; it says BEAT with the number of frames and RANGE with the
 * distance of what moves, each once a second, and answers lines of text. It trusts neither the chip nor the interrupt.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stillwave_device.h"

#define N 128u
#define CHIRPS 32u
#define FRAME_BYTES (N * CHIRPS / 2u * 3u)
#define METRES_PER_BIN (299792458.0 / (2.0 * 15.234375e12 * 128e-6)) /* c / (2 * slope * sampled time) */
#define SECOND 1000000u

/* As a configuration tool exports it: 60 to 62 GHz, 1 MHz, 128 samples, 32 chirps of 400 us, 10 frames/s, RX1. */
static const uint32_t registers[] = {
    0x011E6DA0, 0x03140210, 0x09E967FD, 0x0B0815B4, 0x0D1007FF, 0x0F000000, 0x11000000, 0x13000000, 0x15000000,
    0x17000BE0, 0x19000000, 0x1B000000, 0x1D000000, 0x1F000B60, 0x21103C51, 0x231FF41F, 0x25701084, 0x2D000490,
    0x3B000480, 0x49000480, 0x57000480, 0x5911FE0E, 0x5B66940A, 0x5D01F000, 0x5F78FE1E, 0x61DB4930, 0x63000138,
    0x65000532, 0x67000080, 0x69000000, 0x6B000000, 0x6D000000, 0x6F252910, 0x7F000100, 0x8F000100, 0x9F000100,
    0xAD000000, 0xB7000000,
};

typedef struct heart {
    uint32_t frames, first, last;
    int running;
    double mean[N / 2u][2]; /* what stands still, per range bin */
    double moves[N / 2u];
    char line[64];
    uint32_t line_n;
    uint64_t heard_us; /* last frame */
} heart;

static void say(swdev *b, const char *text)
{
    (void)swdev_uart_write(b, (const uint8_t *)text, (uint32_t)strlen(text));
}

static uint32_t word(swdev *b, uint32_t value)
{
    const uint8_t tx[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    uint8_t rx[4] = {0};
    swdev_spi_cs(b, 0);
    (void)swdev_spi_xfer(b, tx, rx, 4);
    swdev_spi_cs(b, 1);
    return (uint32_t)rx[1] << 16 | (uint32_t)rx[2] << 8 | rx[3];
}

/* Reset, identity, registers, frames. */
static void start(swdev *b, heart *h)
{
    char text[48];
    (void)swdev_radar_reset(b, 0);
    swdev_delay(b, 1000);
    (void)swdev_radar_reset(b, 1);
    swdev_delay(b, 1000);
    const uint32_t id = word(b, 0x04000000u); /* CHIP_ID */
    h->running = id == 0x000303u;
    (void)snprintf(text, sizeof text, h->running ? "HELLO heart 1.0 chip %06x\n" : "ERROR chip %06x\n", (unsigned)id);
    say(b, text);
    if (h->running) {
        for (uint32_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
            (void)word(b, registers[i]);
        }
        (void)word(b, 0x0D100000u | (N * CHIRPS / 2u - 1u)); /* SFCTL: an interrupt per whole frame */
        (void)word(b, 0x011E6DA1u);                          /* MAIN: frame start */
    }
    h->heard_us = swdev_now_us(b);
}

/* Range bins of the mean chirp; what differs from the slow mean of each bin has moved. */
static void look(heart *h, const double *chirp)
{
    for (uint32_t k = 2; k < N / 2u; k++) {
        double re = 0.0, im = 0.0;
        for (uint32_t i = 0; i < N; i++) {
            const double window = 0.5 - 0.5 * cos(2.0 * 3.14159265358979 * i / N);
            re += window * chirp[i] * cos(2.0 * 3.14159265358979 * k * i / N);
            im -= window * chirp[i] * sin(2.0 * 3.14159265358979 * k * i / N);
        }
        const double share = h->frames < 20u ? 1.0 / (h->frames + 1.0) : 0.05;
        const double x = re - h->mean[k][0], y = im - h->mean[k][1];
        h->mean[k][0] += share * x;
        h->mean[k][1] += share * y;
        h->moves[k] += 0.05 * (x * x + y * y - h->moves[k]);
    }
}

static void frame(swdev *b, heart *h)
{
    static uint8_t bytes[4u + FRAME_BYTES];
    static const uint8_t burst[4] = {0xFF, 0xC0, 0x00, 0x00}; /* read the FIFO until chip select rises */
    double chirp[N] = {0.0};
    swdev_spi_cs(b, 0);
    (void)swdev_spi_xfer(b, burst, bytes, 4);
    (void)swdev_spi_xfer(b, NULL, bytes + 4, FRAME_BYTES);
    swdev_spi_cs(b, 1);
    for (uint32_t i = 0; i < N * CHIRPS; i += 2u) {
        const uint8_t *p = bytes + 4u + i / 2u * 3u;
        const uint32_t even = (uint32_t)p[0] << 4 | p[1] >> 4, odd = (uint32_t)(p[1] & 15u) << 8 | p[2];
        chirp[i % N] += (double)even / CHIRPS;
        chirp[(i + 1u) % N] += (double)odd / CHIRPS;
        h->first = i == 0u ? even : h->first;
        h->last = odd;
    }
    if (bytes[0] != 0xF0u || h->last == 0xFFFu) { /* no chip behind these bytes, or its FIFO ran over or dry */
        say(b, "ERROR data\n");
        (void)swdev_radar_reset(b, 0); /* until the next start: nobody reads what it would sample */
        h->running = 0;
        return;
    }
    look(h, chirp);
    h->frames++;
    h->heard_us = swdev_now_us(b);
}

static void tell(swdev *b, const heart *h)
{
    char text[64];
    uint32_t best = 2;
    for (uint32_t k = 3; k < N / 2u; k++) {
        best = h->moves[k] > h->moves[best] ? k : best;
    }
    (void)snprintf(text, sizeof text, "BEAT %u\nRANGE %.2f\n", (unsigned)h->frames, best * METRES_PER_BIN);
    say(b, text);
}

static void answer(swdev *b, heart *h)
{
    static uint8_t many[16384];
    char text[64];
    if (strcmp(h->line, "id?") == 0) {
        say(b, "ID heart 1.0\n");
    } else if (strcmp(h->line, "frame?") == 0) {
        (void)snprintf(text, sizeof text, "FRAME %u %u %u\n", (unsigned)h->frames, (unsigned)h->first, (unsigned)h->last);
        say(b, text);
    } else if (strcmp(h->line, "empty") == 0) {
        frame(b, h); /* between two frames */
    } else if (strcmp(h->line, "flood") == 0) {
        for (uint32_t i = 0; i < 20u; i++) {
            (void)swdev_uart_write(b, many, sizeof many);
        }
    } else if (strcmp(h->line, "crash") == 0) {
        abort();
    } else {
        say(b, "ERROR what\n");
    }
}

static void hear(swdev *b, heart *h)
{
    uint8_t byte = 0;
    while (swdev_uart_read(b, &byte, 1) == 1) {
        if (byte == '\n') {
            h->line[h->line_n] = '\0';
            h->line_n = 0;
            answer(b, h);
        } else if (h->line_n < sizeof h->line - 1u) {
            h->line[h->line_n++] = (char)byte;
        }
    }
}

static void firmware(swdev *b, void *mine)
{
    heart *h = mine;
    uint64_t next_us = SECOND;
    memset(h, 0, sizeof *h);
    start(b, h);
    for (;;) {
        const int32_t event = swdev_wait(b, next_us > swdev_now_us(b) ? next_us - swdev_now_us(b) : 0u);
        hear(b, h); /* whatever the event: start() slept over some */
        if (event == SWDEV_RADAR_IRQ && h->running) {
            frame(b, h);
        } else if (event == SWDEV_DEADLINE) {
            next_us += SECOND;
            if (h->running && swdev_now_us(b) - h->heard_us < SECOND) {
                tell(b, h);
            } else {
                say(b, h->running ? "LOST\n" : "AGAIN\n");
                start(b, h);
            }
        }
    }
}

int main(void)
{
    static swdev board;
    static heart mine;
    swdev_stdio(&board);
    return swdev_superloop(&board, firmware, &mine);
}
