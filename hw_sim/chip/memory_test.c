/* The self test of the sample memory: DFT0 starts it, DFT1 says DONE and FAIL.
 *
 * Rule: MODE = 1 with an algorithm bit starts it at the write; it takes the memory away from the frames: a FIFO reset.
 * Bits and order as the vendor's open driver uses them (one of four algorithm bits at a time, CTRL and NHOLD set).
 * Guesses: any algorithm bits will do, several run one after the other; CTRL is not needed; a test is a march of
 * 10 accesses to each word, one a clock; another write of DFT0 ends it and clears DONE.
 */
#include "chip_internal.h"

#define MODE_MEMORY_TEST 1u
#define ACCESSES_PER_WORD 10u

void memory_test_command(chip *c)
{
    memory_test_state *m = &c->memory_test;
    uint32_t algorithms = FIELD(c, DFT0, ALG);
    uint32_t n = 0;
    for (uint32_t left = algorithms; left; left >>= 1)
        n += left & 1u;
    m->started = FIELD(c, DFT0, MODE) == MODE_MEMORY_TEST && n != 0;
    if (!m->started)
        return;
    reset_fifo(c);
    m->done_tick = c->clock.tick + (uint64_t)n * FIFO_WORDS * ACCESSES_PER_WORD;
}

void memory_test_reset(chip *c)
{
    c->memory_test.started = 0;
}

uint32_t memory_test_running(const chip *c)
{
    return c->memory_test.started && c->clock.tick < c->memory_test.done_tick;
}

uint32_t memory_test_read(const chip *c)
{
    uint32_t done = c->memory_test.started && !memory_test_running(c);
    return FIELD_AT(DFT1_DONE, done) | FIELD_AT(DFT1_FAIL, done && c->options.memory_broken);
}
