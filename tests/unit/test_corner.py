"""A corner reflector in the scene: its echo against the closed form, when it is there, what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from hw_sim.radar_equation import still_echo
from hw_sim.reflectors import corner_rcs_m2, direction
from hw_sim.scenario import Corner, Scenario, SceneError, decode_scenario
from hw_sim.scene import Scene
from tests.scene_views import DEFAULT


def mean_chirp(corner: Corner | None, first_us: float = 0.0, n: int = 60) -> np.ndarray:
    """float64[sample, rx] over frames and chirps."""
    scene = Scene(Scenario(description="test", corner=corner), seed=3, duration_s=60.0)
    out = np.zeros((n, 8 * 256 * 3), np.uint16)
    scene.frames(first_us, DEFAULT.frame_period_ns / 1e3, n, replace(DEFAULT), out)
    return np.asarray(out.reshape(-1, 256, 3).mean(axis=0))


def test_cross_section_of_a_trihedral() -> None:
    wavelength_m = 4.93e-3
    assert corner_rcs_m2(0.06) == pytest.approx(4 * math.pi * 0.06**4 / (3 * wavelength_m**2))
    assert corner_rcs_m2(0.06) == pytest.approx(2.23, rel=0.01)


@pytest.mark.parametrize(("azimuth_deg", "elevation_deg"), [(0.0, 0.0), (25.0, -15.0)])
def test_echo_is_that_of_the_radar_equation(azimuth_deg: float, elevation_deg: float) -> None:
    corner = Corner(distance_m=1.2, azimuth_deg=azimuth_deg, elevation_deg=elevation_deg, edge_m=0.05)
    echo = mean_chirp(corner) - mean_chirp(None)
    at_m = direction(azimuth_deg, elevation_deg)[:, None] * 1.2
    expected = still_echo(DEFAULT, at_m, np.array([corner_rcs_m2(0.05)])).T
    assert (echo - expected).std() < 0.03 * expected.std()


def test_it_is_put_there_and_taken_away() -> None:
    corner, empty = Corner(distance_m=1.0, from_s=10.0, to_s=30.0), mean_chirp(None)
    rms = [(mean_chirp(corner, t_s * 1e6) - empty).std() for t_s in (5.0, 15.0, 25.0, 35.0)]
    assert max(rms[0], rms[3]) < 0.1
    assert min(rms[1], rms[2]) > 3


@pytest.mark.parametrize(
    ("key", "value"), [("edge_m", 0.0), ("distance_m", 0.01), ("to_s", 1.0), ("azimuth_deg", 120.0), ("from_s", -1.0)]
)
def test_an_impossible_corner_is_refused(key: str, value: float) -> None:
    with pytest.raises(SceneError, match=f"corner.{key}"):
        decode_scenario({"description": "test", "corner": {"distance_m": 1.0, key: value}}, "test.toml")
