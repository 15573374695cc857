/* Resample: values at frame times become values on a fixed 20 Hz grid of chip time.
 *
 * Frames at 2..100 a second, some missing. Lagrange's cubic through four neighbouring frames is read between the
 * second and the third, so a result is known one frame after the frame that follows it.
 * Grid times are multiples of 50 ms of chip time; the first of a run is a multiple of 100 ms.
 */
#ifndef SW_RESAMPLE_H
#define SW_RESAMPLE_H

#include "sw_common.h"

#define SW_RESAMPLE_STEP_US 50000
#define SW_RESAMPLE_START_US 100000 /* so that every second sample lies on the 10 Hz grid */
#define SW_RESAMPLE_MAX 16
#define SW_RESAMPLE_MAX_GAP_US 750000 /* both ends of the distance may lie on the grid */

typedef struct sw_resample_config {
    uint32_t gap_us; /* a longer distance between frames starts a new run; 1..SW_RESAMPLE_MAX_GAP_US */
} sw_resample_config;

typedef struct sw_resample {
    sw_resample_config config;
    uint32_t n;         /* frames held, at most 4 */
    uint64_t next_us;   /* next grid time */
    uint64_t t_us[4];
    float value[4];
} sw_resample;

typedef struct sw_resample_out {
    uint64_t t_us;  /* grid time of the first result, if any */
    uint32_t n;     /* results of this frame */
    uint32_t restart; /* 1: a new run starts with this frame (the first one, a gap, time not rising) */
    float value[SW_RESAMPLE_MAX];
} sw_resample_out;

int32_t sw_resample_init(sw_resample *state, const sw_resample_config *config);
/* value: any unit. t_us: chip time of the frame. */
void sw_resample_step(sw_resample *state, uint64_t t_us, float value, sw_resample_out *out);

#endif
