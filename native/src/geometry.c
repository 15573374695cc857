/* Geometry: range bins by integer arithmetic, lengths and times rounded once.
 *
 * Rule: the same numbers as edge/blocks/geometry.py, which works in double precision.
 */
#include "sw_geometry.h"

#include "sw_common.h"
#include "sw_error.h"
#include "sw_parameters.h"

#define C_M_PER_S 299792458u
#define TICKS_PER_S 80000000u

/* a / b, rounded to float32; a > 0, b < 2^37, so that the quotient keeps 26 bits */
static float ratio(uint64_t a, uint64_t b)
{
    float scale = 1.0f;
    while (a >> 63 == 0) {
        a <<= 1;
        scale *= 0.5f;
    }
    return (float)(a / b) * scale;
}

/* Distance over the length of a bin, c / (2 B), rounded down or up. */
static uint32_t bins_of_um(uint32_t um, uint32_t bandwidth_khz, int32_t up)
{
    uint64_t a = (uint64_t)um * 2u * bandwidth_khz, b = (uint64_t)C_M_PER_S * 1000u;
    return (uint32_t)((a + (up != 0 ? b - 1u : 0u)) / b);
}

static uint32_t bins_of(float distance_m, uint32_t bandwidth_khz, int32_t up)
{
    return bins_of_um((uint32_t)(distance_m * 1e6f + 0.5f), bandwidth_khz, up);
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

int32_t sw_geometry_init(sw_geometry *geometry, const sw_radar_config *config, const sw_radar_timing *timing)
{
    uint32_t bandwidth = timing->sampled_bandwidth_khz, ticks = timing->frame_ticks;
    if (config->rx_mask < 1 || config->rx_mask >= 1u << SW_MAX_RX) {
        return SW_ERROR_CONFIG_RX;
    }
    if (config->n_samples < 8 || config->n_samples > SW_MAX_SAMPLES || bandwidth == 0 || ticks == 0) {
        return SW_ERROR_PARAMETER;
    }
    uint32_t n_bins = config->n_samples / 2, first = bins_of(SW_P_ZONE_NEAR_M, bandwidth, 1);
    uint32_t highest = lesser(n_bins - 2, SW_WATCH_BINS - 1);
    int32_t lane = 0;
    for (uint32_t rx = 0; rx < SW_MAX_RX; rx++) {
        geometry->lane[rx] = (config->rx_mask >> rx & 1u) != 0 ? lane++ : -1;
    }
    geometry->n_rx = (uint32_t)lane;
    geometry->n_bins = n_bins;
    geometry->bin_first = first > SW_BIN_LOWEST ? first : SW_BIN_LOWEST;
    geometry->bin_last = lesser(lesser(highest, bins_of(SW_P_ZONE_FAR_M, bandwidth, 0)), geometry->bin_first + SW_PLACE_BINS - 1u);
    geometry->watch_first = geometry->bin_first;
    geometry->watch_last = lesser(highest, bins_of(SW_P_WATCH_FAR_M, bandwidth, 0));
    if (geometry->bin_first > geometry->bin_last) {
        return SW_ERROR_PARAMETER;
    }
    geometry->bandwidth_khz = bandwidth;
    uint32_t per_second = (2u * TICKS_PER_S + ticks) / (2u * ticks);
    geometry->frames_per_second = per_second > 1 ? per_second : 1;
    geometry->frame_s = ratio(ticks, TICKS_PER_S);
    geometry->bin_m = ratio(C_M_PER_S, 2000u * (uint64_t)bandwidth);
    geometry->wavelength_m = ratio(C_M_PER_S, 1000u * (uint64_t)timing->sampled_start_khz + 500u * (uint64_t)bandwidth);
    geometry->half_burst_s = ratio((uint64_t)timing->chirp_ticks * config->n_chirps, 2u * TICKS_PER_S);
    return SW_OK;
}

void sw_geometry_place(sw_geometry *geometry, uint32_t near_mm, uint32_t far_mm)
{
    uint32_t first = bins_of_um(1000u * near_mm, geometry->bandwidth_khz, 1);
    uint32_t last = bins_of_um(1000u * far_mm, geometry->bandwidth_khz, 0);
    first = first > geometry->watch_first ? first : geometry->watch_first;
    last = lesser(lesser(last, geometry->watch_last), first + SW_PLACE_BINS - 1u);
    if (first <= last) {
        geometry->bin_first = first;
        geometry->bin_last = last;
    }
}
