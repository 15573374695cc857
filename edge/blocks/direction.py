"""Direction: the phase difference between antennas, per range bin, gives azimuth and elevation.

Far field, one source per range bin and axis: sin = -dphase * wavelength / (2 pi d), d = 2.5 mm,
RX1 against RX3 across, RX2 against RX3 upwards (datasheet, antenna positions). The products are
summed over the same seconds as the powers that chose the bins.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE
from edge.blocks.candidates import SECONDS
from edge.blocks.geometry import ANTENNA_SPACING_M, WATCH_BINS

STATE = np.dtype(
    [
        ("across", np.complex64, (SECONDS, WATCH_BINS)),  # RX1 conj(RX3)
        ("upward", np.complex64, (SECONDS, WATCH_BINS)),  # RX2 conj(RX3)
        ("power", np.float32, (SECONDS, 3, WATCH_BINS)),  # RX1, RX2, RX3
        ("slot", np.int32),
        ("seconds", np.int32),
        ("azimuth_rad", np.float32),
        ("elevation_rad", np.float32),
        ("coherence", np.float32),  # weaker of the two pairs, 0..1; 0 when a pair is missing
    ],
    align=True,
)


@njit(cache=CACHE)
def init(state: Any) -> None:
    """Forget everything."""
    state.slot = 0
    state.seconds = 0
    state.azimuth_rad = 0.0
    state.elevation_rad = 0.0
    state.coherence = 0.0
    clear_second(state)


@njit(cache=CACHE)
def clear_second(state: Any) -> None:
    """Empty the sums of the running second."""
    across, upward, power = state.across, state.upward, state.power
    for k in range(WATCH_BINS):
        across[state.slot, k] = 0.0
        upward[state.slot, k] = 0.0
        for rx in range(3):
            power[state.slot, rx, k] = 0.0


@njit(cache=CACHE)
def step(state: Any, geometry: Any, moving: NDArray[np.complex64]) -> None:
    """Add one frame. moving: complex64[rx, range_bin], profile less background."""
    if geometry.n_rx < 3:
        return
    across, upward, power = state.across, state.upward, state.power
    slot = state.slot
    for k in range(geometry.bin_first, geometry.bin_last + 1):
        z1, z2, z3 = moving[0, k], moving[1, k], moving[2, k]
        across[slot, k] += z1 * z3.conjugate()
        upward[slot, k] += z2 * z3.conjugate()
        power[slot, 0, k] += z1.real * z1.real + z1.imag * z1.imag
        power[slot, 1, k] += z2.real * z2.real + z2.imag * z2.imag
        power[slot, 2, k] += z3.real * z3.real + z3.imag * z3.imag


@njit(cache=CACHE)
def second(state: Any, geometry: Any, first_bin: int, last_bin: int) -> None:
    """Close a second and read the direction of the range bins first_bin..last_bin (none: -1 last)."""
    state.seconds = min(state.seconds + 1, SECONDS)
    across, upward = 0j, 0j
    p1, p2, p3 = 0.0, 0.0, 0.0
    if geometry.n_rx == 3:
        for k in range(first_bin, last_bin + 1):
            for n in range(state.seconds):
                slot = (state.slot - n) % SECONDS
                across += state.across[slot, k]
                upward += state.upward[slot, k]
                p1 += state.power[slot, 0, k]
                p2 += state.power[slot, 1, k]
                p3 += state.power[slot, 2, k]
    read(state, geometry, across, upward, p1 * p3, p2 * p3)
    state.slot = (state.slot + 1) % SECONDS
    clear_second(state)


@njit(cache=CACHE)
def read(state: Any, geometry: Any, across: complex, upward: complex, power_13: float, power_23: float) -> None:
    """Turn summed products into azimuth, elevation and coherence."""
    state.azimuth_rad, state.elevation_rad, state.coherence = 0.0, 0.0, 0.0
    if power_13 <= 0.0 or power_23 <= 0.0:
        return
    per_rad = geometry.wavelength_m / (2.0 * math.pi * ANTENNA_SPACING_M)
    x = -math.atan2(across.imag, across.real) * per_rad
    z = -math.atan2(upward.imag, upward.real) * per_rad
    x = min(max(x, -0.999), 0.999)
    z = min(max(z, -0.999), 0.999)
    y = math.sqrt(max(1.0 - x * x - z * z, 1e-6))
    state.azimuth_rad = math.atan2(x, y)
    state.elevation_rad = math.atan2(z, math.sqrt(x * x + y * y))
    state.coherence = min(abs(across) / math.sqrt(power_13), abs(upward) / math.sqrt(power_23))
