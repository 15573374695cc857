/* Driver of the radar chip BGT60TR13C: from power-on to a stream of frames with chip time.
 *
 * Rule: never blocks; every wait is a deadline. A frame is whole or it is not delivered.
 */
#ifndef SW_DRIVER_H
#define SW_DRIVER_H

#include <stdint.h>
#include "sw_config.h"
#include "sw_hal.h"
#include "sw_radar_registers.h"

/* STATE(NAME): what the driver waits for */
#define SW_DRIVER_STATES(STATE) \
    STATE(SLEEPING)  /* nothing: deep sleep, no chirp is sent */ \
    STATE(RESETTING) /* the reset pin is low */ \
    STATE(WAKING)    /* the chip has left reset */ \
    STATE(CLEARING)  /* the software reset to end */ \
    STATE(TESTING)   /* the frame of the self test */ \
    STATE(RUNNING)   /* the next frame */ \
    STATE(WAITING)   /* the next try after a failure */

#define SW_DRIVER_WORD(NAME) SW_DRIVER_##NAME,
typedef enum sw_driver_state { SW_DRIVER_STATES(SW_DRIVER_WORD) SW_DRIVER_COUNT } sw_driver_state;
#undef SW_DRIVER_WORD

typedef enum sw_self_test {
    SW_SELF_TEST_NOT_RUN = 0,
    SW_SELF_TEST_PASSED,
    SW_SELF_TEST_FAILED,
    SW_SELF_TEST_SKIPPED_RX1_OFF /* the chip tests its data path on RX1 only */
} sw_self_test;

typedef struct sw_driver_counters {
    uint32_t frames;          /* delivered */
    uint32_t starts;          /* frame starts, the self test's left out */
    uint32_t overflows;       /* FIFO over- or underflow seen in GSR0; frames restarted */
    uint32_t bus_errors;      /* GSR0 says clock or burst error, or is no GSR0 at all; frames restarted */
    uint32_t silences;        /* no frame for more than 3 periods; chip restarted */
    uint32_t wrong_chips;     /* no or another chip id, or a register that did not take its word */
    uint32_t reset_failures;  /* the software reset did not end */
    uint32_t self_test_failures;
    uint32_t false_irqs;      /* interrupt event while the line is low */
    uint32_t late_irqs;       /* line high, but no event came */
} sw_driver_counters;

typedef struct sw_driver {
    const sw_hal *hal;
    sw_radar_config config;
    sw_radar_timing timing;
    uint32_t words[SW_RADAR_REGISTER_COUNT];
    sw_driver_state state;
    sw_self_test self_test;
    uint32_t failure;         /* SW_REASON_RADAR_FAILED or SW_REASON_SELF_TEST_FAILED while no frames come, else 0 */
    uint32_t cause;           /* SW_REASON_* of the fault behind it, where it is known; else 0 */
    uint64_t deadline_us;     /* next call at the latest; UINT64_MAX none */
    uint64_t anchor_us;       /* time of FRAME_START */
    uint32_t next_frame;      /* frames read since frame start */
    uint32_t lost;            /* frames were lost before the next one */
    uint32_t failures;        /* in a row: exponent of the back-off */
    uint32_t restarts;        /* of the frames, in a row */
    sw_driver_counters counters;
    /* the frame just read */
    uint64_t t_us;            /* chip time of its start */
    uint32_t frame;
    uint32_t flags;           /* SW_FLAG_* */
    /* samples of the frame, [chirp][sample][rx], good until somebody else writes there; the packed bytes lie in their
     * second half while they come in */
    uint16_t *samples;
} sw_driver;

/* samples: SW_MAX_FRAME_SAMPLES + SW_FRAME_SPARE, written only while a frame is read. Returns 0 or a negative sw_error
 * for a config the chip cannot do. */
int32_t sw_driver_init(sw_driver *d, const sw_hal *hal, const sw_radar_config *config, uint16_t *samples);
/* on 1: brings the chip up from hardware reset; 0: deep sleep. Does nothing when already there. */
void sw_driver_power(sw_driver *d, uint64_t now_us, int32_t on);
/* Events, each returns 1 when d->samples holds a new frame. */
int32_t sw_driver_irq(sw_driver *d, uint64_t now_us);
int32_t sw_driver_deadline(sw_driver *d, uint64_t now_us);

/* n 12-bit samples out of n / 2 * 3 bytes; n a multiple of 4. packed may lie in the second half of samples, two
 * bytes behind its end are read. Returns 1 when a sample stands at 0 or 4095. */
int32_t sw_unpack12(const uint8_t *packed, uint16_t *samples, uint32_t n);

#endif
