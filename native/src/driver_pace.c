/* When frames come. See sw_driver_pace.h.
 *
 * Rule: what is due to the chip, to the line and to ourselves is kept apart: only frames that the line announced in
 * time, or that were seen to be late, say something about the chip's clock.
 */
#include "sw_driver_pace.h"

#include "sw_handles.h"

#define SLACK_US 2000u        /* an interrupt may be this late: a busy processor; at most an eighth of a period */
#define SLACK_PARTS 8u
#define MARGIN_US 20u         /* what the sampling needs beside its samples */
#define SILENT_FRAMES 3u
#define STEADY_US 400         /* intervals that differ by less are one rate ... */
#define JITTER_US 1000        /* ... and by more none */
#define LOOK_LONG_US 10000000u
#define WRONG_PPM 300         /* both crystals together stay below a third of this */
#define UNUSABLE_PPM 10000    /* rates and ranges would be wrong by as much, the band may be left */
#define MILLION 1000000

static uint32_t programmed_us(const sw_driver *d) { return d->timing.frame_ticks / 80u; }

void sw_pace_init(sw_driver_pace *p, const sw_driver *d)
{
    p->period_us = programmed_us(d);
    p->active_us = (d->config.n_chirps - 1u) * (d->timing.chirp_ticks / 80u) + MARGIN_US +
                   (uint32_t)((uint64_t)d->config.n_samples * MILLION / d->config.sample_rate_hz);
    p->slack_us = p->period_us / SLACK_PARTS < SLACK_US ? p->period_us / SLACK_PARTS : SLACK_US;
}

static void expect(sw_driver_pace *p, uint64_t us)
{
    p->expected_us = us;
    p->silent_us = us + SILENT_FRAMES * (uint64_t)p->period_us;
    p->waits_from_us = 0;
    p->looked = 0;
    p->fill = 0;
    p->early = 0;
}

static void forget_rate(sw_driver_pace *p)
{
    p->arrived_us = 0;
    p->error_n = 0;
    p->late_n = 0;
    p->seen_n = 0;
}

void sw_pace_start(sw_driver_pace *p, const sw_driver *d, uint64_t now_us)
{
    p->period_us = programmed_us(d);
    expect(p, now_us + d->timing.start_ticks / 80u + p->active_us);
    forget_rate(p);
}

uint64_t sw_pace_look_us(const sw_driver_pace *p) { return p->expected_us + p->slack_us; }

uint64_t sw_pace_next_look_us(const sw_driver *d, uint64_t now_us)
{
    const sw_driver_pace *p = &d->pace;
    uint32_t chirp_us = d->timing.chirp_ticks / 80u + MARGIN_US; /* the fill grows once a chirp */
    uint64_t next_us = now_us + (p->slack_us > chirp_us ? p->slack_us : chirp_us);
    if (p->waits_from_us != 0u) {
        next_us = p->expected_us + p->period_us / 2u;
    }
    return next_us > now_us ? next_us : now_us + p->slack_us;
}

int32_t sw_pace_is_prompt(const sw_driver_pace *p, uint64_t now_us) { return now_us <= p->expected_us + p->slack_us; }

int32_t sw_pace_is_early(const sw_driver_pace *p, uint64_t now_us) { return now_us + p->slack_us < p->expected_us; }

sw_pace_find sw_pace_look(sw_driver *d, uint64_t now_us, uint32_t fill)
{
    sw_driver_pace *p = &d->pace;
    if (fill >= d->timing.frame_samples / 2u) {
        if (d->hal->radar_irq(d->hal->pins) != 0) {
            return SW_PACE_COMPLETE;
        }
        if (p->polling) {
            return SW_PACE_POLLED;
        }
        if (p->waits_from_us == 0u) {
            p->waits_from_us = now_us;
            return SW_PACE_WAIT;
        }
        if (now_us < p->expected_us + p->period_us / 2u) {
            return SW_PACE_WAIT;
        }
        return SW_HANDLES(IRQ_SILENT) ? SW_PACE_POLLED : SW_PACE_DEAF;
    }
    if (now_us >= p->silent_us) {
        return SW_PACE_SILENT;
    }
    if (SW_HANDLES(FIFO_SHIFTED) && fill != 0u && p->looked && fill == p->fill) {
        return SW_PACE_SHIFTED;
    }
    sw_pace_find found = p->looked ? SW_PACE_WAIT : SW_PACE_ABSENT;
    p->looked = 1;
    p->fill = fill;
    return found;
}

uint32_t sw_pace_line(sw_driver *d, sw_pace_by by, int32_t behind)
{
    sw_driver_pace *p = &d->pace;
    if (by == SW_PACE_BY_LINE) {
        p->polling = 0;
        return SW_HANDLES(IRQ_LATE) && p->waits_from_us != 0u ? SW_REASON_IRQ_LATE : SW_REASON_NONE;
    }
    int32_t high = d->hal->radar_irq(d->hal->pins) != 0 && !behind;
    if (by == SW_PACE_BY_POLL) {
        p->polling = 1;
        return SW_HANDLES(IRQ_INVERTED) && high ? SW_REASON_IRQ_INVERTED : SW_REASON_IRQ_SILENT;
    }
    if (high) {
        return SW_HANDLES(IRQ_STUCK) ? SW_REASON_IRQ_STUCK : SW_REASON_NONE;
    }
    if (d->level_lost) {
        return SW_REASON_IRQ_EARLY;
    }
    return SW_HANDLES(IRQ_MISSED) ? SW_REASON_IRQ_MISSED : SW_REASON_NONE;
}

/* error: of so many us in span us. Returns REFERENCE when it is too large to go on. */
static uint32_t judge_rate(sw_driver *d, uint64_t now_us, int64_t error_us, int64_t span_us, int64_t least_ppm)
{
    int64_t ppm = error_us * MILLION / span_us;
    ppm = ppm < 0 ? -ppm : ppm;
    if (!SW_HANDLES(REFERENCE) || ppm < least_ppm) {
        return SW_REASON_NONE;
    }
    sw_health_note(d->health, now_us, SW_REASON_REFERENCE);
    return ppm >= UNUSABLE_PPM ? SW_REASON_REFERENCE : SW_REASON_NONE;
}

/* Some intervals in a row: one rate, but another one than programmed, or none. */
static uint32_t judge_intervals(sw_driver *d, uint64_t now_us)
{
    sw_driver_pace *p = &d->pace;
    int32_t least = p->error_us[0];
    int32_t most = p->error_us[0];
    int32_t sum = 0;
    for (uint32_t i = 0; i < SW_DRIVER_HISTORY; i++) {
        least = p->error_us[i] < least ? p->error_us[i] : least;
        most = p->error_us[i] > most ? p->error_us[i] : most;
        sum += p->error_us[i];
    }
    int32_t mean = sum / (int32_t)SW_DRIVER_HISTORY;
    uint32_t late_n = p->late_n;
    p->error_n = 0;
    p->late_n = 0;
    if (most - least > JITTER_US) {
        if (SW_HANDLES(FRAME_JITTER) && late_n != 0u) {
            sw_health_note(d->health, now_us, SW_REASON_FRAME_JITTER);
        }
        return SW_REASON_NONE;
    }
    if (most - least > STEADY_US || (mean < STEADY_US && mean > -STEADY_US)) {
        return SW_REASON_NONE;
    }
    int32_t wrong_us = mean + (int32_t)p->period_us - (int32_t)programmed_us(d);
    p->period_us = (uint32_t)((int32_t)p->period_us + mean);
    p->seen_n = 0;
    return judge_rate(d, now_us, wrong_us, programmed_us(d), WRONG_PPM);
}

/* A frame that says something about the chip's clock. */
static uint32_t count_interval(sw_driver *d, uint64_t now_us)
{
    sw_driver_pace *p = &d->pace;
    uint64_t span_us = now_us - p->seen_us;
    uint32_t reason = SW_REASON_NONE;
    if (p->seen_n != 0u && span_us >= LOOK_LONG_US) {
        int64_t should_us = (int64_t)((uint64_t)p->seen_n * d->timing.frame_ticks / 80u);
        reason = judge_rate(d, now_us, (int64_t)span_us - should_us, should_us, WRONG_PPM);
        p->seen_n = 0;
    }
    if (p->seen_n == 0u) {
        p->seen_us = now_us;
    }
    p->seen_n++;
    if (p->arrived_us != 0u) {
        p->late_n += p->looked;
        p->error_us[p->error_n++] = (int32_t)(now_us - p->arrived_us) - (int32_t)p->period_us;
    }
    if (p->error_n == SW_DRIVER_HISTORY) {
        uint32_t other = judge_intervals(d, now_us);
        reason = reason != SW_REASON_NONE ? reason : other;
    }
    p->arrived_us = now_us;
    return reason;
}

uint32_t sw_pace_frame(sw_driver *d, uint64_t now_us, sw_pace_by by)
{
    sw_driver_pace *p = &d->pace;
    uint64_t at_us = by == SW_PACE_BY_LINE ? now_us : now_us - p->slack_us; /* of the interrupt, had there been one */
    uint32_t after_us = (uint32_t)(at_us > p->expected_us ? at_us - p->expected_us : 0u);
    uint32_t reason = SW_REASON_NONE;
    if (p->looked && d->next_frame != 0u && !d->slow && after_us > p->period_us / 2u) { /* it was not there at its time: this is a later one */
        uint32_t missing = (after_us + p->period_us / 2u) / p->period_us;
        if (SW_HANDLES(FRAME_DROPPED)) {
            d->next_frame += missing;
            d->counters.dropped += missing;
            d->lost = 1;
            sw_health_note(d->health, now_us, SW_REASON_FRAME_DROPPED);
        }
        forget_rate(p);
        expect(p, at_us + p->period_us);
    } else if (by != SW_PACE_BY_LINE || p->waits_from_us != 0u || !(p->looked || p->early || sw_pace_is_prompt(p, now_us))) {
        forget_rate(p); /* the line or this processor was late */
        expect(p, p->expected_us + p->period_us);
    } else {
        reason = count_interval(d, now_us);
        expect(p, now_us + p->period_us);
    }
    return reason;
}
