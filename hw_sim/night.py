"""A person's night as a plan: when the light goes out, which stage when, up in between, awake at the end.

Rule: a plan is drawn once; breathing, movements and truth all follow it, so that they cannot disagree.

Epochs are 30 s and count from scene time 0; lights-out and waking up lie on their borders.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hw_sim.hypnogram import hypnogram
from hw_sim.physiology import LIGHT, WAKE
from hw_sim.scenario import Habits, Population

EPOCH_S = 30.0
_SHORTEST = 20  # epochs; in a shorter rest nobody tries to sleep
_WHOLE_NIGHT_S = 4 * 3600.0  # in shorter ones, what comes before and after sleep shrinks in proportion
_AWAY_FROM_EDGE = 40  # epochs between an interruption and either end of the hypnogram

Stages = NDArray[np.int8]
Span = tuple[float, float]


@dataclass(frozen=True)
class Night:
    """One person's plan in scene time. Without a hypnogram nobody tries to sleep: stages is empty."""

    lights_out_s: float | None = None
    woke_up_s: float | None = None  # None too where the scene ends before
    stages: Stages = field(default_factory=lambda: np.zeros(0, np.int8))  # from lights-out, one per epoch
    reading_s: Span | None = None
    absences_s: tuple[Span, ...] = ()  # from getting up to lying down again

    def stage_at(self, t_s: NDArray[np.float64]) -> Stages:
        """Stage at scene times; wake outside the hypnogram."""
        out = np.zeros(t_s.shape, np.int8)
        if self.lights_out_s is not None and self.stages.size:
            epoch = np.floor((t_s - self.lights_out_s) / EPOCH_S).astype(int)
            inside = (epoch >= 0) & (epoch < self.stages.size)
            out[inside] = self.stages[epoch[inside]]
        return out


def plan_night(
    habits: Habits, population: Population, stay_s: Span, stays_on: bool, seconds_out: float, rng: np.random.Generator
) -> Night:
    """Draws a plan for somebody who lies down and gets up at stay_s. stays_on: the scene ends with them in bed.

    seconds_out: from getting up to being out of sight, and back in; added to every absence.
    """
    from_s, to_s = stay_s
    shrink = min(1.0, max(0.0, to_s - from_s) / _WHOLE_NIGHT_S)
    settle_s = 60 * shrink * rng.uniform(*habits.lights_out_min)
    awake_s = 0.0 if stays_on else 60 * shrink * rng.uniform(*habits.awake_at_end_min)
    reading_s = 60 * shrink * habits.reading_min
    first = math.ceil((from_s + settle_s + reading_s) / EPOCH_S)
    last = math.floor((to_s - awake_s) / EPOCH_S)
    if last - first < _SHORTEST:
        return Night()
    stages = hypnogram(population, last - first, rng).astype(np.int8)
    _awaken(stages, habits, rng)
    lights_out_s = first * EPOCH_S
    absences = _absences(stages, habits, seconds_out, lights_out_s, rng)
    return Night(
        lights_out_s=lights_out_s,
        woke_up_s=None if stays_on else last * EPOCH_S,
        stages=stages,
        reading_s=(lights_out_s - reading_s, lights_out_s) if reading_s > 0 else None,
        absences_s=absences,
    )


def interrupt(stages: Stages, first: int, n: int, doze: int) -> None:
    """Makes n epochs from first on wake, and up to doze epochs of other sleep after them light."""
    stages[first : first + n] = WAKE
    after = stages[first + n : first + n + doze]
    after[after != WAKE] = LIGHT


def _awaken(stages: Stages, habits: Habits, rng: np.random.Generator) -> None:
    """Adds the awakenings that a restless person has beside those of the population: half a minute to six minutes."""
    for _ in range(rng.poisson(habits.awakenings_per_hour * stages.size * EPOCH_S / 3600)):
        interrupt(stages, int(rng.integers(stages.size)), int(np.ceil(rng.exponential(3.0)).clip(1, 12)), 6)


def _absences(
    stages: Stages, habits: Habits, seconds_out: float, lights_out_s: float, rng: np.random.Generator
) -> tuple[Span, ...]:
    """Gets up at awakenings, if there are any near the times drawn; awake before, meanwhile and for a while after."""
    low, high = habits.absences
    wanted = int(rng.integers(low, high + 1))
    if wanted == 0 or stages.size < 3 * _AWAY_FROM_EDGE:
        return ()
    spans: list[Span] = []
    part = (stages.size - 2 * _AWAY_FROM_EDGE) / wanted
    for k in range(wanted):
        drawn = _AWAY_FROM_EDGE + part * (k + rng.uniform(0.15, 0.7))
        wakes = np.flatnonzero(stages == WAKE)
        wakes = wakes[np.abs(wakes - drawn) < 0.2 * part]
        first = int(wakes[np.abs(wakes - drawn).argmin()]) if wakes.size else int(drawn)
        up_s = lights_out_s + EPOCH_S * (first + 1) + rng.uniform(0, EPOCH_S)
        away_s = 60 * rng.uniform(*habits.absence_min) + seconds_out
        if spans and up_s < spans[-1][1] + 300:
            continue
        until = math.ceil((up_s + away_s - lights_out_s) / EPOCH_S) + int(rng.integers(2, 14))
        interrupt(stages, first, until - first, 8)
        spans.append((up_s, up_s + away_s))
    return tuple(spans)
