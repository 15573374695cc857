"""Candidate range bins: where in the detection zone something moves coherently from frame to frame.

Thermal noise is white in time and breathing is not, so the product of one frame with the one before
keeps breathing and loses noise: no absolute threshold is needed. The noise itself is read off the
burst difference, in which slow motion cancels. Powers are summed over whole seconds and the last
WINDOW_SECONDS of them decide, so that a person who left is forgotten completely.

A strong reflector outside the user's place leaks through the window's side lobes; what the Hann window may
leak is subtracted before a range bin can become a candidate. A body whose summit lies outside reaches into
the place with its slope: bins from the edge on, as long as they rise outwards, are not taken for a body.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE
from edge.blocks.geometry import WATCH_BINS
from edge.blocks.parameters import BODY_HALF_M, KEEP_BODY, LEAKAGE, WINDOW_SECONDS

SECONDS = int(WINDOW_SECONDS)

STATE = np.dtype(
    [
        ("previous", np.complex64, (3, WATCH_BINS)),
        ("coherent", np.float32, (SECONDS, WATCH_BINS)),
        ("power", np.float32, (SECONDS, WATCH_BINS)),
        ("burst", np.float32, (SECONDS, WATCH_BINS)),
        ("slot", np.int32),
        ("frames", np.int32),  # in the running second
        ("seconds", np.int32),  # complete ones in memory, up to SECONDS
        ("started", np.int32),
        ("body_bin", np.int32),  # -1: none
        ("first_bin", np.int32),  # of the body, inclusive
        ("last_bin", np.int32),
        ("snr", np.float32),  # coherent power of the body over the noise of one frame, ratio
        ("coherence", np.float32),  # coherent over total power, -1..1
        ("noise", np.float32),  # noise power of one frame and range bin, all antennas together
        ("distance_m", np.float32),
        ("excess", np.float32, (WATCH_BINS,)),  # coherent power less leakage, summed over the window
    ],
    align=True,
)


@njit(cache=CACHE)
def init(state: Any) -> None:
    """Forget everything."""
    state.started = 0
    state.frames = 0
    state.seconds = 0
    state.slot = 0
    state.body_bin = -1
    state.first_bin = 0
    state.last_bin = -1
    state.snr = 0.0
    state.coherence = 0.0
    state.noise = 0.0
    state.distance_m = 0.0
    clear_second(state)


@njit(cache=CACHE)
def clear_second(state: Any) -> None:
    """Empty the sums of the running second."""
    coherent, power, burst = state.coherent, state.power, state.burst
    for k in range(WATCH_BINS):
        coherent[state.slot, k] = 0.0
        power[state.slot, k] = 0.0
        burst[state.slot, k] = 0.0
    state.frames = 0


@njit(cache=CACHE)
def step(state: Any, geometry: Any, moving: NDArray[np.complex64], difference: NDArray[np.complex64]) -> bool:
    """Add one frame; return True when a second is complete: then choose.

    moving: complex64[rx, range_bin], profile less background, ADC counts.
    difference: complex64[rx, range_bin], second half burst less first, ADC counts.
    """
    previous = state.previous
    coherent, power, burst = state.coherent, state.power, state.burst
    slot = state.slot
    for rx in range(geometry.n_rx):
        for k in range(geometry.watch_first, geometry.watch_last + 1):
            z, p, d = moving[rx, k], previous[rx, k], difference[rx, k]
            if state.started:
                coherent[slot, k] += z.real * p.real + z.imag * p.imag
            power[slot, k] += z.real * z.real + z.imag * z.imag
            burst[slot, k] += d.real * d.real + d.imag * d.imag
            previous[rx, k] = z
    state.started = 1
    state.frames += 1
    return bool(state.frames >= geometry.frames_per_second)


@njit(cache=CACHE)
def window_sum(state: Any, table: NDArray[np.float32], k: int) -> float:
    """Return the sum over the complete seconds of table[second, k]."""
    total = 0.0
    for second in range(state.seconds):
        total += table[(state.slot - second) % SECONDS, k]
    return total


@njit(cache=CACHE)
def hann_leakage(bins: float) -> float:
    """Return the power side lobe envelope of the Hann window `bins` away (>= 2); Harris 1978, eq. 27."""
    envelope = 1.0 / (math.pi * bins * (bins * bins - 1.0))
    return envelope * envelope


@njit(cache=CACHE)
def leak(sums: NDArray[np.float64], k: int, first: int, last: int) -> float:
    """Return what the strongest of the bins first..last may leak into bin k; 0 when there is none."""
    strongest, power = -1, 0.0
    for s in range(first, last + 1):
        if sums[s] > power:
            strongest, power = s, sums[s]
    apart = abs(strongest - k)
    return LEAKAGE * power * hann_leakage(float(apart)) if strongest >= 0 and apart >= 2 else 0.0


@njit(cache=CACHE)
def find_excess(state: Any, geometry: Any) -> float:
    """Sum the window; take leakage, and slopes of bodies whose summit lies outside the place, off the coherent power.

    Returns the noise of one range bin over the window, ADC counts^2.
    """
    low, high = geometry.watch_first, geometry.watch_last
    sums = np.zeros(WATCH_BINS)
    noises = np.zeros(high + 1 - low)
    for k in range(low, high + 1):
        sums[k] = window_sum(state, state.coherent, k)
        noises[k - low] = window_sum(state, state.burst, k) / 4.0
    take_off(state, geometry, sums)
    return float(max(np.sort(noises)[(high + 1 - low) // 2], 1e-12))


@njit(cache=CACHE)
def take_off(state: Any, geometry: Any, sums: NDArray[np.float64]) -> None:
    """Take leakage, and slopes of bodies whose summit lies outside the place, off the coherent power."""
    first, last = geometry.bin_first, geometry.bin_last
    excess = state.excess
    for k in range(first, last + 1):
        far = leak(sums, k, last + 1, geometry.watch_last)
        near = leak(sums, k, geometry.watch_first, first - 1)
        excess[k] = max(max(sums[k], 0.0) - far - near, 0.0)
    k = last
    while first <= k < geometry.watch_last and sums[k] < sums[k + 1]:
        excess[k] = 0.0
        k -= 1
    k = first
    while last >= k > geometry.watch_first and sums[k] < sums[k - 1]:
        excess[k] = 0.0
        k += 1


@njit(cache=CACHE)
def choose(state: Any, geometry: Any, wandering: NDArray[np.float32]) -> None:
    """Close the second and pick the body: strongest excess in the place, kept while it stays strong.

    wandering: float32[range_bin], coherent power of this second that proves nobody, ADC counts^2.
    """
    first, last = geometry.bin_first, geometry.bin_last
    close_second(state, geometry, wandering)
    noise = find_excess(state, geometry)
    excess = state.excess
    best, best_score = -1, 0.0
    for k in range(first, last + 1):
        score = score_of(excess, k, first, last)
        if score > best_score:
            best, best_score = k, score
    body = state.body_bin
    if body < 0 or score_of(excess, body, first, last) < KEEP_BODY * best_score:
        state.body_bin = best
    measure(state, geometry, noise)
    state.slot = (state.slot + 1) % SECONDS
    clear_second(state)


@njit(cache=CACHE)
def close_second(state: Any, geometry: Any, wandering: NDArray[np.float32]) -> None:
    """Take what proves nobody off the second's coherent power."""
    coherent = state.coherent[state.slot]
    for k in range(geometry.watch_first, geometry.watch_last + 1):
        if coherent[k] > 0:
            coherent[k] = max(coherent[k] - wandering[k], np.float32(0))
    state.seconds = min(state.seconds + 1, SECONDS)


@njit(cache=CACHE)
def score_of(excess: NDArray[np.float32], k: int, first: int, last: int) -> float:
    """Return the excess around range bin k, neighbours at half weight."""
    score = float(excess[k])
    if k > first:
        score += 0.5 * excess[k - 1]
    if k < last:
        score += 0.5 * excess[k + 1]
    return score


@njit(cache=CACHE)
def measure(state: Any, geometry: Any, noise: float) -> None:
    """Measure the chosen body: its bins, signal-to-noise ratio, coherence and distance."""
    frames = state.seconds * geometry.frames_per_second
    state.noise = noise / frames
    body = state.body_bin
    if body < 0:
        state.snr, state.coherence, state.distance_m = 0.0, 0.0, 0.0
        state.first_bin, state.last_bin = 0, -1
        return
    half = max(1, int(BODY_HALF_M / geometry.bin_m + 0.5))
    state.first_bin = max(geometry.bin_first, body - half)
    state.last_bin = min(geometry.bin_last, body + half)
    power = window_sum(state, state.power, body)
    state.snr = state.excess[body] / noise
    state.coherence = state.excess[body] / max(power, 1e-12)
    total, weighted = 0.0, 0.0
    for k in range(state.first_bin, state.last_bin + 1):
        total += state.excess[k]
        weighted += state.excess[k] * k
    state.distance_m = geometry.bin_m * weighted / max(total, 1e-12)
