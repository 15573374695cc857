"""Window and range FFT: the reference against numpy's FFT and closed form, then C against the reference."""

from __future__ import annotations

import runpy

import numpy as np
import pytest
from numpy.random import Generator, Philox
from numpy.typing import NDArray
from scipy.signal.windows import hann

from edge.blocks.range_fft import fft, range_fft
from edge.core import load
from front.env import ROOT

FFI, LIB = load()
LENGTHS = [64, 128, 256, 512]


def signal(n: int, n_rx: int = 3) -> NDArray[np.float32]:
    """Counts around mid-scale, float32[half, rx, sample]: noise, drift and a strong tone."""
    noise = Generator(Philox(n)).normal(2048, 300, (2, n_rx, n))
    return (noise + np.linspace(0, 200, n) + 900 * np.cos(0.7 * np.arange(n))).astype(np.float32)


def tone(n: int, bin_at_centre: float, amplitude: float, phase: float) -> NDArray[np.float32]:
    """A real tone of that many bins, with that phase at sample n/2, in both halves of one antenna."""
    t = np.arange(n) - n / 2
    x = 2048 + amplitude * np.cos(2 * np.pi * bin_at_centre * t / n + phase)
    return np.broadcast_to(x.astype(np.float32), (2, 1, n)).copy()


def run_c(halves: NDArray[np.float32]) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    """profile and difference, complex64[lane, range_bin], from the C block."""
    _, n_rx, n = halves.shape
    state, out = FFI.new("sw_range_fft *"), FFI.new("sw_range_fft_out *")
    half, other = FFI.new("sw_samples[2]"), FFI.new("sw_samples[2]")
    lanes = np.frombuffer(FFI.buffer(half), np.float32).reshape(2, LIB.SW_MAX_SAMPLES, LIB.SW_LANES)
    lanes[:, :n, :n_rx] = halves.transpose(0, 2, 1)
    assert LIB.sw_range_fft_init(state, [(n,)]) == 0
    LIB.sw_range_fft_step(state, half, other, out)
    parts = np.frombuffer(FFI.buffer(out), np.float32).reshape(2, 2, LIB.SW_MAX_BINS, LIB.SW_LANES)
    both = (parts[:, 0] + 1j * parts[:, 1]).transpose(0, 2, 1)[:, :, : n // 2]
    return both[0], both[1]


@pytest.mark.parametrize("n", LENGTHS)
def test_reference_fft_equals_numpy(n: int) -> None:
    x = Generator(Philox(2)).normal(size=(2, n)).view(np.complex128)[0].astype(np.complex64)
    assert np.allclose(fft(x), np.fft.fft(x), rtol=0, atol=1e-6 * np.sqrt(n) * 5)


@pytest.mark.parametrize("n", LENGTHS)
def test_reference_equals_windowed_numpy_fft(n: int) -> None:
    halves = signal(n)
    window = hann(n, sym=False)
    centred = halves.astype(np.float64) - halves.mean(axis=2, keepdims=True, dtype=np.float64)
    spectra = np.fft.fft(np.fft.ifftshift(centred * window, axes=2))[:, :, : n // 2] * 2 / window.sum()
    profile, difference = range_fft(halves)
    assert np.allclose(profile, spectra.mean(axis=0), rtol=0, atol=1e-3)
    assert np.allclose(difference, spectra[1] - spectra[0], rtol=0, atol=1e-3)


def test_a_tone_of_amplitude_a_gives_a() -> None:
    profile, _ = range_fft(tone(256, 40, 750.0, 0.3))
    assert abs(profile[0, 40]) == pytest.approx(750, rel=1e-5)


@pytest.mark.parametrize("offset", [-0.5, -0.2, 0.0, 0.4])
def test_phase_refers_to_the_window_centre_in_every_bin(offset: float) -> None:
    profile, _ = range_fft(tone(256, 40 + offset, 500.0, 1.1))
    assert np.angle(profile[0, 39:42]) == pytest.approx([1.1, 1.1, 1.1], abs=2e-3)


def test_displacement_follows_the_centre_wavelength() -> None:
    f0, bandwidth, n, c = 59.5e9, 3.5e9, 256, 299792458.0
    distances = np.array([1.0, 1.0005])
    angles = []
    for distance in distances:
        tau = 2 * distance / c
        t = np.arange(n)
        x = 2048 + 100 * np.cos(2 * np.pi * (f0 * tau + bandwidth / n * t * tau))
        profile, _ = range_fft(np.broadcast_to(x.astype(np.float32), (2, 1, n)).copy())
        angles.append(np.angle(profile[0, round(bandwidth * tau)]))
    wavelength = c / (f0 + bandwidth / 2)
    towards = -wavelength / (4 * np.pi) * (angles[1] - angles[0])
    assert towards == pytest.approx(-0.0005, abs=1e-6)


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("n_rx", [1, 2, 3])
def test_c_equals_reference(n: int, n_rx: int) -> None:
    halves = signal(n, n_rx)
    profile, difference = run_c(halves)
    expected, expected_difference = range_fft(halves)
    assert np.abs(profile[:n_rx] - expected).max() < 1e-3  # counts; the tone has 900
    assert np.abs(difference[:n_rx] - expected_difference).max() < 2e-3
    assert not profile[n_rx:].any()


def test_halves_do_not_leak_into_each_other() -> None:
    halves = tone(256, 30, 1000.0, 0.0)
    halves[1] = 2048
    profile, difference = run_c(halves)
    assert profile[0, 30] == pytest.approx(500, rel=1e-5)
    assert difference[0, 30] == pytest.approx(-1000, rel=1e-5)


def test_wrong_length_is_named() -> None:
    assert LIB.sw_range_fft_init(FFI.new("sw_range_fft *"), [(100,)]) == LIB.SW_ERROR_CONFIG_SAMPLES


def test_tables_are_what_the_script_writes() -> None:
    script = runpy.run_path(str(ROOT / "native" / "make_fft_tables.py"))
    assert script["text"]() == script["TARGET"].read_text()
