"""Breathing rate: the reference against known breath times, then C against the reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from edge.blocks import band_filter, breathing_rate
from edge.blocks import parameters as p
from edge.core import load

FFI, LIB = load()
Wave = NDArray[np.int64]
FIELDS = ("rate_per_min", "reason", "variation", "line_hz", "line_share", "intervals", "span_s", "breaths")
RATE, REASON, VARIATION, LINE_HZ, LINE_SHARE, INTERVALS, SPAN_S = range(7)
# a second's measure: the columns are FIELDS
Run = Callable[..., NDArray[np.float64]]


def run_reference(wave_um: Wave, breaks: tuple[int, ...] = (), start: int = 0) -> NDArray[np.float64]:
    """float64[second, field] of a 10 Hz waveform that begins at tick `start` and breaks off before samples."""
    state: np.void = np.zeros(1, breathing_rate.STATE)[0]
    breathing_rate.init(state)
    rows = []
    for i, um in enumerate(wave_um):
        if i in breaks:
            breathing_rate.interrupt(state)
        breathing_rate.step(state, start + i, um)
        if i % 10 == 9:
            breathing_rate.measure(state, start + i)
            rows.append([float(state[name]) for name in FIELDS])
    return np.array(rows)


def run_c(wave_um: Wave, breaks: tuple[int, ...] = (), start: int = 0) -> NDArray[np.float64]:
    """The same by the C block."""
    state = FFI.new("sw_breathing_rate *")
    LIB.sw_breathing_rate_init(state)
    rows = []
    for i, um in enumerate(wave_um):
        if i in breaks:
            LIB.sw_breathing_rate_interrupt(state)
        LIB.sw_breathing_rate_step(state, start + i, int(um))
        if i % 10 == 9:
            LIB.sw_breathing_rate_measure(state, start + i)
            rows.append([float(getattr(state, name)) for name in FIELDS])
    return np.array(rows)


BOTH = pytest.mark.parametrize("run", [run_reference, run_c])


def sine(rate_per_min: float, seconds: int = 90) -> Wave:
    return np.round(300 * np.sin(2 * np.pi * rate_per_min / 60 * np.arange(10 * seconds) / 10)).astype(np.int64)


def breathe(seconds: int, mean_s: float, jitter: float, amplitudes: NDArray[np.float64], seed: int) -> tuple[Any, Wave]:
    """Quick in, slow out, through the band filter: breath times float64[breath], s, and the 10 Hz waveform, um."""
    rng = Generator(Philox(seed))
    begin = np.concatenate(([0], np.cumsum(mean_s * (1 + jitter * rng.normal(size=seconds)).clip(0.5, 1.6))))
    t = np.arange(20 * seconds) / 20
    which = np.searchsorted(begin, t, side="right") - 1
    u = (t - begin[which]) / np.diff(begin)[which]
    rise = np.where(u < 0.4, 0.5 - 0.5 * np.cos(np.pi * u / 0.4), 0.5 + 0.5 * np.cos(np.pi * (u - 0.4) / 0.6))
    return begin, filtered(300 * np.resize(amplitudes, len(begin))[which] * rise)


def filtered(x_um: NDArray[np.float64]) -> Wave:
    """20 Hz -> 10 Hz through the chain's band filter."""
    state: np.void = np.zeros(1, band_filter.STATE)[0]
    band_filter.init(state)
    steps = (band_filter.step(state, np.float32(um)) for um in x_um)
    return np.array([um for ready, um in steps if ready])


def truth(begin_s: NDArray[np.float64], seconds: int) -> NDArray[np.float64]:
    """60 / mean interval of the breaths of the trailing 30 s, after every second."""
    now = np.arange(1, seconds + 1)[:, None]
    inside = (begin_s > now - 30) & (begin_s <= now)
    first = np.where(inside, begin_s, np.inf).min(axis=1)
    last = np.where(inside, begin_s, -np.inf).max(axis=1)
    return np.asarray(60 * (inside.sum(axis=1) - 1) / np.maximum(last - first, 1e-9))


def by_autocorrelation(wave_um: Wave) -> float:
    """Rate of the highest peak of the autocorrelation: what the block must not do."""
    x = wave_um - wave_um.mean()
    lags = np.arange(16, 110)
    return 600.0 / int(lags[np.argmax([x[lag:] @ x[:-lag] / (len(x) - lag) for lag in lags])])


@BOTH
@pytest.mark.parametrize("rate_per_min", [7.0, 9.3, 14.5, 18.7, 25.0, 30.0])
def test_a_sine_gives_its_rate(run: Run, rate_per_min: float) -> None:
    found = run(sine(rate_per_min))[40:]
    assert found[:, RATE] == pytest.approx(rate_per_min, abs=0.03)
    assert found[:, LINE_HZ] * 60 == pytest.approx(rate_per_min, abs=0.15)
    assert found[:, VARIATION].max() < 0.01 and found[:, LINE_SHARE].min() > 0.9


@BOTH
def test_without_breaths_nothing_is_regular(run: Run) -> None:
    """The variation of breaths that are too old is not kept."""
    found = run(np.concatenate((sine(14.0, 60), np.zeros(400, np.int64))))
    assert found[59, VARIATION] < 0.01 and found[-1, INTERVALS] == 0
    assert found[-1, VARIATION] == 1.0


@BOTH
def test_amplitude_does_not_matter(run: Run) -> None:
    assert run(sine(14.0) // 10)[40:, RATE] == pytest.approx(14.0, abs=0.1)
    assert run(sine(14.0) * 100)[40:, RATE] == pytest.approx(14.0, abs=0.03)


@BOTH
@pytest.mark.parametrize("mean_s", [2.4, 4.0, 6.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_uneven_breaths_give_their_mean_interval(run: Run, mean_s: float, seed: int) -> None:
    begin, wave = breathe(180, mean_s, 0.1, 1 + 0.15 * Generator(Philox(9)).normal(size=50), seed)
    found = run(wave)[40:, RATE]
    known = found > 0
    error = np.abs(found - truth(begin, 180)[40:])[known]
    assert known.mean() > 0.95
    assert error.mean() < 0.25 * 4.0 / mean_s and np.mean(error < 1) > 0.95


@BOTH
@pytest.mark.parametrize("second", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("turn_rad", [0.0, 1.5, 3.0, 4.5])
def test_two_humps_are_one_breath(run: Run, second: float, turn_rad: float) -> None:
    t = 2 * np.pi * 0.2 * np.arange(900) / 10
    found = run(np.round(300 * (np.sin(t) + second * np.sin(2 * t + turn_rad))).astype(np.int64))[30:, RATE]
    assert found == pytest.approx(12, abs=0.05)


@BOTH
@pytest.mark.parametrize("turn_rad", [2.0, 3.0, 4.0])
def test_deep_humps_are_ambiguous(run: Run, turn_rad: float) -> None:
    t = 2 * np.pi * 0.2 * np.arange(900) / 10
    wave = 300 * (np.sin(t) + 0.6 * np.sin(2 * t) + 0.5 * np.sin(3 * t + turn_rad))
    found = run(np.round(wave).astype(np.int64))[40:]
    assert not found[:, RATE].any()
    assert np.all(found[:, REASON] == breathing_rate.REASON_AMBIGUOUS)


@BOTH
@pytest.mark.parametrize("smaller", [0.65, 0.4])
def test_every_other_breath_smaller_is_no_trap(run: Run, smaller: float) -> None:
    _, wave = breathe(150, 3.7, 0.01, np.array([1.0, smaller]), 4)
    assert run(wave)[40:, RATE] == pytest.approx(60 / 3.7, abs=0.6)
    assert by_autocorrelation(wave[400:700]) == pytest.approx(30 / 3.7, abs=0.3)  # twice the period


@BOTH
def test_a_movement_adds_no_interval(run: Run) -> None:
    wave, shifted = sine(15.0, 40), sine(15.0, 40)[20:]  # the breath goes on elsewhere
    found = run(np.concatenate((wave, shifted)), breaks=(400,))
    assert found[45:60, RATE] == pytest.approx(15.0, abs=0.1)
    assert found[42, INTERVALS] < found[38, INTERVALS] + 1
    assert found[-1, VARIATION] < 0.01


@BOTH
def test_starts_unknown_and_says_so(run: Run) -> None:
    found = run(sine(15.0, 30))
    assert found[0, RATE] == 0 and found[0, REASON] == breathing_rate.REASON_STARTING
    assert np.flatnonzero(found[:, RATE])[0] < 15  # seconds


@BOTH
def test_breathing_that_stops_becomes_unknown(run: Run) -> None:
    found = run(np.concatenate((sine(15.0, 60), np.zeros(300, np.int64))))
    assert found[59, RATE] > 0
    assert not found[75:, RATE].any()
    assert found[75, REASON] == breathing_rate.REASON_LOW_QUALITY


@BOTH
def test_a_flat_line_has_no_rate(run: Run) -> None:
    found = run(np.zeros(600, np.int64))
    assert not found[:, RATE].any() and not found[:, LINE_HZ].any()


@BOTH
def test_white_noise_has_no_clear_line(run: Run) -> None:
    """Alone, this block cannot tell filtered noise from restless breathing; coherence does, before it is asked."""
    found = np.concatenate([run(filtered(Generator(Philox(s)).normal(0, 300, 2000)))[30:] for s in range(8)])
    assert np.median(found[:, VARIATION]) > 0.2 and np.median(found[:, LINE_SHARE]) < 0.5
    assert np.mean(found[:, RATE] > 0) < 0.2


@BOTH
@pytest.mark.parametrize("smaller", [0.25, 0.3, 0.35, 0.5, 0.7])
def test_no_rate_between_breaths_and_line_is_made_up(run: Run, smaller: float) -> None:
    """Every other breath is smaller: all breaths or only the large ones may count, their mean never."""
    _, wave = breathe(150, 3.7, 0.03, np.array([1.0, smaller]), 3)
    rate = run(wave)[40:, RATE]
    known = rate[rate > 0]
    assert known.size > 0 and not ((known > 10) & (known < 14)).any()


def waves() -> dict[str, tuple[Wave, tuple[int, ...]]]:
    """name -> waveform and breaks."""
    rng = Generator(Philox(5))
    noise = rng.normal(0, 150, 3000)
    return {
        "sine": (sine(11.3, 120), (300, 700)),
        "uneven": (breathe(150, 4.0, 0.2, rng.uniform(0.4, 1.4, 60), 6)[1], (555,)),
        "noisy": (breathe(150, 3.0, 0.1, np.ones(60), 7)[1] + filtered(noise), ()),
        "small": (breathe(150, 5.0, 0.1, np.ones(60), 8)[1] // 60, (811, 900)),
        "noise": (filtered(noise * 2), (100, 1200)),
        "loud": ((filtered(noise * 50)).clip(-32767, 32767), ()),
    }


def decided(row: NDArray[np.float64], margin: float) -> bool:
    """No quantity of this measure lies within the margin of a threshold that it is compared with."""
    line, per_s = row[LINE_HZ], row[INTERVALS] / max(row[SPAN_S], 1.0)
    compared = [row[SPAN_S] - p.BREATHS_SPAN_S, row[VARIATION] - p.INTERVAL_CV]
    if line > 0:
        compared += [row[LINE_SHARE] - p.LINE_SHARE, abs(line - per_s) - p.RATE_AGREE * line]
    return bool(np.min(np.abs(compared)) > margin)


def test_a_copy_goes_on_like_the_original() -> None:
    state, other = FFI.new("sw_breathing_rate *"), FFI.new("sw_breathing_rate *")
    LIB.sw_breathing_rate_init(state)
    LIB.sw_breathing_rate_init(other)
    wave = sine(15.0, 60)
    for tick in range(450):
        LIB.sw_breathing_rate_step(other, tick, int(wave[tick]))
    LIB.sw_breathing_rate_copy(state, other)
    for tick in range(450, 600):
        LIB.sw_breathing_rate_step(state, tick, int(wave[tick]))
    LIB.sw_breathing_rate_measure(state, 599)
    assert [float(getattr(state, name)) for name in FIELDS] == run_c(wave)[-1].tolist()


@pytest.mark.parametrize("name", sorted(waves()))
@pytest.mark.parametrize("start", [0, 12_345_678])
def test_c_equals_reference(name: str, start: int) -> None:
    wave, breaks = waves()[name]
    wanted, found = run_reference(wave, breaks, start), run_c(wave, breaks, start)
    same = np.array([decided(row, 1e-4) for row in wanted])
    assert same.mean() > 0.97
    assert np.array_equal(found[:, [INTERVALS, 7]], wanted[:, [INTERVALS, 7]])  # the same breaths
    assert np.abs(found - wanted)[:, [VARIATION, LINE_HZ, LINE_SHARE]].max() < 1e-4
    assert np.abs(found - wanted)[:, SPAN_S].max() < 0.003  # a millisecond per end
    assert np.array_equal(found[same][:, REASON], wanted[same][:, REASON])
    assert np.abs(found - wanted)[same][:, RATE].max() < 0.01


def test_reasons_are_those_of_the_packet() -> None:
    ours = (breathing_rate.REASON_NONE, breathing_rate.REASON_STARTING)
    ours += (breathing_rate.REASON_LOW_QUALITY, breathing_rate.REASON_AMBIGUOUS)
    assert ours == (LIB.SW_REASON_NONE, LIB.SW_REASON_STARTING, LIB.SW_REASON_LOW_QUALITY, LIB.SW_REASON_AMBIGUOUS)
