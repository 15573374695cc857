"""Displacement: the reference against exact movements of a point, then C against the reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from edge.blocks import displacement, phase_circle
from edge.blocks.geometry import GEOMETRY
from edge.core import load

FFI, LIB = load()
BINS, CHANNELS = 128, phase_circle.CHANNELS
WAVELENGTH_M = 0.0049
QUARTER_UM = WAVELENGTH_M / 4 * 1e6
WHERE = [(10 + i // 3, i % 3) for i in range(CHANNELS)]  # range bin and antenna of a channel
Complex = NDArray[np.complex128]
Run = Callable[[Complex, Complex], NDArray[np.float64]]


def seen(towards_um: NDArray[np.float64], seed: int = 1) -> tuple[Complex, Complex]:
    """Centres complex128[channel] and profiles complex128[frame, rx, range_bin] of a body that moves so."""
    rng = Generator(Philox(seed))
    centre = 300 * rng.normal(size=(CHANNELS, 2)).view(np.complex128)[:, 0]
    radius = rng.uniform(3, 15, CHANNELS) * np.exp(2j * np.pi * rng.uniform(size=CHANNELS))
    phase = -4 * np.pi * towards_um * 1e-6 / WAVELENGTH_M  # rises with distance
    profile = 500 * rng.normal(size=(len(phase), 3, BINS, 2)).view(np.complex128)[..., 0]
    for i, (k, rx) in enumerate(WHERE):
        profile[:, rx, k] = centre[i] + radius[i] * np.exp(1j * phase)
    return centre, profile


def run_reference(centre: Complex, profiles: Complex) -> NDArray[np.float64]:
    """um per frame. centre: complex128[channel] or [frame, channel]."""
    state, circle, geometry = (np.zeros(1, dtype)[0] for dtype in (displacement.STATE, phase_circle.STATE, GEOMETRY))
    circle["channels"], circle["bin"], circle["rx"] = CHANNELS, [k for k, _ in WHERE], [rx for _, rx in WHERE]
    geometry["wavelength_m"] = WAVELENGTH_M
    displacement.init(state)
    um = []
    for c, x in zip(np.broadcast_to(centre, (len(profiles), CHANNELS)), profiles, strict=True):
        circle["centre"] = c
        displacement.step(state, circle, geometry, x.astype(np.complex64))
        um.append(state["displacement_um"])
    return np.array(um, np.float64)


def run_c(centre: Complex, profiles: Complex) -> NDArray[np.float64]:
    """um per frame by the C block."""
    state, profile, channels = FFI.new("sw_displacement *"), FFI.new("sw_profile *"), FFI.new("sw_channels *")
    assert LIB.sw_displacement_init(state, [(WAVELENGTH_M,)]) == 0
    lanes = np.frombuffer(FFI.buffer(profile), np.float32).reshape(2, LIB.SW_MAX_BINS, LIB.SW_LANES)
    channels.n, channels.bin, channels.lane = CHANNELS, [k for k, _ in WHERE], [rx for _, rx in WHERE]
    um = []
    for c, x in zip(np.broadcast_to(centre, (len(profiles), CHANNELS)), profiles, strict=True):
        channels.centre_re, channels.centre_im = c.real.tolist(), c.imag.tolist()
        lanes[0, :BINS, :3], lanes[1, :BINS, :3] = x.T.real, x.T.imag
        LIB.sw_displacement_step(state, channels, profile)
        um.append(state.displacement_um)
    return np.array(um)


BOTH = pytest.mark.parametrize("run", [run_reference, run_c])


@BOTH
@pytest.mark.parametrize("amplitude_um", [20.0, 300.0, 5000.0])
def test_a_moving_point_is_exact(run: Run, amplitude_um: float) -> None:
    truth = amplitude_um * np.sin(2 * np.pi * 0.25 * np.arange(400) / 20)
    assert np.abs(run(*seen(truth)) - truth).max() < 0.02 + 1e-5 * amplitude_um  # float32


@BOTH
def test_towards_the_radar_is_positive(run: Run) -> None:
    assert run(*seen(np.array([0.0, 100.0])))[-1] == pytest.approx(100, abs=0.05)


@BOTH
@pytest.mark.parametrize("step", [-0.99, -0.5, 0.5, 0.99])
def test_unwraps_up_to_a_quarter_wavelength_per_frame(run: Run, step: float) -> None:
    truth = step * QUARTER_UM * np.arange(50)
    assert np.abs(run(*seen(truth)) - truth).max() < 0.5


@BOTH
def test_beyond_a_quarter_wavelength_the_step_is_ambiguous(run: Run) -> None:
    found = run(*seen(1.1 * QUARTER_UM * np.arange(50)))
    assert found[-1] == pytest.approx(-0.9 * QUARTER_UM * 49, rel=1e-3)


@BOTH
def test_a_new_fit_does_not_make_it_jump(run: Run) -> None:
    truth = 200 * np.sin(2 * np.pi * 0.25 * np.arange(200) / 20)
    centre, profiles = seen(truth)
    wandering = np.tile(centre, (200, 1))
    wandering[100:] += 0.4 * Generator(Philox(2)).normal(size=(CHANNELS, 2)).view(np.complex128)[:, 0]
    found = run(wandering, profiles)
    assert abs((found[100] - found[99]) - (truth[100] - truth[99])) < 2  # um, of a step of 15
    assert found[:100] == pytest.approx(truth[:100], abs=0.05)


@BOTH
def test_no_channel_and_no_signal_stay_where_they_are(run: Run) -> None:
    assert not run(np.zeros(CHANNELS, np.complex128), np.zeros((20, 3, BINS), np.complex128)).any()


def test_c_equals_reference() -> None:
    rng = Generator(Philox(3))
    truth = np.cumsum(rng.uniform(-0.8, 0.8, 2000)) * QUARTER_UM
    centre, profiles = seen(truth)
    profiles += 0.5 * rng.normal(size=(*profiles.shape, 2)).view(np.complex128)[..., 0]
    assert np.abs(run_c(centre, profiles) - run_reference(centre, profiles)).max() < 0.5  # um, up to 3e4


def test_no_wavelength_is_named() -> None:
    state = FFI.new("sw_displacement *")
    assert [LIB.sw_displacement_init(state, [(x,)]) for x in (0.0, float("nan"))] == [LIB.SW_ERROR_PARAMETER] * 2
