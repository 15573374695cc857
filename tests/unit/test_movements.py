"""Movements by stage: rates, the scale for sweeps, order, and what they do to a body."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.body import N_TORSO
from hw_sim.movements import Movement, draw_movements
from hw_sim.night import Night
from hw_sim.physiology import DEEP, LIGHT, MOVEMENTS, REM, WAKE
from hw_sim.scenario import Person
from hw_sim.timeline import sleeper_timeline

HOUR_S = 3600.0
BODY_S = (3.0, 10.0)
PERSON = Person(centre_m=(0.0, 0.75, -0.08))


def rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def drawn(stage: int, seed: int, scale: float = 1.0, hours: int = 4) -> list[Movement]:
    night = Night(lights_out_s=0.0, stages=np.full(hours * 120, stage, np.int8))
    return draw_movements(night, (0.0, hours * HOUR_S), BODY_S, scale, rng(seed))


def per_hour(stage: int, kind: str, scale: float = 1.0) -> float:
    return float(np.mean([sum(one.kind == kind for one in drawn(stage, seed, scale)) / 4 for seed in range(120)]))


@pytest.mark.parametrize("stage", [LIGHT, DEEP, REM])
def test_sleepers_move_as_often_as_assumed(stage: int) -> None:
    assert per_hour(stage, "body") == pytest.approx(MOVEMENTS.body_per_hour[stage], rel=0.25)
    assert per_hour(stage, "limb") == pytest.approx(MOVEMENTS.limb_per_hour[stage], rel=0.25)


def test_who_lies_awake_moves_most() -> None:
    assert per_hour(WAKE, "limb") > 2 * max(per_hour(stage, "limb") for stage in (LIGHT, DEEP, REM))


def test_the_scale_can_be_swept() -> None:
    assert per_hour(LIGHT, "limb", 2.0) == pytest.approx(2 * per_hour(LIGHT, "limb"), rel=0.15)
    assert not drawn(LIGHT, 1, 0.0)


@pytest.mark.parametrize("seed", range(6))
def test_movements_follow_one_another(seed: int) -> None:
    found = drawn(WAKE, seed, 3.0)
    assert all(a.end_s < b.begin_s for a, b in zip(found, found[1:], strict=False))


def test_nobody_moves_in_bed_while_away() -> None:
    night = Night(0.0, None, np.zeros(480, np.int8), absences_s=((5000.0, 5400.0),))
    found = draw_movements(night, (0.0, 4 * HOUR_S), BODY_S, 3.0, rng(1))
    assert not [one for one in found if one.begin_s < 5400 and one.end_s > 5000]


def test_a_reader_turns_pages_and_lies_down_at_lights_out() -> None:
    night = Night(3000.0, None, np.ones(480, np.int8), reading_s=(300.0, 3000.0))
    found = draw_movements(night, (60.0, 4 * HOUR_S), BODY_S, 1.0, rng(2))
    pages = [one.begin_s for one in found if one.kind == "page"]
    assert pages[0] > 300 and pages[-1] < 3000
    assert 20 < np.median(np.diff(pages)) < 75
    assert [(one.begin_s, one.kind) for one in found if one.kind in ("sit", "lie")] == [(300.0, "sit"), (3000.0, "lie")]


def test_waking_often_comes_with_a_movement() -> None:
    stages = np.tile(np.repeat(np.array([LIGHT, WAKE], np.int8), 10), 40)
    night = Night(0.0, None, stages)
    borders = np.arange(10, stages.size, 20) * 30.0
    hits = []
    for seed in range(10):
        begin_s = np.array(
            [one.begin_s for one in draw_movements(night, (0.0, stages.size * 30.0), BODY_S, 1e-9, rng(seed))]
        )
        hits += [bool((np.abs(begin_s - border) < 7).any()) for border in borders]
    assert np.mean(hits) == pytest.approx(MOVEMENTS.on_waking, abs=0.1)


def line_of(*movements: Movement) -> tuple[list[float], np.ndarray, list[bool]]:
    line = sleeper_timeline(PERSON, list(movements), (), rng(3), HOUR_S)
    return line.key_s, np.stack([pose.position_m for pose in line.poses]), line.moving


def test_a_limb_moves_centimetres_and_the_torso_millimetres() -> None:
    _, at_m, moving = line_of(Movement(100.0, 2.0, "limb"))
    far_m = np.linalg.norm(at_m - at_m[0], axis=1).max(axis=0)
    assert far_m[:N_TORSO].max() < 0.01
    assert 0.02 < far_m[N_TORSO:].max() < 0.5
    assert moving[1:-1] == [True] * (len(moving) - 2) and not moving[-1]


def test_sitting_up_raises_the_torso() -> None:
    _, at_m, _ = line_of(Movement(100.0, 5.0, "sit"), Movement(900.0, 5.0, "lie"))
    height_m = at_m[:, 2, :N_TORSO].mean(axis=1)
    assert height_m.max() > height_m[0] + 0.15
    assert abs(height_m[-1] - height_m[0]) < 0.05
