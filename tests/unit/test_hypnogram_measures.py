"""The measures that real and simulated hypnograms are compared by, against closed form and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import PCG64, Generator
from scipy import stats

from bench.hypnogram_measures import compare, distances, held_kappa, kappa, limits, measures, time_of_night_kappa

# 2 epochs awake, 3 light, 1 awake, 2 deep, 3 REM, 1 awake: 6 minutes
NIGHT = np.array([0, 0, 1, 1, 1, 0, 2, 2, 3, 3, 3, 0], np.int8)


def noise_nights(n: int, seed: int) -> list[np.ndarray[tuple[int], np.dtype[np.int8]]]:
    """Nights of bouts of random lengths and stages, all from one law."""
    rng = Generator(PCG64(seed))
    return [np.repeat(rng.integers(0, 4, 200), rng.integers(1, 9, 200))[:600].astype(np.int8) for _ in range(n)]


def test_a_night_by_hand() -> None:
    found = {name: values.tolist() for name, values in measures(NIGHT).items()}
    assert found["wake bouts"] == [1.0, 0.5, 0.5] and found["REM bouts"] == [1.5]
    assert found["wake, third 1"] == [1.0] and found["deep, third 2"] == [1.0] and found["REM, third 3"] == [1.5]
    assert found["transitions per hour"] == [50.0] and found["REM latency"] == [3.0]
    assert found["awakenings"] == [1.0]  # neither before the onset nor after the last sleep


def test_a_night_without_sleep_has_measures() -> None:
    found = measures(np.zeros(60, np.int8))
    assert found["awakenings"] == [0.0] and found["REM latency"] == [0.0] and found["wake bouts"] == [30.0]


def test_no_rem_counts_as_rem_at_the_end() -> None:
    assert measures(np.array([0, 0, 1, 1, 1, 1], np.int8))["REM latency"] == [2.0]


@pytest.mark.parametrize("seed", range(3))
def test_distances_are_scipys(seed: int) -> None:
    rng = Generator(PCG64(seed))
    a, b = rng.geometric(0.3, 80) / 2, rng.geometric(0.25, 50) / 2
    expected = stats.ks_2samp(a, b).statistic, stats.wasserstein_distance(a, b)
    assert distances(a, b) == pytest.approx(expected, abs=1e-12)


def test_kappa_by_hand() -> None:
    """Two agree in 3 of 4, chance is 1/2."""
    a, b = np.array([0, 0, 1, 1], np.int8), np.array([0, 0, 1, 0], np.int8)
    assert kappa(a, b) == pytest.approx((0.75 - 0.5) / 0.5)


def test_clockwork_nights_are_known_by_the_time_alone() -> None:
    clockwork = np.tile(np.repeat(np.arange(4), 40), 6).astype(np.int8)
    assert time_of_night_kappa([clockwork] * 6) == pytest.approx(1.0)


def test_time_says_nothing_where_there_is_no_clock() -> None:
    assert abs(time_of_night_kappa(noise_nights(60, 1))) < 0.02


def test_a_stage_that_holds_is_guessed() -> None:
    slow = [np.repeat(np.array([0, 1, 2, 3], np.int8), 120)]
    assert held_kappa(slow, 2) > 0.95 and held_kappa(slow, 2) > held_kappa(slow, 10)


def test_one_law_is_near_itself() -> None:
    """By the limits' own making, about one row in twenty is too far; none by much."""
    nights = noise_nights(80, 2)
    within = limits(nights, 200, Generator(PCG64(3)))
    rows = compare(noise_nights(80, 4), nights, within)
    assert sum(row.holds for row in rows) >= 0.8 * len(rows)


def test_another_law_is_far() -> None:
    nights = noise_nights(80, 2)
    within = limits(nights, 200, Generator(PCG64(3)))
    longer = [np.repeat(night, 2) for night in noise_nights(80, 4)]
    failed = {row.name for row in compare(longer, nights, within) if not row.holds}
    assert {"wake bouts", "light bouts", "deep bouts", "REM bouts", "transitions per hour"} <= failed
