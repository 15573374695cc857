"""Half-burst means: the chirps of a frame averaged in two halves, per antenna.

Their sum is the frame's chirp mean, their difference the motion within the burst.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE

HIGHEST = 4095  # 12-bit converter


@njit(cache=CACHE)
def half_burst(samples: NDArray[np.uint16]) -> tuple[NDArray[np.float32], int]:
    """Means of the first and of the second half of the chirps, and how many samples stood at an end.

    samples: uint16[chirp, sample, rx], ADC counts 0..4095, an even number of chirps.
    Returns float32[half, rx, sample] in ADC counts, and the count of samples at 0 or 4095.
    """
    n_chirps, n_samples, n_rx = samples.shape
    half = n_chirps // 2
    total = np.zeros((2, n_rx, n_samples), np.int64)
    clipped = 0
    for chirp in range(n_chirps):
        for sample in range(n_samples):
            for rx in range(n_rx):
                x = samples[chirp, sample, rx]
                total[chirp // half, rx, sample] += x
                clipped += x == 0 or x == HIGHEST
    return (total / half).astype(np.float32), clipped
