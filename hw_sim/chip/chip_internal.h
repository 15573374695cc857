/* The state of the chip and the seams between its files. Private to this folder's chip files.
 *
 * Rule: each file owns one part of the state; only its functions change it.
 */
#ifndef CHIP_INTERNAL_H
#define CHIP_INTERNAL_H

#include "chip.h"
#include "registers.h"

#define N_REGISTERS 0x60u
#define WORD_MASK 0xFFFFFFu
#define FIFO_WORDS 8192u
#define FIFO_BYTES (3u * FIFO_WORDS)
#define TICK_HZ 80000000.0 /* one tick is one clock of the 80 MHz reference */
#define NEVER_TICK UINT64_MAX

#define FIELD(chip, reg, field) FIELD_OF((chip)->registers[REG_##reg], reg##_##field)

/* Decoded registers, in ticks. The frame machine keeps the copy that was valid at FRAME_START. */
typedef struct chip_timing {
    uint32_t n_rx;
    uint32_t rx_mask;
    uint32_t n_samples;     /* per chirp and antenna */
    uint32_t n_chirps;
    uint32_t frame_samples; /* of all antennas */
    uint32_t adc_div;
    uint64_t start_ticks;        /* FRAME_START to the first frame */
    uint64_t first_sample_ticks; /* chirp start to its first ADC trigger */
    uint64_t chirp_ticks;        /* the chirp alone */
    uint64_t chirp_period_ticks;
    uint64_t frame_period_ticks;
} chip_timing;

typedef enum spi_phase { SPI_COMMAND, SPI_SINGLE_DONE, SPI_BURST } spi_phase;

typedef struct spi_state { /* spi.c */
    uint32_t selected;
    spi_phase phase;
    uint64_t n_bytes;       /* whole ones clocked in this window */
    uint32_t n_bits;        /* of the byte that is being clocked; 0 between bytes */
    uint32_t command;       /* bytes of the command so far, first in the highest */
    uint32_t previous;      /* what a single access shows on MISO */
    uint32_t address;       /* of the burst, counting up */
    uint32_t writes;
    uint32_t n_words;       /* 0 = unbounded */
    uint64_t words_done;
    uint32_t word_position; /* bytes of the current 24-bit word already clocked */
    uint32_t word_out;
    uint32_t word_in;
    uint32_t errors_next;   /* FSTAT bits shown by GSR0 of the next window only */
    uint32_t errors_sticky; /* FSTAT bits until software or hardware reset */
    uint32_t underflowed;   /* in this window */
    uint8_t gsr0;
    uint8_t byte_out;       /* of the byte that is being clocked */
    uint8_t byte_in;
} spi_state;

typedef struct fifo_state { /* fifo.c; bytes in wire order, 3 per word */
    uint32_t read_word;
    uint32_t fill;
    uint32_t has_half;      /* the first sample of a word waits for the second */
    uint32_t half;
    uint32_t overflowed;
    uint32_t underflowed;
    uint8_t bytes[FIFO_BYTES];
} fifo_state;

typedef struct frame_state { /* frames.c */
    uint64_t now_tick;
    uint32_t running;
    uint32_t in_frame;         /* samples of the current frame are still to come */
    uint64_t next_frame_tick;
    uint64_t frame_tick;       /* start of the current or last frame */
    uint32_t frames_begun;     /* since FRAME_START */
    uint32_t frames_done;
    uint32_t done;             /* samples of the current frame already in the FIFO */
    const uint16_t *source;    /* of the current frame; NULL: test mode */
    uint32_t lfsr;
    chip_timing timing;        /* kept from FRAME_START */
} frame_state;

typedef struct ring_state { /* ring.c */
    const uint16_t *next;
    uint32_t frames_left;
    uint32_t any_time;
    uint32_t frame_samples;
    uint32_t ended;
} ring_state;

typedef struct sadc_state { /* sadc.c */
    uint64_t done_tick; /* of the last conversion */
    uint32_t result;    /* of the last conversion started */
    uint32_t before;    /* shown until it is over */
    uint32_t awake;     /* a conversion was started since the last reset */
} sadc_state;

typedef struct memory_test_state { /* memory_test.c */
    uint64_t done_tick;
    uint32_t started;
} memory_test_state;

typedef struct reset_state { /* resets.c */
    uint64_t low_tick;      /* the reset pin fell */
    uint64_t software_tick; /* the last software reset */
    uint32_t stuck;         /* fault: reset bits of MAIN that never clear */
} reset_state;

typedef struct chip {
    chip_options options;
    uint32_t registers[N_REGISTERS];
    uint32_t in_reset;
    reset_state resets;
    sadc_state sadc;
    memory_test_state memory_test;
    spi_state spi;
    frame_state frames;
    ring_state ring;
    chip_counters counters;
    fifo_state fifo;
} chip;

/* registers.c */
void registers_reset(chip *c);
uint32_t registers_peek(chip *c, uint32_t address); /* no side effect */
void registers_write(chip *c, uint32_t address, uint32_t value);
void chip_warn(chip *c, uint32_t address);

/* resets.c: each includes the weaker ones */
void reset_fsm(chip *c);
void reset_fifo(chip *c);
void reset_software(chip *c);
void resets_check_wait(chip *c); /* at the begin of an access */

/* sadc.c */
void sadc_start(chip *c);
void sadc_reset(chip *c);
uint32_t sadc_read(const chip *c);  /* SADC_RESULT */
uint32_t sadc_ready(const chip *c); /* STAT0.SADC_RDY */

/* memory_test.c */
void memory_test_command(chip *c); /* DFT0 was written */
void memory_test_reset(chip *c);
uint32_t memory_test_running(const chip *c);
uint32_t memory_test_read(const chip *c); /* DFT1 */

/* fifo.c */
void fifo_reset(fifo_state *fifo);
uint32_t fifo_push(fifo_state *fifo, const uint16_t *samples, uint32_t n); /* how many it took */
void fifo_pop(fifo_state *fifo, uint8_t *bytes, uint32_t n_words); /* bytes NULL drops */

/* timing.c */
void timing_decode(const chip *c, chip_timing *out);
double timing_ramp_slope_hz_per_s(const chip *c);

/* frames.c */
void frames_start(chip *c);
uint32_t frames_power_mode(const chip *c); /* 1 active, 2 interchirp, 3 idle, 5 deep sleep */
uint32_t frames_groups_done(const chip *c);
uint32_t frames_lfsr_enabled(const chip *c);

/* ring.c */
void ring_at_start(chip *c);               /* frames were started anew */
const uint16_t *ring_take(chip *c);        /* one frame; NULL: none */

/* lfsr.c */
#define LFSR_SEED 0x001u
uint32_t lfsr_step(uint32_t state);
void lfsr_fill(uint32_t *state, const chip_timing *timing, uint32_t first, uint32_t n, uint16_t *out);

#endif
