"""Breathing band filter: the reference against scipy's Butterworth design, then C against the reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator, Philox
from numpy.typing import NDArray
from scipy import signal

from edge.blocks import band_filter
from edge.core import load

FFI, LIB = load()
Run = Callable[[NDArray[np.float32]], NDArray[np.int64]]


def run_reference(x: NDArray[np.float32]) -> NDArray[np.int64]:
    """20 Hz um -> 10 Hz um."""
    state: np.void = np.zeros(1, band_filter.STATE)[0]
    band_filter.init(state)
    return np.array([um for ready, um in (band_filter.step(state, v) for v in x) if ready])


def run_c(x: NDArray[np.float32]) -> NDArray[np.int64]:
    """20 Hz um -> 10 Hz um, by the C block."""
    state, um = FFI.new("sw_band_filter *"), FFI.new("int16_t *")
    LIB.sw_band_filter_init(state)
    return np.array([um[0] for v in x if LIB.sw_band_filter_step(state, v, um)])


def run_scipy(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """The same filter in double precision, not rounded, not decimated."""
    centred = x.astype(np.float64) - float(x[0])
    for cutoff, kind in ((0.1, "high"), (0.6, "low")):
        centred = signal.lfilter(*signal.butter(2, cutoff, kind, fs=20), centred)
    return np.asarray(centred)


def breathing(offset_um: float, n: int = 6000) -> NDArray[np.float32]:
    """300 um at 0.25 Hz with noise, a slow drift and an offset that arrives after the first sample."""
    t = np.arange(n) / 20
    x = 300 * np.sin(2 * np.pi * 0.25 * t) + Generator(Philox(1)).normal(0, 20, n) + 30 * t
    x[1:] += offset_um
    return x.astype(np.float32)


RUNS = pytest.mark.parametrize("run", [run_reference, run_c])


def test_reference_coefficients_are_butterworth() -> None:
    b, a = signal.butter(2, 0.1, "high", fs=20)
    found = (band_filter.HIGH_GAIN, band_filter.HIGH_DAMPING, band_filter.HIGH_STIFFNESS)
    assert found == pytest.approx((b[0], 1 - a[2], 1 + a[1] + a[2]), rel=1e-7)
    b, a = signal.butter(2, 0.6, fs=20)
    found = (band_filter.LOW_GAIN, band_filter.LOW_A1, band_filter.LOW_A2)
    assert found == pytest.approx((b[0], *a[1:]), rel=1e-7)


@RUNS
@pytest.mark.parametrize("offset_um", [0.0, 1e4])
def test_equals_double_precision(run: Run, offset_um: float) -> None:
    x = breathing(offset_um)
    assert np.abs(run(x) - run_scipy(x)[::2]).max() <= 0.5 + 0.05  # rounding to 1 um


@RUNS
def test_an_offset_of_a_metre_costs_nothing(run: Run) -> None:
    x = breathing(1e6)
    settled = slice(600, None)  # a minute; before, the step itself exceeds the output
    assert np.abs(run(x)[settled] - run_scipy(x)[::2][settled]).max() <= 0.5 + 0.1


@RUNS
def test_starting_far_out_gives_zero(run: Run) -> None:
    assert not run(np.full(400, 987654.0, np.float32)).any()


@RUNS
def test_stated_delay_aligns_a_breath(run: Run) -> None:
    t = np.arange(8000) / 20
    found = run((5000 * np.sin(2 * np.pi * 0.25 * t)).astype(np.float32))[2000:]
    turn = np.exp(-2j * np.pi * 0.25 * t[::2][2000:])
    phase = np.angle(np.sum(found * turn) * 1j)
    assert -phase / (2 * np.pi * 0.25) == pytest.approx(LIB.SW_BAND_FILTER_DELAY_US * 1e-6, abs=1e-4)
    assert band_filter.DELAY_US == LIB.SW_BAND_FILTER_DELAY_US


@RUNS
def test_output_is_clamped_to_sixteen_bits(run: Run) -> None:
    x = np.concatenate((np.zeros(20), np.full(200, 9e6), np.full(200, -9e6))).astype(np.float32)
    found = run(x)
    assert (found.min(), found.max()) == (-32767, 32767)


@RUNS
def test_a_wrong_value_passes_out_of_the_filter(run: Run) -> None:
    x = breathing(0.0, 6000)
    x[100] = np.nan
    assert np.abs(run(x)[2900:] - run_scipy(breathing(0.0, 6000))[::2][2900:]).max() <= 0.5 + 0.1


def test_c_equals_reference() -> None:
    x = breathing(2e5, 4000)
    assert np.array_equal(run_c(x), run_reference(x))
