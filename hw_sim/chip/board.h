/* The emulated board: the chip, a serial line, flash, clock, pins and seeded entropy around one device under test.
 *
 * Rule: virtual time alone decides what happens when. Events are given in order of time, at equal times in the
 * order of their numbers, so cutting a run into pieces changes nothing. Chip time is in ns, event time in us,
 * rounded up; where transfers take time, the board's goes on behind the step that made them. The device is one function pointer; nothing of its sources is known here. It is told the time since
 * its power came on, as a timer of its own would tell it.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#include "nor_flash.h"
#include "pins.h"
#include "room.h"
#include "rtc.h"
#include "sht4x.h"
#include "trace.h"
#include "veml7700.h"
#include "watchdog.h"

/* One step of the device: time, event -> its next deadline in us, UINT64_MAX none. */
typedef uint64_t (*board_step_fn)(void *fw, uint64_t now_us, uint32_t event);

enum board_event { /* the numbers the device knows */
    BOARD_POWER_ON = 0,
    BOARD_RADAR_IRQ = 1, /* the interrupt line rose and is high */
    BOARD_UART_RX = 2,   /* bytes from the host wait */
    BOARD_SWITCH = 3,    /* the standby switch changed */
    BOARD_BUTTON = 4,    /* the button was pressed or released */
    BOARD_DEADLINE = 5   /* the deadline of the last step has come */
};

enum board_status {
    BOARD_DONE = 0,
    BOARD_NEED_SAMPLES = 1,
    BOARD_DRAIN_TRACE = 2,
    BOARD_RESET = 3, /* watchdog or supply reset the device: wipe its memory, start it, go on */
    BOARD_FAILED = -1
};

enum board_reset { BOARD_RESET_POWER = 0, BOARD_RESET_PIN = 1, BOARD_RESET_WATCHDOG = 2, BOARD_RESET_DIP = 3 };

enum board_sizes {
    BOARD_TX_BYTES = 262144, /* device -> host, drained by the rig at least once a quantum */
    BOARD_RX_BYTES = 65536,  /* host -> device */
    BOARD_MARKS = 8192,      /* writes of the device kept apart until drained */
    BOARD_REASON_BYTES = 160,
    BOARD_UART_BYTES = 512,  /* what a slow line takes and has not yet sent */
    BOARD_STEPS_AT_ONE_TIME = 10000 /* more means the device makes no progress */
};

/* Faults are configuration of the virtual part; docs/simulator.md says what each is like. Not modelled: slow edges. */
enum board_miso_scope { BOARD_MISO_WHOLE = 0, BOARD_MISO_FIFO = 1 };

typedef struct board_faults {
    uint64_t miso_from_us; /* UINT64_MAX: never */
    int32_t miso_scope;    /* all bytes, or only the data of FIFO bursts */
    uint8_t miso_and;      /* byte seen = (byte & and) | or */
    uint8_t miso_or;
    uint32_t miso_flip_ppm;    /* chance of a byte to have one bit flipped, 1e-6; from miso_from_us, same scope */
    uint32_t miso_late;        /* 1: unless the chip's MISO_HS_RD is set, every bit is received one clock late */
    uint32_t lost_clock_every; /* every n-th window loses the last clock of its fourth byte; 0: none */
    uint32_t extra_clock_every; /* sees it twice */
    uint32_t cs_chunk_bytes;   /* chip select is released between chunks of so many bytes; 0: never */
    uint64_t irq_low_from_us;  /* from then on the interrupt line is stuck low; UINT64_MAX: never */
    uint64_t irq_high_from_us; /* or high */
    uint32_t irq_late_us;      /* the line rises so much later than the chip's pin */
    uint32_t irq_spurious_every_us; /* a pulse too short to be seen as a level; 0: none */
    uint32_t irq_miss_every;   /* every n-th edge is not seen; 0: all are */
    uint32_t irq_inverted;     /* 1: active low */
    uint64_t brown_out_at_us;  /* the chip alone loses its power for a moment; UINT64_MAX: never */
    uint64_t dip_at_us;        /* the device alone: it is reset; UINT64_MAX: never */
    uint64_t hang_at_us;       /* the device does nothing any more until it is reset; UINT64_MAX: never */
    uint32_t reset_held;       /* 1: the radar's reset line is held low, whatever the device does */
    uint32_t uart_baud;        /* the line to the host takes a byte in ten bits of this rate; 0: at once */
    /* small parts, 1: it is so */
    uint32_t i2c_stuck;        /* a wire of the I2C bus is held low: nobody is reached */
    uint32_t clock_absent;     /* nobody has the clock chip's address, and so on */
    uint32_t climate_absent;
    uint32_t light_absent;
    uint32_t entropy_absent;
    uint32_t bounce_us;        /* contacts of button and switch bounce for so long; 0: not */
} board_faults;

typedef struct board_mark { /* one write of the device to the serial line */
    uint64_t t_us;
    uint32_t n;
} board_mark;

typedef struct board_bus { /* board_bus.c */
    int32_t irq_seen;       /* level last seen */
    int32_t irq_rose;       /* an edge waits to be given */
    int32_t glitch;         /* so does a spurious one */
    int32_t selected;       /* chip select is low */
    int32_t browned_out;
    uint8_t header[4];      /* first MOSI bytes of this chip-select window */
    uint32_t late_bit;      /* last bit of the byte before, when MISO comes late */
    uint32_t window_bytes;
    uint64_t bytes;         /* since the board began: the counter of the bit flips */
    uint64_t windows;
    uint64_t edges;
    uint64_t glitches;
    uint64_t high_since_us; /* of the chip's own pin; UINT64_MAX: it is low */
    int32_t reset_level;    /* of the device's reset pin */
} board_bus;

typedef struct board {
    void *chip;         /* chip_size() bytes, owned by the caller */
    board_step_fn step; /* the device under test */
    void *fw;
    trace *trace;       /* what happens on the wires is logged there; NULL: nowhere */
    uint64_t seed;
    uint64_t now_us;
    uint64_t power_on_us; /* board time at which the device's own time is 0 */
    uint64_t deadline_us; /* board time */
    uint32_t steps_here; /* turns of the loop at this time */
    int32_t powered;     /* POWER_ON was given */
    int32_t uart_fresh;  /* bytes wait that the device was not told of */
    int32_t switch_fresh;
    int32_t button_fresh;
    uint64_t entropy_given; /* bytes so far: the counter of the generator */
    board_faults faults;
    board_bus bus;
    pins pins;
    rtc clock;
    watchdog dog;
    sht4x climate;
    veml7700 eye;
    room room;
    uint32_t reset_cause; /* enum board_reset */
    uint64_t dipped_us;   /* dip_at_us and hang_at_us that have been; UINT64_MAX none */
    uint64_t hung_us;
    int32_t hangs;
    uint64_t busy_until_us; /* before that the device takes no event */
    uint64_t uart_free_us;  /* a slow line has then sent what it took */
    /* counters */
    uint64_t steps;
    uint64_t tx_bytes;
    uint64_t rx_bytes;
    uint64_t tx_refused; /* bytes the device offered while the queue was full */
    int32_t failed;
    char reason[BOARD_REASON_BYTES];
    /* queues */
    uint32_t tx_n;
    uint32_t mark_n;
    uint32_t rx_head;
    uint32_t rx_n;
    board_mark marks[BOARD_MARKS];
    uint8_t tx[BOARD_TX_BYTES];
    uint8_t rx[BOARD_RX_BYTES];
    nor_flash flash;
} board;

/* Everything at rest at time 0; the device gets POWER_ON at the first run. chip is initialised by the caller; flash: see
 * nor_flash_init. */
void board_init(board *b, void *chip, uint8_t *flash, uint32_t flash_bytes, uint64_t seed);
void board_device(board *b, board_step_fn step, void *fw);
/* Gives every event before until_us. NEED_SAMPLES: fill the chip's ring and call again with the same until_us.
 * DRAIN_TRACE: the log is half full; copy it out, trace_drained(), call again. RESET: start the device anew, call again. */
int32_t board_run(board *b, uint64_t until_us);
/* Logs the wires from now on, beginning with their levels; NULL ends it. */
void board_trace(board *b, trace *log);
/* The first reason stays; the run ends with FAILED. */
void board_fail(board *b, const char *reason);

/* Faults, between runs. */
void board_set_faults(board *b, const board_faults *faults); /* from now on */
void board_brown_out(board *b);                     /* the radar chip alone loses its power for a moment, now */
void board_busy(board *b, uint64_t us);             /* the device takes no event for so long */

/* The host's side of the serial line, between runs. */
uint32_t board_host_write(board *b, const uint8_t *bytes, uint32_t n); /* bytes taken */
void board_host_drained(board *b);                                    /* tx and marks were copied out */

/* The user's side, and the hand on the plug: at a power cycle the device, its pins and what waited in its serial
 * receiver are gone; flash and clock chip keep what they have. The caller wipes the device's memory. */
void board_standby_set(board *b, int32_t level);
void board_button_set(board *b, int32_t level);
void board_button_stick(board *b, int32_t stuck); /* fault: pressed whatever the finger does */
void board_pins_drained(board *b); /* the log was copied out */
void board_power_cycle(board *b);
void board_dip(board *b); /* the same, but the device's supervisor knows that it was a dip; flash operations go on */
void board_device_reset(board *b); /* the same without the radar chip: it goes on as it is */

/* The device's side: plain C types, bound by address. ctx is the board. */
int32_t board_spi_cs(void *ctx, int32_t level);
int32_t board_spi_xfer(void *ctx, const uint8_t *tx, uint8_t *rx, uint32_t n);
int32_t board_radar_reset(void *ctx, int32_t level);
int32_t board_radar_irq(void *ctx);
int32_t board_standby_switch(void *ctx);
int32_t board_button(void *ctx);
int32_t board_buzzer(void *ctx, int32_t level);
int32_t board_light(void *ctx, uint32_t red, uint32_t green, uint32_t blue);
int32_t board_i2c_transfer(void *ctx, uint8_t address, const uint8_t *tx, uint32_t tx_n, uint8_t *rx, uint32_t rx_n);
int32_t board_flash_read(void *ctx, uint32_t address, uint8_t *bytes, uint32_t n);
int32_t board_flash_program(void *ctx, uint32_t address, const uint8_t *bytes, uint32_t n);
int32_t board_flash_erase(void *ctx, uint32_t address);
int32_t board_flash_busy(void *ctx);
int32_t board_uart_write(void *ctx, const uint8_t *bytes, uint32_t n);
int32_t board_uart_read(void *ctx, uint8_t *bytes, uint32_t capacity);
int32_t board_entropy_read(void *ctx, uint8_t *bytes, uint32_t n);
int32_t board_watchdog_start(void *ctx, uint32_t timeout_ms);
int32_t board_watchdog_feed(void *ctx);
int32_t board_reset_cause(void *ctx);

#endif
