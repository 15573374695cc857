"""Candidate range bins: the reference against closed form and numpy, then C against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge.blocks import candidates
from edge.blocks.geometry import WATCH_BINS
from edge.blocks.parameters import KEEP_BODY
from tests.profiles import (
    BINS,
    FFI,
    FIRST,
    GEOMETRY,
    LAST,
    LIB,
    WATCH,
    Profiles,
    breathing,
    c_geometry,
    c_profile,
    hann_response,
    noise,
)

RESULTS = ("body_bin", "first_bin", "last_bin", "snr", "coherence", "noise", "distance_m")
FRAMES = 20 * candidates.SECONDS
BODY = 14


def run_reference(moving: Profiles, difference: Profiles, proves_nobody: float = 0.0) -> list[dict[str, Any]]:
    """Results of every second, and excess. proves_nobody: coherent power of every bin and second that is taken off."""
    wandering = np.full(WATCH_BINS, proves_nobody, np.float32)
    state: np.void = np.zeros(1, candidates.STATE)[0]
    candidates.init(state)
    found = []
    for z, d in zip(moving, difference, strict=True):
        if candidates.step(state, GEOMETRY, z, d):
            candidates.choose(state, GEOMETRY, wandering)
            found.append({name: state[name].item() for name in RESULTS} | {"excess": state["excess"][:BINS].copy()})
    return found


def run_c(moving: Profiles, difference: Profiles, proves_nobody: float = 0.0) -> list[dict[str, Any]]:
    """The same of the C block."""
    given = FFI.new("float[]", [proves_nobody] * WATCH_BINS)
    state, geometry = FFI.new("sw_candidates *"), c_geometry(GEOMETRY)
    LIB.sw_candidates_init(state)
    found = []
    for z, d in zip(moving, difference, strict=True):
        if LIB.sw_candidates_step(state, geometry, c_profile(z), c_profile(d)):
            LIB.sw_candidates_choose(state, geometry, given)
            found.append(
                {name: getattr(state, name) for name in RESULTS}
                | {"excess": np.array(list(state.excess[0:BINS]), np.float32)}
            )
    return found


def sleeper(n: int, amplitude: float, at: int = BODY, noise_power: float = 1.0) -> tuple[Profiles, Profiles]:
    """Noise and one breathing range bin: moving, difference. A difference has four times the noise of their mean."""
    moving, difference = noise(n, noise_power, 1), noise(n, 4 * noise_power, 2)
    moving[:, :, at] += (amplitude * breathing(n))[:, None].astype(np.complex64)
    return moving, difference


def leaking(n: int, at: float, amplitude: float) -> tuple[Profiles, Profiles]:
    """Noise and a breathing reflector beyond the zone with the side lobes of a Hann window."""
    moving, difference = noise(n, 1.0, 3), noise(n, 4.0, 4)
    lobes = amplitude * hann_response(np.arange(BINS) - at)
    moving += (breathing(n)[:, None, None] * lobes).astype(np.complex64)
    return moving, difference


RUNS = pytest.mark.parametrize("run", [run_reference, run_c])


@RUNS
@pytest.mark.parametrize("amplitude", [1.0, 10.0])
def test_a_breathing_bin_is_found_with_its_snr(run: Any, amplitude: float) -> None:
    moving, difference = sleeper(FRAMES, amplitude)
    found = run(moving, difference)[-1]
    z = amplitude * breathing(FRAMES)
    expected = 3 * np.sum((z[1:] * z[:-1].conj()).real) / (3 * FRAMES * 1.0)  # antennas x frames x noise power 1
    assert found["body_bin"] == BODY
    assert found["snr"] == pytest.approx(expected, rel=0.2)


@RUNS
def test_noise_has_no_snr(run: Any) -> None:
    found = run(noise(FRAMES, 5.0, 5), noise(FRAMES, 20.0, 6))[-1]
    assert 0 <= found["snr"] < 4 / np.sqrt(3 * FRAMES)  # the largest of thirty means of 480 products


@RUNS
def test_noise_is_read_off_the_burst_difference(run: Any) -> None:
    moving, difference = sleeper(FRAMES, 30.0, noise_power=7.0)
    assert run(moving, difference)[-1]["noise"] == pytest.approx(3 * 7.0, rel=0.05)


@RUNS
def test_slow_breathing_is_coherent_and_noise_is_not(run: Any) -> None:
    strong, weak = (run(*sleeper(FRAMES, amplitude))[-1]["coherence"] for amplitude in (100.0, 0.0))
    assert strong == pytest.approx(1.0, abs=0.02)
    assert weak < 0.2


@RUNS
def test_distance_is_that_of_the_strongest_bins(run: Any) -> None:
    found = run(*leaking(FRAMES, 20.3, 30.0))[-1]
    assert found["distance_m"] / float(GEOMETRY["bin_m"]) == pytest.approx(20.3, abs=0.2)


@RUNS
@pytest.mark.parametrize(("at", "amplitude"), [(LAST + 4.5, 1000.0), (LAST + 12.5, 10000.0)])
def test_leakage_from_beyond_the_zone_makes_no_body(run: Any, at: float, amplitude: float) -> None:
    found = run(*leaking(FRAMES, at, amplitude))[-1]
    leaked = (amplitude * hann_response(np.array([LAST - at]))[0]) ** 2 * np.mean(np.abs(breathing(FRAMES)) ** 2)
    assert leaked > 0.5  # over the noise power 1 of the nearest bin: without the correction it would show
    assert found["snr"] < 0.2


PLACE_FIRST, PLACE_LAST = 10, 20


@pytest.fixture
def small_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's place is the bins PLACE_FIRST..PLACE_LAST; the rest is watched."""
    geometry = GEOMETRY.copy()
    geometry["bin_first"], geometry["bin_last"] = PLACE_FIRST, PLACE_LAST
    monkeypatch.setitem(globals(), "GEOMETRY", geometry)


@RUNS
@pytest.mark.usefixtures("small_place")
@pytest.mark.parametrize("at", [PLACE_FIRST - 1.0, PLACE_FIRST - 1.4, PLACE_LAST + 1.0, PLACE_LAST + 1.4])
def test_a_body_beside_the_place_does_not_reach_into_it(run: Any, at: float) -> None:
    found = run(*leaking(FRAMES, at, 300.0))[-1]
    edge = PLACE_FIRST if at < PLACE_FIRST else PLACE_LAST
    main_lobe = (300.0 * hann_response(np.array([edge - at]))[0]) ** 2
    assert main_lobe > 1000  # over the noise power 1 at the edge of the place
    assert found["snr"] < 0.5


@RUNS
@pytest.mark.usefixtures("small_place")
@pytest.mark.parametrize("at", [PLACE_FIRST - 5.5, PLACE_LAST + 5.5])
def test_side_lobes_from_either_side_make_no_body(run: Any, at: float) -> None:
    found = run(*leaking(FRAMES, at, 3000.0))[-1]
    assert found["snr"] < 0.5


@RUNS
@pytest.mark.usefixtures("small_place")
@pytest.mark.parametrize("at", [PLACE_FIRST, BODY, PLACE_LAST])
def test_the_user_is_found_beside_a_stronger_partner(run: Any, at: int) -> None:
    moving, difference = leaking(FRAMES, PLACE_LAST + 12.3, 1000.0)
    moving[:, :, at] += (30 * breathing(FRAMES))[:, None].astype(np.complex64)
    found = run(moving, difference)[-1]
    assert found["body_bin"] == at and found["snr"] > 10


@RUNS
def test_a_body_beside_leakage_is_still_found(run: Any) -> None:
    moving, difference = leaking(FRAMES, LAST + 12.5, 3000.0)
    moving[:, :, BODY] += (3 * breathing(FRAMES))[:, None].astype(np.complex64)
    assert run(moving, difference)[-1]["body_bin"] == BODY


def test_reference_side_lobes_are_those_of_a_hann_window() -> None:
    between = np.arange(2.5, 40.0)  # lobes peak close to the middle between two zeros
    measured = hann_response(between) ** 2
    assert [candidates.hann_leakage(b) for b in between] == pytest.approx(measured, rel=1e-6)


@RUNS
def test_a_person_who_left_is_forgotten_after_the_window(run: Any) -> None:
    moving, difference = sleeper(2 * FRAMES, 30.0)
    moving[FRAMES:] = noise(FRAMES, 1.0, 8)
    snr = [second["snr"] for second in run(moving, difference)]
    assert snr[candidates.SECONDS - 1] > 50
    assert snr[-1] < 0.5


@RUNS
@pytest.mark.parametrize(("power_share", "kept"), [(KEEP_BODY * 1.2, True), (KEEP_BODY * 0.8, False)])
def test_a_chosen_body_is_kept_while_it_is_strong(run: Any, power_share: float, kept: bool) -> None:
    moving, difference = sleeper(2 * FRAMES, 100.0)
    rival = 100.0 / np.sqrt(power_share) * breathing(2 * FRAMES)
    moving[FRAMES:, :, BODY + 8] += rival[FRAMES:, None].astype(np.complex64)
    assert (run(moving, difference)[-1]["body_bin"] == BODY) == kept


@RUNS
@pytest.mark.parametrize(("bin_m", "half"), [(0.0441, 5), (0.12, 2), (0.5, 1)])
def test_a_body_is_as_wide_as_its_parameter_and_three_bins_at_least(
    run: Any, monkeypatch: pytest.MonkeyPatch, bin_m: float, half: int
) -> None:
    geometry = GEOMETRY.copy()
    geometry["bin_m"] = bin_m
    monkeypatch.setitem(globals(), "GEOMETRY", geometry)
    found = run(*sleeper(20, 30.0))[-1]
    assert (found["first_bin"], found["last_bin"]) == (BODY - half, BODY + half)


@RUNS
def test_power_that_proves_nobody_is_taken_off_and_no_more(run: Any) -> None:
    moving, difference = sleeper(FRAMES, 10.0)
    whole, part, nothing = (run(moving, difference, p)[-1] for p in (0.0, 1000.0, 1e9))
    assert part["excess"][BODY] == pytest.approx(whole["excess"][BODY] - 1000.0 * candidates.SECONDS, rel=1e-4)
    assert nothing["excess"][BODY] == 0.0 and nothing["snr"] == 0.0


@RUNS
def test_a_second_is_as_many_frames_as_it_has(run: Any) -> None:
    assert len(run(*sleeper(99, 1.0))) == 4


@pytest.mark.parametrize("at", [FIRST, BODY, LAST, WATCH])
@pytest.mark.parametrize("amplitude", [0.0, 0.3, 300.0])
def test_c_equals_reference(at: int, amplitude: float) -> None:
    moving, difference = sleeper(FRAMES + 60, amplitude, at)
    for found, expected in zip(run_c(moving, difference), run_reference(moving, difference), strict=True):
        assert [found[n] for n in RESULTS[:3]] == [expected[n] for n in RESULTS[:3]]
        for name in RESULTS[3:]:
            assert (name, found[name]) == (name, pytest.approx(expected[name], rel=1e-5, abs=1e-6))
        scale = 3 * FRAMES * (1 + amplitude**2)  # what is summed before it cancels
        assert np.abs(found["excess"] - expected["excess"]).max() < 2e-6 * scale


def test_c_equals_reference_with_one_antenna_and_other_frame_rate() -> None:
    geometry = GEOMETRY.copy()
    geometry["n_rx"], geometry["lane_2"], geometry["lane_3"] = 1, -1, -1
    geometry["frames_per_second"] = 7
    moving, difference = (x[:, :1].copy() for x in sleeper(100, 3.0))
    reference: np.void = np.zeros(1, candidates.STATE)[0]
    state, given = FFI.new("sw_candidates *"), c_geometry(geometry)
    candidates.init(reference)
    LIB.sw_candidates_init(state)
    for z, d in zip(moving, difference, strict=True):
        ready = candidates.step(reference, geometry, z, d)
        assert LIB.sw_candidates_step(state, given, c_profile(z), c_profile(d)) == ready
        if ready:
            candidates.choose(reference, geometry, np.zeros(WATCH_BINS, np.float32))
            LIB.sw_candidates_choose(state, given, FFI.NULL)
        assert state.body_bin == reference["body_bin"]
        assert state.snr == pytest.approx(float(reference["snr"]), rel=1e-5)
