"""Motion: how fast the body moves inside one burst, and whether that is moving or only breathing.

The two half bursts lie a few milliseconds apart, so their difference is unambiguous up to half a
metre a second: |difference| / |amplitude| is a phase step, and a phase step is a speed,
v = lambda / (4 pi T) * |difference| / |amplitude|. What stays below the noise is no motion.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE
from edge.blocks.parameters import (
    AMPLITUDE_SMOOTH_S,
    MOTION_SMOOTH_S,
    MOVING_MM_PER_S,
    MOVING_OVER_FLOOR,
    STILL_HOLD_S,
    STILL_MM_PER_S,
)

STATE = np.dtype(
    [
        ("burst", np.float32),  # smoothed |difference|^2 over the listened bins, all antennas
        ("amplitude", np.float32),  # smoothed moving power there
        ("speed_mm_per_s", np.float32),
        ("over_floor", np.float32),  # burst over its noise, ratio
        ("moving", np.int32),
        ("still_s", np.float32),  # since the speed was last too high
        ("started", np.int32),
        ("moving_s", np.float32),  # since it was last still; 0 while it is
    ],
    align=True,
)


@njit(cache=CACHE)
def init(state: Any) -> None:
    """Start still: the first second of power decides."""
    state.burst = 0.0
    state.amplitude = 0.0
    state.speed_mm_per_s = 0.0
    state.over_floor = 0.0
    state.moving = 0
    state.still_s = 0.0
    state.started = 0
    state.moving_s = 0.0


@njit(cache=CACHE)
def step(
    state: Any,
    geometry: Any,
    moving: NDArray[np.complex64],
    difference: NDArray[np.complex64],
    first_bin: int,
    last_bin: int,
    noise: float,
    circle_power: float,
) -> None:
    """Add one frame over the bins first_bin..last_bin; moving, difference: complex64[rx, range_bin], ADC counts.

    noise: noise power of one range bin, all antennas (profile); circle_power: sum of squared radii of
    the fitted phase circles, 0 when there is none. Both in ADC counts squared.
    """
    burst, power = 0.0, 0.0
    for rx in range(geometry.n_rx):
        for k in range(first_bin, last_bin + 1):
            d, z = difference[rx, k], moving[rx, k]
            burst += d.real * d.real + d.imag * d.imag
            power += z.real * z.real + z.imag * z.imag
    a = 1.0 if not state.started else min(1.0, geometry.frame_s / MOTION_SMOOTH_S)
    b = 1.0 if not state.started else min(1.0, geometry.frame_s / AMPLITUDE_SMOOTH_S)
    state.started = 1
    state.burst += a * (burst - state.burst)
    state.amplitude += b * (power - state.amplitude)
    floor = max(4.0 * noise * (last_bin + 1 - first_bin), 1e-9)
    state.over_floor = state.burst / floor
    scale = geometry.wavelength_m * 1e3 / (4.0 * math.pi * geometry.half_burst_s)
    amplitude = max(state.amplitude, circle_power, floor)
    state.speed_mm_per_s = scale * math.sqrt(max(state.burst - floor, 0.0) / amplitude)
    decide(state, geometry)


@njit(cache=CACHE)
def decide(state: Any, geometry: Any) -> None:
    """Moving at once above the upper speed; still only after STILL_HOLD_S below the lower one."""
    seen = state.over_floor > MOVING_OVER_FLOOR
    if seen and state.speed_mm_per_s > MOVING_MM_PER_S:
        state.moving = 1
        state.still_s = 0.0
    elif seen and state.speed_mm_per_s > STILL_MM_PER_S:
        state.still_s = 0.0
    else:
        state.still_s += geometry.frame_s
        if state.still_s >= STILL_HOLD_S:
            state.moving = 0
    state.moving_s = state.moving_s + geometry.frame_s if state.moving else 0.0
