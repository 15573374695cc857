"""Range profiles made by hand: noise, reflectors, and the way into the C blocks.

Profiles are complex64[frame, rx, range_bin] of RX1, RX2, RX3 at the default radar config, ADC counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from edge.blocks.geometry import ANTENNA_SPACING_M, geometry
from edge.blocks.parameters import WATCH_FAR_M, ZONE_FAR_M, ZONE_NEAR_M
from edge.core import load

FFI, LIB = load()
BINS = 128
FRAME_S = 0.05
Profiles = NDArray[np.complex64]

GEOMETRY: Any = geometry(
    rx_mask=7,
    n_samples=2 * BINS,
    n_chirps=8,
    frame_s=FRAME_S,
    chirp_s=0.0005,
    sampled_start_hz=59.6e9,
    sampled_bandwidth_hz=3.4e9,
    zone_near_m=ZONE_NEAR_M,
    zone_far_m=ZONE_FAR_M,
    watch_far_m=WATCH_FAR_M,
)
FIRST, LAST, WATCH = int(GEOMETRY["bin_first"]), int(GEOMETRY["bin_last"]), int(GEOMETRY["watch_last"])
WAVELENGTH_M = float(GEOMETRY["wavelength_m"])


def c_geometry(record: Any = GEOMETRY) -> Any:
    """A GEOMETRY record as sw_geometry *."""
    found = FFI.new("sw_geometry *")
    for name in record.dtype.names:
        if not name.startswith("lane_"):
            setattr(found, name, record[name].item())
    found.lane = [record["lane_1"], record["lane_2"], record["lane_3"]]
    return found


def c_profile(profile: NDArray[np.complex64]) -> Any:
    """complex64[rx, range_bin] as sw_profile *."""
    found = FFI.new("sw_profile *")
    parts = np.frombuffer(FFI.buffer(found), np.float32).reshape(2, LIB.SW_MAX_BINS, LIB.SW_LANES)
    n_rx, n_bins = profile.shape
    parts[0, :n_bins, :n_rx], parts[1, :n_bins, :n_rx] = profile.T.real, profile.T.imag
    return found


def noise(n: int, power: float, seed: int) -> Profiles:
    """White in time, antenna and bin; power: mean |z|^2 of one antenna and bin."""
    parts = Generator(Philox(seed)).normal(0, np.sqrt(power / 2), (n, 3, BINS, 2))
    return np.asarray(parts.view(np.complex128)[..., 0], np.complex64)


def turning(displacement_m: NDArray[np.float64]) -> NDArray[np.complex128]:
    """exp(j phase) of a reflector that comes nearer by that much, per frame."""
    return np.asarray(np.exp(-4j * np.pi * displacement_m / WAVELENGTH_M))


def breathing(n: int, amplitude_m: float = 0.001, rate_hz: float = 0.25) -> NDArray[np.complex128]:
    """The moving part of a breathing reflector of amplitude 1: complex[frame], mean removed."""
    z = turning(amplitude_m * np.sin(2 * np.pi * rate_hz * FRAME_S * np.arange(n)))
    return np.asarray(z - z.mean())


def wave(azimuth_rad: float, elevation_rad: float) -> NDArray[np.complex128]:
    """Relative phases of a far reflector on RX1, RX2, RX3: nearer to RX1 (RX2), its path is shorter there."""
    x, z = np.sin(azimuth_rad) * np.cos(elevation_rad), np.sin(elevation_rad)
    shorter_m = ANTENNA_SPACING_M * np.array([x, z, 0.0])
    return np.asarray(np.exp(-2j * np.pi * shorter_m / WAVELENGTH_M))


def hann_response(bins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Range FFT of a Hann-windowed tone that far away, 1 at 0 (continuous form)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        response = np.sinc(bins) / (1 - bins**2)
    return np.where(np.abs(np.abs(bins) - 1) < 1e-9, 0.5, response)
