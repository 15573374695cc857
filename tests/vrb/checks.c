/* The checks. Each begins with a reset pin and needs nothing of the ones before. */
#include "checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register_list.h"

#define MAIN 0x00u
#define CHIP_ID 0x02u
#define SFCTL 0x06u
#define FSTAT 0x5Fu
#define ANTENNAS_MASK (7u << 20)
#define FRAME_START 1u
#define SW_RESET 2u
#define FSM_RESET 4u
#define FIFO_RESET 8u
#define HIGH_SPEED (1u << 16)
#define LFSR_EN (1u << 17)
#define GSR0_CLOCKS 1u
#define GSR0_HIGH_SPEED 4u
#define GSR0_FIFO 8u
#define FSTAT_CLOCKS (1u << 17)
#define FSTAT_UNDERFLOW (1u << 19)
#define FSTAT_EMPTY (1u << 20)
#define FSTAT_OVERFLOW (1u << 23)
#define FIFO_WORDS 8192u
#define MAX_SAMPLES (2u * FIFO_WORDS)
#define SECOND_NS 1000000000u
#define LFSR_SAMPLES (5u * LIST_SAMPLES * LIST_CHIRPS)

/* A check returns 0, or -1 after it has told what is wrong. */
#define TELL(...) (printf(__VA_ARGS__), printf("\n"), -1)
#define HOLDS(condition, ...) \
    do { \
        if (!(condition)) \
            return TELL(__VA_ARGS__); \
    } while (0)
#define PASSES(call) \
    do { \
        if ((call) != 0) \
            return -1; \
    } while (0)

static uint16_t samples[MAX_SAMPLES];
static uint8_t bytes[3u * FIFO_WORDS + 3u];

/* One single access: what MISO shows, status byte first. */
static uint32_t access_word(const port *p, uint32_t word)
{
    const uint8_t tx[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16), (uint8_t)(word >> 8), (uint8_t)word};
    uint8_t rx[4] = {0};
    p->window(p->ctx, tx, sizeof tx, rx, 0);
    return (uint32_t)rx[0] << 24 | (uint32_t)rx[1] << 16 | (uint32_t)rx[2] << 8 | rx[3];
}

static uint32_t read_register(const port *p, uint32_t address)
{
    return access_word(p, address << 25) & 0xFFFFFFu;
}

static uint32_t write_register(const port *p, uint32_t address, uint32_t value)
{
    return access_word(p, address << 25 | 1u << 24 | value) & 0xFFFFFFu;
}

static uint32_t status_byte(const port *p)
{
    return access_word(p, CHIP_ID << 25) >> 24;
}

/* Header and data in one window but two transfers, as drivers do. Samples go to `samples`. */
static uint32_t read_fifo(const port *p, uint32_t n_words)
{
    static const uint8_t header[4] = {0xFF, 0xC0, 0, 0};
    uint8_t first[4] = {0};
    p->cs(p->ctx, 0);
    p->xfer(p->ctx, header, first, sizeof header);
    p->xfer(p->ctx, NULL, bytes, 3u * n_words);
    p->cs(p->ctx, 1);
    for (uint32_t i = 0; i < n_words; i++) {
        const uint8_t *b = bytes + 3u * i;
        samples[2u * i] = (uint16_t)(b[0] << 4 | b[1] >> 4);
        samples[2u * i + 1u] = (uint16_t)((b[1] & 15) << 8 | b[2]);
    }
    return first[0];
}

static void reset_pin(const port *p)
{
    p->cs(p->ctx, 1);
    p->rst(p->ctx, 1);
    p->advance(p->ctx, 1000000);
    p->rst(p->ctx, 0);
    p->advance(p->ctx, 1000000);
    p->rst(p->ctx, 1);
    p->advance(p->ctx, 1000000);
}

static uint32_t antennas(uint32_t mask)
{
    return (mask & 1u) + (mask >> 1 & 1u) + (mask >> 2 & 1u);
}

static uint32_t frame_words(uint32_t mask)
{
    return antennas(mask) * LIST_SAMPLES * LIST_CHIRPS / 2u;
}

/* Reset, the list with these antennas, an interrupt for each frame. extra: more bits of SFCTL. */
static void programme(const port *p, uint32_t mask, uint32_t extra)
{
    reset_pin(p);
    for (uint32_t i = 0; i < LIST_WORDS; i++)
        access_word(p, i == LIST_ANTENNAS_WORD ? (register_list[i] & ~ANTENNAS_MASK) | mask << 20 : register_list[i]);
    write_register(p, SFCTL, 0x700000u | extra | (frame_words(mask) - 1u));
}

static void start(const port *p)
{
    write_register(p, MAIN, read_register(p, MAIN) | FRAME_START);
}

static int wait_frame(const port *p)
{
    HOLDS(p->wait_irq(p->ctx, SECOND_NS) == 1, "no interrupt within a second");
    return 0;
}

static int is_ramp(uint32_t mask, uint32_t frame)
{
    const uint32_t per_chirp = antennas(mask) * LIST_SAMPLES;
    for (uint32_t i = 0; i < per_chirp * LIST_CHIRPS; i++) {
        const uint32_t expected = (i % per_chirp + 7u * (i / per_chirp) + 131u * frame) & 0xFFFu;
        HOLDS(samples[i] == expected, "frame %u sample %u: expected %u, got %u", frame, i, expected, samples[i]);
    }
    return 0;
}

static int check_chip_id(const port *p)
{
    uint32_t id;
    reset_pin(p);
    id = read_register(p, CHIP_ID);
    HOLDS(id == 0x000303u, "CHIP_ID: expected 000303, got %06X", (unsigned)id);
    return 0;
}

static int check_soft_reset(const port *p)
{
    uint32_t left = 100;
    reset_pin(p);
    write_register(p, SFCTL, 0x700123u);
    write_register(p, MAIN, read_register(p, MAIN) | SW_RESET);
    while (left > 0 && read_register(p, MAIN) & SW_RESET) {
        p->advance(p->ctx, 1000);
        left--;
    }
    HOLDS(left > 0, "MAIN: the reset bit does not clear");
    HOLDS(read_register(p, SFCTL) == 0x710000u, "SFCTL: expected its reset value 710000");
    return 0;
}

static int check_register_list(const port *p)
{
    reset_pin(p);
    for (uint32_t i = 0; i < LIST_WORDS; i++)
        access_word(p, register_list[i]);
    for (uint32_t i = 0; i < LIST_WORDS; i++) {
        const uint32_t address = register_list[i] >> 25, expected = register_list[i] & 0xFFFFFFu;
        const uint32_t got = read_register(p, address);
        HOLDS(got == expected, "register %02X: expected %06X, got %06X", (unsigned)address, (unsigned)expected, (unsigned)got);
    }
    HOLDS(write_register(p, SFCTL, 0x700001u) == 0x700000u, "a write does not show the previous content");
    HOLDS(status_byte(p) == 0xF0u, "status: expected F0, got %02X", (unsigned)status_byte(p));
    return 0;
}

static int check_ramp(const port *p, uint32_t mask)
{
    uint64_t started_ns;
    programme(p, mask, 0);
    started_ns = p->time_ns(p->ctx);
    start(p);
    for (uint32_t frame = 0; frame < 40; frame++) {
        const uint64_t due_ns = LIST_FIRST_IRQ_NS + (uint64_t)frame * LIST_FRAME_NS;
        uint32_t status;
        PASSES(wait_frame(p));
        HOLDS(p->time_ns(p->ctx) - started_ns == due_ns, "frame %u: expected at %llu ns, came at %llu ns", frame,
              (unsigned long long)due_ns, (unsigned long long)(p->time_ns(p->ctx) - started_ns));
        status = read_fifo(p, frame_words(mask));
        HOLDS(status == 0xF0u, "frame %u: expected status F0, got %02X", frame, (unsigned)status);
        PASSES(is_ramp(mask, frame));
    }
    return 0;
}

static int check_ramp_1(const port *p)
{
    return check_ramp(p, 4u);
}

static int check_ramp_2(const port *p)
{
    return check_ramp(p, 5u);
}

static int check_ramp_3(const port *p)
{
    return check_ramp(p, 7u);
}

static int check_interrupt(const port *p)
{
    static uint8_t dropped[3];
    programme(p, 7u, 0);
    start(p);
    HOLDS(p->irq(p->ctx) == 0, "the line is high before there is data");
    PASSES(wait_frame(p));
    p->cs(p->ctx, 0);
    HOLDS(p->irq(p->ctx) == 0, "the line is high while the chip is selected");
    p->xfer(p->ctx, NULL, dropped, 0);
    p->cs(p->ctx, 1);
    HOLDS(p->irq(p->ctx) == 1, "the line does not rise again while the data is there");
    read_fifo(p, 1);
    HOLDS(p->irq(p->ctx) == 0, "the line stays high below the limit");
    return 0;
}

static int check_lfsr(const port *p)
{
    uint32_t state = 1, done = 0;
    programme(p, 1u, LFSR_EN);
    start(p);
    while (done < LFSR_SAMPLES) {
        PASSES(wait_frame(p));
        read_fifo(p, frame_words(1u));
        for (uint32_t i = 0; i < 2u * frame_words(1u); i++, done++) {
            HOLDS(samples[i] == state, "sample %u: expected %03X, got %03X", done, (unsigned)state, samples[i]);
            state = state >> 1 | ((state ^ state >> 1 ^ state >> 2 ^ state >> 8) & 1u) << 11;
        }
    }
    return 0;
}

static int check_overflow(const port *p)
{
    const uint32_t words = frame_words(7u);
    programme(p, 7u, 0);
    start(p);
    p->advance(p->ctx, SECOND_NS);
    HOLDS(read_register(p, FSTAT) & FSTAT_OVERFLOW, "FSTAT does not show the overflow");
    HOLDS(status_byte(p) & GSR0_FIFO, "the status byte does not show the overflow");
    for (uint32_t frame = 0; frame < FIFO_WORDS / words; frame++) {
        read_fifo(p, words);
        PASSES(is_ramp(7u, frame)); /* what was stored is still right */
    }
    read_fifo(p, FIFO_WORDS % words);
    HOLDS(p->wait_irq(p->ctx, SECOND_NS) == 0, "frames go on after an overflow");
    write_register(p, MAIN, read_register(p, MAIN) | FIFO_RESET);
    HOLDS((read_register(p, FSTAT) & 0xF83FFFu) == FSTAT_EMPTY, "FSTAT: expected an empty FIFO after its reset");
    start(p);
    PASSES(wait_frame(p));
    HOLDS(read_fifo(p, words) == 0xF0u, "the status byte still shows an error");
    return is_ramp(7u, 0);
}

static int check_underflow(const port *p)
{
    const uint32_t words = frame_words(4u);
    uint32_t status;
    programme(p, 4u, 0);
    start(p);
    PASSES(wait_frame(p));
    HOLDS(read_fifo(p, words + 2u) == 0xF0u, "an error before there is one");
    PASSES(is_ramp(4u, 0));
    for (uint32_t i = 2u * words; i < 2u * words + 4u; i++)
        HOLDS(samples[i] == 0xFFFu, "an empty FIFO gives %03X: expected FFF", samples[i]);
    status = status_byte(p);
    HOLDS(status == (0xF0u | GSR0_FIFO), "status: expected F8, got %02X", (unsigned)status);
    HOLDS(read_register(p, FSTAT) & FSTAT_UNDERFLOW, "FSTAT does not show the underflow");
    write_register(p, MAIN, read_register(p, MAIN) | FIFO_RESET);
    HOLDS(status_byte(p) == 0xF0u, "the error outlives the FIFO's reset");
    return 0;
}

static int check_clock_count(const port *p)
{
    static const uint8_t broken[3] = {0};
    reset_pin(p);
    p->cs(p->ctx, 0);
    p->xfer(p->ctx, broken, NULL, sizeof broken);
    p->cs(p->ctx, 1);
    /* a reset switches high speed on */
    HOLDS(status_byte(p) == (0xF0u | GSR0_HIGH_SPEED | GSR0_CLOCKS), "the next status byte does not show the short command");
    HOLDS(status_byte(p) == (0xF0u | GSR0_HIGH_SPEED), "the one behind it still does");
    HOLDS(read_register(p, FSTAT) & FSTAT_CLOCKS, "FSTAT forgot it");
    reset_pin(p);
    HOLDS(!(read_register(p, FSTAT) & FSTAT_CLOCKS), "FSTAT keeps it over a reset");
    return 0;
}

static int check_high_speed(const port *p)
{
    uint32_t status;
    programme(p, 7u, HIGH_SPEED);
    start(p);
    PASSES(wait_frame(p));
    status = read_fifo(p, frame_words(7u));
    HOLDS(status == (0xF0u | GSR0_HIGH_SPEED), "status: expected F4, got %02X", (unsigned)status);
    PASSES(is_ramp(7u, 0));
    write_register(p, SFCTL, read_register(p, SFCTL) & ~HIGH_SPEED);
    HOLDS(status_byte(p) == 0xF0u, "the bit stays after it was switched off");
    return 0;
}

static int check_reset_in_frame(const port *p)
{
    uint8_t got[4] = {0};
    programme(p, 7u, 0);
    start(p);
    p->advance(p->ctx, LIST_FIRST_IRQ_NS - 100000u);
    HOLDS((read_register(p, FSTAT) & 0x3FFFu) > 0, "no data in the middle of a frame");
    p->rst(p->ctx, 0);
    p->cs(p->ctx, 0);
    p->xfer(p->ctx, NULL, got, sizeof got);
    p->cs(p->ctx, 1);
    HOLDS(got[0] == 0xFFu && got[3] == 0xFFu, "the chip answers in reset");
    p->rst(p->ctx, 1);
    HOLDS(read_register(p, FSTAT) == FSTAT_EMPTY, "FSTAT: expected 100000, got %06X", (unsigned)read_register(p, FSTAT));
    HOLDS(read_register(p, SFCTL) == 0x710000u, "SFCTL: expected its reset value 710000");
    HOLDS(p->wait_irq(p->ctx, SECOND_NS) == 0, "frames go on after a reset");
    return check_ramp(p, 7u);
}

static const struct check {
    const char *name;
    int (*run)(const port *p);
} checks[] = {
    {"chip_id", check_chip_id},
    {"soft_reset", check_soft_reset},
    {"register_list", check_register_list},
    {"ramp_1", check_ramp_1},
    {"ramp_2", check_ramp_2},
    {"ramp_3", check_ramp_3},
    {"interrupt", check_interrupt},
    {"lfsr", check_lfsr},
    {"overflow", check_overflow},
    {"underflow", check_underflow},
    {"clock_count", check_clock_count},
    {"high_speed", check_high_speed},
    {"reset_in_frame", check_reset_in_frame},
};

#define N_CHECKS (sizeof checks / sizeof checks[0])

static int wanted(const char *name, int n, char **names)
{
    for (int i = 0; i < n; i++)
        if (strcmp(name, names[i]) == 0)
            return 1;
    return n == 0;
}

int run_checks(const port *p, int n, char **names)
{
    int found = 0;
    for (size_t i = 0; i < N_CHECKS; i++) {
        if (!wanted(checks[i].name, n, names))
            continue;
        found++;
        printf("%s: ", checks[i].name);
        if (checks[i].run(p) != 0)
            return 1;
        printf("ok\n");
    }
    if (n != 0 && found != n)
        printf("no such check\n");
    return n != 0 && found != n;
}
