"""Vitals: what the chain knows after a frame, as integers with validities, or unknown with a reason.

Nothing here remembers anything: a value that is not trusted now is unknown now, never the last number.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from edge.blocks import CACHE, confidence
from edge.blocks.breathing_rate import REASON_LOW_QUALITY, REASON_STARTING
from edge.blocks.parameters import (
    FLOOR_BELOW_M,
    MOVING_MM_PER_S,
    NOBODY_BELOW,
    RATE_COHERENCE,
    RATE_RESIDUAL,
    WAVE_PER_RESIDUAL,
    WAVE_SCORE,
)

WAVE_MAX = 8
REASON_MOVING, REASON_NOBODY, REASON_GAP, REASON_SATURATED = 2, 3, 6, 7
FLAG_SATURATED = 1
MOTION_UNKNOWN, MOTION_STILL, MOTION_MOVING = 0, 1, 2

OUT = np.dtype(
    [
        ("t_us", np.uint64),
        ("frame", np.uint32),
        ("flags", np.uint32),
        ("noticed", np.uint32),
        ("confidence", np.int32),
        ("rate_centi_per_min", np.int32),
        ("rate_validity", np.int32),
        ("rate_reason", np.int32),
        ("motion_class", np.int32),
        ("motion_decidb", np.int32),
        ("motion_validity", np.int32),
        ("motion_reason", np.int32),
        ("distance_mm", np.int32),
        ("distance_validity", np.int32),
        ("azimuth_cdeg", np.int32),
        ("elevation_cdeg", np.int32),
        ("direction_validity", np.int32),
        ("position_reason", np.int32),
        ("range_bin", np.int32),
        ("quality_breathing", np.int32),
        ("quality_motion", np.int32),
        ("wave_validity", np.int32),
        ("wave_reason", np.int32),
        ("wave_n", np.int32),
        ("wave_um", np.int16, (WAVE_MAX,)),
        ("wave_t_us", np.uint64),
    ],
    align=True,
)


@njit(cache=CACHE)
def rounded(x: float, low: int, high: int) -> int:
    """Return the nearest integer, clamped."""
    return int(min(max(math.floor(x + 0.5), low), high))


@njit(cache=CACHE)
def fill(state: Any, t_us: int, flags: int, out: Any) -> None:
    """Fill everything but the waveform samples. state: chain.STATE, out: OUT."""
    out.t_us = t_us
    out.frame = state.frame
    out.flags = flags
    out.noticed = state.check.noticed
    out.confidence = 0
    absent = REASON_GAP if state.gaps > 0 else REASON_STARTING
    if state.seconds > 0:
        doubt = confidence.against(outside(state), below(state), state.motion.moving_s)
        out.confidence = confidence.person(state.candidates.snr, state.candidates.coherence, doubt)
        absent = REASON_NOBODY if out.confidence < NOBODY_BELOW else 0
    fill_motion(state, absent, out)
    fill_position(state, absent, out)
    unheard = why_unheard(state, absent, flags)
    fill_rate(state, unheard, out)
    fill_wave(state, unheard, out)


@njit(cache=CACHE)
def outside(state: Any) -> float:
    """Return how far outside the user's place the body's direction lies, as far as it has one, rad."""
    low, high, azimuth = state.azimuth_low_rad, state.azimuth_high_rad, state.direction.azimuth_rad
    if low >= high:  # no place is set
        return 0.0
    return float(state.direction.coherence * max(low - azimuth, azimuth - high, 0.0))


@njit(cache=CACHE)
def below(state: Any) -> float:
    """Return how far below the height at which people lie, as far as it has a direction, m."""
    height_m = state.candidates.distance_m * math.sin(state.direction.elevation_rad)
    return float(state.direction.coherence * max(-FLOOR_BELOW_M - height_m, 0.0))


@njit(cache=CACHE)
def fill_motion(state: Any, absent: int, out: Any) -> None:
    """Motion class, level and quality."""
    motion = state.motion
    out.motion_reason = absent
    out.motion_class, out.motion_decidb, out.motion_validity, out.quality_motion = 0, 0, 0, 0
    if absent:
        return
    level_db = max(confidence.decibel(motion.over_floor), 0.0)
    out.motion_class = MOTION_MOVING if motion.moving else MOTION_STILL
    out.motion_decidb = rounded(10.0 * level_db, 0, 65535)
    out.motion_validity = confidence.motion(motion.speed_mm_per_s / MOVING_MM_PER_S)
    out.quality_motion = rounded(255.0 * min(confidence.decibel(state.candidates.snr) / 40.0, 1.0), 0, 255)


@njit(cache=CACHE)
def fill_position(state: Any, absent: int, out: Any) -> None:
    """Distance and direction of the body."""
    chosen, towards = state.candidates, state.direction
    out.position_reason = absent
    out.distance_mm, out.distance_validity, out.range_bin = 0, 0, 0
    out.azimuth_cdeg, out.elevation_cdeg, out.direction_validity = 0, 0, 0
    if absent:
        return
    out.distance_mm = rounded(1000.0 * chosen.distance_m, 0, 65535)
    out.distance_validity = out.confidence
    out.range_bin = chosen.body_bin
    out.position_reason = state.check.astray
    out.direction_validity = 0 if state.check.astray else rounded(out.confidence * towards.coherence, 0, 255)
    if out.direction_validity > 0:
        out.azimuth_cdeg = rounded(math.degrees(towards.azimuth_rad) * 100.0, -9000, 9000)
        out.elevation_cdeg = rounded(math.degrees(towards.elevation_rad) * 100.0, -9000, 9000)


@njit(cache=CACHE)
def why_unheard(state: Any, absent: int, flags: int) -> int:
    """Return why there is no breathing to read now, or 0."""
    if absent:
        return absent
    if flags & FLAG_SATURATED:
        return REASON_SATURATED
    if state.check.disturbed:
        return int(state.check.disturbed)
    if state.motion.moving:
        return REASON_MOVING
    return 0 if state.circle.fitted else REASON_STARTING


@njit(cache=CACHE)
def fill_rate(state: Any, unheard: int, out: Any) -> None:
    """Breathing rate, its validity and the quality of the breathing signal."""
    rate, circle = state.rate, state.circle
    out.rate_centi_per_min, out.rate_validity, out.quality_breathing = 0, 0, 0
    out.rate_reason = unheard
    if unheard:
        return
    if state.candidates.coherence < RATE_COHERENCE or circle.residual > RATE_RESIDUAL:
        out.rate_reason = REASON_LOW_QUALITY
        return
    regular = max(1.0 - rate.variation, 0.0) * max(1.0 - circle.residual, 0.0)
    out.quality_breathing = rounded(255.0 * regular * rate.line_share, 0, 255)
    out.rate_reason = rate.reason
    if rate.reason == 0:
        out.rate_centi_per_min = rounded(100.0 * rate.rate_per_min, 0, 65535)
        out.rate_validity = max(confidence.breathing(rate.variation, circle.residual, rate.intervals), 1)


@njit(cache=CACHE)
def fill_wave(state: Any, unheard: int, out: Any) -> None:
    """Validity of the waveform samples that chain.emit wrote."""
    out.wave_validity = 0
    out.wave_reason = unheard
    if not unheard:
        out.wave_validity = max(confidence.quantise(WAVE_SCORE - WAVE_PER_RESIDUAL * state.circle.residual), 1)
