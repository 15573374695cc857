"""A cat that sleeps on the bed: jumps up, curls up, turns, grooms itself, leaves.

Rule: a body like any other, smaller; it is never in anybody's place and never counts as a person.

All figures of its habits are assumptions; 20 to 30 breaths a minute asleep is what veterinary texts give.
Left out: purring, tail, walking about on the bed, sleeping on top of people, dogs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from hw_sim.body import CAT, N_STILL, Pose, make_pose
from hw_sim.scenario import Pet
from hw_sim.timeline import Timeline

_POSTURES: Final = ("supine", "facing", "away")
# from the floor at the far side, relative to its place: (offset in m, seconds to get there)
_WAY_IN: Final = (
    ((0.5, 1.1, -0.35), 0.0),
    ((0.45, 0.85, -0.35), 0.8),
    ((0.35, 0.5, 0.1), 0.4),
    ((0.1, 0.1, 0.05), 1.0),
)
_SETTLE_S: Final = 4.0
_FADE_S: Final = 0.5
_LICK_S: Final = 0.35
_LICK_M: Final = 0.015


def pet_timeline(pet: Pet, rng: np.random.Generator, duration_s: float) -> Timeline:
    """The whole stay of a cat; in runs too short for coming and going it stays."""
    line = Timeline()
    leaves_s = duration_s - pet.leaves_before_end_s
    if leaves_s < pet.enters_s + 300:
        leaves_s = np.inf
    if pet.enters_s >= duration_s:
        return line
    pose = _pose(pet, rng)
    _walk(line, pet, rng, pet.enters_s, pose, inwards=True)
    t_s, per_s = line.key_s[-1], (pet.turns_per_hour + pet.grooming_per_hour) / 3600
    while per_s > 0:
        t_s = max(t_s, line.key_s[-1]) + rng.exponential(1 / per_s)
        grooms = rng.random() * per_s * 3600 < pet.grooming_per_hour
        length_s = rng.uniform(30, 120) if grooms else rng.uniform(3, 8)
        if t_s + length_s > min(leaves_s, duration_s) - 2:
            break
        (_groom if grooms else _turn)(line, pet, rng, t_s, length_s)
    if leaves_s < duration_s:
        _walk(line, pet, rng, leaves_s, line.poses[-1], inwards=False)
    return line


def _pose(pet: Pet, rng: np.random.Generator, offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Pose:
    return make_pose(pet, rng, str(rng.choice(_POSTURES)), np.array(pet.centre_m) + np.array(offset_m), CAT)


def _turn(line: Timeline, pet: Pet, rng: np.random.Generator, begin_s: float, length_s: float) -> None:
    """Gets up, turns, curls up again centimetres away."""
    line.add(begin_s, line.poses[-1], moving=True, in_place=False)
    n = max(2, round(length_s / 0.8))
    for i in range(1, n + 1):
        x, y = rng.normal(0.0, 0.04, 2)
        pose = _pose(pet, rng, (float(x), float(y), 0.08 if 0 < i < n - 1 else 0.0))
        line.add(begin_s + length_s * i / n, pose, moving=i < n, in_place=False)


def _groom(line: Timeline, pet: Pet, rng: np.random.Generator, begin_s: float, length_s: float) -> None:
    """Head and paws go to and fro, the body rocks a little."""
    rest = line.poses[-1]
    line.add(begin_s, rest, moving=True, in_place=False)
    n = max(2, round(length_s / _LICK_S))
    for i in range(1, n):
        position_m = rest.position_m + 0.002 * rng.standard_normal((3, 1))
        position_m[:, -N_STILL:] += _LICK_M * rng.standard_normal((3, N_STILL))
        line.add(begin_s + length_s * i / n, replace(rest, position_m=position_m), moving=True, in_place=False)
    line.add(begin_s + length_s, rest, moving=False, in_place=False)


def _walk(line: Timeline, pet: Pet, rng: np.random.Generator, begin_s: float, rest: Pose, *, inwards: bool) -> None:
    stops = [_pose(pet, rng, offset) for offset, _ in _WAY_IN]
    seconds = [step_s for _, step_s in _WAY_IN]
    hidden = replace(stops[0], amplitude_m=np.zeros(stops[0].amplitude_m.size))
    if inwards:
        line.add(max(0.0, begin_s - _FADE_S), hidden, moving=False, in_place=False, present=False)
        for t_s, stop in zip(begin_s + np.cumsum(seconds), stops, strict=True):
            line.add(float(t_s), stop, moving=True, in_place=False)
        line.add(line.key_s[-1] + _SETTLE_S, rest, moving=False, in_place=False)
        return
    line.add(begin_s, rest, moving=True, in_place=False)
    t_s = begin_s + 1.0
    for stop, step_s in zip(reversed(stops), reversed(seconds), strict=True):
        line.add(t_s, stop, moving=True, in_place=False)
        t_s += step_s
    line.add(t_s + _FADE_S, hidden, moving=False, in_place=False, present=False)
