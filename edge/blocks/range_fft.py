"""Window and range FFT: the two half-burst means become a range profile and a burst difference.

    H[k] = 4/N sum_n w[n] (x[n] - mean x) exp(-2 pi i k (n - N/2) / N),   w[n] = (1 - cos(2 pi n / N)) / 2

4/N = 2 / sum(w): a real tone of amplitude A counts gives |H| = A. Time is counted from the window's middle,
so a reflector of delay tau has the phase 2 pi f_c tau in every bin, f_c the centre of the sampled band.
The C packs both halves into one complex transform of radix 4; here each is a plain transform of radix 2.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE


@njit(cache=CACHE)
def fft(x: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Sum over n of x[n] exp(-2 pi i k n / N): complex64[N], N a power of two."""
    n = x.size
    spectra = x.copy()  # row r of the reshaped array: n / length interleaved transforms, one element each
    length = 1
    while length < n:
        pairs = n // (2 * length)
        even_odd = spectra.reshape(length, 2, pairs)  # [k, parity, transform]
        turn = np.exp(np.arange(length) * (-1j * np.pi / length)).astype(np.complex64)
        longer = np.empty((2, length, pairs), np.complex64)
        for k in range(length):
            for j in range(pairs):
                odd = even_odd[k, 1, j] * turn[k]
                longer[0, k, j] = even_odd[k, 0, j] + odd
                longer[1, k, j] = even_odd[k, 0, j] - odd
        spectra = longer.reshape(n)
        length *= 2
    return spectra


@njit(cache=CACHE)
def spectrum(x: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Bins 0..N/2-1 of one real signal: float32[N] counts -> complex64[N/2] counts."""
    n = x.size
    mean = np.float32(x.astype(np.float64).mean())
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)) * (4 / n)
    windowed = ((x - mean) * window.astype(np.float32)).astype(np.complex64)
    return fft(np.roll(windowed, n // 2))[: n // 2]


@njit(cache=CACHE)
def range_fft(halves: NDArray[np.float32]) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    """Range profile (mean of the halves) and burst difference (second half minus first).

    halves: float32[half, rx, sample], ADC counts. Returns two complex64[rx, range_bin], ADC counts.
    """
    _, n_rx, n = halves.shape
    profile = np.empty((n_rx, n // 2), np.complex64)
    difference = np.empty((n_rx, n // 2), np.complex64)
    for rx in range(n_rx):
        first, second = spectrum(halves[0, rx]), spectrum(halves[1, rx])
        profile[rx] = (first + second) * np.float32(0.5)
        difference[rx] = second - first
    return profile, difference
