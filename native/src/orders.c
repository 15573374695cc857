/* Orders, taken and read back. See sw_orders.h.
 *
 * Rule: what an order changes stands in the keeper's snapshot or with the alarm clock; firmware.c follows it.
 */
#include "sw_orders.h"

#include "sw_uplink.h"

#define SECOND_US 1000000u

int32_t sw_orders_take(sw_firmware *fw, uint64_t nonce)
{
    for (uint32_t i = 0; i < SW_NONCES; i++) {
        if (fw->taken[i] == nonce) {
            return 0;
        }
    }
    fw->taken[fw->taken_n++ % SW_NONCES] = nonce;
    return 1;
}

uint32_t sw_orders_standby_reason(const sw_firmware *fw)
{
    return !fw->switch_on && fw->standby ? SW_REASON_STANDBY_COMMAND : SW_REASON_STANDBY_SWITCH;
}

static uint32_t light_left_s(const sw_alarm_clock *a, uint64_t now_us)
{
    if (a->night_light == 0u || now_us >= a->night_until_us) {
        return 0;
    }
    const uint64_t left_s = (a->night_until_us - now_us + SECOND_US - 1u) / SECOND_US;
    return left_s < 65535u ? (uint32_t)left_s : 65535u;
}

int32_t sw_orders_stored(const sw_firmware *fw)
{
    const sw_keeper *k = &fw->keeper;
    const int32_t nothing = k->store.counter == 0u && !k->failing && sw_keeper_idle(k);
    return nothing || sw_keeper_holds(k, &fw->hal);
}

static int32_t answer(sw_firmware *fw, uint64_t now_us, uint64_t t_us, uint64_t nonce, uint32_t reason)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    const sw_kept *kept = &fw->keeper.wanted;
    const uint32_t left_s = light_left_s(&fw->alarm, now_us);
    const sw_packet_orders orders = {
        .nonce = nonce, .reason = (uint8_t)reason, .stored = (uint8_t)sw_orders_stored(fw),
        .standby = (uint8_t)((fw->switch_on ? SW_STANDBY_SWITCH : 0) | (kept->standby != 0u ? SW_STANDBY_COMMAND : 0)),
        .wake_window = (uint16_t)kept->wake_window_s,
        .night_light = (uint8_t)(left_s != 0u ? fw->alarm.night_light : 0u), .light_left = (uint16_t)left_s,
    };
    sw_uplink_answer(fw, t_us, SW_PACKET_ORDERS, payload, sw_packet_orders_put(&orders, payload));
    return 1;
}

/* Off while the switch is on: the command is taken back, and the switch is the reason why it goes on. */
static uint32_t order_standby(sw_firmware *fw, uint64_t now_us, const sw_packet_standby *order)
{
    if (order->on > 1u || !fw->keeper.loaded) {
        return order->on > 1u ? SW_REASON_NOT_POSSIBLE : SW_REASON_FLASH_FAILED;
    }
    fw->keeper.wanted.standby = order->on;
    sw_alarm_clock_step(&fw->alarm, now_us); /* writes it */
    return order->on == 0u && fw->switch_on ? SW_REASON_STANDBY_SWITCH : SW_REASON_NONE;
}

static uint32_t order_window(sw_firmware *fw, uint64_t now_us, uint32_t wake_window_s)
{
    if (!fw->keeper.loaded) {
        return SW_REASON_FLASH_FAILED;
    }
    fw->keeper.wanted.wake_window_s = wake_window_s;
    sw_alarm_clock_step(&fw->alarm, now_us);
    return SW_REASON_NONE;
}

int32_t sw_orders_packet(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    const sw_packet *p = &fw->packet;
    sw_packet_orders_read read;
    sw_packet_standby standby;
    sw_packet_wake_window window;
    sw_packet_night_light light;
    uint64_t nonce = 0;
    uint32_t reason = SW_REASON_NONE;
    if (p->header.type == SW_PACKET_ORDERS_READ && sw_packet_orders_read_get(&read, p->payload, p->payload_n)) {
        nonce = read.nonce;
    } else if (p->header.type == SW_PACKET_STANDBY && sw_packet_standby_get(&standby, p->payload, p->payload_n)) {
        nonce = standby.nonce;
        reason = nonce != 0u && sw_orders_take(fw, nonce) ? order_standby(fw, now_us, &standby) : SW_REASON_NONE;
    } else if (p->header.type == SW_PACKET_WAKE_WINDOW && sw_packet_wake_window_get(&window, p->payload, p->payload_n)) {
        nonce = window.nonce;
        reason = nonce != 0u && sw_orders_take(fw, nonce) ? order_window(fw, now_us, window.wake_window) : SW_REASON_NONE;
    } else if (p->header.type == SW_PACKET_NIGHT_LIGHT && sw_packet_night_light_get(&light, p->payload, p->payload_n)) {
        nonce = light.nonce;
        if (nonce != 0u && sw_orders_take(fw, nonce)) {
            const uint32_t duration_s = light.duration != 0u ? light.duration : SW_ORDERS_LIGHT_S;
            sw_alarm_clock_night_light(&fw->alarm, now_us, light.night_light, duration_s);
        }
    }
    return nonce == 0u ? 0 : answer(fw, now_us, t_us, nonce, reason);
}
