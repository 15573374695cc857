"""Direction: the reference against a plane wave, then C against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge.blocks import direction
from edge.blocks.candidates import SECONDS
from tests.profiles import (
    FFI,
    GEOMETRY,
    LIB,
    Profiles,
    breathing,
    c_geometry,
    c_profile,
    noise,
    wave,
)

RESULTS = ("azimuth_rad", "elevation_rad", "coherence")
BODY = 14
FRAMES = 60


def run_reference(moving: Profiles, first: int = BODY, last: int = BODY, geometry: Any = GEOMETRY) -> list[Any]:
    """Azimuth, elevation (rad) and coherence of every second."""
    state: np.void = np.zeros(1, direction.STATE)[0]
    direction.init(state)
    found = []
    for i, z in enumerate(moving):
        direction.step(state, geometry, z)
        if i % 20 == 19:
            direction.second(state, geometry, first, last)
            found.append([float(state[name]) for name in RESULTS])
    return found


def run_c(moving: Profiles, first: int = BODY, last: int = BODY, geometry: Any = GEOMETRY) -> list[Any]:
    """The same of the C block."""
    state, given = FFI.new("sw_direction *"), c_geometry(geometry)
    LIB.sw_direction_init(state)
    found = []
    for i, z in enumerate(moving):
        LIB.sw_direction_step(state, given, c_profile(z))
        if i % 20 == 19:
            LIB.sw_direction_second(state, given, first, last)
            found.append([getattr(state, name) for name in RESULTS])
    return found


def reflector(azimuth_deg: float, elevation_deg: float, n: int = FRAMES, noise_power: float = 0.0) -> Profiles:
    """A breathing reflector in one range bin, seen from that direction."""
    moving = noise(n, noise_power, 1)
    phases = wave(np.radians(azimuth_deg), np.radians(elevation_deg))
    moving[:, :, BODY] += (100 * breathing(n)[:, None] * phases).astype(np.complex64)
    return moving


RUNS = pytest.mark.parametrize("run", [run_reference, run_c])


@RUNS
@pytest.mark.parametrize("azimuth_deg", [-60.0, -20.0, 0.0, 5.0, 45.0])
@pytest.mark.parametrize("elevation_deg", [-30.0, 0.0, 10.0, 40.0])
def test_a_plane_wave_has_its_direction(run: Any, azimuth_deg: float, elevation_deg: float) -> None:
    azimuth, elevation, coherence = run(reflector(azimuth_deg, elevation_deg))[-1]
    assert np.degrees([azimuth, elevation]) == pytest.approx([azimuth_deg, elevation_deg], abs=0.01)
    assert coherence == pytest.approx(1.0, abs=1e-5)


@RUNS
@pytest.mark.parametrize(("rx", "signs"), [(0, (1, 0)), (1, (0, 1))])
def test_the_antenna_that_lags_is_the_nearer_one(run: Any, rx: int, signs: tuple[int, int]) -> None:
    moving = reflector(0, 0)
    moving[:, rx] *= np.complex64(np.exp(-0.5j))  # a smaller phase is a shorter path
    azimuth, elevation, _ = run(moving)[-1]
    assert (np.sign(round(azimuth, 4)), np.sign(round(elevation, 4))) == signs


@RUNS
def test_noise_has_little_coherence(run: Any) -> None:
    assert run(noise(20 * SECONDS, 4.0, 2))[-1][2] < 3 / np.sqrt(20 * SECONDS)


@RUNS
def test_coherence_falls_as_noise_rises(run: Any) -> None:
    n = 20 * SECONDS
    z = 100 * breathing(n)
    power = float(np.mean(np.abs(z) ** 2))
    coherence = run(reflector(10, 0, n, noise_power=power))[-1][2]
    assert coherence == pytest.approx(0.5, abs=0.1)  # P / (P + N), N = P


@RUNS
def test_an_old_direction_is_forgotten_after_the_window(run: Any) -> None:
    moving = np.concatenate((reflector(-30, 0, 20 * SECONDS), reflector(20, 0, 20 * SECONDS)))
    assert np.degrees(run(moving)[-1][0]) == pytest.approx(20, abs=0.1)


@RUNS
def test_no_body_has_no_direction(run: Any) -> None:
    assert run(reflector(30, 10), 0, -1)[-1] == [0, 0, 0]


@RUNS
def test_two_antennas_give_no_direction(run: Any) -> None:
    geometry = GEOMETRY.copy()
    geometry["n_rx"] = 2
    assert run(reflector(30, 10)[:, :2].copy(), geometry=geometry)[-1] == [0, 0, 0]


@RUNS
@pytest.mark.parametrize("rx", [0, 1])
def test_one_incoherent_pair_is_enough_for_doubt(run: Any, rx: int) -> None:
    n = 20 * SECONDS
    moving = reflector(10, 0, n)
    moving[:, rx] = noise(n, 1000.0, 7)[:, rx]
    assert run(moving)[-1][2] < 3 / np.sqrt(n)


@RUNS
def test_impossible_phases_are_clamped(run: Any) -> None:
    geometry = GEOMETRY.copy()
    geometry["wavelength_m"] = 0.0052  # longer than two spacings: half a turn would be a sine of 1.04
    moving = reflector(0, 0)
    moving[:, :2] *= np.complex64(np.exp(-3.14j))
    azimuth, elevation, _ = run(moving, geometry=geometry)[-1]
    assert azimuth == pytest.approx(np.pi / 2, abs=0.01)
    assert elevation == pytest.approx(np.pi / 4, abs=0.01)


@pytest.mark.parametrize("noise_power", [0.0, 1.0, 1e4])
def test_c_equals_reference(noise_power: float) -> None:
    moving = reflector(25, -15, 20 * (SECONDS + 3), noise_power)
    found, expected = run_c(moving, BODY - 3, BODY + 3), run_reference(moving, BODY - 3, BODY + 3)
    assert np.abs(np.array(found) - np.array(expected)).max() < 1e-5  # rad; 0.01 degree is 1.7e-4
