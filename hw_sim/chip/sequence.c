/* The order of chirps in a frame: from time to units in the FIFO and back.
 *
 * Rule: in the plain case, one saw-tooth and no prefix, every chirp is like the next. Else whole rounds, repetitions and
 * samples are skipped by division; what is walked over is at most the shapes of one round, or the groups of a frame when
 * its channel sets differ in their number of antennas.
 * Open on silicon: shapes and channel sets begin with the first enabled one in every frame; a channel set serves 2^REPC
 * shapes in a row (up- and down-chirp of a triangle are one), then the next enabled one does.
 */
#include "chip_internal.h"

typedef struct group_place {
    uint64_t number;
    uint64_t tick;
    uint64_t first; /* shapes before it */
    uint64_t chirp; /* chirps before it */
    uint64_t unit;  /* units before it */
} group_place;

static const shape_timing *shape_of(const chip_timing *t, uint64_t group)
{
    return &t->shapes[t->n_shapes == 1 ? 0u : group % t->n_shapes];
}

static uint64_t chirps_of(const shape_timing *s)
{
    return 1u + s->triangle;
}

static const channel_set *set_of(const chip_timing *t, uint64_t nth_shape)
{
    uint32_t n = 0;
    if (t->n_sets == 1)
        return &t->sets[0];
    nth_shape %= t->set_cycle;
    while (nth_shape >= t->sets[n].repetitions)
        nth_shape -= t->sets[n++].repetitions;
    return &t->sets[n];
}

/* Antennas summed over the first n shapes of a frame. */
static uint64_t antennas_before(const chip_timing *t, uint64_t n, uint32_t down)
{
    uint64_t rest, sum;
    if (t->even)
        return n * t->sets[0].n_rx[down];
    sum = n / t->set_cycle * t->rx_of_cycle[down];
    rest = n % t->set_cycle;
    for (uint32_t k = 0; k < t->n_sets && rest > 0; k++) {
        uint64_t part = rest < t->sets[k].repetitions ? rest : t->sets[k].repetitions;
        sum += part * t->sets[k].n_rx[down];
        rest -= part;
    }
    return sum;
}

/* Units of n repetitions, the first of which is the first-th shape of the frame. */
static uint64_t units_of(const chip_timing *t, const shape_timing *s, uint64_t first, uint64_t n)
{
    uint64_t units = n * chirps_of(s) * t->prefix_units;
    for (uint32_t down = 0; down <= s->triangle; down++)
        units += s->samples[down] * (antennas_before(t, first + n, down) - antennas_before(t, first, down));
    return units;
}

static group_place after(const chip_timing *t, group_place g)
{
    const shape_timing *s = shape_of(t, g.number);
    g.unit += units_of(t, s, g.first, s->repetitions);
    g.tick += s->group_ticks;
    g.chirp += s->repetitions * chirps_of(s);
    g.first += s->repetitions;
    g.number++;
    return g;
}

static group_place at_round(const chip_timing *t, uint64_t n)
{
    group_place g = {0};
    if (!t->even) {
        while (g.number < n * t->n_shapes)
            g = after(t, g);
        return g;
    }
    g.number = n * t->n_shapes;
    g.tick = n * t->round_ticks;
    g.first = n * t->round_shapes;
    g.chirp = n * t->round_chirps;
    g.unit = n * t->round_units;
    return g;
}

static uint64_t last_round(const chip_timing *t)
{
    return (t->n_groups - 1u) / t->n_shapes;
}

static uint64_t at_most(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static group_place group_at_tick(const chip_timing *t, uint64_t tick)
{
    group_place g = at_round(t, at_most(tick / t->round_ticks, last_round(t)));
    while (g.number + 1u < t->n_groups && tick >= g.tick + shape_of(t, g.number)->group_ticks)
        g = after(t, g);
    return g;
}

/* n from 1 */
static group_place group_of_unit(const chip_timing *t, uint64_t n)
{
    group_place g = at_round(t, t->even ? at_most((n - 1u) / t->round_units, last_round(t)) : 0u);
    while (g.number + 1u < t->n_groups) {
        group_place next = after(t, g);
        if (n <= next.unit)
            break;
        g = next;
    }
    return g;
}

/* The repetition of a group that holds its n-th unit (from 1). */
static uint64_t repetition_of_unit(const chip_timing *t, const shape_timing *s, uint64_t first, uint64_t n)
{
    uint64_t low = 0, high = s->repetitions - 1u;
    if (t->even)
        return (n - 1u) / units_of(t, s, first, 1);
    while (low < high) { /* the last one with fewer than n units before it */
        uint64_t middle = low + (high - low + 1u) / 2u;
        if (units_of(t, s, first, middle) < n)
            low = middle;
        else
            high = middle - 1u;
    }
    return low;
}

static chirp_place up_chirp(const chip_timing *t, group_place g, uint64_t repetition)
{
    const shape_timing *s = shape_of(t, g.number);
    chirp_place at;
    at.shape = s;
    at.set = set_of(t, g.first + repetition);
    at.down = UP;
    at.group = g.number;
    at.chirp = g.chirp + repetition * chirps_of(s);
    at.tick = g.tick + repetition * s->step_ticks;
    at.unit = g.unit + units_of(t, s, g.first, repetition);
    at.group_end_tick = g.tick + s->group_ticks - s->pause_ticks;
    return at;
}

static uint64_t units_of_chirp(const chip_timing *t, const chirp_place *at)
{
    return t->prefix_units + (uint64_t)at->set->n_rx[at->down] * at->shape->samples[at->down];
}

static void to_down_chirp(const chip_timing *t, chirp_place *at)
{
    at->unit += units_of_chirp(t, at);
    at->tick += at->shape->chirp_ticks[UP];
    at->chirp++;
    at->down = DOWN;
}

chirp_place sequence_chirp_at_tick(const chip_timing *t, uint64_t tick)
{
    group_place g = group_at_tick(t, tick);
    const shape_timing *s = shape_of(t, g.number);
    chirp_place at = up_chirp(t, g, at_most((tick - g.tick) / s->step_ticks, s->repetitions - 1u));
    if (s->triangle && tick - at.tick >= s->chirp_ticks[UP])
        to_down_chirp(t, &at);
    return at;
}

chirp_place sequence_chirp_of_unit(const chip_timing *t, uint64_t n)
{
    group_place g = group_of_unit(t, n);
    chirp_place at = up_chirp(t, g, repetition_of_unit(t, shape_of(t, g.number), g.first, n - g.unit));
    if (at.shape->triangle && n - at.unit > units_of_chirp(t, &at))
        to_down_chirp(t, &at);
    return at;
}

chirp_place sequence_chirp(const chip_timing *t, uint64_t chirp)
{
    group_place g = at_round(t, at_most(chirp / t->round_chirps, last_round(t)));
    chirp_place at;
    uint64_t per_step;
    while (g.number + 1u < t->n_groups && chirp >= after(t, g).chirp)
        g = after(t, g);
    per_step = chirps_of(shape_of(t, g.number));
    at = up_chirp(t, g, (chirp - g.chirp) / per_step);
    if ((chirp - g.chirp) % per_step)
        to_down_chirp(t, &at);
    return at;
}

/* Samples of a chirp that are complete so long after its start. */
static uint64_t triggers_due(const chip_timing *t, uint64_t within, uint32_t n_samples)
{
    uint64_t triggers = within > t->first_sample_ticks ? (within - t->first_sample_ticks) / t->adc_div : 0u;
    return at_most(triggers, n_samples);
}

uint64_t sequence_units_due(const chip_timing *t, uint64_t tick)
{
    chirp_place at;
    if (t->plain) {
        const shape_timing *s = &t->shapes[0];
        uint64_t chirp = tick / s->step_ticks;
        if (chirp >= t->n_chirps)
            return t->frame_units;
        return (chirp * s->samples[UP] + triggers_due(t, tick % s->step_ticks, s->samples[UP])) * t->sets[0].n_rx[UP];
    }
    at = sequence_chirp_at_tick(t, tick);
    return at.unit + t->prefix_units
        + triggers_due(t, tick - at.tick, at.shape->samples[at.down]) * at.set->n_rx[at.down];
}

uint64_t sequence_tick_of_unit(const chip_timing *t, uint64_t n)
{
    chirp_place at;
    uint64_t of_chirp, before;
    if (t->plain) {
        const shape_timing *s = &t->shapes[0];
        uint64_t trigger = (n - 1u) / t->sets[0].n_rx[UP];
        return trigger / s->samples[UP] * s->step_ticks + t->first_sample_ticks
            + (trigger % s->samples[UP] + 1u) * t->adc_div;
    }
    at = sequence_chirp_of_unit(t, n);
    of_chirp = n - at.unit; /* from 1 */
    if (of_chirp <= t->prefix_units)
        return at.tick;
    before = (of_chirp - t->prefix_units - 1u) / at.set->n_rx[at.down];
    return at.tick + t->first_sample_ticks + (before + 1u) * t->adc_div;
}

static void total_sets(chip_timing *t)
{
    uint32_t triangles = 0;
    for (uint32_t n = 0; n < t->n_shapes; n++)
        triangles |= t->shapes[n].triangle;
    t->even = 1;
    for (uint32_t k = 0; k < t->n_sets; k++) {
        const channel_set *set = &t->sets[k];
        t->set_cycle += set->repetitions;
        for (uint32_t down = 0; down <= triangles; down++) {
            t->rx_of_cycle[down] += set->repetitions * set->n_rx[down];
            t->even = t->even && set->n_rx[down] == t->sets[0].n_rx[down];
            t->beyond_rx1 |= set->rx_mask[down] >> 1;
        }
    }
}

void sequence_total(chip_timing *t)
{
    group_place end = {0};
    const shape_timing *last = shape_of(t, t->n_groups - 1u);
    total_sets(t);
    for (uint32_t n = 0; n < t->n_shapes; n++) {
        const shape_timing *s = &t->shapes[n];
        t->round_ticks += s->group_ticks;
        t->round_shapes += s->repetitions;
        t->round_chirps += s->repetitions * chirps_of(s);
        t->round_units += units_of(t, s, 0, s->repetitions);
    }
    if (t->even)
        end = at_round(t, t->n_groups / t->n_shapes);
    while (end.number < t->n_groups)
        end = after(t, end);
    t->plain = t->n_shapes == 1 && t->even && !last->triangle && t->prefix_units == 0
        && last->group_ticks == last->repetitions * last->step_ticks;
    t->n_chirps = end.chirp;
    t->frame_units = end.unit;
    t->frame_samples = end.unit - end.chirp * t->prefix_units;
    t->frame_period_ticks = end.tick - last->pause_ticks;
}
