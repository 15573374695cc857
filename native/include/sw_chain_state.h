/* The C chain's whole state: one struct per block, nested, owned by the caller.
 *
 * Rule: only chain.c writes it; tests and probes read it. What lives no longer than a frame shares memory.
 */
#ifndef SW_CHAIN_STATE_H
#define SW_CHAIN_STATE_H

#include "sw_band_filter.h"
#include "sw_breathing_rate.h"
#include "sw_calibration.h"
#include "sw_candidates.h"
#include "sw_chain.h"
#include "sw_clutter.h"
#include "sw_direction.h"
#include "sw_displacement.h"
#include "sw_geometry.h"
#include "sw_half_burst.h"
#include "sw_motion.h"
#include "sw_phase_circle.h"
#include "sw_probe.h"
#include "sw_range_fft.h"
#include "sw_resample.h"
#include "sw_sample_check.h"
#include "sw_wander.h"

/* Memory of one frame, three times over: what lies side by side in one of the structs may be alive at the same time,
 * what lies in different ones may not. `halves` is at the same place in the first two, `range` in the last two.
 * Who lives from when to when: docs/signal-chain.md, Memory. */
typedef union sw_frame_memory {
    struct {
        uint16_t samples[SW_MAX_FRAME_SAMPLES + SW_FRAME_SPARE]; /* radar driver -> half bursts */
        sw_samples halves[2];            /* half bursts -> range FFT, which works in it */
    } arriving;
    struct {
        sw_range_fft_out range;          /* range FFT -> end of the frame */
        sw_samples other[2];             /* range FFT alone */
        uint16_t gap[SW_FRAME_SPARE];
        sw_samples halves[2];
    } turning;
    struct {
        sw_range_fft_out range;
        sw_clutter_out cleared;          /* clutter -> motion */
        sw_phase_circle_scratch fit;     /* phase circle alone */
        float wandering[SW_WATCH_BINS];  /* candidates alone */
    } watching;
} sw_frame_memory;

typedef struct sw_chain {
    sw_frame_memory memory;
    sw_geometry geometry;
    sw_place place;            /* azimuths both 0: every direction is the place */
    sw_half_burst half_burst;
    sw_range_fft range_fft;
    sw_sample_check check;
    sw_wander wander;
    sw_calibration calibration;
    sw_clutter clutter;
    sw_candidates candidates;
    sw_direction direction;
    sw_motion_state motion;
    sw_phase_circle circle;
    sw_displacement displacement;
    sw_resample resample;
    sw_band_filter band;
    sw_breathing_rate rate;
    sw_breathing_rate rate_at_rest; /* as it was when the body came to rest */
    uint32_t frame;
    uint32_t frame_us;
    uint32_t remember_every;   /* frames */
    uint32_t since_remembered; /* frames */
    uint64_t remembered_us;    /* chip time of the newest remembered frame */
    uint32_t fits;             /* since listening began */
    uint32_t seconds;          /* of candidates, since power-on or the last gap */
    uint32_t gaps;             /* frames were lost before a frame, so often */
    uint32_t fit_waits;        /* a fit is due with the next remembered frame */
    uint64_t emitted_tick;     /* tenth of a second of the last waveform sample handed out */
    uint32_t watched_blocks;   /* 1 << SW_AFTER_*: after which of them the hook is called */
    sw_block_hook hook;
    void *hook_context;
} sw_chain;

#endif
