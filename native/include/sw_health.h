/* Health: which faults are present, and which were.
 *
 * Whoever notices a fault calls sw_health_note(), each time, and nothing else. It is present until it has not been
 * noticed for its row's hold time; so nobody has to say that something is over, and what flickers is told once.
 * Rule: one row per fault, memory bounded by the table; who has noticed nothing pays nothing.
 *
 * Times: now_us of the caller, us since power-on.
 */
#ifndef SW_HEALTH_H
#define SW_HEALTH_H

#include <stdint.h>
#include "sw_packet.h"
#include "sw_words.h"

/* ROW(reason, hold s, sensed 1: it depends on who or what is in front, and is told while streaming only), the most
 * important first. Hold times span what lies between two looks: back-off of the radar up to 32 s, frames 50 ms. */
#define SW_HEALTH_ROWS(ROW) \
    ROW(ENTROPY_FAILED, 60, 0) \
    ROW(FLASH_FAILED, 60, 0) \
    ROW(FLASH_WORN, 60, 0) \
    ROW(FLASH_TORN, 60, 0) \
    ROW(FLASH_SLOW, 60, 0) \
    ROW(WATCHDOG, 60, 0) \
    ROW(POWER_DIP, 60, 0) \
    ROW(CLOCK_ABSENT, 180, 0) \
    ROW(CLOCK_STOPPED, 180, 0) \
    ROW(CLOCK_POWER_LOST, 180, 0) \
    ROW(CLOCK_DRIFT, 180, 0) \
    ROW(BUTTON_STUCK, 10, 0) \
    ROW(MISO_LOW, 40, 0) \
    ROW(MISO_HIGH, 40, 0) \
    ROW(BUS_LATE, 40, 0) \
    ROW(BUS_SPLIT, 40, 0) \
    ROW(BUS_SLOW, 40, 0) \
    ROW(BUS_CLOCKS, 40, 0) \
    ROW(BUS_BITS, 40, 0) \
    ROW(WRONG_CHIP, 40, 0) \
    ROW(RESET_STUCK, 40, 0) \
    ROW(MEMORY_BROKEN, 40, 0) \
    ROW(OSCILLATOR_OFF, 40, 0) \
    ROW(BROWN_OUT, 10, 0) \
    ROW(FRAMES_ENDED, 10, 0) \
    ROW(STATUS_MIRRORED, 40, 0) \
    ROW(STATUS_FALSE, 10, 0) \
    ROW(IRQ_INVERTED, 10, 0) \
    ROW(IRQ_STUCK, 10, 0) \
    ROW(IRQ_SILENT, 10, 0) \
    ROW(IRQ_EARLY, 10, 0) \
    ROW(IRQ_MISSED, 10, 0) \
    ROW(IRQ_LATE, 10, 0) \
    ROW(IRQ_FALSE, 10, 0) \
    ROW(OVERFLOW, 10, 0) \
    ROW(UNDERFLOW, 10, 0) \
    ROW(FIFO_SHIFTED, 10, 0) \
    ROW(SELF_TEST_FAILED, 40, 0) \
    ROW(RADAR_FAILED, 40, 0) \
    ROW(REFERENCE, 120, 0) \
    ROW(TEMPERATURE, 180, 0) \
    ROW(FRAME_PAUSE, 10, 0) \
    ROW(FRAME_DROPPED, 10, 0) \
    ROW(FRAME_REPEATED, 10, 0) \
    ROW(FRAME_JITTER, 10, 0) \
    ROW(ANTENNA_DEAD, 10, 0) \
    ROW(RAMP, 10, 0) \
    ROW(ADC_OFFSET, 10, 0) \
    ROW(FIRST_CHIRP, 10, 0) \
    ROW(SUPPLY_RIPPLE, 10, 0) \
    ROW(CALIBRATION_LOST, 60, 0) \
    ROW(LINE_BROKEN, 10, 0) \
    ROW(LINE_GARBLED, 30, 0) \
    ROW(LINE_SLOW, 30, 0) \
    ROW(CLIMATE_ABSENT, 180, 0) \
    ROW(CLIMATE_CHECK, 180, 0) \
    ROW(LIGHT_ABSENT, 180, 0) \
    ROW(LIGHT_SATURATED, 180, 1) \
    ROW(ANTENNA_MISMATCH, 10, 1) \
    ROW(SATURATED, 10, 1) \
    ROW(INTERFERENCE, 10, 1) \
    ROW(LEAKAGE, 10, 1)

#define SW_HEALTH_ROW(reason, hold, sensed) SW_HEALTH_##reason,
typedef enum sw_health_index { SW_HEALTH_ROWS(SW_HEALTH_ROW) SW_HEALTH_COUNT } sw_health_index;
#undef SW_HEALTH_ROW

#define SW_HEALTH_LISTED 16u /* present and past faults in one HEALTH answer */

typedef struct sw_health_fault {
    uint64_t from_us;  /* first noticed: of this time, or of the last one */
    uint64_t to_us;    /* last noticed */
    uint16_t times;    /* noticed in this boot; stays at 65535 */
    uint8_t present;
    uint8_t untold;    /* 1: began or ended since the host was told of it */
} sw_health_fault;

typedef struct sw_health {
    uint64_t next_us;    /* sw_health_step() has nothing to do before */
    uint32_t present_n;
    uint32_t untold_n;
    uint32_t changes;    /* begun or over in this boot, the sensed ones left out */
    uint32_t reset_cause; /* SW_RESET_* */
    sw_health_fault fault[SW_HEALTH_COUNT];
} sw_health;

/* What a FAULT packet says, times still in now_us. */
typedef struct sw_health_change {
    uint32_t reason;
    uint32_t present;
    uint32_t times;
    uint64_t from_us;
    uint64_t to_us;
} sw_health_change;

void sw_health_init(sw_health *h);
/* A fault was noticed just now. A reason that has no row is ignored. */
void sw_health_note(sw_health *h, uint64_t now_us, uint32_t reason);
/* 1 while it is present, by the last step. */
int32_t sw_health_present(const sw_health *h, uint32_t reason);
/* The most important of the present faults that keep frames from the chain; SW_REASON_NONE: none of them is. */
uint32_t sw_health_blinding(const sw_health *h);
/* Ends what has not been noticed for its hold time. Cheap before h->next_us. */
void sw_health_step(sw_health *h, uint64_t now_us);
/* The next change the host was not told of, the most important fault first; 0: none is left. */
int32_t sw_health_take(sw_health *h, sw_health_change *out);
/* Present faults by importance and past ones, the latest first, the sensed ones left out. */
void sw_health_list(const sw_health *h, uint8_t *present, uint8_t *past);

#endif
