"""Breathing band filter: displacement at 20 Hz in, 0.1..0.6 Hz at 10 Hz out, integer um.

Butterworth high-pass of order 2 at 0.1 Hz, then Butterworth low-pass of order 2 at 0.6 Hz (bilinear, prewarped;
Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.1). The high-pass runs on differences:

    d[n] = x[n] - x[n-1]
    y[n] - y[n-1] = g (d[n] - d[n-1]) + (1 - m) (y[n-1] - y[n-2]) - k y[n-1]

with g = b0, m = 1 - a2, k = 1 + a1 + a2: small numbers held exactly, so that in float32 an offset of a metre
costs nothing. The first sample after init is the zero line. Every second result, from the first on, goes out.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from edge.blocks import CACHE
from edge.blocks.maths import ZERO, clamp, to_i32

RATE_HZ = 20.0
HIGH_PASS_HZ, LOW_PASS_HZ = 0.1, 0.6
DELAY_US = 16_163  # phase delay at 0.25 Hz
LARGEST_UM = np.float32(1e7)


def butterworth(cutoff_hz: float) -> tuple[float, float, float]:
    """Numerator gain of the low-pass, a1 and a2 of both Butterworth filters of order 2."""
    w = math.tan(math.pi * cutoff_hz / RATE_HZ)
    norm = 1 + math.sqrt(2) * w + w * w
    return w * w / norm, 2 * (w * w - 1) / norm, (1 - math.sqrt(2) * w + w * w) / norm


_LOW, _A1, _A2 = butterworth(HIGH_PASS_HZ)
HIGH_GAIN = np.float32((1 - _A1 + _A2) / 4)
HIGH_DAMPING, HIGH_STIFFNESS = np.float32(1 - _A2), np.float32(1 + _A1 + _A2)
_LOW, _A1, _A2 = butterworth(LOW_PASS_HZ)
LOW_GAIN, LOW_GAIN_TWICE, LOW_A1, LOW_A2 = np.float32(_LOW), np.float32(2 * _LOW), np.float32(_A1), np.float32(_A2)

STATE = np.dtype(
    [
        ("n", np.int32),  # samples since init
        ("x", np.float32),
        ("d", np.float32),
        ("high", np.float32),
        ("increment", np.float32),  # of high
        ("low_1", np.float32),  # transposed direct form II
        ("low_2", np.float32),
    ]
)


@njit(cache=CACHE)
def init(state: np.void) -> None:
    """Forgets everything. state: one STATE record."""
    state["n"] = 0


@njit(cache=CACHE)
def step(state: np.void, displacement_um: np.float32) -> tuple[bool, int]:
    """One sample of 20 Hz. Returns (a 10 Hz sample is ready, its value in um, -32767..32767).

    displacement_um is clamped to +-10 m.
    """
    x = clamp(displacement_um, -LARGEST_UM, LARGEST_UM)
    if state["n"] == 0:
        state["x"] = x
        state["d"] = state["high"] = state["increment"] = state["low_1"] = state["low_2"] = ZERO
    d = x - state["x"]
    increment = HIGH_GAIN * (d - state["d"]) + state["increment"]
    increment = (increment - HIGH_DAMPING * state["increment"]) - HIGH_STIFFNESS * state["high"]
    high = state["high"] + increment
    low = LOW_GAIN * high + state["low_1"]
    state["low_1"] = (LOW_GAIN_TWICE * high - LOW_A1 * low) + state["low_2"]
    state["low_2"] = LOW_GAIN * high - LOW_A2 * low
    state["x"], state["d"], state["high"], state["increment"] = x, d, high, increment
    ready = state["n"] % 2 == 0
    state["n"] += 1
    return ready, to_i32(low, -32767, 32767)
