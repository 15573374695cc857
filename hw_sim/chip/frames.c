/* The frame machine: from FRAME_START to samples in the FIFO, in 80 MHz clocks.
 *
 * Rule: everything follows from the start tick and the timing kept from FRAME_START; a sample is in the FIFO one ADC
 * period after its trigger. Samples move in bulk: as many as are due at the time asked for.
 */
#include "chip_internal.h"

#define TEST_CHUNK 192u /* samples of test data made at a time */

static uint64_t tick_of_ns(uint64_t ns)
{
    return ns / 25u * 2u + ns % 25u * 2u / 25u;
}

/* The first nanosecond at which the tick has come. */
static uint64_t ns_of_tick(uint64_t tick)
{
    return tick == NEVER_TICK ? CHIP_NEVER_NS : tick / 2u * 25u + (tick % 2u ? 13u : 0u);
}

uint32_t frames_lfsr_enabled(const chip *c)
{
    return FIELD(c, SFCTL, LFSR_EN);
}

/* Antennas that differ in gain or filter are not modelled. */
static void warn_if_antennas_differ(chip *c, uint32_t rx_mask)
{
    uint32_t gains = c->registers[REG_CSU1_2];
    uint32_t seen = 0;
    uint32_t first = 0;
    for (uint32_t rx = 0; rx < 3; rx++) {
        uint32_t setting = ((gains >> (5u * rx)) & 31u) | ((FIELD(c, CSU1_2, HP_GAIN) >> rx) & 1u) << 5;
        if (!((rx_mask >> rx) & 1u))
            continue;
        if (seen && setting != first)
            chip_warn(c, REG_CSU1_2);
        first = seen ? first : setting;
        seen = 1;
    }
}

/* Refused, with a warning at the register that is wrong, when no frame could run. */
static uint32_t refused_at(const chip *c, const chip_timing *t)
{
    if (!FIELD(c, PACR1, OSCCLKEN))
        return REG_PACR1;
    if (!FIELD(c, PLL1_7, SH_EN))
        return REG_PLL1_7;
    if (!FIELD(c, CSC1, CS_EN))
        return REG_CSC1;
    if (t->n_rx == 0)
        return REG_CSU1_1;
    if (t->n_samples == 0)
        return REG_PLL1_3;
    if (t->adc_div < 20u)
        return REG_ADC0;
    return REG_MAIN;
}

void frames_start(chip *c)
{
    frame_state *f = &c->frames;
    chip_timing timing;
    uint32_t wrong;
    if (f->running)
        return;
    timing_decode(c, &timing);
    wrong = refused_at(c, &timing);
    if (wrong != REG_MAIN) {
        chip_warn(c, wrong);
        return;
    }
    warn_if_antennas_differ(c, timing.rx_mask);
    f->timing = timing;
    f->running = 1;
    f->in_frame = 0;
    f->frames_begun = 0;
    f->frames_done = 0;
    f->done = 0;
    f->next_frame_tick = f->now_tick + timing.start_ticks;
    ring_at_start(c);
}

/* Antenna samples of the current frame that are complete at a tick. */
static uint32_t samples_due(const frame_state *f, uint64_t tick)
{
    const chip_timing *t = &f->timing;
    uint64_t since = tick - f->frame_tick;
    uint64_t chirp = since / t->chirp_period_ticks;
    uint64_t within = since % t->chirp_period_ticks;
    uint64_t triggers = 0;
    if (chirp >= t->n_chirps)
        return t->frame_samples;
    if (within > t->first_sample_ticks)
        triggers = (within - t->first_sample_ticks) / t->adc_div;
    if (triggers > t->n_samples)
        triggers = t->n_samples;
    return (uint32_t)((chirp * t->n_samples + triggers) * t->n_rx);
}

/* When the n-th antenna sample (1 = first) of a frame that starts at a tick is complete. */
static uint64_t tick_of_sample(const chip_timing *t, uint64_t frame_tick, uint64_t n)
{
    uint64_t before = (n - 1u) / t->n_rx;
    return frame_tick + before / t->n_samples * t->chirp_period_ticks + t->first_sample_ticks
        + (before % t->n_samples + 1u) * t->adc_div;
}

static uint32_t deliver_test(chip *c, uint32_t n)
{
    frame_state *f = &c->frames;
    uint16_t made[TEST_CHUNK];
    uint32_t taken = 0;
    while (taken < n) {
        uint32_t wanted = n - taken < TEST_CHUNK ? n - taken : TEST_CHUNK;
        uint32_t part;
        lfsr_fill(&f->lfsr, &f->timing, f->done + taken, wanted, made);
        part = fifo_push(&c->fifo, made, wanted);
        taken += part;
        if (part < wanted)
            break;
    }
    return taken;
}

/* Moves what is due; an overflow ends the frames, counters stay as they are. */
static void deliver(chip *c)
{
    frame_state *f = &c->frames;
    uint32_t n = samples_due(f, f->now_tick) - f->done;
    uint32_t taken;
    if (n == 0)
        return;
    taken = f->source ? fifo_push(&c->fifo, f->source + f->done, n) : deliver_test(c, n);
    f->done += taken;
    if (taken < n) {
        c->counters.overflows++;
        f->running = 0;
        f->in_frame = 0;
    }
}

/* Begins the frame that is due. 0: it cannot begin for want of samples. */
static uint32_t begin_frame(chip *c)
{
    frame_state *f = &c->frames;
    uint32_t test = frames_lfsr_enabled(c);
    const uint16_t *source = test ? NULL : ring_take(c);
    if (!test && !source)
        return 0;
    f->source = source;
    f->in_frame = 1;
    f->done = 0;
    f->frame_tick = f->next_frame_tick;
    f->next_frame_tick += f->timing.frame_period_ticks;
    f->frames_begun++;
    c->counters.frames_started++;
    return 1;
}

static uint32_t is_last(const chip *c)
{
    uint32_t limit = FIELD(c, CCR2, MAX_FRAME_CNT);
    return limit != 0 && c->frames.frames_begun >= limit;
}

void chip_advance_ns(void *memory, uint64_t now_ns)
{
    chip *c = memory;
    frame_state *f = &c->frames;
    uint64_t tick = tick_of_ns(now_ns);
    if (tick > f->now_tick)
        f->now_tick = tick;
    while (f->running) {
        if (!f->in_frame && (f->now_tick < f->next_frame_tick || !begin_frame(c)))
            return;
        deliver(c);
        if (!f->in_frame || f->done < f->timing.frame_samples)
            return;
        f->in_frame = 0;
        f->frames_done++;
        if (is_last(c))
            f->running = 0;
    }
}

/* When the fill level first exceeds CREF, or the frame start before that for which samples are missing. */
static uint64_t next_event_tick(const chip *c)
{
    const frame_state *f = &c->frames;
    const chip_timing *t = &f->timing;
    uint32_t level = FIELD(c, SFCTL, FIFO_CREF);
    uint32_t limit = FIELD(c, CCR2, MAX_FRAME_CNT);
    uint64_t here = f->in_frame ? t->frame_samples - f->done : 0u;
    uint64_t frames = frames_lfsr_enabled(c) ? UINT64_MAX : c->ring.frames_left;
    uint64_t allowed = limit == 0 ? UINT64_MAX : limit > f->frames_begun ? limit - f->frames_begun : 0u;
    uint64_t missing_at = frames < allowed && !c->ring.ended
        ? f->next_frame_tick + frames * t->frame_period_ticks : NEVER_TICK;
    uint64_t need, later;

    if (!f->running)
        return NEVER_TICK;
    if (c->fifo.fill > level)
        return missing_at;
    need = 2u * (uint64_t)(level + 1u - c->fifo.fill) - c->fifo.has_half;
    if (need <= here)
        return tick_of_sample(t, f->frame_tick, f->done + need);
    later = (need - here - 1u) / t->frame_samples;
    if (later >= frames || later >= allowed)
        return missing_at;
    return tick_of_sample(t, f->next_frame_tick + later * t->frame_period_ticks,
                          need - here - later * t->frame_samples);
}

uint64_t chip_next_event_ns(void *memory)
{
    return ns_of_tick(next_event_tick(memory));
}

int32_t chip_needs_samples(void *memory)
{
    const chip *c = memory;
    const frame_state *f = &c->frames;
    return f->running && !f->in_frame && !is_last(c) && !frames_lfsr_enabled(c) && c->ring.frames_left == 0
        && !c->ring.ended && f->now_tick >= f->next_frame_tick;
}

uint64_t chip_next_frame_ns(void *memory)
{
    const chip *c = memory;
    return ns_of_tick(c->frames.running && !is_last(c) ? c->frames.next_frame_tick : NEVER_TICK);
}

double chip_frame_period_ns(void *memory)
{
    chip_radar_view view;
    chip_radar(memory, &view);
    return view.frame_period_ns;
}

/* A pause with power-down mode 0 / 1 / 2 is spent in interchirp / idle / deep sleep. */
uint32_t frames_power_mode(const chip *c)
{
    static const uint32_t mode_of_pause[4] = {2, 3, 5, 5};
    const frame_state *f = &c->frames;
    const chip_timing *t = &f->timing;
    uint64_t since = f->now_tick - f->frame_tick;
    if (!f->running)
        return 5;
    if (f->frames_begun == 0) /* waking up */
        return 3;
    if (since % t->chirp_period_ticks < t->chirp_ticks && since / t->chirp_period_ticks < t->n_chirps)
        return 1;
    return mode_of_pause[since / t->chirp_period_ticks + 1u < t->n_chirps ? FIELD(c, PLL1_7, PD_MODE)
                                                                          : FIELD(c, CCR1, PD_MODE)];
}

/* Shape groups of the current frame that are finished; held after an overflow. */
uint32_t frames_groups_done(const chip *c)
{
    const frame_state *f = &c->frames;
    uint32_t per_chirp = f->timing.n_rx * f->timing.n_samples;
    return per_chirp == 0 ? 0u : f->done / per_chirp;
}
