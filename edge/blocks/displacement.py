"""Displacement: the common phase of all channels, unwrapped from frame to frame, along the line of sight.

Both ends of a step are read on the same circles, so a new fit never makes the displacement jump.
One step is unambiguous up to a quarter wavelength: 24 mm/s at 20 frames/s.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE
from edge.blocks.phase_circle import CHANNELS

STATE = np.dtype(
    [
        ("previous", np.complex64, (CHANNELS,)),
        ("started", np.int32),
        ("displacement_um", np.float32),  # + towards the radar, since the last reset
    ],
    align=True,
)


@njit(cache=CACHE)
def init(state: Any) -> None:
    """Start a new displacement at zero."""
    state.started = 0
    state.displacement_um = 0.0


@njit(cache=CACHE)
def step(state: Any, circle: Any, geometry: Any, profile: NDArray[np.complex64]) -> None:
    """Add one frame. profile: complex64[rx, range_bin], with its background; circle must be fitted."""
    turn = 0j
    for i in range(circle.channels):
        sample = profile[circle.rx[i], circle.bin[i]]
        before = state.previous[i] - circle.centre[i]
        turn += (sample - circle.centre[i]) * before.conjugate()
        state.previous[i] = sample
    if state.started:
        step_rad = math.atan2(turn.imag, turn.real)
        state.displacement_um -= step_rad * geometry.wavelength_m * 1e6 / (4.0 * math.pi)
    state.started = 1
