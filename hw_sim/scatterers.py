"""Point scatterers that move: where they are at an instant.

Rule: a scatterer is a position, a displacement along its own direction, and an amplitude; nothing else reflects.

A `MovingSet` has rest positions at keyframes, smoothly interpolated between them (equal neighbours = at rest),
and on top a displacement: the sum of up to four common waveforms, each times the scatterer's own gain.
A `Rotor` is a fan: blade points on circles, its angle a closed formula of time.
Left out: multiple reflection; a scatterer reflects the same in all directions, except blades. Shadows come as amplitudes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw_sim.jit import kernel

N_WAVEFORMS = 4

Positions = NDArray[np.float64]  # [first or last chirp, xyz, n]
Doubles = NDArray[np.float64]  # [n]


class MovingSet(NamedTuple):
    """n scatterers over k keyframes. Built once per scene."""

    key_s: NDArray[np.float64]  # [k], rising; before the first and after the last the set stands still
    position_m: NDArray[np.float64]  # [k, xyz, n]
    direction: NDArray[np.float32]  # [k, xyz, n], of the displacement
    gain: NDArray[np.float32]  # [k, waveform, n]
    amplitude_m: NDArray[np.float32]  # [k, n], square root of the radar cross-section
    waveform_m: NDArray[np.float32]  # [waveform, t]
    waveform_hz: float  # samples per second of the waveforms


class Rotor(NamedTuple):
    """Blade points turning about a centre."""

    centre_m: NDArray[np.float64]  # [xyz]
    axes: NDArray[np.float64]  # [2, xyz], unit vectors that span the plane of rotation
    radius_m: NDArray[np.float64]  # [n]
    start_turns: NDArray[np.float64]  # [n]
    amplitude_m: NDArray[np.float64]  # [n]
    turns_per_s: float
    wander: NDArray[np.float64]  # [3, (turns, hz, phase in turns)], slow changes of speed
    face_turns: float  # angle at which a blade faces the radar


def empty_set() -> MovingSet:
    """A set without scatterers."""
    return still_set(np.zeros((3, 0)), np.zeros(0))


def still_set(position_m: NDArray[np.float64], rcs_m2: NDArray[np.float64]) -> MovingSet:
    """Scatterers that never move: position_m float64[xyz, n], rcs_m2 float64[n]."""
    n = position_m.shape[1]
    return MovingSet(
        key_s=np.zeros(1),
        position_m=np.ascontiguousarray(position_m[None], np.float64),
        direction=np.zeros((1, 3, n), np.float32),
        gain=np.zeros((1, N_WAVEFORMS, n), np.float32),
        amplitude_m=np.sqrt(rcs_m2)[None].astype(np.float32),
        waveform_m=np.zeros((N_WAVEFORMS, 2), np.float32),
        waveform_hz=1.0,
    )


def blend(key_s: Doubles, t_s: Doubles) -> tuple[NDArray[np.intp], NDArray[np.intp], Doubles]:
    """Keyframes before and after each time and the smooth share of the latter, as place_set interpolates."""
    key = np.clip(np.searchsorted(key_s, t_s, "right") - 1, 0, key_s.size - 1)
    on = np.minimum(key + 1, key_s.size - 1)
    span = np.maximum(key_s[on] - key_s[key], 1e-9)
    x = np.where(on > key, np.clip((t_s - key_s[key]) / span, 0, 1), 0.0)
    return key, on, x * x * (3 - 2 * x)


def resampled(body: MovingSet, key_s: Doubles, at_s: Doubles, factor: Doubles | float = 1.0) -> MovingSet:
    """The same motion with keyframes at key_s, taken from where it is at at_s; its amplitudes times a factor [key].

    Between keyframes of a movement it becomes a little less smooth.
    """
    before, after, share = blend(body.key_s, at_s)

    def at(values: NDArray[np.float32] | Doubles) -> Doubles:
        w = share.reshape(-1, *(1,) * (values.ndim - 1))
        return np.asarray(values[before] * (1 - w) + values[after] * w)

    return body._replace(
        key_s=key_s,
        position_m=at(body.position_m),
        direction=at(body.direction).astype(np.float32),
        gain=at(body.gain).astype(np.float32),
        amplitude_m=(at(body.amplitude_m) * np.reshape(factor, (-1, 1))).astype(np.float32),
    )


@kernel
def key_index(key_s: NDArray[np.float64], t_s: float) -> int:
    """Last keyframe at or before t_s (0 before the first)."""
    low, high = 0, key_s.size
    while high - low > 1:
        middle = (low + high) >> 1
        if key_s[middle] <= t_s:
            low = middle
        else:
            high = middle
    return low


@kernel
def key_weight(key_s: NDArray[np.float64], k: int, t_s: float) -> float:
    """Share of keyframe k + 1 at t_s, 0..1 with zero slope at both ends."""
    if k + 1 >= key_s.size:
        return 0.0
    x = min(1.0, max(0.0, (t_s - key_s[k]) / (key_s[k + 1] - key_s[k])))
    return float(x * x * (3.0 - 2.0 * x))


@kernel
def place_set(
    group: MovingSet, ends_s: tuple[float, float], position_m: Positions, amplitude_m: Doubles, n: int
) -> int:
    """Appends the scatterers at both ends of a burst behind the first n; returns how many there are now."""
    count = int(group.position_m.shape[2])
    if count == 0:
        return n
    k = key_index(group.key_s, ends_s[0])
    k1 = min(k + 1, group.key_s.size - 1)
    if group.amplitude_m[k, 0] == 0.0 and group.amplitude_m[k1, 0] == 0.0:
        return n
    last = group.waveform_m.shape[1] - 2
    gain, gain1 = group.gain[k], group.gain[k1]
    for end in range(2):
        w = key_weight(group.key_s, k, ends_s[end])
        x = min(max(ends_s[end] * group.waveform_hz, 0.0), float(last))
        j = int(x)
        u = x - j
        d0 = group.waveform_m[0, j] * (1.0 - u) + group.waveform_m[0, j + 1] * u
        d1 = group.waveform_m[1, j] * (1.0 - u) + group.waveform_m[1, j + 1] * u
        d2 = group.waveform_m[2, j] * (1.0 - u) + group.waveform_m[2, j + 1] * u
        d3 = group.waveform_m[3, j] * (1.0 - u) + group.waveform_m[3, j + 1] * u
        for i in range(count):
            s0 = gain[0, i] * d0 + gain[1, i] * d1 + gain[2, i] * d2 + gain[3, i] * d3
            s1 = gain1[0, i] * d0 + gain1[1, i] * d1 + gain1[2, i] * d2 + gain1[3, i] * d3
            for axis in range(3):
                p0 = group.position_m[k, axis, i] + s0 * group.direction[k, axis, i]
                p1 = group.position_m[k1, axis, i] + s1 * group.direction[k1, axis, i]
                position_m[end, axis, n + i] = p0 + (p1 - p0) * w
            amplitude_m[n + i] = group.amplitude_m[k, i] * (1.0 - w) + group.amplitude_m[k1, i] * w
    return n + count


@kernel
def wandering_turns(turns_per_s: float, wander: NDArray[np.float64], t_s: float) -> float:
    """Angle of what turns at a speed that wanders, turns. wander: rows of (turns, hz, phase in turns)."""
    turns = turns_per_s * t_s
    for row in range(wander.shape[0]):
        turns += wander[row, 0] * math.sin(2.0 * math.pi * (wander[row, 1] * t_s + wander[row, 2]))
    return turns


@kernel
def place_rotor(rotor: Rotor, ends_s: tuple[float, float], position_m: Positions, amplitude_m: Doubles, n: int) -> int:
    """Appends the blade points; a blade reflects most when it faces the radar."""
    for end in range(2):
        angle = wandering_turns(rotor.turns_per_s, rotor.wander, ends_s[end])
        for i in range(rotor.radius_m.size):
            turns = angle + rotor.start_turns[i]
            turns -= math.floor(turns)
            c = rotor.radius_m[i] * math.cos(2.0 * math.pi * turns)
            s = rotor.radius_m[i] * math.sin(2.0 * math.pi * turns)
            for axis in range(3):
                position_m[end, axis, n + i] = rotor.centre_m[axis] + c * rotor.axes[0, axis] + s * rotor.axes[1, axis]
            glint = math.cos(2.0 * math.pi * (turns - rotor.face_turns))
            amplitude_m[n + i] = rotor.amplitude_m[i] * (0.2 + 0.8 * glint**4)
    return n + int(rotor.radius_m.size)


def mirrored(group: MovingSet) -> MovingSet:
    """The same set on the other side of the boresight."""
    turned = np.array([-1.0, 1.0, 1.0])[:, None]
    position_m = np.ascontiguousarray(group.position_m * turned)
    return group._replace(position_m=position_m, direction=(group.direction * turned).astype(np.float32))


def mirrored_rotor(rotor: Rotor) -> Rotor:
    """The same fan on the other side of the boresight."""
    turned = np.array([-1.0, 1.0, 1.0])
    return rotor._replace(centre_m=rotor.centre_m * turned, axes=rotor.axes * turned)
