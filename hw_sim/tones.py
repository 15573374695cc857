"""Cosine and sine tones in single precision, and sums of them: the arithmetic that must vectorise.

Rule: every loop here runs over samples with its rows a fixed distance apart in one array, so that the compiler can prove
that nothing overlaps. Phases are in turns; errors stay below 1e-6 of the amplitude, plus 1e-7 of the turns.
Left out: nothing physical happens here.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.jit import kernel, part

MAX_SCATTERERS: Final = 1040  # slow ones and copies of fast ones, each padded to fours; no power of two, for the cache
STRIDE: Final = 272  # at least the longest half of a chirp, 256; no power of two, for the cache

# sin and cos of a turn, |turns| <= 1/2: least squares on Chebyshev nodes, error below 1e-6.
_S0, _S1, _S2 = np.float32(6.28318279), np.float32(-41.34141939), np.float32(81.59613876)
_S3, _S4, _S5 = np.float32(-76.57968785), np.float32(41.20374363), np.float32(-12.26885994)
_C0, _C1, _C2 = np.float32(0.99999921), np.float32(-19.73898036), np.float32(64.92865742)
_C3, _C4, _C5 = np.float32(-85.27162153), np.float32(58.79049212), np.float32(-21.07110563)
_HALF: Final = np.float32(0.5)

Floats = NDArray[np.float32]  # one dimension


@part
def turn(turns: np.float32) -> tuple[np.float32, np.float32]:
    """cosine and sine of -1/2..1/2 turns."""
    q = turns * turns
    c = _C0 + q * (_C1 + q * (_C2 + q * (_C3 + q * (_C4 + q * _C5))))
    s = turns * (_S0 + q * (_S1 + q * (_S2 + q * (_S3 + q * (_S4 + q * _S5)))))
    return c, s


@kernel
def one_tone(tone: Floats, turns: np.float32, half: int) -> None:
    """cosine into tone[0:], sine into tone[STRIDE:], at 1/2, 3/2 .. sample periods of so many turns each."""
    for h in range(half):
        t = turns * (np.float32(np.int32(h)) + _HALF)
        t = t - np.floor(t + _HALF)
        c, s = turn(t)
        tone[h] = c
        tone[STRIDE + h] = s


@kernel
def sum_tile(tone: Floats, a: Floats, total: Floats, half: int) -> None:
    """Adds four scatterers to two signals; a: rows of MAX_SCATTERERS, Re and Im for the first, Re and Im for the second."""
    a0, a1, a2, a3 = a[0], a[1], a[2], a[3]
    b0, b1, b2, b3 = a[MAX_SCATTERERS], a[MAX_SCATTERERS + 1], a[MAX_SCATTERERS + 2], a[MAX_SCATTERERS + 3]
    p0, p1, p2, p3 = (
        a[2 * MAX_SCATTERERS],
        a[2 * MAX_SCATTERERS + 1],
        a[2 * MAX_SCATTERERS + 2],
        a[2 * MAX_SCATTERERS + 3],
    )
    q0, q1, q2, q3 = (
        a[3 * MAX_SCATTERERS],
        a[3 * MAX_SCATTERERS + 1],
        a[3 * MAX_SCATTERERS + 2],
        a[3 * MAX_SCATTERERS + 3],
    )
    for h in range(half):
        c0, s0 = tone[h], tone[STRIDE + h]
        c1, s1 = tone[2 * STRIDE + h], tone[3 * STRIDE + h]
        c2, s2 = tone[4 * STRIDE + h], tone[5 * STRIDE + h]
        c3, s3 = tone[6 * STRIDE + h], tone[7 * STRIDE + h]
        total[h] += (a0 * c0 + a1 * c1) + (a2 * c2 + a3 * c3)
        total[STRIDE + h] += (b0 * s0 + b1 * s1) + (b2 * s2 + b3 * s3)
        total[2 * STRIDE + h] += (p0 * c0 + p1 * c1) + (p2 * c2 + p3 * c3)
        total[3 * STRIDE + h] += (q0 * s0 + q1 * s1) + (q2 * s2 + q3 * s3)


@kernel
def unfold(total: Floats, half: int, out: Floats) -> None:
    """out[sample] from two half rows: s(+t) = even - odd, s(-t) = even + odd."""
    later, earlier = out[half:], out[:half]
    for h in range(half):
        later[h] = total[h] - total[STRIDE + h]
    for h in range(half):
        earlier[np.uintp(half - 1 - h)] = total[h] + total[STRIDE + h]  # unsigned: no check for negative indices
