/* From packets to calls of the alarm clock, and its answers back.
 *
 * Rule: see the header; nothing is decided here.
 */
#include "sw_commands.h"

#include "sw_driver_temperature.h"
#include "sw_orders.h"
#include "sw_radar_order.h"
#include "sw_uplink.h"
#include "sw_user_place.h"

#define TEMPERATURE_STEP 500 /* 0.01 degree Celsius */

static int32_t answer_alarm(sw_firmware *fw, uint64_t now_us, uint64_t t_us, uint64_t nonce, uint32_t refused)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    sw_packet_alarm_state state;
    sw_alarm_clock_state(&fw->alarm, now_us, nonce, refused, &state);
    sw_uplink_answer(fw, t_us, SW_PACKET_ALARM_STATE, payload, sw_packet_alarm_state_put(&state, payload));
    return 1;
}

static int32_t answer_settings(sw_firmware *fw, uint64_t t_us, uint64_t nonce)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    sw_packet_settings settings = {
        .nonce = nonce, .side = (uint8_t)fw->keeper.wanted.side, .bed_learnt = (uint8_t)fw->keeper.wanted.bed_learnt,
        .stored = (uint8_t)sw_keeper_holds(&fw->keeper, &fw->hal),
    };
    sw_uplink_answer(fw, t_us, SW_PACKET_SETTINGS, payload, sw_packet_settings_put(&settings, payload));
    return 1;
}

/* So coarse that nobody's warmth shows in it: the answer is the same whoever is there, in a silence too. */
static void add_temperature(const sw_firmware *fw, uint64_t now_us, sw_packet_health *health)
{
    int32_t value = 0;
    if (sw_temperature_known(&fw->driver, now_us, &value)) {
        int32_t half = value < 0 ? -TEMPERATURE_STEP / 2 : TEMPERATURE_STEP / 2;
        health->chip_temperature = (int16_t)((value + half) / TEMPERATURE_STEP * TEMPERATURE_STEP);
        health->chip_temperature_validity = 255;
    } else {
        health->chip_temperature_reason = (uint8_t)(fw->standby              ? sw_orders_standby_reason(fw)
                                                    : fw->driver.failure != 0u ? SW_REASON_RADAR_FAILED
                                                                               : SW_REASON_STARTING);
    }
}

static int32_t answer_health(sw_firmware *fw, uint64_t now_us, uint64_t t_us, uint64_t nonce)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    sw_packet_health health = {.nonce = nonce, .reset_cause = (uint8_t)fw->health.reset_cause};
    sw_health_step(&fw->health, now_us);
    health.changes = (uint16_t)(fw->health.changes < 65535u ? fw->health.changes : 65535u);
    sw_health_list(&fw->health, health.present, health.past);
    add_temperature(fw, now_us, &health);
    sw_uplink_answer(fw, t_us, SW_PACKET_HEALTH, payload, sw_packet_health_put(&health, payload));
    return 1;
}

/* An order, to be carried out: one that comes again is only answered. */
static int32_t is_new(sw_firmware *fw, uint64_t nonce) { return nonce != 0u && sw_orders_take(fw, nonce); }

static int32_t alarm_packet(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    const sw_packet *p = &fw->packet;
    sw_packet_alarm_set set;
    sw_packet_alarm_cancel cancel;
    sw_packet_alarm_read read;
    sw_packet_ring ring;
    sw_packet_snooze snooze;
    uint64_t nonce = 0;
    uint32_t refused = SW_REASON_NONE;
    if (p->header.type == SW_PACKET_ALARM_SET && sw_packet_alarm_set_get(&set, p->payload, p->payload_n)) {
        nonce = set.nonce;
        refused = !is_new(fw, nonce) ? 0u : sw_alarm_clock_set(&fw->alarm, now_us, set.set_for_utc_us, set.sunrise_s);
    } else if (p->header.type == SW_PACKET_ALARM_CANCEL && sw_packet_alarm_cancel_get(&cancel, p->payload, p->payload_n)) {
        nonce = cancel.nonce;
        refused = !is_new(fw, nonce) ? 0u : sw_alarm_clock_cancel(&fw->alarm, now_us);
    } else if (p->header.type == SW_PACKET_RING && sw_packet_ring_get(&ring, p->payload, p->payload_n)) {
        nonce = ring.nonce;
        refused = !is_new(fw, nonce) ? 0u : sw_alarm_clock_ring(&fw->alarm, now_us, ring.utc_us);
    } else if (p->header.type == SW_PACKET_SNOOZE && sw_packet_snooze_get(&snooze, p->payload, p->payload_n)) {
        nonce = snooze.nonce;
        refused = !is_new(fw, nonce) ? 0u : sw_alarm_clock_snooze(&fw->alarm, now_us);
    } else if (p->header.type == SW_PACKET_ALARM_READ && sw_packet_alarm_read_get(&read, p->payload, p->payload_n)) {
        nonce = read.nonce;
    }
    return nonce == 0u ? 0 : answer_alarm(fw, now_us, t_us, nonce, refused);
}

static int32_t answer_calibration(sw_firmware *fw, uint64_t t_us, uint64_t nonce)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    sw_packet_calibration calibration;
    sw_calibrator_state(fw, nonce, &calibration);
    sw_uplink_answer(fw, t_us, SW_PACKET_CALIBRATION, payload, sw_packet_calibration_put(&calibration, payload));
    return 1;
}

static int32_t calibration_packet(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    const sw_packet *p = &fw->packet;
    sw_packet_calibrate command;
    sw_packet_calibration_read read;
    if (p->header.type == SW_PACKET_CALIBRATE && sw_packet_calibrate_get(&command, p->payload, p->payload_n)) {
        if (command.nonce == 0u) {
            return 0;
        }
        sw_calibrator_command(fw, now_us, &command);
        return answer_calibration(fw, t_us, command.nonce);
    }
    if (p->header.type == SW_PACKET_CALIBRATION_READ && sw_packet_calibration_read_get(&read, p->payload, p->payload_n)) {
        return read.nonce == 0u ? 0 : answer_calibration(fw, t_us, read.nonce);
    }
    return 0;
}

int32_t sw_commands_packet(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    const sw_packet *p = &fw->packet;
    sw_packet_time time;
    sw_packet_settings_set set;
    sw_packet_settings_read read;
    sw_packet_health_read health;
    if (p->header.type == SW_PACKET_TIME && sw_packet_time_get(&time, p->payload, p->payload_n)) {
        sw_alarm_clock_time(&fw->alarm, now_us, time.device_nonce, time.utc_us);
        return 0;
    }
    if (p->header.type == SW_PACKET_SETTINGS_SET && sw_packet_settings_set_get(&set, p->payload, p->payload_n)) {
        if (set.nonce == 0u) {
            return 0;
        }
        if (set.side < SW_SIDE_COUNT && fw->keeper.loaded) { /* another one shows in the answer as not taken */
            fw->keeper.wanted.side = set.side;
            sw_user_place_follow(fw);
            sw_alarm_clock_step(&fw->alarm, now_us);
        }
        return answer_settings(fw, t_us, set.nonce);
    }
    if (p->header.type == SW_PACKET_SETTINGS_READ && sw_packet_settings_read_get(&read, p->payload, p->payload_n)) {
        return read.nonce == 0u ? 0 : answer_settings(fw, t_us, read.nonce);
    }
    if (p->header.type == SW_PACKET_HEALTH_READ && sw_packet_health_read_get(&health, p->payload, p->payload_n)) {
        return health.nonce == 0u ? 0 : answer_health(fw, now_us, t_us, health.nonce);
    }
    return calibration_packet(fw, now_us, t_us) || alarm_packet(fw, now_us, t_us) || sw_orders_packet(fw, now_us, t_us) ||
           sw_radar_order_packet(fw, now_us, t_us);
}

uint32_t sw_commands_events(sw_firmware *fw, uint64_t t_us, int32_t live)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    sw_packet_alarm_event event;
    uint32_t n = 0;
    while (sw_alarm_clock_take(&fw->alarm, &event)) {
        sw_uplink_data(fw, t_us, SW_PACKET_ALARM_EVENT, payload, sw_packet_alarm_event_put(&event, payload),
                       live ? SW_UPLINK_LIVE : SW_UPLINK_LATER);
        n++;
    }
    return n;
}
