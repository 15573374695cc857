/* What surrounds the guard. See sw_alarm_clock.h.
 *
 * Rule: the pins follow the guard's state in the same step in which it changes.
 */
#include "sw_alarm_clock.h"

#include <string.h>

#include "sw_alarm_memory.h"
#include "sw_handles.h"
#include "sw_light.h"
#include "sw_rtc_driver.h"

#define SECOND_US 1000000u
#define RTC_LATE_US 20000u /* a step this late after the full second waits for the next one */
#define NEVER UINT64_MAX

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* What follows from a change, beside the pins. */
static void tell(sw_alarm_clock *a, uint64_t now_us, const sw_alarm_change *change)
{
    if (change->cell.did == SW_ALARM_DID_RANG && change->from_state != SW_ALARM_SNOOZED) {
        sw_button_void(&a->button); /* pressed before it rang: that is no answer to it */
    }
    if (change->cell.did == 0u || a->told_n == SW_ALARM_CLOCK_TOLD) {
        return;
    }
    a->told[a->told_n++] = (sw_packet_alarm_event){
        .event = change->cell.did, .by = change->cell.by, .reason = change->cell.reason,
        .utc_us = sw_clock_utc(&a->clock, now_us), .set_for_utc_us = change->set_for_utc_us,
    };
}

int32_t sw_alarm_clock_take(sw_alarm_clock *a, sw_packet_alarm_event *out)
{
    if (a->told_n == 0u) {
        return 0;
    }
    *out = a->told[0];
    a->told_n--;
    memmove(a->told, a->told + 1, a->told_n * sizeof a->told[0]);
    return 1;
}

void sw_alarm_clock_power_on(sw_alarm_clock *a, const sw_hal *hal, sw_keeper *keeper, uint64_t now_us)
{
    memset(a, 0, sizeof *a);
    a->hal = hal;
    a->keeper = keeper;
    a->power_on_us = now_us;
    a->rtc_edge_us = NEVER;
    a->rtc_due_us = NEVER;
    a->rtc_set_us = NEVER;
    a->memory_us = NEVER;
    sw_clock_init(&a->clock);
    sw_alarm_guard_init(&a->guard);
    sw_button_init(&a->button, now_us, hal->button(hal->pins));
    (void)hal->buzzer(hal->pins, 0);
    (void)hal->light(hal->pins, 0, 0, 0);
    if (sw_rtc_read(hal, &a->rtc_second) == SW_RTC_VALID && sw_clock_battery(&a->clock, now_us, a->rtc_second)) {
        a->rtc_read_us = now_us;
        a->rtc_edge_us = now_us + SW_ALARM_CLOCK_EDGE_US;
    }
    sw_alarm_clock_step(a, now_us);
}

/* A whole second leaves up to a second open: watches for the next one to begin. The host's time ends that. */
static void watch_second(sw_alarm_clock *a, uint64_t now_us)
{
    const sw_kept_alarm *kept = &a->keeper->wanted.alarm;
    uint32_t unix_s = a->rtc_second;
    if (now_us < a->rtc_edge_us) {
        return;
    }
    a->rtc_edge_us = NEVER;
    if (a->clock.source != SW_CLOCK_BATTERY || sw_rtc_read(a->hal, &unix_s) != SW_RTC_VALID) {
        return;
    }
    if (unix_s == a->rtc_second) {
        a->rtc_read_us = now_us;
        if (now_us - a->power_on_us < SW_ALARM_CLOCK_EDGE_FOR_US) {
            a->rtc_edge_us = now_us + SW_ALARM_CLOCK_EDGE_US;
        } else if (SW_HANDLES(CLOCK_STOPPED)) { /* it stands, nobody knows since when: as good as lost */
            sw_alarm_memory_clock_lost(a);
        }
        return;
    }
    (void)sw_clock_battery_edge(&a->clock, a->rtc_read_us, now_us, unix_s);
    uint64_t due_utc_us = kept->set_for_utc_us == a->guard.set_for_utc_us ? kept->ring_utc_us : a->guard.set_for_utc_us;
    sw_alarm_guard_clock(&a->guard, now_us, sw_clock_tick(&a->clock, due_utc_us),
                         sw_alarm_memory_due(sw_clock_utc(&a->clock, now_us), due_utc_us, a->guard.set_for_utc_us),
                         SECOND_US);
}

/* The second unix_s begins now. A chip that is dead is lost after a reboot, too. */
static void set_chip(sw_alarm_clock *a, uint64_t now_us, uint32_t unix_s)
{
    a->rtc_set_s = sw_rtc_set(a->hal, unix_s) < 0 ? 0u : unix_s;
    a->rtc_set_us = now_us;
}

/* Sets the battery clock at a full second, when the flash is ready for it. */
static void set_rtc(sw_alarm_clock *a, uint64_t now_us)
{
    if (now_us < a->rtc_due_us) {
        return;
    }
    uint64_t utc_us = sw_clock_utc(&a->clock, now_us);
    if (!sw_keeper_idle(a->keeper) || utc_us % SECOND_US > RTC_LATE_US) {
        a->rtc_due_us = now_us + SECOND_US - utc_us % SECOND_US;
        return;
    }
    set_chip(a, now_us, (uint32_t)(utc_us / SECOND_US));
    a->rtc_due_us = NEVER;
}

static uint32_t brighter(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* The night light, where nothing of the alarm outshines it. */
static void add_night_light(sw_alarm_clock *a, uint64_t now_us, sw_light_colour *light)
{
    if (now_us >= a->night_until_us) {
        a->night_light = 0;
    }
    if (a->night_light == 0u) {
        return;
    }
    const sw_light_colour night = sw_light_mix(a->night_light * SW_LIGHT_FULL / SW_ALARM_CLOCK_LIGHT_FULL);
    light->red = brighter(light->red, night.red);
    light->green = brighter(light->green, night.green);
    light->blue = brighter(light->blue, night.blue);
    a->deadline_us = earlier(a->deadline_us, a->night_until_us);
}

static void drive_pins(sw_alarm_clock *a, uint64_t now_us)
{
    const sw_alarm_guard *g = &a->guard;
    int32_t rings = g->state == SW_ALARM_RINGING;
    int32_t sun_is_up = rings || g->state == SW_ALARM_SNOOZED;
    int32_t known = g->state != SW_ALARM_OFF && g->deadline_us != NEVER && a->clock.source != SW_CLOCK_UNKNOWN;
    const uint32_t white = sun_is_up && g->sunrise_s != 0u ? SW_LIGHT_FULL : 0u;
    sw_light_colour light = {white, white, white};
    if (!sun_is_up && known) {
        light = sw_light_at(now_us, g->deadline_us, g->sunrise_s);
        a->deadline_us = earlier(a->deadline_us, sw_light_next(now_us, g->deadline_us, g->sunrise_s));
    }
    add_night_light(a, now_us, &light);
    if (rings != a->buzzer) {
        (void)a->hal->buzzer(a->hal->pins, rings);
        a->buzzer = rings;
    }
    if (light.red != a->light.red || light.green != a->light.green || light.blue != a->light.blue) {
        (void)a->hal->light(a->hal->pins, light.red, light.green, light.blue);
        a->light = light;
    }
}

static void act(sw_alarm_clock *a, uint64_t now_us, sw_alarm_event event)
{
    sw_alarm_change change;
    sw_alarm_guard_event(&a->guard, now_us, event, &change);
    tell(a, now_us, &change);
}

static void keep(sw_alarm_clock *a, uint64_t now_us)
{
    sw_keeper *k = a->keeper;
    if (k->loaded) {
        sw_alarm_memory_keep(a, now_us);
    }
    sw_keeper_news news = sw_keeper_step(k, a->hal, now_us);
    if (news == SW_KEEPER_LOADED) {
        sw_alarm_memory_restore(a, now_us);
    } else if (news == SW_KEEPER_FAILED && a->clock.source == SW_CLOCK_UNKNOWN) { /* what is not counted is not waited for */
        sw_alarm_guard_clock_lost(&a->guard, now_us);
    } else if (news == SW_KEEPER_FAILED && a->guard.unstored) {
        act(a, now_us, SW_ALARM_EVENT_STORE_FAILED);
    } else if (news == SW_KEEPER_STORED && a->guard.unstored && sw_alarm_memory_holds(a)) {
        act(a, now_us, SW_ALARM_EVENT_STORED);
    }
}

void sw_alarm_clock_step(sw_alarm_clock *a, uint64_t now_us)
{
    sw_alarm_change change;
    sw_press press = sw_button_step(&a->button, now_us, a->button.down);
    if (press == SW_PRESS_LONG) {
        act(a, now_us, SW_ALARM_EVENT_BUTTON_LONG);
    }
    while (sw_alarm_guard_step(&a->guard, now_us, &change)) {
        tell(a, now_us, &change);
    }
    watch_second(a, now_us);
    keep(a, now_us);
    set_rtc(a, now_us);
    keep(a, now_us); /* what waited for the battery clock */
    while (sw_alarm_guard_step(&a->guard, now_us, &change)) { /* restored just now, and due */
        tell(a, now_us, &change);
    }
    a->deadline_us = earlier(earlier(a->keeper->at_us, earlier(a->rtc_due_us, a->rtc_edge_us)), a->memory_us);
    a->deadline_us = earlier(a->deadline_us, earlier(sw_alarm_guard_next(&a->guard), a->button.long_us));
    drive_pins(a, now_us);
}

void sw_alarm_clock_button(sw_alarm_clock *a, uint64_t now_us)
{
    sw_press press = sw_button_step(&a->button, now_us, a->hal->button(a->hal->pins));
    if (press != SW_PRESS_NONE) {
        act(a, now_us, press == SW_PRESS_LONG ? SW_ALARM_EVENT_BUTTON_LONG : SW_ALARM_EVENT_BUTTON_SHORT);
    }
    sw_alarm_clock_step(a, now_us);
}

void sw_alarm_clock_nonce(sw_alarm_clock *a, uint64_t now_us, uint64_t nonce)
{
    sw_clock_nonce(&a->clock, now_us, nonce);
}

void sw_alarm_clock_time(sw_alarm_clock *a, uint64_t now_us, uint64_t nonce, uint64_t utc_us)
{
    const sw_alarm_guard *g = &a->guard;
    uint32_t source = a->clock.source;
    uint64_t before_us = sw_clock_utc(&a->clock, now_us);
    if (!sw_clock_host(&a->clock, now_us, nonce, utc_us)) {
        return;
    }
    int32_t off = before_us > utc_us + SW_ALARM_CLOCK_SLACK_US || utc_us > before_us + SW_ALARM_CLOCK_SLACK_US;
    int32_t old = a->rtc_set_us == NEVER || now_us - a->rtc_set_us >= SW_ALARM_CLOCK_RTC_US;
    if (source != SW_CLOCK_HOST || off || old) {
        a->rtc_due_us = now_us + SECOND_US - utc_us % SECOND_US;
        if (utc_us >= before_us) { /* a reboot before then must not find the old time, or none: fast by a part of a second */
            set_chip(a, now_us, (uint32_t)(utc_us / SECOND_US) + 1u);
        }
    }
    uint64_t due_utc_us = g->deadline_event == SW_ALARM_EVENT_CLOCK_LOST ? a->keeper->wanted.alarm.ring_utc_us
                                                                        : g->set_for_utc_us;
    const uint64_t last_us = g->deadline_us;
    sw_alarm_guard_clock(&a->guard, now_us, sw_clock_tick(&a->clock, due_utc_us),
                         sw_alarm_memory_due(utc_us, due_utc_us, g->set_for_utc_us), 0);
    sw_alarm_memory_clock_set(a, last_us);
    sw_alarm_clock_step(a, now_us);
}

void sw_alarm_clock_set_chip(sw_alarm_clock *a, uint64_t now_us)
{
    if (a->clock.source != SW_CLOCK_UNKNOWN) {
        a->rtc_due_us = now_us;
        sw_alarm_clock_step(a, now_us);
    }
}

uint32_t sw_alarm_clock_set(sw_alarm_clock *a, uint64_t now_us, uint64_t set_for_utc_us, uint32_t sunrise_s)
{
    sw_alarm_guard *g = &a->guard;
    sw_alarm_change change;
    if (a->clock.source == SW_CLOCK_UNKNOWN) {
        return SW_REASON_CLOCK_UNKNOWN;
    }
    if (set_for_utc_us <= sw_clock_utc(&a->clock, now_us) || set_for_utc_us > SW_CLOCK_NEWEST_US) {
        return SW_REASON_IN_THE_PAST;
    }
    if (g->state == SW_ALARM_OFF || g->set_for_utc_us != set_for_utc_us || g->sunrise_s != sunrise_s) {
        sw_alarm_guard_set(g, now_us, set_for_utc_us, sw_clock_tick(&a->clock, set_for_utc_us), sunrise_s, &change);
        tell(a, now_us, &change);
    } /* the same again changes nothing: a host that has restarted may ask for what it finds */
    sw_alarm_clock_step(a, now_us);
    return SW_REASON_NONE;
}

uint32_t sw_alarm_clock_cancel(sw_alarm_clock *a, uint64_t now_us)
{
    int32_t armed = a->guard.state != SW_ALARM_OFF;
    act(a, now_us, SW_ALARM_EVENT_CANCEL);
    sw_alarm_clock_step(a, now_us);
    return armed ? SW_REASON_NONE : SW_REASON_NOT_ARMED;
}

/* Before the wake window of the armed alarm. */
static int32_t is_too_early(const sw_alarm_clock *a, uint64_t at_us)
{
    const sw_alarm_guard *g = &a->guard;
    const uint32_t window_s = a->keeper->wanted.wake_window_s;
    return g->state != SW_ALARM_OFF && g->deadline_us != NEVER && window_s != SW_KEEPER_ANY_TIME &&
           at_us < g->deadline_us && g->deadline_us - at_us > (uint64_t)window_s * SECOND_US;
}

uint32_t sw_alarm_clock_ring(sw_alarm_clock *a, uint64_t now_us, uint64_t utc_us)
{
    uint64_t at_us = now_us;
    if (utc_us != 0u) {
        uint64_t now_utc_us = sw_clock_utc(&a->clock, now_us);
        if (now_utc_us == 0u) {
            return SW_REASON_CLOCK_UNKNOWN;
        }
        if (utc_us < now_utc_us || utc_us > SW_CLOCK_NEWEST_US) {
            return SW_REASON_IN_THE_PAST;
        }
        at_us = sw_clock_tick(&a->clock, utc_us);
    }
    uint32_t refused = is_too_early(a, at_us) ? SW_REASON_TOO_EARLY : sw_alarm_guard_ring(&a->guard, now_us, at_us);
    sw_alarm_clock_step(a, now_us);
    return refused;
}

uint32_t sw_alarm_clock_snooze(sw_alarm_clock *a, uint64_t now_us)
{
    const uint32_t state = a->guard.state;
    act(a, now_us, SW_ALARM_EVENT_SNOOZE_ASKED);
    sw_alarm_clock_step(a, now_us);
    if (state == SW_ALARM_RINGING || state == SW_ALARM_SNOOZED) {
        return SW_REASON_NONE;
    }
    return state == SW_ALARM_OFF ? SW_REASON_NOT_ARMED : SW_REASON_NOT_RINGING;
}

void sw_alarm_clock_night_light(sw_alarm_clock *a, uint64_t now_us, uint32_t level, uint32_t duration_s)
{
    a->night_light = level;
    a->night_until_us = now_us + (uint64_t)duration_s * SECOND_US;
    sw_alarm_clock_step(a, now_us);
}

void sw_alarm_clock_state(const sw_alarm_clock *a, uint64_t now_us, uint64_t nonce, uint32_t refused,
                          sw_packet_alarm_state *out)
{
    const sw_alarm_guard *g = &a->guard;
    int32_t armed = g->state != SW_ALARM_OFF;
    int32_t known = a->clock.source != SW_CLOCK_UNKNOWN;
    uint64_t next_us = earlier(earlier(g->deadline_us, g->replaced_us), earlier(g->early_us, g->snooze_us));
    int32_t rang = g->state == SW_ALARM_RINGING || g->state == SW_ALARM_SNOOZED;
    uint32_t reason = refused != SW_REASON_NONE ? refused : rang ? g->rung_reason : SW_REASON_NONE;
    if (reason == SW_REASON_NONE && a->keeper->failing && (g->unstored || !armed)) {
        reason = SW_REASON_FLASH_FAILED;
    }
    *out = (sw_packet_alarm_state){
        .nonce = nonce, .state = (uint8_t)g->state, .clock = (uint8_t)a->clock.source, .reason = (uint8_t)reason,
        .stored = (uint8_t)(!g->unstored && sw_alarm_memory_holds(a)),
        .set_for_utc_us = g->set_for_utc_us,
        .next_ring_utc_us = known && next_us != NEVER ? sw_clock_utc(&a->clock, next_us) : 0u,
        .rang_at_utc_us = known && g->rang_us != NEVER ? sw_clock_utc(&a->clock, g->rang_us) : 0u,
        .rung_by = (uint8_t)g->rung_by, .sunrise_s = (uint16_t)g->sunrise_s,
        .utc_us = sw_clock_utc(&a->clock, now_us),
    };
}
