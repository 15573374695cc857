"""Sample check: what the raw samples of a frame say about the radar itself.

Pairs of chirps (0 and 1, 2 and 3, ...) see the same scene: sums of their absolute differences are noise, and a jump is a
difference above JUMP_COUNTS + JUMP_NOISE times its mean. Per antenna the mean off the ADC's middle, and the power
P = sum |X|^2 of the range bins 1..3 right in front, against what is usual there, W, and the change
sum |X - W|^2. A range bin whose burst difference keeps its size is no body. Conditions count by their share of the
frames, s += a (c - s); the first three at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE
from edge.blocks.maths import log2f
from edge.blocks.parameters import (
    BURST_SHARE,
    CHECK_RARE,
    CHECK_SHARE,
    CHECK_SMOOTH_S,
    DEAD_SHARE,
    FIRST_SHARE,
    JUMP_COUNTS,
    JUMP_NOISE,
    LINE_SECONDS,
    LINE_SNR,
    LINE_STEADY,
    MISMATCH_CHANGE,
    MISMATCH_OTHERS,
    NEAR_COUNTS,
    NEAR_KNOWN_S,
    NEAR_LEARN_S,
    NEAR_MORE,
    NEAR_NONE,
    OFFSET_COUNTS,
    SHIFT_OCTAVES,
)

NAMES = (
    "BUS_BITS", "FRAME_REPEATED", "INTERFERENCE", "FIRST_CHIRP", "ANTENNA_DEAD", "ADC_OFFSET", "LEAKAGE", "RAMP",
    "ANTENNA_MISMATCH", "FIFO_SHIFTED", "SUPPLY_RIPPLE",
)  # fmt: skip
BITS, REPEATED, INTERFERENCE, FIRST, DEAD, OFFSET, LEAKAGE, RAMP, MISMATCH, SHIFTED, RIPPLE = range(11)
DISTURBING = np.array([(SHIFTED, 46), (RAMP, 60), (RIPPLE, 63), (BITS, 28), (INTERFERENCE, 62)])  # check, reason
MISLEADING = np.array([(SHIFTED, 46), (RAMP, 60), (DEAD, 55), (MISMATCH, 56)])
NEAR, MAX_RX = 3, 3
MIDDLE, PRINTED, PRINT_FACTOR = 2048.0, 64, 2654435761
WORD = 0xFFFFFFFF

STATE = np.dtype(
    [
        ("frame_s", np.float32),
        ("alpha", np.float32),
        ("clipped", np.int32),
        ("print", np.int64),  # of the last frame; 0 none
        ("share", np.float32, (len(NAMES),)),
        ("mean", np.float32, (MAX_RX,)),  # counts off the middle
        ("near", np.complex64, (MAX_RX, NEAR)),  # usual, counts
        ("learnt", np.int32),  # frames in it
        ("line_bin", np.int32),
        ("line_n", np.int32),
        ("line_sum", np.float32),
        ("line_square", np.float32),
        ("line_seconds", np.int32),
        ("turned", np.int32),  # a ripple of the supply was just noticed, or is just over
        ("noticed", np.int32),  # 1 << check
        ("disturbed", np.int32),  # reason why breathing cannot be believed; 0
        ("astray", np.int32),  # reason why the direction cannot be; 0
    ],
    align=True,
)


@njit(cache=CACHE)
def init(state: Any, frame_s: float) -> None:
    """Nothing is known."""
    state.frame_s = frame_s
    state.alpha = min(np.float32(frame_s) / np.float32(CHECK_SMOOTH_S), np.float32(1))
    state.print, state.learnt, state.noticed, state.disturbed, state.astray = 0, 0, 0, 0, 0
    state.turned = 0
    state.share[:], state.mean[:], state.near[:] = 0, 0, 0
    state.line_bin, state.line_n, state.line_sum, state.line_square, state.line_seconds = 0, 0, 0, 0, 0


@njit(cache=CACHE)
def tell(state: Any, check: int, holds: bool) -> None:
    """A condition of this frame."""
    state.share[check] += state.alpha * (np.float32(1 if holds else 0) - state.share[check])


@njit(cache=CACHE)
def count_jumps(difference: NDArray[np.int64], limit: int) -> tuple[int, int]:
    """Jumps alone, and those whose neighbour in time jumps a quarter as far. difference: int[sample, rx], absolute."""
    alone, together = 0, 0
    n, n_rx = difference.shape
    for i in range(n):
        for rx in range(n_rx):
            if difference[i, rx] > limit:
                before = i > 0 and difference[i - 1, rx] > limit // 4
                behind = i + 1 < n and difference[i + 1, rx] > limit // 4
                together += 1 if before or behind else 0
                alone += 0 if before or behind else 1
    return alone, together


@njit(cache=CACHE)
def samples(state: Any, frame: NDArray[np.uint16], clipped: bool) -> None:
    """Look at the samples: uint16[chirp, sample, rx]. clipped: one stands at the end of its range."""
    pairs, row = frame.shape[0] // 2, frame.shape[1] * frame.shape[2]
    sums = np.zeros(pairs, np.int64)
    differences = np.zeros((pairs, frame.shape[1], frame.shape[2]), np.int64)
    printed = 0
    for p in range(pairs):
        for i in range(frame.shape[1]):
            for rx in range(frame.shape[2]):
                d = abs(np.int64(frame[2 * p, i, rx]) - np.int64(frame[2 * p + 1, i, rx]))
                differences[p, i, rx] = d
                sums[p] += d
        printed = ((printed ^ int(sums[p])) * PRINT_FACTOR) & WORD
    flat = frame.reshape(-1)
    for i in range(PRINTED):
        printed = ((printed ^ int(flat[i])) * PRINT_FACTOR) & WORD
    least, total = sums.min(), sums.sum()
    limit = int(JUMP_COUNTS) + int(JUMP_NOISE) * (least // row + 1)
    alone, together, louder = 0, 0, 0
    for p in range(pairs):
        if p > 0 or pairs == 1:
            a, t = count_jumps(differences[p], limit)
            alone += a
            together += t
        if p > 0 and np.float32(sums[p]) > np.float32(BURST_SHARE) * np.float32(least):
            louder += 1
    others = (total - sums[0]) // (pairs - 1 if pairs > 1 else 1)
    repeated = total > row and printed != 0 and printed == state.print
    bits = not clipped and 2 * alone > together
    burst = pairs > 1 and (together > 0 or (louder > 0 and alone == 0)) and not bits and not clipped
    state.clipped = clipped
    state.print = printed
    state.noticed = (1 << REPEATED if repeated else 0) | (1 << BITS if bits else 0)
    state.noticed |= 1 << INTERFERENCE if burst else 0
    tell(state, REPEATED, repeated)
    tell(state, BITS, bits)
    tell(state, INTERFERENCE, burst)
    first = (
        pairs > 1 and not clipped and np.float32(sums[0]) > np.float32(FIRST_SHARE) * np.float32(others) and total > row
    )
    tell(state, FIRST, bool(first))


@njit(cache=CACHE)
def means(state: Any, halves: NDArray[np.float32]) -> None:
    """Look at the half bursts: float32[half, rx, sample], counts."""
    for rx in range(halves.shape[1]):
        state.mean[rx] = np.float32(halves[:, rx, :].astype(np.float64).mean() - MIDDLE)


@njit(cache=CACHE)
def apart(power: NDArray[np.float32], was: NDArray[np.float32], by: int) -> float:
    """Octaves between the antennas and what the one `by` on usually has."""
    n, total = power.size, 0.0
    for rx in range(n):
        ratio = (power[rx] + np.float32(1e-6)) / (was[(rx + by) % n] + np.float32(1e-6))
        total += float(abs(log2f(ratio)))
    return total


@njit(cache=CACHE)
def one_changed(change: NDArray[np.float32], was: NDArray[np.float32]) -> bool:
    """One antenna has changed, and the others have not, neither by its measure nor by their own."""
    most = 0
    for rx in range(1, was.size):
        most = rx if change[rx] * was[most] > change[most] * was[rx] else most
    alone = was.size > 1 and change[most] > np.float32(MISMATCH_CHANGE) * was[most]
    for rx in range(was.size):
        like_it = change[rx] >= np.float32(MISMATCH_OTHERS) * change[most]
        if rx != most and (like_it or change[rx] >= np.float32(MISMATCH_OTHERS) * was[rx]):
            alone = False
    return bool(alone)


@njit(cache=CACHE)
def profiles(state: Any, profile: NDArray[np.complex64], difference: NDArray[np.complex64]) -> None:
    """Look right in front: complex64[rx, range_bin] both, counts, before any correction."""
    n_rx, n_bins = profile.shape
    power, was, change = np.zeros(n_rx, np.float32), np.zeros(n_rx, np.float32), np.zeros(n_rx, np.float32)
    noise = np.zeros(n_rx, np.float32)
    for rx in range(n_rx):
        now, usual = profile[rx, 1 : 1 + NEAR], state.near[rx]
        power[rx], was[rx] = (np.abs(now) ** 2).sum(), (np.abs(usual) ** 2).sum()
        change[rx] = (np.abs(now - usual) ** 2).sum()
        noise[rx] = (np.abs(difference[rx, n_bins - n_bins // 4 :]) ** 2).mean() / 4
    known = np.float32(state.learnt) * state.frame_s >= NEAR_KNOWN_S
    strongest = power.max()
    dead = (power < DEAD_SHARE * strongest).sum()
    off = (np.abs(state.mean[:n_rx]) > OFFSET_COUNTS + np.sqrt(power)).any()
    most = (power > NEAR_COUNTS**2).any()
    more = (power > NEAR_MORE * was).sum() if known else 0
    none = ((noise > 0) & (power < NEAR_NONE * noise)).sum()
    shifted = False
    if known and n_rx == MAX_RX:
        as_it_was = apart(power, was, 0)
        least = min(apart(power, was, 1), apart(power, was, 2))
        shifted = as_it_was > SHIFT_OCTAVES and least < 0.25 * as_it_was
    others_well = dead == 0 and not most and none == 0 and not shifted and not state.clipped
    mismatch = known and others_well and one_changed(change, was)
    tell(state, MISMATCH, mismatch)
    tell(state, DEAD, 0 < dead < n_rx and none < n_rx and not shifted)
    tell(state, OFFSET, bool(off and not state.clipped))
    tell(state, LEAKAGE, bool(not state.clipped and not shifted and (most or more > 1 or (more > 0 and n_rx == 1))))
    tell(state, RAMP, not shifted and none == n_rx)
    tell(state, SHIFTED, shifted)
    if not state.clipped and not shifted and dead == 0 and not most and more == 0 and none < n_rx and not mismatch:
        share, slow = np.float32(1) / np.float32(state.learnt + 1), state.frame_s / np.float32(NEAR_LEARN_S)
        state.learnt += 1 if share > slow else 0
        for rx in range(n_rx):
            for k in range(NEAR):
                state.near[rx, k] += max(share, slow) * (profile[rx, 1 + k] - state.near[rx, k])


@njit(cache=CACHE)
def line(state: Any, geometry: Any, z: NDArray[np.complex64], noise: float) -> None:
    """Look at the burst difference, complex64[rx, range_bin], counts; sum up. noise: power of a bin, counts^2."""
    rippled = state.line_seconds >= LINE_SECONDS
    most, strongest = np.float32(0), 0
    for k in range(geometry.watch_first, geometry.watch_last + 1):
        power = np.float32(0)
        for rx in range(z.shape[0]):
            power += z[rx, k].real * z[rx, k].real + z[rx, k].imag * z[rx, k].imag
        if power > most:
            most, strongest = power, k
    if state.line_n > 0 and strongest != state.line_bin:
        state.line_n, state.line_sum, state.line_square, state.line_seconds = 0, 0, 0, 0
    state.line_bin = strongest
    state.line_n += 1
    state.line_sum += most
    state.line_square += most * most
    if state.line_n >= geometry.frames_per_second:
        mean = state.line_sum / np.float32(state.line_n)
        variance = state.line_square / np.float32(state.line_n) - mean * mean
        keeps = mean > LINE_SNR * noise and variance < LINE_STEADY * mean * mean
        state.line_seconds = state.line_seconds + 1 if keeps else 0
        state.line_n, state.line_sum, state.line_square = 0, 0, 0
    for check in range(FIRST, RIPPLE):
        if state.share[check] > CHECK_SHARE:
            state.noticed |= 1 << check
    if state.line_seconds >= LINE_SECONDS:
        state.noticed |= 1 << RIPPLE
    present = state.noticed
    for check in (BITS, REPEATED, INTERFERENCE):
        present &= ~(1 << check)
        present |= 1 << check if state.share[check] >= CHECK_RARE else 0
    state.disturbed, state.astray = first_of(present, DISTURBING), first_of(present, MISLEADING)
    state.turned = (state.line_seconds >= LINE_SECONDS) != rippled


@njit(cache=CACHE)
def first_of(present: int, rows: NDArray[np.int64]) -> int:
    """Reason of the first of these checks that is present; 0 none."""
    for i in range(rows.shape[0]):
        if present >> rows[i, 0] & 1:
            return int(rows[i, 1])
    return 0
