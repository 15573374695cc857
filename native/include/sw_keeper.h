/* What the device must not forget: settings, orders and the armed alarm, as one snapshot in flash.
 *
 * Whoever changes `wanted` is done; the keeper writes it as soon as the flash is free, and tries again when that failed.
 * Rule: the whole snapshot is one record, so a power failure leaves the old one or the new one, never a mixture.
 */
#ifndef SW_KEEPER_H
#define SW_KEEPER_H

#include <stdint.h>
#include "sw_config.h"
#include "sw_flash_store.h"

#define SW_KEEPER_AGAIN_US 60000000u /* after a failed write */
#define SW_KEEPER_LOAD_US 5000u      /* the flash was busy at power-on: again after this ... */
#define SW_KEEPER_LOADS_MAX 12000u   /* ... so often, a minute; then it counts as empty */
#define SW_KEEPER_PLACE_BYTES 16u
#define SW_KEEPER_ANY_TIME 65535u /* a wake window without an end */

typedef struct sw_kept_alarm {
    uint64_t set_for_utc_us; /* as the user set it; 0: no alarm is armed */
    uint64_t ring_utc_us;    /* when it rings at the latest, by the clock that the battery clock keeps; never after set_for */
    uint32_t sunrise_s;
    uint32_t near;           /* 0: it is far; else how often SW_ALARM_CLOCK_NEAR_US before the ring was counted, up to 6 */
    uint32_t waited;         /* pieces of SW_ALARM_CLOCK_COUNT_US that were begun without a clock, up to 255 */
    uint32_t stepped;        /* 1: the clock was set forward since, and so it rings sooner */
} sw_kept_alarm;

typedef struct sw_kept {
    uint32_t side;       /* SW_SIDE_* */
    uint32_t bed_learnt; /* 1: place holds what an earlier night has learnt */
    uint8_t place[SW_KEEPER_PLACE_BYTES];
    sw_kept_alarm alarm;
    uint32_t wake_window_s;  /* before the set time, in which the host may ring; SW_KEEPER_ANY_TIME: no end */
    uint32_t standby;        /* 1: by command of the host */
    sw_radar_config radar;   /* of the host; rx_mask 0: none, the device's own is in force */
} sw_kept;

typedef enum sw_keeper_news { SW_KEEPER_NOTHING = 0, SW_KEEPER_LOADED, SW_KEEPER_STORED, SW_KEEPER_FAILED } sw_keeper_news;

typedef struct sw_keeper {
    sw_kept wanted;      /* valid once loaded */
    uint32_t loaded;     /* 1: the flash was read, or given up */
    uint32_t loads;      /* tries so far */
    uint32_t failing;    /* 1: the last write failed */
    uint64_t again_us;   /* it is tried again then */
    uint64_t at_us;      /* next step; UINT64_MAX none */
    sw_flash_store store;
    uint8_t record[SW_STORE_SLOT_BYTES]; /* being written */
    uint8_t flash[SW_STORE_BYTES]; /* content of the newest record, as far as it was read or written */
} sw_keeper;

void sw_keeper_init(sw_keeper *k, uint64_t now_us);
/* At at_us, and after any change of `wanted`. STORED, FAILED: the end of one write; LOADED: once, first of all. */
sw_keeper_news sw_keeper_step(sw_keeper *k, const sw_hal *hal, uint64_t now_us);
/* 1: the record in flash, read just now, is what is wanted. */
int32_t sw_keeper_holds(const sw_keeper *k, const sw_hal *hal);
/* 1: nothing is left to write. */
int32_t sw_keeper_idle(const sw_keeper *k);
void sw_kept_put(const sw_kept *kept, uint8_t *bytes);       /* SW_STORE_BYTES */
void sw_kept_get(sw_kept *kept, const uint8_t *bytes);

#endif
