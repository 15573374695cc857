"""Confidence: the probability that a person is in the user's place, and of each value to be valid.

Log-odds that are linear in what was measured, squashed, and quantised to 1/255: the uplink policy
decides on the integer, with hysteresis.
"""

import math

from numba import njit

from edge.blocks import CACHE
from edge.blocks.parameters import (
    ENOUGH_BREATHS,
    MOTION_PER_LOG,
    MOTION_SCORE,
    PERSON_COHERENCE,
    PERSON_PER_DB,
    PERSON_PER_M,
    PERSON_PER_RAD,
    PERSON_PER_S,
    PERSON_SNR_DB,
    RATE_PER_MISSING,
    RATE_PER_RESIDUAL,
    RATE_PER_VARIATION,
    RATE_SCORE,
    RESTLESS_S,
)


@njit(cache=CACHE)
def quantise(log_odds: float) -> int:
    """Return the probability of some log-odds as 0..255."""
    limited = min(max(log_odds, -20.0), 20.0)
    return int(255.0 / (1.0 + math.exp(-limited)) + 0.5)


@njit(cache=CACHE)
def decibel(ratio: float) -> float:
    """Return 10 log10 of a power ratio, floored at -60 dB."""
    return 10.0 * math.log10(max(ratio, 1e-6))


@njit(cache=CACHE)
def against(outside_rad: float, below_m: float, moving_s: float) -> float:
    """Return the log-odds against a person in the user's place.

    outside_rad: how far its direction lies outside the place, below_m: how far it lies below
    FLOOR_BELOW_M, both times how sure that direction is; moving_s: time without a still second.
    """
    return PERSON_PER_RAD * outside_rad + PERSON_PER_M * below_m + PERSON_PER_S * max(moving_s - RESTLESS_S, 0.0)


@njit(cache=CACHE)
def person(snr: float, coherence: float, doubt: float) -> int:
    """Return P(person in the user's place), 0..255, from coherent power over noise and coherence.

    doubt: log-odds against it.
    """
    if coherence < PERSON_COHERENCE:
        snr = snr * max(coherence, 0.0) / PERSON_COHERENCE
    return quantise(PERSON_PER_DB * (decibel(snr) - PERSON_SNR_DB) - doubt)


@njit(cache=CACHE)
def motion(speed_over_threshold: float) -> int:
    """Return P(right class), 0..255, of still or moving, from the speed over its threshold."""
    distance = abs(math.log(max(speed_over_threshold, 1e-3)))
    return quantise(MOTION_SCORE + MOTION_PER_LOG * distance)


@njit(cache=CACHE)
def breathing(variation: float, residual: float, intervals: int) -> int:
    """Return P(|rate - truth| <= 1 per minute), 0..255, of a rate that was accepted."""
    missing = max(int(ENOUGH_BREATHS) - intervals, 0)
    return quantise(
        RATE_SCORE - RATE_PER_VARIATION * variation - RATE_PER_RESIDUAL * residual - RATE_PER_MISSING * missing
    )
