"""A dog, or a cat that goes about: lies, turns, dreams, pants, grooms itself, walks through the room, jumps on the bed.

Rule: a body like any other, smaller; it is never in anybody's place and never counts as a person.

Size: a dog of 25 kg has a trunk of 0.60 x 0.24 x 0.28 m, lengths go with the cube root of the mass, cross-sections with
its two thirds. Asleep 10 to 30 breaths a minute (veterinary texts: under 30 at rest); panting 4 to 6 a second, up to the
resonance of the chest near 5 Hz (Crawford 1962), and shallow. Dreams: paws twitch, breath is half as deep again as
irregular. Walks go round the bed, at 0.7 m/s with a stride of 0.35 s; above ON_BED_M is on the bed, which costs a jump.
ASSUMPTIONS: cross-section, how often it does what (keys of the scenario), sizes of twitches and pants.
Left out: tail, barking, purring, the bed in its way when it jumps, lying on top of somebody.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.body import N_STILL, Array, Pose, Shape, draw_pose
from hw_sim.breathing import WAVEFORM_HZ, BreathingTrack, breathe
from hw_sim.breathing_events import Event
from hw_sim.scenario_living import Dog
from hw_sim.timeline import Timeline

ON_BED_M: Final = -0.3
MASS_KG: Final = 25.0
TRUNK_M: Final = (0.30, 0.12, 0.14)
RCS_M2: Final = 0.004
# the bed as seen from the device, x and y; who walks keeps out of it
BED_X_M, BED_Y_M = (-1.25, 0.85), (0.42, 1.8)
FOOT_X_M: Final = -1.45
_OUT_M: Final = (-2.1, 1.6, -0.45)  # the door
_STANDS_M: Final = 0.15  # higher than where it lies
_STRIDE_S, _SPEED_M_PER_S = 0.35, 0.7
_STRIDE_M: Final = 0.06
_FADE_S, _JUMP_S, _SETTLE_S = 0.5, 0.45, 3.0
_LICK_S, _LICK_M = 0.35, 0.02
_TWITCH_M: Final = 0.01
_PANT_M: Final = 1.5e-3
_DREAM_S, _GROOM_S, _PANT_S = (20.0, 90.0), (30.0, 120.0), (60.0, 300.0)
_ROOM_M: Final = ((-1.9, -1.3), (0.5, 2.2))  # x and y of where it stands about
_DOWN: Final = np.array([0.0, 0.0, -1.0])
_UP: Final = np.array([0.0, 0.0, 1.0])


@dataclass
class _Day:
    """What it has done so far."""

    line: Timeline = field(default_factory=Timeline)
    events: list[Event] = field(default_factory=list)
    at_m: Array = field(default_factory=lambda: np.zeros(3))
    spots: list[tuple[float, Array]] = field(default_factory=list)  # from when it lay where


@dataclass(frozen=True)
class Animal:
    """One animal as drawn: keyframes, breathing, what it did, and since when it lay where."""

    line: Timeline
    track: BreathingTrack
    events: list[Event]
    spots: list[tuple[float, Array]]
    mass_kg: float


class _Body:
    def __init__(self, dog: Dog, rng: np.random.Generator) -> None:
        k = (dog.mass_kg / MASS_KG) ** (1 / 3)
        self.rng, self.k = rng, k
        self.shape = Shape((TRUNK_M[0] * k, TRUNK_M[1] * k, TRUNK_M[2] * k), 0.9 * k)
        self.rcs_m2 = RCS_M2 * k**2

    def lying(self, at_m: Array) -> Pose:
        """On a side or curled up, head anywhere."""
        angle = self.rng.uniform(0, 2 * np.pi)
        along = np.array([np.cos(angle), np.sin(angle), 0.0])
        aside = np.cross(_UP, along)
        tilt = self.rng.uniform(-0.7, 0.7)
        front = np.cos(tilt) * aside + np.sin(tilt) * _UP
        return draw_pose(self.rcs_m2, self.rng, (along, front), at_m, self.shape)

    def standing(self, at_m: Array, ahead: Array) -> Pose:
        """On its feet, looking ahead."""
        flat = np.array([ahead[0], ahead[1], 0.0])
        length = float(np.linalg.norm(flat))
        along = flat / length if length > 0.01 else np.array([1.0, 0.0, 0.0])
        centre_m = at_m + np.array([0.0, 0.0, self.k * _STANDS_M])
        return draw_pose(self.rcs_m2, self.rng, (along, _DOWN), centre_m, self.shape)


def make_animal(dog: Dog, rng: np.random.Generator, breath_rng: np.random.Generator, duration_s: float) -> Animal:
    """The whole stay of an animal."""
    body, day = _Body(dog, rng), _Day()
    spots = [np.array(spot) for spot in dog.spots_m]
    leaves_s = np.inf if dog.leaves_before_end_s is None else duration_s - dog.leaves_before_end_s
    enters_s = dog.enters_s
    if enters_s is not None and enters_s >= min(leaves_s, duration_s):
        return Animal(day.line, breathe(dog.breathing, breath_rng, duration_s), [], [], dog.mass_kg)
    if enters_s is None:
        day.line.add(0.0, body.lying(spots[0]), moving=False, in_place=False)
        day.at_m = spots[0]
        day.spots.append((0.0, spots[0]))
    else:
        _appear(day, body, enters_s)
        _go(day, body, spots[0], enters_s)
    _live(day, dog, body, spots, min(leaves_s, duration_s))
    if leaves_s < duration_s:
        _go(day, body, np.array(_OUT_M), max(leaves_s, day.line.key_s[-1] + 1.0), lies=False)
        gone = replace(day.line.poses[-1], amplitude_m=np.zeros(day.line.poses[-1].amplitude_m.size))
        day.line.add(day.line.key_s[-1] + _FADE_S, gone, moving=False, in_place=False, present=False)
    track = _breath(dog, day.events, breath_rng, duration_s)
    return Animal(day.line, track, day.events, day.spots, dog.mass_kg)


def _appear(day: _Day, body: _Body, at_s: float) -> None:
    day.at_m = np.array(_OUT_M)
    pose = body.standing(day.at_m, np.array([1.0, 0.0, 0.0]))
    hidden = replace(pose, amplitude_m=np.zeros(pose.amplitude_m.size))
    day.line.add(max(0.0, at_s - _FADE_S), hidden, moving=False, in_place=False, present=False)
    day.line.add(at_s + 1e-3, pose, moving=True, in_place=False)


def _live(day: _Day, dog: Dog, body: _Body, spots: list[Array], until_s: float) -> None:
    """Everything between coming and going, one after the other."""
    rates = {
        "walk": dog.walks_per_hour,
        "turn": dog.turns_per_hour,
        "groom": dog.grooming_per_hour,
        "dream": dog.dreams_per_hour,
        "pant": dog.panting_per_hour,
    }
    kinds, share = list(rates), np.array(list(rates.values()), np.float64)
    per_s, rng = float(share.sum()) / 3600, body.rng
    while per_s > 0:
        t_s = day.line.key_s[-1] + 5.0 + rng.exponential(1 / per_s)
        kind = str(rng.choice(kinds, p=share / share.sum()))
        if t_s + 400 > until_s and (kind == "walk" or t_s + 330 > until_s):
            return
        if kind == "walk":
            _stroll(day, dog, body, spots, t_s)
        elif kind == "turn":
            _turn(day, body, t_s, rng.uniform(3, 8))
        elif kind == "groom":
            _fidget(day, body, t_s, rng.uniform(*_GROOM_S), (_LICK_S, _LICK_M, 0.003), "groom")
        elif kind == "dream":
            _dream(day, body, t_s, rng.uniform(*_DREAM_S))
        else:
            length_s = rng.uniform(*_PANT_S)
            day.events.append(Event(t_s, t_s + length_s, "pant"))
            day.line.add(t_s + length_s, day.line.poses[-1], moving=False, in_place=False)


def _stroll(day: _Day, dog: Dog, body: _Body, spots: list[Array], t_s: float) -> None:
    """Gets up, goes somewhere, stands about, and lies down at one of its places."""
    begin_s = t_s
    floor_m = min(-0.45, *(float(spot[2]) for spot in spots))
    somewhere = np.array([body.rng.uniform(*_ROOM_M[0]), body.rng.uniform(*_ROOM_M[1]), floor_m])
    t_s = _go(day, body, somewhere, t_s, lies=False)
    stands_s = body.rng.uniform(*dog.walk_s)
    for _ in range(int(stands_s / 2)):
        t_s += 2.0
        day.line.add(t_s, body.standing(day.at_m, body.rng.standard_normal(3)), moving=True, in_place=False)
    goal = spots[int(body.rng.integers(len(spots)))]
    t_s = _go(day, body, goal, t_s + 0.5)
    day.events.append(Event(begin_s, t_s, "walk"))


def _go(day: _Day, body: _Body, goal_m: Array, t_s: float, *, lies: bool = True) -> float:
    """Walks (and jumps) to a place, lies down there or stays standing; returns when that is over."""
    if day.line.poses and t_s > day.line.key_s[-1] + 1e-3:
        day.line.add(t_s, day.line.poses[-1], moving=True, in_place=False)
    here = day.at_m
    for stop in way(here, goal_m):
        flat = float(np.hypot(*(stop - here)[:2]))
        jumps = abs(float(stop[2] - here[2])) > 0.1
        n = 2 if jumps else max(1, round(flat / _SPEED_M_PER_S / _STRIDE_S))
        step_s = _JUMP_S / 2 if jumps else _STRIDE_S
        for i in range(1, n + 1):
            t_s += step_s
            at = here + (stop - here) * i / n
            if jumps and i < n:
                at = np.array([at[0], at[1], max(here[2], stop[2]) + 0.1])
            pose = _legs_swing(body.standing(at, stop - here), i, body.k)
            day.line.add(t_s, pose, moving=True, in_place=False)
        here = stop
    day.at_m = goal_m
    if lies:
        for _ in range(2):  # turns once, as they do
            t_s += _SETTLE_S / 2
            day.line.add(t_s, body.lying(goal_m + 0.02 * body.rng.standard_normal(3)), moving=True, in_place=False)
        t_s += _SETTLE_S / 2
        day.line.add(t_s, body.lying(goal_m), moving=False, in_place=False)
        day.spots.append((t_s, goal_m))
    elif day.line.poses:
        t_s += 0.2
        day.line.add(t_s, day.line.poses[-1], moving=True, in_place=False)
    return t_s


def way(here_m: Array, goal_m: Array) -> list[Array]:
    """Corners of a walk: down from the bed, round its foot where it is in the way, and up again."""
    floor_m = min(float(here_m[2]), float(goal_m[2]), -0.45)
    stops: list[Array] = []
    start, end = here_m, goal_m
    if here_m[2] > ON_BED_M:
        start = _edge(here_m, floor_m)
        stops += [np.array([start[0], start[1], here_m[2]]), start]
    if goal_m[2] > ON_BED_M:
        end = _edge(goal_m, floor_m)
    if _crosses_bed(start, end):
        stops += [np.array([FOOT_X_M, start[1], floor_m]), np.array([FOOT_X_M, end[1], floor_m])]
    stops.append(end)
    if goal_m[2] > ON_BED_M:
        stops += [np.array([end[0], end[1] + np.sign(goal_m[1] - end[1]) * 0.2, goal_m[2]]), goal_m]
    return stops


def _edge(at_m: Array, floor_m: float) -> Array:
    """The place on the floor beside the bed nearest to a place on it."""
    near = at_m[1] - BED_Y_M[0] < BED_Y_M[1] - at_m[1]
    return np.array([at_m[0], BED_Y_M[0] - 0.15 if near else BED_Y_M[1] + 0.15, floor_m])


def _crosses_bed(one_m: Array, other_m: Array) -> bool:
    x = np.linspace(0, 1, 21)[:, None]
    path = one_m[:2] * (1 - x) + other_m[:2] * x
    inside_x = (path[:, 0] > BED_X_M[0]) & (path[:, 0] < BED_X_M[1])
    return bool((inside_x & (path[:, 1] > BED_Y_M[0]) & (path[:, 1] < BED_Y_M[1])).any())


def _legs_swing(pose: Pose, step: int, k: float) -> Pose:
    position_m = pose.position_m.copy()
    along = pose.half_m[:, 0] / np.linalg.norm(pose.half_m[:, 0])
    sign = np.where(np.arange(N_STILL) % 2 == step % 2, 1.0, -1.0)
    position_m[:, -N_STILL:] += k * _STRIDE_M * np.outer(along, sign)
    return replace(pose, position_m=position_m)


def _turn(day: _Day, body: _Body, begin_s: float, length_s: float) -> None:
    day.line.add(begin_s, day.line.poses[-1], moving=True, in_place=False)
    n = max(2, round(length_s / 0.8))
    for i in range(1, n + 1):
        at = day.at_m + np.array([*body.rng.normal(0.0, 0.04, 2), 0.0])
        pose = body.lying(at) if i in (1, n) else body.standing(at, body.rng.standard_normal(3))
        day.line.add(begin_s + length_s * i / n, pose, moving=i < n, in_place=False)
    day.events.append(Event(begin_s, begin_s + length_s, "turn"))


def _fidget(
    day: _Day, body: _Body, begin_s: float, length_s: float, how: tuple[float, float, float], kind: str
) -> None:
    """Head and paws go to and fro, the trunk rocks. how: seconds of one stroke, its reach, what the trunk rocks by."""
    stroke_s, reach_m, rock_m = how
    rest = day.line.poses[-1]
    day.line.add(begin_s, rest, moving=True, in_place=False)
    n = max(2, round(length_s / stroke_s))
    for i in range(1, n):
        position_m = rest.position_m + rock_m * body.rng.standard_normal((3, 1))
        position_m[:, -N_STILL:] += reach_m * body.k * body.rng.standard_normal((3, N_STILL))
        day.line.add(begin_s + length_s * i / n, replace(rest, position_m=position_m), moving=True, in_place=False)
    day.line.add(begin_s + length_s, rest, moving=False, in_place=False)
    day.events.append(Event(begin_s, begin_s + length_s, kind))


def _dream(day: _Day, body: _Body, begin_s: float, length_s: float) -> None:
    """Paws twitch now and then."""
    t_s, rest = begin_s, day.line.poses[-1]
    while t_s < begin_s + length_s:
        day.line.add(t_s, rest, moving=True, in_place=False)
        position_m = rest.position_m.copy()
        paw = -1 - int(body.rng.integers(N_STILL))
        position_m[:, paw] += _TWITCH_M * body.k * body.rng.standard_normal(3)
        day.line.add(t_s + 0.12, replace(rest, position_m=position_m), moving=True, in_place=False)
        day.line.add(t_s + 0.3, rest, moving=False, in_place=False)
        t_s += 0.35 + body.rng.exponential(1.2)
    day.events.append(Event(begin_s, t_s, "dream"))


def _breath(dog: Dog, events: list[Event], rng: np.random.Generator, duration_s: float) -> BreathingTrack:
    """Breathing, irregular while it dreams; pants are quick and shallow and leave no slow breaths."""
    track = breathe(dog.breathing, rng, duration_s)
    keep = np.ones(track.breath_s.size, np.bool_)
    for event in events:
        if event.kind not in ("pant", "dream"):
            continue
        first, last = (int(min(max(t, 0.0), duration_s) * WAVEFORM_HZ) for t in (event.from_s, event.to_s))
        if event.kind == "pant":
            keep &= (track.breath_s < event.from_s) | (track.breath_s > event.to_s)
            shape = _faded(last - first)
            hz = rng.uniform(*dog.panting_hz)
            pants = _PANT_M * 0.5 * (1 - np.cos(2 * np.pi * hz * np.arange(last - first) / WAVEFORM_HZ))
            for wave in (track.chest_m, track.abdomen_m):
                wave[first:last] = (wave[first:last] * (1 - shape) + pants * shape).astype(np.float32)
        else:
            quick = 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.3, 0.8) * np.arange(last - first) / WAVEFORM_HZ)
            track.chest_m[first:last] *= (1 + (quick - 1) * _faded(last - first)).astype(np.float32)
    return BreathingTrack(track.chest_m, track.abdomen_m, track.heart_m, track.breath_s[keep])


def _faded(n: int) -> NDArray[np.float64]:
    """Ones that rise and fall within a second at both ends."""
    x = np.minimum(np.arange(n), np.arange(n)[::-1]) / WAVEFORM_HZ
    return np.asarray(np.clip(x, 0, 1) ** 2 * (3 - 2 * np.clip(x, 0, 1)))
