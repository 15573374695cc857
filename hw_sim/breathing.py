"""Breathing and heartbeat of one night, breath by breath.

Rule: made once, from a generator passed in; chest and abdomen come from the same breaths, whose starts are the truth.

A breath: smooth rise over about 38 % of its interval, faster-then-slower fall, a pause at the end of expiration;
zero slope at every joint. Intervals scatter by a few per cent with correlation between neighbours, around a rate that
drifts over tens of minutes; amplitudes scatter likewise; the abdomen leads the chest by about a tenth of a second.
Left out: talking, coupling of heart and breath. Sleep stages are in stage_breathing.py, apnoeas and the like in
breathing_events.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hw_sim.scenario_living import Breathing

WAVEFORM_HZ = 40.0
ABDOMEN_LEADS_S = 0.1


@dataclass(frozen=True, slots=True)
class BreathingTrack:
    """Waveforms at WAVEFORM_HZ from scene time 0, metres, inhalation positive."""

    chest_m: NDArray[np.float32]
    abdomen_m: NDArray[np.float32]
    heart_m: NDArray[np.float32]
    breath_s: NDArray[np.float64]  # starts of inhalation, rising


class Disturbance(Protocol):
    """What apnoeas, sighs and coughs do to breaths that are drawn already."""

    def breaths(
        self, start_s: NDArray[np.float64], chest: NDArray[np.float64], abdomen: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Sizes of chest and abdomen, and which breaths bring air."""
        ...

    def jerks(self, chest_m: NDArray[np.float32], abdomen_m: NDArray[np.float32]) -> None:
        """Adds what is no breath to the waveforms."""
        ...


def breathe(
    config: Breathing, rng: np.random.Generator, duration_s: float, disturbance: Disturbance | None = None
) -> BreathingTrack:
    """Draws one night of breathing for scene times 0..duration_s."""
    start_s = _starts(config, rng, duration_s)
    n = start_s.size
    common = np.exp(config.amplitude_sd * _correlated(rng, n, 0.6))
    tilt = 0.5 * config.amplitude_sd * _correlated(rng, n, 0.9)
    inhale = np.clip(0.38 + 0.03 * rng.standard_normal(n), 0.28, 0.48)
    pause = np.clip(0.12 + 0.04 * rng.standard_normal(n), 0.02, 0.25)
    chest = 1e-3 * config.chest_mm * common * (1 + tilt)
    abdomen = 1e-3 * config.abdomen_mm * common * (1 - tilt)
    sizes = (chest, abdomen)
    return make_track(config, rng, (start_s, inhale, pause), sizes, duration_s, disturbance)


def make_track(
    config: Breathing,
    rng: np.random.Generator,
    breath: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    sizes: tuple[NDArray[np.float64], NDArray[np.float64]],
    duration_s: float,
    disturbance: Disturbance | None = None,
) -> BreathingTrack:
    """From breaths to waveforms. breath: starts, share of inhalation, share of the pause; sizes: chest, abdomen, metres."""
    start_s, inhale, pause = breath
    chest, abdomen = sizes
    t_s = np.arange(int(duration_s * WAVEFORM_HZ) + 3) / WAVEFORM_HZ
    flowing = np.ones(start_s.size, np.bool_)
    if disturbance is not None:
        chest, abdomen, flowing = disturbance.breaths(start_s, chest, abdomen)
    track = BreathingTrack(
        chest_m=wave(t_s, start_s, chest, inhale, pause),
        abdomen_m=wave(t_s + ABDOMEN_LEADS_S, start_s, abdomen, inhale, pause),
        heart_m=heartbeat(config, rng, t_s),
        breath_s=start_s[flowing & (start_s >= 0) & (start_s <= duration_s)],
    )
    if disturbance is not None:
        disturbance.jerks(track.chest_m, track.abdomen_m)
    return track


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
