"""Breathing and heartbeat of one night, breath by breath.

Rule: made once, from a generator passed in; chest and abdomen come from the same breaths, whose starts are the truth.

A breath: smooth rise over about 38 % of its interval, faster-then-slower fall, a pause at the end of expiration;
zero slope at every joint. Intervals scatter by a few per cent with correlation between neighbours, around a rate that
drifts over tens of minutes; amplitudes scatter likewise; the abdomen leads the chest by about a tenth of a second.
Left out: apnoea, sighs, hiccups, coughs, talking, coupling of heart and breath; sleep stages are in stage_breathing.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw_sim.scenario import Breathing

WAVEFORM_HZ = 40.0
ABDOMEN_LEADS_S = 0.1


@dataclass(frozen=True, slots=True)
class BreathingTrack:
    """Waveforms at WAVEFORM_HZ from scene time 0, metres, inhalation positive."""

    chest_m: NDArray[np.float32]
    abdomen_m: NDArray[np.float32]
    heart_m: NDArray[np.float32]
    breath_s: NDArray[np.float64]  # starts of inhalation, rising


def breathe(config: Breathing, rng: np.random.Generator, duration_s: float) -> BreathingTrack:
    """Draws one night of breathing for scene times 0..duration_s."""
    start_s = _starts(config, rng, duration_s)
    n = start_s.size
    common = np.exp(config.amplitude_sd * _correlated(rng, n, 0.6))
    tilt = 0.5 * config.amplitude_sd * _correlated(rng, n, 0.9)
    inhale = np.clip(0.38 + 0.03 * rng.standard_normal(n), 0.28, 0.48)
    pause = np.clip(0.12 + 0.04 * rng.standard_normal(n), 0.02, 0.25)
    t_s = np.arange(int(duration_s * WAVEFORM_HZ) + 3) / WAVEFORM_HZ
    chest = 1e-3 * config.chest_mm * common * (1 + tilt)
    abdomen = 1e-3 * config.abdomen_mm * common * (1 - tilt)
    return BreathingTrack(
        chest_m=wave(t_s, start_s, chest, inhale, pause),
        abdomen_m=wave(t_s + ABDOMEN_LEADS_S, start_s, abdomen, inhale, pause),
        heart_m=heartbeat(config, rng, t_s),
        breath_s=start_s[(start_s >= 0) & (start_s <= duration_s)],
    )


def _starts(config: Breathing, rng: np.random.Generator, duration_s: float) -> NDArray[np.float64]:
    low, high = config.rate_per_min
    period_s = rng.uniform(1500, 6600, 3)
    angle = rng.uniform(0, 2 * np.pi, 3)
    n = int((duration_s + 60) * high / 60 * 1.3) + 8
    scatter = 1 + config.interval_sd * _correlated(rng, n, 0.4)
    starts = np.empty(n)
    t_s = -20.0 + 4 * rng.random()
    for i in range(n):
        starts[i] = t_s
        drift = float(np.sin(2 * np.pi * t_s / period_s + angle).sum()) / 2.2
        rate = 0.5 * (low + high) + 0.5 * (high - low) * float(np.clip(drift, -1, 1))
        t_s += 60 / rate * float(np.clip(scatter[i], 0.6, 1.5))
    return starts


def _correlated(rng: np.random.Generator, n: int, rho: float) -> NDArray[np.float64]:
    """Gaussian numbers of unit variance, each correlated with the one before by rho."""
    white = rng.standard_normal(n)
    out = np.empty(n)
    state = white[0]
    for i in range(n):
        state = rho * state + np.sqrt(1 - rho * rho) * white[i] if i else white[0]
        out[i] = state
    return out


def wave(
    t_s: NDArray[np.float64],
    start_s: NDArray[np.float64],
    amplitude_m: NDArray[np.float64],
    inhale: NDArray[np.float64],
    pause: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Sum of breaths: 0 at rest, amplitude at the end of inhalation."""
    breath = np.clip(np.searchsorted(start_s, t_s, "right") - 1, 0, start_s.size - 2)
    share = (t_s - start_s[breath]) / (start_s[breath + 1] - start_s[breath])
    up = inhale[breath]
    rise = np.clip(share / up, 0, 1)
    fall = np.clip((share - up) / (1 - up - pause[breath]), 0, 1)
    shape = 0.5 * (1 - np.cos(np.pi * rise)) * 0.5 * (1 + np.cos(np.pi * fall**0.85))
    return np.asarray(amplitude_m[breath] * shape, np.float32)


def heartbeat(config: Breathing, rng: np.random.Generator, t_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """A bump of about 0.3 s per beat, intervals scattered by 4 %."""
    n = int(t_s[-1] * config.heart_per_min / 60 * 1.2) + 8
    interval_s = 60 / config.heart_per_min * (1 + 0.04 * rng.standard_normal(n).clip(-3, 3))
    beat_s = np.cumsum(interval_s) - interval_s[0]
    beat = np.clip(np.searchsorted(beat_s, t_s, "right") - 1, 0, n - 1)
    age_s = t_s - beat_s[beat]
    bump = np.where(age_s < 0.32, 0.5 * (1 - np.cos(2 * np.pi * age_s / 0.32)), 0.0)
    return (1e-3 * config.heart_mm * bump).astype(np.float32)
