"""Receiver noise as a function of (seed, frame time, rx, chirp, sample): no stream, no state.

Rule: the same five numbers always give the same noise, in whatever order or block size frames are asked for.

Each row of samples has two 32-bit keys; a sample's index is mixed with both (a multiply-xorshift hash with the
constants of C. Wellons' hash prospector, public domain). The number of ones among 32 random bits is binomial
(mean 16, variance 8, excess kurtosis -2/32); a uniform number one step wide fills the gaps. Largest value 5.7
standard deviations.
Left out: the shape that the anti-alias filter gives to the noise (the real recording falls by 2 dB from
200 kHz to 1 MHz), flicker noise in the lowest bins, phase noise.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.jit import kernel, part

_M1: Final = np.uint32(0x7FEB352D)
_M2: Final = np.uint32(0x846CA68B)
_GOLDEN: Final = np.uint32(0x9E3779B9)
_ONE, _TWO, _FOUR = np.uint32(1), np.uint32(2), np.uint32(4)
_S15, _S16, _S24 = np.uint32(15), np.uint32(16), np.uint32(24)
_FIVES, _THREES = np.uint32(0x55555555), np.uint32(0x33333333)
_NIBBLES, _BYTES = np.uint32(0x0F0F0F0F), np.uint32(0x01010101)
_DITHER: Final = np.float32(1.0 / 65536.0)
_MEAN: Final = np.float32(16.0 + 0.5 - 0.5 / 65536.0)
_PER_SD: Final = np.float32(1 / math.sqrt(32 / 4 + 1 / 12))

_Q1: Final = np.uint64(0x9E3779B97F4A7C15)
_Q2: Final = np.uint64(0xBF58476D1CE4E5B9)
_Q3: Final = np.uint64(0x94D049BB133111EB)
_U27, _U30, _U31, _U32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)


@part
def mix64(x: np.uint64) -> np.uint64:
    """Finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit."""
    x = np.uint64(x + _Q1)
    x = np.uint64(np.uint64(x ^ (x >> _U30)) * _Q2)
    x = np.uint64(np.uint64(x ^ (x >> _U27)) * _Q3)
    return np.uint64(x ^ (x >> _U31))


@part
def frame_key(seed: np.uint64, tick: np.int64) -> np.uint64:
    """Key of one frame; tick is its time in 12.5 ns clocks."""
    return mix64(np.uint64(mix64(seed) ^ np.uint64(tick)))


@part
def row_key(frame: np.uint64, rx_number: int, chirp: int) -> np.uint64:
    """Key of one antenna's samples in one chirp of a frame."""
    return mix64(np.uint64(frame ^ np.uint64(rx_number * 65536 + chirp)))


@part
def _hash(index: np.uint32, key0: np.uint32, key1: np.uint32) -> np.uint32:
    x = np.uint32(np.uint32(index * _GOLDEN) + key0)
    x = np.uint32(x ^ np.uint32(x >> _S16))
    x = np.uint32(x * _M1)
    x = np.uint32(x ^ key1)
    x = np.uint32(x ^ np.uint32(x >> _S15))
    x = np.uint32(x * _M2)
    return np.uint32(x ^ np.uint32(x >> _S16))


@part
def _ones(x: np.uint32) -> np.uint32:
    """Number of one bits, in the form that LLVM turns into a vector instruction where there is one."""
    x = np.uint32(x - ((x >> _ONE) & _FIVES))
    x = np.uint32((x & _THREES) + ((x >> _TWO) & _THREES))
    x = np.uint32((x + (x >> _FOUR)) & _NIBBLES)
    return np.uint32(np.uint32(x * _BYTES) >> _S24)


@kernel
def add_noise(row: NDArray[np.float32], key0: np.uint32, key1: np.uint32, rms: np.float32) -> None:
    """Adds white Gaussian noise of the given rms to row: float32[sample]; the keys are the halves of a row key."""
    scale = rms * _PER_SD
    for i in range(row.size):
        x = _hash(np.uint32(i), key0, key1)
        dither = np.uint32(np.uint32(x * _GOLDEN) >> _S16)
        value = np.float32(np.int32(_ones(x))) + np.float32(np.int32(dither)) * _DITHER
        row[i] += (value - _MEAN) * scale


@part
def halves(key: np.uint64) -> tuple[np.uint32, np.uint32]:
    """Lower and upper 32 bits."""
    return np.uint32(key), np.uint32(key >> _U32)


@kernel
def noise_rows(
    seed: np.uint64, ticks: NDArray[np.int64], rx_number: int, chirp: int, n_samples: int
) -> NDArray[np.float32]:
    """Noise of unit rms, float32[frame, sample], for frames at the given 12.5 ns clocks."""
    rows = np.zeros((ticks.size, n_samples), np.float32)
    for k in range(ticks.size):
        key0, key1 = halves(row_key(frame_key(seed, ticks[k]), rx_number, chirp))
        add_noise(rows[k], key0, key1, np.float32(1.0))
    return rows
