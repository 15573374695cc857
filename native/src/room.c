/* Two sensors, started and fetched. See sw_room.h.
 *
 * Rule: see the header.
 */
#include "sw_room.h"

#include <string.h>

#include "sw_sht4x.h"
#include "sw_veml7700.h"
#include "sw_words.h"

#define VALID 255u

#define STATE_LASTS(NAME, lasts) lasts,
static const uint32_t lasts_us[SW_ROOM_COUNT] = {SW_ROOM_STATES(STATE_LASTS)};
#undef STATE_LASTS

void sw_room_init(sw_room *r, uint64_t now_us)
{
    memset(r, 0, sizeof *r);
    r->minute_us = now_us + SW_ROOM_FIRST_US;
    r->at_us = r->minute_us;
}

static void go(sw_room *r, uint64_t now_us, sw_room_state state)
{
    r->state = state;
    r->at_us = state == SW_ROOM_RESTING ? r->minute_us : now_us + lasts_us[state];
}

static void start(sw_room *r, const sw_hal *hal, uint64_t now_us)
{
    r->climate_why = sw_sht4x_start(hal);
    r->light_why = sw_veml7700_start(hal, SW_VEML7700_BRIGHT);
    go(r, now_us, SW_ROOM_MEASURING);
}

static void fetch_climate(sw_room *r, const sw_hal *hal)
{
    sw_sht4x_reading reading = {0};
    if (r->climate_why == SW_REASON_NONE) {
        r->climate_why = sw_sht4x_fetch(hal, &reading);
    }
    const uint8_t validity = r->climate_why == SW_REASON_NONE ? VALID : 0u;
    r->now = (sw_packet_room){
        .temperature = reading.temperature, .temperature_validity = validity,
        .temperature_reason = (uint8_t)r->climate_why,
        .humidity = reading.humidity, .humidity_validity = validity, .humidity_reason = (uint8_t)r->climate_why,
    };
}

/* The end of a measurement: 1. */
static int32_t end(sw_room *r, const sw_hal *hal, uint64_t now_us, uint32_t counts, sw_veml7700_range range)
{
    uint32_t centilux = 0;
    if (r->light_why == SW_REASON_NONE) {
        r->light_why = sw_veml7700_light(counts, range, &centilux);
    }
    r->now.light = centilux;
    r->now.light_validity = r->light_why == SW_REASON_NONE ? VALID : 0u;
    r->now.light_reason = (uint8_t)r->light_why;
    sw_veml7700_stop(hal);
    go(r, now_us, SW_ROOM_RESTING);
    return 1;
}

static int32_t measured(sw_room *r, const sw_hal *hal, uint64_t now_us)
{
    fetch_climate(r, hal);
    r->bright = 0;
    if (r->light_why == SW_REASON_NONE) {
        r->light_why = sw_veml7700_fetch(hal, &r->bright);
    }
    if (r->light_why == SW_REASON_NONE && r->bright < SW_VEML7700_FEW) {
        r->light_why = sw_veml7700_start(hal, SW_VEML7700_DARK);
        go(r, now_us, SW_ROOM_DARK);
        return 0;
    }
    return end(r, hal, now_us, r->bright, SW_VEML7700_BRIGHT);
}

/* Full: somebody has switched a light on meanwhile; then the first look counts. */
static int32_t measured_dark(sw_room *r, const sw_hal *hal, uint64_t now_us)
{
    uint32_t counts = 0;
    if (r->light_why == SW_REASON_NONE) {
        r->light_why = sw_veml7700_fetch(hal, &counts);
    }
    const int32_t full = counts >= SW_VEML7700_FULL;
    return end(r, hal, now_us, full ? r->bright : counts, full ? SW_VEML7700_BRIGHT : SW_VEML7700_DARK);
}

int32_t sw_room_step(sw_room *r, const sw_hal *hal, uint64_t now_us, int32_t standby)
{
    if (now_us < r->at_us) {
        return 0;
    }
    while (r->minute_us <= now_us) {
        r->minute_us += SW_ROOM_PERIOD_US;
    }
    if (standby) {
        if (r->state != SW_ROOM_RESTING) {
            sw_veml7700_stop(hal);
        }
        go(r, now_us, SW_ROOM_RESTING);
        return 0;
    }
    switch (r->state) {
    case SW_ROOM_MEASURING:
        return measured(r, hal, now_us);
    case SW_ROOM_DARK:
        return measured_dark(r, hal, now_us);
    default:
        start(r, hal, now_us);
        return 0;
    }
}
