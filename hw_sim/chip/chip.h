/* The emulated BGT60TR13C as a driver sees it: SPI, reset pin, interrupt pin, and time.
 *
 * Rule: plain C types only, the caller owns the memory, nothing here knows what drives the chip.
 * Time moves in chip_advance_ns(), and in chip_xfer() when an SPI clock rate is given. Times are ns since power-on;
 * inside they are counted in clocks of the reference (12.5 ns at 80 MHz).
 */
#ifndef CHIP_H
#define CHIP_H

#include <stddef.h>
#include <stdint.h>

#define CHIP_OK 0
#define CHIP_ERROR_IN_RESET (-1)  /* the reset pin is low: the chip does not answer */
#define CHIP_ERROR_NOT_SELECTED (-2) /* clocks without chip select */
#define CHIP_ERROR_WRONG_USE (-3)    /* more than 32 bits at once */

#define CHIP_NEVER_NS 0xFFFFFFFFFFFFFFFFu
#define CHIP_ANY_TIME_NS 0xFFFFFFFFFFFFFFFFu

#define CHIP_FIELD_MODELLED 0u  /* has its effect */
#define CHIP_FIELD_SETUP 1u     /* analog or supply set-up: stored, no effect in this model, no warning */
#define CHIP_FIELD_ABSENT 2u    /* would change behaviour, is not modelled: warns unless at its reset value */

/* What the registers programme, decoded. A frame may hold chirps of several kinds (shapes, up and down, channel sets):
 * what belongs to one chirp is then that of the first, and uniform is 0; chip_chirp() knows the others. */
typedef struct chip_radar_view {
    uint32_t n_rx;
    uint32_t rx_mask;          /* bit 0 RX1, bit 1 RX2, bit 2 RX3 */
    uint32_t n_samples;        /* per chirp and antenna */
    uint32_t n_chirps;         /* per frame, up and down */
    double sample_rate_hz;
    double f0_hz;              /* at the first sample of a chirp */
    double slope_hz_per_s;
    double chirp_period_ns;
    double frame_period_ns;
    double if_gain_db;         /* of the lowest active antenna */
    double hp_cutoff_hz;
    double rx_gain_db[3];      /* of RX1, RX2, RX3, active or not */
    double rx_cutoff_hz[3];
    uint32_t tx_power_level;   /* 0..31 */
    uint32_t transmitting;     /* 1: frames or a continuous wave are running; 0: deep sleep, no chirp is sent */
    uint32_t uniform;          /* 1: all chirps of a frame are alike */
    uint64_t frame_samples;    /* of a whole frame, all antennas: what a source has to give */
} chip_radar_view;

/* One chirp of a frame. */
typedef struct chip_chirp_view {
    uint32_t shape;            /* 1..4 */
    uint32_t channel_set;      /* 1..4 */
    uint32_t down;             /* 1: the falling half of a triangle */
    uint32_t n_rx;
    uint32_t rx_mask;
    uint32_t n_samples;        /* per antenna */
    uint64_t start_clocks;     /* since the start of the frame, clocks of the reference */
    uint64_t first_sample;     /* its place among all samples of the frame, in FIFO order */
    double f0_hz;              /* at the first sample */
    double slope_hz_per_s;
} chip_chirp_view;

typedef struct chip_counters {
    uint64_t spi_bytes;        /* all bytes clocked while selected */
    uint64_t fifo_burst_bytes; /* bursts that read the FIFO, headers included, outside LFSR test mode */
    uint64_t test_burst_bytes; /* the same, begun in LFSR test mode */
    uint64_t frames_started;   /* all frames, LFSR test mode included */
    uint64_t frames_from_ring; /* frames taken from the sample ring */
    uint64_t overflows;        /* times the FIFO overflowed and the chip fell asleep */
    uint64_t underflows;       /* chip-select windows that read an empty FIFO */
    uint64_t warnings;         /* writes to what is not modelled, and wrong use */
    uint32_t last_warned_address; /* register address of the last warning */
    uint32_t reserved;
} chip_counters;

typedef struct chip_register_info {
    const char *name;
    uint32_t address;
    uint32_t reset_value;
    uint32_t writable;
} chip_register_info;

typedef struct chip_field_info {
    const char *register_name;
    const char *name;
    uint32_t high_bit;
    uint32_t low_bit;
    uint32_t kind;             /* CHIP_FIELD_... */
} chip_field_info;

/* What this chip is like: what no source settles, what the board around it decides, and faults of the chip itself. */
typedef struct chip_options {
    uint32_t reference_hz;      /* 80,000,000 or 76,800,000 */
    uint32_t spi_hz;            /* a byte takes 8 / spi_hz s of chip time; 0: transfers take none */
    uint32_t gsr0_vendor_order; /* 0: status bits as the datasheet has them; 1: the mirror order of the vendor's C header */
    uint32_t fou_while_empty;   /* 1: the status byte shows FOU_ERR whenever the FIFO is empty, as two users report */
    uint32_t adc0_bit_13;       /* its value after a reset; sources differ */
    int32_t extra_clocks;       /* per chirp; -9 gives the times that older versions of the vendor's tool print */
    int32_t temperature_mc;     /* of the die, 1e-3 degrees C */
    uint32_t chip_id;           /* content of CHIP_ID */
    uint32_t reset_stuck;       /* fault: reset bits of MAIN never clear */
    uint32_t memory_broken;     /* fault: the self test of the FIFO's memory fails */
} chip_options;

/* What goes wrong with it from now on (chip_faults.c); all 0: nothing. */
typedef struct chip_faults {
    uint64_t seed;              /* of what happens by chance */
    uint32_t gsr0_mirrored;     /* 1: status bits in the order that is not this chip's */
    uint32_t fou_while_empty;   /* 1: see chip_options */
    uint32_t chip_id;           /* another content of CHIP_ID; 0: its own */
    uint32_t reset_stuck;       /* 1: see chip_options */
    uint32_t memory_broken;     /* 1: see chip_options */
    uint32_t spi_hz;            /* transfers take time at this rate; 0: as it was made */
    uint32_t cref_lost;         /* 1: FIFO_CREF is 0 and takes no write */
    uint32_t oscillator_off;    /* 1: OSCCLKEN is 0 and takes no write; frames end */
    uint32_t frame_limit;       /* MAX_FRAME_CNT is this and takes no write; 0: it is as written */
    uint32_t lfsr_wrong;        /* 1: the test sequence has a wrong bit in every sample */
    uint32_t underflow_every;   /* every n-th burst of the FIFO finds 64 words too few; 0: none */
    uint32_t frame_drop_ppm;    /* so many frames are left out, 1e-6 */
    uint32_t frame_repeat_ppm;  /* so many frames hold the samples of the one before */
    uint32_t frame_jitter_us;   /* a frame starts up to so much late, as far as the pause behind it lasts */
    uint32_t frame_pause;       /* 1: no frame starts */
    int32_t clock_ppb;          /* error of the reference, 1e-9, positive runs fast */
    int32_t hot_mc;             /* temperature of the die, 1e-3 degrees C; 0: its own */
} chip_faults;

void chip_default_options(chip_options *out);
/* From the chip's present time on. */
void chip_set_faults(void *chip, const chip_faults *faults);
/* Once: the FIFO loses the oldest word it holds, or the next one that comes. */
void chip_lose_word(void *chip);

size_t chip_size(void);
/* Power-on. options NULL: the default. */
void chip_init(void *chip, const chip_options *options);

/* SPI: level 0 selects, 1 releases. xfer is full duplex within one window, in any number of calls;
 * tx NULL sends FF, rx NULL drops. 0 or CHIP_ERROR_... (MISO then reads FF). */
int32_t chip_cs(void *chip, int32_t level);
int32_t chip_xfer(void *chip, const uint8_t *tx, uint8_t *rx, uint32_t n);
/* The same, n_bits <= 32 clocks: the lowest bits, highest of them first. A window may end inside a byte. miso NULL drops. */
int32_t chip_clock_bits(void *chip, uint32_t mosi, uint32_t n_bits, uint32_t *miso);
int32_t chip_reset_pin(void *chip, int32_t level); /* active low */
void chip_brown_out(void *chip);                   /* supply lost for a moment: as after power-on, options and counters stay */
int32_t chip_irq(void *chip);                      /* level, active high */
void chip_set_temperature_mc(void *chip, int32_t temperature_mc); /* of the die, from now on, 1e-3 degrees C */

/* Runs frame timing up to now. Stops at a frame start for which the ring has no samples and catches up
 * at the next call after chip_samples_set(). Time never runs backwards: an earlier now is ignored. */
void chip_advance_ns(void *chip, uint64_t now_ns);
/* Another SPI clock rate from now on; 0: transfers take no time. */
void chip_set_spi_hz(void *chip, uint32_t spi_hz);
/* The latest time asked for, or where a transfer has led since, in whole ns, rounded up. */
uint64_t chip_time_ns(void *chip);
/* Earliest time at which the IRQ level may rise by itself or samples are needed; CHIP_NEVER_NS: none. */
uint64_t chip_next_event_ns(void *chip);

/* Sample ring: whole frames, uint16 [frame][chirp][sample][rx], lowest RX first, 12-bit counts (higher bits are cut off). */
int32_t chip_needs_samples(void *chip);      /* 1: a frame starts (or should have started) now and the ring is empty */
uint64_t chip_next_frame_ns(void *chip);     /* start of the next frame to begin; CHIP_NEVER_NS when none runs */
double chip_frame_period_ns(void *chip);
/* Borrowed memory, valid until the chip asks again. Call it when chip_needs_samples() is 1. first_frame_ns must be
 * chip_next_frame_ns() (CHIP_ANY_TIME_NS: any, as for a recording, which also survives a restart of the frames);
 * a start that does not match, or a call while a frame is being sampled, leaves the ring empty and the chip asks again.
 * n_frames 0: the source has ended, no further frame starts and none is asked for.
 * 1: taken, what was lent before is free; 0: not, and the frame that is being sampled still lies there. */
int32_t chip_samples_set(void *chip, const uint16_t *frames, uint32_t n_frames, uint64_t first_frame_ns);

/* What was lent is no longer true: whoever lent it is asked again at the next frame. A recording stays. */
void chip_samples_forget(void *chip);

/* The whole state as chip_size() bytes without addresses; frames: the samples lent last. 0; negative: the chip is at
 * samples that do not lie in frames[0 .. n_samples). */
int32_t chip_save(const void *chip, const uint16_t *frames, uint64_t n_samples, uint8_t *out);
/* Takes over a saved state; the same samples now lie at frames. Whom the chip asks for more stays as it is. */
void chip_load(void *chip, const uint8_t *saved, const uint16_t *frames);

/* With an SPI clock rate a frame can start in the middle of a transfer. If the ring is empty then, ask is called and may
 * call chip_samples_set(). Without it the frame waits, as it does in chip_advance_ns(), and is caught up with later. */
typedef void (*chip_ask_fn)(void *context);
void chip_ask(void *chip, chip_ask_fn ask, void *context); /* NULL: nobody */

void chip_radar(void *chip, chip_radar_view *out);
/* Chirp 0 .. n_chirps - 1 of a frame as programmed (while frames run: as they run). */
void chip_chirp(void *chip, uint32_t index, chip_chirp_view *out);
void chip_get_counters(void *chip, chip_counters *out);

/* For tests: content as a read would return it (no side effect; the FIFO reads 0), and the table. */
uint32_t chip_register(void *chip, uint32_t address);
uint32_t chip_register_count(void);
void chip_register_describe(uint32_t index, chip_register_info *out);
uint32_t chip_field_count(void);
void chip_field_describe(uint32_t index, chip_field_info *out);

#endif
