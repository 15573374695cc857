"""Sample check: the reference against faults made by hand, then C against the reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.blocks import sample_check
from edge.blocks.half_burst import half_burst
from edge.blocks.range_fft import range_fft
from tests.profiles import FFI, GEOMETRY, LIB, c_geometry, c_profile

Frames = NDArray[np.uint16]
CHIRPS, SAMPLES, RX = 8, 256, 3
AT = 120
"""Frame from which a fault is there: what is usual in front is known by then."""
N = AT + 80
NOISE = 0.004
ALL = set(sample_check.NAMES)


def frames(seed: int = 1, n: int = N, noise: float = 1.15) -> NDArray[np.float64]:
    """A radar as it should be: leakage of three sizes, an echo, noise: float[frame, chirp, sample, rx]."""
    rng = np.random.default_rng(seed)
    t = np.arange(SAMPLES)
    leakage = np.stack(
        [a * np.cos(2 * np.pi * 0.8 * t / SAMPLES + p) for a, p in ((520, 1), (240, 2), (97, 3))], axis=1
    )
    echo = 30 * np.cos(2 * np.pi * 18.3 * t / SAMPLES)[:, None]
    return 2048 + leakage + echo + rng.normal(0, noise, (n, CHIRPS, SAMPLES, RX))


def adc(values: NDArray[np.float64]) -> Frames:
    return np.clip(np.rint(values), 0, 4095).astype(np.uint16)


def names(word: int) -> set[str]:
    return {name for i, name in enumerate(sample_check.NAMES) if word >> i & 1}


def run_reference(
    given: Frames, moving: Callable[[int], NDArray[np.complex64]] | None = None
) -> list[tuple[int, int, int]]:
    """noticed, reason that disturbs, reason that misleads, of every frame."""
    state: Any = np.zeros(1, sample_check.STATE)[0]
    sample_check.init(state, 0.05)
    found = []
    for i, frame in enumerate(given):
        sample_check.samples(state, frame, False)
        halves = half_burst(frame)
        sample_check.means(state, halves)
        profile, difference = range_fft(halves)
        sample_check.profiles(state, profile, difference)
        z = moving(i) if moving else np.zeros((RX, SAMPLES // 2), np.complex64)
        sample_check.line(state, GEOMETRY, z, NOISE)
        found.append((int(state["noticed"]), int(state["disturbed"]), int(state["astray"])))
    return found


def run_c(given: Frames, moving: Callable[[int], NDArray[np.complex64]] | None = None) -> list[int]:
    """noticed of every frame."""
    state, geometry = FFI.new("sw_sample_check *"), c_geometry()
    config = FFI.new(
        "sw_sample_check_config *", {"n_rx": RX, "n_samples": SAMPLES, "n_chirps": CHIRPS, "frame_s": 0.05}
    )
    assert LIB.sw_sample_check_init(state, config) == 0
    found = []
    for i, frame in enumerate(given):
        raw = np.ascontiguousarray(frame)
        LIB.sw_sample_check_samples(state, FFI.cast("uint16_t *", raw.ctypes.data), 0)
        halves = half_burst(frame)
        both = FFI.new("sw_samples[2]")
        lanes = np.frombuffer(FFI.buffer(both), np.float32).reshape(2, LIB.SW_MAX_SAMPLES, LIB.SW_LANES)
        lanes[:, :SAMPLES, :RX] = halves.transpose(0, 2, 1)
        LIB.sw_sample_check_halves(state, both)
        profile, difference = range_fft(halves)
        LIB.sw_sample_check_profile(state, geometry, c_profile(profile), c_profile(difference))
        z = moving(i) if moving else np.zeros((RX, SAMPLES // 2), np.complex64)
        LIB.sw_sample_check_line(state, geometry, c_profile(z), NOISE)
        found.append(int(state.noticed))
    return found


def first_chirp(x: NDArray[np.float64]) -> None:
    x[AT:, 0] += 400 * np.exp(-np.arange(SAMPLES) / 40)[:, None]


def dead(x: NDArray[np.float64]) -> None:
    x[AT:, ..., 1] = 2048 + np.random.default_rng(9).normal(0, 0.3, x[AT:, ..., 1].shape)


def offset(x: NDArray[np.float64]) -> None:
    x[AT:] += 500


def leakage(x: NDArray[np.float64]) -> None:
    x[AT:] = 2048 + (x[AT:] - 2048) * 3


def mismatch(x: NDArray[np.float64]) -> None:
    t = np.arange(SAMPLES)
    x[AT:, ..., 1] += 240 * (np.cos(2 * np.pi * 0.8 * t / SAMPLES + 3) - np.cos(2 * np.pi * 0.8 * t / SAMPLES + 2))


def plate(x: NDArray[np.float64]) -> None:
    """Something comes to stand in front: about as much at each antenna."""
    t = np.arange(SAMPLES)[:, None]
    x[AT:] += 60 * np.cos(2 * np.pi * 2.2 * t / SAMPLES + np.array([0.0, 0.4, 0.9]))


def unlocked(x: NDArray[np.float64]) -> None:
    x[AT:] = 2048 + np.random.default_rng(9).normal(0, 1.15, x[AT:].shape)


def shifted(x: NDArray[np.float64]) -> None:
    rows = x[AT:].reshape(N - AT, -1)
    x[AT:] = np.roll(rows, 1, axis=1).reshape(x[AT:].shape)


def interferer(x: NDArray[np.float64]) -> None:
    for frame in range(AT, N):
        at = 20 + 37 * frame % 200
        x[frame, 3, at : at + 3] += np.array([150.0, -220.0, 90.0])[:, None] * np.array([1.0, 0.6, -0.8])


def bits(x: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(4)
    for frame in range(AT, N):
        for _ in range(4):
            x[frame, rng.integers(2, CHIRPS), rng.integers(SAMPLES), rng.integers(RX)] += 512 * rng.choice([-1, 1])


def repeated(x: NDArray[np.float64]) -> None:
    x[AT + 1 :: 2] = x[AT : N - 1 : 2]


FAULTS = {
    "FIRST_CHIRP": first_chirp, "ANTENNA_DEAD": dead, "ADC_OFFSET": offset, "LEAKAGE": leakage, "FIFO_SHIFTED": shifted,
    "INTERFERENCE": interferer, "BUS_BITS": bits, "FRAME_REPEATED": repeated,
    "RAMP": unlocked, "ANTENNA_MISMATCH": mismatch,
}  # fmt: skip
CASES = list(FAULTS.items())


@pytest.fixture(scope="module", params=CASES, ids=lambda case: str(case[0]))
def played(request: pytest.FixtureRequest) -> tuple[str, Frames]:
    reason, make = request.param
    x = frames()
    make(x)
    return reason, adc(x)


def test_a_radar_as_it_should_be_is_left_alone() -> None:
    assert {word for word, _, _ in run_reference(adc(frames()))} == {0}


def test_each_fault_is_noticed_and_no_other(played: tuple[str, Frames]) -> None:
    reason, given = played
    found = run_reference(given)
    noticed = set().union(*(names(word) for word, _, _ in found))
    assert noticed == {reason}
    assert not any(word for word, _, _ in found[:AT])
    assert any(word for word, _, _ in found[AT : AT + 30])


def test_what_comes_near_is_no_mismatch_and_no_ramp() -> None:
    plate(x := frames())
    assert {word for word, _, _ in run_reference(adc(x))} == {0}


def test_what_warms_all_antennas_is_no_mismatch() -> None:
    x = frames()
    x[AT:] = 2048 + (x[AT:] - 2048) * 1.4
    assert {word for word, _, _ in run_reference(adc(x))} == {0}


def test_c_notices_what_the_reference_notices(played: tuple[str, Frames]) -> None:
    _, given = played
    wanted = [word for word, _, _ in run_reference(given)]
    assert np.mean(np.array(run_c(given)) == np.array(wanted)) >= 0.99


def ripple(i: int) -> NDArray[np.complex64]:
    """A tone in one range bin that keeps its size."""
    z = np.zeros((RX, SAMPLES // 2), np.complex64)
    z[:, 19] = 9 * np.exp(1j * (1.3 * i + np.array([0.0, 0.6, 1.3])))
    return z


def chest(i: int) -> NDArray[np.complex64]:
    """A reflector that breathes: its moving part comes and goes."""
    z = np.zeros((RX, SAMPLES // 2), np.complex64)
    z[:, 19] = 9 * (
        np.exp(4j * np.sin(2 * np.pi * 0.25 * i * 0.05)) - np.exp(4j * np.sin(2 * np.pi * 0.25 * (i * 0.05 - 1.2)))
    )
    return z


def test_what_moves_and_keeps_its_size_is_the_supply() -> None:
    found = run_reference(adc(frames()), ripple)
    assert names(found[-1][0]) == {"SUPPLY_RIPPLE"}
    assert run_c(adc(frames()), ripple)[-1] == found[-1][0]


def test_what_breathes_is_not_the_supply() -> None:
    assert {word for word, _, _ in run_reference(adc(frames()), chest)} == {0}


def test_what_disturbs_and_what_misleads_is_said() -> None:
    x = frames()
    dead(x)
    assert run_reference(adc(x))[-1][1:] == (0, 55)
    mismatch(x := frames())
    assert run_reference(adc(x))[-1][1:] == (0, 56)
    shifted(x := frames())
    assert run_reference(adc(x))[-1][1:] == (46, 46)


def test_a_single_burst_costs_a_second_and_no_more() -> None:
    x = frames()
    x[AT, 3, 50:53] += 300
    disturbed = [reason for _, reason, _ in run_reference(adc(x))]
    assert disturbed[AT] == 62 and not any(disturbed[AT + 20 :])


def test_a_clipped_frame_has_that_reason_alone() -> None:
    state: Any = np.zeros(1, sample_check.STATE)[0]
    sample_check.init(state, 0.05)
    interferer(x := frames())
    sample_check.samples(state, adc(x)[AT], True)
    assert state["noticed"] == 0


def test_reasons_are_those_of_the_packet_table() -> None:
    from wire.table import Reason

    rows = [*sample_check.DISTURBING.tolist(), *sample_check.MISLEADING.tolist()]
    assert all(Reason[sample_check.NAMES[check]] == reason for check, reason in rows)
    assert all(name in Reason.__members__ for name in sample_check.NAMES)
