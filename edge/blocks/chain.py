"""The whole chain, one frame at a time: samples in, quantised values out.

Order: half bursts, range FFT, clutter, candidate range bins and direction, motion, then, while the body
is still, phase circles, displacement, band filter and breathing rate. The blocks know nothing of each
other; this file says what follows what.
"""

import numpy as np
from numba import njit

from edge.blocks import (
    CACHE,
    band_filter,
    breathing_rate,
    candidates,
    clutter,
    direction,
    displacement,
    motion,
    phase_circle,
    report,
    resample,
)
from edge.blocks.geometry import C_M_PER_S, GEOMETRY
from edge.blocks.half_burst import half_burst
from edge.blocks.parameters import (
    BACKGROUND_S,
    CHANNEL_SHARE,
    CIRCLE_FIRST_S,
    CIRCLE_RATE_HZ,
    WATCH_FAR_M,
    ZONE_FAR_M,
    ZONE_NEAR_M,
)
from edge.blocks.range_fft import range_fft

FLAG_SATURATED, FLAG_GAP = 1, 2
GAP_US = resample.MAX_GAP_US
GROWING_FITS = 16  # a fit every second while the memory grows, every other second afterwards

STATE = np.dtype(
    [
        ("geometry", GEOMETRY),
        ("clutter", clutter.STATE),
        ("candidates", candidates.STATE),
        ("direction", direction.STATE),
        ("motion", motion.STATE),
        ("circle", phase_circle.STATE),
        ("displacement", displacement.STATE),
        ("resample", resample.STATE),
        ("band", band_filter.STATE),
        ("rate", breathing_rate.STATE),
        ("rate_at_rest", breathing_rate.STATE),  # as it was when the body came to rest
        ("frame", np.int64),
        ("remember_every", np.int32),  # frames
        ("remembered_us", np.int64),  # chip time of the newest remembered frame
        ("fits", np.int32),  # since listening began
        ("seconds", np.int32),
        ("emitted_tick", np.int64),
    ],
    align=True,
)
