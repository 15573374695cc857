"""Motion: the reference against a reflector of known speed, then C against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.blocks import motion
from edge.blocks.parameters import AMPLITUDE_SMOOTH_S, MOVING_MM_PER_S, STILL_HOLD_S, STILL_MM_PER_S
from tests.profiles import (
    FFI,
    FRAME_S,
    GEOMETRY,
    LIB,
    Profiles,
    c_geometry,
    c_profile,
    noise,
    turning,
)

RESULTS = ("burst", "amplitude", "speed_mm_per_s", "over_floor", "still_s", "moving", "moving_s")
BODY = 14
FIRST, LAST = BODY - 2, BODY + 2
NOISE = 3 * 1.0  # power of a bin, three antennas
Scene = tuple[Profiles, Profiles]


def run_reference(scene: Scene, noise_power: float = NOISE, circle_power: float = 0.0) -> NDArray[np.float64]:
    """float64[frame, result]."""
    state: np.void = np.zeros(1, motion.STATE)[0]
    motion.init(state)
    found = []
    for z, d in zip(*scene, strict=True):
        motion.step(state, GEOMETRY, z, d, FIRST, LAST, noise_power, circle_power)
        found.append([float(state[name]) for name in RESULTS])
    return np.array(found)


def run_c(scene: Scene, noise_power: float = NOISE, circle_power: float = 0.0) -> NDArray[np.float64]:
    """The same of the C block."""
    state, geometry = FFI.new("sw_motion_state *"), c_geometry()
    body = FFI.new("sw_motion_body *", (FIRST, LAST, noise_power, circle_power))
    LIB.sw_motion_init(state)
    found = []
    for z, d in zip(*scene, strict=True):
        LIB.sw_motion_step(state, geometry, c_profile(z), c_profile(d), body)
        found.append([float(getattr(state, name)) for name in RESULTS])
    return np.array(found)


def result(found: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return found[:, RESULTS.index(name)]


def moving_at(mm_per_s: NDArray[np.float64], amplitude: float = 200.0, noise_power: float = 1.0) -> Scene:
    """A reflector in one bin with that speed in each frame: profile, second half burst less first."""
    n = len(mm_per_s)
    half_burst_s = float(GEOMETRY["half_burst_s"])
    middle_m = np.cumsum(mm_per_s * 1e-3) * FRAME_S
    step_m = mm_per_s * 1e-3 * half_burst_s
    first, second = turning(middle_m - step_m / 2), turning(middle_m + step_m / 2)
    moving, difference = noise(n, noise_power, 1), noise(n, 4 * noise_power, 2)
    moving[:, :, BODY] += (amplitude * (first + second) / 2)[:, None].astype(np.complex64)
    difference[:, :, BODY] += (amplitude * (second - first))[:, None].astype(np.complex64)
    return moving, difference


def constant(mm_per_s: float, seconds: float = 5.0) -> NDArray[np.float64]:
    return np.full(round(seconds / FRAME_S), mm_per_s)


RUNS = pytest.mark.parametrize("run", [run_reference, run_c])


@RUNS
@pytest.mark.parametrize("mm_per_s", [-100.0, 15.0, 30.0, 100.0])
def test_speed_is_measured(run: Any, mm_per_s: float) -> None:
    speed = result(run(moving_at(constant(mm_per_s))), "speed_mm_per_s")
    assert speed[-40:].mean() == pytest.approx(abs(mm_per_s), rel=0.05)


@RUNS
def test_noise_alone_is_still(run: Any) -> None:
    found = run((noise(400, 1.0, 3), noise(400, 4.0, 4)))
    assert not result(found, "moving").any()
    assert result(found, "over_floor")[20:] == pytest.approx(1.0, abs=0.6)


@RUNS
def test_speed_falls_to_zero_where_burst_is_its_noise(run: Any) -> None:
    found = run(moving_at(constant(0.0), amplitude=1000.0))
    assert result(found, "speed_mm_per_s")[20:].max() < 1.5


@RUNS
def test_a_known_circle_replaces_a_weaker_amplitude(run: Any) -> None:
    moving, difference = moving_at(constant(30.0))
    still_part = (0.1 * moving).astype(np.complex64)  # most of the reflector hidden in the background
    speed = result(run((still_part, difference), circle_power=3 * 200.0**2), "speed_mm_per_s")
    assert speed[-40:].mean() == pytest.approx(30.0, rel=0.05)


@RUNS
def test_above_the_upper_speed_the_body_moves_at_once(run: Any) -> None:
    moved = result(run(moving_at(constant(3 * MOVING_MM_PER_S))), "moving")
    assert moved[0] == 1


@RUNS
def test_between_the_speeds_the_class_stays(run: Any) -> None:
    between = constant((MOVING_MM_PER_S + STILL_MM_PER_S) / 2, 10.0)
    assert not result(run(moving_at(between)), "moving").any()
    moved_before = np.concatenate((constant(3 * MOVING_MM_PER_S, 2.0), between))
    assert result(run(moving_at(moved_before)), "moving").all()


@RUNS
def test_stillness_holds_before_the_body_counts_as_still(run: Any) -> None:
    speeds = np.concatenate((constant(2 * MOVING_MM_PER_S, 3.0), constant(0.0, 4 * AMPLITUDE_SMOOTH_S)))
    found = run(moving_at(speeds))
    below = np.flatnonzero(result(found, "speed_mm_per_s") > STILL_MM_PER_S)[-1] + 1
    still = np.flatnonzero(result(found, "moving") == 0)[0]
    assert (still - below + 1) * FRAME_S == pytest.approx(STILL_HOLD_S, abs=FRAME_S)


@RUNS
def test_one_fast_moment_starts_the_hold_again(run: Any) -> None:
    speeds = np.concatenate((constant(60.0, 2.0), constant(0.0, 1.5), constant(60.0, 0.3), constant(0.0, 5.0)))
    moved = result(run(moving_at(speeds)), "moving")
    assert moved[:76].all() and moved[-1] == 0


def test_c_equals_reference() -> None:
    t = FRAME_S * np.arange(2000)
    scene = moving_at(25 * np.sin(2 * np.pi * 0.07 * t) ** 3, amplitude=60.0)
    found, expected = run_c(scene), run_reference(scene)
    assert np.allclose(found[:, :2], expected[:, :2], rtol=1e-5)
    floor = 4 * NOISE * (LAST + 1 - FIRST)  # the speed hangs on the difference of burst and floor
    sure = expected[:, 0] > 1.01 * floor
    assert np.allclose(found[sure, 2], expected[sure, 2], rtol=1e-3)
    assert np.allclose(found[:, 3], expected[:, 3], rtol=1e-5)
    near = np.min(np.abs(expected[:, 2:3] - [MOVING_MM_PER_S, STILL_MM_PER_S])) < 1e-4
    assert near or np.array_equal(found[:, 4:], expected[:, 4:])


def test_c_equals_reference_without_a_body() -> None:
    scene = moving_at(constant(30.0))
    state, geometry = FFI.new("sw_motion_state *"), c_geometry()
    reference: np.void = np.zeros(1, motion.STATE)[0]
    motion.init(reference)
    LIB.sw_motion_init(state)
    body = FFI.new("sw_motion_body *", (0, -1, NOISE, 0.0))
    for z, d in zip(*scene, strict=True):
        motion.step(reference, GEOMETRY, z, d, 0, -1, NOISE, 0.0)
        LIB.sw_motion_step(state, geometry, c_profile(z), c_profile(d), body)
    assert [getattr(state, name) for name in RESULTS] == [reference[name] for name in RESULTS]
