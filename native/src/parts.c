/* The small parts, looked after. See sw_parts.h.
 *
 * Rule: see the header.
 */
#include "sw_parts.h"

#include "sw_firmware_state.h"
#include "sw_handles.h"
#include "sw_uplink.h"
#include "sw_words.h"

#define NEVER UINT64_MAX

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void note(sw_firmware *fw, uint64_t now_us, uint32_t reason)
{
    if (reason != SW_REASON_NONE) {
        sw_health_note(&fw->health, now_us, reason);
    }
}

static void plan(sw_parts *p)
{
    const uint64_t often_us = earlier(earlier(p->feed_us, p->look_us), p->settle_us);
    p->deadline_us = earlier(often_us, earlier(earlier(p->room.at_us, p->clock.at_us), p->reset_us));
}

void sw_parts_power_on(sw_firmware *fw, uint64_t now_us)
{
    sw_parts *p = &fw->parts;
    const int32_t cause = fw->hal.reset_cause(fw->hal.watchdog);
    (void)fw->hal.watchdog_start(fw->hal.watchdog, SW_PARTS_WATCHDOG_MS);
    fw->health.reset_cause = cause > 0 && cause < (int32_t)SW_RESET_COUNT ? (uint32_t)cause : (uint32_t)SW_RESET_POWER;
    if (fw->health.reset_cause == SW_RESET_WATCHDOG && SW_HANDLES(WATCHDOG)) {
        note(fw, now_us, SW_REASON_WATCHDOG);
    }
    if (fw->health.reset_cause == SW_RESET_DIP && SW_HANDLES(POWER_DIP)) {
        note(fw, now_us, SW_REASON_POWER_DIP);
    }
    p->feed_us = now_us + SW_PARTS_FEED_US;
    p->look_us = now_us;
    p->settle_us = NEVER;
    p->reset_us = NEVER;
    sw_room_init(&p->room, now_us);
    sw_clock_check_init(&p->clock, &fw->hal, now_us);
    plan(p);
}

static void look_at_store(sw_firmware *fw, uint64_t now_us, sw_flash_store *s)
{
    if (s->slow && SW_HANDLES(FLASH_SLOW)) {
        note(fw, now_us, SW_REASON_FLASH_SLOW);
    }
    if (s->worn && SW_HANDLES(FLASH_WORN)) {
        note(fw, now_us, SW_REASON_FLASH_WORN);
    }
    if (s->torn && SW_HANDLES(FLASH_TORN)) {
        note(fw, now_us, SW_REASON_FLASH_TORN);
    }
    s->slow = s->worn = s->torn = 0;
}

static void look_at_ring(sw_firmware *fw, uint64_t now_us)
{
    sw_ring *r = &fw->ring;
    if (r->slow && SW_HANDLES(FLASH_SLOW)) {
        note(fw, now_us, SW_REASON_FLASH_SLOW);
    }
    if (r->worn && SW_HANDLES(FLASH_WORN)) {
        note(fw, now_us, SW_REASON_FLASH_WORN);
    }
    if (r->torn && SW_HANDLES(FLASH_TORN)) {
        note(fw, now_us, SW_REASON_FLASH_TORN);
    }
    r->slow = r->worn = r->torn = 0;
}

/* A device that keeps something has had a clock; a new one, as it is delivered, has not. */
static void look_at_clock(sw_firmware *fw, uint64_t now_us)
{
    sw_clock_check *c = &fw->parts.clock;
    if (c->lost && fw->keeper.store.counter != 0u && SW_HANDLES(CLOCK_POWER_LOST)) {
        note(fw, now_us, SW_REASON_CLOCK_POWER_LOST);
    }
    c->lost = 0;
}

static void look(sw_firmware *fw, uint64_t now_us)
{
    const sw_button *b = &fw->alarm.button;
    look_at_store(fw, now_us, &fw->keeper.store);
    look_at_store(fw, now_us, &fw->calibrator.store);
    look_at_ring(fw, now_us);
    if (fw->keeper.loaded) {
        look_at_clock(fw, now_us);
    }
    if ((fw->keeper.failing || fw->ring.failing) && SW_HANDLES(FLASH_FAILED)) {
        note(fw, now_us, SW_REASON_FLASH_FAILED);
    }
    if (b->down && now_us - b->since_us >= SW_PARTS_STUCK_US && SW_HANDLES(BUTTON_STUCK)) {
        note(fw, now_us, SW_REASON_BUTTON_STUCK);
    }
}

/* A measurement of a silence is not kept. */
static void step_room(sw_firmware *fw, uint64_t now_us)
{
    sw_room *r = &fw->parts.room;
    if (sw_room_step(r, &fw->hal, now_us, fw->standby)) {
        note(fw, now_us, r->now.temperature_reason);
        note(fw, now_us, r->now.light_reason);
        fw->parts.room_fresh = fw->policy.state == SW_UPLINK_STREAMING;
    }
}

void sw_parts_step(sw_firmware *fw, uint64_t now_us)
{
    sw_parts *p = &fw->parts;
    if (now_us < p->deadline_us && fw->alarm.rtc_set_us == p->clock.set_us) {
        return;
    }
    if (now_us >= p->feed_us) {
        (void)fw->hal.watchdog_feed(fw->hal.watchdog);
        p->feed_us = now_us + SW_PARTS_FEED_US;
    }
    if (now_us >= p->look_us) {
        look(fw, now_us);
        p->look_us = now_us + SW_PARTS_LOOK_US;
    }
    if (now_us >= p->room.at_us) {
        step_room(fw, now_us);
    }
    if (fw->error != 0) { /* nobody asks for the switch any more */
        p->settle_us = NEVER;
    }
    const uint32_t clock_why = sw_clock_check_step(&p->clock, &fw->hal, now_us, fw->alarm.rtc_set_us, fw->alarm.rtc_set_s);
    note(fw, now_us, clock_why);
    if (clock_why == SW_REASON_CLOCK_DRIFT && p->clock.behind) { /* ... that would make an alarm late; one ahead makes it early */
        sw_alarm_clock_set_chip(&fw->alarm, now_us);
    }
    if (clock_why == SW_REASON_CLOCK_STOPPED || now_us >= p->reset_us) { /* a reboot must not find the old time */
        p->reset_us = clock_why == SW_REASON_CLOCK_STOPPED ? now_us + SW_PARTS_STOOD_US : NEVER;
        sw_alarm_clock_set_chip(&fw->alarm, now_us);
    }
    plan(p);
}

int32_t sw_parts_standby(sw_firmware *fw, uint64_t now_us)
{
    sw_parts *p = &fw->parts;
    const int32_t on = fw->hal.standby_switch(fw->hal.pins) != 0;
    if (on || !fw->switch_on) {
        p->settle_us = NEVER;
        plan(p);
        return on;
    }
    if (p->settle_us == NEVER) {
        p->settle_us = now_us + SW_PARTS_SETTLE_US;
    }
    if (now_us < p->settle_us) {
        plan(p);
        return 1;
    }
    p->settle_us = NEVER;
    plan(p);
    return 0;
}

void sw_parts_tell(sw_firmware *fw, uint64_t t_us)
{
    uint8_t payload[SW_PAYLOAD_MAX];
    sw_parts *p = &fw->parts;
    if (p->room_fresh) {
        p->room_fresh = 0;
        sw_uplink_data(fw, t_us, SW_PACKET_ROOM, payload, sw_packet_room_put(&p->room.now, payload), SW_UPLINK_LIVE);
    }
}
