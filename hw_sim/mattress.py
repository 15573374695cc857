"""What a mattress passes on: who moves shakes whoever lies beside, and the surface of the bed.

Rule: a shake is a waveform, made once from the other one's keyframes; it moves the body along its breathing's directions.

A change of pose of so many centimetres gives a damped oscillation of a hundredth of that at the other place; lying
down beside somebody lets the mattress sag there by a millimetre.
ASSUMPTIONS, all of it: makers test motion transfer, but no figure per centimetre was found.
Left out: the frequency response of frame and floor, the weight of people, how far apart they lie.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.breathing import WAVEFORM_HZ
from hw_sim.scatterers import N_WAVEFORMS, MovingSet, still_set
from hw_sim.timeline import Timeline

TRANSFER: Final = 0.01
MOST_M: Final = 2e-3  # of one shake
SAG_M: Final = 1e-3
_SHAKE_HZ: Final = 3.5
_DECAY_S: Final = 0.3
_SAG_S: Final = 1.5
_ON_BED_M: Final = 0.45  # from the place where the body lies
_SURFACE_M: Final = ((-0.3, -0.24, -0.12), (0.25, -0.22, -0.12), (-0.25, 0.3, -0.12), (0.3, 0.32, -0.12))
_SURFACE_RCS_M2: Final = 0.0004  # of a fold of the bedding

Array = NDArray[np.float64]


def shake(line: Timeline, place_m: Array, n: int) -> Array:
    """What reaches a neighbour of the body that lies at place_m: float64[n] at WAVEFORM_HZ, metres."""
    kicks, sag = np.zeros(n), np.zeros(n)
    on_bed = [bool(np.hypot(*(pose.centre_m - place_m)[:2]) < _ON_BED_M) for pose in line.poses]
    sign = 1.0
    for k in range(len(line.key_s) - 1):
        here, there = line.poses[k], line.poses[k + 1]
        first, last = (min(n, max(0, round(line.key_s[i] * WAVEFORM_HZ))) for i in (k, k + 1))
        if on_bed[k] and line.present[k]:
            sag[first:last] = SAG_M
        if first < last < n and line.moving[k] and on_bed[k + 1]:
            far_m = float(np.abs(there.position_m - here.position_m).mean())
            kicks[(first + last) // 2] += sign * min(TRANSFER * far_m, MOST_M)
            sign = -sign
    if line.key_s and on_bed[-1] and line.present[-1]:
        sag[min(n, max(0, round(line.key_s[-1] * WAVEFORM_HZ))) :] = SAG_M
    age_s = np.arange(int(5 * _DECAY_S * WAVEFORM_HZ)) / WAVEFORM_HZ
    ring = np.exp(-age_s / _DECAY_S) * np.sin(2 * math.pi * _SHAKE_HZ * age_s)
    window = np.hanning(int(_SAG_S * WAVEFORM_HZ) + 2)[1:-1]
    return np.convolve(kicks, ring)[:n] + np.convolve(sag, window / window.sum())[:n]


def bed_surface(shakes: list[tuple[Array, Array]]) -> MovingSet:
    """Folds of the bedding around the people: (place_m, shake) of each."""
    points = np.array([place + np.array(offset) for place, _ in shakes for offset in _SURFACE_M]).T
    surface = still_set(points, np.full(points.shape[1], _SURFACE_RCS_M2))
    waveform = np.zeros((N_WAVEFORMS, shakes[0][1].size), np.float32)
    surface.direction[0, 2] = 0.8  # mostly up and down, a little towards the device
    surface.direction[0, 1] = -0.6
    for row, (place_m, moves_m) in enumerate(shakes):
        waveform[row] = moves_m
        far_m = np.linalg.norm(points - place_m[:, None], axis=0)
        surface.gain[0, row] = 1 / (1 + far_m / 0.3)
    return surface._replace(waveform_m=waveform, waveform_hz=WAVEFORM_HZ)
