"""Wander: the reference against closed form, then C against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.blocks import wander
from edge.blocks.parameters import WANDER_SAFETY
from tests.profiles import BINS, FFI, FRAME_S, GEOMETRY, LIB, Profiles, c_geometry, c_profile, noise

TAU_S, PER_SECOND = 1.2, int(GEOMETRY["frames_per_second"])
LEAKAGE = np.array([300.0, 100.0 + 50.0j, -80.0j])


def still(n: int) -> Profiles:
    """Leakage and noise of n frames."""
    profiles = noise(n, 0.01, 5)
    profiles[:, :, 1:4] += LEAKAGE[None, :, None].astype(np.complex64)
    return profiles


def run_reference(profiles: Profiles) -> tuple[NDArray[np.float32], list[int]]:
    """Share of every frame, float32[frame, rx], and the frames in which the radar stepped."""
    state: Any = np.zeros(1, wander.STATE).view(np.recarray)[0]
    wander.init(state, FRAME_S, TAU_S)
    shares, stepped = [], []
    for t, profile in enumerate(profiles):
        wander.step(state, PER_SECOND, profile)
        shares.append(state.share.copy())
        stepped += [t] if state.stepped else []
    return np.array(shares), stepped


def run_c(profiles: Profiles) -> tuple[NDArray[np.float32], list[int]]:
    """The same of the C block."""
    state, geometry = FFI.new("sw_wander *"), c_geometry()
    assert LIB.sw_wander_init(state, [(FRAME_S, TAU_S)]) == 0
    shares, stepped = [], []
    for t, profile in enumerate(profiles):
        LIB.sw_wander_step(state, geometry, c_profile(profile))
        shares.append(np.array(list(state.share)[:3], np.float32))
        stepped += [t] if state.stepped else []
    return np.array(shares), stepped


RUNS = pytest.mark.parametrize("run", [run_reference, run_c])


@RUNS
def test_a_radar_that_is_as_it_was_does_not_wander(run: Any) -> None:
    shares, stepped = run(still(400))
    assert shares.max() < 1e-6 and stepped == []


@RUNS
def test_a_gain_that_drifts_moves_leakage_by_its_share(run: Any) -> None:
    rate_per_s = 0.01  # of the gain: the background lags by tau times that
    profiles = still(400)
    profiles[:, 1] *= (1.0 + rate_per_s * FRAME_S * np.arange(400))[:, None].astype(np.float32)
    shares, stepped = run(profiles)
    lag = rate_per_s * TAU_S / (1.0 + rate_per_s * FRAME_S * 390)
    assert shares[-1, 1] == pytest.approx(lag**2, rel=0.1)
    assert max(shares[-1, 0], shares[-1, 2]) < 1e-6 and stepped == []


@RUNS
@pytest.mark.parametrize("rx", [0, 1, 2])
def test_a_step_of_one_antenna_is_told_with_the_next_frame(run: Any, rx: int) -> None:
    profiles = still(200)
    profiles[150:, rx] *= np.exp(0.4j)
    shares, stepped = run(profiles)
    assert stepped[0] == 151
    assert shares[159, rx] > 0.01


@RUNS
def test_one_bad_frame_is_no_step(run: Any) -> None:
    profiles = still(200)
    profiles[150] *= 1.5
    assert run(profiles)[1] == []


@RUNS
def test_a_body_in_front_is_not_the_radar(run: Any) -> None:
    profiles = still(400)
    profiles[:, :, 10] += (200 * np.exp(0.3j * np.arange(400)))[:, None]
    assert run(profiles)[0].max() < 1e-6


def test_c_equals_reference() -> None:
    profiles = still(300)
    profiles[120:, 2] *= 1.3
    profiles[200:] *= np.exp(0.01j * np.arange(100))[:, None, None]
    (found, steps), (expected, expected_steps) = run_c(profiles), run_reference(profiles)
    assert steps == expected_steps
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-9)


def test_still_echoes_wander_as_the_leakage_does() -> None:
    state, echo = FFI.new("sw_wander *"), noise(1, 9.0, 8)[0]
    shares = np.array([0.1, 0.0, 0.02])
    state.share = [*shares, 0.0]
    profile, power = c_profile(echo), FFI.new("float[]", BINS)
    LIB.sw_wander_add(state, c_geometry(), profile.re[0], profile.im[0], 5, 20, power)
    expected = WANDER_SAFETY * PER_SECOND * (shares[:, None] * np.abs(echo) ** 2).sum(0)
    found = np.array(list(power))
    assert found[5:21] == pytest.approx(expected[5:21], rel=1e-5)
    assert not found[:5].any() and not found[21:].any()
    reference: Any = np.zeros(1, wander.STATE).view(np.recarray)[0]
    reference.share = shares
    again = np.zeros(BINS, np.float32)
    wander.add(reference, PER_SECOND, echo, 5, 20, again)
    assert again[5:21] == pytest.approx(expected[5:21], rel=1e-5)


@pytest.mark.parametrize("config", [(0.0, 1.2), (0.05, 0.01)])
def test_wrong_times_are_named(config: tuple[float, float]) -> None:
    assert LIB.sw_wander_init(FFI.new("sw_wander *"), [config]) == LIB.SW_ERROR_PARAMETER
