/* Register list of the BGT60TR13C from a radar config.
 *
 * Rule: a config either gives exactly what it says or an error; nothing is bent silently.
 * Formulas: datasheet V2.4.9, chapters on the PLL and the main state machine (80 MHz clock, 12.5 ns).
 * Set-up words without a formula are those every exported list of the chip has.
 */
#include "sw_radar_registers.h"

#include <string.h>

#include "sw_error.h"

#define CLOCK_HZ 80000000u
#define CARRIER_KHZ 640000u      /* 8 * 80 MHz: weight of the frequency words' integer part */
#define CARRIER_OFFSET 96u       /* 4 * (DIVSET + 2) + 8 with DIVSET 20 */
#define MIN_KHZ 57000000u
#define MAX_KHZ 64000000u
#define MAX_RSU 8192             /* 400 MHz per us */

/* fixed points of a chirp, clocks */
#define TR_START 10u
#define TR_PAEN 30u
#define TR_SSTART 31u
#define T_START (8u * TR_START + 10u)
#define T_PAEN (8u * TR_PAEN)
#define T_SSTART (8u * TR_SSTART + 1u)
#define T_EDGES 4u               /* T_EDU and T_EDD with a field of 0: 2 clocks each */
#define FAST_DOWN_MIN 6u         /* FSDNTMR + 1 */
#define FAST_DOWN_MAX 512u
#define TR_END_MIN 14u
#define TR_END_MAX 511u
#define T_WAKE_UP_MIN 79883u     /* 1 ms: supplies after deep sleep */
#define T_INIT0_MIN 3604u        /* 45 us */
#define T_INIT1_MIN 563u         /* 7 us */
#define FRAME_TOLERANCE 4u       /* clocks; only frames of more than half a second need any */

/* A timer of coef * 2^mul * 8 + mul + 3 clocks. */
typedef struct scaled {
    uint32_t coef;
    uint32_t mul;
} scaled;

typedef struct plan {
    uint32_t adc_div;
    uint32_t ramp_eighths;       /* RTU: ramp time / 8 clocks */
    int32_t ramp_step;           /* RSU */
    int32_t start_word;          /* FSU */
    uint32_t tr_end;
    uint32_t fast_down;          /* clocks */
    scaled shape_end, frame_end, wake_up, init0, init1;
    uint32_t chirp_ticks, frame_ticks;
} plan;

static uint32_t scaled_clocks(scaled t) { return (t.coef << t.mul) * 8u + t.mul + 3u; }

/* Smallest such timer of at least min clocks with this mul. */
static scaled scaled_at_least(uint32_t min, uint32_t mul)
{
    uint32_t step = 8u << mul;
    return (scaled){.coef = (min - mul - 3u + step - 1u) / step, .mul = mul};
}

/* Lengthens a timer by whole steps, at most to its limit, towards using up *rest clocks. */
static void stretch(scaled *t, uint32_t *rest)
{
    uint32_t step = 8u << t->mul;
    uint32_t steps = *rest / step;
    if (steps > 255u - t->coef) {
        steps = 255u - t->coef;
    }
    t->coef += steps;
    *rest -= steps * step;
}

static int32_t check_shape(const sw_radar_config *c)
{
    if (c->rx_mask == 0u || c->rx_mask > 7u) {
        return SW_ERROR_CONFIG_RX;
    }
    if (c->n_samples != 64u && c->n_samples != 128u && c->n_samples != 256u && c->n_samples != 512u) {
        return SW_ERROR_CONFIG_SAMPLES;
    }
    if (c->n_chirps == 0u || c->n_chirps % 2u != 0u || c->n_chirps > SW_MAX_CHIRPS) {
        return SW_ERROR_CONFIG_CHIRPS;
    }
    uint32_t gain = c->if_gain_db >= 30u && (c->if_gain_db - 30u) % 5u == 0u ? c->if_gain_db - 30u
                                                                            : c->if_gain_db - 18u;
    if (c->if_gain_db < 18u || gain > 30u || gain % 5u != 0u || c->tx_power_level > 31u) {
        return SW_ERROR_CONFIG_GAIN;
    }
    if (c->hp_cutoff_khz != 20u && c->hp_cutoff_khz != 45u && c->hp_cutoff_khz != 70u && c->hp_cutoff_khz != 80u) {
        return SW_ERROR_CONFIG_GAIN;
    }
    return SW_OK;
}

static int32_t plan_rate(const sw_radar_config *c, plan *p)
{
    if (c->sample_rate_hz == 0u || c->sample_rate_hz > CLOCK_HZ / 20u) {
        return SW_ERROR_CONFIG_RATE;
    }
    p->adc_div = (CLOCK_HZ + c->sample_rate_hz / 2u) / c->sample_rate_hz;
    if (p->adc_div > 1023u) {
        return SW_ERROR_CONFIG_RATE;
    }
    /* a rate that is no whole number of hertz may be given rounded or cut off: 2352941 for 80 MHz / 34 */
    uint32_t cut = CLOCK_HZ / p->adc_div;
    uint32_t up = cut + (CLOCK_HZ % p->adc_div != 0u ? 1u : 0u);
    return c->sample_rate_hz == cut || c->sample_rate_hz == up ? SW_OK : SW_ERROR_CONFIG_RATE;
}

/* Frequency after `clocks` of ramp, kHz. */
static uint32_t frequency_khz(const plan *p, int32_t clocks)
{
    int64_t word = ((int64_t)CARRIER_OFFSET << 20) + p->start_word + (int64_t)p->ramp_step * clocks;
    return (uint32_t)((word * (int64_t)CARRIER_KHZ + (1 << 19)) >> 20);
}

static int32_t plan_sweep(const sw_radar_config *c, plan *p)
{
    if (c->start_khz < MIN_KHZ || c->end_khz > MAX_KHZ || c->end_khz <= c->start_khz) {
        return SW_ERROR_CONFIG_SWEEP;
    }
    uint32_t sampled_end = T_PAEN + T_SSTART + c->n_samples * p->adc_div;
    p->ramp_eighths = (sampled_end - T_START + 7u) / 8u;
    if (p->ramp_eighths > 16383u) {
        return SW_ERROR_CONFIG_TIMING;
    }
    uint64_t clocks = (uint64_t)8u * p->ramp_eighths - (T_PAEN - T_START); /* declared sweep: PA on to ramp end */
    uint64_t divisor = CARRIER_KHZ * clocks;
    uint64_t step = (((uint64_t)(c->end_khz - c->start_khz) << 20) + divisor / 2u) / divisor;
    int64_t start = (((int64_t)c->start_khz - (int64_t)CARRIER_OFFSET * CARRIER_KHZ) * (1 << 20)) / (int64_t)CARRIER_KHZ;
    if (step == 0u || step > MAX_RSU) {
        return SW_ERROR_CONFIG_SWEEP;
    }
    p->ramp_step = (int32_t)step;
    start -= (int64_t)p->ramp_step * (T_PAEN - T_START);
    if (start < -(1 << 23) || start >= (1 << 23)) {
        return SW_ERROR_CONFIG_SWEEP;
    }
    p->start_word = (int32_t)start;
    return SW_OK;
}

static uint32_t busy_clocks(const plan *p)
{
    return T_START + 8u * p->ramp_eighths + p->fast_down + 8u * p->tr_end + 5u + T_EDGES;
}

/* Chirp repetition = busy part + T_SED: the scaled timer takes most, fast-down and T_END the rest, to the clock.
 * The chip stays powered between chirps of a burst: its restart times are then free to make the frame exact. */
static int32_t plan_chirp(const sw_radar_config *c, plan *p)
{
    p->chirp_ticks = (uint32_t)(((uint64_t)c->chirp_period_ns * 2u + 12u) / 25u);
    p->fast_down = FAST_DOWN_MIN;
    p->tr_end = TR_END_MIN;
    uint32_t least = busy_clocks(p);
    for (uint32_t mul = 0; mul <= 9u; mul++) {
        scaled gap = {.coef = 1u, .mul = mul};
        if (p->chirp_ticks < least + scaled_clocks(gap)) {
            return SW_ERROR_CONFIG_TIMING;
        }
        uint32_t rest = p->chirp_ticks - least - scaled_clocks(gap);
        stretch(&gap, &rest);
        uint32_t fast_down_room = FAST_DOWN_MAX - FAST_DOWN_MIN;
        uint32_t end_steps = rest > fast_down_room ? (rest - fast_down_room + 7u) / 8u : 0u;
        if (end_steps <= TR_END_MAX - TR_END_MIN) {
            p->shape_end = gap;
            p->tr_end = TR_END_MIN + end_steps;
            p->fast_down = FAST_DOWN_MIN + rest - 8u * end_steps;
            return SW_OK;
        }
    }
    return SW_ERROR_CONFIG_TIMING;
}

/* One try for the pause between frames: T_FED coarse, then wake-up, init 0, init 1. 1: exact. */
static int32_t try_frame(plan *p, uint32_t pause, uint32_t frame_mul, uint32_t wake_mul, uint32_t mul0, uint32_t mul1)
{
    scaled end = {.coef = 1u, .mul = frame_mul};
    scaled wake = scaled_at_least(T_WAKE_UP_MIN, wake_mul);
    scaled init0 = scaled_at_least(T_INIT0_MIN, mul0);
    scaled init1 = scaled_at_least(T_INIT1_MIN, mul1);
    uint32_t least = scaled_clocks(end) + scaled_clocks(wake) + scaled_clocks(init0) + scaled_clocks(init1);
    if (pause < least) {
        return 0;
    }
    uint32_t rest = pause - least;
    stretch(&end, &rest);
    if (rest >= 8u << frame_mul) {
        return 0; /* a longer step fits better: the pause belongs to deep sleep, not to waking up */
    }
    stretch(&wake, &rest);
    stretch(&init0, &rest);
    stretch(&init1, &rest);
    p->frame_end = end;
    p->wake_up = wake;
    p->init0 = init0;
    p->init1 = init1;
    return rest == 0u;
}

static int32_t fit_pause(plan *p, uint32_t pause)
{
    for (uint32_t frame_mul = 0; frame_mul <= 17u; frame_mul++) {
        for (uint32_t wake_mul = 6u; wake_mul <= 10u; wake_mul++) {
            for (uint32_t k = 0; k < 12u; k++) {
                if (try_frame(p, pause, frame_mul, wake_mul, 1u + k / 4u, k % 4u)) {
                    return 1;
                }
            }
        }
    }
    return 0;
}

/* Frame repetition = n chirps, less the last T_SED, + T_FED + restart from deep sleep. The nearest that fits. */
static int32_t plan_frame(const sw_radar_config *c, plan *p)
{
    uint32_t wanted = (uint32_t)(((uint64_t)c->frame_period_ns * 2u + 12u) / 25u);
    uint64_t burst = (uint64_t)(c->n_chirps - 1u) * p->chirp_ticks + busy_clocks(p);
    if (burst + T_WAKE_UP_MIN >= wanted) {
        return SW_ERROR_CONFIG_TIMING;
    }
    for (uint32_t off = 0; off <= 2u * FRAME_TOLERANCE; off++) { /* 0, +1, -1, +2, -2 .. */
        p->frame_ticks = off % 2u != 0u ? wanted + (off + 1u) / 2u : wanted - off / 2u;
        if (fit_pause(p, p->frame_ticks - (uint32_t)burst)) {
            return SW_OK;
        }
    }
    return SW_ERROR_CONFIG_TIMING;
}

static uint32_t antenna_word(uint32_t rx_mask)
{
    /* transmitter, VCO and dividers; then mixer, LO buffer and LO distribution of each antenna in use */
    return 0x100851u | ((rx_mask & 1u) != 0u ? 0x003400u : 0u) | ((rx_mask & 2u) != 0u ? 0x00C000u : 0u) |
           ((rx_mask & 4u) != 0u ? 0x030400u : 0u);
}

static uint32_t baseband_word(const sw_radar_config *c)
{
    uint32_t high_gain = c->if_gain_db >= 30u && (c->if_gain_db - 30u) % 5u == 0u;
    uint32_t vga = (c->if_gain_db - (high_gain ? 30u : 18u)) / 5u;
    uint32_t cutoff = c->hp_cutoff_khz == 20u ? 0u : c->hp_cutoff_khz == 45u ? 1u : c->hp_cutoff_khz == 70u ? 2u : 3u;
    uint32_t channel = vga << 2 | cutoff;
    return (high_gain ? 0u : 7u << 20) | channel << 10 | channel << 5 | channel;
}

static uint32_t antennas(uint32_t rx_mask) { return (rx_mask & 1u) + (rx_mask >> 1 & 1u) + (rx_mask >> 2 & 1u); }

static void write_words(const sw_radar_config *c, const plan *p, uint32_t *words)
{
    uint32_t frame_samples = antennas(c->rx_mask) * c->n_samples * c->n_chirps;
    const struct {
        uint32_t address, data;
    } list[SW_RADAR_REGISTER_COUNT] = {
        {0x00, 0x1E0000u | p->wake_up.mul << 12 | p->wake_up.coef << 4}, /* MAIN */
        {0x01, p->adc_div << 14 | 0x0210u},                              /* ADC0 */
        {0x04, 0xE967FDu},                                               /* PACR1: clock, supplies on */
        {0x05, 0x080014u | (p->fast_down - 1u) << 8 | 2u << 6 | 1u << 5},/* PACR2: DIVSET 20, fast-down */
        {0x06, 0x100000u | (frame_samples / 2u - 1u)},                   /* SFCTL: FIFO always on, limit one frame */
        {0x07, 0u},                                                      /* SADC_CTRL */
        {0x08, 0u}, {0x09, 0u}, {0x0A, 0u}, {0x0B, 0x000BE0u},           /* idle channel set */
        {0x0C, 0u}, {0x0D, 0u}, {0x0E, 0u}, {0x0F, 0x000B60u},           /* deep-sleep channel set */
        {0x10, antenna_word(c->rx_mask)},                                /* CSU1_0 */
        {0x11, c->rx_mask << 20 | 0x0FF400u | c->tx_power_level},        /* CSU1_1 */
        {0x12, baseband_word(c)},                                        /* CSU1_2 */
        {0x16, 0x000490u}, {0x1D, 0x000480u}, {0x24, 0x000480u}, {0x2B, 0x000480u}, /* set 1 on, 2-4 off */
        {0x2C, p->init1.mul << 22 | p->init1.coef << 14 | 15u << 10 | 1u << 9 | p->tr_end}, /* CCR0 */
        {0x2D, p->frame_end.mul << 19 | p->frame_end.coef << 11 | 2u << 9 | TR_START}, /* CCR1: deep sleep */
        {0x2E, (c->n_chirps - 1u) << 12},                                /* CCR2: endless frames */
        {0x2F, p->init0.mul << 22 | p->init0.coef << 14 | TR_SSTART << 9 | TR_PAEN}, /* CCR3 */
        {0x30, (uint32_t)p->start_word & 0xFFFFFFu},                     /* FSU */
        {0x31, (uint32_t)p->ramp_step},                                  /* RSU */
        {0x32, p->ramp_eighths},                                         /* RTU */
        {0x33, c->n_samples},                                            /* APU */
        {0x34, 0u}, {0x35, 0u}, {0x36, 0u},                              /* saw-tooth: no down ramp */
        {0x37, p->shape_end.mul << 19 | p->shape_end.coef << 11 | 1u << 8 | 1u << 4}, /* shape 1 on, stays active */
        {0x3F, 0x000100u}, {0x47, 0x000100u}, {0x4F, 0x000100u},         /* shapes 2-4 off */
        {0x56, 0u}, {0x5B, 0u},                                          /* test tone, digital test off */
    };
    for (uint32_t i = 0; i < SW_RADAR_REGISTER_COUNT; i++) {
        words[i] = list[i].address << 25 | 1u << 24 | list[i].data;
    }
}

int32_t sw_radar_registers(const sw_radar_config *c, uint32_t words[SW_RADAR_REGISTER_COUNT],
                           sw_radar_timing *timing)
{
    plan p;
    memset(&p, 0, sizeof p);
    int32_t error = check_shape(c);
    error = error != SW_OK ? error : plan_rate(c, &p);
    error = error != SW_OK ? error : plan_sweep(c, &p);
    error = error != SW_OK ? error : plan_chirp(c, &p);
    error = error != SW_OK ? error : plan_frame(c, &p);
    if (error != SW_OK) {
        return error;
    }
    uint32_t n_rx = antennas(c->rx_mask);
    uint32_t frame_samples = n_rx * c->n_samples * c->n_chirps;
    if (frame_samples > SW_FIFO_SAMPLES) {
        return SW_ERROR_CONFIG_FIFO;
    }
    int32_t first = (int32_t)(T_PAEN + T_SSTART - T_START);
    int32_t last = first + (int32_t)(c->n_samples * p.adc_div);
    write_words(c, &p, words);
    *timing = (sw_radar_timing){
        .n_rx = n_rx,
        .frame_samples = frame_samples,
        .chirp_ticks = p.chirp_ticks,
        .frame_ticks = p.frame_ticks,
        .start_ticks = scaled_clocks(p.wake_up) + scaled_clocks(p.init0) + scaled_clocks(p.init1),
        .sampled_start_khz = frequency_khz(&p, first),
        .sampled_bandwidth_khz = frequency_khz(&p, last) - frequency_khz(&p, first),
    };
    return SW_OK;
}
