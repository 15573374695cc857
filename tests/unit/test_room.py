"""Fans, draughts and walls against closed form."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest

from hw_sim.draught import chain_hz, swing
from hw_sim.fans import KINDS, make_blades, mirrored_blades, place_blades
from hw_sim.multipath import N_SEEN, bounce, images, right_angle_loss_db
from hw_sim.radar_equation import still_echo
from hw_sim.reflectors import SWAY_SAMPLES_HZ
from hw_sim.scatterers import MovingSet, still_set
from hw_sim.scenario import BladeFan, Draught, Scenario, SceneError, Wall, decode_scenario, load_scenario
from hw_sim.scene import Scene, filled_up
from tests.scene_views import DEFAULT


def placed(fan: BladeFan, t_s: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Positions [xyz, n] of all points, and which of them turn."""
    made = make_blades(fan, np.random.default_rng(seed))
    at_m, amplitude = np.zeros((2, 3, 64)), np.zeros(64)
    n = place_blades(made, (t_s, t_s + 0.0035), at_m, amplitude, 0)
    return at_m[0, :, :n], made.spins


def test_blades_go_round_the_hub() -> None:
    fan = BladeFan(
        distance_m=1.5, azimuth_deg=0.0, kind="desk", radius_m=0.15, blades=3, turns_per_s=12.0, facing_deg=0.0
    )
    at_m, spins = placed(fan, 7.0)
    from_hub = np.hypot(at_m[0], at_m[2] - KINDS["desk"].height_m)[spins == 1]
    assert from_hub.max() == pytest.approx(0.15, abs=1e-6)
    assert np.all(np.abs(at_m[1, spins == 1] - (1.5 - 0.1)) < 0.021)


def test_blades_turn_at_their_speed() -> None:
    fan = BladeFan(distance_m=1.5, azimuth_deg=0.0, turns_per_s=12.0, facing_deg=0.0)
    (first, spins), (later, _) = (placed(fan, t_s) for t_s in (5.0, 5.001))
    angles = [np.arctan2(at_m[2] - 0.2, -at_m[0])[spins == 1] for at_m in (first, later)]
    turned = np.angle(np.exp(1j * (angles[1] - angles[0]))) / (2 * math.pi) / 0.001
    assert turned == pytest.approx(np.full(turned.size, 12.0), abs=0.15)


def test_a_ceiling_fan_lies_flat_overhead_and_wobbles_a_little() -> None:
    fan = BladeFan(distance_m=1.2, azimuth_deg=0.0, kind="ceiling", radius_m=0.6)
    at_m, _ = placed(fan, 3.0)
    assert np.all(np.abs(at_m[2] - 1.5) < 0.021)
    assert np.hypot(at_m[0], at_m[1] - 1.2).max() == pytest.approx(0.6, abs=0.004)


def test_a_head_swings_to_both_sides_and_its_grille_does_not_turn() -> None:
    fan = BladeFan(distance_m=1.5, azimuth_deg=0.0, swing_deg=30.0, swing_s=10.0, facing_deg=0.0, turns_per_s=12.0)
    middle = []
    for t_s in np.arange(0, 10, 0.25):
        at_m, spins = placed(fan, float(t_s))
        middle.append(at_m[:, spins == 1].mean(axis=1) - np.array([0.0, 1.5, 0.2]))
    swung = np.degrees([math.atan2(x, -y) for x, y, _ in middle])
    assert swung.max() == pytest.approx(30.0, abs=4.0)
    assert swung.min() == pytest.approx(-30.0, abs=4.0)


def test_what_a_fan_leaves_open_is_drawn_from_its_kind() -> None:
    for kind in ("desk", "floor", "ceiling"):
        speeds = [
            make_blades(BladeFan(distance_m=2, azimuth_deg=0, kind=kind), np.random.default_rng(s)).turns_per_s
            for s in range(20)
        ]
        low, high = KINDS[kind].turns_per_s
        assert low <= min(speeds) < max(speeds) <= high


def test_a_mirrored_fan_is_a_mirror_image() -> None:
    made = make_blades(BladeFan(distance_m=1.5, azimuth_deg=-30.0, swing_deg=20.0), np.random.default_rng(2))
    both = []
    for one in (made, mirrored_blades(made)):
        at_m = np.zeros((2, 3, 64))
        place_blades(one, (2.0, 2.0035), at_m, np.zeros(64), 0)
        both.append(at_m)
    assert both[1] == pytest.approx(both[0] * np.array([-1.0, 1.0, 1.0])[:, None])


@pytest.mark.parametrize(("drop_m", "expected_hz"), [(2.0, 0.4238), (1.0, 0.5994)])
def test_a_sheet_swings_as_a_hanging_chain(drop_m: float, expected_hz: float) -> None:
    assert chain_hz(drop_m)[0] == pytest.approx(expected_hz, rel=1e-3)
    draught = Draught(distance_m=2, azimuth_deg=0, drop_m=drop_m, draught_mm=8.0, gusts_per_hour=0)
    n = 1 << 16
    moved = swing(draught, np.random.default_rng(3), n)[0]
    hz = np.fft.rfftfreq(n, 1 / SWAY_SAMPLES_HZ)
    power = np.abs(np.fft.rfft(moved)) ** 2
    band = (hz > 0.25) & (hz < 1.0)
    assert float((hz * power)[band].sum() / power[band].sum()) == pytest.approx(expected_hz, rel=0.12)
    assert 1e3 * moved.std() == pytest.approx(8.0, rel=0.05)


def test_gusts_blow_it_out_one_way() -> None:
    draught = Draught(distance_m=2, azimuth_deg=0, draught_mm=0.0, gusts_per_hour=30, gust_mm=60.0)
    moved = 1e3 * swing(draught, np.random.default_rng(4), 1 << 16)[0]
    assert 20 < moved.max() < 400
    assert moved.mean() > 1


@pytest.mark.parametrize(
    ("material", "loss_db"), [("plasterboard", 12.2), ("concrete", 8.1), ("glass", 7.3), ("wood", 15.4)]
)
def test_a_bounce_costs_what_the_permittivity_says(
    material: Literal["plasterboard", "concrete", "glass", "wood"], loss_db: float
) -> None:
    assert right_angle_loss_db(Wall(azimuth_deg=0, distance_m=1, material=material)) == pytest.approx(loss_db, abs=0.1)
    assert bounce(2.73, 0.0) == pytest.approx(1.0)


def one_point(at_m: tuple[float, float, float]) -> MovingSet:
    point = still_set(np.array(at_m)[:, None], np.array([0.5]))
    point.direction[0, :, 0] = (0.0, -1.0, 0.0)
    return point


def test_images_are_as_far_as_the_ways_by_the_wall() -> None:
    wall = Wall(azimuth_deg=-90.0, distance_m=1.0)
    seen = images(one_point((0.0, 1.0, 0.0)), wall)
    image = np.array([-2.0, 1.0, 0.0])
    far = float(np.linalg.norm(image))
    lengths = np.linalg.norm(seen.position_m[0], axis=0)
    assert lengths == pytest.approx([(1 + far) / 2, (1 + far) / 2, far])
    assert seen.position_m[0, :, 2] == pytest.approx(image)


def test_an_image_has_the_echo_of_two_bounces() -> None:
    wall = Wall(azimuth_deg=0.0, distance_m=1.6, extra_loss_db=0.0, material="concrete")
    seen = images(one_point((0.0, 1.0, 0.0)), wall)
    last = seen._replace(
        position_m=seen.position_m[:, :, 2:].copy(),
        direction=seen.direction[:, :, 2:].copy(),
        gain=seen.gain[:, :, 2:].copy(),
        amplitude_m=seen.amplitude_m[:, 2:].copy(),
    )
    expected = still_echo(DEFAULT, np.array([[0.0], [2.2], [0.0]]), np.array([0.5 * float(bounce(5.24, 1.0)) ** 4]))
    assert (echo_of(last) - expected.T).std() < 0.05 * expected.std()


def test_a_mixed_way_has_the_echo_of_one_bounce() -> None:
    wall = Wall(azimuth_deg=0.0, distance_m=1.6, material="concrete")
    seen = images(one_point((0.0, 1.0, 0.0)), wall)
    one_way = float(seen.amplitude_m[0, 0]) / seen.position_m[0, 1, 0] ** 2
    assert one_way == pytest.approx(math.sqrt(0.5) * float(bounce(5.24, 1.0)) / (1.0 * 2.2), rel=1e-5)


def echo_of(points: MovingSet) -> np.ndarray:
    """Mean chirp of the points alone, float64[sample, rx]."""
    means = []
    for group in (points, None):
        scene = Scene(Scenario(description="points"), seed=5, duration_s=20)
        scene._groups = filled_up({} if group is None else {"user": group})
        out = np.zeros((200, 6144), np.uint16)
        scene.frames(0.0, 50e3, 200, DEFAULT, out)
        means.append(out.reshape(-1, 256, 3).mean(axis=0))
    return np.asarray(means[0] - means[1])


def test_images_of_a_body_keep_its_power_and_its_number_small() -> None:
    scene = Scene.load("multipath", seed=3, duration_s=300)
    body, ghosts = scene.sets["user"], scene.sets["walls.behind.user"]
    assert ghosts.position_m.shape[2] == 3 * N_SEEN
    assert np.array_equal(ghosts.key_s, body.key_s)


def test_a_point_behind_the_wall_has_no_image() -> None:
    assert images(one_point((0.0, 1.0, 0.0)), Wall(azimuth_deg=0.0, distance_m=0.5)).amplitude_m.max() == 0.0


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"fans": {"a": {"distance_m": 1, "azimuth_deg": 0, "radius_m": 3}}}, "fans.a.radius_m"),
        ({"draughts": {"a": {"distance_m": 1, "azimuth_deg": 0, "drop_m": 0.1}}}, "draughts.a.drop_m"),
        ({"walls": {"a": {"distance_m": 0.1, "azimuth_deg": 0}}}, "walls.a.distance_m"),
        ({"radars": {"a": {"distance_m": 1, "azimuth_deg": 0, "sweep_us": 500}}}, "radars.a.chirp_us"),
        ({"chargers": {"a": {"khz": 1}}}, "chargers.a.khz"),
        ({"antennas": {"gain_db": -1}}, "antennas.gain_db"),
        ({"front_end": {"flicker_khz": 900}}, "front_end.flicker_khz"),
    ],
)
def test_impossible_numbers_are_refused_by_key(table: dict[str, object], key: str) -> None:
    with pytest.raises(SceneError, match=f"key `{key}`"):
        decode_scenario({"description": "x", **table}, "x.toml")


@pytest.mark.parametrize("name", ["fans", "draught", "multipath", "two-radars", "empty-charger", "empty-ceiling-fan"])
def test_frames_are_the_same_in_whatever_blocks(name: str) -> None:
    scene = Scene.load(name, seed=6, duration_s=120, side="right")
    whole, halves = (np.zeros((40, 6144), np.uint16) for _ in range(2))
    scene.frames(70e6, 50e3, 40, DEFAULT, whole)
    for k in (0, 20):
        scene.frames(70e6 + k * 50e3, 50e3, 20, DEFAULT, halves[k : k + 20])
    assert np.array_equal(whole, halves)
    assert load_scenario(name, 1) != load_scenario(name, 2)
