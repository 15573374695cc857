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
#define MAX_SHAPES 4u
#define MAX_SETS 4u
#define UP 0u
#define DOWN 1u
#define NEVER_TICK UINT64_MAX

#define FIELD(chip, reg, field) FIELD_OF((chip)->registers[REG_##reg], reg##_##field)

/* One enabled shape. Index UP or DOWN; a saw-tooth has no down-chirp: no samples, no ticks. */
typedef struct shape_timing {
    uint32_t number;         /* 0..3 is shape 1..4 */
    uint32_t triangle;
    uint32_t pd_mode;        /* in the pause behind it */
    uint32_t samples[2];     /* per antenna */
    uint64_t repetitions;
    uint64_t chirp_ticks[2]; /* with the end delay */
    uint64_t step_ticks;     /* from one repetition to the next */
    uint64_t pause_ticks;    /* behind the last one, and the way back from its power-down mode */
    uint64_t group_ticks;    /* all repetitions and the pause */
} shape_timing;

typedef struct channel_set { /* one enabled set */
    uint32_t number;         /* 0..3 is set 1..4 */
    uint32_t rx_mask[2];
    uint32_t n_rx[2];
    uint64_t repetitions;    /* shapes in a row that use it */
} channel_set;

/* Decoded registers. One tick is one clock of the reference. The frame machine keeps the copy that was valid at
 * FRAME_START. A frame is a sequence of groups; a group is one shape, repeated. Groups take the enabled shapes in turn,
 * one turn is a round. */
typedef struct chip_timing {
    uint32_t n_shapes;           /* at least 1: shape 1 stands for none */
    uint32_t n_sets;
    shape_timing shapes[MAX_SHAPES];
    channel_set sets[MAX_SETS];
    uint64_t set_cycle;          /* shapes until the first set comes again */
    uint64_t rx_of_cycle[2];     /* antennas summed over them */
    uint32_t even;               /* all sets have equally many antennas */
    uint32_t plain;              /* one saw-tooth, even sets, no prefix: all chirps alike and equally far apart */
    uint32_t prefix_units;       /* before each chirp; a unit is half a FIFO word */
    uint32_t beyond_rx1;         /* some chirp has another antenna than RX1 */
    uint32_t adc_div;
    uint32_t frame_pd_mode;
    uint64_t n_groups;
    uint64_t round_ticks;
    uint64_t round_units;        /* meaningful when even */
    uint64_t round_shapes;       /* repetitions of all shapes */
    uint64_t round_chirps;
    uint64_t n_chirps;           /* of a frame */
    uint64_t frame_samples;      /* of all antennas */
    uint64_t frame_units;        /* samples and prefix words */
    uint64_t wake_ticks;         /* deep sleep to idle */
    uint64_t init_ticks;         /* idle to interchirp */
    uint64_t first_sample_ticks; /* chirp start to its first ADC trigger */
    uint64_t frame_period_ticks;
} chip_timing;

typedef struct chirp_place { /* one chirp of a frame */
    const shape_timing *shape;
    const channel_set *set;
    uint32_t down;
    uint64_t group;          /* from 0 */
    uint64_t chirp;          /* from 0 */
    uint64_t tick;           /* its start, since that of the frame */
    uint64_t unit;           /* units of the frame before it */
    uint64_t group_end_tick; /* of the last repetition, without the pause */
} chirp_place;

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

typedef struct clock_state { /* clock.c */
    uint64_t base_ns;        /* rates hold from here on */
    uint64_t base_tick;
    uint64_t tick;
    uint64_t part;           /* of a tick that has begun, in 1 / spi_hz; 0 without SPI clock rate */
    uint64_t asked_ns;       /* latest time asked for */
    uint32_t ns_of_cycle;    /* so many ns are exactly ... */
    uint32_t ticks_of_cycle; /* ... so many ticks */
    uint32_t in_transfer;
} clock_state;

typedef struct frame_state { /* frames.c */
    uint32_t running;
    uint32_t continuous_wave;  /* transmitting without frames */
    uint32_t in_frame;         /* samples of the current frame are still to come */
    uint32_t test;             /* the current frame is in data test mode */
    uint64_t next_frame_tick;
    uint64_t jitter_ticks;     /* by which that one is late */
    uint64_t frame_tick;       /* start of the current or last frame */
    uint64_t frames_begun;     /* since FRAME_START */
    uint32_t frames_done;
    uint64_t done;             /* units of the current frame already in the FIFO */
    const uint16_t *source;    /* of the current frame; NULL: mid-scale */
    uint32_t lfsr;
    chip_timing timing;        /* kept from FRAME_START */
} frame_state;

typedef struct ring_state { /* ring.c */
    const uint16_t *next;
    uint32_t frames_left;
    uint32_t frames_taken;     /* of what was lent */
    uint32_t any_time;
    uint64_t frame_samples;
    uint32_t ended;
    chip_ask_fn ask;           /* during a transfer */
    void *ask_context;
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

typedef struct fault_state { /* chip_faults.c */
    chip_options born;      /* as it was made */
    uint64_t frames;        /* frame starts so far: the counter of chance */
    uint64_t bursts;        /* of the FIFO */
    uint32_t loses_word;
    uint32_t reserved;
} fault_state;

typedef struct chip {
    chip_options options;   /* as they are now, faults included */
    chip_faults faults;
    fault_state fault_state;
    uint32_t registers[N_REGISTERS];
    uint32_t in_reset;
    reset_state resets;
    sadc_state sadc;
    memory_test_state memory_test;
    spi_state spi;
    clock_state clock;
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
uint32_t sadc_ready(const chip *c, uint32_t set); /* STAT0.SADC_RDY under a control register of a channel set */

/* memory_test.c */
void memory_test_command(chip *c); /* DFT0 was written */
void memory_test_reset(chip *c);
uint32_t memory_test_running(const chip *c);
uint32_t memory_test_read(const chip *c); /* DFT1 */

/* fifo.c */
void fifo_reset(fifo_state *fifo);
uint32_t fifo_push(fifo_state *fifo, const uint16_t *samples, uint32_t n); /* how many it took */
void fifo_pop(fifo_state *fifo, uint8_t *bytes, uint32_t n_words); /* bytes NULL drops */

/* chip_faults.c */
void faults_init(chip *c);
uint32_t faults_register(const chip *c, uint32_t address, uint32_t value); /* what a register takes of a value */
void faults_next_frame(chip *c);                  /* a frame's start has come */
uint32_t faults_drop_frame(const chip *c);        /* this one is left out */
uint32_t faults_repeat_frame(const chip *c);      /* this one is the one before */
uint64_t faults_jitter_ticks(const chip *c);      /* this one is so late */
uint16_t faults_test_sample(const chip *c, uint32_t sample);
void faults_burst(chip *c);
void faults_filled(chip *c);

/* clock.c */
void clock_init(chip *c);
void clock_set_rate(chip *c, uint32_t reference_hz);      /* from the present time on */
uint64_t clock_ns_of_tick(const chip *c, uint64_t tick); /* the first ns at which the tick has come */
uint32_t clock_is_timed(const chip *c);                  /* transfers take time */
void clock_spi_bits(chip *c, uint64_t n_bits);           /* so many were clocked */

/* timing.c */
void timing_decode(const chip *c, chip_timing *out);
double timing_start_hz(const chip *c, const shape_timing *shape, uint32_t down); /* at the first sample */
double timing_slope_hz_per_s(const chip *c, const shape_timing *shape, uint32_t down);

/* sequence.c: chirps, ticks and units of one frame */
void sequence_total(chip_timing *t);                          /* fills in what follows from shapes, sets and groups */
uint64_t sequence_units_due(const chip_timing *t, uint64_t tick);
uint64_t sequence_tick_of_unit(const chip_timing *t, uint64_t n); /* when the n-th (1 = first) is complete */
chirp_place sequence_chirp_at_tick(const chip_timing *t, uint64_t tick); /* the one that runs or ran last */
chirp_place sequence_chirp_of_unit(const chip_timing *t, uint64_t n);
chirp_place sequence_chirp(const chip_timing *t, uint64_t chirp);

/* frames.c */
void frames_start(chip *c);
void frames_reset(chip *c);                /* of the FSM */
void frames_run(chip *c);                  /* up to the chip's time */
uint32_t frames_transmit(const chip *c);   /* frames or a continuous wave are running */
uint32_t frames_power_mode(const chip *c); /* 1 active, 2 interchirp, 3 idle, 5 deep sleep */
uint32_t frames_groups_done(const chip *c);
uint32_t frames_channel_index(const chip *c); /* STAT0.CH_IDX */
uint32_t frames_shape_index(const chip *c);   /* STAT0.SH_IDX */
uint32_t frames_lfsr_enabled(const chip *c);

/* samples.c */
uint64_t samples_deliver(chip *c, uint64_t n); /* the next n units of the frame into the FIFO; how many it took */

/* ring.c */
void ring_at_start(chip *c);               /* frames were started anew */
const uint16_t *ring_take(chip *c, uint32_t test); /* one frame; NULL: none */
const uint16_t *ring_repeat(chip *c, uint32_t test); /* takes one too, and gives the one before where it still lies there */
uint64_t ring_frames(const chip *c, uint32_t test); /* so many can begin; UINT64_MAX: without end */
void ring_ask(chip *c);

/* lfsr.c */
#define LFSR_SEED 0x001u
uint32_t lfsr_step(uint32_t state);

#endif
