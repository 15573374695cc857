"""The obvious way to a breathing rate, for comparison: phase of the strongest range bin, spectrum or autocorrelation.

It always gives a number: it knows neither nobody nor movement, and no reason.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BAND_PER_MIN = (6.0, 30.0)
FIRST_BIN = 4
Floats = NDArray[np.floating[Any]]


def strongest_phase(frames: NDArray[np.uint16]) -> Floats:
    """Unwrapped phase of the range bin that varies most, RX1. frames: uint16[frame, chirp, sample, rx]."""
    chirp_mean = frames[..., 0].mean(axis=1)
    windowed = (chirp_mean - chirp_mean.mean(axis=1, keepdims=True)) * np.hanning(frames.shape[2])
    profile = np.fft.rfft(windowed, axis=1)[:, FIRST_BIN:]
    phase: Floats = np.unwrap(np.angle(profile[:, profile.std(axis=0).argmax()]))
    return phase


def without_line(signal: Floats) -> Floats:
    """Less the best straight line."""
    t = np.arange(len(signal))
    return signal - np.polyval(np.polyfit(t, signal, 1), t)


def spectrum_rate(signal: Floats, step_s: float) -> float:
    """Per minute, of the strongest line inside the band."""
    n = 64 * len(signal)
    power = np.abs(np.fft.rfft(without_line(signal) * np.hanning(len(signal)), n))
    per_min = 60 * np.fft.rfftfreq(n, step_s)
    inside = (per_min >= BAND_PER_MIN[0]) & (per_min <= BAND_PER_MIN[1])
    return float(per_min[inside][power[inside].argmax()])


def autocorrelation_rate(signal: Floats, step_s: float) -> float:
    """Per minute, of the lag inside the band at which the signal is most like itself."""
    x = without_line(signal)
    alike = np.correlate(x, x, "full")[len(x) - 1 :]
    low, high = (int(60 / per_min / step_s) for per_min in reversed(BAND_PER_MIN))
    lag = low + int(alike[low : high + 1].argmax())
    return 60 / (lag * step_s)
