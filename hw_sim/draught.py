"""A curtain in a draught: it swings as a hanging sheet, driven by turbulent air and by gusts.

Rule: made in the spectrum from white noise and gusts, times the sheet's response: no integration, no stream.

A sheet that hangs freely swings in the modes of a hanging chain: z_n / 2 sqrt(g / drop) rad/s with the zeros 2.405 and
5.520 of J0, so at 0.42 Hz when it is 2 m long, within the band of breathing. Both modes answer to the air as damped
oscillators. The air of a draught is an Ornstein-Uhlenbeck process of 4 s; gusts come at random, swell within a second
or two and die away.
Left out: waves along the rail, cloth that folds, strikes a radiator or the wall, openings that whistle.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.reflectors import SWAY_SAMPLES_HZ, direction
from hw_sim.scatterers import N_WAVEFORMS, MovingSet, still_set
from hw_sim.scenario_room import Draught

GRAVITY_M_PER_S2: Final = 9.81
CHAIN_ZEROS: Final = (2.404826, 5.520078)  # of the Bessel function J0
DAMPING: Final = 0.08  # of critical: air and friction; an assumption
AIR_S: Final = 4.0
GUST_RISE_S: Final = 1.5
GUST_FALL_S: Final = (4.0, 15.0)
GUST_SPREAD: Final = 0.5  # of the log of their strengths
_SECOND_SHARE: Final = 0.3
_N_POINTS: Final = 8
_LOWER_EDGE_M: Final = -0.7

Array = NDArray[np.float64]


def chain_hz(drop_m: float) -> tuple[float, float]:
    """The first two frequencies of a hanging sheet."""
    first, second = (z / 2 * math.sqrt(GRAVITY_M_PER_S2 / drop_m) / (2 * math.pi) for z in CHAIN_ZEROS)
    return first, second


def make_draught(draught: Draught, rng: np.random.Generator, duration_s: float) -> MovingSet:
    """The sheet: points over its width and height, the lower the farther they swing."""
    outwards = direction(draught.azimuth_deg)
    sideways = np.array([outwards[1], -outwards[0], 0.0])
    across = draught.width_m * (np.linspace(-0.5, 0.5, _N_POINTS) + 0.04 * rng.standard_normal(_N_POINTS))
    above = rng.uniform(0, draught.drop_m, _N_POINTS)  # the lower edge
    position = np.outer(outwards, draught.distance_m + 0.03 * rng.standard_normal(_N_POINTS))
    position += np.outer(sideways, across)
    position[2] += _LOWER_EDGE_M + above
    sheet = still_set(position, draught.rcs_m2 / _N_POINTS * rng.exponential(1.0, _N_POINTS))
    hangs = 1 - above / draught.drop_m
    sheet.direction[0] = np.repeat(outwards[:, None], _N_POINTS, axis=1)
    sheet.gain[0, 0] = hangs
    sheet.gain[0, 1] = hangs * (2 * hangs - 1) * np.sign(across + 1e-9)
    waveform = np.zeros((N_WAVEFORMS, int(duration_s * SWAY_SAMPLES_HZ) + 3), np.float32)
    waveform[:2] = swing(draught, rng, waveform.shape[1])
    return sheet._replace(waveform_m=waveform, waveform_hz=SWAY_SAMPLES_HZ)


def swing(draught: Draught, rng: np.random.Generator, n: int) -> Array:
    """Displacement of the lower edge in two modes, metres: float64[2, n] at SWAY_SAMPLES_HZ."""
    length = 1 << int(max(n, 300 * SWAY_SAMPLES_HZ) - 1).bit_length()
    hz = np.fft.rfftfreq(length, 1 / SWAY_SAMPLES_HZ)
    gusts = 1e-3 * np.fft.rfft(_gusts(draught, rng, length))
    rows = []
    for mode, (mode_hz, share) in enumerate(zip(chain_hz(draught.drop_m), (1.0, _SECOND_SHARE), strict=True)):
        answer = 1 / (1 - (hz / mode_hz) ** 2 + 2j * DAMPING * hz / mode_hz)
        air = np.fft.rfft(rng.standard_normal(length)) / (1 + 2j * np.pi * hz * AIR_S)
        moved = np.fft.irfft(air * answer, length)
        moved *= 1e-3 * share * draught.draught_mm / max(float(moved.std()), 1e-12)
        blown = np.fft.irfft(gusts * answer, length) if mode == 0 else 0.0
        rows.append((moved + blown)[:n])
    return np.asarray(rows)


def _gusts(draught: Draught, rng: np.random.Generator, n: int) -> Array:
    """Push of the gusts: the deflection in mm that each would hold, float64[n]."""
    push = np.zeros(n)
    span_s = n / SWAY_SAMPLES_HZ
    for start_s in np.sort(rng.uniform(0, span_s, rng.poisson(draught.gusts_per_hour * span_s / 3600))):
        fall_s = rng.uniform(*GUST_FALL_S)
        first = int(start_s * SWAY_SAMPLES_HZ)
        t = np.arange(min(n - first, int(8 * fall_s * SWAY_SAMPLES_HZ))) / SWAY_SAMPLES_HZ
        shape = (1 - np.exp(-t / GUST_RISE_S)) ** 2 * np.exp(-t / fall_s)
        strength = draught.gust_mm * math.exp(GUST_SPREAD * rng.standard_normal())
        push[first : first + t.size] += strength * shape * (1 + 0.3 * rng.standard_normal(1))
    return push
