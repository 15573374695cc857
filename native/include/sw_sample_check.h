/* Sample check: what the raw samples of a frame say about the radar itself.
 *
 * Three looks at a frame. The samples: pairs of chirps (0 and 1, 2 and 3, ...) see the same scene, so their differences are
 * noise; a jump is a difference above JUMP_COUNTS + JUMP_NOISE times its mean. The half bursts: each antenna's mean. The
 * range profile: what lies right in front (bins 1..3: leakage, cover), which nothing that breathes reaches, against what it
 * was (a slow mean, in which a fault is not learnt); and a range bin whose burst difference keeps its size: what turns from
 * chirp to chirp and is no body.
 * Conditions of single frames count at once; others by their share of the frames, smoothed over CHECK_SMOOTH_S.
 */
#ifndef SW_SAMPLE_CHECK_H
#define SW_SAMPLE_CHECK_H

#include "sw_common.h"
#include "sw_geometry.h"

/* CHECK(NAME): bit SW_CHECK_NAME of `noticed`, reason SW_REASON_NAME */
#define SW_CHECKS(CHECK) \
    CHECK(BUS_BITS)         /* jumps of single samples, their neighbours are as before */ \
    CHECK(FRAME_REPEATED)   /* the same noise as in the frame before */ \
    CHECK(INTERFERENCE)     /* jumps that last some samples, in few chirps */ \
    CHECK(FIRST_CHIRP)      /* first pair differs, in most frames */ \
    CHECK(ANTENNA_DEAD)     /* an antenna has nothing in front, the others have */ \
    CHECK(ADC_OFFSET)       /* means far off the middle */ \
    CHECK(LEAKAGE)          /* far more right in front than there was, or than there may be */ \
    CHECK(RAMP)             /* nothing right in front at any antenna */ \
    CHECK(ANTENNA_MISMATCH) /* what is right in front has changed at one antenna alone */ \
    CHECK(FIFO_SHIFTED)     /* what is right in front has moved from antenna to antenna */ \
    CHECK(SUPPLY_RIPPLE)    /* something that turns within the burst and keeps its size */

#define SW_CHECK_WORD(NAME) SW_CHECK_##NAME,
typedef enum sw_check { SW_CHECKS(SW_CHECK_WORD) SW_CHECK_COUNT } sw_check;
#undef SW_CHECK_WORD

#define SW_CHECK_NEAR 3u /* bins 1..3 */

typedef struct sw_sample_check_config {
    uint32_t n_rx;
    uint32_t n_samples;
    uint32_t n_chirps;
    float frame_s;
} sw_sample_check_config;

typedef struct sw_sample_check {
    sw_sample_check_config config;
    float alpha;                      /* of the shares */
    uint32_t clipped;                 /* 1: in this frame */
    uint32_t print;                   /* of the last frame; 0 none */
    float share[SW_CHECK_COUNT];      /* of the frames in which a condition held, smoothed */
    float mean[SW_LANES];             /* of this frame, ADC counts off the middle */
    float near_re[SW_CHECK_NEAR][SW_LANES]; /* what is usually right in front, ADC counts */
    float near_im[SW_CHECK_NEAR][SW_LANES];
    uint32_t learnt;                  /* frames in it */
    uint32_t line_bin;                /* of the strongest burst difference of this second ... */
    uint32_t line_n;                  /* ... its frames, */
    float line_sum;                   /* its power and the square of it, summed */
    float line_square;
    uint32_t line_seconds;            /* seconds in a row in which it kept its size */
    uint32_t turned;                  /* 1: a ripple of the supply was just noticed or is just over: what moved proves nobody */
    uint32_t noticed;                 /* 1 << SW_CHECK_*, of this frame */
    uint32_t present;                 /* the same without those of single frames that are rare */
} sw_sample_check;

int32_t sw_sample_check_init(sw_sample_check *state, const sw_sample_check_config *config);
/* In this order, every frame. samples: uint16[chirp][sample][rx]. */
/* clipped: a sample stands at the end of its range; then that is the reason, and no other. */
void sw_sample_check_samples(sw_sample_check *state, const uint16_t *samples, int32_t clipped);
void sw_sample_check_halves(sw_sample_check *state, const sw_samples half[2]);
/* profile, difference: before any correction. */
void sw_sample_check_profile(sw_sample_check *state, const sw_geometry *geometry, const sw_profile *profile,
                             const sw_profile *difference);
/* Last; sums up `noticed`. noise: power of a range bin, ADC counts^2. */
void sw_sample_check_line(sw_sample_check *state, const sw_geometry *geometry, const sw_profile *difference, float noise);

#endif
