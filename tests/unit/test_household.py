"""Scenes with more than one body, and what truth says of each; the other side of the bed; the mattress."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest

from hw_sim.breathing import WAVEFORM_HZ
from hw_sim.mattress import MOST_M, SAG_M, shake
from hw_sim.positions import DEFAULT_BIN_M, positions
from hw_sim.scenario import Person, Side, load_scenario, scenario_names
from hw_sim.scene import Scene
from hw_sim.timeline import sleeper_timeline, timeline
from hw_sim.truth import TRUTH_HZ
from tests.scene_views import DEFAULT

HOURS = 3
NIGHT_S = HOURS * 3600.0
ALL = {"single", "empty", "couple", "couple-last", "partner-alone", "reading", "bathroom", "pet", "restless"}


@lru_cache
def scene(name: str, seed: int = 1, side: Side = "left", duration_s: float = NIGHT_S) -> Scene:
    return Scene.load(name, seed=seed, duration_s=duration_s, side=side)


def first_s(flags: np.ndarray) -> float:
    return float(flags.argmax() / TRUTH_HZ)


def last_s(flags: np.ndarray) -> float:
    return float((flags.size - flags[::-1].argmax()) / TRUTH_HZ)


def test_all_scenes_are_there() -> None:
    assert set(scenario_names()) >= ALL | {"arrival", "sphere", "sitter"}


def test_the_partner_comes_first_and_leaves_last() -> None:
    truth = scene("couple").truth()
    assert first_s(truth.partner_in_bed) < first_s(truth.in_place) - 500
    assert last_s(truth.partner_in_bed) > last_s(truth.in_place) + 500
    assert truth.person_in_zone[truth.partner_in_bed].all() and truth.person_in_zone[truth.in_place].all()


def test_the_partner_comes_last_and_leaves_first() -> None:
    truth = scene("couple-last").truth()
    assert first_s(truth.partner_in_bed) > first_s(truth.in_place) + 900
    assert last_s(truth.partner_in_bed) < last_s(truth.in_place) - 500


def test_a_partner_alone_is_no_user() -> None:
    truth = scene("partner-alone").truth()
    assert truth.partner_in_bed.mean() > 0.9 and truth.person_in_zone.mean() > 0.9
    assert not truth.in_place.any() and not truth.moving.any() and truth.in_bed_s == (None, None)
    assert truth.night.lights_out_s is None and np.isnan(truth.rate_per_min()).all()


def test_the_two_breathe_on_their_own() -> None:
    user, _, partner, _, _ = scene("couple").moving_sets
    n = user.waveform_m.shape[1]
    a, b = (group.waveform_m[0, n // 2 : n // 2 + 60000] for group in (user, partner))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.2


def test_the_user_of_a_couple_is_nearer_by_fifteen_range_bins() -> None:
    scenario = load_scenario("couple")
    assert scenario.person is not None and scenario.partner is not None
    user, partner = (np.linalg.norm(who.centre_m) for who in (scenario.person, scenario.partner))
    assert (partner - user) / DEFAULT_BIN_M == pytest.approx(14.7, abs=0.1)
    assert any(line.startswith("user to partner: 14.7 range bins farther") for line in scene("couple").positions())


def test_the_range_bin_is_the_default_radars() -> None:
    assert pytest.approx(DEFAULT.range_bin_m, rel=1e-4) == DEFAULT_BIN_M


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_absences_are_as_planned(seed: int) -> None:
    truth = scene("bathroom", seed).truth()
    planned = truth.night.absences_s
    assert 1 <= len(planned) <= 2
    assert truth.absences_s == [
        (pytest.approx(from_s, abs=0.1), pytest.approx(to_s, abs=0.1)) for from_s, to_s in planned
    ]
    for from_s, to_s in planned:
        at = (truth.t_s > from_s + 15) & (truth.t_s < to_s - 15)
        assert not truth.person_in_zone[at].any() and 180 <= at.mean() * NIGHT_S + 30 <= 540


def test_nobody_breathes_in_bed_while_away() -> None:
    truth = scene("bathroom").truth()
    from_s, to_s = truth.absences_s[0]
    assert not ((truth.breath_s > from_s + 1) & (truth.breath_s < to_s - 1)).any()


def test_reading_is_sitting_up_and_moving_before_lights_out() -> None:
    at = scene("reading", duration_s=6 * 3600.0)
    truth, night = at.truth(), at.truth().night
    assert night.reading_s is not None and night.lights_out_s == night.reading_s[1]
    assert night.reading_s[1] - night.reading_s[0] == 45 * 60
    reads = (truth.t_s > night.reading_s[0] + 10) & (truth.t_s < night.reading_s[1])
    lies = (truth.t_s > night.lights_out_s + 10) & truth.in_place  # asleep, and awake in between
    assert np.nanmean(truth.elevation_rad[reads]) > np.nanmean(truth.elevation_rad[lies]) + math.radians(8)
    assert truth.moving[reads].mean() > 2 * truth.moving[lies].mean()
    assert truth.in_place[reads].all()


def test_a_cat_is_no_person() -> None:
    truth = scene("pet").truth()
    assert truth.pet_in_zone.mean() > 0.8
    assert not truth.person_in_zone.any() and not truth.in_place.any()


def test_a_cat_breathes_fast() -> None:
    waveform = scene("pet").moving_sets[3].waveform_m[0, int(2000 * WAVEFORM_HZ) : int(4400 * WAVEFORM_HZ)]
    power = np.abs(np.fft.rfft(waveform - waveform.mean())) ** 2
    hz = np.fft.rfftfreq(waveform.size, 1 / WAVEFORM_HZ)
    assert 20 <= 60 * hz[power.argmax()] <= 31


def test_the_restless_move_more_than_the_calm() -> None:
    assert scene("restless").truth().moving.mean() > 1.5 * scene("single").truth().moving.mean()


def test_the_right_side_is_the_mirror_image() -> None:
    left, right = scene("couple"), scene("couple", side="right")
    turned = np.array([-1.0, 1.0, 1.0])[:, None]
    for one, other in zip(left.moving_sets, right.moving_sets, strict=True):
        assert np.array_equal(one.position_m * turned, other.position_m)
        assert np.array_equal(one.amplitude_m, other.amplitude_m)
    assert np.array_equal(left.truth().azimuth_rad, -right.truth().azimuth_rad, equal_nan=True)
    assert np.array_equal(left.truth().displacement_um, right.truth().displacement_um)


def test_the_user_lies_with_the_head_on_the_side_that_is_said() -> None:
    """Left side: the head towards +x. The headboard, the way in and the still parts of the body go with it."""
    left, right = positions(load_scenario("single")), positions(load_scenario("single"), "right")
    assert "head towards +x" in left[0] and "head towards -x" in right[0]
    assert "azimuth -35" in left[1] and "azimuth +35" in right[1]


def test_the_mirrored_scene_mirrors_the_phase_between_antennas() -> None:
    def across(side: Side) -> complex:
        at = scene("pet", side=side, duration_s=1800.0)
        x = np.zeros((40, 8 * 256 * 3), np.uint16)
        at.frames(1000e6, 50e3, 40, DEFAULT, x)
        z = np.fft.rfft(x.reshape(40, 8, 256, 3).mean(axis=1) * np.hanning(256)[:, None], axis=1)
        z = (z - z.mean(axis=0))[:, 19:24]
        return complex((z[..., 0] * z[..., 2].conj()).sum())

    left, right = np.angle(across("left")), np.angle(across("right"))
    assert left > 0.2 and right < -0.2  # the cat lies at -8 degrees, mirrored at +8


def test_other_sides_are_refused() -> None:
    with pytest.raises(ValueError, match="side: expected left or right, got 'top'"):
        Scene.load("empty", seed=1, duration_s=10.0, side="top")  # type: ignore[arg-type]


def test_a_movement_shakes_the_neighbour_a_little() -> None:
    person = Person(centre_m=(0.0, 1.4, -0.08), movements_per_hour=30.0)
    rng = np.random.Generator(np.random.PCG64(2))
    line = timeline(person, rng, 1800.0)
    wave = shake(line, np.array(person.centre_m), int(1800 * WAVEFORM_HZ))
    moving_s = np.array(line.key_s)[np.flatnonzero(line.moving)]
    second = np.unique(moving_s.astype(int))
    rest = np.abs(np.diff(wave)).reshape(-1, 1)[: 1799 * int(WAVEFORM_HZ)].reshape(1799, -1).max(axis=1)
    shaken = rest[second[(second > 5) & (second < 1790)]]
    assert 1e-5 < np.median(shaken) < MOST_M
    assert np.median(rest) < 1e-9


def test_lying_down_lets_the_mattress_sag_and_leaving_lets_it_rise() -> None:
    person = Person(centre_m=(0.0, 1.4, -0.08), way="beyond", enters_s=100.0, leaves_before_end_s=100.0)
    line = sleeper_timeline(person, [], (), np.random.Generator(np.random.PCG64(2)), 900.0)
    wave = shake(line, np.array(person.centre_m), int(900 * WAVEFORM_HZ))
    assert wave[int(90 * WAVEFORM_HZ)] == 0.0
    assert wave[int(500 * WAVEFORM_HZ)] == pytest.approx(SAG_M, rel=1e-6)
    assert abs(wave[-1]) < 1e-9


def test_who_sleeps_alone_is_not_shaken() -> None:
    user, _, partner, _, bed = scene("single").moving_sets
    assert not partner.amplitude_m.size and not bed.amplitude_m.size
    assert np.abs(np.diff(user.waveform_m[3])).max() < 5e-6  # drift alone


def test_a_couple_shakes_the_bed() -> None:
    bed = scene("couple").moving_sets[4]
    assert bed.amplitude_m.shape == (1, 8)
    assert np.ptp(bed.waveform_m[0]) > 1e-4 < np.ptp(bed.waveform_m[1])
