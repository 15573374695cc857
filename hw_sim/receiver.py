"""What receivers and converter add beyond white noise: its shape, flicker, an unsettled first chirp, a bent ramp.

Rule: each is off unless a scene or a fault names it; switched off, nothing here runs.

Noise: the white noise of noise.py through a symmetrical filter of three taps (falls from 200 kHz to 1 MHz at 2 MHz as the
recording's does, the same power between 150 and 600 kHz), and for flicker noise of its own through two first-order
low-passes a decade apart, one noise into both: 1/f within half a decibel from a tenth of the corner to the corner. Both run
round a chirp.
A bent ramp is a bent time: the signal of a straight sweep, read where the bent one would be (cubic interpolation).
Left out: phase noise. Range correlation cancels it: at -80 dBc/Hz and 100 kHz from the carrier a wall at 2.6 m keeps
-114 dBc/Hz of its own echo, 35 dB below thermal noise (4 sin^2(pi f tau), tau = 17 ns).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw_sim.jit import kernel
from hw_sim.noise import add_noise
from hw_sim.radar_view import RadarView

_POLES: Final = ((0.7, 1.814), (0.07, 13.377))  # of the corner frequency; density at its foot, of the white noise's
_FLICKER: Final = np.uint32(0x5BD1E995)  # another key


class Receiver(NamedTuple):
    """For the kernel. special: anything of it is on."""

    special: bool
    taps: NDArray[np.float32]  # [2]: outer and middle tap of the noise filter
    flicker: NDArray[np.float32]  # [2, 2]: memory and strength of each low-pass
    first_chirp: NDArray[np.float32]  # [rx, sample], added to the first chirp of a frame
    from_sample: NDArray[np.int64]  # [sample]: the second of four samples to interpolate between; empty: straight ramp
    weight: NDArray[np.float32]  # [sample, 4]


def noise_taps(fall_db: float) -> tuple[float, float]:
    """Outer and middle tap of a filter that falls by so much from 0.1 to 0.5 of the rate, power kept at 0.075 to 0.3."""
    ratio = 10 ** (fall_db / 20)
    outer = (ratio - 1) / (2 * math.cos(0.2 * math.pi) + 2 * ratio)
    cycles = np.linspace(0.075, 0.3, 91)
    scale = 1 / math.sqrt(float(np.mean((1 + 2 * outer * np.cos(2 * np.pi * cycles)) ** 2)))
    return outer * scale, scale


def flicker_poles(corner_hz: float, rate_hz: float) -> NDArray[np.float32]:
    """Memory and strength of two low-passes whose noise equals the white noise at the corner: float32[2, 2]."""
    rows = []
    for pole, density in _POLES:
        rho = math.exp(-2 * math.pi * pole * corner_hz / rate_hz)
        rows.append((rho, (1 - rho) * math.sqrt(density)))
    return np.array(rows, np.float32)


def straight() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """No interpolation: the ramp is straight."""
    return np.zeros(0, np.int64), np.zeros((0, 4), np.float32)


def bent(view: RadarView, share: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """A sweep that lies above its straight line by share of its width in the middle, parabolic."""
    n = view.n_samples
    x = np.arange(n) / (n - 1)
    at = np.clip((x + 4 * share * x * (1 - x)) * (n - 1), 1, n - 2 - 1e-9)
    second = at.astype(np.int64)
    f = at - second
    weight = np.stack(
        [
            -f * (f - 1) * (f - 2) / 6,
            (f + 1) * (f - 1) * (f - 2) / 2,
            -(f + 1) * f * (f - 2) / 2,
            (f + 1) * f * (f - 1) / 6,
        ],
        axis=1,
    )
    second = np.minimum(second, n - 3)
    return second, weight.astype(np.float32)


def ideal(view: RadarView) -> Receiver:
    """Nothing is on."""
    return Receiver(
        False,
        np.array([0, 1], np.float32),
        np.zeros((2, 2), np.float32),
        np.zeros((view.n_rx, view.n_samples), np.float32),
        *straight(),
    )


@kernel
def bend(receiver: Receiver, rows: NDArray[np.float32], spare: NDArray[np.float32]) -> None:
    """Reads rows float32[rx, sample] where the bent ramp is; spare: as large."""
    if receiver.from_sample.size == 0:
        return
    for r in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            spare[r, i] = rows[r, i]
        for i in range(rows.shape[1]):
            j = receiver.from_sample[i]
            w = receiver.weight[i]
            rows[r, i] = w[0] * spare[r, j - 1] + w[1] * spare[r, j] + w[2] * spare[r, j + 1] + w[3] * spare[r, j + 2]


@kernel
def add_shaped_noise(
    receiver: Receiver,
    row: NDArray[np.float32],
    spare: NDArray[np.float32],
    keys: tuple[np.uint32, np.uint32],
    rms: np.float32,
) -> None:
    """Adds noise of the receiver's shape to row: float32[sample]; spare: as long."""
    n = row.size
    for i in range(n):
        spare[i] = np.float32(0.0)
    add_noise(spare, keys[0], keys[1], rms)
    outer, middle = receiver.taps[0], receiver.taps[1]
    for i in range(n):
        before, after = spare[i - 1 if i > 0 else n - 1], spare[i + 1 if i < n - 1 else 0]
        row[i] += middle * spare[i] + outer * (before + after)
    if receiver.flicker[0, 1] == np.float32(0.0):
        return
    for i in range(n):
        spare[i] = np.float32(0.0)
    add_noise(spare, np.uint32(keys[0] ^ _FLICKER), keys[1], rms)
    for pole in range(2):
        memory, strength = receiver.flicker[pole, 0], receiver.flicker[pole, 1]
        held = np.float32(0.0)
        for i in range(n):
            held = memory * held + strength * spare[i]
        for i in range(n):
            held = memory * held + strength * spare[i]
            row[i] += held
