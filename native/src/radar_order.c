/* From RADAR_SET to registers. See sw_radar_order.h.
 *
 * Rule: see the header.
 */
#include "sw_radar_order.h"

#include <string.h>

#include "sw_error.h"
#include "sw_geometry.h"
#include "sw_orders.h"
#include "sw_uplink.h"

#define FIELDS 11u
_Static_assert(sizeof(sw_radar_config) == FIELDS * 4u, "fields of the radar config");

uint32_t sw_radar_order_hash(const sw_radar_config *config)
{
    uint32_t words[FIELDS];
    uint8_t bytes[sizeof words];
    memcpy(words, config, sizeof words);
    for (uint32_t i = 0; i < sizeof words; i++) {
        bytes[i] = (uint8_t)(words[i / 4u] >> (8u * (i % 4u)) & 0xFFu);
    }
    return sw_crc32(bytes, (uint32_t)sizeof bytes);
}

static int32_t same(const sw_radar_config *a, const sw_radar_config *b) { return memcmp(a, b, sizeof *a) == 0; }

static const sw_radar_config *wanted(const sw_firmware *fw)
{
    const sw_radar_config *kept = &fw->keeper.wanted.radar;
    return kept->rx_mask != 0u ? kept : &fw->own_radar;
}

static int32_t is_possible(const sw_radar_config *config)
{
    uint32_t words[SW_RADAR_REGISTER_COUNT];
    sw_radar_timing timing;
    sw_geometry geometry;
    return sw_radar_registers(config, words, &timing) == SW_OK && config->frame_period_ns <= SW_RADAR_ORDER_SLOWEST_NS &&
           timing.frame_samples <= SW_MAX_FRAME_SAMPLES && sw_geometry_init(&geometry, config, &timing) == SW_OK;
}

void sw_radar_order_follow(sw_firmware *fw, uint64_t now_us)
{
    sw_driver *d = &fw->driver;
    if (same(wanted(fw), &d->config)) {
        return;
    }
    if (!is_possible(wanted(fw))) {
        fw->keeper.wanted.radar = (sw_radar_config){0};
        sw_alarm_clock_step(&fw->alarm, now_us); /* writes it */
    }
    const sw_radar_config config = *wanted(fw);
    const sw_driver_counters counters = d->counters;
    sw_calibrator_stop(fw, now_us, SW_REASON_GAP);
    sw_driver_power(d, now_us, 0);
    int32_t error = sw_driver_init(d, &fw->hal, &fw->health, &config, d->samples);
    d->counters = counters;
    d->lost = 1;
    error = error != SW_OK ? error : fw->chain.init(fw->chain.state, &config, &d->timing);
    fw->error = error; /* none: both were asked before */
    fw->config_hash = sw_radar_order_hash(&config);
    fw->second_us = 0;
    sw_report_clear(&fw->report);
    if (fw->chain.place != 0) {
        fw->chain.place(fw->chain.state, &fw->bed.place);
    }
    sw_calibrator_follow(fw);
}

static uint32_t order(sw_firmware *fw, uint64_t now_us, const sw_packet_radar_set *p)
{
    const sw_radar_config config = {
        .rx_mask = p->rx_mask, .n_samples = p->n_samples, .n_chirps = p->n_chirps, .sample_rate_hz = p->sample_rate,
        .start_khz = p->start, .end_khz = p->end, .chirp_period_ns = p->chirp_period,
        .frame_period_ns = p->frame_period, .tx_power_level = p->tx_power_level, .if_gain_db = p->if_gain,
        .hp_cutoff_khz = p->hp_cutoff,
    };
    const sw_radar_config none = {0};
    if (!fw->keeper.loaded) {
        return SW_REASON_FLASH_FAILED;
    }
    if (!same(&config, &none) && !is_possible(&config)) {
        return SW_REASON_NOT_POSSIBLE;
    }
    fw->keeper.wanted.radar = config;
    sw_alarm_clock_step(&fw->alarm, now_us);
    return SW_REASON_NONE;
}

static int32_t answer(sw_firmware *fw, uint64_t t_us, uint64_t nonce, uint32_t reason)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    const sw_radar_config *c = wanted(fw);
    const sw_packet_radar radar = {
        .nonce = nonce, .reason = (uint8_t)reason, .stored = (uint8_t)sw_orders_stored(fw),
        .ordered = (uint8_t)(fw->keeper.wanted.radar.rx_mask != 0u), .in_force = (uint8_t)same(c, &fw->driver.config),
        .config_hash = sw_radar_order_hash(c), .rx_mask = (uint8_t)c->rx_mask, .n_samples = (uint16_t)c->n_samples,
        .n_chirps = (uint16_t)c->n_chirps, .sample_rate = c->sample_rate_hz, .start = c->start_khz, .end = c->end_khz,
        .chirp_period = c->chirp_period_ns, .frame_period = c->frame_period_ns,
        .tx_power_level = (uint8_t)c->tx_power_level, .if_gain = (uint8_t)c->if_gain_db,
        .hp_cutoff = (uint16_t)c->hp_cutoff_khz,
    };
    sw_uplink_answer(fw, t_us, SW_PACKET_RADAR, payload, sw_packet_radar_put(&radar, payload));
    return 1;
}

int32_t sw_radar_order_packet(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    const sw_packet *p = &fw->packet;
    sw_packet_radar_set set;
    sw_packet_radar_read read;
    if (p->header.type == SW_PACKET_RADAR_SET && sw_packet_radar_set_get(&set, p->payload, p->payload_n)) {
        if (set.nonce == 0u) {
            return 0;
        }
        return answer(fw, t_us, set.nonce, sw_orders_take(fw, set.nonce) ? order(fw, now_us, &set) : SW_REASON_NONE);
    }
    if (p->header.type == SW_PACKET_RADAR_READ && sw_packet_radar_read_get(&read, p->payload, p->payload_n)) {
        return read.nonce == 0u ? 0 : answer(fw, t_us, read.nonce, SW_REASON_NONE);
    }
    return 0;
}
