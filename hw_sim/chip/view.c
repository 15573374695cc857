/* What the registers programme, in the units of physics: for whoever makes the samples.
 *
 * Rule: nothing is computed here that the chip itself goes by.
 */
#include "chip_internal.h"

/* While frames run: as they run. */
static void timing_now(const chip *c, chip_timing *out)
{
    if (c->frames.running)
        *out = c->frames.timing;
    else
        timing_decode(c, out);
}

static double ns_of_ticks(const chip *c, uint64_t ticks)
{
    return 1e9 / (double)c->options.reference_hz * (double)ticks;
}

static uint32_t same_antennas(const chip_timing *t)
{
    for (uint32_t n = 1; n < t->n_sets; n++)
        if (t->sets[n].rx_mask[UP] != t->sets[0].rx_mask[UP])
            return 0;
    return 1;
}

/* Gain and corner of each antenna in up-chirps of the first set. */
static void view_antennas(const chip *c, const channel_set *set, chip_radar_view *out)
{
    static const double corner_hz[4] = {20e3, 45e3, 70e3, 80e3};
    uint32_t stride = REG_CSU2_0 - REG_CSU1_0;
    uint32_t gains = c->registers[REG_CSU1_2 + stride * set->number];
    uint32_t lowest = 0;
    while (lowest < 2 && !((set->rx_mask[UP] >> lowest) & 1u))
        lowest++;
    for (uint32_t rx = 0; rx < 3; rx++) {
        double first_db = (FIELD_OF(gains, CSU1_2_HP_GAIN) >> rx) & 1u ? 18.0 : 30.0;
        out->rx_gain_db[rx] = first_db + 5.0 * ((gains >> (5u * rx + 2u)) & 7u);
        out->rx_cutoff_hz[rx] = corner_hz[(gains >> (5u * rx)) & 3u];
    }
    out->if_gain_db = out->rx_gain_db[lowest];
    out->hp_cutoff_hz = out->rx_cutoff_hz[lowest];
    out->tx_power_level = FIELD_OF(c->registers[REG_CSU1_1 + stride * set->number], CSU1_1_TX_DAC);
}

void chip_radar(void *memory, chip_radar_view *out)
{
    const chip *c = memory;
    chip_timing t;
    const shape_timing *shape = &t.shapes[0];
    const channel_set *set = &t.sets[0];

    timing_now(c, &t);
    out->n_rx = set->n_rx[UP];
    out->rx_mask = set->rx_mask[UP];
    out->n_samples = shape->samples[UP];
    out->n_chirps = (uint32_t)t.n_chirps;
    out->sample_rate_hz = t.adc_div ? (double)c->options.reference_hz / t.adc_div : 0.0;
    out->slope_hz_per_s = timing_slope_hz_per_s(c, shape, UP);
    out->f0_hz = timing_start_hz(c, shape, UP);
    out->chirp_period_ns = ns_of_ticks(c, shape->step_ticks);
    out->frame_period_ns = ns_of_ticks(c, t.frame_period_ticks);
    view_antennas(c, set, out);
    out->transmitting = frames_transmit(c);
    out->uniform = t.n_shapes == 1 && !shape->triangle && same_antennas(&t);
    out->frame_samples = t.frame_samples;
}

void chip_chirp(void *memory, uint32_t index, chip_chirp_view *out)
{
    const chip *c = memory;
    chip_timing t;
    chirp_place at;
    timing_now(c, &t);
    at = sequence_chirp(&t, index < t.n_chirps ? index : t.n_chirps - 1u);
    out->shape = at.shape->number + 1u;
    out->channel_set = at.set->number + 1u;
    out->down = at.down;
    out->n_rx = at.set->n_rx[at.down];
    out->rx_mask = at.set->rx_mask[at.down];
    out->n_samples = at.shape->samples[at.down];
    out->start_clocks = at.tick;
    out->first_sample = at.unit - at.chirp * t.prefix_units;
    out->f0_hz = timing_start_hz(c, at.shape, at.down);
    out->slope_hz_per_s = timing_slope_hz_per_s(c, at.shape, at.down);
}

double chip_frame_period_ns(void *memory)
{
    chip_radar_view view;
    chip_radar(memory, &view);
    return view.frame_period_ns;
}
