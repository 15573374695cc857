/* The device as one event machine: driver, chain, uplink policy, packets.
 *
 * Rule: one call, one event, no waiting. Times in packets are chip time while frames run.
 */
#include "sw_firmware.h"

#include <string.h>

#include "sw_commands.h"
#include "sw_error.h"
#include "sw_firmware_state.h"
#include "sw_line.h"
#include "sw_orders.h"
#include "sw_parts.h"
#include "sw_radar_order.h"
#include "sw_uplink.h"
#include "sw_user_place.h"
#include "sw_watch.h"

#define SECOND_US 1000000u
#define UNSEEN_S 3u             /* seconds without a usable frame that explain a silence */
#define RETRY_US 5000u          /* a slow line is offered the rest after this */
#define CHAIN_ALIGN 16u

static const uint32_t announce_us[SW_ANNOUNCEMENTS] = {500000u, 3000000u, 6000000u};

void sw_config_default(sw_radar_config *config)
{
    *config = (sw_radar_config){
        .rx_mask = 7, .n_samples = 256, .n_chirps = 8, .sample_rate_hz = 2000000,
        .start_khz = 59500000, .end_khz = 63000000, .chirp_period_ns = 500000, .frame_period_ns = 50000000,
        .tx_power_level = 31, .if_gain_db = 23, .hp_cutoff_khz = 20,
    };
}

static uint32_t chain_offset(void)
{
    uint32_t n = (uint32_t)sizeof(sw_firmware);
    return (n + CHAIN_ALIGN - 1u) / CHAIN_ALIGN * CHAIN_ALIGN;
}

uint32_t sw_firmware_size(void) { return chain_offset() + sw_chain_size(); }

/* 1 when somebody set flush-to-zero or denormals-are-zero: floats would differ between targets. */
static int32_t flushes_to_zero(void)
{
    volatile float denormal = 0x1p-140f;
    volatile float one = 1.0f;
    volatile float product = denormal * one;
    return product == 0.0f;
}

int32_t sw_firmware_init(sw_firmware *fw, const sw_hal *hal, const sw_radar_config *config,
                         const sw_chain_ops *chain)
{
    sw_radar_config radar;
    void *own = (uint8_t *)fw + chain_offset(); /* the C chain's memory; frames lie there whichever chain runs */
    memset(fw, 0, sizeof *fw);
    sw_config_default(&radar);
    if (config != 0) {
        radar = *config;
    }
    fw->hal = *hal;
    fw->chain = (sw_chain_ops){
        .state = own, .parameters_hash = sw_chain_parameters_hash(),
        .init = sw_chain_init, .step = sw_chain_step, .place = sw_chain_place,
        .correct = sw_chain_correct, .measure = sw_chain_measure, .still = sw_chain_still,
    };
    if (chain != 0) {
        fw->chain = *chain;
    }
    fw->own_radar = radar;
    fw->config_hash = sw_radar_order_hash(&radar);
    fw->retry_us = SW_NEVER;
    fw->stored_us = SW_NEVER;
    sw_deframer_init(&fw->deframer);
    sw_health_init(&fw->health);
    sw_calibrator_init(&fw->calibrator);
    sw_outbox_init(&fw->outbox);
    sw_delivery_init(&fw->delivery, 0);
    sw_ring_init(&fw->ring, 0, SW_NEVER);
    sw_ring_with(&fw->ring, &fw->thin);
    sw_keeper_init(&fw->keeper, 0);
    sw_trust_init(&fw->trust);
    fw->keeper.store.begun = &fw->flash_begun;
    fw->trust.store.begun = &fw->flash_begun;
    fw->calibrator.store.begun = &fw->flash_begun;
    sw_user_place_init(fw);
    int32_t error = flushes_to_zero() ? SW_ERROR_FLUSH_TO_ZERO : SW_OK;
    error = error != SW_OK ? error : sw_driver_init(&fw->driver, &fw->hal, &fw->health, &radar, sw_chain_samples(own));
    error = error != SW_OK ? error : sw_uplink_policy_init(&fw->policy, 0, 0);
    error = error != SW_OK ? error : fw->chain.init(fw->chain.state, &radar, &fw->driver.timing);
    fw->error = error;
    return error;
}

static void send_vitals(sw_firmware *fw, uint64_t t_us)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    sw_packet_vitals vitals;
    sw_report_vitals(&fw->report, &fw->last, fw->policy.state, &vitals);
    uint32_t n = sw_packet_vitals_put(&vitals, payload);
    sw_uplink_data(fw, t_us, SW_PACKET_VITALS, payload, n, SW_UPLINK_LIVE);
    fw->counters.vitals++;
}

/* fault: behind a failure of the radar, where it is known. */
static void decide(sw_firmware *fw, uint64_t now_us, sw_uplink_input input, uint32_t fault)
{
    const uint64_t t_us = sw_line_time(fw, now_us);
    uint8_t payload[SW_PAYLOAD_MAX];
    sw_uplink_change change;
    sw_uplink_policy_step(&fw->policy, t_us, input, fault, &change);
    if (!change.tell) {
        return;
    }
    sw_packet_transition transition = {
        .from_state = (uint8_t)change.from_state, .to_state = (uint8_t)change.to_state,
        .reason = (uint8_t)change.reason, .silent_from_us = change.silent_from_us,
        .silent_to_us = change.silent_to_us, .silent_reason = (uint8_t)change.silent_reason,
        .utc_us = sw_clock_utc(&fw->alarm.clock, now_us),
    };
    uint32_t n = sw_packet_transition_put(&transition, payload);
    sw_uplink_data(fw, t_us, SW_PACKET_TRANSITION, payload, n, change.to_state == SW_UPLINK_STREAMING ? SW_UPLINK_LIVE : SW_UPLINK_AT_ONCE);
    fw->counters.transitions++;
}

/* Nobody may be missed only where somebody could have been seen: why not, when frames were lost again and again. */
static uint32_t why_unseen(sw_firmware *fw)
{
    int32_t unseen = fw->last.confidence == 0 && fw->last.motion_reason == SW_REASON_GAP;
    fw->unseen_s = unseen ? fw->unseen_s + 1u : fw->unseen_s / 2u; /* one second with frames is no sight */
    if (fw->unseen_s < UNSEEN_S) {
        return SW_REASON_NONE;
    }
    uint32_t fault = sw_health_blinding(&fw->health);
    return fault != SW_REASON_NONE ? fault : SW_REASON_GAP;
}

static void end_second(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    if (sw_trust_has_host(&fw->trust)) {
        decide(fw, now_us, sw_uplink_policy_second(&fw->policy, fw->last.confidence), why_unseen(fw));
    } else {
        decide(fw, now_us, SW_INPUT_NOT_PAIRED, SW_REASON_NONE);
    }
    sw_watch_second(fw, now_us, t_us);
    if (fw->policy.state == SW_UPLINK_STREAMING) {
        send_vitals(fw, t_us);
        sw_parts_tell(fw, t_us);
        sw_watch_tell(fw, now_us, t_us);
    }
    if (sw_user_place_second(fw, t_us)) {
        sw_alarm_clock_step(&fw->alarm, now_us); /* writes it */
    }
    sw_report_clear(&fw->report);
}

static void on_frame(sw_firmware *fw, uint64_t now_us)
{
    const sw_driver *d = &fw->driver;
    if (flushes_to_zero()) {
        fw->error = SW_ERROR_FLUSH_TO_ZERO;
        sw_driver_power(&fw->driver, now_us, 0); /* nobody looks after it any more: it must not send */
        return;
    }
    fw->chain.step(fw->chain.state, d->samples, d->t_us, d->flags, &fw->last);
    fw->last.frame = d->frame;
    fw->counters.frames++;
    sw_calibrator_frame(fw, now_us);
    sw_watch_frame(fw, now_us);
    sw_report_add(&fw->report, &fw->last);
    uint64_t t_us = sw_line_time(fw, now_us);
    if (fw->second_us == 0u) {
        fw->second_us = t_us + SECOND_US;
    } else if (t_us >= fw->second_us) {
        end_second(fw, now_us, t_us);
        fw->second_us += SECOND_US;
        if (fw->second_us <= t_us) { /* frames were missing, or are slow */
            fw->second_us = t_us + SECOND_US;
        }
    }
}

/* Tells the policy once when the radar fails; frames make it forget. */
static void watch_radar(sw_firmware *fw, uint64_t now_us)
{
    uint32_t failure = fw->driver.failure;
    uint32_t cause = fw->driver.cause;
    if (failure != 0u && (failure != fw->failure_told || cause != fw->failure_cause)) {
        uint64_t t_us = sw_line_time(fw, now_us);
        sw_calibrator_stop(fw, now_us, SW_REASON_RADAR_FAILED);
        if (fw->policy.state == SW_UPLINK_STREAMING) { /* the last packet before a silence is the TRANSITION */
            sw_watch_tell(fw, now_us, t_us);
        }
        decide(fw, now_us, failure == SW_REASON_SELF_TEST_FAILED ? SW_INPUT_SELF_TEST_FAILED : SW_INPUT_RADAR_FAILED, cause);
        sw_report_clear(&fw->report);
        fw->second_us = 0;
    }
    fw->failure_told = failure;
    fw->failure_cause = cause;
}

/* Standby as switch and command have it now. Until the flash was read nobody knows of the command: nothing is sent. */
static void follow_standby(sw_firmware *fw, uint64_t now_us, sw_uplink_input why)
{
    const int32_t standby = fw->switch_on || (fw->keeper.loaded && fw->keeper.wanted.standby != 0u);
    if (standby != fw->standby) {
        fw->standby = standby;
        sw_calibrator_stop(fw, now_us, sw_orders_standby_reason(fw));
        sw_driver_power(&fw->driver, now_us, 0);
        decide(fw, now_us, standby ? why : SW_INPUT_STANDBY_OFF, SW_REASON_NONE);
        sw_report_clear(&fw->report);
        fw->second_us = 0;
    }
    if (fw->keeper.loaded) {
        sw_radar_order_follow(fw, now_us);
    }
    sw_driver_power(&fw->driver, now_us, fw->keeper.loaded && !standby && fw->error == SW_OK);
}

/* The hand at the switch wins: on is standby, and moving it to off ends a standby that was commanded, too. */
static void on_switch(sw_firmware *fw, uint64_t now_us)
{
    const int32_t on = sw_parts_standby(fw, now_us);
    if (on == fw->switch_on) {
        return;
    }
    fw->switch_on = on;
    if (on && fw->standby) { /* the more important cause of the silence */
        decide(fw, now_us, SW_INPUT_STANDBY_ON, SW_REASON_NONE);
    }
    if (!on) {
        fw->keeper.wanted.standby = 0;
        sw_alarm_clock_step(&fw->alarm, now_us); /* writes it */
    }
    follow_standby(fw, now_us, SW_INPUT_STANDBY_ON);
}

static void on_power(sw_firmware *fw, uint64_t now_us)
{
    fw->boot = (uint32_t)sw_line_random(fw, now_us, 4);
    fw->boot = fw->boot == 0u ? 1u : fw->boot; /* 0 means no boot in host packets */
    fw->nonce = sw_line_random(fw, now_us, 8);
    sw_delivery_init(&fw->delivery, fw->boot);
    sw_ring_init(&fw->ring, fw->boot, now_us);
    sw_ring_with(&fw->ring, &fw->thin);
    fw->power_on_us = now_us;
    fw->rang_us = now_us;
    fw->last_step_us = now_us;
    fw->policy.silent_from_us = sw_line_time(fw, now_us);
    (void)fw->hal.radar_reset(fw->hal.pins, 0); /* nothing is sent before the switch is known */
    on_switch(fw, now_us);
}

static void on_deadline(sw_firmware *fw, uint64_t now_us)
{
    if (sw_driver_deadline(&fw->driver, now_us)) {
        on_frame(fw, now_us);
    }
    if (now_us >= fw->parts.settle_us) {
        on_switch(fw, now_us);
    }
    if (fw->uart_waits) {
        sw_line_read(fw, now_us);
    }
    while (fw->announced < SW_ANNOUNCEMENTS && now_us >= fw->power_on_us + announce_us[fw->announced]) {
        uint8_t payload[SW_PAYLOAD_MAX];
        uint32_t n = sw_line_hello(fw, fw->nonce, 0, payload);
        fw->counters.bytes_at_boot += sw_uplink_plain(fw, sw_line_time(fw, now_us), SW_PACKET_HELLO, payload, n);
        fw->counters.announcements++;
        if (++fw->announced == SW_ANNOUNCEMENTS) {
            decide(fw, now_us, SW_INPUT_ANNOUNCED, SW_REASON_NONE);
        }
    }
}

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t next_deadline(sw_firmware *fw, uint64_t now_us)
{
    sw_uplink_step(fw, now_us);
    uint64_t next = fw->uart_waits && !sw_ring_busy(&fw->ring, now_us) ? now_us : fw->driver.deadline_us;
    if (fw->announced < SW_ANNOUNCEMENTS) {
        next = earlier(next, fw->power_on_us + announce_us[fw->announced]);
    }
    fw->retry_us = sw_outbox_flush(&fw->outbox, &fw->hal) != 0u ? now_us + RETRY_US : SW_NEVER;
    next = earlier(earlier(next, fw->calibrator.at_us), earlier(fw->trust.at_us, fw->retry_us));
    return earlier(earlier(next, earlier(fw->ring.at_us, fw->thin.at_us)), fw->stored_us);
}

/* Radar, uplink policy and line. Returns the next deadline. */
static uint64_t run_sensor(sw_firmware *fw, uint64_t now_us, uint32_t event)
{
    if (event == SW_EVENT_POWER_ON) {
        on_power(fw, now_us);
    }
    sw_user_place_follow(fw);
    if (fw->alarm.guard.state == SW_ALARM_RINGING || fw->alarm.guard.state == SW_ALARM_SNOOZED) {
        fw->rang_us = now_us;
    }
    if (now_us >= fw->calibrator.at_us) {
        sw_calibrator_step(fw, now_us);
    }
    if (now_us >= fw->trust.at_us) {
        sw_trust_step(&fw->trust, &fw->hal, now_us);
    }
    fw->counters.state_us[fw->policy.state] += now_us - fw->last_step_us;
    fw->last_step_us = now_us;
    switch (event) {
    case SW_EVENT_RADAR_IRQ:
        if (sw_driver_irq(&fw->driver, now_us)) {
            on_frame(fw, now_us);
        }
        break;
    case SW_EVENT_UART_RX:
        sw_line_read(fw, now_us);
        break;
    case SW_EVENT_SWITCH:
        on_switch(fw, now_us);
        break;
    case SW_EVENT_DEADLINE:
        on_deadline(fw, now_us);
        break;
    default:
        break;
    }
    follow_standby(fw, now_us, SW_INPUT_STANDBY_ORDERED);
    watch_radar(fw, now_us);
    sw_health_step(&fw->health, now_us);
    if (fw->alarm.told_n != 0u) {
        (void)sw_commands_events(fw, sw_line_time(fw, now_us), fw->policy.state == SW_UPLINK_STREAMING);
    }
    return next_deadline(fw, now_us);
}

uint64_t sw_firmware_step(void *memory, uint64_t now_us, uint32_t event)
{
    sw_firmware *fw = memory;
    if (event == SW_EVENT_POWER_ON && fw->error == SW_OK) {
        sw_parts_power_on(fw, now_us);
        sw_trust_step(&fw->trust, &fw->hal, now_us); /* before a torn store is mended: a busy flash cannot be read */
        sw_alarm_clock_power_on(&fw->alarm, &fw->hal, &fw->keeper, now_us);
    }
    if (fw->alarm.hal == 0) { /* refused at init */
        return SW_NEVER;
    }
    if (event == SW_EVENT_BUTTON) {
        sw_alarm_clock_button(&fw->alarm, now_us);
    }
    if (now_us >= fw->alarm.deadline_us) {
        sw_alarm_clock_step(&fw->alarm, now_us);
    }
    /* whatever stops the sensor does not stop the alarm */
    sw_parts_step(fw, now_us);
    uint64_t next_us = fw->error == SW_OK ? run_sensor(fw, now_us, event) : SW_NEVER;
    return earlier(earlier(next_us, fw->parts.deadline_us), fw->alarm.deadline_us);
}
