"""Resample: the reference against closed form and scipy, then C against the reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator, Philox
from numpy.typing import NDArray
from scipy.interpolate import lagrange

from edge.blocks import resample
from edge.core import load

FFI, LIB = load()
GAP_US = 700_000
Run = Callable[[NDArray[np.int64], NDArray[np.float32]], tuple[NDArray[np.int64], NDArray[np.float32], list[int]]]


def run_reference(
    t_us: NDArray[np.int64], values: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32], list[int]]:
    """Grid times, values, and the frames at which a new run started."""
    state: np.void = np.zeros(1, resample.STATE)[0]
    resample.init(state, GAP_US)
    times: list[int] = []
    found: list[float] = []
    restarts = []
    for i, (t, v) in enumerate(zip(t_us, values, strict=True)):
        restart, first, out = resample.step(state, t, v)
        restarts += [i] if restart else []
        times += [first + k * resample.STEP_US for k in range(len(out))]
        found += list(out)
    return np.array(times), np.array(found, np.float32), restarts


def run_c(
    t_us: NDArray[np.int64], values: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32], list[int]]:
    """As run_reference, by the C block."""
    state, out = FFI.new("sw_resample *"), FFI.new("sw_resample_out *")
    assert LIB.sw_resample_init(state, [(GAP_US,)]) == 0
    times: list[int] = []
    found: list[float] = []
    restarts = []
    for i, (t, v) in enumerate(zip(t_us, values, strict=True)):
        LIB.sw_resample_step(state, int(t), float(v), out)
        restarts += [i] if out.restart else []
        times += [out.t_us + k * LIB.SW_RESAMPLE_STEP_US for k in range(out.n)]
        found += list(out.value[0 : out.n])
    return np.array(times), np.array(found, np.float32), restarts


RUNS = pytest.mark.parametrize("run", [run_reference, run_c])


def frames(rate_hz: float, n: int, start_us: int = 7_777) -> NDArray[np.int64]:
    """Frame times of a steady radar."""
    return np.round(start_us + np.arange(n) * 1e6 / rate_hz).astype(np.int64)


def breath(t_us: NDArray[np.int64]) -> NDArray[np.float32]:
    """300 um at 0.3 Hz."""
    return (300 * np.sin(2 * np.pi * 0.3 * t_us / 1e6)).astype(np.float32)


@pytest.mark.parametrize(("rate_hz", "error_um"), [(2.0, 12.0), (5.0, 0.7), (12.94, 0.02), (20.0, 0.01), (100.0, 0.01)])
def test_reference_follows_a_breath_at_any_frame_rate(rate_hz: float, error_um: float) -> None:
    t_us = frames(rate_hz, int(60 * rate_hz))
    times, values, _ = run_reference(t_us, breath(t_us))
    assert np.abs(values - breath(times)).max() < error_um


def test_reference_is_the_cubic_through_four_points() -> None:
    t_us = np.array([0, 40_000, 130_000, 180_000])
    values = np.array([1.0, -2.0, 5.0, 4.0], np.float32)
    times, found, _ = run_reference(t_us, values)
    assert list(times) == [100_000]
    assert found == pytest.approx(lagrange(t_us / 1e5, values.astype(np.float64))(1.0), rel=1e-6)


@RUNS
@pytest.mark.parametrize("rate_hz", [2.0, 12.94, 20.0, 100.0])
def test_grid_is_every_50_ms_without_holes(run: Run, rate_hz: float) -> None:
    t_us = frames(rate_hz, int(40 * rate_hz))
    times, _, restarts = run(t_us, breath(t_us))
    assert times[0] % 100_000 == 0
    assert np.all(np.diff(times) == 50_000)
    assert times[-1] + 50_000 > t_us[-2]
    assert restarts == [0]


@RUNS
def test_frames_on_the_grid_come_out_as_they_are(run: Run) -> None:
    t_us = 100_000 + 50_000 * np.arange(50)
    values = Generator(Philox(1)).normal(size=50).astype(np.float32)
    times, found, _ = run(t_us, values)
    assert np.array_equal(times, t_us[2:-1])  # the run begins between second and third, on a multiple of 100 ms
    assert found == pytest.approx(values[(times - 100_000) // 50_000], abs=1e-6)


@RUNS
def test_lost_frames_below_the_gap_are_bridged(run: Run) -> None:
    t_us = np.delete(frames(20.0, 400), slice(200, 205))
    times, values, restarts = run(t_us, breath(t_us))
    assert restarts == [0]
    assert np.abs(values - breath(times)).max() < 1.0


@RUNS
@pytest.mark.parametrize("jump_us", [GAP_US + 1, 3_600_000_000, 0, -500_000])
def test_a_gap_or_a_time_that_does_not_rise_starts_a_new_run(run: Run, jump_us: int) -> None:
    first = frames(20.0, 100)
    second = first - first[0] + first[-1] + jump_us
    times, values, restarts = run(np.concatenate((first, second)), breath(np.concatenate((first, second))))
    alone_times, alone_values, _ = run(second, breath(second))
    assert restarts == [0, 100]
    assert np.array_equal(times[-len(alone_times) :], alone_times)
    assert np.array_equal(values[-len(alone_values) :], alone_values)


@RUNS
def test_the_longest_gap_fits_the_output(run: Run) -> None:
    t_us = np.array([0, 100_000, 100_000 + GAP_US, 200_000 + GAP_US])
    times, _, _ = run(t_us, np.zeros(4, np.float32))
    assert len(times) == GAP_US // 50_000 + 1


def test_an_offset_of_a_metre_costs_no_digits() -> None:
    t_us = frames(12.94, 300)
    times, found, _ = run_c(t_us, (breath(t_us) + np.float32(1e6)).astype(np.float32))
    assert np.abs(found - 1e6 - breath(times)).max() < 0.15  # a float32 of 1e6 counts by 0.06


def test_c_equals_reference_on_irregular_times() -> None:
    rng = Generator(Philox(2))
    t_us = np.cumsum(rng.integers(20_000, 260_000, 2000)) + 2**40
    values = np.cumsum(rng.normal(0, 100, 2000)).astype(np.float32)
    times, found, restarts = run_c(t_us, values)
    expected_times, expected, expected_restarts = run_reference(t_us, values)
    assert np.array_equal(times, expected_times)
    assert restarts == expected_restarts
    assert np.abs(found - expected).max() < 1e-2  # um, of thousands


@pytest.mark.parametrize("gap_us", [0, 750_001])
def test_wrong_gap_is_named(gap_us: int) -> None:
    assert LIB.sw_resample_init(FFI.new("sw_resample *"), [(gap_us,)]) == LIB.SW_ERROR_PARAMETER
