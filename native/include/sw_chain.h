/* The signal chain as the firmware sees it: samples of one frame in, quantised integers out.
 *
 * Rule: every value that leaves is an integer with its own validity; 0 validity comes with a reason.
 */
#ifndef SW_CHAIN_H
#define SW_CHAIN_H

#include <stdint.h>
#include "sw_calibration.h"
#include "sw_config.h"
#include "sw_sample_check.h"

#define SW_WAVE_MAX 8          /* 10 Hz waveform samples one frame can finish (frames down to 2/s) */

/* flags of a frame, in and out */
#define SW_FLAG_SATURATED 1u   /* a sample stood at 0 or 4095; whoever unpacks the samples says so */
#define SW_FLAG_GAP 2u         /* frames were lost before this one: overflow, reset, restart */

typedef struct sw_chain_out {
    uint64_t t_us;             /* chip time of the frame */
    uint32_t frame;            /* frames since frame start */
    uint32_t flags;            /* SW_FLAG_* */
    uint32_t noticed;          /* 1 << SW_CHECK_*: what the samples say about the radar itself */
    int32_t confidence;        /* P(person in the user's place), 0..255 */
    int32_t rate_centi_per_min;/* breathing, 0.01 per minute */
    int32_t rate_validity;     /* P(|rate - truth| <= 1 per minute), 0..255 */
    int32_t rate_reason;       /* SW_REASON_* */
    int32_t motion_class;      /* SW_MOTION_* */
    int32_t motion_decidb;     /* motion over the still level, 0.1 dB */
    int32_t motion_validity;   /* P(right class), 0..255 */
    int32_t motion_reason;
    int32_t distance_mm;
    int32_t distance_validity;
    int32_t azimuth_cdeg;      /* 0.01 degree, + towards RX1 */
    int32_t elevation_cdeg;    /* 0.01 degree, + towards RX2 */
    int32_t direction_validity;
    int32_t position_reason;
    int32_t range_bin;
    int32_t quality_breathing; /* 0..255 */
    int32_t quality_motion;    /* 0..255 */
    int32_t wave_validity;
    int32_t wave_reason;
    int32_t wave_n;            /* waveform samples finished by this frame */
    int16_t wave_um[SW_WAVE_MAX]; /* band-passed displacement, + towards the radar, 10 samples/s */
    uint64_t wave_t_us;        /* time of wave_um[0], filter delay already subtracted; 0 when wave_n is 0 */
} sw_chain_out;

/* The firmware calls its chain through this table; the C chain is the default. */
typedef struct sw_chain_ops {
    void *state;
    uint32_t parameters_hash;  /* crc32 of the parameters the chain works with, for HELLO */
    int32_t (*init)(void *state, const sw_radar_config *config, const sw_radar_timing *timing);
    /* samples: uint16[chirp][sample][rx], 12-bit ADC counts, in FIFO order; they may be gone afterwards */
    void (*step)(void *state, const uint16_t *samples, uint64_t t_us, uint32_t flags, sw_chain_out *out);
    /* From now on the user lies here; another place than before makes the chain look anew. Between two steps. */
    void (*place)(void *state, const sw_place *place);
    /* Between two steps. See sw_calibration.h; what still() returns lies in the state. Another correction makes the chain
     * look anew. */
    void (*correct)(void *state, const sw_correction *correction);
    void (*measure)(void *state, uint32_t frames, uint32_t raw);
    const sw_still *(*still)(void *state);
} sw_chain_ops;

/* The C chain. State: sw_chain_size() bytes, 16-byte aligned; init returns 0 or a negative sw_error. */
uint32_t sw_chain_size(void);
uint32_t sw_chain_parameters_hash(void);
int32_t sw_chain_init(void *state, const sw_radar_config *config, const sw_radar_timing *timing);
void sw_chain_step(void *state, const uint16_t *samples, uint64_t t_us, uint32_t flags, sw_chain_out *out);
void sw_chain_place(void *state, const sw_place *place);
void sw_chain_correct(void *state, const sw_correction *correction);
void sw_chain_measure(void *state, uint32_t frames, uint32_t raw);
const sw_still *sw_chain_still(void *state);
/* Where the next frame may lie: SW_MAX_FRAME_SAMPLES + SW_FRAME_SPARE samples that a step uses up. */
uint16_t *sw_chain_samples(void *state);

#endif
