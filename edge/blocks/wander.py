"""Wander: how much the radar itself changes, seen where nothing that breathes reaches, and what that makes of still echoes.

    b' = b + a (x - b),   y = x - b'    in the range bins 1..3, where the transmitter's leakage is
    share = max(sum_n Re(y_n conj(y_(n-1))), 0) / (frames |b'|^2)    per antenna, over a second

A change of gain, phase, leakage, ramp or clock moves all echoes at once, those of the furniture too: of a still echo
b_k the power share |b_k|^2 moves, and proves nobody. Where one antenna's product of a single frame is above WANDER_STEP of
its leakage, the radar is not what it was a moment ago.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE
from edge.blocks.clutter import coefficient
from edge.blocks.geometry import BIN_LOWEST
from edge.blocks.parameters import WANDER_SAFETY, WANDER_STEP

MAX_RX, BINS = 3, BIN_LOWEST - 1
ONE, SMALLEST = np.float32(1), np.float32(1e-6)

STATE = np.dtype(
    [
        ("alpha", np.float32),
        ("n", np.int32),  # frames seen, until 1/n no longer counts
        ("frames", np.int32),  # in the running second
        ("background", np.complex64, (MAX_RX, BINS)),  # ADC counts
        ("previous", np.complex64, (MAX_RX, BINS)),  # last frame's y
        ("coherent", np.float32, (MAX_RX,)),  # of the running second, ADC counts^2
        ("share", np.float32, (MAX_RX,)),  # of the last complete second
        ("stepped", np.int32),
    ],
    align=True,
)


@njit(cache=CACHE)
def init(state: Any, period_s: float, background_tau_s: float) -> None:
    """Forget everything. Times in s; background_tau_s as that of the clutter."""
    state.alpha = coefficient(period_s, background_tau_s)
    state.n, state.frames, state.stepped = 0, 0, 0
    state.background[:], state.previous[:], state.coherent[:], state.share[:] = 0, 0, 0, 0


@njit(cache=CACHE)
def step(state: Any, frames_per_second: int, profile: NDArray[np.complex64]) -> None:
    """Add one frame: complex64[rx, range_bin], ADC counts, before any correction."""
    state.n += 1
    share = ONE / np.float32(state.n)
    if share < state.alpha:
        state.n -= 1
    a = max(share, state.alpha)
    state.frames += 1
    state.stepped = 0
    for rx in range(profile.shape[0]):
        moved, still = np.float32(0), np.float32(0)
        for k in range(BINS):
            x = profile[rx, k + 1]
            state.background[rx, k] += a * (x - state.background[rx, k])
            b, p = state.background[rx, k], state.previous[rx, k]
            y = x - b
            moved += y.real * p.real + y.imag * p.imag
            still += b.real * b.real + b.imag * b.imag
            state.previous[rx, k] = y
        state.coherent[rx] += moved
        if moved > np.float32(WANDER_STEP) * still:
            state.stepped = 1
        if state.frames >= frames_per_second:
            frames = np.float32(state.frames)
            state.share[rx] = max(state.coherent[rx], np.float32(0)) / (frames * still + SMALLEST)
            state.coherent[rx] = 0
    if state.frames >= frames_per_second:
        state.frames = 0


@njit(cache=CACHE)
def add(
    state: Any, frames_per_second: int, echo: NDArray[np.complex64], first: int, last: int, power: NDArray[np.float32]
) -> None:
    """Add to power[k], ADC counts^2, what of the echoes complex64[rx, range_bin] moves in a second like the radar."""
    scale = np.float32(WANDER_SAFETY) * np.float32(frames_per_second)
    for k in range(first, last + 1):
        total = np.float32(0)
        for rx in range(echo.shape[0]):
            e = echo[rx, k]
            total += scale * state.share[rx] * (e.real * e.real + e.imag * e.imag)
        power[k] += total
