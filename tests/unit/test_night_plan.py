"""Plans of a night: instants on half minutes, interruptions, and what short stays leave out."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.night import EPOCH_S, Night, interrupt, plan_night
from hw_sim.physiology import DEEP, LIGHT, REM, WAKE
from hw_sim.scenario import Habits

STAY_S = (60.0, 8 * 3600.0 - 60.0)
OUT_S = 20.0


def plan(
    seed: int, habits: Habits | None = None, stay_s: tuple[float, float] = STAY_S, stays_on: bool = False
) -> Night:
    rng = np.random.Generator(np.random.PCG64(seed))
    return plan_night(habits or Habits(), "healthy", stay_s, stays_on, OUT_S, rng)


@pytest.mark.parametrize("seed", range(8))
def test_lights_out_and_waking_lie_on_epochs_within_the_stay(seed: int) -> None:
    night = plan(seed)
    assert night.lights_out_s is not None and night.woke_up_s is not None
    assert night.lights_out_s % EPOCH_S == night.woke_up_s % EPOCH_S == 0
    assert 3 * 60 <= night.lights_out_s - STAY_S[0] <= 12 * 60 + EPOCH_S
    assert 2 * 60 <= STAY_S[1] - night.woke_up_s <= 8 * 60 + EPOCH_S
    assert night.stages.size * EPOCH_S == night.woke_up_s - night.lights_out_s


def test_people_differ() -> None:
    assert len({plan(seed).lights_out_s for seed in range(8)}) > 4


def test_stages_are_wake_outside_the_hypnogram() -> None:
    night = Night(lights_out_s=60.0, woke_up_s=120.0, stages=np.array([LIGHT, REM], np.int8))
    assert night.stage_at(np.array([0.0, 59.9, 60.0, 89.9, 90.0, 119.9, 120.0])).tolist() == [0, 0, 1, 1, 3, 3, 0]


def test_in_a_short_stay_nobody_tries_to_sleep() -> None:
    night = plan(1, stay_s=(60.0, 600.0))
    assert night.lights_out_s is None and not night.stages.size


def test_an_hour_is_mostly_hypnogram() -> None:
    night = plan(1, stay_s=(60.0, 3540.0))
    assert night.stages.size * EPOCH_S > 0.85 * 3480


def test_who_stays_does_not_wake_up() -> None:
    night = plan(1, stay_s=(60.0, 3600.0), stays_on=True)
    assert night.woke_up_s is None and night.lights_out_s is not None
    assert night.lights_out_s + night.stages.size * EPOCH_S == 3600


def test_reading_ends_at_lights_out() -> None:
    night = plan(2, Habits(reading_min=45.0))
    assert night.reading_s is not None
    assert night.reading_s[1] - night.reading_s[0] == 45 * 60
    assert night.reading_s[1] == night.lights_out_s
    assert night.reading_s[0] > STAY_S[0]


@pytest.mark.parametrize("seed", range(12))
def test_who_gets_up_is_awake_before_meanwhile_and_after(seed: int) -> None:
    night = plan(seed, Habits(absences=(1, 2)))
    assert 1 <= len(night.absences_s) <= 2
    for from_s, to_s in night.absences_s:
        assert 180 + OUT_S <= to_s - from_s <= 480 + OUT_S
        around_s = np.arange(from_s - 15, to_s + 30, 5.0)
        assert (night.stage_at(around_s) == WAKE).all()


def test_no_deep_sleep_right_after_an_interruption() -> None:
    stages = np.full(40, DEEP, np.int8)
    interrupt(stages, 10, 4, 8)
    assert stages.tolist() == [DEEP] * 10 + [WAKE] * 4 + [LIGHT] * 8 + [DEEP] * 18


def test_restless_people_wake_more() -> None:
    calm, restless = (
        sum(int((np.diff(plan(seed, habits).stages) != 0).sum()) for seed in range(6))
        for habits in (Habits(), Habits(awakenings_per_hour=3.0))
    )
    assert restless > calm + 6 * 15
