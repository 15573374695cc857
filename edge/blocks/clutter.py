"""Clutter: what stands still is learned per antenna and range bin, and taken away.

    b += a (x - b),   a = max(1/n, 1 - exp(-T / tau)),   y = x - b

The n-th frame counts 1/n at first, so that b is the plain mean of the first seconds; tau rules afterwards.
The first frame gives y = 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE
from edge.blocks.maths import expf

MAX_RX, MAX_BINS = 3, 256
ONE = np.float32(1)

STATE = np.dtype(
    [
        ("background_alpha", np.float32),  # 1 - exp(-T / tau)
        ("bin_first", np.int32),
        ("bin_last", np.int32),  # included
        ("n", np.int32),  # frames seen, until 1/n no longer counts
        ("background", np.complex64, (MAX_RX, MAX_BINS)),  # ADC counts
    ]
)


@njit(cache=CACHE)
def coefficient(period_s: float, tau_s: float) -> np.float32:
    """1 - exp(-T / tau), float32."""
    return ONE - expf(-np.float32(period_s) / np.float32(tau_s))


@njit(cache=CACHE)
def init(state: np.void, period_s: float, background_tau_s: float, bin_first: int, bin_last: int) -> None:
    """Forgets everything. state: one STATE record; times in seconds; bins of the detection zone, both included."""
    state["background_alpha"] = coefficient(period_s, background_tau_s)
    state["bin_first"] = bin_first
    state["bin_last"] = bin_last
    state["n"] = 0
    state["background"][:] = 0


@njit(cache=CACHE)
def step(state: np.void, profile: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """profile: complex64[rx, range_bin], ADC counts. Returns the moving part, same shape, 0 outside the zone."""
    state["n"] += 1
    share = ONE / np.float32(state["n"])
    if share < state["background_alpha"]:
        state["n"] -= 1
    a = max(share, state["background_alpha"])
    background = state["background"]
    moving = np.zeros_like(profile)
    for k in range(state["bin_first"], state["bin_last"] + 1):
        for rx in range(profile.shape[0]):
            background[rx, k] += a * (profile[rx, k] - background[rx, k])
            moving[rx, k] = profile[rx, k] - background[rx, k]
    return moving
