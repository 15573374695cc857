"""What a whole body does in a night as keyframes: coming, turning over, tossing, limbs, twitches, sitting up, going.

Rule: as timeline.py; here every keyframe is a turn and a shift of one and the same body, never a new body.

Postures lie about the shares measured in free living: side .54, back .38, front .07 of the time in bed (Skarpsno 2017,
663 adults, accelerometers). A turn goes through the back (four in five) or the belly, in steps of at most 18 degrees, and
lifts the body; any other movement of the whole body brings it back to nearly the same posture, centimetres away.
ASSUMPTIONS: share of movements that turn (`turning`), lift, jitter. Left out: as timeline.py, sleep walking.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from hw_sim.body import Array, Pose
from hw_sim.movements import Movement
from hw_sim.night import Span
from hw_sim.scenario_living import Person
from hw_sim.timeline import WAYS, Timeline, stay, way_s
from hw_sim.whole_body import ARMS, LEGS, N_PARTS, WholeBody, leaning_axes, lying_axes, upright_axes

ROLL_DEG: Final = {"supine": 0.0, "facing": 90.0, "left": 90.0, "away": -90.0, "right": -90.0, "prone": 180.0}
_SHARE: Final = {"supine": 0.38, "facing": 0.27, "away": 0.28, "prone": 0.07}
_THROUGH_BACK: Final = 0.8
_STEP_DEG: Final = 18.0
_LIFT_M: Final = 0.04
_ROLL_SD_DEG, _YAW_SD_DEG = 8.0, 4.0
_PLACE_SD_M: Final = (0.03, 0.025, 0.008)
_REACH_M: Final = {"limb": 0.12, "page": 0.06, "twitch": 0.02}
_REST_M: Final = 0.015
_JOLT_M: Final = 0.0015
_STRIDE_S: Final = 0.35
_SETTLE_S, _FADE_S = 2.2, 0.5
_SITS_M: Final = (0.1, 0.0, 0.2)
_MOVING_LIMB: Final = 2.0  # times its cross-section: now and then it faces the device


@dataclass
class _State:
    """How somebody lies."""

    posture: str
    roll_deg: float
    axes: Array
    centre_m: Array
    parts_m: Array


class Sleeper:
    """Keyframes of one whole body, added in order of time."""

    def __init__(self, person: Person, body: WholeBody, rng: np.random.Generator) -> None:
        self.line = Timeline()
        self._person, self._body, self._rng = person, body, rng
        self._home_m = np.array(person.centre_m)
        upright = person.pose == "sitting"
        axes = upright_axes(-self._home_m) if upright else lying_axes(ROLL_DEG[person.posture])
        parts = body.parts("hang", "bent") if upright else body.lying(ROLL_DEG[person.posture], rng)
        self._at = _State(person.posture, ROLL_DEG[person.posture], axes, self._home_m, parts)
        self.first = self._pose()

    def _pose(self, brighter: Array | None = None) -> Pose:
        at = self._at
        return self._body.pose(at.axes, at.centre_m, at.parts_m, brighter)

    def lie(self, t_s: float) -> None:
        """Has been there all the time."""
        self.line.add(t_s, self._pose(), moving=False, in_place=True)

    def move(self, one: Movement) -> None:
        """Any movement in bed."""
        if one.kind in ("limb", "page", "twitch"):
            self._limb(one)
        elif one.kind in ("sit", "lie"):
            self._sit(one)
        else:
            self._toss(one)

    def _limb(self, one: Movement) -> None:
        rng, at = self._rng, self._at
        arms = one.kind == "page" or rng.random() < 0.6
        part = (ARMS if arms else LEGS)[int(rng.integers(2))] if one.kind != "page" else np.concatenate(ARMS)
        brighter = np.ones(N_PARTS)
        brighter[part] = _MOVING_LIMB
        rest, jolt = at.parts_m.copy(), _JOLT_M * rng.standard_normal(3) * (one.kind != "twitch")
        self.line.add(one.begin_s, self.line.poses[-1], moving=True, in_place=True)
        n = 2 if one.kind == "twitch" else max(2, round(one.length_s / 0.4))
        lever = np.linspace(0.4, 1.0, part.size)
        for i in range(1, n + 1):
            last = i == n
            away_m = (_REST_M * (one.kind != "twitch") if last else _REACH_M[one.kind]) * rng.standard_normal((3, 1))
            self._at.parts_m = rest.copy()
            self._at.parts_m[:, part] += away_m * lever
            self._at.centre_m = self._at.centre_m + jolt / n
            pose = self._pose(None if last else brighter)
            self.line.add(one.begin_s + one.length_s * i / n, pose, moving=not last, in_place=True)

    def _toss(self, one: Movement) -> None:
        """Turns over, or moves about and lies down in the same posture."""
        rng, at = self._rng, self._at
        turns = self._person.change_posture and rng.random() < self._person.turning
        posture = self._another() if turns else at.posture
        aim_deg = ROLL_DEG[posture] + _ROLL_SD_DEG * float(rng.standard_normal())
        way_deg = (aim_deg - at.roll_deg + 180) % 360 - 180
        if turns and abs(way_deg) > 120 and rng.random() < _THROUGH_BACK:
            way_deg = aim_deg - at.roll_deg  # rolls lie within -180..180 about the back
        self._turn(one, posture, way_deg, self._home_m + rng.standard_normal(3) * np.array(_PLACE_SD_M))

    def _turn(self, one: Movement, posture: str, way_deg: float, place_m: Array) -> None:
        rng, at = self._rng, self._at
        n = max(2, math.ceil(abs(way_deg) / _STEP_DEG), round(one.length_s / rng.uniform(0.5, 1.1)))
        yaw_deg = _YAW_SD_DEG * float(rng.standard_normal())
        from_deg, from_m, parts_0 = at.roll_deg, at.centre_m, at.parts_m
        parts_1 = self._body.lying(from_deg + way_deg, rng)
        self.line.add(one.begin_s, self.line.poses[-1], moving=True, in_place=True)
        for i in range(1, n + 1):
            last, x = i == n, i / n
            loose = 0.0 if last else 1.0
            roll_deg = from_deg + way_deg * x + loose * rng.normal(0.0, 4.0)
            centre_m = from_m * (1 - x) + place_m * x + loose * rng.normal(0.0, 0.02, 3) * np.array([1, 1, 0.3])
            centre_m = centre_m + np.array([0.0, 0.0, loose * _LIFT_M * math.sin(math.pi * x)])
            parts = parts_0 * (1 - x) + parts_1 * x + loose * rng.normal(0.0, 0.06, (3, N_PARTS))
            parts[:, :4] = parts_0[:, :4]
            self._at = _State(posture, roll_deg, lying_axes(roll_deg, yaw_deg * x), centre_m, parts)
            self.line.add(one.begin_s + one.length_s * x, self._pose(), moving=not last, in_place=True)
        self._at.roll_deg = (from_deg + way_deg + 180) % 360 - 180

    def _another(self) -> str:
        kinds = [kind for kind in _SHARE if ROLL_DEG[kind] != ROLL_DEG[self._at.posture]]
        share = np.array([_SHARE[kind] for kind in kinds])
        return str(self._rng.choice(kinds, p=share / share.sum()))

    def _sit(self, one: Movement) -> None:
        """Sits up against the headboard, or lies down again."""
        rng, up = self._rng, one.kind == "sit"
        posture = "supine" if up else self._person.posture
        goal = self._home_m + (np.array(_SITS_M) if up else 0.0)
        axes = leaning_axes() if up else lying_axes(ROLL_DEG[posture])
        parts = self._body.parts("front", "straight") if up else self._body.lying(ROLL_DEG[posture], rng)
        self.line.add(one.begin_s, self.line.poses[-1], moving=True, in_place=True)
        here, n = self._at, 5
        for i in range(1, n + 1):
            x, last = i / n, i == n
            mixed, _ = np.linalg.qr(here.axes * (1 - x) + axes * x) if not last else (axes, None)
            mixed = mixed * np.sign((mixed * axes).sum(axis=0))
            loose = 0.0 if last else 0.03
            centre_m = here.centre_m * (1 - x) + goal * x + loose * rng.standard_normal(3)
            self._at = _State(posture, ROLL_DEG[posture], mixed, centre_m, here.parts_m * (1 - x) + parts * x)
            self.line.add(one.begin_s + one.length_s * x, self._pose(), moving=not last, in_place=True)

    def walk(self, begin_s: float, *, inwards: bool) -> None:
        """Coming to bed, or leaving it, step by step."""
        person, home = self._person, self._home_m
        way = [(home + np.array(offset), posture, step_s) for offset, posture, step_s in WAYS[person.way]]
        if inwards:
            self._at = _State(
                person.posture,
                ROLL_DEG[person.posture],
                lying_axes(ROLL_DEG[person.posture]),
                home,
                self._body.lying(ROLL_DEG[person.posture], self._rng),
            )
        rest, lying = self._pose(), self._at
        strides = self._strides(way if inwards else way[::-1], inwards)
        hidden = replace(strides[0 if inwards else -1][1], amplitude_m=np.zeros(rest.amplitude_m.size))
        if inwards:
            self.line.add(max(0.0, begin_s - _FADE_S), hidden, moving=False, in_place=False, present=False)
            for after_s, pose in strides:
                self.line.add(begin_s + after_s, pose, moving=True, in_place=False)
            self.line.add(begin_s + strides[-1][0] + _SETTLE_S, rest, moving=False, in_place=True)
        else:
            self.line.add(begin_s, rest, moving=True, in_place=False)
            for after_s, pose in strides:
                self.line.add(begin_s + _SETTLE_S + after_s, pose, moving=True, in_place=False)
            gone_s = begin_s + way_s(person)
            self.line.add(gone_s + _FADE_S, hidden, moving=False, in_place=False, present=False)
        self._at = lying

    def _strides(self, way: list[tuple[Array, str, float]], inwards: bool) -> list[tuple[float, Pose]]:
        """(seconds after the first, pose) along a way, a pose each stride."""
        found, t_s, step = [], 0.0, 0
        for k, (at_m, posture, _) in enumerate(way):
            if k:
                from_m, from_posture, from_s = way[k - 1]
                step_s = way[k][2] if inwards else from_s
                n = max(1, round(step_s / _STRIDE_S)) if posture == from_posture == "upright" else 1
                for i in range(1, n + 1):
                    step += 1
                    x = i / n
                    found.append(
                        (t_s + step_s * x, self._upright(from_m * (1 - x) + at_m * x, at_m - from_m, posture, step))
                    )
                t_s += step_s
            else:
                ahead = way[1][0] - at_m
                found.append((0.0, self._upright(at_m, ahead, posture, 0)))
        return found

    def _upright(self, at_m: Array, ahead: Array, posture: str, step: int) -> Pose:
        if posture != "upright":
            self._at = _State(posture, 0.0, lying_axes(0.0), at_m, self._body.lying(0.0, self._rng))
        else:
            ahead = ahead if np.hypot(ahead[0], ahead[1]) > 0.02 else -at_m
            self._at = _State(posture, 0.0, upright_axes(ahead), at_m, self._body.walking(step))
        return self._pose()


def whole_timeline(
    sleeper: Sleeper, person: Person, movements: list[Movement], absences_s: tuple[Span, ...], duration_s: float
) -> Timeline:
    """The whole stay of a whole body whose movements and absences are planned."""
    enters_s, leaves_s = stay(person, duration_s)
    if enters_s == -np.inf:
        sleeper.lie(0.0)
    elif enters_s >= min(duration_s, leaves_s):
        return sleeper.line
    else:
        sleeper.walk(enters_s, inwards=True)
    to_do: list[Movement | Span] = [*movements, *absences_s]
    for one in sorted(to_do, key=lambda it: it[0] if isinstance(it, tuple) else it.begin_s):
        if isinstance(one, tuple):
            sleeper.walk(one[0], inwards=False)
            sleeper.walk(one[1] - way_s(person), inwards=True)
        else:
            sleeper.move(one)
    if leaves_s < duration_s:
        sleeper.walk(leaves_s, inwards=False)
    return sleeper.line
