/* Procedures of calibration as one small machine: none, measuring, storing, done or failed.
 *
 * Rule: see the header. The record is changed only between the end of a measurement and the end of the procedure; after a
 * failure it is read again from flash.
 */
#include "sw_calibrator.h"

#include <string.h>

#include "sw_firmware_state.h"
#include "sw_handles.h"
#include "sw_orders.h"
#include "sw_parameters.h"
#include "sw_words.h"

#define AT_CONFIG 0u
#define AT_PROCEDURES 4u
#define AT_LOST 5u     /* 1: nothing is in use because what was there is damaged */
#define AT_GAIN 6u     /* RX2, RX3: two each, 0.001 dB */
#define AT_PHASE 10u   /* ..., 0.01 degree */
#define AT_ERROR 14u   /* before, after, 0.01 degree */
#define AT_RESIDUE 18u /* before, after, 0.01 counts */
#define AT_ECHO 52u
#define NEVER UINT64_MAX
#define CENTIDEGREES_PER_RAD 5729.57795f
#define LN_10_BY_20 0.115129255f

_Static_assert(SW_STORE_CONTENT_AT + AT_ECHO + SW_ECHO_BYTES + 4u == SW_CALIBRATOR_SLOT_BYTES, "the record is full");

static uint8_t *content(sw_calibrator *c) { return c->record + SW_STORE_CONTENT_AT; }

static void put(uint8_t *to, uint32_t value, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (uint8_t)(value >> (8u * i) & 0xFFu);
    }
}

static uint32_t get(const uint8_t *from, uint32_t n)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < n; i++) {
        value |= (uint32_t)from[i] << (8u * i);
    }
    return value;
}

static int16_t get_i16(const uint8_t *from)
{
    int32_t word = (int32_t)get(from, 2);
    return (int16_t)(word >= 32768 ? word - 65536 : word);
}

/* What is in use, SW_PROCEDURE_* bits; 0 while the record belongs to another radar config. */
static uint32_t procedures(const sw_firmware *fw)
{
    const uint8_t *kept = fw->calibrator.record + SW_STORE_CONTENT_AT;
    return fw->calibrator.loaded && get(kept + AT_CONFIG, 4) == fw->config_hash ? kept[AT_PROCEDURES] : 0u;
}

/* What a cut left behind would be found at every boot: the record is written once more, behind it. */
static void mend(sw_firmware *fw, uint64_t now_us)
{
    sw_calibrator *c = &fw->calibrator;
    content(c)[AT_LOST] = (uint8_t)c->lost;
    c->mending = 1;
    c->state = SW_CALIBRATION_STORING;
    sw_flash_store_write(&c->store, &fw->hal, now_us, c->record);
    c->at_us = c->store.poll_us;
}

/* Tells the chain what the record says. */
static void apply(sw_firmware *fw)
{
    const uint8_t *kept = fw->calibrator.record + SW_STORE_CONTENT_AT;
    uint32_t known = procedures(fw);
    sw_correction correction = {.gain_re = {1.0f, 1.0f, 1.0f}};
    if (fw->chain.correct == 0) {
        return;
    }
    for (uint32_t i = 0; (known & SW_PROCEDURE_CORNER) && i < 2u; i++) {
        float size = sw_expf(-LN_10_BY_20 * 0.001f * (float)get_i16(kept + AT_GAIN + 2u * i));
        float turn = (float)get_i16(kept + AT_PHASE + 2u * i) / CENTIDEGREES_PER_RAD;
        correction.gain_re[i + 1u] = size * sw_cosf(turn);
        correction.gain_im[i + 1u] = -size * sw_sinf(turn);
    }
    correction.echo = (known & SW_PROCEDURE_EMPTY_ROOM) ? kept + AT_ECHO : 0;
    fw->chain.correct(fw->chain.state, known != 0u ? &correction : 0);
}

static void load(sw_firmware *fw, uint64_t now_us)
{
    sw_calibrator *c = &fw->calibrator;
    memset(content(c), 0, SW_CALIBRATOR_SLOT_BYTES - SW_STORE_AROUND);
    int32_t found = sw_flash_store_load(&c->store, &fw->hal, SW_CALIBRATOR_SECTOR, SW_CALIBRATOR_SLOT_BYTES, c->record);
    if (found < 0 && ++c->loads < SW_CALIBRATOR_LOADS_MAX) {
        c->at_us = now_us + SW_CALIBRATOR_LOAD_US;
        return;
    }
    c->loaded = 1;
    c->loads = 0;
    c->lost = found > 0 ? content(c)[AT_LOST] : c->store.damaged > 0u;
    c->at_us = NEVER;
    if (c->state != SW_CALIBRATION_FAILED) {
        c->state = procedures(fw) != 0u ? SW_CALIBRATION_DONE : SW_CALIBRATION_NONE;
    }
    if (c->state == SW_CALIBRATION_FAILED ? c->checking : found > 0) { /* a chain whose correction stays is left alone */
        apply(fw);
    }
    if (SW_HANDLES(CALIBRATION_LOST) && c->lost) {
        sw_health_note(&fw->health, now_us, SW_REASON_CALIBRATION_LOST);
        c->at_us = now_us + SW_CALIBRATOR_REMIND_US;
    }
    if (c->state == SW_CALIBRATION_FAILED) { /* what failed just now was not interrupted */
        c->store.torn = 0;
    } else if (SW_HANDLES(FLASH_TORN) && c->store.torn) {
        mend(fw, now_us);
    }
}

static void fail(sw_firmware *fw, uint64_t now_us, uint32_t reason)
{
    sw_calibrator *c = &fw->calibrator;
    if (fw->chain.measure != 0) {
        fw->chain.measure(fw->chain.state, 0, 0);
    }
    c->state = SW_CALIBRATION_FAILED;
    c->reason = reason;
    c->loaded = 0;
    load(fw, now_us);
}

static void measure(sw_firmware *fw, uint32_t checking)
{
    sw_geometry geometry;
    (void)sw_geometry_init(&geometry, &fw->driver.config, &fw->driver.timing);
    float seconds = checking ? SW_P_STILL_CHECK_S : SW_P_STILL_S;
    fw->calibrator.checking = checking;
    fw->chain.measure(fw->chain.state, (uint32_t)sw_to_i32(seconds / geometry.frame_s, 2, 1 << 16), !checking);
}

static void store(sw_firmware *fw, uint64_t now_us)
{
    sw_calibrator *c = &fw->calibrator;
    if (fw->chain.measure != 0) {
        fw->chain.measure(fw->chain.state, 0, 0);
    }
    put(content(c) + AT_CONFIG, fw->config_hash, 4);
    c->state = SW_CALIBRATION_STORING;
    sw_flash_store_write(&c->store, &fw->hal, now_us, c->record);
    c->at_us = c->store.poll_us;
}

/* A step of a write under way. One that mends changes nothing but the flash, and is tried at the next boot when it fails. */
static void step_store(sw_firmware *fw, uint64_t now_us)
{
    sw_calibrator *c = &fw->calibrator;
    sw_store_result result = sw_flash_store_step(&c->store, &fw->hal, now_us, c->record);
    c->at_us = c->store.poll_us;
    if (result == SW_STORE_NOTHING) {
        return;
    }
    if (result == SW_STORE_FAILED && !c->mending) {
        fail(fw, now_us, SW_REASON_FLASH_FAILED);
        return;
    }
    c->lost = c->mending ? c->lost : 0u;
    c->mending = 0;
    c->state = procedures(fw) != 0u ? SW_CALIBRATION_DONE : SW_CALIBRATION_NONE;
    c->at_us = c->lost ? now_us + SW_CALIBRATOR_REMIND_US : NEVER;
}

static uint32_t centidegrees(float rad) { return (uint32_t)sw_to_i32(CENTIDEGREES_PER_RAD * rad, 0, 65535); }
static uint32_t centicounts(float counts) { return (uint32_t)sw_to_i32(100.0f * counts, 0, 65535); }

/* Gains found into the record. Returns a reason to refuse them, or 0. */
static uint32_t keep_gains(sw_calibrator *c)
{
    for (uint32_t i = 0; i < 2u; i++) {
        float re = c->corner.gain_re[i + 1u], im = c->corner.gain_im[i + 1u];
        float db = 10.0f * sw_log10f(re * re + im * im);
        if (!(db > -SW_CALIBRATOR_GAIN_DB && db < SW_CALIBRATOR_GAIN_DB)) {
            return SW_REASON_ANTENNA_MISMATCH;
        }
        put(content(c) + AT_GAIN + 2u * i, (uint32_t)sw_to_i32(1000.0f * db, -32768, 32767), 2);
        put(content(c) + AT_PHASE + 2u * i,
            (uint32_t)sw_to_i32(CENTIDEGREES_PER_RAD * sw_atan2f(im, re), -18000, 18000), 2);
    }
    return SW_REASON_NONE;
}

/* A measurement without correction is complete. Returns a reason to fail, or 0. */
static uint32_t found(sw_firmware *fw, const sw_still *still, const sw_geometry *geometry)
{
    sw_calibrator *c = &fw->calibrator;
    uint8_t *kept = content(c);
    uint32_t known = procedures(fw), reason;
    const uint8_t *echo = (known & SW_PROCEDURE_EMPTY_ROOM) ? kept + AT_ECHO : 0;
    if (c->procedure == SW_PROCEDURE_CORNER) {
        if (SW_HANDLES(NO_REFLECTOR) && !sw_corner_find(still, geometry, echo, &c->corner)) {
            return SW_REASON_NO_REFLECTOR;
        }
        float error = sw_corner_error(still, geometry, echo, &c->corner);
        reason = keep_gains(c);
        if (reason != SW_REASON_NONE) {
            return reason;
        }
        put(kept + AT_ERROR, centidegrees(error), 2);
    } else {
        put(kept + AT_RESIDUE, centicounts(sw_still_residue(still, geometry)), 2);
        sw_still_echo(still, geometry->n_rx, kept + AT_ECHO);
    }
    kept[AT_PROCEDURES] = (uint8_t)(known | c->procedure);
    kept[AT_LOST] = 0;
    put(kept + AT_CONFIG, fw->config_hash, 4);
    return SW_REASON_NONE;
}

void sw_calibrator_frame(sw_firmware *fw, uint64_t now_us)
{
    sw_calibrator *c = &fw->calibrator;
    sw_geometry geometry;
    if (c->state != SW_CALIBRATION_MEASURING) {
        return;
    }
    const sw_still *still = fw->chain.still(fw->chain.state);
    if (still->n < still->wanted) {
        return;
    }
    (void)sw_geometry_init(&geometry, &fw->driver.config, &fw->driver.timing);
    uint32_t reason = still->gaps > 0u ? SW_REASON_GAP : SW_REASON_NONE;
    if (SW_HANDLES(NOT_EMPTY) && reason == SW_REASON_NONE && sw_still_moves(still, &geometry)) {
        reason = SW_REASON_NOT_EMPTY;
    }
    if (reason == SW_REASON_NONE && !c->checking) {
        reason = found(fw, still, &geometry);
    }
    if (reason != SW_REASON_NONE) {
        fail(fw, now_us, reason);
    } else if (!c->checking) {
        apply(fw);
        measure(fw, 1);
    } else {
        if (c->procedure == SW_PROCEDURE_CORNER) {
            put(content(c) + AT_ERROR + 2u, centidegrees(sw_corner_error(still, &geometry, 0, &c->corner)), 2);
        } else {
            put(content(c) + AT_RESIDUE + 2u, centicounts(sw_still_residue(still, &geometry)), 2);
        }
        store(fw, now_us);
    }
}

void sw_calibrator_init(sw_calibrator *c)
{
    memset(c, 0, sizeof *c);
    c->state = SW_CALIBRATION_NONE;
}

void sw_calibrator_step(sw_firmware *fw, uint64_t now_us)
{
    sw_calibrator *c = &fw->calibrator;
    if (now_us < c->at_us) {
        return;
    }
    if (!c->loaded) {
        load(fw, now_us);
        return;
    }
    if (c->state == SW_CALIBRATION_MEASURING) {
        fail(fw, now_us, SW_REASON_RADAR_FAILED);
    } else if (c->state == SW_CALIBRATION_STORING) {
        step_store(fw, now_us);
    } else if (c->lost) {
        sw_health_note(&fw->health, now_us, SW_REASON_CALIBRATION_LOST);
        c->at_us = now_us + SW_CALIBRATOR_REMIND_US;
    } else {
        c->at_us = NEVER;
    }
}

void sw_calibrator_stop(sw_firmware *fw, uint64_t now_us, uint32_t reason)
{
    if (fw->calibrator.state == SW_CALIBRATION_MEASURING) {
        fail(fw, now_us, reason);
    }
}

void sw_calibrator_follow(sw_firmware *fw)
{
    sw_calibrator *c = &fw->calibrator;
    if (!c->loaded) {
        return;
    }
    if (c->state == SW_CALIBRATION_DONE || c->state == SW_CALIBRATION_NONE) {
        c->state = procedures(fw) != 0u ? SW_CALIBRATION_DONE : SW_CALIBRATION_NONE;
    }
    apply(fw);
}

/* Why a procedure cannot begin now, or 0. */
static uint32_t refusal(const sw_firmware *fw, const sw_packet_calibrate *command)
{
    int32_t wide = command->azimuth > SW_CALIBRATOR_WIDEST_CDEG || command->azimuth < -SW_CALIBRATOR_WIDEST_CDEG ||
                   command->elevation > SW_CALIBRATOR_WIDEST_CDEG || command->elevation < -SW_CALIBRATOR_WIDEST_CDEG;
    int32_t far = command->distance < SW_CALIBRATOR_NEAREST_MM || command->distance > SW_CALIBRATOR_FARTHEST_MM;
    if (command->procedure == SW_PROCEDURE_FORGET) {
        return SW_REASON_NONE;
    }
    if (fw->standby) {
        return sw_orders_standby_reason(fw);
    }
    if (fw->driver.state != SW_DRIVER_RUNNING || fw->chain.measure == 0 || fw->chain.still == 0) {
        return SW_REASON_RADAR_FAILED;
    }
    if (fw->policy.state == SW_UPLINK_STREAMING) {
        return SW_REASON_NOT_EMPTY;
    }
    return command->procedure == SW_PROCEDURE_CORNER && (wide || far) ? SW_REASON_NO_REFLECTOR : SW_REASON_NONE;
}

void sw_calibrator_command(sw_firmware *fw, uint64_t now_us, const sw_packet_calibrate *command)
{
    sw_calibrator *c = &fw->calibrator;
    int32_t known = command->procedure >= SW_PROCEDURE_EMPTY_ROOM && command->procedure <= SW_PROCEDURE_FORGET;
    int32_t busy = !c->loaded || c->state == SW_CALIBRATION_MEASURING || c->state == SW_CALIBRATION_STORING;
    if (busy || !known || command->nonce == c->nonce) {
        return;
    }
    c->nonce = command->nonce;
    c->procedure = command->procedure;
    c->reason = refusal(fw, command);
    if (c->reason != SW_REASON_NONE) {
        c->state = SW_CALIBRATION_FAILED;
    } else if (c->procedure == SW_PROCEDURE_FORGET) {
        memset(content(c), 0, SW_CALIBRATOR_SLOT_BYTES - SW_STORE_AROUND);
        c->checking = 1;
        apply(fw);
        store(fw, now_us);
    } else {
        c->state = SW_CALIBRATION_MEASURING;
        c->corner.distance_m = 0.001f * (float)command->distance;
        c->corner.azimuth_rad = (float)command->azimuth / CENTIDEGREES_PER_RAD;
        c->corner.elevation_rad = (float)command->elevation / CENTIDEGREES_PER_RAD;
        c->at_us = now_us + SW_CALIBRATOR_PATIENCE_US;
        measure(fw, 0);
    }
}

static uint32_t progress(const sw_firmware *fw)
{
    const sw_calibrator *c = &fw->calibrator;
    if (c->state != SW_CALIBRATION_MEASURING) {
        return c->state == SW_CALIBRATION_STORING || c->state == SW_CALIBRATION_DONE ? 255u : 0u;
    }
    const sw_still *still = fw->chain.still(fw->chain.state);
    float share = (float)still->n / (float)still->wanted, first = SW_P_STILL_S / (SW_P_STILL_S + SW_P_STILL_CHECK_S);
    return (uint32_t)sw_to_i32(255.0f * (c->checking ? first + (1.0f - first) * share : first * share), 0, 255);
}

void sw_calibrator_state(const sw_firmware *fw, uint64_t nonce, sw_packet_calibration *out)
{
    const sw_calibrator *c = &fw->calibrator;
    const uint8_t *kept = c->record + SW_STORE_CONTENT_AT;
    int32_t settled = c->state != SW_CALIBRATION_MEASURING && c->state != SW_CALIBRATION_STORING;
    uint32_t known = settled ? procedures(fw) : 0u;
    *out = (sw_packet_calibration){.nonce = nonce, .state = (uint8_t)c->state, .reason = (uint8_t)c->reason,
                                   .progress = (uint8_t)progress(fw)};
    if (settled && c->reason == SW_REASON_NONE && known == 0u) {
        out->reason = (uint8_t)(c->lost ? SW_REASON_CALIBRATION_LOST : SW_REASON_NOT_CALIBRATED);
    }
    if (known == 0u) {
        return;
    }
    out->stored = (uint8_t)(sw_flash_store_holds(&c->store, &fw->hal, kept) ? known : 0u);
    out->gain_rx2 = get_i16(kept + AT_GAIN);
    out->gain_rx3 = get_i16(kept + AT_GAIN + 2u);
    out->phase_rx2 = get_i16(kept + AT_PHASE);
    out->phase_rx3 = get_i16(kept + AT_PHASE + 2u);
    out->error_before = (uint16_t)get(kept + AT_ERROR, 2);
    out->error_after = (uint16_t)get(kept + AT_ERROR + 2u, 2);
    out->residue_before = (uint16_t)get(kept + AT_RESIDUE, 2);
    out->residue_after = (uint16_t)get(kept + AT_RESIDUE + 2u, 2);
}
