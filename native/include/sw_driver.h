/* Driver of the radar chip BGT60TR13C: from power-on to a stream of frames with chip time.
 *
 * Rule: never blocks; every wait is a deadline. A frame is whole or it is not delivered. What goes wrong has a reason
 * of its own; what can be mended or worked around is, the rest backs off and tries again.
 *
 * Split in three: driver.c knows states and times, driver_bus.c accesses, driver_diagnose.c what is wrong.
 */
#ifndef SW_DRIVER_H
#define SW_DRIVER_H

#include <stdint.h>
#include "sw_config.h"
#include "sw_hal.h"
#include "sw_health.h"
#include "sw_radar_registers.h"

/* STATE(NAME): what the driver waits for */
#define SW_DRIVER_STATES(STATE) \
    STATE(SLEEPING)  /* nothing: deep sleep, no chirp is sent */ \
    STATE(RESETTING) /* the reset pin is low */ \
    STATE(WAKING)    /* the chip has left reset */ \
    STATE(CLEARING)  /* the software reset to end */ \
    STATE(CHECKING)  /* the memory's self test to end */ \
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
    uint32_t overflows;       /* FIFO over- or underflows; frames restarted */
    uint32_t bus_errors;      /* frames whose bytes cannot be trusted; frames restarted */
    uint32_t silences;        /* no frame for more than 3 periods; frames or chip restarted */
    uint32_t wrong_chips;     /* no or another chip id, or a register that does not take its word */
    uint32_t reset_failures;  /* the software reset did not end */
    uint32_t self_test_failures;
    uint32_t false_irqs;      /* interrupt event while the line is low */
    uint32_t late_irqs;       /* line high, but no event came; the frame was taken all the same */
    uint32_t polled;          /* frames taken although the line stayed low */
    uint32_t dropped;         /* frames that the chip left out */
    uint32_t repeated;        /* frames equal to the one before, not delivered */
    uint32_t browned_out;     /* set up again after a dip of the chip's supply */
} sw_driver_counters;

#define SW_DRIVER_HISTORY 8u  /* intervals between frames that are looked at together */
#define SW_DRIVER_SIGNATURE 16u /* samples of a frame by which a repeated one is known */

/* When frames come, by the caller's timer, us. */
typedef struct sw_driver_pace {
    uint32_t period_us;       /* programmed */
    uint32_t active_us;       /* first to last sample of a frame */
    uint32_t slack_us;        /* so much later than expected is not late */
    uint64_t expected_us;     /* the next interrupt */
    uint64_t silent_us;       /* without a frame until then the radar counts as silent */
    uint64_t waits_from_us;   /* a frame is complete and its interrupt missing since; 0: no */
    uint64_t arrived_us;      /* last frame by interrupt; 0: none */
    uint32_t looked;          /* 1: at its time the next frame was not complete */
    uint32_t fill;            /* words in the FIFO at that look */
    uint32_t early;           /* 1: an interrupt before its time was looked at; once a frame is enough */
    uint32_t polling;         /* 1: the line is given up: frames are taken when they are due */
    int32_t error_us[SW_DRIVER_HISTORY]; /* interval - period of the last frames */
    uint32_t error_n;
    uint32_t late_n;          /* of them: not complete at their time */
    uint32_t seen_n;          /* frames of the long look at the reference, ... */
    uint64_t seen_us;         /* ... which began then */
} sw_driver_pace;

/* The chip's own temperature (driver_temperature.c). */
typedef struct sw_driver_temperature {
    uint64_t at_us;           /* measured; 0: not since the last reset */
    int32_t value;            /* 0.01 degree Celsius */
    uint64_t next_us;         /* then the next conversion is started */
    uint32_t started;         /* 1: one was, and its result is fetched at the next look */
} sw_driver_temperature;

typedef struct sw_driver {
    const sw_hal *hal;
    sw_health *health;        /* whom faults are told */
    sw_radar_config config;
    sw_radar_timing timing;
    uint32_t words[SW_RADAR_REGISTER_COUNT];
    sw_driver_state state;
    sw_self_test self_test;
    uint32_t failure;         /* SW_REASON_RADAR_FAILED or SW_REASON_SELF_TEST_FAILED while no frames come, else 0 */
    uint32_t cause;           /* SW_REASON_* of the fault behind it, where it is known; else 0 */
    uint64_t deadline_us;     /* next call at the latest; UINT64_MAX none */
    uint64_t anchor_us;       /* time of FRAME_START */
    uint32_t next_frame;      /* frames since frame start, those the chip left out included */
    uint32_t lost;            /* frames were lost before the next one */
    uint32_t failures;        /* in a row: exponent of the back-off */
    uint32_t restarts;        /* of the frames, in a row */
    uint32_t set_up[SW_RADAR_REGISTER_COUNT]; /* registers as they read back after configuration */
    uint32_t answer;          /* last access: 32 bits as they came */
    uint32_t gsr0;            /* ... and its status in the data sheet's order */
    uint32_t errors;          /* GSR0 error bits of all accesses since they were asked for */
    uint32_t looked_twice;    /* 1: the last FIFO status was read again */
    uint32_t mirrored;        /* 1: the chip's status bits stand in the other order */
    uint32_t high_speed;      /* 1: it has to answer half a clock early */
    uint32_t window_bytes;    /* longest chip-select window that stays whole; 0: any */
    uint32_t behind_n;        /* frames in a row behind which the next one waited already */
    uint32_t slow;            /* 1: the bus is slower than the data */
    uint32_t level_lost;      /* 1: the chip does not hold the interrupt level */
    uint32_t test_sign;       /* what was wrong in the last self test; 0: nothing */
    uint32_t tries;           /* of what is being tried: self tests, looks at the memory test */
    uint32_t looks;           /* frames until the registers are looked at again */
    uint32_t repeats;         /* frames in a row that were equal to the one before */
    uint16_t signature[SW_DRIVER_SIGNATURE];
    sw_driver_pace pace;
    sw_driver_temperature temperature;
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
int32_t sw_driver_init(sw_driver *d, const sw_hal *hal, sw_health *health, const sw_radar_config *config,
                       uint16_t *samples);
/* on 1: brings the chip up from hardware reset; 0: deep sleep. Does nothing when already there. */
void sw_driver_power(sw_driver *d, uint64_t now_us, int32_t on);
/* Events, each returns 1 when d->samples holds a new frame. */
int32_t sw_driver_irq(sw_driver *d, uint64_t now_us);
int32_t sw_driver_deadline(sw_driver *d, uint64_t now_us);

/* n 12-bit samples out of n / 2 * 3 bytes; n a multiple of 4. packed may lie in the second half of samples, two
 * bytes behind its end are read. Returns 1 when a sample stands at 0 or 4095. */
int32_t sw_unpack12(const uint8_t *packed, uint16_t *samples, uint32_t n);

#endif
