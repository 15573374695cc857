"""Breathing of a whole night that follows the sleep stages, breath by breath.

Rule: the stage at the start of a breath decides about it; all numbers come from physiology.py.

Intervals are drawn about a rate that goes after the stage's with a lag and wanders slowly; their scatter is long-range
correlated (power spectrum 1 / f^beta, beta = 2 exponent - 1) in wake and REM, white in light and deep sleep. Sizes
likewise. People differ in rate, in each stage's ratio and in variability; variability wanders, so that stages overlap.
Left out: what physiology.py leaves out; the change of shape of a breath; breathing during a movement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw_sim import physiology as table
from hw_sim.breathing import BreathingTrack, Disturbance, make_track
from hw_sim.night import Night
from hw_sim.scenario_living import Breathing
from hw_sim.scenario_table import Population

_LEAD_IN_S = 20.0  # breaths before scene time 0
_HALF = 0.5
_BREATH_S = 4.3  # about
_LIMITS = (0.5, 2.0)  # of an interval, relative to the mean
_SIZE_LIMITS = (0.35, 2.5)
_TILT = 0.3  # of the size's scatter, between chest and abdomen

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Breaths:
    """Breath by breath, from before scene time 0 to after its end."""

    start_s: Array  # of inhalation
    stage: NDArray[np.int8]
    chest_mm: Array  # peak to peak
    abdomen_mm: Array


def breathe_by_stage(
    config: Breathing,
    population: Population,
    night: Night,
    rng: np.random.Generator,
    duration_s: float,
    disturbance: Disturbance | None = None,
) -> BreathingTrack:
    """Draws one night of breathing for scene times 0..duration_s."""
    breaths = draw_breaths(config, population, night, rng, duration_s)
    start_s = breaths.start_s
    inhale = np.clip(0.38 + 0.03 * rng.standard_normal(start_s.size), 0.28, 0.48)
    pause = np.clip(0.12 + 0.04 * rng.standard_normal(start_s.size), 0.02, 0.25)
    sizes = (1e-3 * breaths.chest_mm, 1e-3 * breaths.abdomen_mm)
    return make_track(config, rng, (start_s, inhale, pause), sizes, duration_s, disturbance)


def draw_breaths(
    config: Breathing, population: Population, night: Night, rng: np.random.Generator, duration_s: float
) -> Breaths:
    """When each breath of a night begins, and its size."""
    n = int((duration_s + 60) * config.rate_per_min[1] / 60 * 1.6) + 64
    person = table.BREATHING[population]
    spread = np.array(table.CV_PERSON) * _by_kind(rng)
    own = np.exp(spread - _HALF * spread**2)
    hour = np.exp(table.CV_HOUR * _wander(rng, n, _BREATH_S / table.WANDER_S))
    scatter = {True: fractal(rng, n, table.EXPONENT), False: rng.standard_normal(n)}
    start_s, stage = _starts(config, night, rng, scatter, hour, np.array(person.interval_cv) * own, duration_s)
    sizes = _sizes(config, stage, start_s, np.array(person.size_cv) * own, hour[: start_s.size], rng)
    return Breaths(start_s, stage, *sizes)


def fractal(rng: np.random.Generator, n: int, exponent: float) -> Array:
    """Gaussian numbers of unit variance whose detrended fluctuations grow with that exponent; made in the spectrum."""
    length = 1 << int(max(n, 1024) - 1).bit_length()
    f = np.fft.rfftfreq(length)
    f[0] = f[1]
    shape = f ** (_HALF - exponent)
    shape[0] = 0.0
    noise = np.fft.irfft(shape * (rng.standard_normal(f.size) + 1j * rng.standard_normal(f.size)))
    return np.asarray(noise[:n] * (length / (2 * np.sqrt(np.sum(shape**2)))), np.float64)


def _by_kind(rng: np.random.Generator) -> Array:
    """How variable a person is, standard deviations: light and deep sleep share it."""
    wake, nrem, rem = rng.standard_normal(3)
    return np.array([wake, nrem, nrem, rem])


def _wander(rng: np.random.Generator, n: int, share: float) -> Array:
    """Gaussian numbers of unit variance; each forgets so much of the one before (0..1)."""
    keep = math.exp(-share)
    white = np.sqrt(1 - keep * keep) * rng.standard_normal(n)
    out = np.empty(n)
    state = float(rng.standard_normal())
    for i, kick in enumerate(white.tolist()):
        state = keep * state + kick
        out[i] = state
    return out


def _starts(
    config: Breathing,
    night: Night,
    rng: np.random.Generator,
    scatter: dict[bool, Array],
    hour: Array,
    interval_cv: Array,
    duration_s: float,
) -> tuple[Array, NDArray[np.int8]]:
    """Starts of inhalation, rising, from before scene time 0 to after its end; and the stage of each breath."""
    ratio = np.array(table.RATE) * np.exp(table.RATE_PERSON * rng.standard_normal(table.N_STAGES))
    rates = (rng.uniform(*config.rate_per_min) * ratio).tolist()
    n = hour.size
    mean_s = (60 * np.exp(-table.RATE_HOUR * _wander(rng, n, _BREATH_S / table.WANDER_S))).tolist()
    seconds = night.stage_at(np.arange(int(duration_s) + 60, dtype=np.float64)).tolist()
    noise = [scatter[correlated].tolist() for correlated in table.CORRELATED]
    cvs, wandering = interval_cv.tolist(), hour.tolist()
    start_s, stage = np.empty(n), np.zeros(n, np.int8)
    t_s, rate = -_LEAD_IN_S + 4 * rng.random(), float(rates[0])
    for i in range(n):
        now = seconds[min(max(int(t_s), 0), len(seconds) - 1)]
        start_s[i], stage[i] = t_s, now
        cv = cvs[now] * wandering[i]
        factor = min(max(math.exp(cv * noise[now][i] - _HALF * cv * cv), _LIMITS[0]), _LIMITS[1])
        interval_s = mean_s[i] / rate * factor
        rate += (rates[now] - rate) * min(1.0, interval_s / table.RATE_LAG_S)
        t_s += interval_s
        if t_s > duration_s + 30:
            return start_s[: i + 1], stage[: i + 1]
    raise AssertionError("too few breaths were drawn")


def _sizes(
    config: Breathing, stage: NDArray[np.int8], start_s: Array, size_cv: Array, hour: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Peak to peak of chest and abdomen for every breath, mm."""
    n = stage.size
    correlated = np.array(table.CORRELATED)[stage]
    noise = np.where(correlated, fractal(rng, n, table.EXPONENT), rng.standard_normal(n))
    cv = size_cv[stage] * hour
    factor = np.exp(cv * noise - _HALF * cv * cv).clip(*_SIZE_LIMITS)
    tilt = _TILT * cv * rng.standard_normal(n)
    share = np.array(table.ABDOMEN_SHARE)
    size = np.array(table.SIZE)
    keep = np.exp(-np.diff(start_s, prepend=start_s[:1]) / table.RATE_LAG_S)
    chest = _follow((size * (1 - share) / (1 - share[0]))[stage], keep)
    abdomen = _follow((size * share / share[0])[stage], keep)
    return config.chest_mm * factor * chest * (1 + tilt), config.abdomen_mm * factor * abdomen * (1 - tilt)


def _follow(target: Array, keep: Array) -> Array:
    """A first-order lag."""
    out = np.empty(target.size)
    state = float(target[0])
    for i, (aim, share) in enumerate(zip(target.tolist(), keep.tolist(), strict=True)):
        state = aim + (state - aim) * share
        out[i] = state
    return out
