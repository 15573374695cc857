"""Shadows: closed form at the outline, 20 to 30 dB behind a body, nothing beside or before it."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from hw_sim.body import N_TORSO, make_pose
from hw_sim.household import N_GENERATORS, make_household
from hw_sim.scatterers import MovingSet, blend, still_set
from hw_sim.scenario import Person, load_scenario
from hw_sim.shadow import SHADOW_DB, WAVELENGTH_M, loss_db, shadowed
from hw_sim.timeline import Timeline

BALL = 0.15 * np.eye(3)  # a round body of 15 cm
CENTRE = np.array([0.0, 0.8, 0.0])


def loss_at(*at_m: float) -> float:
    return float(loss_db(np.array(at_m)[:, None], CENTRE, BALL)[0])


def test_the_middle_of_the_shadow_costs_twenty_to_thirty_db() -> None:
    assert 20 <= loss_at(0.0, 1.4, 0.0) == SHADOW_DB <= 30


def test_the_outline_costs_six_db_each_way() -> None:
    """At a knife edge half of the wave is left: J(0) = 6.0 dB."""
    sine = 0.15 / 0.8  # the ray that touches the ball
    touching = 1.4 * np.array([sine, np.sqrt(1 - sine * sine), 0.0])
    assert loss_at(*touching) == pytest.approx(12.07, abs=0.1)


def test_depth_inside_costs_as_a_knife_edge() -> None:
    sine = 0.15 / 0.8 - 0.012
    ray = np.array([sine, np.sqrt(1 - sine * sine), 0.0])
    front_m = 0.8 * ray[1]
    miss_m = 0.8 * sine
    rest_m = 1.4 - front_m
    v = (0.15 - miss_m) * np.sqrt(2 * (front_m + rest_m) / (WAVELENGTH_M * front_m * rest_m))
    one_way_db = 6.9 + 20 * np.log10(np.sqrt((v - 0.1) ** 2 + 1) + v - 0.1)
    assert loss_at(*(1.4 * ray)) == pytest.approx(2 * one_way_db, abs=0.01)
    assert 12 < 2 * one_way_db < SHADOW_DB


@pytest.mark.parametrize("at_m", [(0.0, 0.5, 0.0), (0.6, 1.4, 0.0), (0.0, 1.4, 0.6), (0.0, -1.4, 0.0)])
def test_before_and_beside_a_body_nothing_is_lost(at_m: tuple[float, float, float]) -> None:
    assert loss_at(*at_m) < 0.01


def test_the_edge_is_smooth() -> None:
    x_m = np.linspace(0.0, 0.6, 601)
    points = np.stack([x_m, np.full(601, 1.4), np.zeros(601)])
    loss = loss_db(points, CENTRE, BALL)
    assert (np.diff(loss) <= 1e-9).all() and np.abs(np.diff(loss)).max() < 1.0  # per mm
    assert loss[0] == SHADOW_DB and loss[-1] < 0.01


def test_a_shadow_lifts_when_the_body_leaves() -> None:
    person = Person(centre_m=(0.0, 0.8, 0.0))
    rng = np.random.Generator(np.random.PCG64(1))
    here = make_pose(person, rng, "facing", np.array([0.0, 0.8, 0.0]))
    away = make_pose(person, rng, "facing", np.array([1.5, 0.8, 0.0]))
    line = Timeline()
    for t_s, pose in ((0.0, here), (10.0, here), (12.0, away)):
        line.add(t_s, pose, moving=False, in_place=True)
    behind = shadowed(still_set(np.array([[0.0], [1.4], [0.0]]), np.array([0.01])), [line])
    before, after, share = blend(behind.key_s, np.array([5.0, 10.0, 11.0, 12.0, 20.0]))
    seen = behind.amplitude_m[before, 0] * (1 - share) + behind.amplitude_m[after, 0] * share
    db = 20 * np.log10(seen / 0.1)
    assert db[0] == db[1] == pytest.approx(-SHADOW_DB, abs=0.01)
    assert -15 < db[2] < -3
    assert db[3] == db[4] == pytest.approx(0.0, abs=0.01)


def couple(seed: int, duration_s: float) -> tuple[MovingSet, MovingSet]:
    """The same partner, behind the user and alone."""
    scenario = load_scenario("couple")
    both, alone = (
        make_household(one, np.random.Generator(np.random.PCG64(seed)).spawn(N_GENERATORS), duration_s).partner
        for one in (scenario, msgspec.structs.replace(scenario, person=None))
    )
    return both, alone


def test_motion_is_the_same_with_more_keyframes() -> None:
    both, alone = couple(3, 1800.0)
    at_s = np.arange(700.0, 1700.0, 0.5)

    def places(group: MovingSet) -> np.ndarray:
        before, after, share = blend(group.key_s, at_s)
        w = share[:, None, None]
        return group.position_m[before] * (1 - w) + group.position_m[after] * w

    apart_m = np.abs(places(both) - places(alone))
    assert both.key_s.size > alone.key_s.size + 20
    assert apart_m.max() < 0.1 and (apart_m > 1e-9).mean() < 0.02


def test_the_partner_is_hidden_while_the_user_lies_in_front() -> None:
    both, alone = couple(4, 3000.0)

    def power_db(group: MovingSet, from_s: float, to_s: float) -> float:
        keys = (group.key_s >= from_s) & (group.key_s < to_s)
        return float(10 * np.log10((group.amplitude_m[keys][:, :N_TORSO] ** 2).sum(axis=1).mean()))

    assert power_db(both, 100, 500) == pytest.approx(power_db(alone, 100, 500), abs=0.5)
    assert 20 < power_db(alone, 650, 2900) - power_db(both, 650, 2900) < 30
