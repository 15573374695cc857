/* The snapshot's way to flash and back.
 *
 * Rule: see the header. Fields are serialised one by one, little-endian; unused bytes are 0.
 */
#include "sw_keeper.h"

#include <string.h>

#include "sw_handles.h"

#define AT_SIDE 0u
#define AT_LEARNT 1u
#define AT_SUNRISE 2u /* two bytes */
#define AT_SET_FOR 4u
#define AT_RING 12u
#define AT_PLACE 20u
#define AT_WINDOW 36u /* two bytes */
#define AT_STANDBY 38u
#define AT_RADAR 40u /* its fields in order, four bytes each */
#define RADAR_FIELDS 11u
#define AT_NEAR 84u
#define AT_WAITED 85u
#define AT_STEPPED 86u
#define SECTOR 0u
#define NEVER UINT64_MAX

_Static_assert(sizeof(sw_radar_config) == RADAR_FIELDS * 4u, "fields of the radar config");
_Static_assert(AT_RADAR + RADAR_FIELDS * 4u == AT_NEAR && AT_STEPPED < SW_STORE_BYTES, "the snapshot does not fit the record");

static void put(uint8_t *to, uint64_t value, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (uint8_t)(value >> (8u * i));
    }
}

static uint64_t get(const uint8_t *from, uint32_t n)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < n; i++) {
        value |= (uint64_t)from[i] << (8u * i);
    }
    return value;
}

void sw_kept_put(const sw_kept *kept, uint8_t *bytes)
{
    memset(bytes, 0, SW_STORE_BYTES);
    put(bytes + AT_SIDE, kept->side, 1);
    put(bytes + AT_LEARNT, kept->bed_learnt, 1);
    put(bytes + AT_SUNRISE, kept->alarm.sunrise_s, 2);
    put(bytes + AT_SET_FOR, kept->alarm.set_for_utc_us, 8);
    put(bytes + AT_RING, kept->alarm.ring_utc_us, 8);
    put(bytes + AT_NEAR, kept->alarm.near, 1);
    put(bytes + AT_WAITED, kept->alarm.waited, 1);
    put(bytes + AT_STEPPED, kept->alarm.stepped, 1);
    memcpy(bytes + AT_PLACE, kept->place, SW_KEEPER_PLACE_BYTES);
    put(bytes + AT_WINDOW, kept->wake_window_s, 2);
    put(bytes + AT_STANDBY, kept->standby, 1);
    uint32_t radar[RADAR_FIELDS];
    memcpy(radar, &kept->radar, sizeof radar);
    for (uint32_t i = 0; i < RADAR_FIELDS; i++) {
        put(bytes + AT_RADAR + 4u * i, radar[i], 4);
    }
}

void sw_kept_get(sw_kept *kept, const uint8_t *bytes)
{
    kept->side = (uint32_t)get(bytes + AT_SIDE, 1);
    kept->bed_learnt = (uint32_t)get(bytes + AT_LEARNT, 1);
    kept->alarm.sunrise_s = (uint32_t)get(bytes + AT_SUNRISE, 2);
    kept->alarm.set_for_utc_us = get(bytes + AT_SET_FOR, 8);
    kept->alarm.ring_utc_us = get(bytes + AT_RING, 8);
    kept->alarm.near = (uint32_t)get(bytes + AT_NEAR, 1);
    kept->alarm.waited = (uint32_t)get(bytes + AT_WAITED, 1);
    kept->alarm.stepped = (uint32_t)get(bytes + AT_STEPPED, 1);
    memcpy(kept->place, bytes + AT_PLACE, SW_KEEPER_PLACE_BYTES);
    kept->wake_window_s = (uint32_t)get(bytes + AT_WINDOW, 2);
    kept->standby = (uint32_t)get(bytes + AT_STANDBY, 1);
    uint32_t radar[RADAR_FIELDS];
    for (uint32_t i = 0; i < RADAR_FIELDS; i++) {
        radar[i] = (uint32_t)get(bytes + AT_RADAR + 4u * i, 4);
    }
    memcpy(&kept->radar, radar, sizeof radar);
}

void sw_keeper_init(sw_keeper *k, uint64_t now_us)
{
    memset(k, 0, sizeof *k);
    k->wanted.wake_window_s = SW_KEEPER_ANY_TIME;
    sw_kept_put(&k->wanted, k->flash);
    k->at_us = now_us;
}

static sw_keeper_news load(sw_keeper *k, const sw_hal *hal, uint64_t now_us)
{
    int32_t found = sw_flash_store_load(&k->store, hal, SECTOR, SW_STORE_SLOT_BYTES, k->record);
    if (found < 0 && ++k->loads < SW_KEEPER_LOADS_MAX) {
        k->at_us = now_us + SW_KEEPER_LOAD_US;
        return SW_KEEPER_NOTHING;
    }
    if (found > 0) {
        memcpy(k->flash, k->record + SW_STORE_CONTENT_AT, SW_STORE_BYTES);
        sw_kept_get(&k->wanted, k->flash);
    }
    if (SW_HANDLES(FLASH_TORN) && k->store.torn) { /* written once more, behind what is damaged */
        memset(k->flash, 0xFF, SW_STORE_BYTES);
    }
    k->loaded = 1;
    k->at_us = NEVER;
    return SW_KEEPER_LOADED;
}

static int32_t differs(const sw_keeper *k)
{
    uint8_t bytes[SW_STORE_BYTES];
    sw_kept_put(&k->wanted, bytes);
    return memcmp(bytes, k->flash, SW_STORE_BYTES) != 0;
}

/* What failed is tried again later, something else at once. */
static void write_if_needed(sw_keeper *k, const sw_hal *hal, uint64_t now_us)
{
    uint8_t bytes[SW_STORE_BYTES];
    const uint8_t *last = k->record + SW_STORE_CONTENT_AT;
    if (k->store.state != SW_STORE_IDLE || !differs(k)) {
        return;
    }
    sw_kept_put(&k->wanted, bytes);
    if (k->failing && now_us < k->again_us && memcmp(bytes, last, SW_STORE_BYTES) == 0) {
        k->at_us = k->again_us;
        return;
    }
    memcpy(k->record + SW_STORE_CONTENT_AT, bytes, SW_STORE_BYTES);
    sw_flash_store_write(&k->store, hal, now_us, k->record);
    k->at_us = k->store.poll_us;
}

sw_keeper_news sw_keeper_step(sw_keeper *k, const sw_hal *hal, uint64_t now_us)
{
    sw_keeper_news news = SW_KEEPER_NOTHING;
    if (!k->loaded) {
        return now_us < k->at_us ? SW_KEEPER_NOTHING : load(k, hal, now_us);
    }
    sw_store_result result = sw_flash_store_step(&k->store, hal, now_us, k->record);
    if (result == SW_STORE_WRITTEN) {
        memcpy(k->flash, k->record + SW_STORE_CONTENT_AT, SW_STORE_BYTES);
        k->failing = 0;
        news = SW_KEEPER_STORED;
    } else if (result == SW_STORE_FAILED) {
        k->failing = 1;
        memset(k->flash, 0xFF, SW_STORE_BYTES); /* nobody knows now what a reboot would find: write whatever is wanted */
        k->again_us = now_us + SW_KEEPER_AGAIN_US;
        news = SW_KEEPER_FAILED;
    }
    k->at_us = k->store.poll_us;
    write_if_needed(k, hal, now_us);
    return news;
}

int32_t sw_keeper_holds(const sw_keeper *k, const sw_hal *hal)
{
    uint8_t bytes[SW_STORE_BYTES];
    sw_kept_put(&k->wanted, bytes);
    return k->loaded && sw_flash_store_holds(&k->store, hal, bytes);
}

int32_t sw_keeper_idle(const sw_keeper *k) { return k->loaded && k->store.state == SW_STORE_IDLE && !differs(k); }
