"""Child, dog, cat, blanket, deeper shadows, the weakest sleeper: sizes, days, and what the radar receives of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from hw_sim.animal import BED_X_M, BED_Y_M, ON_BED_M, Animal, make_animal, way
from hw_sim.blanket import CREEP_S, blanket_set, covered
from hw_sim.body import DRIFT, N_TORSO
from hw_sim.breathing import WAVEFORM_HZ, breathe
from hw_sim.childhood import as_person, breathing, height_m
from hw_sim.movements import Movement
from hw_sim.scatterers import MovingSet, blend
from hw_sim.scenario import Side, decode_scenario
from hw_sim.scenario_living import Blanket, Breathing, Cat, Child, Dog, Person
from hw_sim.scene import Scene
from hw_sim.turning import Sleeper, whole_timeline
from hw_sim.whole_body import HEAD, WholeBody
from tests.scene_views import DEFAULT

PLACE = (0.0, 0.75, -0.08)
FLOOR, BED = (-0.6, 0.3, -0.5), (-0.5, 1.0, -0.12)


def rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@lru_cache
def scene(name: str, seed: int = 1, duration_s: float = 7200.0) -> Scene:
    return Scene.load(name, seed=seed, duration_s=duration_s)


def made(seed: int = 1, duration_s: float = 1800.0, **tables: Any) -> Scene:
    """A scene of its own: tables as in a file."""
    scenario = decode_scenario({"description": "x", **tables}, "x.toml")
    return Scene(scenario, seed=seed, duration_s=duration_s)


# --- child


def test_children_grow_and_their_breath_slows() -> None:
    ages = np.arange(1.0, 16.0, 0.5)
    assert (np.diff([height_m(age) for age in ages]) > 0).all()
    middle = [np.mean(breathing(age).rate_per_min) for age in ages]
    assert (np.diff(middle) < 0).all() and middle[0] == pytest.approx(31.5) and 14 < middle[-1] < 16


@pytest.mark.parametrize("age", [2.0, 4.0, 7.0])
def test_a_small_child_breathes_eighteen_to_thirty_a_minute(age: float) -> None:
    low, high = breathing(age).rate_per_min
    assert 16 < low < high < 30


def test_a_child_is_a_small_whole_body() -> None:
    child = as_person(Child(centre_m=PLACE, age_years=4.0))
    assert child.body == "whole" and child.height_m == pytest.approx(1.03) and child.breathing.chest_mm < 2.5


def test_a_child_in_the_bed_is_a_person_and_not_the_user() -> None:
    truth = made(child={"centre_m": [0.0, 1.2, -0.1]}).truth()
    assert truth.child_in_bed is not None and truth.child_in_bed.mean() > 0.9
    assert truth.person_in_zone.mean() > 0.9 and not truth.in_place.any() and not truth.partner_in_bed.any()


def test_a_child_comes_when_it_is_said_to() -> None:
    truth = scene("child").truth()
    assert truth.child_in_bed is not None
    assert 2700 < truth.child_in_bed.argmax() / 20 < 2730 and truth.in_place[: int(2700 * 20)].any()


# --- dog and cat


def dog_day(seed: int = 1, duration_s: float = 3600.0, cls: type[Dog] = Dog, **more: Any) -> Animal:
    return make_animal(cls(spots_m=[FLOOR, BED], **more), rng(seed), rng(seed + 50), duration_s)


def test_a_dog_does_all_of_it_about_as_often_as_said() -> None:
    days = [dog_day(seed, 4 * 3600.0, panting_per_hour=1.0) for seed in range(4)]
    kinds = [event.kind for day in days for event in day.events]
    for kind, per_hour in (("walk", 1.0), ("turn", 2.0), ("groom", 0.7), ("dream", 1.0), ("pant", 1.0)):
        assert 0.3 * 16 * per_hour < kinds.count(kind) < 1.7 * 16 * per_hour, kind


def test_keyframes_of_a_dog_rise() -> None:
    assert all(
        (np.diff(dog_day(seed, enters_s=100.0, leaves_before_end_s=100.0).line.key_s) > 0).all() for seed in range(4)
    )


def test_a_dog_lies_at_its_places_on_bed_and_floor() -> None:
    day = dog_day(walks_per_hour=6.0)
    heights = {round(float(at_m[2]), 2) for _, at_m in day.spots}
    assert heights == {FLOOR[2], BED[2]}
    resting = [pose.centre_m for pose, moving in zip(day.line.poses, day.line.moving, strict=True) if not moving]
    apart_m = [min(np.linalg.norm(centre - np.array(spot)) for spot in (FLOOR, BED)) for centre in resting]
    assert max(apart_m) < 0.3


def test_who_walks_goes_round_the_bed() -> None:
    stops = way(np.array([-0.5, 0.2, -0.5]), np.array([0.1, 2.1, -0.5]))
    path = np.concatenate(
        [np.linspace(a, b, 50) for a, b in zip([np.array([-0.5, 0.2, -0.5]), *stops], stops, strict=False)]
    )
    inside = (
        (path[:, 0] > BED_X_M[0]) & (path[:, 0] < BED_X_M[1]) & (path[:, 1] > BED_Y_M[0]) & (path[:, 1] < BED_Y_M[1])
    )
    assert not inside.any()


def test_the_way_to_the_bed_is_a_jump_at_its_edge() -> None:
    stops = way(np.array(FLOOR), np.array(BED))
    rise = [b[2] - a[2] for a, b in zip([np.array(FLOOR), *stops], stops, strict=False)]
    assert sum(step > 0.2 for step in rise) == 1 and stops[-1] == pytest.approx(BED) and BED[2] > ON_BED_M


def spectrum_peak_per_min(wave: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(wave - wave.mean())) ** 2
    return float(60 * np.fft.rfftfreq(wave.size, 1 / WAVEFORM_HZ)[power.argmax()])


def test_a_pant_is_four_to_six_a_second_and_no_breath() -> None:
    day = dog_day(panting_per_hour=4.0)
    pant = next(event for event in day.events if event.kind == "pant")
    first, last = (int(t * WAVEFORM_HZ) for t in (pant.from_s + 2, pant.to_s - 2))
    assert 240 <= spectrum_peak_per_min(day.track.chest_m[first:last]) <= 361
    assert not ((day.track.breath_s > pant.from_s) & (day.track.breath_s < pant.to_s)).any()


@pytest.mark.parametrize(("cls", "low", "high"), [(Dog, 10, 30), (Cat, 19, 31)])
def test_pets_breathe_at_their_own_rate(cls: type[Dog], low: float, high: float) -> None:
    day = dog_day(cls=cls, dreams_per_hour=0.0, mass_kg=5.0)
    assert low < 60 / np.median(np.diff(day.track.breath_s)) < high


def test_a_heavier_dog_is_larger_and_echoes_more() -> None:
    small, large = (dog_day(mass_kg=kg).line.poses[0] for kg in (5.0, 40.0))
    assert np.linalg.norm(large.half_m) == pytest.approx(2.0 * np.linalg.norm(small.half_m))
    assert (large.amplitude_m**2).sum() == pytest.approx(4.0 * (small.amplitude_m**2).sum())


@pytest.mark.parametrize("name", ["dog-floor", "cat-about", "couple-dog"])
def test_a_pet_is_nobody_and_its_day_is_told(name: str) -> None:
    truth, who = scene(name).truth(), "cat" if name == "cat-about" else "dog"
    assert truth.pet_in_zone.mean() > 0.5 and any(one == who and event.kind == "walk" for one, event in truth.events)
    if name == "dog-floor":
        assert not truth.person_in_zone.any() and not truth.in_place.any()


def test_a_dog_that_jumps_on_the_bed_shakes_who_lies_there() -> None:
    person = {"centre_m": list(PLACE), "body": "whole", "movements_per_hour": 0.0}
    dog = {"spots_m": [list(FLOOR), list(BED)], "mass_kg": 35.0, "walks_per_hour": 12.0}
    alone, both = made(person=person).sets["user"], made(person=person, dog=dog).sets["user"]
    assert np.abs(np.diff(both.waveform_m[DRIFT])).max() > 3 * np.abs(np.diff(alone.waveform_m[DRIFT])).max()


# --- blanket


COVERS: list[dict[str, Any]] = [{}, {"blanket": {"loss_db": 3.0, "rcs_m2": 0.0}}]


def power(group: MovingSet, t_s: float) -> np.ndarray:
    before, after, share = blend(group.key_s, np.array([t_s]))
    amplitude = group.amplitude_m[before] * (1 - share[:, None]) + group.amplitude_m[after] * share[:, None]
    return np.asarray(amplitude[0].astype(np.float64) ** 2)


def test_a_blanket_costs_its_decibels_twice_and_leaves_the_head() -> None:
    person = {"centre_m": list(PLACE), "body": "whole", "movements_per_hour": 0.0}
    bare, under = (made(person=person, **more).sets["user"] for more in COVERS)
    db = 10 * np.log10(power(bare, 100.0) / power(under, 100.0))
    assert db[N_TORSO + HEAD] == pytest.approx(0.0, abs=1e-4)
    assert np.delete(db, N_TORSO + HEAD) == pytest.approx(6.0, abs=1e-3)


def echo_power(at: Scene, from_s: float, bins: slice, seconds: float = 60.0) -> float:
    """Power of what moves in some range bins, above the noise of far ones; antenna 3."""
    n = int(seconds * 20)
    x = np.zeros((n, 8 * 256 * 3), np.uint16)
    at.frames(from_s * 1e6, 50e3, n, DEFAULT, x)
    z = np.fft.rfft(x.reshape(n, 8, 256, 3)[..., 2].mean(axis=1) * np.hanning(256), axis=1)
    moving = (np.abs(z - z.mean(axis=0)) ** 2).mean(axis=0)
    return float(moving[bins].sum() - moving[90:110].mean() * len(moving[bins]))


def test_samples_under_a_blanket_are_weaker_by_twice_its_decibels() -> None:
    person = {"centre_m": list(PLACE), "posture": "facing", "movements_per_hour": 0.0}
    bare, under = (made(duration_s=400.0, person=person, **more) for more in COVERS)
    lost_db = 10 * np.log10(echo_power(bare, 200.0, slice(10, 26)) / echo_power(under, 200.0, slice(10, 26)))
    assert lost_db == pytest.approx(6.0, abs=0.3)


def cover(movements: list[Movement]) -> MovingSet:
    person = Person(centre_m=PLACE, body="whole")
    line = whole_timeline(Sleeper(person, WholeBody(0.007, 1.75, rng(1)), rng(2)), person, movements, (), 600.0)
    track = breathe(Breathing(), rng(3), 600.0)
    assert covered(line, None) is line
    return blanket_set(Blanket(loss_db=1.0), line, track, np.array(PLACE), rng(4))


def test_a_blanket_slides_after_a_movement_and_not_otherwise() -> None:
    still, moved = cover([]), cover([Movement(300.0, 5.0, "body")])
    assert not still.waveform_m[DRIFT].any() and still.key_s.size == 1
    slide = moved.waveform_m[DRIFT]
    end = int(305 * WAVEFORM_HZ)
    assert not slide[:end].any() and slide.max() == pytest.approx(1.8e-3, rel=0.1)
    later = slide[end + int(10 * WAVEFORM_HZ)], slide[end + int((10 + CREEP_S) * WAVEFORM_HZ)]
    assert later[1] == pytest.approx(later[0] / np.e, rel=0.01)


def test_a_blanket_rises_with_the_breath_below() -> None:
    group = cover([])
    assert np.ptp(group.waveform_m[0]) > 2e-3 and 0.1 < group.gain[0, 0].max() <= 0.3


# --- shadow, the weakest


@pytest.mark.parametrize("each_way_db", [20.0, 30.0])
def test_a_body_in_front_costs_so_much_each_way_and_gives_it_back(each_way_db: float) -> None:
    partner = {"centre_m": [0.0, 1.4, -0.08], "posture": "facing", "movements_per_hour": 0.0}
    partner["breathing"] = {"line_of_sight_mm": 1.0, "heart_mm": 0.0}
    user = {"centre_m": list(PLACE), "posture": "facing", "movements_per_hour": 0.0, "leaves_before_end_s": 150.0}
    user["breathing"] = {"chest_mm": 0.0, "abdomen_mm": 0.0, "heart_mm": 0.0}
    user["leaves_if_longer_than_s"] = 0.0
    both = made(duration_s=400.0, person=user, partner=partner, shadow_db=each_way_db)
    hidden, revealed = (power(both.sets["partner"], t_s)[:N_TORSO].sum() for t_s in (100.0, 390.0))
    assert 40 - 1 < 10 * np.log10(revealed / hidden) <= 2 * each_way_db + 1  # the edges cost less than the middle
    assert echo_power(both, 320.0, slice(26, 36)) > 100 * max(echo_power(both, 100.0, slice(29, 36)), 1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_weakest_moves_three_tenths_of_a_millimetre(seed: int) -> None:
    truth = scene("weakest", seed, 3600.0).truth()
    calm = truth.in_place & ~truth.moving & (truth.t_s > 300)
    sizes = []
    for a, b in zip(truth.breath_s, truth.breath_s[1:], strict=False):
        span = slice(int(a * 20), int(b * 20))
        if calm[span].all():
            sizes.append(np.ptp(truth.displacement_um[span]))
    assert len(sizes) > 200 and 200 < np.median(sizes) < 420
    assert np.nanmedian(truth.distance_m) == pytest.approx(1.45, abs=0.1)


def test_line_of_sight_is_as_asked() -> None:
    table = {"centre_m": list(PLACE), "movements_per_hour": 0.0, "posture": "away"}
    table["breathing"] = {"line_of_sight_mm": 0.8, "amplitude_sd": 0.0, "heart_mm": 0.0}
    truth = made(duration_s=300.0, person=table).truth()
    assert np.ptp(truth.displacement_um[2000:4000]) == pytest.approx(800, rel=0.12)


@pytest.mark.parametrize("duration_s", [60.0, 900.0])
@pytest.mark.parametrize(
    ("name", "side"), [("child", "left"), ("child", "right"), ("apnoea", "left"), ("couple-dog", "right")]
)
def test_a_run_may_end_before_somebody_comes(name: str, duration_s: float, side: Side) -> None:
    scene = Scene.load(name, seed=3, duration_s=duration_s, side=side)
    out = np.zeros((2, DEFAULT.n_chirps * DEFAULT.n_samples * DEFAULT.n_rx), np.uint16)
    scene.frames(1e6 * duration_s - 200_000, 50_000, 2, DEFAULT, out)
    assert out.any()
