"""Antennas that are not ideal: gain, phase, squint and skew of each beam, its leakage.

Rule: the kernel computes with the common ideal beam; here is what an antenna of its own makes of that, a factor for each
scatterer and receiver.

A beam's half-width on either side of its own middle is the ideal one times 1 + skew or 1 - skew; the middle lies squint
beside the boresight (in direction cosines); the form stays. The transmitter has a beam of its own, too. Gain and phase
are those of antenna and receiver up to the mixer: noise keeps its size.
No source states them for this chip; `scenarios` name ranges as assumptions. The leakage of the recording's
antennas differs by 15 dB and is in radar_equation.py; `leakage_db` scatters about that.
Left out: change over the sweep, coupling between antennas, the housing in front of them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw_sim.jit import kernel
from hw_sim.radar_equation import RX_BEAM_DEG, TX_BEAM_DEG
from hw_sim.scatterers import Doubles
from hw_sim.scenario_room import Antennas
from hw_sim.tones import MAX_SCATTERERS

Array = NDArray[np.float64]
_SHAPE = 2**0.25 - 1


class AntennaSet(NamedTuple):
    """As drawn. Rows of beams: TX, RX1, RX2, RX3."""

    gain: NDArray[np.complex128]  # [3], RX1 to RX3: amplitude and phase
    squint: Array  # [4, azimuth and elevation], direction cosines
    skew: Array  # [4, azimuth and elevation], share
    leakage_db: Array  # [3], beside the common ones


class Weights(NamedTuple):
    """For the kernel: of the active antennas. on: anything differs from ideal."""

    on: bool
    own_beams: bool
    gain: NDArray[np.complex128]  # [rx]
    squint: Array  # [1 + rx, 2]: TX, then the receivers
    skew: Array  # [1 + rx, 2]
    per_width: Array  # [1 + rx, 2]: 1 / square of the direction cosine at half power


def make_antennas(antennas: Antennas | None, rng: np.random.Generator) -> AntennaSet:
    """The antennas of one board."""
    if antennas is None:
        return AntennaSet(np.ones(3, np.complex128), np.zeros((4, 2)), np.zeros((4, 2)), np.zeros(3))
    db, deg = antennas.gain_db * rng.uniform(-1, 1, 3), antennas.phase_deg * rng.uniform(-1, 1, 3)
    squint = np.sin(np.radians(antennas.squint_deg)) * rng.uniform(-1, 1, (4, 2))
    skew = antennas.skew * rng.uniform(-1, 1, (4, 2))
    leakage_db = antennas.leakage_db * rng.uniform(-1, 1, 3)
    gain = (10 ** (db / 20) * np.exp(1j * np.radians(deg))).astype(np.complex128)
    return AntennaSet(gain, squint, skew, leakage_db)


def weights_of(antennas: AntennaSet, rx_numbers: tuple[int, ...], gain: NDArray[np.complex128]) -> Weights:
    """What the kernel needs. gain: complex[3], what a fault adds to the antennas' own."""
    rows, beams = [number - 1 for number in rx_numbers], [0, *rx_numbers]
    widths = [TX_BEAM_DEG, *(RX_BEAM_DEG for _ in rows)]
    total = (antennas.gain * gain)[rows]
    own = bool(np.any(antennas.squint != 0) or np.any(antennas.skew != 0))
    return Weights(
        on=own or bool(np.any(total != 1)),
        own_beams=own,
        gain=total,
        squint=antennas.squint[beams],
        skew=antennas.skew[beams],
        per_width=np.array([[1 / math.sin(math.radians(0.5 * w)) ** 2 for w in width] for width in widths]),
    )


@kernel
def _beam_change(weights: Weights, beam: int, u: float, v: float) -> float:
    """Amplitude of one antenna's own beam over the ideal one's, at direction cosines u and v."""
    change = 1.0
    for axis in range(2):
        x = u if axis == 0 else v
        per = weights.per_width[beam, axis]
        own = x - weights.squint[beam, axis]
        wide = 1.0 + weights.skew[beam, axis] if own > 0.0 else 1.0 - weights.skew[beam, axis]
        ratio = (1.0 + 0.18920712 * per * x * x) / (1.0 + 0.18920712 * per * own * own / (wide * wide))
        change *= ratio * ratio
    return change


@kernel
def find_weights(
    weights: Weights, position_m: Doubles, source: NDArray[np.int64], n: int, m: int, weight: NDArray[np.float64]
) -> None:
    """weight[rx, real or imaginary, i] of m scatterers; those from n on are copies and stand where their source does."""
    for i in range(m):
        j = i if i < n else source[i]
        x, y, z = position_m[0, j], position_m[1, j], position_m[2, j]
        r = math.sqrt(x * x + y * y + z * z) + 1e-12
        u, v = x / r, z / r
        sent = _beam_change(weights, 0, u, v) if weights.own_beams else 1.0
        for rx in range(weight.shape[0]):
            size = sent * _beam_change(weights, 1 + rx, u, v) if weights.own_beams else 1.0
            weight[rx, 0, i] = size * weights.gain[rx].real
            weight[rx, 1, i] = size * weights.gain[rx].imag


@kernel
def weigh(weight: NDArray[np.float64], phasor: NDArray[np.float32], end: int, start: int, stop: int) -> None:
    """Multiplies the phasors start..stop of one end."""
    for rx in range(weight.shape[0]):
        row = phasor[rx, 2 * end * MAX_SCATTERERS : 2 * (end + 1) * MAX_SCATTERERS]
        for i in range(start, stop):
            re, im = row[i], row[MAX_SCATTERERS + i]
            a, b = np.float32(weight[rx, 0, i]), np.float32(weight[rx, 1, i])
            row[i] = re * a - im * b
            row[MAX_SCATTERERS + i] = re * b + im * a


def still_weights(weights: Weights, position_m: Array) -> NDArray[np.complex128]:
    """The same factors for points that never move: complex[rx, n] of position_m [xyz, n]."""
    n = position_m.shape[1]
    found = np.zeros((weights.gain.size, 2, n))
    if n:
        find_weights(weights, np.ascontiguousarray(position_m), np.zeros(n, np.int64), n, n, found)
    return np.asarray(found[:, 0] + 1j * found[:, 1])
