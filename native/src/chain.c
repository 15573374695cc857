/* The whole chain, one frame at a time: samples in, quantised values out.
 *
 * Order: half bursts, range FFT, wander, calibration, clutter, candidate range bins and direction, motion, then, while the body is
 * still, phase circles, displacement, band filter and breathing rate.
 * Rule: blocks know nothing of each other; this file alone says what follows what.
 */
#include "sw_chain_state.h"

#include <stddef.h>
#include <string.h>

#include "sw_handles.h"
#include "sw_parameters.h"
#include "sw_vitals.h"
#include "sw_words.h"

#define TICK_US 100000u   /* the waveform's grid */
#define GROWING_FITS 16u  /* a fit every second while the memory grows, every other second afterwards */

_Static_assert(offsetof(sw_frame_memory, arriving.halves) == offsetof(sw_frame_memory, turning.halves), "halves");
_Static_assert(offsetof(sw_frame_memory, turning.range) == offsetof(sw_frame_memory, watching.range), "range");
_Static_assert(sizeof(sw_frame_memory) == sizeof(((sw_frame_memory *)0)->arriving), "samples and halves decide");

uint32_t sw_chain_size(void) { return (uint32_t)sizeof(sw_chain); }

uint32_t sw_chain_parameters_hash(void) { return sw_parameters_hash(); }

static int32_t init_listening(sw_chain *chain)
{
    const sw_phase_circle_config circle = {chain->geometry.n_rx};
    const sw_displacement_config displacement = {chain->geometry.wavelength_m};
    int32_t error = sw_phase_circle_init(&chain->circle, &circle);
    return error ? error : sw_displacement_init(&chain->displacement, &displacement);
}

static int32_t restart_grid(sw_chain *chain)
{
    const sw_resample_config config = {SW_RESAMPLE_MAX_GAP_US};
    return sw_resample_init(&chain->resample, &config);
}

/* Starts to look at the room as if for the first time. */
static int32_t init_looking(sw_chain *chain)
{
    const sw_geometry *geometry = &chain->geometry;
    const sw_clutter_config clutter = {geometry->frame_s, SW_P_BACKGROUND_S, geometry->watch_first,
                                       geometry->watch_last};
    const sw_wander_config wander = {geometry->frame_s, SW_P_BACKGROUND_S};
    (void)sw_wander_init(&chain->wander, &wander);
    sw_candidates_init(&chain->candidates);
    sw_direction_init(&chain->direction);
    sw_motion_init(&chain->motion);
    chain->seconds = 0;
    return sw_clutter_init(&chain->clutter, &clutter);
}

int32_t sw_chain_init(void *state, const sw_radar_config *config, const sw_radar_timing *timing)
{
    sw_chain *chain = state;
    memset(chain, 0, sizeof *chain);
    int32_t error = sw_geometry_init(&chain->geometry, config, timing);
    const sw_geometry *geometry = &chain->geometry;
    const sw_half_burst_config half_burst = {timing->n_rx, config->n_samples, config->n_chirps};
    const sw_range_fft_config range_fft = {config->n_samples};
    error = error ? error : sw_half_burst_init(&chain->half_burst, &half_burst);
    error = error ? error : sw_range_fft_init(&chain->range_fft, &range_fft);
    if (error) {
        return error;
    }
    const sw_sample_check_config check = {timing->n_rx, config->n_samples, config->n_chirps, geometry->frame_s};
    sw_calibration_init(&chain->calibration);
    error = sw_sample_check_init(&chain->check, &check);
    error = error ? error : init_looking(chain);
    error = error ? error : init_listening(chain);
    error = error ? error : restart_grid(chain);
    sw_band_filter_init(&chain->band);
    sw_breathing_rate_init(&chain->rate);
    chain->frame_us = (uint32_t)sw_to_i32(geometry->frame_s * 1e6f, 1, 1 << 22);
    chain->remember_every = (uint32_t)sw_to_i32(1.0f / (geometry->frame_s * SW_P_CIRCLE_RATE_HZ), 1, 1000);
    return error;
}

/* Hands a waveform sample out once, however often the memory is read again. */
static void emit(sw_chain *chain, uint64_t tick, int16_t wave_um, sw_chain_out *out)
{
    if (tick <= chain->emitted_tick || out->wave_n >= SW_WAVE_MAX) {
        return;
    }
    if (out->wave_n == 0) {
        out->wave_t_us = tick * TICK_US - SW_BAND_FILTER_DELAY_US;
    }
    out->wave_um[out->wave_n++] = wave_um;
    chain->emitted_tick = tick;
}

/* Brings a displacement at a frame's time onto the grid, through the band filter, to the breaths. */
static void pass_on(sw_chain *chain, uint64_t t_us, float um, sw_chain_out *out)
{
    sw_resample_out grid;
    sw_resample_step(&chain->resample, t_us, um, &grid);
    if (grid.restart) {
        sw_band_filter_init(&chain->band);
    }
    for (uint32_t i = 0; i < grid.n; i++) {
        uint64_t grid_us = grid.t_us + (uint64_t)i * SW_RESAMPLE_STEP_US;
        uint64_t tick = grid_us / TICK_US;
        int16_t wave_um = 0;
        if (chain->circle.fitted) {
            if (sw_band_filter_step(&chain->band, grid.value[i], &wave_um)) {
                sw_breathing_rate_step(&chain->rate, (int64_t)tick, wave_um);
                emit(chain, tick, wave_um, out);
            }
        } else if (grid_us % TICK_US == 0) {
            emit(chain, tick, 0, out);
        }
    }
}

/* While the memory reaches back to where rest began, reads all of it again with the newest circles. */
static void replay(sw_chain *chain, sw_chain_out *out)
{
    const sw_phase_circle *circle = &chain->circle;
    const sw_displacement_config displacement = chain->displacement.config;
    uint32_t n = circle->samples;
    float um = 0.0f;
    sw_breathing_rate_copy(&chain->rate, &chain->rate_at_rest);
    (void)restart_grid(chain);
    for (uint32_t t = 0; t < n; t++) {
        uint64_t back_us = (uint64_t)(n - 1 - t) * chain->remember_every * chain->frame_us;
        um = -chain->displacement.um_per_rad * (circle->phase[t] - circle->phase[0]);
        pass_on(chain, chain->remembered_us - back_us, um, out);
    }
    (void)sw_displacement_init(&chain->displacement, &displacement);
    chain->displacement.displacement_um = um;
}

/* Begins, keeps or stops listening to the body's range bins. */
static void follow(sw_chain *chain, int32_t second, uint32_t flags)
{
    const sw_candidates *chosen = &chain->candidates;
    int32_t listening = chain->circle.channels.n > 0;
    int32_t lost = chain->motion.moving || chosen->body_bin < 0 || (flags & SW_FLAG_GAP);
    if (listening && !lost && second) {
        int32_t bin = (int32_t)chain->circle.channels.bin[0];
        lost = bin < chosen->first_bin || bin > chosen->last_bin;
    }
    if (listening && lost) {
        (void)init_listening(chain);
        sw_breathing_rate_interrupt(&chain->rate);
        listening = 0;
    }
    if (second && !listening && !lost) {
        (void)init_listening(chain);
        sw_phase_circle_listen(&chain->circle, chosen->excess, (uint32_t)chosen->first_bin,
                               (uint32_t)chosen->last_bin, SW_P_CHANNEL_SHARE);
        sw_breathing_rate_copy(&chain->rate_at_rest, &chain->rate);
        chain->fits = 0;
        chain->fit_waits = 0;
        chain->since_remembered = 0;
    }
}

static int32_t fit_is_due(const sw_chain *chain)
{
    float remembered_s = (float)(chain->circle.samples * chain->remember_every) * chain->geometry.frame_s;
    return remembered_s >= SW_P_CIRCLE_FIRST_S && (chain->fits < GROWING_FITS || chain->seconds % 2 == 0);
}

/* Fits the circles if that waits; returns 1 when the whole memory was read again with them. */
static int32_t fit_again(sw_chain *chain, sw_chain_out *out)
{
    if (!chain->fit_waits) {
        return 0;
    }
    chain->fit_waits = 0;
    chain->fits++;
    sw_phase_circle_fit(&chain->circle, chain->candidates.noise / (float)chain->geometry.n_rx,
                        &chain->memory.watching.fit);
    if (chain->circle.samples >= SW_CIRCLE_SAMPLES) {
        return 0;
    }
    replay(chain, out);
    return 1;
}

/* Remembers the channels, fits their circles now and then, and follows the displacement. */
static void listen(sw_chain *chain, uint64_t t_us, int32_t second, sw_chain_out *out)
{
    sw_phase_circle *circle = &chain->circle;
    int32_t replayed = 0;
    if (circle->channels.n > 0) {
        int32_t remembered = chain->since_remembered == 0;
        if (remembered) {
            sw_phase_circle_remember(circle, &chain->memory.watching.range.profile);
            chain->remembered_us = t_us;
        }
        chain->fit_waits |= (uint32_t)(second && fit_is_due(chain));
        replayed = remembered && fit_again(chain, out);
        chain->since_remembered = (chain->since_remembered + 1) % chain->remember_every;
        if (circle->fitted) {
            sw_displacement_step(&chain->displacement, &circle->channels, &chain->memory.watching.range.profile);
        }
    }
    if (!replayed) {
        pass_on(chain, t_us, chain->displacement.displacement_um, out);
    }
}

/* Forgets who was there. */
static void look_anew(sw_chain *chain)
{
    (void)init_looking(chain);
    if (chain->circle.channels.n > 0) {
        (void)init_listening(chain);
        sw_breathing_rate_interrupt(&chain->rate);
    }
}

/* Shows the chain to whoever watches. */
static void ended(const sw_chain *chain, uint32_t block, const sw_chain_out *out)
{
    if ((chain->watched_blocks >> block & 1u) != 0u) {
        chain->hook(chain->hook_context, block, out);
    }
}

/* What the radar itself makes of still echoes, those that the calibration takes away too: ADC counts squared, per bin. */
static const float *wandering(sw_chain *chain)
{
    const sw_geometry *geometry = &chain->geometry;
    const sw_calibration *known = &chain->calibration;
    float *power = chain->memory.watching.wandering;
    uint32_t first = geometry->watch_first, last = geometry->watch_last;
    for (uint32_t k = first; k <= last; k++) {
        power[k] = 0.0f;
    }
    const sw_watched *still = &chain->clutter.background;
    sw_wander_add(&chain->wander, geometry, still->re[0], still->im[0], first, last, power);
    if (known->clears) {
        last = last < SW_STILL_BINS ? last : SW_STILL_BINS - 1u;
        sw_wander_add(&chain->wander, geometry, known->echo_re[0], known->echo_im[0], first, last, power);
    }
    return power;
}

/* Digests one range profile: where, whether still, how it breathes. */
static void observe(sw_chain *chain, uint64_t t_us, uint32_t flags, sw_chain_out *out)
{
    const sw_geometry *geometry = &chain->geometry;
    const sw_range_fft_out *range = &chain->memory.watching.range;
    const sw_profile *difference = &range->difference, *moving = &chain->memory.watching.cleared.moving;
    sw_candidates *chosen = &chain->candidates;
    sw_clutter_step(&chain->clutter, &range->profile, &chain->memory.watching.cleared);
    ended(chain, SW_AFTER_CLUTTER, out);
    sw_sample_check_line(&chain->check, geometry, difference, chosen->noise);
    int32_t second = sw_candidates_step(chosen, geometry, moving, difference);
    if (second) {
        sw_candidates_choose(chosen, geometry, wandering(chain));
    }
    ended(chain, SW_AFTER_CANDIDATES, out);
    sw_direction_step(&chain->direction, geometry, moving);
    if (second) {
        chain->seconds++;
        sw_direction_second(&chain->direction, geometry, chosen->first_bin, chosen->last_bin);
    }
    ended(chain, SW_AFTER_DIRECTION, out);
    sw_motion_body body = {(int32_t)geometry->bin_first, (int32_t)geometry->bin_last, chosen->noise, 0.0f};
    if (chosen->body_bin >= 0) {
        body.first_bin = chosen->first_bin;
        body.last_bin = chosen->last_bin;
    }
    if (chain->circle.fitted) {
        body.circle_power = chain->circle.radius_power;
    }
    sw_motion_step(&chain->motion, geometry, moving, difference, &body);
    ended(chain, SW_AFTER_MOTION, out);
    follow(chain, second, flags);
    listen(chain, t_us, second, out);
    if (second) {
        sw_breathing_rate_measure(&chain->rate, (int64_t)(t_us / TICK_US));
    }
    ended(chain, SW_AFTER_PHASE_CIRCLE, out);
}

/* Looks whether the radar is what it was; if not, or after a gap, whoever was there before may be gone. */
static void look(sw_chain *chain, uint32_t flags)
{
    const sw_profile *profile = &chain->memory.watching.range.profile;
    if (flags & SW_FLAG_GAP) {
        (void)init_looking(chain);
        chain->gaps += chain->frame > 0 ? 1u : 0u; /* the very first frame ends no gap */
    }
    sw_wander_step(&chain->wander, &chain->geometry, profile);
    if (chain->wander.stepped || (chain->check.turned && SW_HANDLES(SUPPLY_RIPPLE))) {
        look_anew(chain);
        sw_wander_step(&chain->wander, &chain->geometry, profile);
    }
}

uint16_t *sw_chain_samples(void *state) { return ((sw_chain *)state)->memory.arriving.samples; }

void sw_chain_place(void *state, const sw_place *place)
{
    sw_chain *chain = state;
    const sw_place *was = &chain->place;
    if (place->near_mm == was->near_mm && place->far_mm == was->far_mm &&
        place->azimuth_low_cdeg == was->azimuth_low_cdeg && place->azimuth_high_cdeg == was->azimuth_high_cdeg) {
        return;
    }
    chain->place = *place;
    sw_geometry_place(&chain->geometry, place->near_mm, place->far_mm);
    look_anew(chain);
}

void sw_chain_correct(void *state, const sw_correction *correction)
{
    sw_chain *chain = state;
    sw_calibration_correct(&chain->calibration, correction);
    look_anew(chain);
}

void sw_chain_measure(void *state, uint32_t frames, uint32_t raw)
{
    sw_calibration_measure(&((sw_chain *)state)->calibration, frames, raw);
}

const sw_still *sw_chain_still(void *state) { return &((sw_chain *)state)->calibration.still; }

void sw_chain_watch(void *state, sw_block_hook hook, void *context, uint32_t blocks)
{
    sw_chain *chain = state;
    chain->hook = hook;
    chain->hook_context = context;
    chain->watched_blocks = hook != 0 ? blocks : 0u;
}

/* Checks that this build handles, 1 << SW_CHECK_*. */
static uint32_t handled(void)
{
#define SW_CHECK_HANDLED(NAME) (uint32_t)SW_HANDLES(NAME) << SW_CHECK_##NAME |
    return SW_CHECKS(SW_CHECK_HANDLED) 0u;
#undef SW_CHECK_HANDLED
}

/* The first of these checks that is present, as a reason; 0 none. */
static int32_t reason_of(uint32_t present, const uint8_t *checks, uint32_t n)
{
#define SW_CHECK_REASON(NAME) [SW_CHECK_##NAME] = SW_REASON_##NAME,
    static const uint8_t reasons[SW_CHECK_COUNT] = {SW_CHECKS(SW_CHECK_REASON)};
#undef SW_CHECK_REASON
    for (uint32_t i = 0; i < n; i++) {
        if (present >> checks[i] & 1u) {
            return reasons[checks[i]];
        }
    }
    return SW_REASON_NONE;
}

void sw_chain_step(void *state, const uint16_t *samples, uint64_t t_us, uint32_t flags, sw_chain_out *out)
{
    sw_chain *chain = state;
    sw_frame_memory *memory = &chain->memory;
    sw_sample_check_samples(&chain->check, samples, (flags & SW_FLAG_SATURATED) != 0u);
    sw_half_burst_step(&chain->half_burst, samples, memory->arriving.halves);
    sw_sample_check_halves(&chain->check, memory->arriving.halves);
    ended(chain, SW_AFTER_HALF_BURST, out);
    sw_range_fft_step(&chain->range_fft, memory->turning.halves, memory->turning.other, &memory->turning.range);
    ended(chain, SW_AFTER_RANGE_FFT, out);
    sw_sample_check_profile(&chain->check, &chain->geometry, &memory->watching.range.profile,
                            &memory->watching.range.difference);
    look(chain, flags);
    sw_calibration_step(&chain->calibration, chain->geometry.n_bins, (flags & SW_FLAG_GAP) != 0u,
                        &memory->watching.range.profile, &memory->watching.range.difference);
    out->t_us = t_us;
    out->frame = chain->frame++;
    out->flags = flags;
    out->wave_n = 0;
    out->wave_t_us = 0;
    observe(chain, t_us, flags, out);
    static const uint8_t disturbing[] = {SW_CHECK_FIFO_SHIFTED, SW_CHECK_RAMP, SW_CHECK_SUPPLY_RIPPLE,
                                         SW_CHECK_BUS_BITS, SW_CHECK_INTERFERENCE};
    static const uint8_t misleading[] = {SW_CHECK_FIFO_SHIFTED, SW_CHECK_RAMP, SW_CHECK_ANTENNA_DEAD,
                                         SW_CHECK_ANTENNA_MISMATCH};
    uint32_t present = chain->check.present & handled();
    out->noticed = chain->check.noticed & handled();
    const sw_vitals_sources sources = {&chain->candidates, &chain->direction, &chain->motion,
                                       &chain->circle,     &chain->rate,      &chain->place,
                                       chain->seconds,     chain->gaps,
                                       reason_of(present, disturbing, sizeof disturbing),
                                       reason_of(present, misleading, sizeof misleading)};
    sw_vitals_fill(&sources, out);
    ended(chain, SW_AFTER_VITALS, out);
}
