"""Calibration: what the antennas do to a signal, and what stands in the empty room, measured and taken out.

    y = g (x - c),   d' = g d

for every antenna and range bin: x the range profile, d the burst difference, c still echoes and leakage of the empty
room, g the complex gain that makes all antennas alike, that of the first 1. Measured over frames: running mean m, spread
sum |x - m|^2 (Welford 1962), and the noise sum |d|^2 / 4, because d is the difference of two halves and x their mean.
A reflector at azimuth a and elevation e lies towards u = (sin a cos e, cos a cos e, sin e); antenna l at p_l has the phase
-2 pi p_l u / lambda there.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE
from edge.blocks.geometry import ANTENNA_SPACING_M, BIN_LOWEST
from edge.blocks.parameters import CORNER_ALONE, CORNER_NEAR_M, CORNER_SNR, STILL_SPREAD

LANES, RX, BINS = 4, 3, 80
LOWEST = BIN_LOWEST
PEAK_BINS = 3
ECHO_PER_COUNT = 16.0
F0, F1, QUARTER = np.float32(0), np.float32(1), np.float32(0.25)

STILL = np.dtype(  # as sw_still, because the firmware reads it
    [
        ("wanted", np.uint32),
        ("n", np.uint32),
        ("gaps", np.uint32),
        ("re", np.float32, (BINS, LANES)),
        ("im", np.float32, (BINS, LANES)),
        ("spread", np.float32, (BINS,)),
        ("noise", np.float32, (BINS,)),
    ],
    align=True,
)
STATE = np.dtype(
    [
        ("corrects", np.int32),
        ("clears", np.int32),
        ("raw", np.int32),
        ("gain", np.complex64, (RX,)),
        ("echo", np.complex64, (RX, BINS)),
        ("still", STILL),
    ],
    align=True,
)


@njit(cache=CACHE)
def init(state: Any) -> None:
    """Nothing is known, nothing is measured."""
    state.still.wanted, state.still.n, state.still.gaps = 0, 0, 0
    state.raw, state.corrects, state.clears = 0, 0, 0


@njit(cache=CACHE)
def correct(state: Any, gain: NDArray[np.complex64], echo: NDArray[np.complex64]) -> None:
    """From the next step on. gain: complex64[rx]; echo: complex64[rx, BINS], counts, or empty: none is known."""
    state.corrects, state.clears = 0, echo.size > 0
    for rx in range(RX):
        state.gain[rx] = gain[rx]
        if gain[rx] != 1:
            state.corrects = 1
        for k in range(BINS):
            state.echo[rx, k] = echo[rx, k] if echo.size > 0 else 0


@njit(cache=CACHE)
def measure(state: Any, frames: int, raw: bool) -> None:
    """Measure the next frames; 0: no more. raw: before the correction."""
    still = state.still
    state.raw = raw
    still.wanted, still.n, still.gaps = frames, 0, 0
    still.re[:], still.im[:], still.spread[:], still.noise[:] = 0, 0, 0, 0


@njit(cache=CACHE)
def add(still: Any, profile: NDArray[np.complex64], difference: NDArray[np.complex64]) -> None:
    """One frame into the means: complex64[rx, range_bin] both, counts."""
    still.n += np.uint32(1)
    share = F1 / np.float32(still.n)
    for k in range(min(profile.shape[1], BINS)):
        for rx in range(profile.shape[0]):
            x, d = profile[rx, k], difference[rx, k]
            re, im = x.real - still.re[k, rx], x.imag - still.im[k, rx]
            still.re[k, rx] += share * re
            still.im[k, rx] += share * im
            still.spread[k] += re * (x.real - still.re[k, rx]) + im * (x.imag - still.im[k, rx])
            still.noise[k] += QUARTER * (d.real * d.real + d.imag * d.imag)


@njit(cache=CACHE)
def step(state: Any, profile: NDArray[np.complex64], difference: NDArray[np.complex64], gap: bool) -> None:
    """Correct one frame in place: complex64[rx, range_bin] both, counts. gap: frames were lost before it."""
    still = state.still
    measures = still.n < still.wanted
    if measures and state.raw:
        add(still, profile, difference)
    for rx in range(profile.shape[0]):
        if state.clears:
            for k in range(min(profile.shape[1], BINS)):
                profile[rx, k] -= state.echo[rx, k]
        if state.corrects:
            profile[rx] *= state.gain[rx]
            difference[rx] *= state.gain[rx]
    if measures and not state.raw:
        add(still, profile, difference)
    if measures and gap:
        still.gaps += np.uint32(1)


def kept_echo(words: bytes) -> NDArray[np.complex64]:
    """Echoes as they are kept, int16[bin, rx, (re, im)], 1/16 count -> complex64[rx, BINS], counts."""
    parts = np.frombuffer(words, "<i2").reshape(BINS, RX, 2).astype(np.float32) / np.float32(ECHO_PER_COUNT)
    return (parts[..., 0] + 1j * parts[..., 1]).T.astype(np.complex64)


def bins_of(geometry: Any) -> int:
    """How many range bins are measured."""
    return min(int(geometry["n_bins"]), BINS)


def means(still: Any, geometry: Any, echo: NDArray[np.complex64] | None = None) -> NDArray[np.complex128]:
    """Means less known echoes, complex[rx, range_bin], counts."""
    found = (still["re"] + 1j * still["im"].astype(np.float64))[:, :RX].T
    return np.asarray((found if echo is None else found - echo)[:, : bins_of(geometry)])


def noise_of(still: Any, geometry: Any) -> float:
    """Noise of a range bin over all frames and antennas: the median of the bins, counts^2."""
    noise = np.sort(still["noise"][LOWEST : bins_of(geometry)])
    return float(noise[noise.size // 2])


def moves(still: Any, geometry: Any) -> bool:
    """Whether something moved."""
    spread = still["spread"][LOWEST : bins_of(geometry)]
    return bool((spread > STILL_SPREAD * noise_of(still, geometry)).any())


def residue(still: Any, geometry: Any) -> float:
    """Root mean square of the means, counts."""
    return math.sqrt(float((np.abs(means(still, geometry)[: geometry["n_rx"], LOWEST:]) ** 2).mean()))


def wave(geometry: Any, azimuth_rad: float, elevation_rad: float) -> NDArray[np.complex128]:
    """Phasors of RX1, RX2, RX3 of a plane wave from there."""
    x, z = math.sin(azimuth_rad) * math.cos(elevation_rad), math.sin(elevation_rad)
    turns = -ANTENNA_SPACING_M / float(geometry["wavelength_m"]) * np.array([x, z, 0.0])
    return np.asarray(np.exp(2j * np.pi * turns))


def find_corner(
    still: Any,
    geometry: Any,
    distance_m: float,
    azimuth_rad: float,
    elevation_rad: float,
    echo: NDArray[np.complex64] | None = None,
) -> tuple[int, NDArray[np.complex128]] | None:
    """Range bin of the reflector and complex gain of each antenna over RX1; None: none there, too weak, or not alone."""
    if geometry["n_rx"] != RX:
        return None
    mean = means(still, geometry, echo)
    power = (np.abs(mean) ** 2).sum(0)
    power[:LOWEST] = 0
    peak = int(power[:-1].argmax())
    beside = np.abs(np.arange(power.size) - peak) > PEAK_BINS
    near = abs(peak * float(geometry["bin_m"]) - distance_m) <= CORNER_NEAR_M
    strong = power[peak] >= CORNER_SNR * noise_of(still, geometry) / max(int(still["n"]), 1)
    if not near or not strong or power[beside].max() > CORNER_ALONE * power[peak]:
        return None
    lobe = mean[:, peak - 1 : peak + 2]
    ratio = (lobe * lobe[0].conj()).sum(1) / (np.abs(lobe[0]) ** 2).sum()
    expected = wave(geometry, azimuth_rad, elevation_rad)
    return peak, ratio * (expected / expected[0]).conj()


def corner_error(
    still: Any,
    geometry: Any,
    peak: int,
    azimuth_rad: float,
    elevation_rad: float,
    echo: NDArray[np.complex64] | None = None,
) -> float:
    """Angle between where the reflector is and where its phases say it is, rad."""
    lobe = means(still, geometry, echo)[:, peak - 1 : peak + 2]
    per_rad = float(geometry["wavelength_m"]) / (2 * math.pi * ANTENNA_SPACING_M)
    x, z = (float(np.clip(-np.angle((lobe[l] * lobe[2].conj()).sum()) * per_rad, -1, 1)) for l in (0, 1))
    seen = np.array([x, math.sqrt(max(1 - x * x - z * z, 0.0)), z])
    flat = math.cos(elevation_rad)
    there = np.array([math.sin(azimuth_rad) * flat, math.cos(azimuth_rad) * flat, math.sin(elevation_rad)])
    return math.atan2(float(np.linalg.norm(np.cross(seen, there))), float(seen @ there))
