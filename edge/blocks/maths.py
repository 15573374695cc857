"""Elementary functions in float32, step by step as in native/src/maths.c.

Rule: only + - * /, comparisons and the bits of a float; every constant is a float32, so that nothing is
computed in double on the way. Arguments and results: float32.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from edge.blocks import CACHE


def _f(text: str) -> np.float32:
    """float32 from its hexadecimal text."""
    return np.float32(float.fromhex(text))


ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
PI, HALF_PI, TWO_OVER_PI = np.float32(np.pi), np.float32(np.pi / 2), np.float32(2 / np.pi)
LOG2_E, LOG10_2 = np.float32(np.log2(np.e)), np.float32(np.log10(2))
# pi/2 and ln 2 in parts: n times each part but the last is exact
HALF_PI_1, HALF_PI_2, HALF_PI_3 = _f("0x1.92p+0"), _f("0x1.fb4p-12"), _f("0x1.4442d2p-24")
LN2_1, LN2_2 = _f("0x1.62e4p-1"), _f("0x1.7f7d1cp-20")
# least maximum error on the reduced interval, then rounded: see native/src/maths.c
A3, A5, A7, A9 = _f("-0x1.5554b4p-2"), _f("0x1.997530p-3"), _f("-0x1.22f64cp-3"), _f("0x1.b46a68p-4")
A11, A13, A15, A17 = _f("-0x1.349456p-4"), _f("0x1.609422p-5"), _f("-0x1.0ac7ecp-6"), _f("0x1.7c931ap-9")
S3, S5, S7 = _f("-0x1.555540p-3"), _f("0x1.110626p-7"), _f("-0x1.9903d4p-13")
C4, C6, C8 = _f("0x1.55553ap-5"), _f("-0x1.6c0776p-10"), _f("0x1.990368p-16")
E3, E4, E5, E6 = _f("0x1.5553f6p-3"), _f("0x1.555410p-5"), _f("0x1.1276bcp-7"), _f("0x1.6de296p-10")
L1, L3, L5, L7 = _f("0x1.715476p+1"), _f("0x1.ec70e6p-1"), _f("0x1.2746d6p-1"), _f("0x1.ba26dcp-2")
LARGEST_ANGLE = np.float32(8192)
EXP_LOW, EXP_HIGH = np.float32(-87), np.float32(88)
SMALLEST, LOG2_SMALLEST = _f("0x1p-126"), np.float32(-126)
HALF_ROOT_BITS = 0x3F3504F3  # bits of sqrt(1/2)


@njit(cache=CACHE)
def clamp(x: np.float32, lo: np.float32, hi: np.float32) -> np.float32:
    """x within lo..hi; NaN gives lo."""
    if not x > lo:
        return lo
    return x if x < hi else hi


@njit(cache=CACHE)
def to_i32(x: float, lo: int, hi: int) -> int:
    """Nearest integer, halves away from zero, clamped to lo..hi; NaN gives lo."""
    if not x > np.float32(lo):
        return lo
    if x >= np.float32(hi):
        return hi
    return int(x - HALF) if x < ZERO else int(x + HALF)


@njit(cache=CACHE)
def atan2f(y: np.float32, x: np.float32) -> np.float32:
    """Angle of (x, y), rad, -pi..pi, error < 4e-7; (0, 0) gives 0."""
    ay, ax = abs(y), abs(x)
    large, small = max(ax, ay), min(ax, ay)
    if not large > ZERO:
        return ZERO
    q = small / large
    s = q * q
    p = ((((((A17 * s + A15) * s + A13) * s + A11) * s + A9) * s + A7) * s + A5) * s + A3
    angle = q + q * (s * p)
    if ay > ax:
        angle = HALF_PI - angle
    if x < ZERO:
        angle = PI - angle
    return -angle if y < ZERO else angle


@njit(cache=CACHE)
def _round(t: np.float32) -> int:
    return int(t - HALF) if t < ZERO else int(t + HALF)


@njit(cache=CACHE)
def _sine(x: np.float32, quarter: int) -> np.float32:
    """sin(x + quarter * pi / 2), x clamped to +-8192 rad."""
    x = clamp(x, -LARGEST_ANGLE, LARGEST_ANGLE)
    n = _round(x * TWO_OVER_PI)
    f = np.float32(n)
    r = ((x - f * HALF_PI_1) - f * HALF_PI_2) - f * HALF_PI_3
    s = r * r
    n += quarter
    if n & 1 == 0:
        p = r + r * (s * ((S7 * s + S5) * s + S3))
    else:
        p = (ONE - HALF * s) + (s * s) * ((C8 * s + C6) * s + C4)
    return -p if n & 2 else p


@njit(cache=CACHE)
def sinf(x: np.float32) -> np.float32:
    """Sine, |x| <= 8192 rad, error < 2e-7."""
    return _sine(x, 0)


@njit(cache=CACHE)
def cosf(x: np.float32) -> np.float32:
    """Cosine, |x| <= 8192 rad, error < 2e-7."""
    return _sine(x, 1)


@njit(cache=CACHE)
def expf(x: np.float32) -> np.float32:
    """Exponential, x clamped to -87..88, relative error < 2e-7."""
    c = EXP_LOW if not x > EXP_LOW else min(x, EXP_HIGH)
    n = _round(c * LOG2_E)
    f = np.float32(n)
    r = (c - f * LN2_1) - f * LN2_2
    p = (((E6 * r + E5) * r + E4) * r + E3) * r + HALF
    power = np.int32((n + 127) << 23).view(np.float32)
    return ((r + (r * r) * p) + ONE) * power


@njit(cache=CACHE)
def logisticf(x: np.float32) -> np.float32:
    """1 / (1 + exp(-x)), relative error < 4e-7."""
    e = expf(-abs(x))
    return (e if x < ZERO else ONE) / (ONE + e)


@njit(cache=CACHE)
def log2f(x: np.float32) -> np.float32:
    """Logarithm to base 2, error < 2e-7 + 1e-7 |result|; below 2^-126: -126."""
    if not x >= SMALLEST:
        return LOG2_SMALLEST
    bits = np.int64(np.float32(x).view(np.int32))
    e = (bits - HALF_ROOT_BITS) >> 23  # mantissa in sqrt(1/2)..sqrt(2)
    m = np.int32(bits - (e << 23)).view(np.float32)
    q = (m - ONE) / (m + ONE)
    s = q * q
    return np.float32(e) + (q * L1 + q * (s * ((L7 * s + L5) * s + L3)))


@njit(cache=CACHE)
def log10f(x: np.float32) -> np.float32:
    """Logarithm to base 10, error < 1e-7 + 2e-7 |result|; below 2^-126: -37.93."""
    return log2f(x) * LOG10_2
