"""The bench of empty rooms: what was frozen, how a line reads, what the naive detector sees."""

from __future__ import annotations

import numpy as np

from bench.empty_rooms import ROOMS, SEEDS, SLEEPERS, Outcome, Run, naive, row, runs
from hw_sim.scenario import scenario_names
from hw_sim.scene import Scene


def test_scenes_and_seeds_are_frozen() -> None:
    assert SEEDS == (301, 302, 303)
    assert len(runs(24, 8, 3)) == 3 * (len(ROOMS) + len(SLEEPERS))
    assert set(ROOMS) | set(SLEEPERS) <= set(scenario_names())


def test_a_room_that_is_heard_too_often_is_named() -> None:
    heard = Outcome(1000, 2, 120.0, 0, 0, [10.0, 50.0], [False, False])
    assert row(Run("empty-desk-fan", 301, 24), heard, 40.0)[2:] == ["0.20 (too many)", "–", "50.0", "–"]
    quiet = Outcome(1000, 1, 60.0, 0, 0, [10.0, 10.0], [False, False])
    assert row(Run("empty-desk-fan", 301, 24), quiet, 40.0)[2] == "0.10"


def test_a_sleeper_is_lost_by_seconds() -> None:
    seen = Outcome(480, 0, 28000.0, 27000, 13, [10.0, 50.0, 9.0], [True, True, None])
    assert row(Run("weakest", 301, 8), seen, 40.0)[3:] == ["13 of 27000", "–", "30"]


def test_the_naive_detector_tells_noise_from_a_sleeper() -> None:
    quiet, sleeper = (
        naive(Scene.load(name, seed=1, duration_s=400), 400.0)[6:] for name in ("empty-charger", "single")
    )
    assert np.median(sleeper) > np.median(quiet) + 10
