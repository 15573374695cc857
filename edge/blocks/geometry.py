"""What the chain needs to know of the radar: one record, made once from config and timing.

Source: the antenna spacing is the datasheet's 2.5 mm; a range bin is c / (2 B) of the *sampled* band.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from edge.blocks import CACHE
from edge.blocks.parameters import WATCH_FAR_M, ZONE_FAR_M, ZONE_NEAR_M

C_M_PER_S = 299_792_458.0
ANTENNA_SPACING_M = 0.0025
CLOCK_HZ = 80e6
WATCH_BINS = 128  # what the blocks behind the clutter have room for
BIN_LOWEST = 4  # below lies the device itself: antennas, cover, two bins of main lobe
PLACE_BINS = 64  # what the direction has room for: the detection zone at the finest 2.1 cm

GEOMETRY = np.dtype(
    [
        ("n_rx", np.int32),
        ("n_bins", np.int32),
        ("bin_first", np.int32),  # the user's place, inclusive: the detection zone until one is set
        ("bin_last", np.int32),
        ("watch_first", np.int32),  # what is watched for leakage into it, inclusive
        ("watch_last", np.int32),
        ("lane_1", np.int32),  # lane of RX1, RX2, RX3; -1 when off
        ("lane_2", np.int32),
        ("lane_3", np.int32),
        ("frames_per_second", np.int32),
        ("bandwidth_khz", np.int32),  # sampled
        ("frame_s", np.float32),
        ("bin_m", np.float32),
        ("wavelength_m", np.float32),
        ("half_burst_s", np.float32),
    ],
    align=True,
)


def geometry(
    *,
    rx_mask: int,
    n_samples: int,
    n_chirps: int,
    frame_s: float,
    chirp_s: float,
    sampled_start_hz: float,
    sampled_bandwidth_hz: float,
    zone_near_m: float,
    zone_far_m: float,
    watch_far_m: float,
) -> Any:
    """Return a GEOMETRY record: bins and wavelength of the sampled band, lanes of the antennas.

    ValueError: the detection zone holds no range bin.
    """
    record = np.zeros(1, GEOMETRY)[0]
    bin_m = C_M_PER_S / (2.0 * sampled_bandwidth_hz)
    n_bins = n_samples // 2
    record["n_rx"] = bin(rx_mask).count("1")
    record["n_bins"] = n_bins
    record["bandwidth_khz"] = round(sampled_bandwidth_hz / 1e3)
    record["bin_m"] = bin_m
    record["bin_first"] = max(BIN_LOWEST, math.ceil(zone_near_m / bin_m))
    record["watch_first"] = record["bin_first"]
    highest = min(n_bins - 2, WATCH_BINS - 1)
    record["bin_last"] = min(highest, int(zone_far_m / bin_m), record["bin_first"].item() + PLACE_BINS - 1)
    record["watch_last"] = min(highest, int(watch_far_m / bin_m))
    if record["bin_first"] > record["bin_last"]:
        raise ValueError(f"no range bin of {bin_m:.3f} m in the zone {zone_near_m}..{zone_far_m} m")
    record["wavelength_m"] = C_M_PER_S / (sampled_start_hz + sampled_bandwidth_hz / 2.0)
    record["half_burst_s"] = chirp_s * n_chirps / 2
    record["frame_s"] = frame_s
    record["frames_per_second"] = max(1, int(1.0 / frame_s + 0.5))
    lane = 0
    for rx in range(3):
        on = rx_mask >> rx & 1
        record[f"lane_{rx + 1}"] = lane if on else -1
        lane += on
    return record


@njit(cache=CACHE)
def place(record: Any, near_m: float, far_m: float) -> None:
    """Set the bins of the user's place, within those that are watched, the nearest PLACE_BINS of them at most.

    A place without a bin changes nothing. record: GEOMETRY.
    """
    bin_m = C_M_PER_S / (2e3 * record.bandwidth_khz)
    first = max(record.watch_first, math.ceil(near_m / bin_m))
    last = min(record.watch_last, int(far_m / bin_m), first + PLACE_BINS - 1)
    if first <= last:
        record.bin_first, record.bin_last = first, last


def from_registers(config: Any, timing: Any) -> Any:
    """Return the geometry of an sw_radar_config and the sw_radar_timing that its registers programme."""
    return geometry(
        rx_mask=config.rx_mask,
        n_samples=config.n_samples,
        n_chirps=config.n_chirps,
        frame_s=timing.frame_ticks / CLOCK_HZ,
        chirp_s=timing.chirp_ticks / CLOCK_HZ,
        sampled_start_hz=timing.sampled_start_khz * 1e3,
        sampled_bandwidth_hz=timing.sampled_bandwidth_khz * 1e3,
        zone_near_m=ZONE_NEAR_M,
        zone_far_m=ZONE_FAR_M,
        watch_far_m=WATCH_FAR_M,
    )
