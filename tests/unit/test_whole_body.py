"""Whole bodies: speckle that turns with the skin, parts where they belong, postures, turning over."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.body import HUMAN, N_TORSO, Pose
from hw_sim.movements import Movement
from hw_sim.scatterers import blend
from hw_sim.scenario_living import Person
from hw_sim.somebody import seen_mm
from hw_sim.surface import Surface
from hw_sim.timeline import Timeline
from hw_sim.turning import ROLL_DEG, Sleeper, whole_timeline
from hw_sim.whole_body import HANDS, HEAD, LEGS, N_PARTS, N_WHOLE, WholeBody, lying_axes

PLACE = np.array([0.0, 0.75, -0.08])
LIER = Person(centre_m=(0.0, 0.75, -0.08), body="whole")
WAVELENGTH_M = 4.9e-3


def rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def field(surface: Surface, slots: np.ndarray, axes: np.ndarray) -> complex:
    """What the points in the slots send back together, far away along y."""
    path_m = 2 * (axes @ surface.at_m[:, slots])[1]
    return complex((np.sqrt(surface.strength[slots]) * np.exp(2j * np.pi * path_m / WAVELENGTH_M)).sum())


def coherence(turn_deg: float) -> tuple[float, float]:
    """Measured over 300 skins, and in closed form: mean phasor of the points seen in both poses, times their share."""
    to_radar, before, after = np.array([0.0, -1.0, 0.0]), lying_axes(90.0), lying_axes(90.0 + turn_deg)
    fields, phasors, shares = [], [], []
    for seed in range(300):
        surface = Surface(np.array(HUMAN.semi_axes_m), rng(seed))
        first = surface.seen(before, to_radar, None)
        second = surface.seen(after, to_radar, first)
        fields.append((field(surface, first, before), field(surface, second, after)))
        both = first[first == second]
        shift_m = 2 * ((after - before) @ surface.at_m[:, both])[1]
        phasors.append(np.exp(2j * np.pi * shift_m / WAVELENGTH_M))
        shares.append(both.size / N_TORSO)
    a, b = np.array(fields).T
    measured = abs((a * b.conj()).mean()) / np.sqrt((abs(a) ** 2).mean() * (abs(b) ** 2).mean())
    return measured, float(abs(np.concatenate(phasors).mean()) * np.mean(shares))


@pytest.mark.parametrize("turn_deg", [0.2, 0.5, 1.0, 3.0])
def test_speckle_decorrelates_with_turning_as_the_closed_form_says(turn_deg: float) -> None:
    measured, expected = coherence(turn_deg)
    assert measured == pytest.approx(expected, abs=0.12)


def test_a_degree_changes_speckle_and_ten_make_another_one() -> None:
    small, large = coherence(0.1)[0], coherence(10.0)[0]
    assert small > 0.95 and large < 0.2


def test_the_same_pose_is_the_same_body() -> None:
    body = WholeBody(0.007, 1.75, rng(1))
    parts = body.lying(0.0, rng(2))
    one, other = body.pose(lying_axes(0.0), PLACE, parts), body.pose(lying_axes(0.0), PLACE, parts)
    assert np.array_equal(one.position_m, other.position_m) and np.array_equal(one.amplitude_m, other.amplitude_m)


def test_a_shift_keeps_most_points_and_a_turn_to_the_other_side_none() -> None:
    surface = Surface(np.array(HUMAN.semi_axes_m), rng(1))
    here = -PLACE / np.linalg.norm(PLACE)
    there = -(PLACE + [0.01, 0.0, 0.0]) / np.linalg.norm(PLACE + [0.01, 0.0, 0.0])
    first = surface.seen(lying_axes(90.0), here, None)
    assert (surface.seen(lying_axes(90.0), there, first) == first).mean() > 0.8
    assert not np.isin(surface.seen(lying_axes(-90.0), here, first), first).any()


@pytest.mark.parametrize(
    ("posture", "low", "high"), [("facing", 2.5, 8.0), ("supine", 0.3, 3.0), ("away", 0.2, 2.0), ("prone", 0.1, 3.0)]
)
def test_posture_decides_what_the_line_of_sight_shows(posture: str, low: float, high: float) -> None:
    for seed in range(12):
        body = WholeBody(0.007, 1.75, rng(seed))
        roll = ROLL_DEG[posture]
        pose = body.pose(lying_axes(roll), PLACE, body.lying(roll, rng(seed)))
        assert low < seen_mm(pose, 4.0, 6.0) < high


def test_left_and_right_are_facing_and_away() -> None:
    assert ROLL_DEG["left"] == ROLL_DEG["facing"] and ROLL_DEG["right"] == ROLL_DEG["away"]
    assert lying_axes(ROLL_DEG["facing"])[:, 2] == pytest.approx(
        [0.0, -1.0, 0.0], abs=1e-12
    )  # the front, to the device


def body_at(height_m: float) -> Pose:
    body = WholeBody(0.007, height_m, rng(4))
    return body.pose(lying_axes(0.0), PLACE, body.lying(0.0, rng(5)))


def test_head_and_feet_lie_where_they_belong() -> None:
    pose = body_at(1.75)
    head, feet = pose.position_m[0, N_TORSO + HEAD], pose.position_m[0, [N_TORSO + leg[-1] for leg in LEGS]]
    assert pose.position_m.shape == (3, N_WHOLE) == (3, N_TORSO + N_PARTS)
    assert 1.2 < (head.mean() - feet.mean()) < 1.6


def test_half_the_height_is_half_the_size_and_a_quarter_of_the_echo() -> None:
    grown, small = body_at(1.75), body_at(0.875)
    assert np.ptp(small.position_m[0]) == pytest.approx(0.5 * np.ptp(grown.position_m[0]), rel=0.15)
    power = [(one.amplitude_m[:N_TORSO] ** 2).sum() for one in (grown, small)]
    assert power[1] == pytest.approx(0.25 * power[0], rel=0.3)


def test_hands_on_the_belly_breathe_and_feet_do_not() -> None:
    rows = []
    for seed in range(30):
        body = WholeBody(0.007, 1.75, rng(seed))
        rows.append(body.pose(lying_axes(0.0), PLACE, body.lying(0.0, rng(seed))).gain[:2, N_TORSO:])
    hands = np.array([row[:, HANDS].max() for row in rows])
    assert 0.1 < (hands > 0.5).mean() < 0.7
    assert max(row[:, LEGS[0]].max() for row in rows) < 0.02


def test_what_lies_behind_the_torso_is_hidden() -> None:
    body = WholeBody(0.007, 1.75, rng(4))
    parts = body.parts("beside", "straight")
    parts[:, HANDS] = np.array([[0.0, 0.0], [0.0, 0.0], [-0.3, 0.3]])  # one behind, one before somebody who faces us
    amplitude = body.pose(lying_axes(90.0), PLACE, parts).amplitude_m[N_TORSO + HANDS]
    free = body.pose(lying_axes(90.0), PLACE, body.parts("front", "straight")).amplitude_m[N_TORSO + HANDS]
    assert 20 < 20 * np.log10(free[0] / amplitude[0]) < 30 and amplitude[1] == pytest.approx(free[1])


def night(seed: int, movements: list[Movement], person: Person = LIER, duration_s: float = 7200.0) -> Timeline:
    sleeper = Sleeper(person, WholeBody(0.007, 1.75, rng(seed)), rng(seed + 100))
    return whole_timeline(sleeper, person, movements, (), duration_s)


def rolls(line: Timeline) -> np.ndarray:
    """Degrees about the long axis of every resting pose."""
    front = np.array(
        [
            pose.half_m[:, 2] / np.linalg.norm(pose.half_m[:, 2])
            for pose, m in zip(line.poses, line.moving, strict=True)
            if not m
        ]
    )
    return np.asarray(np.degrees(np.arctan2(-front[:, 1], front[:, 2])))


def test_all_postures_come_up_in_their_shares() -> None:
    tosser = Person(centre_m=(0.0, 0.75, -0.08), body="whole", turning=1.0)
    movements = [Movement(60.0 * k, 6.0, "body") for k in range(1, 100)]
    found = np.concatenate([rolls(night(seed, movements, tosser)) for seed in range(4)])
    near = {name: (np.abs((found - roll + 180) % 360 - 180) < 30).mean() for name, roll in ROLL_DEG.items()}
    assert 0.2 < near["supine"] < 0.55 and 0.15 < near["facing"] < 0.5 and 0.15 < near["away"] < 0.5
    assert 0.02 < near["prone"] < 0.3


def test_a_turn_goes_step_by_step() -> None:
    tosser = Person(centre_m=(0.0, 0.75, -0.08), body="whole", turning=1.0)
    line = night(1, [Movement(100.0, 6.0, "body")], tosser)
    front = np.array([pose.half_m[:, 2] / np.linalg.norm(pose.half_m[:, 2]) for pose in line.poses])
    steps = np.degrees(np.arccos(np.clip((front[1:] * front[:-1]).sum(axis=1), -1, 1)))
    assert len(steps) >= 5 and steps.max() < 40


def test_who_keeps_the_posture_keeps_it() -> None:
    still = Person(centre_m=(0.0, 0.75, -0.08), body="whole", posture="away", change_posture=False)
    assert (np.abs(rolls(night(2, [Movement(60.0 * k, 6.0, "body") for k in range(1, 60)], still)) + 90) < 40).all()


def test_a_twitch_ends_where_it_began() -> None:
    line = night(3, [Movement(100.0, 0.5, "twitch")])
    away = np.linalg.norm(line.poses[2].position_m - line.poses[0].position_m, axis=0)
    back = np.linalg.norm(line.poses[3].position_m - line.poses[0].position_m, axis=0)
    assert 0.002 < away.max() < 0.12 and (away > 1e-6).sum() <= 3 and back.max() < 1e-9


def test_somebody_walks_in_step_by_step_and_lies_still() -> None:
    comer = Person(centre_m=(0.0, 0.75, -0.08), body="whole", way="near", enters_s=50.0, leaves_before_end_s=60.0)
    line = night(5, [], comer, 900.0)
    gap = np.diff(line.key_s)
    walking = np.flatnonzero(line.moving[:-1])
    assert (gap > 0).all() and gap[walking].max() < 2.5
    before, _, _ = blend(np.array(line.key_s), np.array([500.0]))
    assert line.in_place[int(before[0])] and not line.present[0] and not line.present[-1]
