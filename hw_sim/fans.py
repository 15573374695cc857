"""Fans with whole blades: desk, floor, ceiling; the head may swing, a ceiling fan's hub wobbles.

Rule: a fan is a closed formula of time; what is random about it is drawn once.

Points lie along each blade, on the grille (which swings with the head, but does not turn) or on the hub. A blade
reflects most twice a turn, when one of its edges lies across the line of sight. A swinging grille goes to and fro at 2 to
15 a minute by centimetres: slower than breathing in its first tone, not in its others.
Left out: the blade's pitch and curvature, reflections between blades and grille, vibration of the stand, stops at the
ends of a swing, the draught a fan makes (name a `draughts` table for it).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw_sim.jit import kernel
from hw_sim.reflectors import direction
from hw_sim.scatterers import Doubles, Positions, wandering_turns
from hw_sim.scenario_room import BladeFan

N_FANS: Final = 4
N_WANDER: Final = 3


class Kind(NamedTuple):
    """What fans of one kind are like; pairs are ranges of a draw: assumptions, from what shops state of such fans."""

    turns_per_s: tuple[float, float]
    blades: tuple[int, int]
    radius_m: tuple[float, float]
    height_m: float  # of the hub above a device on a bedside table
    rcs_m2: float  # of a blade
    points: int  # along a blade
    reach: tuple[float, float]  # where they lie, shares of the radius
    still_rcs_m2: float  # of grille or hub
    wobble_m: tuple[float, float]  # of the hub, once a turn


KINDS: Final = {
    "desk": Kind((11.0, 24.0), (3, 5), (0.12, 0.17), 0.2, 0.02, 2, (0.55, 1.0), 0.01, (0.0, 0.0)),
    "floor": Kind((9.0, 21.0), (3, 5), (0.19, 0.23), 0.4, 0.03, 2, (0.5, 1.0), 0.015, (0.0, 0.0)),
    "ceiling": Kind((1.0, 4.0), (3, 5), (0.45, 0.66), 1.5, 0.01, 5, (0.3, 1.0), 0.01, (0.0005, 0.002)),
}
N_STILL: Final = 4
_GRILLE_REACH: Final = 1.05
_HUB_M: Final = 0.1
_HEAD_M: Final = 0.1  # from the pole to the plane of the blades
_TWIST_M: Final = 0.02


class Blades(NamedTuple):
    """n points about a hub. axes: right, up and along the axis of rotation, at rest; the head swings about z."""

    pivot_m: Doubles  # [xyz]
    axes: NDArray[np.float64]  # [3, xyz]
    radius_m: Doubles  # [n]
    start_turns: Doubles  # [n]
    along_m: Doubles  # [n], on the axis, from the pivot
    spins: Doubles  # [n]: 1 of a blade, 0 of a part that does not turn
    amplitude_m: Doubles  # [n]
    turns_per_s: float
    wander: NDArray[np.float64]  # [3, (turns, hz, phase in turns)]: slow changes of speed
    face_turns: float
    swing_rad: float
    swing_hz: float
    swing_turns: float  # phase
    wobble_m: float


def no_fan() -> Blades:
    """A fan without points."""
    none = np.zeros(0)
    return Blades(
        np.zeros(3),
        np.zeros((3, 3)),
        none,
        none,
        none,
        none,
        none,
        0.0,
        np.zeros((N_WANDER, 3)),
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    )


def fans_of(made: Sequence[Blades]) -> tuple[Blades, Blades, Blades, Blades]:
    """As many as the kernel is compiled for."""
    all_four = [*made, *(no_fan() for _ in range(N_FANS - len(made)))]
    return all_four[0], all_four[1], all_four[2], all_four[3]


def make_blades(fan: BladeFan, rng: np.random.Generator) -> Blades:
    """One fan, as drawn."""
    kind = KINDS[fan.kind]
    drawn = (rng.uniform(*kind.turns_per_s), rng.uniform(*kind.radius_m), rng.integers(*kind.blades, endpoint=True))
    turns_per_s = drawn[0] if fan.turns_per_s is None else fan.turns_per_s
    radius_m = drawn[1] if fan.radius_m is None else fan.radius_m
    n_blades = int(drawn[2]) if fan.blades is None else fan.blades
    height_m = kind.height_m if fan.height_m is None else fan.height_m
    pivot = direction(fan.azimuth_deg) * fan.distance_m + np.array([0.0, 0.0, height_m])
    swings = fan.kind != "ceiling"
    reach = np.linspace(*kind.reach, kind.points)
    turn = np.arange(n_blades) / n_blades + 0.01 * rng.standard_normal(n_blades)
    rcs = (kind.rcs_m2 if fan.rcs_m2 is None else fan.rcs_m2) / kind.points
    blades = n_blades * kind.points
    still = _HUB_M if fan.kind == "ceiling" else radius_m * _GRILLE_REACH
    along_m = _HEAD_M if swings else 0.0
    wander_hz = np.array([0.003, 0.011, 0.05]) * rng.uniform(0.7, 1.4, N_WANDER)
    wander = np.stack([0.006 * turns_per_s / (2 * np.pi * wander_hz), wander_hz, rng.random(N_WANDER)], axis=1)
    return Blades(
        pivot_m=pivot,
        axes=_axes(fan, swings),
        radius_m=np.concatenate([radius_m * np.tile(reach, n_blades), np.full(N_STILL, still)]),
        start_turns=np.concatenate([np.repeat(turn, kind.points), rng.random(N_STILL)]),
        along_m=along_m + np.concatenate([rng.uniform(-_TWIST_M, _TWIST_M, blades), np.zeros(N_STILL)]),
        spins=np.concatenate([np.ones(blades), np.zeros(N_STILL)]),
        amplitude_m=np.sqrt(
            np.concatenate(
                [rcs * rng.exponential(1.0, blades), kind.still_rcs_m2 / N_STILL * rng.exponential(1.0, N_STILL)]
            )
        ),
        turns_per_s=turns_per_s,
        wander=wander,
        face_turns=float(rng.random()),
        swing_rad=math.radians(fan.swing_deg) if swings else 0.0,
        swing_hz=1 / fan.swing_s,
        swing_turns=float(rng.random()),
        wobble_m=float(rng.uniform(*kind.wobble_m)),
    )


def _axes(fan: BladeFan, swings: bool) -> NDArray[np.float64]:
    """Right, up and forward of a head on a pole; of a ceiling fan x, y and down."""
    if not swings:
        return np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]])
    forward, up = direction(fan.azimuth_deg + 180.0 + fan.facing_deg), np.array([0.0, 0.0, 1.0])
    return np.stack([np.cross(forward, up), up, forward])


def mirrored_blades(fan: Blades) -> Blades:
    """The same fan on the other side of the boresight; it turns the other way round."""
    turned = np.array([-1.0, 1.0, 1.0])
    return fan._replace(pivot_m=fan.pivot_m * turned, axes=fan.axes * turned, swing_rad=-fan.swing_rad)


@kernel
def place_blades(fan: Blades, ends_s: tuple[float, float], position_m: Positions, amplitude_m: Doubles, n: int) -> int:
    """Appends the points of a fan at both ends of a burst behind the first n; returns how many there are now."""
    count = fan.radius_m.size
    if count == 0:
        return n
    for end in range(2):
        t_s = ends_s[end]
        angle = wandering_turns(fan.turns_per_s, fan.wander, t_s)
        swing = fan.swing_rad * math.sin(2.0 * math.pi * (fan.swing_hz * t_s + fan.swing_turns))
        cs, sn = math.cos(swing), math.sin(swing)
        # right and forward, swung about z; up stays
        rx, ry = fan.axes[0, 0] * cs - fan.axes[0, 1] * sn, fan.axes[0, 0] * sn + fan.axes[0, 1] * cs
        fx, fy = fan.axes[2, 0] * cs - fan.axes[2, 1] * sn, fan.axes[2, 0] * sn + fan.axes[2, 1] * cs
        wobble = fan.wobble_m * math.cos(2.0 * math.pi * angle), fan.wobble_m * math.sin(2.0 * math.pi * angle)
        for i in range(count):
            turns = angle * fan.spins[i] + fan.start_turns[i]
            turns -= math.floor(turns)
            c = fan.radius_m[i] * math.cos(2.0 * math.pi * turns) + wobble[0]
            s = fan.radius_m[i] * math.sin(2.0 * math.pi * turns) + wobble[1]
            a = fan.along_m[i]
            position_m[end, 0, n + i] = fan.pivot_m[0] + c * rx + s * fan.axes[1, 0] + a * fx
            position_m[end, 1, n + i] = fan.pivot_m[1] + c * ry + s * fan.axes[1, 1] + a * fy
            position_m[end, 2, n + i] = fan.pivot_m[2] + c * fan.axes[0, 2] + s * fan.axes[1, 2] + a * fan.axes[2, 2]
            glint = 1.0 - fan.spins[i] * (1.0 - math.cos(2.0 * math.pi * (turns - fan.face_turns)) ** 4)
            amplitude_m[n + i] = fan.amplitude_m[i] * (0.2 + 0.8 * glint)
    return n + count
