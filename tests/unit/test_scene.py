"""The scene as the chip sees it: geometry, signs, determinism."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from hw_sim.radar_equation import still_echo
from hw_sim.radar_view import RadarView
from hw_sim.reflectors import direction
from hw_sim.scenario import Scenario, Sphere
from hw_sim.scene import Scene
from tests.scene_views import DEFAULT

FRAME_US = DEFAULT.frame_period_ns / 1e3


def frames(scene: Scene, n: int, view: RadarView = DEFAULT, first_us: float = 0.0) -> np.ndarray:
    out = np.zeros((n, view.n_chirps * view.n_samples * view.n_rx), np.uint16)
    scene.frames(first_us, view.frame_period_ns / 1e3, n, view, out)
    return out


def spectrum(scene: Scene, n: int, view: RadarView = DEFAULT) -> np.ndarray:
    """complex128[frame, bin, rx] of the burst mean, without what an empty room shows."""
    empty = Scene(Scenario(description="test"), seed=scene.seed, duration_s=10)
    shape = (n, *view.frame_shape)
    x = frames(scene, n, view).reshape(shape).mean(axis=1) - frames(empty, n, view).reshape(shape).mean(axis=(0, 1))
    return np.fft.rfft(x * np.hanning(view.n_samples)[:, None], axis=1)


def scene_of(**sphere: float) -> Scene:
    return Scene(Scenario(description="test", sphere=Sphere(**sphere)), seed=3, duration_s=20)


@pytest.mark.parametrize("distance_m", [0.35, 0.75, 1.6])
def test_sphere_lies_in_its_range_bin(distance_m: float) -> None:
    power = np.abs(spectrum(scene_of(distance_m=distance_m), 4)).mean(axis=(0, 2))
    assert abs(int(power[2:100].argmax()) + 2 - distance_m / DEFAULT.range_bin_m) <= 1


@pytest.mark.parametrize(("angle", "rx"), [("azimuth_deg", 0), ("elevation_deg", 1)])
@pytest.mark.parametrize("degrees", [20.0, -20.0])
def test_nearer_antenna_has_the_lower_phase(angle: str, rx: int, degrees: float) -> None:
    z = spectrum(scene_of(distance_m=1.0, **{angle: degrees}), 8)
    peak = int(np.abs(z).mean(axis=(0, 2)).argmax())
    difference = np.angle((z[:, peak, rx] * z[:, peak, 2].conj()).mean())
    expected = -2 * math.pi / DEFAULT.wavelength_m * 0.0025 * math.sin(math.radians(degrees))
    assert difference == pytest.approx(expected, abs=0.06)


def test_moving_towards_the_radar_lowers_the_phase() -> None:
    scene = scene_of(distance_m=0.8, amplitude_mm=3.0, rate_per_min=12.0)
    z = spectrum(scene, 100)
    peak = int(np.abs(z).mean(axis=(0, 2)).argmax())
    phase = np.unwrap(np.angle(z[:, peak, 2]))
    measured_um = -1e6 * DEFAULT.wavelength_m / (4 * math.pi) * (phase - phase[0])
    # a frame shows the middle of its burst
    middle_s = np.arange(100) * 0.05 + 3.5 * DEFAULT.chirp_period_ns * 1e-9
    truth_um = np.interp(middle_s, scene.truth().t_s, scene.truth().displacement_um)
    assert np.abs(measured_um - truth_um + truth_um[0]).max() < 60


def test_motion_within_the_burst_is_seen() -> None:
    scene = scene_of(distance_m=0.6, amplitude_mm=3.0, rate_per_min=90.0)
    x = frames(scene, 100).reshape(100, 8, 256, 3).astype(float)
    z = np.fft.rfft((x[..., 2] - x[..., 2].mean(axis=(0, 1))) * np.hanning(256), axis=-1)[:, :, 8:30]
    peak = int(np.abs(z).mean(axis=(0, 1)).argmax())
    turned = np.angle((z[:, 4:, peak].mean(axis=1)) * (z[:, :4, peak].mean(axis=1)).conj())
    t_s = np.arange(100) * 0.05 + 3.5 * DEFAULT.chirp_period_ns * 1e-9
    speed = 3e-3 * 2 * np.pi * 1.5 * np.cos(2 * np.pi * 1.5 * t_s)
    expected = -4 * math.pi / DEFAULT.wavelength_m * speed * 4 * DEFAULT.chirp_period_ns * 1e-9
    assert np.corrcoef(turned, expected)[0, 1] > 0.96
    assert turned.std() == pytest.approx(expected.std(), rel=0.1)


def test_fan_changes_from_chirp_to_chirp_and_walls_do_not() -> None:
    scene = Scene.load("empty", seed=1, duration_s=30)
    x = frames(scene, 100).reshape(100, 8, 256, 3).astype(float)
    z = np.abs(np.fft.rfft(x[:, 4:].mean(axis=1) - x[:, :4].mean(axis=1), axis=1)).mean(axis=(0, 2))
    fan, floor = int(1.7 / DEFAULT.range_bin_m), np.median(z[70:110])
    assert z[fan - 1 : fan + 4].max() > 1.5 * floor
    wall = int(2.6 / DEFAULT.range_bin_m)
    assert z[wall] < 1.3 * floor


def test_same_seed_same_samples() -> None:
    one, two = (Scene.load("single", seed=9, duration_s=120) for _ in range(2))
    assert np.array_equal(frames(one, 40, first_us=70e6), frames(two, 40, first_us=70e6))


def test_other_seed_other_samples() -> None:
    one, two = (Scene.load("single", seed=seed, duration_s=120) for seed in (9, 10))
    assert not np.array_equal(frames(one, 4, first_us=70e6), frames(two, 4, first_us=70e6))


def test_blocks_do_not_matter() -> None:
    scene = Scene.load("single", seed=2, duration_s=120)
    whole = frames(scene, 100, first_us=50e6 + 1043.2)
    halves = [frames(scene, 50, first_us=50e6 + 1043.2 + k * 50 * FRAME_US) for k in range(2)]
    assert np.array_equal(whole, np.concatenate(halves))


def test_kernel_and_closed_form_agree() -> None:
    ball = Sphere(distance_m=0.8, azimuth_deg=17.0, elevation_deg=-12.0)
    view, n = replace(DEFAULT, if_gain_db=33.0), 400
    seen, alone = (
        frames(Scene(Scenario(description="test", sphere=sphere), seed=3, duration_s=25.0), n, view)
        .reshape(n * 8, 256, 3)
        .mean(axis=0)
        for sphere in (ball, None)
    )
    at_m = direction(17.0, -12.0)[:, None] * 0.8
    expected = still_echo(view, at_m, np.array([math.pi * 0.025**2])).T
    assert (seen - alone - expected).std() < 0.03 * expected.std()


def test_views_do_not_disturb_one_another() -> None:
    scene = Scene.load("single", seed=2, duration_s=120)
    before = frames(scene, 2)
    frames(scene, 2, replace(DEFAULT, n_samples=64, n_chirps=16))
    assert np.array_equal(frames(scene, 2), before)


def test_fewer_antennas_see_the_same() -> None:
    scene = Scene.load("sitter", seed=2, duration_s=20)
    whole = frames(scene, 3).reshape(3, 8, 256, 3)
    view = replace(DEFAULT, n_rx=2, rx_mask=5)
    assert np.array_equal(frames(scene, 3, view).reshape(3, 8, 256, 2), whole[..., [0, 2]])


def test_no_scene_clips_at_the_default_gain() -> None:
    for name in ("single", "empty", "sitter"):
        x = frames(Scene.load(name, seed=4, duration_s=120), 60, first_us=50e6)
        assert x.min() > 500
        assert x.max() < 3600


def test_wrong_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="out: expected uint16"):
        Scene.load("empty", seed=0, duration_s=1).frames(0.0, FRAME_US, 2, DEFAULT, np.zeros((1, 6144), np.uint16))
