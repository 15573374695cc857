/* Faults of the serial line, and FAULT packets. See sw_watch.h.
 *
 * Rule: counters are compared with what was seen of them last; nothing is counted twice.
 */
#include "sw_watch.h"

#include "sw_handles.h"
#include "sw_uplink.h"

#define SECOND_US 1000000u

/* Before the first whole packet a receiver may have begun in the middle of one. */
static void watch_garbled(sw_firmware *fw, uint64_t now_us)
{
    const sw_deframer_counters *c = &fw->deframer.counters;
    uint32_t bad = c->too_long + c->bad_cobs + c->too_short + c->bad_crc;
    if (SW_HANDLES(LINE_GARBLED) && bad != fw->garbled_told && fw->packets_told != 0u) {
        sw_health_note(&fw->health, now_us, SW_REASON_LINE_GARBLED);
    }
    fw->garbled_told = bad;
    fw->packets_told = c->packets;
}

void sw_watch_frame(sw_firmware *fw, uint64_t now_us)
{
#define SW_CHECK_REASON(NAME) [SW_CHECK_##NAME] = SW_REASON_##NAME,
    static const uint8_t reasons[SW_CHECK_COUNT] = {SW_CHECKS(SW_CHECK_REASON)};
#undef SW_CHECK_REASON
    if (SW_HANDLES(SATURATED) && (fw->last.flags & SW_FLAG_SATURATED)) {
        sw_health_note(&fw->health, now_us, SW_REASON_SATURATED);
    }
    for (uint32_t check = 0; fw->last.noticed >> check != 0u; check++) { /* those switched off were left out by the chain */
        if (fw->last.noticed >> check & 1u) {
            sw_health_note(&fw->health, now_us, reasons[check]);
        }
    }
}

static void watch_slow(sw_firmware *fw, uint64_t now_us)
{
    fw->waiting_s = fw->outbox.n != 0u ? fw->waiting_s + 1u : 0u;
    int32_t dropped = fw->outbox.dropped_packets != fw->dropped_told;
    if (SW_HANDLES(LINE_SLOW) && (dropped || fw->waiting_s >= SW_WATCH_LINE_SLOW_S)) {
        sw_health_note(&fw->health, now_us, SW_REASON_LINE_SLOW);
    }
    fw->dropped_told = fw->outbox.dropped_packets;
}

/* A host that was there acknowledges what is streamed. One that never was misses nothing. */
static void watch_host(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    fw->streamed_s = fw->policy.state != SW_UPLINK_STREAMING ? 0u : fw->streamed_s + 1u;
    int32_t gone = fw->delivery.host_heard && t_us - fw->delivery.heard_us > SW_WATCH_HOST_GONE_S * (uint64_t)SECOND_US;
    if (SW_HANDLES(LINE_BROKEN) && gone && fw->streamed_s > SW_WATCH_HOST_GONE_S) {
        sw_health_note(&fw->health, now_us, SW_REASON_LINE_BROKEN);
    }
}

void sw_watch_second(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    watch_garbled(fw, now_us);
    watch_slow(fw, now_us);
    watch_host(fw, now_us, t_us);
}

/* An instant of the device's timer as device time; the two differ by less than a frame. */
static uint64_t told_us(uint64_t now_us, uint64_t t_us, uint64_t us)
{
    uint64_t ago = now_us > us ? now_us - us : 0u;
    return us == 0u ? 0u : t_us > ago ? t_us - ago : 1u;
}

void sw_watch_tell(sw_firmware *fw, uint64_t now_us, uint64_t t_us)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    sw_health_change change;
    for (uint32_t i = 0; i < SW_WATCH_TOLD_PER_S && sw_health_take(&fw->health, &change); i++) {
        sw_packet_fault fault = {
            .reason = (uint8_t)change.reason, .present = (uint8_t)change.present, .times = (uint16_t)change.times,
            .from_us = told_us(now_us, t_us, change.from_us), .to_us = told_us(now_us, t_us, change.to_us),
        };
        sw_uplink_data(fw, t_us, SW_PACKET_FAULT, payload, sw_packet_fault_put(&fault, payload), SW_UPLINK_LIVE);
    }
}
