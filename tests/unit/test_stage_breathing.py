"""Breathing by stage, measured back from the breaths: rates, variability and correlation within the sources' ranges."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from hw_sim.night import Night
from hw_sim.physiology import DEEP, LIGHT, RATE, REM, WAKE
from hw_sim.scenario import Breathing, Population
from hw_sim.stage_breathing import breathe_by_stage, draw_breaths, fractal

HOURS = 3
SEEDS = range(20)
SCALES = (8, 11, 16, 23, 32, 45, 64, 90)


def rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@lru_cache
def intervals_s(stage: int, seed: int, population: Population = "healthy") -> np.ndarray:
    """Breath intervals of somebody who stays in one stage for hours."""
    night = Night(lights_out_s=0.0, stages=np.full(HOURS * 120, stage, np.int8))
    return np.diff(draw_breaths(Breathing(), population, night, rng(seed), HOURS * 3600.0).start_s)


def fluctuation_exponent(x: np.ndarray) -> float:
    """Detrended fluctuation analysis with parabolas."""
    y, sizes = np.cumsum(x - x.mean()), []
    for n in SCALES:
        pieces = y[: y.size // n * n].reshape(-1, n).T
        fits = np.polynomial.polynomial.polyfit(np.arange(n), pieces, 2)
        rest = pieces - np.polynomial.polynomial.polyval(np.arange(n), fits).T
        sizes.append(np.sqrt((rest**2).mean()))
    return float(np.polyfit(np.log(SCALES), np.log(sizes), 1)[0])


def cv(stage: int, population: Population = "healthy") -> float:
    """Median over people of the coefficient of variation."""
    found = [intervals_s(stage, seed, population) for seed in SEEDS]
    return float(np.median([x.std() / x.mean() for x in found]))


@pytest.mark.parametrize(("exponent", "low", "high"), [(0.5, 0.44, 0.56), (0.8, 0.72, 0.88), (1.0, 0.9, 1.1)])
def test_noise_has_its_exponent(exponent: float, low: float, high: float) -> None:
    found = [fluctuation_exponent(fractal(rng(seed), 4096, exponent)) for seed in range(8)]
    assert low < np.mean(found) < high


def test_noise_has_unit_variance() -> None:
    assert np.mean([fractal(rng(seed), 4096, 0.8).var() for seed in range(20)]) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("stage", [WAKE, LIGHT, DEEP])
def test_rates_stand_to_rem_as_published(stage: int) -> None:
    ratio = [intervals_s(REM, seed).mean() / intervals_s(stage, seed).mean() for seed in SEEDS]
    assert np.mean(ratio) == pytest.approx(RATE[stage], abs=0.02)


@pytest.mark.parametrize(
    ("stage", "low", "high"),
    [(WAKE, 0.14, 0.22), (LIGHT, 0.08, 0.12), (DEEP, 0.06, 0.10), (REM, 0.16, 0.24)],
)
def test_intervals_vary_as_published(stage: int, low: float, high: float) -> None:
    assert low < cv(stage) < high


def test_people_of_a_clinic_breathe_less_evenly() -> None:
    assert all(cv(stage, "clinic") > 1.2 * cv(stage) for stage in (WAKE, LIGHT, DEEP, REM))


@pytest.mark.parametrize(("stage", "low", "high"), [(LIGHT, 0.45, 0.65), (DEEP, 0.45, 0.65), (REM, 0.70, 0.97)])
def test_long_range_correlation_is_where_it_was_found(stage: int, low: float, high: float) -> None:
    assert low < np.mean([fluctuation_exponent(intervals_s(stage, seed)) for seed in SEEDS]) < high


def test_neighbouring_breaths_are_alike_awake_but_not_asleep() -> None:
    def neighbours(stage: int) -> float:
        found = [intervals_s(stage, seed) for seed in SEEDS]
        return float(np.mean([np.corrcoef(x[1:], x[:-1])[0, 1] for x in found]))

    assert neighbours(WAKE) > 0.3 > 0.2 > neighbours(DEEP)


def test_stages_overlap() -> None:
    """Some sleep more unevenly than others lie awake: variability alone cannot stage."""
    wake, light = (np.array([x.std() / x.mean() for x in (intervals_s(s, k) for k in SEEDS)]) for s in (WAKE, LIGHT))
    assert wake.min() < light.max() and np.median(wake) > np.median(light)


def test_breaths_are_shallow_in_rem() -> None:
    def sizes(stage: int, seed: int) -> tuple[float, float]:
        night = Night(lights_out_s=0.0, stages=np.full(120, stage, np.int8))
        breaths = draw_breaths(Breathing(), "healthy", night, rng(seed), 3600.0)
        return float(breaths.chest_mm.mean()), float(breaths.abdomen_mm.mean())

    ratio = np.mean([np.array(sizes(REM, k)) / np.array(sizes(WAKE, k)) for k in range(8)], axis=0)
    assert 0.6 < ratio.mean() < 0.85
    deep = np.mean([np.array(sizes(DEEP, k)) / np.array(sizes(WAKE, k)) for k in range(8)], axis=0)
    assert deep[0] > deep[1]  # the abdomen's share falls in deep sleep


def test_a_new_stage_is_reached_smoothly() -> None:
    stages = np.repeat(np.array([REM, DEEP], np.int8), 60)
    found = []
    for seed in SEEDS:
        breath_s = draw_breaths(Breathing(), "healthy", Night(0.0, None, stages), rng(seed), 3600.0).start_s
        start_s = breath_s[:-1]
        interval_s = np.diff(breath_s) / np.diff(breath_s)[start_s < 1800].mean()
        found.append([interval_s[(start_s > a) & (start_s < a + 120)].mean() for a in (1680, 2100)])
    before, after = np.mean(found, axis=0)
    assert after - before > 0.04


def test_the_waveform_holds_the_breaths() -> None:
    night = Night(lights_out_s=0.0, stages=np.full(20, DEEP, np.int8))
    track = breathe_by_stage(Breathing(), "healthy", night, rng(1), 600.0)
    rises = np.flatnonzero((track.chest_m[1:] > 1e-6) & (track.chest_m[:-1] <= 1e-6)) / 40.0
    missed = [one for one in track.breath_s[2:-2] if np.abs(rises - one).min() > 0.5]
    assert len(track.breath_s) > 100 and len(missed) < 0.05 * len(track.breath_s)
