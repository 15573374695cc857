"""Breathing rate: the mean interval of breaths found one by one, checked against the spectrum.

A breath begins where the waveform rises through zero, after it was clearly below and before it is clearly
above (hysteresis on its own rms). Breaths before and after a movement count, the interval across it does not.
The spectrum of the same waveform must agree; when breaths and spectrum differ by a factor (a breath with two
humps, every other breath missed) the stronger line decides, and when neither is clear the rate is unknown.
The fewer the breaths, the more the line counts. Autocorrelation is not used: it locks on twice the period.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from edge.blocks import CACHE
from edge.blocks.parameters import (
    BREATH_DOUBLE,
    BREATH_HYSTERESIS,
    BREATH_MAX_S,
    BREATH_MIN_S,
    BREATHS_MISSED,
    BREATHS_SPAN_S,
    ENOUGH_BREATHS,
    INTERVAL_CV,
    LINE_RIVAL,
    LINE_SHARE,
    RATE_AGREE,
    RATE_WINDOW_S,
    RMS_SHARE,
    SPECTRUM_MIN_S,
)

WAVE_HZ = 10
SAMPLES = 150  # 30 s at 5 per second: pairs of waveform samples
BREATHS = 32
LINES = 51  # 0.10, 0.11 .. 0.60 Hz
FIRST_HZ = 0.10
STEP_HZ = 0.01

REASON_NONE = 0
REASON_STARTING = 1
REASON_LOW_QUALITY = 4
REASON_AMBIGUOUS = 5

STATE = np.dtype(
    [
        ("tick", np.int64),  # tenth of a second of chip time of the last sample
        ("square", np.float32),  # running mean square of the waveform
        ("valid", np.int32),  # samples since the last break
        ("last_um", np.float32),
        ("below", np.int32),  # was clearly below zero since the last breath
        ("crossing_ms", np.int64),  # rise through zero, not yet confirmed
        ("begin_ms", np.int64, (BREATHS,)),  # confirmed breaths, chip time, ring
        ("joined", np.int32, (BREATHS,)),  # 1: no break between this breath and the one before
        ("breaths", np.int32),  # ever
        ("broken", np.int32),
        ("wave", np.float32, (SAMPLES,)),  # ring at 5 per second since the last break
        ("head", np.int32),
        ("filled", np.int32),
        ("rate_per_min", np.float32),
        ("variation", np.float32),  # of breath intervals; 1 while there are too few
        ("line_hz", np.float32),  # strongest line of the spectrum; 0 when too short
        ("line_share", np.float32),  # of the band's power around it
        ("intervals", np.int32),
        ("span_s", np.float32),  # sum of the intervals
        ("reason", np.int32),
    ],
    align=True,
)


@njit(cache=CACHE)
def init(state: Any) -> None:
    """Forget everything."""
    state.tick = 0
    state.square = 0.0
    state.breaths = 0
    state.rate_per_min = 0.0
    state.variation = 0.0
    state.intervals = 0
    state.span_s = 0.0
    state.line_hz = 0.0
    state.line_share = 0.0
    state.reason = REASON_STARTING
    interrupt(state)


@njit(cache=CACHE)
def interrupt(state: Any) -> None:
    """The waveform breaks off here (movement, lost frames): no breath reaches across."""
    state.valid = 0
    state.below = 0
    state.broken = 1
    state.head = 0
    state.filled = 0
    state.last_um = 0.0


@njit(cache=CACHE)
def copy(state: Any, other: Any) -> None:
    """Make state what other is, as far as breaths and waveform are remembered."""
    state.tick = other.tick
    state.square = other.square
    state.valid = other.valid
    state.last_um = other.last_um
    state.below = other.below
    state.crossing_ms = other.crossing_ms
    state.begin_ms[:] = other.begin_ms
    state.joined[:] = other.joined
    state.breaths = other.breaths
    state.broken = other.broken
    state.wave[:] = other.wave
    state.head = other.head
    state.filled = other.filled


@njit(cache=CACHE)
def step(state: Any, tick: int, wave_um: float) -> None:
    """Add one waveform sample, um, taken at chip time tick / 10 s."""
    state.tick = tick
    state.valid += 1
    share = max(1.0 / state.valid, RMS_SHARE)
    state.square += share * (wave_um * wave_um - state.square)
    threshold = BREATH_HYSTERESIS * math.sqrt(state.square)
    if wave_um < -threshold:
        state.below = 1
    if state.last_um < 0.0 <= wave_um:
        back_ms = int(100.0 * wave_um / (wave_um - state.last_um) + 0.5)
        state.crossing_ms = tick * 100 - back_ms
    if state.below and wave_um > threshold:
        state.below = 0
        breathe(state, state.crossing_ms)
    if state.valid % 2 == 0:
        state.wave[state.head] = 0.5 * (state.last_um + wave_um)
        state.head = (state.head + 1) % SAMPLES
        state.filled = min(state.filled + 1, SAMPLES)
    state.last_um = wave_um


@njit(cache=CACHE)
def breathe(state: Any, begin_ms: int) -> None:
    """Count a breath that began at begin_ms."""
    joined = 0
    if state.breaths > 0 and not state.broken:
        interval_ms = begin_ms - state.begin_ms[(state.breaths - 1) % BREATHS]
        if interval_ms < BREATH_MIN_S * 1000.0:
            return
        joined = 1 if interval_ms <= BREATH_MAX_S * 1000.0 else 0
    state.broken = 0
    state.begin_ms[state.breaths % BREATHS] = begin_ms
    state.joined[state.breaths % BREATHS] = joined
    state.breaths += 1


@njit(cache=CACHE)
def measure(state: Any, tick: int) -> None:
    """Once a second, at chip time tick / 10 s: rate, variation, spectrum, or the reason for no rate."""
    state.rate_per_min = 0.0
    state.variation = 1.0
    count, total, squares, longest_s = 0, 0.0, 0.0, 0.0
    oldest_ms = tick * 100 - int(RATE_WINDOW_S * 1000.0)
    for back in range(min(state.breaths, BREATHS) - 1):
        index = (state.breaths - 1 - back) % BREATHS
        before = (state.breaths - 2 - back) % BREATHS
        if state.begin_ms[before] < oldest_ms:
            break
        if state.joined[index]:
            interval_s = (state.begin_ms[index] - state.begin_ms[before]) / 1000.0
            count += 1
            total += interval_s
            squares += interval_s * interval_s
            longest_s = max(longest_s, interval_s)
    state.intervals = count
    state.span_s = total
    spectrum(state)
    if count < 2 or total < BREATHS_SPAN_S:
        state.reason = REASON_STARTING
        return
    mean = total / count
    state.variation = math.sqrt(max(squares / count - mean * mean, 0.0)) / mean
    hides_one = count > 2 and longest_s > BREATH_DOUBLE * (total - longest_s) / (count - 1)
    decide(state, tick, 1.0 / mean, (count + 1) / total if hides_one else 0.0)


@njit(cache=CACHE)
def decide(state: Any, tick: int, breaths_hz: float, missed_hz: float) -> None:
    """Accept the rate of the breaths, or say why not. missed_hz: it, if the longest interval hides a breath; 0: none."""
    state.reason = REASON_LOW_QUALITY
    waited_s = tick * 0.1 - state.begin_ms[(state.breaths - 1) % BREATHS] / 1000.0
    if waited_s * breaths_hz > BREATHS_MISSED and state.valid * 0.1 > waited_s:
        return
    if state.variation > INTERVAL_CV:
        return
    rate_hz = breaths_hz
    if state.line_hz > 0.0:
        if state.line_share < LINE_SHARE:
            return
        if missed_hz > 0.0 and abs(state.line_hz - missed_hz) < abs(state.line_hz - breaths_hz):
            state.reason = REASON_AMBIGUOUS
            return
        if abs(state.line_hz - breaths_hz) <= RATE_AGREE * state.line_hz:
            trust = min(state.intervals / ENOUGH_BREATHS, 1.0)
            rate_hz = trust * breaths_hz + (1.0 - trust) * state.line_hz
        elif line_power(state, breaths_hz) < LINE_RIVAL * line_power(state, state.line_hz):
            state.reason = REASON_AMBIGUOUS
            return
    state.reason = REASON_NONE
    state.rate_per_min = 60.0 * rate_hz


@njit(cache=CACHE)
def line_power(state: Any, line_hz: float) -> float:
    """Return the Hann-windowed power of the remembered waveform at one frequency (Goertzel 1958)."""
    n = state.filled
    turn = 2.0 * math.pi * line_hz / (WAVE_HZ / 2)
    taper = 2.0 * math.pi / n
    coefficient = 2.0 * math.cos(turn)
    # the Hann taper by its own recurrence: cos(k taper)
    taper_coefficient = 2.0 * math.cos(taper)
    taper_now, taper_before = 1.0, math.cos(taper)
    a, b = 0.0, 0.0
    for t in range(n):
        sample = state.wave[(state.head - n + t) % SAMPLES] * (0.5 - 0.5 * taper_now)
        a, b = sample + coefficient * a - b, a
        taper_now, taper_before = taper_coefficient * taper_now - taper_before, taper_now
    return a * a + b * b - coefficient * a * b


@njit(cache=CACHE)
def spectrum(state: Any) -> None:
    """Find the strongest line between 0.1 and 0.6 Hz and its share of the band's power."""
    state.line_hz, state.line_share = 0.0, 0.0
    if state.filled < SPECTRUM_MIN_S * WAVE_HZ / 2:
        return
    powers = np.zeros(LINES)
    total, best = 0.0, 0
    for line in range(LINES):
        powers[line] = line_power(state, FIRST_HZ + STEP_HZ * line)
        total += powers[line]
        if powers[line] > powers[best]:
            best = line
    if total <= 0.0:
        return
    near = 0.0
    for line in range(max(best - 5, 0), min(best + 6, LINES)):
        near += powers[line]
    shift = 0.0
    if 0 < best < LINES - 1:
        left, middle, right = powers[best - 1], powers[best], powers[best + 1]
        bend = left - 2.0 * middle + right
        if bend < 0.0:
            shift = 0.5 * (left - right) / bend
    state.line_hz = FIRST_HZ + STEP_HZ * (best + shift)
    state.line_share = near / total
