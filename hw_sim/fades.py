"""A body whose echo fades: its scatterers nearly cancel for a second, and the phase jumps.

Rule: only amplitudes change, at keyframes of their own; the body goes on moving and breathing.

Forum threads on this chip report a sitting person's phase with spikes where the amplitude drops. What cancels is the sum of a
few strong points; here the whole body's amplitude goes through zero to so many dB below its own, with the sign turned,
and back: two nulls, each with half a turn of phase.
Left out: which points cancel; that it comes with the breath.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.scatterers import MovingSet, blend, resampled

EVERY_S: Final = (4.0, 12.0)
LENGTH_S: Final = (0.6, 2.0)

Array = NDArray[np.float64]


def fading(body: MovingSet, depth_db: float, span_s: tuple[float, float], rng: np.random.Generator) -> MovingSet:
    """The body with fades at random times inside a span."""
    times, factors = [span_s[0]], [1.0]
    while (start_s := times[-1] + rng.uniform(*EVERY_S)) + LENGTH_S[1] < span_s[1]:
        length_s = rng.uniform(*LENGTH_S)
        times += [start_s, start_s + 0.5 * length_s, start_s + length_s]
        factors += [1.0, -(10 ** (-depth_db / 20)), 1.0]
    if len(times) == 1 or body.position_m.shape[2] == 0:
        return body
    key_s = np.union1d(body.key_s, times)
    key_s = np.concatenate([key_s, [key_s[-1] + 1.0]])
    at, on, part = blend(np.array(times), key_s)
    factor = np.array(factors)[at] * (1 - part) + np.array(factors)[on] * part
    return resampled(body, key_s, key_s, factor)
