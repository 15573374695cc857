"""Clutter: the reference against closed form, then C against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from edge.blocks import clutter
from edge.core import load

FFI, LIB = load()
FIRST, LAST, BINS = 3, 40, 128


def fresh(background_tau_s: float = 30.0) -> np.void:
    state: np.void = np.zeros(1, clutter.STATE)[0]
    clutter.init(state, 0.05, background_tau_s, FIRST, LAST)
    return state


def scene(n: int) -> NDArray[np.complex64]:
    """Strong static clutter, noise, and a reflector turning in bin 20: complex64[frame, rx, range_bin]."""
    rng = Generator(Philox(7))
    static = 800 * rng.normal(size=(3, BINS, 2)).view(np.complex128)[:, :, 0]
    x = static + rng.normal(size=(n, 3, BINS, 2)).view(np.complex128)[..., 0]
    x[:, :, 20] += 30 * np.exp(1j * 0.08 * np.arange(n))[:, None]
    return x.astype(np.complex64)


def run_c(profiles: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Moving part complex64[frame, lane, range_bin] of the C block."""
    state, out, profile = FFI.new("sw_clutter *"), FFI.new("sw_clutter_out *"), FFI.new("sw_profile *")
    assert LIB.sw_clutter_init(state, [(0.05, 30.0, FIRST, LAST)]) == 0
    given = np.frombuffer(FFI.buffer(profile), np.float32).reshape(2, LIB.SW_MAX_BINS, LIB.SW_LANES)
    found = np.frombuffer(FFI.buffer(out), np.float32)
    moving = []
    for x in profiles:
        given[0, :BINS, :3], given[1, :BINS, :3] = x.T.real, x.T.imag
        LIB.sw_clutter_step(state, profile, out)
        parts = found[: 2 * LIB.SW_MAX_BINS * LIB.SW_LANES].reshape(2, LIB.SW_MAX_BINS, LIB.SW_LANES)
        moving.append((parts[0] + 1j * parts[1]).T[:, :BINS])
    return np.array(moving)


def test_reference_forgets_a_step_with_its_time_constant() -> None:
    state = fresh(background_tau_s=5.0)
    for _ in range(2000):
        clutter.step(state, np.zeros((3, BINS), np.complex64))
    moved = [clutter.step(state, np.full((3, BINS), 10 + 0j, np.complex64))[0, 10].real for _ in range(200)]
    assert moved == pytest.approx(10 * np.exp(-0.05 * np.arange(1, 201) / 5.0), rel=1e-3)


def test_reference_starts_as_the_plain_mean() -> None:
    state, x = fresh(), scene(100)
    for profile in x:
        clutter.step(state, profile)
    assert np.allclose(state["background"][:, FIRST : LAST + 1], x.mean(axis=0)[:, FIRST : LAST + 1], atol=1e-2)


def test_first_frame_gives_zero_and_bins_outside_are_left_alone() -> None:
    moving = run_c(scene(50))
    assert not moving[0].any()
    assert not moving[:, :, :FIRST].any() and not moving[:, :, LAST + 1 :].any()


def test_c_equals_reference() -> None:
    x, state = scene(1500), fresh()
    moving = run_c(x)
    expected = np.array([clutter.step(state, p) for p in x])
    assert np.abs(moving[:, :3] - expected).max() < 2e-3  # counts; clutter has 800


@pytest.mark.parametrize("config", [(0.05, 30.0, 5, 4), (0.05, 30.0, 5, 128), (0.0, 30.0, 1, 4), (0.05, 0.01, 1, 4)])
def test_wrong_parameter_is_named(config: tuple[float, float, int, int]) -> None:
    assert LIB.sw_clutter_init(FFI.new("sw_clutter *"), [config]) == LIB.SW_ERROR_PARAMETER
