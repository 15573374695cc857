/* From registers to time and frequency.
 *
 * Rule: pure decoding, integer 80 MHz clocks for time, no state. Formulas: BGT60TR13C datasheet V2.4.9, chapters on
 * the chirp, shape and frame timing; checked there against register lists exported by the vendor's tool.
 * One shape (up-chirp, saw-tooth) and one channel set are modelled.
 */
#include "chip_internal.h"

static int32_t signed_24(uint32_t value)
{
    return (int32_t)(value ^ 0x800000u) - 0x800000;
}

static uint32_t count_bits_of_3(uint32_t mask)
{
    return (mask & 1u) + ((mask >> 1) & 1u) + ((mask >> 2) & 1u);
}

/* Coefficient times 2^mul timers of the power sequence. */
static uint64_t scaled(uint32_t coefficient, uint32_t mul)
{
    return coefficient == 0 ? 1u : ((uint64_t)coefficient << mul) * 8u + mul + 3u;
}

static uint64_t end_delay(uint32_t value)
{
    return value == 0 ? 2u : 8u * (uint64_t)value + 5u;
}

static uint64_t fast_down(const chip *c)
{
    static const uint64_t fixed[4] = {0, 40, 56, 24}; /* by mode, when the timer register is 0 */
    uint32_t timer = FIELD(c, PACR2, FSDNTMR);
    uint32_t mode = FIELD(c, PACR2, FSTDNEN);
    if (mode == 0)
        return 0;
    return timer == 0 ? fixed[mode] : timer + 1u;
}

/* Time to come back from the power-down mode in which a pause was spent. */
static uint64_t restart(uint32_t pd_mode, uint64_t wake, uint64_t init)
{
    return pd_mode == 0 ? 0 : pd_mode == 1 ? init : wake + init;
}

static uint64_t ramp_start(const chip *c)
{
    return 8u * (uint64_t)FIELD(c, CCR1, TR_START) + 10u;
}

static uint64_t first_sample(const chip *c)
{
    return 8u * (uint64_t)FIELD(c, CCR3, TR_PAEN) + 8u * (uint64_t)FIELD(c, CCR3, TR_SSTART) + 1u;
}

static uint32_t chirps_per_frame(const chip *c)
{
    uint32_t groups = FIELD(c, CCR2, FRAME_LEN) + 1u;
    uint32_t shapes = 1u << FIELD(c, CCR0, REPT);
    return (groups < shapes ? groups : shapes) << FIELD(c, PLL1_7, REPS);
}

void timing_decode(const chip *c, chip_timing *out)
{
    uint64_t wake = scaled(FIELD(c, MAIN, TR_WKUP), FIELD(c, MAIN, TR_WKUP_MUL));
    uint64_t init = scaled(FIELD(c, CCR3, TR_INIT0), FIELD(c, CCR3, TR_INIT0_MUL))
        + scaled(FIELD(c, CCR0, TR_INIT1), FIELD(c, CCR0, TR_INIT1_MUL));
    uint64_t sampling, ramp, pause;

    out->rx_mask = FIELD(c, CSU1_1, MADC_EN) ? FIELD(c, CSU1_1, BBCH_SEL) : 0u;
    out->n_rx = count_bits_of_3(out->rx_mask);
    out->n_samples = FIELD(c, PLL1_3, APU);
    out->n_chirps = chirps_per_frame(c);
    out->frame_samples = out->n_rx * out->n_samples * out->n_chirps;
    out->adc_div = FIELD(c, ADC0, ADC_DIV);
    out->start_ticks = wake + init;
    out->first_sample_ticks = first_sample(c);

    sampling = out->first_sample_ticks + (uint64_t)out->n_samples * out->adc_div;
    ramp = ramp_start(c) + 8u * (uint64_t)FIELD(c, PLL1_2, RTU) + fast_down(c)
        + 8u * (uint64_t)FIELD(c, CCR0, TR_END) + 5u;
    out->chirp_ticks = (sampling > ramp ? sampling : ramp) + end_delay(FIELD(c, PLL1_2, TR_EDU))
        + end_delay(FIELD(c, PLL1_6, TR_EDD));
    pause = scaled(FIELD(c, PLL1_7, TR_SED), FIELD(c, PLL1_7, TR_SED_MUL))
        + restart(FIELD(c, PLL1_7, PD_MODE), wake, init);
    out->chirp_period_ticks = out->chirp_ticks + pause;
    out->frame_period_ticks = out->n_chirps * out->chirp_ticks + (out->n_chirps - 1u) * pause
        + scaled(FIELD(c, CCR1, TR_FED), FIELD(c, CCR1, TR_FED_MUL))
        + restart(FIELD(c, CCR1, PD_MODE), wake, init);
}

double timing_ramp_slope_hz_per_s(const chip *c)
{
    return 8.0 * TICK_HZ * signed_24(FIELD(c, PLL1_1, RSU)) / 1048576.0 * TICK_HZ;
}

void chip_radar(void *memory, chip_radar_view *out)
{
    static const double corner_hz[4] = {20e3, 45e3, 70e3, 80e3};
    const chip *c = memory;
    uint32_t gains = c->registers[REG_CSU1_2];
    chip_timing now;
    const chip_timing *t = &now;
    uint32_t rx = 0; /* the lowest active antenna speaks for all; others that differ are warned about at FRAME_START */
    double from_ramp_start;

    timing_decode(c, &now);
    if (c->frames.running)
        t = &c->frames.timing;
    while (rx < 2 && !((t->rx_mask >> rx) & 1u))
        rx++;
    out->n_rx = t->n_rx;
    out->rx_mask = t->rx_mask;
    out->n_samples = t->n_samples;
    out->n_chirps = t->n_chirps;
    out->sample_rate_hz = t->adc_div ? TICK_HZ / t->adc_div : 0.0;
    out->slope_hz_per_s = timing_ramp_slope_hz_per_s(c);
    from_ramp_start = ((double)t->first_sample_ticks - (double)ramp_start(c)) / TICK_HZ;
    out->f0_hz = 8.0 * TICK_HZ * (4.0 * (FIELD(c, PACR2, DIVSET) + 2.0) + 8.0
                                  + signed_24(FIELD(c, PLL1_0, FSU)) / 1048576.0)
        + out->slope_hz_per_s * from_ramp_start;
    out->chirp_period_ns = 12.5 * (double)t->chirp_period_ticks;
    out->frame_period_ns = 12.5 * (double)t->frame_period_ticks;
    out->if_gain_db = ((FIELD(c, CSU1_2, HP_GAIN) >> rx) & 1u ? 18.0 : 30.0) + 5.0 * ((gains >> (5u * rx + 2u)) & 7u);
    out->hp_cutoff_hz = corner_hz[(gains >> (5u * rx)) & 3u];
    out->tx_power_level = FIELD(c, CSU1_1, TX_DAC);
    out->transmitting = c->frames.running;
}
