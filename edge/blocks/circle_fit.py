"""Circle fits: circles to a phase, a phase to circles, and what they leave over.

Least squares over all channels of a phase circle at once (edge/blocks/phase_circle.py). Everywhere
s: complex128[sample, channel], ADC counts, mean removed; phase: float64[sample], rad; radius and
centre: complex128[channel], ADC counts, of the model s = centre + radius exp(j phase).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]


@njit(cache=CACHE)
def variance(x: Real) -> float:
    """Return the variance of a real sequence."""
    n = len(x)
    mean = 0.0
    for t in range(n):
        mean += x[t]
    mean /= n
    total = 0.0
    for t in range(n):
        total += (x[t] - mean) ** 2
    return total / n


@njit(cache=CACHE)
def scale_error(s: Complex, phase: Real) -> float:
    """Return e of s = c + a exp(j phase (1 + e)), least squares over all channels, first order."""
    n, m = s.shape
    mean = 0.0
    for t in range(n):
        mean += phase[t]
    mean /= n
    e_mean, b_mean = 0j, 0j
    e = np.zeros(n, np.complex128)
    b = np.zeros(n, np.complex128)
    for t in range(n):
        phase[t] -= mean
        e[t] = complex(math.cos(phase[t]), math.sin(phase[t]))
        b[t] = 1j * phase[t] * e[t]
        e_mean += e[t]
        b_mean += b[t]
    e_mean, b_mean = e_mean / n, b_mean / n
    ee, eb = 1e-12, 0j
    for t in range(n):
        e[t] -= e_mean
        b[t] -= b_mean
        ee += e[t].real ** 2 + e[t].imag ** 2
        eb += e[t].conjugate() * b[t]
    vv = 1e-3 * n
    for t in range(n):
        b[t] -= e[t] * (eb / ee)
        vv += b[t].real ** 2 + b[t].imag ** 2
    numerator, denominator = 0.0, 1e-30
    for i in range(m):
        along, across = 0j, 0j
        for t in range(n):
            along += e[t].conjugate() * s[t, i]
            across += b[t].conjugate() * s[t, i]
        slope = across / vv
        a = (along - slope * eb) / ee
        numerator += slope.real * a.real + slope.imag * a.imag
        denominator += a.real * a.real + a.imag * a.imag
    return numerator / denominator


@njit(cache=CACHE)
def solve(s: Complex, phase: Real, radius: Complex, centre: Complex) -> None:
    """Fit radius and centre of every channel to a given phase by least squares."""
    n, m = s.shape
    e = np.zeros(n, np.complex128)
    e_mean = 0j
    for t in range(n):
        e[t] = complex(math.cos(phase[t]), math.sin(phase[t]))
        e_mean += e[t]
    e_mean /= n
    ee = 1e-12
    for t in range(n):
        e[t] -= e_mean
        ee += e[t].real ** 2 + e[t].imag ** 2
    for i in range(m):
        along = 0j
        for t in range(n):
            along += e[t].conjugate() * s[t, i]
        radius[i] = along / ee
        centre[i] = -radius[i] * e_mean


@njit(cache=CACHE)
def residual(s: Complex, phase: Real, total: float) -> float:
    """Return the share of the channels' power that circles with this phase leave unexplained."""
    n, m = s.shape
    radius = np.zeros(m, np.complex128)
    centre = np.zeros(m, np.complex128)
    solve(s, phase, radius, centre)
    left = 0.0
    for t in range(n):
        e = complex(math.cos(phase[t]), math.sin(phase[t]))
        for i in range(m):
            r = s[t, i] - centre[i] - radius[i] * e
            left += r.real**2 + r.imag**2
    return left / total


@njit(cache=CACHE)
def roundness(s: Complex, centre: Complex, radius: Complex, total: float) -> float:
    """Write the radii of circles with these centres; return the share of power off them."""
    n, m = s.shape
    off = 0.0
    for i in range(m):
        mean, square = 0.0, 0.0
        for t in range(n):
            r = abs(s[t, i] - centre[i])
            mean += r
            square += r * r
        mean /= n
        radius[i] = mean
        off += square - n * mean * mean
    return off / total


@njit(cache=CACHE)
def add_steps(s: Complex, centre: Complex, phase: Real) -> None:
    """Write the phase that adds up the common step of all channels around their centres."""
    n, m = s.shape
    phase[0] = 0.0
    for t in range(1, n):
        step = 0j
        for i in range(m):
            step += (s[t, i] - centre[i]) * (s[t - 1, i] - centre[i]).conjugate()
        phase[t] = phase[t - 1] + math.atan2(step.imag, step.real)


@njit(cache=CACHE)
def read_phase(s: Complex, radius: Complex, centre: Complex, phase: Real) -> None:
    """Write the unwrapped phase that all channels together show on their circles."""
    n, m = s.shape
    last = 0.0
    for t in range(n):
        y = 0j
        for i in range(m):
            y += radius[i].conjugate() * (s[t, i] - centre[i])
        angle = math.atan2(y.imag, y.real)
        if t > 0:
            turns = math.floor((angle - last) / (2.0 * math.pi) + 0.5)
            angle -= 2.0 * math.pi * turns
        phase[t] = angle
        last = angle
