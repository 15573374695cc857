"""Resample: values at frame times become values on a fixed 20 Hz grid of chip time.

Frames may come at any rate from 2 to 100 a second, with frames missing. Between the second and third of four
neighbouring frames the cubic through all four is read at every grid time (multiples of 50 ms).
After a gap the history is dropped; the first grid time of a run is a multiple of 100 ms.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE

STEP_US = 50_000
START_US = 100_000  # so that every second sample lies on the 10 Hz grid
MAX_OUT = 16
MAX_GAP_US = (MAX_OUT - 1) * STEP_US  # both ends of the distance may lie on the grid

STATE = np.dtype(
    [
        ("gap_us", np.int64),  # a longer distance between frames starts a new run
        ("n", np.int64),  # frames held, at most 4
        ("next_us", np.int64),  # next grid time
        ("t_us", np.int64, (4,)),
        ("value", np.float32, (4,)),
    ]
)


@njit(cache=CACHE)
def init(state: np.void, gap_us: int) -> None:
    """Forgets everything. state: one STATE record; gap_us: at most MAX_GAP_US."""
    state["gap_us"] = gap_us
    state["n"] = 0


@njit(cache=CACHE)
def cubic(t_us: NDArray[np.int64], value: NDArray[np.float32], at_us: int) -> np.float32:
    """Lagrange's cubic through four points, relative to the second so that offsets cost no digits."""
    result = 0.0
    for i in range(4):
        weight = 1.0
        for j in range(4):
            if j != i:
                weight *= (at_us - t_us[j]) / (t_us[i] - t_us[j])
        result += weight * (value[i] - value[1])
    return np.float32(value[1] + result)


@njit(cache=CACHE)
def step(state: np.void, t_us: int, value: np.float32) -> tuple[bool, int, NDArray[np.float32]]:
    """One frame: time in us, value in any unit.

    Returns (a new run starts with this frame, grid time of the first result, float32[0..16] results).
    """
    times, values = state["t_us"], state["value"]
    n = state["n"]
    restart = n == 0 or t_us <= times[n - 1] or t_us - times[n - 1] > state["gap_us"]
    if restart:
        n = 0
    elif n == 4:
        times[:3] = times[1:].copy()
        values[:3] = values[1:].copy()
        n = 3
    times[n], values[n] = t_us, value
    state["n"] = n + 1
    if n == 1:
        state["next_us"] = (t_us + START_US - 1) // START_US * START_US
    first_us = state["next_us"]
    found = np.empty(MAX_OUT, np.float32)
    count = 0
    if n == 3:
        while state["next_us"] <= times[2]:
            found[count] = cubic(times, values, state["next_us"])
            count += 1
            state["next_us"] += STEP_US
    return restart, first_us, found[:count]
