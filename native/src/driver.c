/* Driver of the BGT60TR13C: states, times, what follows from a fault. SPI framing, FIFO, resets and test mode:
 * datasheet V2.4.9.
 *
 * Rule: each function ends with a state and a deadline; nothing is waited for inside.
 */
#include "sw_driver.h"

#include <string.h>

#include "sw_chain.h"
#include "sw_driver_bus.h"
#include "sw_driver_diagnose.h"
#include "sw_driver_pace.h"
#include "sw_driver_steps.h"
#include "sw_driver_temperature.h"
#include "sw_error.h"
#include "sw_handles.h"
#include "sw_words.h"

#define DEEP_SLEEP 5u         /* STAT0 bits 7:5 */

#define RESET_US 1000u        /* each half of a hardware reset; the chip needs 100 ns */
#define BACK_OFF_US 250000u
#define BACK_OFF_MAX 7u       /* 250 ms * 2^7 = 32 s */
#define RESTARTS_MAX 3u       /* of the frames in a row before the chip is reset as a whole */
#define GOOD_FRAMES 40u       /* fewer do not end the back-off: a radar that dies again and again is left alone longer */
#define STALE_FRAMES 20u      /* equal ones in a row: the radar does not see any more */
#define BEHIND_MAX 2u         /* the FIFO holds no more frames in wait than this: they came while others were read */
#define STATUS_EVERY 8u       /* looks at the registers, until the status is tried out */

void sw_driver_wait(sw_driver *d, sw_driver_state state, uint64_t deadline_us)
{
    d->state = state;
    d->deadline_us = deadline_us;
}

void sw_driver_note(sw_driver *d, uint64_t now_us, uint32_t reason)
{
    if (reason != SW_REASON_NONE) {
        sw_health_note(d->health, now_us, reason);
    }
}

static void begin_reset(sw_driver *d, uint64_t now_us)
{
    (void)d->hal->radar_reset(d->hal->pins, 0);
    d->slow = 0;
    d->level_lost = 0;
    sw_temperature_forget(d);
    sw_driver_wait(d, SW_DRIVER_RESETTING, now_us + RESET_US);
}

/* What was worked around is tried without again. */
static void forget_faults(sw_driver *d)
{
    d->mirrored = 0;
    d->high_speed = 0;
    d->window_bytes = 0;
    d->pace.polling = 0;
    d->test_sign = 0;
    d->tries = 0;
    d->repeats = 0;
    sw_temperature_forget(d);
}

/* Gives up for now; the chip is held in reset and tried again later. */
void sw_driver_fail(sw_driver *d, uint64_t now_us, uint32_t cause)
{
    int32_t test = cause == SW_REASON_SELF_TEST_FAILED || cause == SW_REASON_MEMORY_BROKEN;
    (void)d->hal->radar_reset(d->hal->pins, 0);
    uint32_t exponent = d->failures < BACK_OFF_MAX ? d->failures : BACK_OFF_MAX;
    d->failures++;
    d->failure = test ? SW_REASON_SELF_TEST_FAILED : SW_REASON_RADAR_FAILED;
    d->cause = cause;
    d->lost = 1;
    sw_driver_note(d, now_us, cause);
    forget_faults(d);
    sw_driver_wait(d, SW_DRIVER_WAITING, now_us + ((uint64_t)BACK_OFF_US << exponent));
}

void sw_driver_start_frames(sw_driver *d, uint64_t now_us, sw_driver_state state)
{
    uint32_t word = sw_bus_word(d, SW_REG_SFCTL) | (d->high_speed ? SW_SFCTL_HIGH_SPEED : 0u);
    for (uint32_t i = 0; i < SW_DRIVER_TRIES_MAX; i++) {
        d->errors = 0;
        sw_bus_write(d, SW_REG_MAIN, sw_bus_word(d, SW_REG_MAIN) | SW_MAIN_FIFO_RESET); /* stops frames, empties the FIFO */
        sw_bus_write(d, SW_REG_SFCTL, word | (state == SW_DRIVER_TESTING ? SW_SFCTL_TEST : 0u));
        sw_bus_write(d, SW_REG_MAIN, sw_bus_word(d, SW_REG_MAIN) | SW_MAIN_FRAME_START);
        (void)sw_bus_read(d, SW_REG_STAT0); /* its status speaks of the write before */
        if (!SW_HANDLES(BUS_CLOCKS) || (d->errors & SW_GSR0_CLOCKS) == 0u) {
            break;
        }
        sw_driver_note(d, now_us, SW_REASON_BUS_CLOCKS);
    }
    d->anchor_us = now_us;
    d->next_frame = 0;
    d->counters.starts += state == SW_DRIVER_RUNNING;
    sw_pace_start(&d->pace, d, now_us);
    sw_driver_wait(d, state, sw_pace_look_us(&d->pace));
}

/* What follows from a fault of the stream: the chip is set up anew, frames start anew, or it is given up for now. */
static void recover(sw_driver *d, uint64_t now_us, uint32_t reason)
{
    int32_t absent = reason == SW_REASON_MISO_LOW || reason == SW_REASON_MISO_HIGH || reason == SW_REASON_WRONG_CHIP ||
                     reason == SW_REASON_RADAR_FAILED || reason == SW_REASON_REFERENCE;
    d->lost = 1;
    sw_driver_note(d, now_us, reason);
    if (absent || ++d->restarts > RESTARTS_MAX) {
        d->restarts = 0;
        sw_driver_fail(d, now_us, reason);
        return;
    }
    if (reason == SW_REASON_BROWN_OUT || reason == SW_REASON_BUS_LATE || reason == SW_REASON_OSCILLATOR_OFF) {
        d->high_speed = reason == SW_REASON_BUS_LATE;
        d->counters.browned_out += reason == SW_REASON_BROWN_OUT;
        begin_reset(d, now_us);
        return;
    }
    int32_t test = d->state == SW_DRIVER_TESTING || (reason == SW_REASON_BUS_SPLIT && (d->config.rx_mask & 1u) != 0u);
    if (reason == SW_REASON_FRAMES_ENDED) {
        sw_bus_write(d, SW_REG_CCR2, sw_bus_word(d, SW_REG_CCR2));
    }
    sw_driver_start_frames(d, now_us, test ? SW_DRIVER_TESTING : SW_DRIVER_RUNNING);
}

/* Now and then: are the chip's registers and status still what they were? */
static void look_at_chip(sw_driver *d, uint64_t now_us)
{
    uint32_t reason = sw_diagnose_bus(d);
    reason = reason != SW_REASON_NONE ? reason : sw_diagnose_registers(d);
    if (reason == SW_REASON_BUS_BITS || reason == SW_REASON_BUS_CLOCKS || reason == SW_REASON_FRAMES_ENDED) {
        sw_driver_note(d, now_us, reason == SW_REASON_FRAMES_ENDED ? SW_REASON_NONE : reason);
        for (uint32_t i = 0; i < SW_RADAR_REGISTER_COUNT; i++) {
            uint32_t address = d->words[i] >> 25;
            if (address != SW_REG_MAIN && address != SW_REG_SFCTL && sw_bus_read(d, address) != d->set_up[i]) {
                (void)sw_bus_access(d, d->words[i]);
            }
        }
    } else if (reason == SW_REASON_IRQ_EARLY) {
        d->level_lost = 1;
        sw_driver_note(d, now_us, reason);
        sw_bus_write(d, SW_REG_SFCTL, sw_bus_word(d, SW_REG_SFCTL) | (d->high_speed ? SW_SFCTL_HIGH_SPEED : 0u));
    } else if (reason != SW_REASON_NONE) {
        recover(d, now_us, reason);
        return;
    } else {
        d->level_lost = 0;
        if (++d->tries % STATUS_EVERY == 0u) {
            sw_driver_note(d, now_us, sw_diagnose_status(d));
        }
    }
    if (d->window_bytes != 0u) {
        sw_driver_note(d, now_us, SW_REASON_BUS_SPLIT);
    }
    sw_temperature_look(d, now_us);
}

/* 1 when the frame equals the one before; a frame without any difference in it says nothing. */
static int32_t is_repeated(sw_driver *d)
{
    uint16_t now[SW_DRIVER_SIGNATURE];
    uint32_t step = d->timing.frame_samples / SW_DRIVER_SIGNATURE;
    int32_t flat = 1;
    for (uint32_t i = 0; i < SW_DRIVER_SIGNATURE; i++) {
        now[i] = d->samples[i * step];
        flat &= now[i] == now[0];
    }
    int32_t same = !flat && memcmp(now, d->signature, sizeof now) == 0;
    memcpy(d->signature, now, sizeof now);
    return same;
}

static int32_t deliver(sw_driver *d, uint64_t now_us)
{
    d->frame = d->next_frame++;
    d->t_us = d->anchor_us + (d->timing.start_ticks + (uint64_t)d->frame * d->timing.frame_ticks) / 80u;
    if (SW_HANDLES(FRAME_REPEATED) && is_repeated(d)) {
        d->counters.repeated++;
        d->lost = 1;
        sw_driver_note(d, now_us, SW_REASON_FRAME_REPEATED);
        if (++d->repeats >= STALE_FRAMES) {
            d->repeats = 0;
            recover(d, now_us, SW_REASON_FRAME_REPEATED);
        }
        return 0;
    }
    d->repeats = 0;
    if (d->lost && d->counters.frames != 0u) { /* nothing is lost before the first frame of a boot */
        d->flags |= SW_FLAG_GAP;
    }
    d->lost = 0;
    d->restarts = 0;
    d->failure = 0;
    d->cause = 0;
    if (d->frame > GOOD_FRAMES) {
        d->failures = 0;
    }
    d->counters.frames++;
    if (d->looks-- == 0u) {
        d->looks = 1000000u / d->pace.period_us;
        look_at_chip(d, now_us);
    }
    return 1;
}

/* Reads the frame that waits. by: how it was found. Returns 1 when a frame was delivered. */
static int32_t take_frame(sw_driver *d, uint64_t now_us, sw_pace_by by)
{
    uint32_t fill = 0;
    uint32_t aside = SW_REASON_NONE;
    uint32_t reason = sw_diagnose_frame(d, sw_bus_frame(d), &fill, &aside);
    if (reason == SW_REASON_BUS_SPLIT && d->state == SW_DRIVER_TESTING) { /* the test says where it is cut */
        sw_driver_end_test(d, now_us, fill);
        return 0;
    }
    if (reason != SW_REASON_NONE) {
        d->counters.overflows += reason == SW_REASON_OVERFLOW || reason == SW_REASON_UNDERFLOW;
        d->counters.bus_errors += reason != SW_REASON_OVERFLOW && reason != SW_REASON_UNDERFLOW;
        recover(d, now_us, reason);
        return 0;
    }
    sw_driver_note(d, now_us, aside);
    d->counters.late_irqs += by == SW_PACE_BY_LOOK;
    d->counters.polled += by == SW_PACE_BY_POLL;
    int32_t behind = fill >= d->timing.frame_samples / 2u;
    d->behind_n = behind ? d->behind_n + 1u : 0u;
    if (SW_HANDLES(BUS_SLOW) && d->behind_n >= BEHIND_MAX) {
        d->slow = 1;
        sw_driver_note(d, now_us, SW_REASON_BUS_SLOW);
    }
    sw_driver_note(d, now_us, sw_pace_line(d, by, behind));
    reason = sw_pace_frame(d, now_us, by);
    if (reason != SW_REASON_NONE) {
        recover(d, now_us, reason);
        return 0;
    }
    d->deadline_us = sw_pace_look_us(&d->pace);
    if (d->state == SW_DRIVER_RUNNING) {
        return deliver(d, now_us);
    }
    sw_driver_end_test(d, now_us, fill);
    return 0;
}

/* A frame is not complete at its time: what does the chip say of itself? */
static int32_t look_for_cause(sw_driver *d, uint64_t now_us)
{
    uint32_t reason = sw_diagnose_bus(d);
    reason = reason != SW_REASON_NONE ? reason : sw_diagnose_registers(d);
    if (reason == SW_REASON_NONE || reason == SW_REASON_BUS_BITS || reason == SW_REASON_BUS_CLOCKS) {
        sw_driver_note(d, now_us, reason);
        return 0;
    }
    recover(d, now_us, reason);
    return 1;
}

/* The interrupt is due and did not come. */
static int32_t look(sw_driver *d, uint64_t now_us)
{
    uint32_t errors = 0;
    uint32_t status = sw_bus_fifo_status(d, &errors);
    sw_pace_find found = sw_pace_look(d, now_us, status & SW_FSTAT_FILL);
    if (!sw_bus_is_status(d->gsr0)) {
        uint32_t bus = sw_diagnose_bus(d);
        recover(d, now_us, bus != SW_REASON_NONE ? bus : SW_HANDLES(BUS_BITS) ? SW_REASON_BUS_BITS : SW_REASON_RADAR_FAILED);
        return 0;
    }
    switch (found) {
    case SW_PACE_COMPLETE:
        return take_frame(d, now_us, SW_PACE_BY_LOOK);
    case SW_PACE_POLLED:
        return take_frame(d, now_us, SW_PACE_BY_POLL);
    case SW_PACE_SHIFTED:
        d->counters.bus_errors++;
        recover(d, now_us, SW_REASON_FIFO_SHIFTED);
        return 0;
    case SW_PACE_ABSENT: /* the first look at this frame */
        if (look_for_cause(d, now_us)) {
            return 0;
        }
        break;
    case SW_PACE_SILENT:
        d->counters.silences++;
        recover(d, now_us, SW_HANDLES(FRAME_PAUSE) ? SW_REASON_FRAME_PAUSE : SW_REASON_RADAR_FAILED);
        return 0;
    case SW_PACE_DEAF:
        d->counters.silences++;
        recover(d, now_us, SW_REASON_RADAR_FAILED);
        return 0;
    default:
        break;
    }
    d->deadline_us = sw_pace_next_look_us(d, now_us);
    return 0;
}

int32_t sw_driver_init(sw_driver *d, const sw_hal *hal, sw_health *health, const sw_radar_config *config,
                       uint16_t *samples)
{
    memset(d, 0, sizeof *d);
    d->hal = hal;
    d->health = health;
    d->config = *config;
    d->samples = samples;
    d->deadline_us = UINT64_MAX;
    int32_t error = sw_radar_registers(config, d->words, &d->timing);
    if (error == SW_OK) {
        sw_pace_init(&d->pace, d);
    }
    return error;
}

void sw_driver_power(sw_driver *d, uint64_t now_us, int32_t on)
{
    if (on == (d->state != SW_DRIVER_SLEEPING)) {
        return;
    }
    d->failure = 0;
    d->cause = 0;
    d->failures = 0;
    d->restarts = 0;
    d->lost = 1;
    forget_faults(d);
    if (on) {
        begin_reset(d, now_us);
        return;
    }
    (void)d->hal->radar_reset(d->hal->pins, 1); /* a chip held in reset does not answer */
    sw_bus_write(d, SW_REG_MAIN, SW_MAIN_RESET_VALUE | SW_MAIN_FSM_RESET | SW_MAIN_FIFO_RESET);
    if ((sw_bus_read(d, SW_REG_STAT0) >> 5 & 7u) != DEEP_SLEEP) {
        (void)d->hal->radar_reset(d->hal->pins, 0); /* whatever it does, it must not send */
    }
    sw_driver_wait(d, SW_DRIVER_SLEEPING, UINT64_MAX);
}

int32_t sw_driver_irq(sw_driver *d, uint64_t now_us)
{
    if (d->state != SW_DRIVER_RUNNING && d->state != SW_DRIVER_TESTING) {
        return 0;
    }
    if (d->hal->radar_irq(d->hal->pins) == 0) {
        d->counters.false_irqs++;
        sw_driver_note(d, now_us, SW_HANDLES(IRQ_FALSE) ? SW_REASON_IRQ_FALSE : SW_REASON_NONE);
        return 0;
    }
    if (sw_pace_is_early(&d->pace, now_us)) {
        if (d->pace.early) { /* once a frame is enough: with a level of 0 each look makes another edge */
            return 0;
        }
        d->pace.early = 1;
        uint32_t errors = 0;
        if ((sw_bus_fifo_status(d, &errors) & SW_FSTAT_FILL) < d->timing.frame_samples / 2u) {
            if (SW_HANDLES(IRQ_EARLY) && ((sw_bus_read(d, SW_REG_SFCTL) ^ sw_bus_word(d, SW_REG_SFCTL)) & SW_SFCTL_LEVEL) != 0u) {
                d->level_lost = 1;
                sw_driver_note(d, now_us, SW_REASON_IRQ_EARLY);
            }
            return 0;
        }
    }
    return take_frame(d, now_us, SW_PACE_BY_LINE);
}

int32_t sw_driver_deadline(sw_driver *d, uint64_t now_us)
{
    if (now_us < d->deadline_us) {
        return 0;
    }
    switch (d->state) {
    case SW_DRIVER_RESETTING:
        (void)d->hal->radar_reset(d->hal->pins, 1);
        sw_driver_wait(d, SW_DRIVER_WAKING, now_us + RESET_US);
        break;
    case SW_DRIVER_WAKING:
        sw_driver_identify(d, now_us);
        break;
    case SW_DRIVER_CLEARING:
        sw_driver_check_memory(d, now_us);
        break;
    case SW_DRIVER_CHECKING:
        sw_driver_configure(d, now_us);
        break;
    case SW_DRIVER_TESTING:
    case SW_DRIVER_RUNNING:
        return look(d, now_us);
    case SW_DRIVER_WAITING:
        begin_reset(d, now_us);
        break;
    default:
        break;
    }
    return 0;
}
