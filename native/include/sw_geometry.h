/* Geometry: what the chain needs to know of the radar, made once from what the registers programme.
 *
 * Integers decide about range bins, so every target has the same ones; the floats are rounded once.
 * Part of common: the blocks behind the range FFT are given this record.
 */
#ifndef SW_GEOMETRY_H
#define SW_GEOMETRY_H

#include <stdint.h>
#include "sw_config.h"

#define SW_BIN_LOWEST 4u             /* below lies the device itself: antennas, cover, two bins of main lobe */
#define SW_ANTENNA_SPACING_M 0.0025f /* RX1-RX3 and RX2-RX3, datasheet */

typedef struct sw_geometry {
    uint32_t n_rx;              /* 1..3 */
    uint32_t n_bins;            /* n_samples / 2 */
    uint32_t bin_first;         /* the user's place, first and last bin included: the detection zone until one is set */
    uint32_t bin_last;
    uint32_t watch_first;       /* bins that are watched for leakage into it; first..last of the place lie between */
    uint32_t watch_last;        /* at most n_bins - 2 */
    int32_t lane[SW_MAX_RX];    /* lane of RX1, RX2, RX3; -1 when off */
    uint32_t frames_per_second; /* nearest integer, at least 1 */
    uint32_t bandwidth_khz;     /* sampled */
    float frame_s;              /* frame repetition */
    float bin_m;                /* c / (2 sampled bandwidth) */
    float wavelength_m;         /* at the centre of the sampled band */
    float half_burst_s;         /* from the middle of the first half burst to that of the second */
} sw_geometry;

/* config and timing as sw_radar_registers() left them. SW_ERROR_PARAMETER: the zone holds no range bin. */
int32_t sw_geometry_init(sw_geometry *geometry, const sw_radar_config *config, const sw_radar_timing *timing);
/* Sets the bins of the user's place, within those that are watched, the nearest SW_PLACE_BINS of them at most. A place
 * without a bin leaves them as they are. */
void sw_geometry_place(sw_geometry *geometry, uint32_t near_mm, uint32_t far_mm);

#endif
