"""Phase circle: the centre and radius on which every listened channel turns with the same phase.

A channel is one range bin on one antenna. While the body is still, channel i follows
s_i(t) = c_i + a_i exp(j phi(t)): one common phase, a centre c_i (everything that does not breathe)
and a radius a_i each. Arcs of a sleeper are often far below 1 rad, where fitting a circle to one
channel fails; so the *common* phase is fitted to all channels at once:

* small arcs: the first principal component x(t) of all channels is the phase up to a scale, and the
  curvature of every channel along it gives that scale: s = c + g x + h x^2 with g = j a k and
  h = -a k^2 / 2, hence k = 2 Im(sum h g*) / sum |g|^2;
* large arcs: algebraic circle fits (Kasa, least squares on |s|^2, noise taken off the moments) give
  phase steps, added up;
* then, in both cases, a few Gauss-Newton steps of the scale on s = c + a exp(j phi (1 + e)).

The candidate that leaves the smaller residual wins. Everything is forgotten when the body moves.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import CACHE
from edge.blocks.circle_fit import (
    Complex,
    Real,
    add_steps,
    read_phase,
    residual,
    roundness,
    scale_error,
    solve,
    variance,
)
from edge.blocks.parameters import (
    CIRCLE_ARC_RAD,
    CIRCLE_BETTER,
    CIRCLE_DOUBT,
    CIRCLE_FAILED,
    CIRCLE_FLOOR_RAD,
    CIRCLE_WIDE_RAD,
)

CHANNELS = 12
SAMPLES = 160  # 16 s at CIRCLE_RATE_HZ
POWER_STEPS = 6
SCALE_STEPS = 3

STATE = np.dtype(
    [
        ("bin", np.int32, (CHANNELS,)),
        ("rx", np.int32, (CHANNELS,)),
        ("channels", np.int32),
        ("memory", np.complex64, (SAMPLES, CHANNELS)),
        ("head", np.int32),  # next to write
        ("samples", np.int32),
        ("phase", np.float32, (SAMPLES,)),  # of the memory at the last fit, oldest first, rad
        ("centre", np.complex64, (CHANNELS,)),
        ("radius", np.complex64, (CHANNELS,)),
        ("fitted", np.int32),
        ("radius_power", np.float32),  # sum of |radius|^2
        ("arc_rad", np.float32),  # rms of the fitted phase
        ("residual", np.float32),  # unexplained share of the channels' power, 0..1
        ("curvature", np.float32),  # running numerator and denominator of the small-arc scale
        ("slope", np.float32),
    ],
    align=True,
)


@njit(cache=CACHE)
def init(state: Any) -> None:
    """Forget channels, memory and fit."""
    state.channels = 0
    state.head = 0
    state.samples = 0
    state.fitted = 0
    state.radius_power = 0.0
    state.arc_rad = 0.0
    state.residual = 1.0
    state.curvature = 0.0
    state.slope = 0.0


@njit(cache=CACHE)
def listen(state: Any, geometry: Any, excess: NDArray[np.float32], first_bin: int, last_bin: int, share: float) -> None:
    """Start over on the strongest bins of first_bin..last_bin with at least `share` of the strongest.

    excess: float32[range_bin], coherent power, any unit. All antennas of a bin are listened to.
    """
    init(state)
    strongest = 0.0
    for k in range(first_bin, last_bin + 1):
        strongest = max(strongest, excess[k])
    wanted = CHANNELS // geometry.n_rx
    taken = 0
    ceiling = np.inf
    while taken < wanted:
        best, best_power = -1, 0.0
        for k in range(first_bin, last_bin + 1):
            if best_power < excess[k] < ceiling:
                best, best_power = k, excess[k]
        if best < 0 or best_power < share * strongest:
            break
        ceiling = best_power
        for rx in range(geometry.n_rx):
            state.bin[state.channels] = best
            state.rx[state.channels] = rx
            state.channels += 1
        taken += 1


@njit(cache=CACHE)
def remember(state: Any, profile: NDArray[np.complex64]) -> None:
    """Keep one sample of every channel. profile: complex64[rx, range_bin], with its background."""
    for i in range(state.channels):
        state.memory[state.head, i] = profile[state.rx[i], state.bin[i]]
    state.head = (state.head + 1) % SAMPLES
    state.samples = min(state.samples + 1, SAMPLES)


@njit(cache=CACHE)
def fit(state: Any, noise: float) -> None:
    """Fit the circles to the memory. noise: noise power of one channel, ADC counts squared.

    Writes centre and radius (ADC counts), phase and its rms (rad) and the residual (share, 0..1).
    """
    n, m = state.samples, state.channels
    s = np.zeros((n, m), np.complex128)
    mean = np.zeros(m, np.complex128)
    for t in range(n):
        row = (state.head - n + t) % SAMPLES
        for i in range(m):
            s[t, i] = state.memory[row, i]
            mean[i] += s[t, i]
    mean /= n
    total = 0.0
    for t in range(n):
        for i in range(m):
            s[t, i] -= mean[i]
            total += s[t, i].real ** 2 + s[t, i].imag ** 2
    if total <= 0.0:
        return
    phase = np.zeros(n)
    other = np.zeros(n)
    circles = np.zeros(m, np.complex128)
    keep_wide = False
    radius = np.zeros(m, np.complex128)
    centre = np.zeros(m, np.complex128)
    scale = small_arc(state, s, phase)
    if scale > CIRCLE_ARC_RAD:
        refine(s, phase, radius, centre)
    best = residual(s, phase, total) - noise * n * m / total
    if best > CIRCLE_DOUBT or math.sqrt(variance(phase)) > CIRCLE_WIDE_RAD:
        large_arc(s, noise, other, circles)
        arc = math.sqrt(variance(other))
        wide = arc > CIRCLE_WIDE_RAD
        if not wide:
            refine(s, other, radius, centre)
        left = residual(s, other, total) - noise * n * m / total
        if arc > CIRCLE_ARC_RAD and (best > CIRCLE_FAILED or left < CIRCLE_BETTER * best):
            phase[:] = other
            keep_wide = wide
    solve(s, phase, radius, centre)
    left = residual(s, phase, total)
    if keep_wide:
        centre[:] = circles
        left = roundness(s, circles, radius, total)
    keep(state, s, phase, radius, centre, mean, left)


@njit(cache=CACHE)
def keep(state: Any, s: Complex, phase: Real, radius: Complex, centre: Complex, mean: Complex, left: float) -> None:
    """Store a fit: circles, arc and residual."""
    state.radius_power = 0.0
    for i in range(state.channels):
        state.radius[i] = radius[i]
        state.centre[i] = centre[i] + mean[i]
        state.radius_power += radius[i].real ** 2 + radius[i].imag ** 2
    state.residual = left
    state.arc_rad = math.sqrt(variance(phase))
    state.fitted = 1
    add_steps(s, centre, phase)
    for t in range(len(phase)):
        state.phase[t] = phase[t]


@njit(cache=CACHE)
def principal(s: Complex, x: Real) -> None:
    """Write the first principal component of the channels, unit variance, into x (power iteration)."""
    n, m = s.shape
    g = np.zeros(m, np.complex128)
    largest = -1.0
    for t in range(n):
        power = 0.0
        for i in range(m):
            power += s[t, i].real ** 2 + s[t, i].imag ** 2
        if power > largest:
            largest = power
            for i in range(m):
                g[i] = s[t, i]
    for _ in range(POWER_STEPS):
        total = 0.0
        for t in range(n):
            x[t] = 0.0
            for i in range(m):
                x[t] += s[t, i].real * g[i].real + s[t, i].imag * g[i].imag
            total += x[t] * x[t]
        norm = 1.0 / math.sqrt(max(total / n, 1e-30))
        for i in range(m):
            g[i] = 0.0
        for t in range(n):
            x[t] *= norm
            for i in range(m):
                g[i] += s[t, i] * x[t]


@njit(cache=CACHE)
def small_arc(state: Any, s: Complex, phase: Real) -> float:
    """Write the phase by curvature along the principal component; return its rms, rad."""
    n, m = s.shape
    principal(s, phase)
    m3, m4 = 0.0, 0.0
    for t in range(n):
        square = phase[t] * phase[t]
        m3 += square * phase[t]
        m4 += square * square
    m3, m4 = m3 / n, m4 / n
    spread = max(m4 - 1.0 - m3 * m3, 1e-6)
    numerator, denominator = 0.0, 0.0
    for i in range(m):
        linear, bend = 0j, 0j
        for t in range(n):
            linear += s[t, i] * phase[t]
            bend += s[t, i] * (phase[t] * phase[t] - 1.0 - m3 * phase[t])
        h = bend / (n * spread)
        g = linear / n - h * m3
        numerator += 2.0 * (h.imag * g.real - h.real * g.imag)
        denominator += g.real * g.real + g.imag * g.imag
    state.curvature = 0.5 * state.curvature + abs(numerator)
    state.slope = 0.5 * state.slope + denominator
    scale: float = max(state.curvature / max(state.slope, 1e-30), CIRCLE_FLOOR_RAD)
    signed = scale if numerator > 0.0 else -scale  # the component's own sign means nothing
    for t in range(n):
        phase[t] *= signed
    return scale


@njit(cache=CACHE)
def large_arc(s: Complex, noise: float, phase: Real, centre: Complex) -> None:
    """Write the phase by adding up the steps around circles fitted channel by channel (Kasa 1976)."""
    n, m = s.shape
    weight = np.zeros(m)
    for i in range(m):
        xx, yy, xy, xq, yq = 0.0, 0.0, 0.0, 0.0, 0.0
        for t in range(n):
            x, y = s[t, i].real, s[t, i].imag
            q = x * x + y * y
            xx += x * x
            yy += y * y
            xy += x * y
            xq += x * q
            yq += y * q
        xx, yy, xy = xx / n - noise / 2.0, yy / n - noise / 2.0, xy / n
        xq, yq = xq / (2.0 * n), yq / (2.0 * n)
        trace = max(xx + yy, 1e-12)
        determinant = max(xx * yy - xy * xy, 0.01 * trace * trace)
        centre[i] = complex((yy * xq - xy * yq) / determinant, (xx * yq - xy * xq) / determinant)
        distance = centre[i].real ** 2 + centre[i].imag ** 2
        weight[i] = trace / (trace + distance)
    phase[0] = 0.0
    for t in range(1, n):
        step = 0j
        for i in range(m):
            step += weight[i] * (s[t, i] - centre[i]) * (s[t - 1, i] - centre[i]).conjugate()
        phase[t] = phase[t - 1] + math.atan2(step.imag, step.real)


@njit(cache=CACHE)
def refine(s: Complex, phase: Real, radius: Complex, centre: Complex) -> None:
    """Improve a phase in place: scale by Gauss-Newton, circles by least squares, phase from them."""
    for _ in range(SCALE_STEPS):
        scale = 1.0 + min(max(scale_error(s, phase), -0.2), 0.2)
        for t in range(len(phase)):
            phase[t] *= scale
        solve(s, phase, radius, centre)
        read_phase(s, radius, centre, phase)
