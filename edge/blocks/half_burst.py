"""Half-burst means: the chirps of a frame averaged in two halves, per antenna.

Their sum is the frame's chirp mean, their difference the motion within the burst.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE


@njit(cache=CACHE)
def half_burst(samples: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Means of the first and of the second half of the chirps.

    samples: uint16[chirp, sample, rx], ADC counts 0..4095, an even number of chirps.
    Returns float32[half, rx, sample] in ADC counts.
    """
    n_chirps, n_samples, n_rx = samples.shape
    half = n_chirps // 2
    total = np.zeros((2, n_rx, n_samples), np.int64)
    for chirp in range(n_chirps):
        for sample in range(n_samples):
            for rx in range(n_rx):
                total[chirp // half, rx, sample] += samples[chirp, sample, rx]
    means: NDArray[np.float32] = (total / half).astype(np.float32)
    return means
