"""Body and breathing: sizes, rates, movements, and the statistics of the real recording."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.body import make_pose
from hw_sim.breathing import breathe
from hw_sim.people import received_weight
from hw_sim.scenario import Breathing, Person, load_scenario
from hw_sim.scene import Scene
from hw_sim.timeline import timeline
from tests.scene_views import RECORDING

PLACE = (0.0, 0.75, -0.08)
NIGHT_S = 8 * 3600.0


def rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def chest_mm(posture: str, seed: int, chest: float = 4.0, abdomen: float = 6.0) -> float:
    pose = make_pose(Person(centre_m=PLACE), rng(seed), posture, np.array(PLACE))
    weight = received_weight(pose.position_m, pose.amplitude_m)[:26]
    towards = -(pose.position_m / np.linalg.norm(pose.position_m, axis=0) * pose.direction).sum(axis=0)[:26]
    return float(np.average((chest * pose.gain[0, :26] + abdomen * pose.gain[1, :26]) * towards, weights=weight))


@pytest.mark.parametrize(("posture", "low", "high"), [("supine", 0.3, 2.0), ("facing", 2.5, 8.0), ("away", 0.2, 2.0)])
def test_posture_decides_what_the_line_of_sight_shows(posture: str, low: float, high: float) -> None:
    shown = [chest_mm(posture, seed) for seed in range(30)]
    assert low < min(shown) and max(shown) < high


def test_torso_has_enough_scatterers_and_part_of_the_body_stays() -> None:
    pose = make_pose(Person(centre_m=PLACE), rng(1), "supine", np.array(PLACE))
    moves = np.linalg.norm(pose.direction, axis=0) * pose.gain[:2].sum(axis=0)
    assert (moves > 0.1).sum() >= 24
    assert (moves < 0.03).sum() >= 5
    assert np.unique(pose.position_m, axis=1).shape == pose.position_m.shape


def test_breathing_is_a_rate_with_scatter_and_correlation() -> None:
    track = breathe(Breathing(), rng(4), NIGHT_S)
    interval_s = np.diff(track.breath_s)
    trend = np.convolve(interval_s, np.ones(61) / 61, "same")
    rest = (interval_s / trend)[60:-60] - 1
    assert 0.05 < rest.std() < 0.10
    assert 0.2 < np.corrcoef(rest[1:], rest[:-1])[0, 1] < 0.6
    rate_per_min = 60 / trend[60:-60]
    assert rate_per_min.min() > 11.5
    assert rate_per_min.max() < 17.5


def test_breathing_is_smooth_and_asymmetric() -> None:
    track = breathe(Breathing(), rng(4), 600.0)
    assert np.abs(np.diff(track.abdomen_m, 2)).max() < 40e-6  # of 6 mm, at 40 samples a second
    speed = np.diff(track.chest_m)
    assert (speed < -1e-6).sum() > 1.2 * (speed > 1e-6).sum()  # expiration lasts longer
    assert (np.abs(speed) < 1e-6).mean() > 0.05  # and is followed by a pause


def test_heartbeat_has_its_size() -> None:
    track = breathe(Breathing(), rng(4), 600.0)
    assert 0.1e-3 <= track.heart_m.max() <= 0.3e-3


def test_movements_come_six_an_hour_for_three_to_ten_seconds() -> None:
    lines = [timeline(Person(centre_m=PLACE), rng(seed), 4 * 3600.0) for seed in range(6)]
    lengths = []
    for line in lines:
        edges = np.diff(np.concatenate([[False], line.moving, [False]]).astype(int))
        begins, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
        lengths += list(np.array(line.key_s)[ends] - np.array(line.key_s)[begins])
    assert 4.5 < len(lengths) / 24 < 7.5
    assert min(lengths) >= 3.0
    assert max(lengths) <= 10.0


def test_a_movement_shifts_the_torso_and_draws_new_scatterers() -> None:
    line = timeline(Person(centre_m=PLACE, movements_per_hour=60.0), rng(3), 900.0)
    still = [k for k, moving in enumerate(line.moving) if not moving]
    before, after = line.poses[still[0]], line.poses[still[1]]
    assert np.linalg.norm(before.position_m - after.position_m, axis=0).mean() > 0.01
    assert not np.allclose(before.amplitude_m, after.amplitude_m)


def test_person_comes_lies_down_and_leaves() -> None:
    truth = Scene.load("single", seed=1, duration_s=900.0).truth()
    t_s = truth.t_s
    assert not truth.person_in_zone[t_s < 49].any()
    assert truth.moving[(t_s > 51) & (t_s < 58)].all()
    assert truth.in_place[(t_s > 65) & (t_s < 835)].all()
    assert not truth.in_place[t_s > 842].any()
    assert not truth.person_in_zone[t_s > 855].any()
    assert np.isnan(truth.distance_m[t_s < 49]).all()


def test_short_runs_end_in_bed() -> None:
    assert Scene.load("single", seed=1, duration_s=180.0).truth().in_place[-1]


def test_truth_of_the_rate_is_the_mean_interval_of_thirty_seconds() -> None:
    truth = Scene.load("single", seed=1, duration_s=600.0 - 1).truth()
    rate = truth.rate_per_min()
    at = 300
    starts = truth.breath_s[(truth.breath_s > at - 30) & (truth.breath_s <= at)]
    assert rate[at] == pytest.approx(60 / np.diff(starts).mean())
    assert np.isnan(rate[:60]).all()


def sitter(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """std/mean of |z - mean z| and coherence RX1-RX3, RX2-RX3 in the three strongest bins, as the recording gives."""
    n = 256
    scene = Scene.load("sitter", seed=seed, duration_s=30.0)
    out = np.zeros((n, 8 * 64 * 3), np.uint16)
    scene.frames(4e6, RECORDING.frame_period_ns / 1e3, n, RECORDING, out)
    z = np.fft.rfft(out.reshape(n, 8, 64, 3).mean(axis=1) * np.hanning(64)[:, None], axis=1)
    z = (z - z.mean(axis=0))[:, 5:25]
    strongest = np.argsort((np.abs(z) ** 2).mean(axis=(0, 2)))[-3:]
    z = z[:, strongest]
    a = np.abs(z)
    power = np.sqrt((a**2).mean(axis=0))
    pairs = [np.abs((z[..., q] * z[..., 2].conj()).mean(axis=0)) / (power[:, q] * power[:, 2]) for q in (0, 1)]
    return a.std(axis=0) / a.mean(axis=0), np.array(pairs)


def test_a_sitter_looks_like_the_recorded_one() -> None:
    both = [sitter(seed) for seed in range(8)]
    fluctuation = np.array([one for one, _ in both])
    coherence = np.array([two for _, two in both])
    assert 0.30 < np.median(fluctuation) < 0.60
    assert ((fluctuation > 0.30) & (fluctuation < 0.60)).mean() > 0.6
    assert 0.84 < np.median(coherence) < 0.99
    assert ((coherence > 0.84) & (coherence < 0.99)).mean() > 0.6


def test_the_sitter_of_seed_one_lies_within_all_limits() -> None:
    fluctuation, coherence = sitter(1)
    assert (fluctuation > 0.30).all() and (fluctuation < 0.60).all()
    assert (coherence > 0.84).all() and (coherence < 0.99).all()


def test_the_sitter_breathes_as_announced() -> None:
    truth = Scene.load("sitter", seed=1, duration_s=120.0).truth()
    assert np.nanmedian(truth.rate_per_min()) == pytest.approx(14.4, abs=0.6)
    assert 5e3 < np.ptp(truth.displacement_um[:600]) < 9e3
    assert load_scenario("sitter").person is not None
