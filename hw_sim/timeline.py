"""From what somebody does to keyframes: coming, lying down, moving, sitting up, going.

Rule: the span after a keyframe says what is true in it; truth and samples read the same keyframes.

Left out: steps, doors, bedding that is thrown back, turning round at the edge of the bed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.body import N_STILL, N_TORSO, Pose, make_pose
from hw_sim.movements import Movement
from hw_sim.night import Span
from hw_sim.scenario import Person

Array = NDArray[np.float64]

_POSTURE_SHARE: Final = {"supine": 0.45, "facing": 0.3, "away": 0.25}
_POSTURE_CHANGES: Final = 0.35  # of the movements of the whole body
# ways from out of sight to the bed, relative to the torso's place: (offset in m, posture, seconds to get there)
WAYS: Final = {
    # from the wall, over the empty far half of the bed
    "far": (
        ((1.2, 1.85, 0.5), "upright", 0.0),
        ((1.0, 1.35, 0.5), "upright", 0.7),
        ((0.8, 0.85, 0.5), "upright", 0.7),
        ((0.6, 0.4, 0.48), "upright", 0.7),
        ((0.4, 0.15, 0.45), "upright", 0.8),
        ((0.25, 0.0, 0.3), "upright", 1.3),
        ((0.25, 0.0, 0.28), "upright", 1.5),
        ((0.1, 0.02, 0.12), "supine", 1.6),
    ),
    # round the foot of the bed, between bed and device
    "near": (
        ((-1.7, 1.3, 0.5), "upright", 0.0),
        ((-1.6, 0.8, 0.5), "upright", 0.7),
        ((-1.3, 0.2, 0.5), "upright", 0.8),
        ((-0.95, -0.25, 0.5), "upright", 0.8),
        ((-0.55, -0.33, 0.48), "upright", 0.7),
        ((-0.2, -0.3, 0.42), "upright", 0.9),
        ((-0.15, -0.22, 0.3), "upright", 1.3),
        ((-0.1, -0.2, 0.28), "upright", 1.3),
        ((0.0, -0.05, 0.12), "supine", 1.6),
    ),
    # round the foot of the bed to its far side
    "beyond": (
        ((-1.8, 0.9, 0.5), "upright", 0.0),
        ((-1.4, 0.8, 0.5), "upright", 0.7),
        ((-0.9, 0.65, 0.5), "upright", 0.8),
        ((-0.45, 0.5, 0.48), "upright", 0.8),
        ((-0.15, 0.35, 0.42), "upright", 0.9),
        ((-0.1, 0.25, 0.3), "upright", 1.3),
        ((-0.1, 0.22, 0.28), "upright", 1.3),
        ((0.0, 0.05, 0.12), "supine", 1.6),
    ),
}
_SETTLE_S: Final = 2.2
_FADE_S: Final = 0.5
_SIT_OFFSET_M: Final = (0.1, 0.0, 0.2)  # of the torso of somebody who sits up in bed
_LIMB_RCS_M2: Final = 0.0015  # of a moving arm or leg: an assumption, a fifth of the torso's
_LIMB_REACH_M: Final = 0.08
_PAGE_REACH_M: Final = 0.06
_LIMB_REST_M: Final = 0.015  # how far from the old place it comes to rest
_JOLT_M: Final = 0.0015  # what the torso shifts meanwhile


@dataclass(slots=True)
class Timeline:
    """Keyframes of a body, in order, and what is true in the span that follows each."""

    key_s: list[float] = field(default_factory=list)
    poses: list[Pose] = field(default_factory=list)
    moving: list[bool] = field(default_factory=list)
    in_place: list[bool] = field(default_factory=list)
    present: list[bool] = field(default_factory=list)

    def add(self, t_s: float, pose: Pose, *, moving: bool, in_place: bool, present: bool = True) -> None:
        """Adds a keyframe at t_s; the flags hold until the next one."""
        self.key_s.append(t_s)
        self.poses.append(pose)
        self.moving.append(moving)
        self.in_place.append(in_place)
        self.present.append(present)


def way_s(person: Person) -> float:
    """Seconds from coming into sight to lying still, and the other way round."""
    return sum(step_s for _, _, step_s in WAYS[person.way]) + _SETTLE_S


def stay(person: Person, duration_s: float) -> tuple[float, float]:
    """When somebody comes into sight and when they get up to leave; infinite: stays."""
    leaves_s = np.inf
    if person.leaves_before_end_s is not None and duration_s >= person.leaves_if_longer_than_s:
        leaves_s = duration_s - person.leaves_before_end_s
    return -np.inf if person.enters_s is None else person.enters_s, leaves_s


def timeline(person: Person, rng: np.random.Generator, duration_s: float) -> Timeline:
    """The whole stay of a person without sleep stages: movements at one rate."""
    line = Timeline()
    place_m = np.array(person.centre_m)
    posture: str = "upright" if person.pose == "sitting" else person.posture
    pose = make_pose(person, rng, posture, place_m)
    enters_s, leaves_s = stay(person, duration_s)
    if not _come(line, person, rng, pose, (enters_s, leaves_s), duration_s):
        return line
    while True:
        wait_s = rng.exponential(3600 / person.movements_per_hour) if person.movements_per_hour > 0 else np.inf
        begin_s = line.key_s[-1] + wait_s
        length_s = rng.uniform(*person.movement_s)
        if begin_s + length_s > min(duration_s, leaves_s) - 1:
            break
        if person.change_posture and person.pose == "lying" and rng.random() < _POSTURE_CHANGES:
            posture = _another(rng)
        pose = _move(line, person, rng, begin_s, length_s, posture)
    if leaves_s < duration_s:
        _walk(line, person, rng, leaves_s, pose, inwards=False)
    return line


def sleeper_timeline(
    person: Person, movements: list[Movement], absences_s: tuple[Span, ...], rng: np.random.Generator, duration_s: float
) -> Timeline:
    """The whole stay of somebody whose movements and absences are planned."""
    line = Timeline()
    posture: str = person.posture
    pose = make_pose(person, rng, posture, np.array(person.centre_m))
    enters_s, leaves_s = stay(person, duration_s)
    if not _come(line, person, rng, pose, (enters_s, leaves_s), duration_s):
        return line
    to_do: list[Movement | Span] = [*movements, *absences_s]
    for one in sorted(to_do, key=lambda it: it[0] if isinstance(it, tuple) else it.begin_s):
        if isinstance(one, tuple):
            _walk(line, person, rng, one[0], line.poses[-1], inwards=False)
            pose = make_pose(person, rng, posture, np.array(person.centre_m))
            _walk(line, person, rng, one[1] - way_s(person), pose, inwards=True)
        elif one.kind in ("limb", "page"):
            _move_limb(line, rng, one)
        else:
            posture = _next_posture(person, posture, one, rng)
            _move(line, person, rng, one.begin_s, one.length_s, posture)
    if leaves_s < duration_s:
        _walk(line, person, rng, leaves_s, line.poses[-1], inwards=False)
    return line


def _come(
    line: Timeline, person: Person, rng: np.random.Generator, pose: Pose, stay_s: Span, duration_s: float
) -> bool:
    """The beginning of a stay; False when there is none."""
    enters_s, leaves_s = stay_s
    if enters_s == -np.inf:
        line.add(0.0, pose, moving=False, in_place=True)
        return True
    if enters_s >= min(duration_s, leaves_s):
        return False
    _walk(line, person, rng, enters_s, pose, inwards=True)
    return True


def _another(rng: np.random.Generator) -> str:
    return str(rng.choice(list(_POSTURE_SHARE), p=list(_POSTURE_SHARE.values())))


def _next_posture(person: Person, posture: str, movement: Movement, rng: np.random.Generator) -> str:
    if movement.kind == "sit":
        return "sitting up"
    if movement.kind == "lie":
        return person.posture
    if posture == "sitting up" or not person.change_posture or rng.random() >= _POSTURE_CHANGES:
        return posture
    return _another(rng)


def _move(
    line: Timeline, person: Person, rng: np.random.Generator, begin_s: float, length_s: float, posture: str
) -> Pose:
    """One movement of the whole body: through several poses to a new one, centimetres away."""
    line.add(begin_s, line.poses[-1], moving=True, in_place=True)
    n = max(2, round(length_s / rng.uniform(0.5, 1.1)))
    times_s = begin_s + length_s * (np.arange(1, n + 1) + np.append(rng.uniform(-0.25, 0.25, n - 1), 0)) / n
    home_m = np.array(person.centre_m) + rng.standard_normal(3) * np.array([0.03, 0.025, 0.008])
    if posture == "sitting up":
        home_m += _SIT_OFFSET_M
    pose = line.poses[-1]
    for i, t_s in enumerate(times_s):
        last = i == n - 1
        reach_m = 0.0 if last else 0.05
        pose = make_pose(person, rng, posture, home_m + reach_m * rng.standard_normal(3) * np.array([1, 1, 0.4]))
        line.add(float(t_s), pose, moving=not last, in_place=True)
    return pose


def _move_limb(line: Timeline, rng: np.random.Generator, movement: Movement) -> None:
    """An arm or a leg moves and comes to rest near its place; the torso shifts by a millimetre or two."""
    rest = line.poses[-1]
    arms = movement.kind == "page" or rng.random() < 0.6
    part = np.arange(N_TORSO, N_TORSO + N_STILL // 2) if arms else np.arange(N_TORSO + N_STILL // 2, N_TORSO + N_STILL)
    reach_m = _PAGE_REACH_M if movement.kind == "page" else _LIMB_REACH_M
    line.add(movement.begin_s, rest, moving=True, in_place=True)
    n = max(2, round(movement.length_s / 0.5))
    jolt_m = _JOLT_M * rng.standard_normal((3, 1))
    amplitude_m = rest.amplitude_m.copy()
    amplitude_m[part] = np.sqrt(_LIMB_RCS_M2 / part.size * rng.uniform(0.5, 1.5, part.size))
    for i in range(1, n + 1):
        last = i == n
        position_m = rest.position_m.copy()
        position_m[:, :N_TORSO] += jolt_m * i / n
        away_m = (_LIMB_REST_M if last else reach_m) * rng.standard_normal((3, 1))
        position_m[:, part] += away_m + 0.25 * reach_m * rng.standard_normal((3, part.size)) * (not last)
        pose = replace(rest, position_m=position_m, amplitude_m=rest.amplitude_m if last else amplitude_m)
        line.add(movement.begin_s + movement.length_s * i / n, pose, moving=not last, in_place=True)


def _walk(
    line: Timeline, person: Person, rng: np.random.Generator, begin_s: float, rest: Pose, *, inwards: bool
) -> None:
    """Coming to bed (ends in the pose `rest`) or leaving it."""
    place_m, way = np.array(person.centre_m), WAYS[person.way]
    stops = [make_pose(person, rng, posture, place_m + np.array(offset)) for offset, posture, _ in way]
    seconds = [step_s for _, _, step_s in way]
    hidden = replace(stops[0], amplitude_m=np.zeros(stops[0].amplitude_m.size))
    if inwards:
        times_s = begin_s + np.cumsum(seconds)
        line.add(max(0.0, begin_s - _FADE_S), hidden, moving=False, in_place=False, present=False)
        for t_s, stop in zip(times_s, stops, strict=True):
            line.add(float(t_s), stop, moving=True, in_place=False)
        line.add(float(times_s[-1]) + _SETTLE_S, rest, moving=False, in_place=True)
        return
    line.add(begin_s, rest, moving=True, in_place=False)
    t_s = begin_s + _SETTLE_S
    for stop, step_s in zip(reversed(stops), reversed(seconds), strict=True):
        line.add(t_s, stop, moving=True, in_place=False)
        t_s += step_s
    line.add(t_s + _FADE_S, hidden, moving=False, in_place=False, present=False)
