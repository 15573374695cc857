/* Calibration: what the antennas do to a signal, and what stands in the empty room, measured and taken out.
 *
 * y = g (x - c) for every lane and range bin, x the range profile, and g d for the burst difference: c the still echoes
 * and the leakage of the empty room, g the complex gain that makes all antennas alike, that of the first lane 1.
 * Nothing calibrated: nothing is touched, to the bit.
 * Measured over sw_still: mean of the profile, spread about it, and the noise that the burst differences show.
 *
 * Plane wave: a reflector at azimuth a and elevation e lies towards u = (sin a cos e, cos a cos e, sin e), and antenna l at
 * p_l has the phase -2 pi p_l u / lambda against RX3. At 1 m the wave's curvature over 2.5 mm adds 0.2 degrees of phase.
 */
#ifndef SW_CALIBRATION_H
#define SW_CALIBRATION_H

#include "sw_common.h"
#include "sw_geometry.h"

#define SW_STILL_BINS 80u          /* from range 0: 1.5 m at the finest 1.9 cm */
#define SW_STILL_LOWEST SW_BIN_LOWEST /* nearer ones hold the leakage: it drifts, and nothing moves there */
#define SW_ECHO_PER_COUNT 16.0f    /* LSB of a kept echo: 1/16 count */
#define SW_ECHO_BYTES 960u         /* int16 [bin][rx 1..3][re, im], little-endian */

/* A measurement over frames. Part of common in spirit: the chain fills it, the firmware reads it. */
typedef struct sw_still {
    uint32_t wanted;                   /* frames; 0: none is measured */
    uint32_t n;                        /* frames so far; wanted: it is complete */
    uint32_t gaps;                     /* frames were lost meanwhile */
    float re[SW_STILL_BINS][SW_LANES]; /* mean, ADC counts */
    float im[SW_STILL_BINS][SW_LANES];
    float spread[SW_STILL_BINS];       /* sum over frames and lanes of |x - mean|^2 */
    float noise[SW_STILL_BINS];        /* sum over frames and lanes of |d|^2 / 4: what thermal noise would spread */
} sw_still;

/* What is corrected. echo: SW_ECHO_BYTES, or 0: no echoes are known. */
typedef struct sw_correction {
    float gain_re[SW_MAX_RX]; /* what a lane's signal is multiplied by */
    float gain_im[SW_MAX_RX];
    const uint8_t *echo;
} sw_correction;

typedef struct sw_calibration {
    uint32_t corrects;                 /* 1: gains differ from 1 */
    uint32_t clears;                   /* 1: echoes are known */
    uint32_t raw;                      /* 1: what is measured is the profile before the correction */
    float gain_re[SW_LANES];
    float gain_im[SW_LANES];
    float echo_re[SW_STILL_BINS][SW_LANES];
    float echo_im[SW_STILL_BINS][SW_LANES];
    sw_still still;
} sw_calibration;

/* Where the reflector is, and what was found of it. */
typedef struct sw_corner {
    float distance_m;
    float azimuth_rad;
    float elevation_rad;
    uint32_t bin;              /* found: its strongest range bin */
    float gain_re[SW_MAX_RX];  /* found: of each antenna over RX1 */
    float gain_im[SW_MAX_RX];
} sw_corner;

void sw_calibration_init(sw_calibration *state);
/* From the next step on; 0: nothing is corrected. n_rx: lanes in use. */
void sw_calibration_correct(sw_calibration *state, const sw_correction *correction);
/* Measures the next frames; 0: no more. raw 1: before the correction. */
void sw_calibration_measure(sw_calibration *state, uint32_t frames, uint32_t raw);
/* Every frame, in place. gap: frames were lost before it. */
void sw_calibration_step(sw_calibration *state, uint32_t n_bins, int32_t gap, sw_profile *profile, sw_profile *difference);

/* Of a complete measurement, all over the bins SW_STILL_LOWEST .. min(n_bins, SW_STILL_BINS) - 1. */
/* 1: something moved. */
int32_t sw_still_moves(const sw_still *still, const sw_geometry *geometry);
/* Root mean square of the means, counts. */
float sw_still_residue(const sw_still *still, const sw_geometry *geometry);
/* Finds the reflector. echo as in sw_correction: taken away first. 0: there is none at that place, or not alone, or too
 * weak, or an antenna is off. */
int32_t sw_corner_find(const sw_still *still, const sw_geometry *geometry, const uint8_t *echo, sw_corner *corner);
/* Angle between where the reflector is and where its phases say it is, rad. */
float sw_corner_error(const sw_still *still, const sw_geometry *geometry, const uint8_t *echo, const sw_corner *corner);
/* Means as kept echoes, SW_ECHO_BYTES. */
void sw_still_echo(const sw_still *still, uint32_t n_rx, uint8_t *echo);

#endif
