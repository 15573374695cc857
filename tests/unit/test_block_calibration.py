"""Calibration: the reference against closed form, then C against the reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.blocks import calibration
from tests.profiles import BINS, FFI, GEOMETRY, LIB, Profiles, breathing, c_geometry, c_profile, noise

FRAMES = 100
NOISE = 0.01
BIN_M = float(GEOMETRY["bin_m"])
AT = 23
GAINS = np.array([1.0, 0.8 * np.exp(0.5j), 1.25 * np.exp(-0.9j)])
"""What the antennas of the tests do to a signal."""
NO_ECHO = np.zeros((0, 0), np.complex64)


def room(seed: int = 1) -> NDArray[np.complex64]:
    """Still echoes, complex64[rx, range_bin], counts: strong leakage, little farther away."""
    rng = np.random.default_rng(seed)
    parts = rng.normal(size=(3, BINS)) + 1j * rng.normal(size=(3, BINS))
    size = 0.3 * np.ones(BINS)
    size[:4] = 200.0
    return (parts * size).astype(np.complex64)


def corner(azimuth_deg: float, elevation_deg: float, gains: NDArray[np.complex128] = GAINS) -> NDArray[np.complex64]:
    """A reflector at range bin AT behind such antennas: complex64[rx, range_bin]."""
    wave = calibration.wave(GEOMETRY, math.radians(azimuth_deg), math.radians(elevation_deg))
    found = np.zeros((3, BINS), np.complex64)
    lobe = np.array([-0.5, 1.0, -0.5])
    found[:, AT - 1 : AT + 2] = (gains * wave)[:, None] * 80 * np.exp(0.3j) * lobe
    return found


def frames(still: NDArray[np.complex64], n: int = FRAMES, seed: int = 2) -> tuple[Profiles, Profiles]:
    """Profiles and burst differences of a still scene: noise of both as the two halves of a burst make it."""
    return still + noise(n, NOISE, seed), 2 * noise(n, NOISE, seed + 1)


@dataclass
class Measured:
    """The same frames through the reference and through C."""

    state: Any
    c_state: Any
    profiles: Profiles
    c_profiles: Profiles

    @property
    def still(self) -> Any:
        return self.state["still"]

    @property
    def c_still(self) -> Any:
        return FFI.addressof(self.c_state.still)


def run(
    given: tuple[Profiles, Profiles],
    gain: NDArray[np.complex64] | None = None,
    echo: bytes | None = None,
    raw: bool = False,
    gap_at: int = -1,
) -> Measured:
    """Measures all frames, corrected by gain and kept echo where there are any."""
    state: Any = np.zeros(1, calibration.STATE)[0]
    c_state = FFI.new("sw_calibration *")
    calibration.init(state)
    LIB.sw_calibration_init(c_state)
    if gain is not None or echo is not None:
        gain = np.ones(3, np.complex64) if gain is None else gain
        calibration.correct(state, gain, NO_ECHO if echo is None else calibration.kept_echo(echo))
        told = FFI.new("sw_correction *")
        told.gain_re, told.gain_im = gain.real.tolist(), gain.imag.tolist()
        kept = FFI.NULL if echo is None else FFI.new("uint8_t[]", echo)
        told.echo = kept
        LIB.sw_calibration_correct(c_state, told)
    calibration.measure(state, len(given[0]), raw)
    LIB.sw_calibration_measure(c_state, len(given[0]), raw)
    found, c_found = [], []
    for i, (x, d) in enumerate(zip(*given, strict=True)):
        profile, difference, c_x, c_d = x.copy(), d.copy(), c_profile(x), c_profile(d)
        calibration.step(state, profile, difference, i == gap_at)
        LIB.sw_calibration_step(c_state, BINS, i == gap_at, c_x, c_d)
        found.append(profile)
        c_found.append(from_c(c_x))
    return Measured(state, c_state, np.array(found), np.array(c_found))


def from_c(profile: Any) -> NDArray[np.complex64]:
    parts = np.frombuffer(FFI.buffer(profile), np.float32).reshape(2, LIB.SW_MAX_BINS, LIB.SW_LANES)
    return np.asarray((parts[0] + 1j * parts[1])[:BINS, :3].T)


def inverse(gain: NDArray[np.complex128]) -> NDArray[np.complex64]:
    return np.asarray(1 / gain, np.complex64)


def c_corner(azimuth_deg: float, elevation_deg: float, distance_m: float = AT * BIN_M) -> Any:
    given = {
        "distance_m": distance_m,
        "azimuth_rad": math.radians(azimuth_deg),
        "elevation_rad": math.radians(elevation_deg),
    }
    return FFI.new("sw_corner *", given)


# the reference


def test_nothing_known_changes_nothing() -> None:
    given = frames(room())
    found = run(given)
    assert np.array_equal(found.profiles, given[0]) and np.array_equal(found.c_profiles, given[0])


def test_the_mean_of_a_still_room_is_the_room() -> None:
    found = run(frames(room()))
    error = calibration.means(found.still, GEOMETRY) - room()[:, : calibration.BINS]
    assert np.sqrt((np.abs(error) ** 2).mean()) == pytest.approx(math.sqrt(NOISE / FRAMES), rel=0.1)


def test_the_spread_of_a_still_room_is_its_noise() -> None:
    found = run(frames(room()))
    assert found.still["spread"].mean() / (3 * FRAMES) == pytest.approx(NOISE, rel=0.05)
    assert calibration.noise_of(found.still, GEOMETRY) / (3 * FRAMES) == pytest.approx(NOISE, rel=0.1)
    assert not calibration.moves(found.still, GEOMETRY)


@pytest.mark.parametrize("amplitude", [0.4, 3.0])
def test_whatever_breathes_moves(amplitude: float) -> None:
    given = frames(room())
    given[0][:, :, 30] += (amplitude * breathing(FRAMES)[:, None]).astype(np.complex64)
    assert calibration.moves(run(given).still, GEOMETRY)


def test_drifting_leakage_is_not_somebody() -> None:
    given = frames(room())
    given[0][:, :, 1] *= np.linspace(1, 1.02, FRAMES, dtype=np.float32)[:, None]
    assert not calibration.moves(run(given).still, GEOMETRY)


@pytest.mark.parametrize("where", [(0.0, 0.0), (25.0, -10.0), (-40.0, 15.0)])
def test_the_gains_of_the_antennas_are_found(where: tuple[float, float]) -> None:
    found = run(frames(corner(*where)))
    at = calibration.find_corner(found.still, GEOMETRY, AT * BIN_M, *np.radians(where))
    assert at is not None and at[0] == AT
    assert np.abs(at[1] - GAINS).max() < 1e-3


def test_the_error_is_the_mismatch_in_closed_form() -> None:
    # RX1 against RX3 is 0.4 rad late: sin(azimuth) = -0.4 lambda / (2 pi d)
    found = run(frames(corner(0.0, 0.0, np.array([np.exp(0.4j), 1.0, 1.0]))))
    expected = math.asin(0.4 * float(GEOMETRY["wavelength_m"]) / (2 * math.pi * 0.0025))
    assert calibration.corner_error(found.still, GEOMETRY, AT, 0.0, 0.0) == pytest.approx(expected, abs=1e-3)


def test_the_correction_takes_the_error_away() -> None:
    where = np.radians((20.0, 5.0))
    given = frames(corner(20.0, 5.0))
    before, after = run(given), run(given, inverse(GAINS))
    assert calibration.corner_error(before.still, GEOMETRY, AT, *where) > 0.1
    assert calibration.corner_error(after.still, GEOMETRY, AT, *where) < 1e-3


def test_a_known_room_is_taken_out() -> None:
    given = frames(room())
    before = run(given)
    echo = FFI.new("uint8_t[]", LIB.SW_ECHO_BYTES)
    LIB.sw_still_echo(before.c_still, 3, echo)
    after = run(given, echo=bytes(FFI.buffer(echo)))
    assert calibration.residue(before.still, GEOMETRY) == pytest.approx(0.42, rel=0.1)
    assert calibration.residue(after.still, GEOMETRY) < 1 / 16


def test_raw_is_before_the_correction() -> None:
    given = frames(room())
    found = run(given, inverse(GAINS), raw=True)
    assert np.allclose(found.still["re"], run(given).still["re"])


PLACES = [
    pytest.param({"distance_m": AT * BIN_M + 0.25}, 0.0, 80.0, id="elsewhere"),
    pytest.param({}, 60.0, 80.0, id="another echo as strong"),
    pytest.param({}, 0.0, 0.05, id="too weak"),
]


@pytest.mark.parametrize(("changed", "other", "size"), PLACES)
def test_no_reflector_is_none(changed: dict[str, float], other: float, size: float) -> None:
    still = corner(0.0, 0.0) * np.complex64(size / 80)
    still[:, 50] += other
    found = run(frames(still))
    place = {"distance_m": AT * BIN_M, "azimuth_rad": 0.0, "elevation_rad": 0.0} | changed
    assert calibration.find_corner(found.still, GEOMETRY, **place) is None
    given = FFI.new("sw_corner *", place)
    assert LIB.sw_corner_find(found.c_still, c_geometry(), FFI.NULL, given) == 0


def test_known_echoes_leave_the_reflector_alone() -> None:
    still = corner(0.0, 0.0)
    still[:, 50] += 90.0
    echo = np.zeros((3, calibration.BINS), np.complex64)
    echo[:, 50] = 90.0
    assert calibration.find_corner(run(frames(still)).still, GEOMETRY, AT * BIN_M, 0.0, 0.0, echo) is not None


# C against the reference


def test_c_corrects_as_the_reference() -> None:
    given = frames(room() + corner(10.0, 0.0))
    echo = np.random.default_rng(5).integers(0, 255, LIB.SW_ECHO_BYTES, np.uint8).tobytes()
    found = run(given, inverse(GAINS), echo)
    assert np.allclose(found.profiles, found.c_profiles, rtol=1e-6, atol=1e-4)


def test_c_measures_as_the_reference() -> None:
    given = frames(room() + corner(10.0, 0.0))
    found = run(given, inverse(GAINS), gap_at=17)
    for name in ("re", "im", "spread", "noise"):
        c = np.frombuffer(FFI.buffer(getattr(found.c_still, name)), np.float32).reshape(found.still[name].shape)
        assert np.allclose(found.still[name], c, rtol=1e-4, atol=1e-4), name
    assert (found.c_still.n, found.c_still.gaps) == (found.still["n"], found.still["gaps"]) == (FRAMES, 1)
    assert LIB.sw_still_residue(found.c_still, c_geometry()) == pytest.approx(
        calibration.residue(found.still, GEOMETRY), rel=1e-4
    )


@pytest.mark.parametrize("amplitude", [0.0, 0.03, 0.4])
def test_c_sees_movement_as_the_reference(amplitude: float) -> None:
    given = frames(room())
    given[0][:, :, 30] += (amplitude * breathing(FRAMES)[:, None]).astype(np.complex64)
    found = run(given)
    assert bool(LIB.sw_still_moves(found.c_still, c_geometry())) == calibration.moves(found.still, GEOMETRY)


@pytest.mark.parametrize("where", [(0.0, 0.0), (25.0, -10.0), (-40.0, 15.0)])
def test_c_finds_the_gains_of_the_reference(where: tuple[float, float]) -> None:
    found = run(frames(corner(*where)))
    given = c_corner(*where)
    assert LIB.sw_corner_find(found.c_still, c_geometry(), FFI.NULL, given) == 1
    at = calibration.find_corner(found.still, GEOMETRY, AT * BIN_M, *np.radians(where))
    assert at is not None and given.bin == at[0]
    assert np.allclose(np.array(list(given.gain_re)) + 1j * np.array(list(given.gain_im)), at[1], atol=1e-5)
    error = calibration.corner_error(found.still, GEOMETRY, AT, *np.radians(where))
    assert LIB.sw_corner_error(found.c_still, c_geometry(), FFI.NULL, given) == pytest.approx(error, abs=1e-5)
