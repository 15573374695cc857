/* From registers to time and frequency.
 *
 * Rule: pure decoding, integer clocks of the reference for time, no state. Formulas: BGT60TR13C datasheet V2.4.9,
 * chapters on the chirp, shape and frame timing; checked there against register lists exported by the vendor's tool.
 * Readings where the datasheet is silent are marked "open on silicon" here and in docs/simulator.md.
 */
#include "chip_internal.h"

#define PREFIX_UNITS 6u /* three words */
#define SHAPE_STRIDE (REG_PLL2_0 - REG_PLL1_0)
#define SET_STRIDE (REG_CSU2_0 - REG_CSU1_0)
#define DOWN_STRIDE (REG_CSD1_0 - REG_CSU1_0)
/* A field of shape or channel set n (0..3), by its name in the first one. */
#define SHAPE_FIELD(c, n, reg, field) FIELD_OF((c)->registers[REG_##reg + SHAPE_STRIDE * (n)], reg##_##field)
#define SET_FIELD(c, n, reg, field) FIELD_OF((c)->registers[REG_##reg + SET_STRIDE * (n)], reg##_##field)
#define CHANNEL_FIELD(c, n, down, reg, field) \
    FIELD_OF((c)->registers[REG_##reg + SET_STRIDE * (n) + DOWN_STRIDE * (down)], reg##_##field)

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
static uint64_t restart(const chip_timing *t, uint32_t pd_mode)
{
    return pd_mode == 0 ? 0 : pd_mode == 1 ? t->init_ticks : t->wake_ticks + t->init_ticks;
}

static uint64_t ramp_start(const chip *c)
{
    return 8u * (uint64_t)FIELD(c, CCR1, TR_START) + 10u;
}

/* Converter and ramp run side by side; the longer one decides. */
static uint64_t chirp_ticks(const chip *c, const chip_timing *t, uint32_t n_samples, uint32_t ramp_time, uint64_t back)
{
    uint64_t sampling = t->first_sample_ticks + (uint64_t)n_samples * t->adc_div;
    uint64_t ramp = ramp_start(c) + 8u * (uint64_t)ramp_time + back + 8u * (uint64_t)FIELD(c, CCR0, TR_END) + 5u;
    int64_t corrected = (int64_t)(sampling > ramp ? sampling : ramp) + c->options.extra_clocks;
    return corrected > (int64_t)sampling ? (uint64_t)corrected : sampling; /* no sample is cut off */
}

/* A triangle's down-chirp is a chirp of its own, with the delays of an up-chirp; only a saw-tooth flies back.
 * Open on silicon: the pause lies behind every repetition (so the formula of the frame period has it); the vendor's
 * timing model has it behind the last one only. No known list repeats shapes, all repeat groups. */
static void decode_shape(const chip *c, uint32_t n, const chip_timing *t, shape_timing *s)
{
    uint32_t up_time = SHAPE_FIELD(c, n, PLL1_2, RTU);
    uint32_t down_time = SHAPE_FIELD(c, n, PLL1_6, RTD);
    uint64_t end_up = end_delay(SHAPE_FIELD(c, n, PLL1_2, TR_EDU));
    uint64_t end_down = end_delay(SHAPE_FIELD(c, n, PLL1_6, TR_EDD));
    uint64_t gap;

    s->number = n;
    s->triangle = SHAPE_FIELD(c, n, PLL1_4, FSD) || SHAPE_FIELD(c, n, PLL1_5, RSD) || down_time;
    s->pd_mode = SHAPE_FIELD(c, n, PLL1_7, PD_MODE);
    s->repetitions = 1u << SHAPE_FIELD(c, n, PLL1_7, REPS);
    s->samples[UP] = SHAPE_FIELD(c, n, PLL1_3, APU);
    s->samples[DOWN] = s->triangle ? SHAPE_FIELD(c, n, PLL1_3, APD) : 0u;
    s->chirp_ticks[UP] = chirp_ticks(c, t, s->samples[UP], up_time, s->triangle ? 0u : fast_down(c)) + end_up;
    s->chirp_ticks[DOWN] = 0;
    if (s->triangle)
        s->chirp_ticks[DOWN] = chirp_ticks(c, t, s->samples[DOWN], down_time, 0) + end_down;
    else
        s->chirp_ticks[UP] += end_down;
    s->pause_ticks = scaled(SHAPE_FIELD(c, n, PLL1_7, TR_SED), SHAPE_FIELD(c, n, PLL1_7, TR_SED_MUL))
        + restart(t, s->pd_mode);
    gap = s->pause_ticks;
    s->step_ticks = s->chirp_ticks[UP] + s->chirp_ticks[DOWN] + gap;
    s->group_ticks = s->repetitions * s->step_ticks - gap + s->pause_ticks;
}

static void decode_set(const chip *c, uint32_t n, channel_set *set)
{
    set->number = n;
    set->repetitions = 1u << SET_FIELD(c, n, CSC1, REPC);
    for (uint32_t down = 0; down < 2; down++) {
        uint32_t on = CHANNEL_FIELD(c, n, down, CSU1_1, MADC_EN);
        set->rx_mask[down] = on ? CHANNEL_FIELD(c, n, down, CSU1_1, BBCH_SEL) : 0u;
        set->n_rx[down] = count_bits_of_3(set->rx_mask[down]);
    }
}

/* Groups, limited by whichever comes first: the frame's length or the repetitions of the shapes. */
static uint64_t groups_of_frame(const chip *c, uint32_t n_shapes)
{
    uint64_t groups = FIELD(c, CCR2, FRAME_LEN) + 1u;
    uint64_t shapes = (uint64_t)n_shapes << FIELD(c, CCR0, REPT);
    return groups < shapes ? groups : shapes;
}

void timing_decode(const chip *c, chip_timing *out)
{
    *out = (chip_timing){0};
    out->wake_ticks = scaled(FIELD(c, MAIN, TR_WKUP), FIELD(c, MAIN, TR_WKUP_MUL));
    out->init_ticks = scaled(FIELD(c, CCR3, TR_INIT0), FIELD(c, CCR3, TR_INIT0_MUL))
        + scaled(FIELD(c, CCR0, TR_INIT1), FIELD(c, CCR0, TR_INIT1_MUL));
    out->adc_div = FIELD(c, ADC0, ADC_DIV);
    out->first_sample_ticks = 8u * (uint64_t)FIELD(c, CCR3, TR_PAEN) + 8u * (uint64_t)FIELD(c, CCR3, TR_SSTART) + 1u;
    out->prefix_units = FIELD(c, SFCTL, PREFIX_EN) ? PREFIX_UNITS : 0u;
    out->frame_pd_mode = FIELD(c, CCR1, PD_MODE);
    for (uint32_t n = 0; n < MAX_SHAPES; n++)
        if (SHAPE_FIELD(c, n, PLL1_7, SH_EN))
            decode_shape(c, n, out, &out->shapes[out->n_shapes++]);
    for (uint32_t n = 0; n < MAX_SETS; n++)
        if (SET_FIELD(c, n, CSC1, CS_EN))
            decode_set(c, n, &out->sets[out->n_sets++]);
    if (out->n_shapes == 0)
        decode_shape(c, 0, out, &out->shapes[out->n_shapes++]);
    if (out->n_sets == 0)
        decode_set(c, 0, &out->sets[out->n_sets++]);
    out->n_groups = groups_of_frame(c, out->n_shapes);
    sequence_total(out);
    out->frame_period_ticks += scaled(FIELD(c, CCR1, TR_FED), FIELD(c, CCR1, TR_FED_MUL))
        + restart(out, out->frame_pd_mode);
}

static double tick_hz(const chip *c)
{
    return (double)c->options.reference_hz;
}

double timing_slope_hz_per_s(const chip *c, const shape_timing *shape, uint32_t down)
{
    uint32_t per_clock = down ? SHAPE_FIELD(c, shape->number, PLL1_5, RSD) : SHAPE_FIELD(c, shape->number, PLL1_1, RSU);
    return 8.0 * tick_hz(c) * signed_24(per_clock) / 1048576.0 * tick_hz(c);
}

double timing_start_hz(const chip *c, const shape_timing *shape, uint32_t down)
{
    uint32_t start = down ? SHAPE_FIELD(c, shape->number, PLL1_4, FSD) : SHAPE_FIELD(c, shape->number, PLL1_0, FSU);
    uint64_t first = 8u * (uint64_t)FIELD(c, CCR3, TR_PAEN) + 8u * (uint64_t)FIELD(c, CCR3, TR_SSTART) + 1u;
    double from_ramp_start = ((double)first - (double)ramp_start(c)) / tick_hz(c);
    return 8.0 * tick_hz(c) * (4.0 * (FIELD(c, PACR2, DIVSET) + 2.0) + 8.0 + signed_24(start) / 1048576.0)
        + timing_slope_hz_per_s(c, shape, down) * from_ramp_start;
}
