/* The frame machine: from FRAME_START to samples in the FIFO, in clocks of the reference.
 *
 * Rule: everything follows from the start tick and the timing kept from FRAME_START; a sample is in the FIFO one ADC
 * period after its trigger, prefix words are at the start of their chirp. What is due moves in bulk.
 */
#include "chip_internal.h"

#define STRIDE_OF(second, first) ((uint32_t)(REG_##second) - (uint32_t)(REG_##first))

uint32_t frames_lfsr_enabled(const chip *c)
{
    return FIELD(c, SFCTL, LFSR_EN);
}

/* Deep sleep without CONT is said to stop the clock, so that only a new FRAME_START would end it. Open on silicon: here
 * the timers run on, as the formulas of the periods have it, and a list that asks for it is warned about. */
static void warn_of_sleep_without_clock(chip *c, const chip_timing *t)
{
    for (uint32_t n = 0; n < t->n_shapes && n + 1u < t->n_groups; n++) {
        uint32_t at = REG_PLL1_7 + STRIDE_OF(PLL2_7, PLL1_7) * t->shapes[n].number;
        if (t->shapes[n].pd_mode >= 2u && !FIELD_OF(c->registers[at], PLL1_7_CONT))
            chip_warn(c, at);
    }
    if (t->frame_pd_mode >= 2u && !FIELD(c, CCR0, CONT_MODE) && FIELD(c, CCR2, MAX_FRAME_CNT) != 1u)
        chip_warn(c, REG_CCR0);
}

static uint32_t enabled(const chip *c, uint32_t first, uint32_t stride, uint32_t bit)
{
    uint32_t any = 0;
    for (uint32_t n = 0; n < 4u; n++)
        any |= c->registers[first + stride * n] >> bit;
    return any & 1u;
}

static uint32_t a_shape_is_enabled(const chip *c)
{
    return enabled(c, REG_PLL1_7, STRIDE_OF(PLL2_7, PLL1_7), PLL1_7_SH_EN_LO);
}

static uint32_t a_set_is_enabled(const chip *c)
{
    return enabled(c, REG_CSC1, STRIDE_OF(CSC2, CSC1), CSC1_CS_EN_LO);
}

/* Refused, with a warning at the register that is wrong, when no frame could run. */
static uint32_t refused_at(const chip *c, const chip_timing *t)
{
    if (!FIELD(c, PACR1, OSCCLKEN))
        return REG_PACR1;
    if (FIELD(c, MAIN, CW_MODE))
        return REG_MAIN;
    if (!a_shape_is_enabled(c))
        return REG_PLL1_7;
    if (!a_set_is_enabled(c))
        return REG_CSC1;
    if (t->adc_div < 20u)
        return REG_ADC0;
    if (t->frame_samples == 0 && t->rx_of_cycle[UP] + t->rx_of_cycle[DOWN] == 0)
        return REG_CSU1_1 + STRIDE_OF(CSU2_1, CSU1_1) * t->sets[0].number;
    if (t->frame_samples == 0)
        return REG_PLL1_3 + STRIDE_OF(PLL2_3, PLL1_3) * t->shapes[0].number;
    return REG_MAIN;
}

/* In continuous wave the chip transmits until a reset; frames and further starts wait for that. Without an enabled shape
 * and channel set it only wakes up to idle, as those do who want to measure a temperature. Open on silicon: its machine
 * then waits for a FRAME_START before each of its steps, here one leads straight to transmitting. */
void frames_start(chip *c)
{
    frame_state *f = &c->frames;
    chip_timing timing;
    uint32_t wrong;
    if (f->running || f->continuous_wave)
        return;
    timing_decode(c, &timing);
    wrong = refused_at(c, &timing);
    if (wrong != REG_MAIN) {
        chip_warn(c, wrong);
        return;
    }
    warn_of_sleep_without_clock(c, &timing);
    f->timing = timing;
    f->in_frame = 0;
    f->frames_begun = 0;
    f->frames_done = 0;
    f->done = 0;
    f->continuous_wave = FIELD(c, MAIN, CW_MODE);
    f->running = !f->continuous_wave;
    f->jitter_ticks = 0;
    f->next_frame_tick = c->clock.tick + timing.wake_ticks + timing.init_ticks;
    ring_at_start(c);
}

void frames_reset(chip *c)
{
    frame_state *f = &c->frames;
    f->running = 0;
    f->continuous_wave = 0;
    f->in_frame = 0;
    f->frames_begun = 0;
    f->frames_done = 0;
    f->done = 0;
    f->lfsr = LFSR_SEED;
}

/* Moves what is due; an overflow ends the frames, counters stay as they are. */
static void deliver(chip *c)
{
    frame_state *f = &c->frames;
    uint64_t n = sequence_units_due(&f->timing, c->clock.tick - f->frame_tick) - f->done;
    if (n != 0 && samples_deliver(c, n) < n) {
        c->counters.overflows++;
        f->running = 0;
        f->in_frame = 0;
    }
    faults_filled(c);
}

/* This frame starts now; the next one a period after it was to start, and perhaps late. */
static void plan_next_frame(chip *c)
{
    frame_state *f = &c->frames;
    f->frame_tick = f->next_frame_tick;
    f->next_frame_tick += f->timing.frame_period_ticks - f->jitter_ticks;
    faults_next_frame(c);
    f->jitter_ticks = faults_jitter_ticks(c);
    f->next_frame_tick += f->jitter_ticks;
}

/* Begins the frame that is due, or leaves it out. 0: it cannot begin for want of samples. */
static uint32_t begin_frame(chip *c)
{
    frame_state *f = &c->frames;
    uint32_t test = frames_lfsr_enabled(c);
    if (ring_frames(c, test) == 0)
        ring_ask(c);
    if (ring_frames(c, test) == 0)
        return 0;
    f->test = test;
    f->source = faults_repeat_frame(c) ? ring_repeat(c, test) : ring_take(c, test);
    f->in_frame = !faults_drop_frame(c);
    f->done = 0;
    plan_next_frame(c);
    if (f->in_frame) {
        f->frames_begun++;
        c->counters.frames_started++;
    }
    return 1;
}

/* Frames that may still begin. */
static uint64_t frames_allowed(const chip *c)
{
    uint32_t limit = FIELD(c, CCR2, MAX_FRAME_CNT);
    if (limit == 0)
        return UINT64_MAX;
    return limit > c->frames.frames_begun ? limit - c->frames.frames_begun : 0u;
}

void frames_run(chip *c)
{
    frame_state *f = &c->frames;
    while (f->running) {
        if (!f->in_frame && frames_allowed(c) == 0) {
            f->running = 0;
            return;
        }
        if (!f->in_frame && (c->clock.tick < f->next_frame_tick || !begin_frame(c)))
            return;
        if (!f->in_frame)
            continue;
        deliver(c);
        if (!f->in_frame || f->done < f->timing.frame_units)
            return;
        f->in_frame = 0;
        f->frames_done++;
    }
}

/* The earliest that it may be: how late a frame will be is not known before the one before it starts. */
static uint64_t frame_start_tick(const frame_state *f, uint64_t later)
{
    uint64_t span, tick;
    if (__builtin_mul_overflow(later, f->timing.frame_period_ticks, &span)
        || __builtin_add_overflow(f->next_frame_tick, span, &tick))
        return NEVER_TICK;
    return later == 0 ? tick : tick - f->jitter_ticks;
}

/* When the fill level first exceeds CREF, or the frame start before that for which samples are missing. */
static uint64_t next_event_tick(const chip *c)
{
    const frame_state *f = &c->frames;
    const chip_timing *t = &f->timing;
    uint32_t level = FIELD(c, SFCTL, FIFO_CREF);
    uint64_t here = f->in_frame ? t->frame_units - f->done : 0u;
    uint64_t frames, allowed, need, later, start, missing_at;

    if (!f->running)
        return NEVER_TICK;
    frames = ring_frames(c, frames_lfsr_enabled(c));
    allowed = frames_allowed(c);
    missing_at = frames < allowed && !c->ring.ended ? frame_start_tick(f, frames) : NEVER_TICK;
    if (c->fifo.fill > level)
        return missing_at;
    need = 2u * (uint64_t)(level + 1u - c->fifo.fill) - c->fifo.has_half;
    if (need <= here)
        return f->frame_tick + sequence_tick_of_unit(t, f->done + need);
    later = (need - here - 1u) / t->frame_units;
    if (later >= frames || later >= allowed)
        return missing_at;
    start = frame_start_tick(f, later);
    if (start == NEVER_TICK)
        return NEVER_TICK;
    return start + sequence_tick_of_unit(t, need - here - later * t->frame_units);
}

uint64_t chip_next_event_ns(void *memory)
{
    return clock_ns_of_tick(memory, next_event_tick(memory));
}

int32_t chip_needs_samples(void *memory)
{
    const chip *c = memory;
    const frame_state *f = &c->frames;
    return f->running && !f->in_frame && c->clock.tick >= f->next_frame_tick && frames_allowed(c) != 0
        && ring_frames(c, frames_lfsr_enabled(c)) == 0 && !c->ring.ended;
}

uint64_t chip_next_frame_ns(void *memory)
{
    const chip *c = memory;
    return clock_ns_of_tick(c, c->frames.running && frames_allowed(c) != 0 ? c->frames.next_frame_tick : NEVER_TICK);
}

/* A pause with power-down mode 0 / 1 / 2 is spent in interchirp / idle / deep sleep; the way back leads through idle
 * (wake-up) and interchirp (both inits). left: ticks to the next chirp. */
static uint32_t mode_in_pause(const chip_timing *t, uint32_t pd_mode, uint64_t left)
{
    static const uint32_t mode_of_pause[4] = {2, 3, 5, 5};
    if (pd_mode >= 1u && left <= t->init_ticks)
        return 2;
    if (pd_mode >= 2u && left <= t->init_ticks + t->wake_ticks)
        return 3;
    return mode_of_pause[pd_mode];
}

uint32_t frames_transmit(const chip *c)
{
    const frame_state *f = &c->frames;
    return f->running || (f->continuous_wave && a_shape_is_enabled(c) && a_set_is_enabled(c));
}

uint32_t frames_power_mode(const chip *c)
{
    const frame_state *f = &c->frames;
    const chip_timing *t = &f->timing;
    uint64_t left = f->next_frame_tick > c->clock.tick ? f->next_frame_tick - c->clock.tick : 0u;
    uint64_t since, within;
    chirp_place at;
    if (f->continuous_wave)
        return frames_transmit(c) ? 1 : 3;
    if (!f->running)
        return 5;
    if (f->frames_begun == 0)
        return mode_in_pause(t, 2, left);
    since = c->clock.tick - f->frame_tick;
    at = sequence_chirp_at_tick(t, since);
    within = since - at.tick;
    if (within < at.shape->chirp_ticks[at.down])
        return 1;
    if (since >= at.group_end_tick && at.group + 1u == t->n_groups)
        return mode_in_pause(t, t->frame_pd_mode, left);
    return mode_in_pause(t, at.shape->pd_mode, at.shape->chirp_ticks[at.down] + at.shape->pause_ticks - within);
}

/* Shape groups of the current frame that are finished; held after an overflow. */
uint32_t frames_groups_done(const chip *c)
{
    const frame_state *f = &c->frames;
    if (f->frames_begun == 0)
        return 0;
    if (f->done >= f->timing.frame_units)
        return (uint32_t)f->timing.n_groups;
    return (uint32_t)sequence_chirp_of_unit(&f->timing, f->done + 1u).group;
}

/* As STAT0 counts: twice the set, and one more in a down-chirp. What ran last stays until the next chirp. Source: the
 * register description of a sister chip, BGT60UTR13D. */
uint32_t frames_channel_index(const chip *c)
{
    const frame_state *f = &c->frames;
    chirp_place at;
    if (!f->running || f->frames_begun == 0)
        return 0;
    at = sequence_chirp_at_tick(&f->timing, c->clock.tick - f->frame_tick);
    return 2u * at.set->number + at.down;
}

/* The same for shapes. */
uint32_t frames_shape_index(const chip *c)
{
    const frame_state *f = &c->frames;
    chirp_place at;
    if (!f->running || f->frames_begun == 0)
        return 0;
    at = sequence_chirp_at_tick(&f->timing, c->clock.tick - f->frame_tick);
    return 2u * at.shape->number + at.down;
}
