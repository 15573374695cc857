/* Faults of the chip that begin and end while it runs: what its registers will not take, what its clock, its frames and
 * its FIFO do wrong.
 *
 * Rule: a fault follows from the chip's state, counters and the given seed alone. What a fault did to a register or to
 * the FIFO stays when it ends, until somebody mends it, as on silicon.
 */
#include "chip_internal.h"

#define PPM 1000000u
#define PPB 1000000000
#define MISSING_WORDS 64u /* of a burst that finds too few */
#define WRONG_BIT 0x008u  /* of the test sequence */

enum { STREAM_DROP = 0xD409, STREAM_REPEAT = 0x4E94, STREAM_JITTER = 0x717E }; /* keeps the draws apart */

/* splitmix64 finaliser */
static uint64_t hash64(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static uint64_t draw(const chip *c, uint32_t stream)
{
    return hash64(hash64(c->faults.seed ^ stream) + c->fault_state.frames);
}

uint32_t faults_register(const chip *c, uint32_t address, uint32_t value)
{
    if (address == REG_SFCTL && c->faults.cref_lost)
        return value & ~FIELD_AT(SFCTL_FIFO_CREF, 0x1FFFu);
    if (address == REG_PACR1 && c->faults.oscillator_off)
        return value & ~FIELD_AT(PACR1_OSCCLKEN, 1u);
    if (address == REG_CCR2 && c->faults.frame_limit)
        return (value & ~FIELD_AT(CCR2_MAX_FRAME_CNT, 0xFFFu)) | c->faults.frame_limit;
    return value;
}

void faults_next_frame(chip *c)
{
    c->fault_state.frames++;
}

uint32_t faults_drop_frame(const chip *c)
{
    if (c->faults.frame_pause)
        return 1;
    return c->faults.frame_drop_ppm && draw(c, STREAM_DROP) % PPM < c->faults.frame_drop_ppm;
}

uint32_t faults_repeat_frame(const chip *c)
{
    return c->faults.frame_repeat_ppm && draw(c, STREAM_REPEAT) % PPM < c->faults.frame_repeat_ppm;
}

uint64_t faults_jitter_ticks(const chip *c)
{
    uint64_t most = (uint64_t)c->faults.frame_jitter_us * c->options.reference_hz / PPM;
    const chip_timing *t = &c->frames.timing;
    uint64_t burst = sequence_tick_of_unit(t, t->frame_units);
    uint64_t room = t->frame_period_ticks > burst ? t->frame_period_ticks - burst : 0u;
    most = most < room ? most : room;
    return most ? draw(c, STREAM_JITTER) % (most + 1u) : 0u;
}

uint16_t faults_test_sample(const chip *c, uint32_t sample)
{
    return (uint16_t)(c->faults.lfsr_wrong ? sample ^ WRONG_BIT : sample);
}

/* A burst of the FIFO begins. */
void faults_burst(chip *c)
{
    uint32_t missing = c->fifo.fill < MISSING_WORDS ? c->fifo.fill : MISSING_WORDS;
    c->fault_state.bursts++;
    if (c->faults.underflow_every && c->fault_state.bursts % c->faults.underflow_every == 0)
        c->fifo.fill -= missing;
}

/* Samples came into the FIFO. */
void faults_filled(chip *c)
{
    if (c->fault_state.loses_word && c->fifo.fill != 0) {
        c->fault_state.loses_word = 0;
        c->fifo.read_word = (c->fifo.read_word + 1u) % FIFO_WORDS;
        c->fifo.fill--;
    }
}

void chip_lose_word(void *memory)
{
    chip *c = memory;
    c->fault_state.loses_word = 1;
    faults_filled(c);
}

/* Another rate of the reference from now on. Frames that were made for other times are asked for again. */
static void set_clock(chip *c, int32_t error_ppb)
{
    int64_t nominal = c->fault_state.born.reference_hz;
    int64_t hz = nominal + nominal * error_ppb / PPB;
    if (hz == (int64_t)c->options.reference_hz)
        return;
    clock_set_rate(c, (uint32_t)hz);
    chip_samples_forget(c);
}

static void apply(chip *c)
{
    static const uint32_t held[] = {REG_SFCTL, REG_PACR1, REG_CCR2};
    for (uint32_t i = 0; i < sizeof held / sizeof held[0]; i++)
        c->registers[held[i]] = faults_register(c, held[i], c->registers[held[i]]);
    if (c->faults.oscillator_off)
        frames_reset(c);
}

void faults_init(chip *c)
{
    c->fault_state.born = c->options;
}

void chip_set_faults(void *memory, const chip_faults *faults)
{
    chip *c = memory;
    const chip_options *own = &c->fault_state.born;
    c->faults = *faults;
    c->options.gsr0_vendor_order = own->gsr0_vendor_order ^ (faults->gsr0_mirrored != 0);
    c->options.fou_while_empty = own->fou_while_empty | faults->fou_while_empty;
    c->options.memory_broken = own->memory_broken | faults->memory_broken;
    c->options.reset_stuck = own->reset_stuck | faults->reset_stuck;
    c->options.chip_id = faults->chip_id ? faults->chip_id : own->chip_id;
    c->registers[REG_CHIP_ID] = c->options.chip_id & WORD_MASK;
    if (!c->options.reset_stuck) {
        c->registers[REG_MAIN] &= ~c->resets.stuck;
        c->resets.stuck = 0;
    }
    chip_set_spi_hz(c, faults->spi_hz ? faults->spi_hz : own->spi_hz);
    set_clock(c, faults->clock_ppb);
    apply(c);
}
