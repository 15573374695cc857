"""Scratch memory of the synthesis: one set of arrays per call, reused from frame to frame.

Rule: nothing here outlives a call, and nothing in it is read before it is written.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw_sim.scatterers import Doubles, Positions
from hw_sim.tones import MAX_SCATTERERS, STRIDE, Floats

Gains = NDArray[np.float32]


class Work(NamedTuple):
    """Scratch memory of one call. n: scatterers; end: first or last chirp, or two neighbouring chirps."""

    position_m: Positions  # [end, xyz, n]
    amplitude_m: Doubles  # [n]
    path_m: NDArray[np.float64]  # [end, rx, n]
    if_hz: Doubles  # [n]
    gain: Gains  # [chain, real or imaginary, n]: amplitude times filter, counts
    phasor: NDArray[np.float32]  # [rx, 4 rows of MAX_SCATTERERS]: Re, Im at one end, Re, Im at the other
    tone: Floats  # [n * 2 rows of STRIDE]: cosine and sine
    total: Floats  # [rx * 4 rows of STRIDE]: sums of cosines and sines, for each end
    pair: NDArray[np.float32]  # [end, rx, sample]
    first: NDArray[np.float32]  # [rx, sample]: slow scatterers and base at the first chirp
    step: NDArray[np.float32]  # [rx, sample]: their change per chirp
    row: NDArray[np.float32]  # [rx, sample]
    spare: NDArray[np.float32]  # [rx, sample]
    source: NDArray[np.int64]  # [n]: which one a copy was made of
    weight: NDArray[np.float64]  # [rx, real or imaginary, n]: what an antenna makes of a scatterer


def make_work(n_rx: int, n_samples: int, n_chains: int = 1) -> Work:
    """Scratch for frames of n_rx antennas with n_chains different IF chains and n_samples (even, at most 2 * 256)."""
    n = MAX_SCATTERERS
    return Work(
        position_m=np.zeros((2, 3, n)),
        amplitude_m=np.zeros(n),
        path_m=np.ones((2, n_rx, n)),
        if_hz=np.zeros(n),
        gain=_aligned(n_chains, 2, n),
        phasor=_aligned(n_rx, 4 * n),
        tone=_aligned(n * 2 * STRIDE),
        total=_aligned(n_rx * 4 * STRIDE),
        pair=_aligned(2, n_rx, n_samples),
        first=_aligned(n_rx, n_samples),
        step=_aligned(n_rx, n_samples),
        row=_aligned(n_rx, n_samples),
        spare=_aligned(n_rx, n_samples),
        source=np.zeros(n, np.int64),
        weight=np.zeros((n_rx, 2, n)),
    )


def _aligned(*shape: int) -> NDArray[np.float32]:
    """Zeros that start on a cache line: a vector that straddles two costs a third of the speed."""
    size = int(np.prod(shape))
    memory = np.zeros(size + 16, np.float32)
    start = -(memory.ctypes.data // 4) % 16
    return memory[start : start + size].reshape(shape)
