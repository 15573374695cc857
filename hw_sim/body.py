"""A human body as point scatterers: torso with speckle, and parts that stay still, in a posture at a place.

Rule: a body is a list of poses in time (timeline.py); between equal poses it only breathes.

The torso is an ellipsoid; scatterers lie where its surface faces the radar, their power scatters exponentially, and
speckle comes from their random positions. How closely they face it, how unequally they move, and the cross-section
were chosen once, to give the statistics of the public recording of a sitting person (fluctuation of the moving part,
coherence between antennas, counts). The wall moves outwards: fully at
the front, a quarter at the flanks, a fifth at the back; upper part with the chest, lower part with the abdomen. So
a sleeper seen from the flank shows tenths of a millimetre to 2 mm, somebody facing the radar 4 to 7 mm. Shoulders,
pelvis and legs reflect, too, and hardly move.
Left out: near-field focusing, dependence of the reflection on the skin. Limbs and head of their own, gait and a surface
that turns with the body: whole_body.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.scenario_living import Person, Pet

N_TORSO: Final = 26
N_STILL: Final = 6
N_BODY: Final = N_TORSO + N_STILL
GLINT: Final = 50.0  # power of the cosine between surface and radar by which scatterers are drawn
SPREAD: Final = (0.5, 1.2)  # motion of single points relative to the wall's
_STILL_SHARE: Final = 0.25  # of the torso's power, in shoulders, pelvis, legs
WALL: Final = (0.25, 0.2)  # motion of flank and back relative to the front
_FLANK, _BACK = WALL
_STILL_FOLLOWS: Final = 0.02
CHEST, ABDOMEN, HEART, DRIFT = range(4)  # rows of the waveforms

Array = NDArray[np.float64]
# posture: (towards the head, towards the front)
_AXES: Final = {
    "supine": ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "facing": ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
    "away": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "upright": ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "sitting up": ((0.6, 0.0, 0.8), (-0.8, 0.0, 0.6)),  # in bed, leaning on the headboard
}


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of a body."""

    semi_axes_m: tuple[float, float, float]  # of the torso: along, across, front to back
    scale: float  # of where the other parts are


HUMAN: Final = Shape((0.26, 0.17, 0.11), 1.0)
CAT: Final = Shape((0.19, 0.1, 0.08), 0.6)


@dataclass(frozen=True, slots=True)
class Pose:
    """All scatterers of a body at rest in one pose, and the torso they belong to."""

    position_m: Array  # [xyz, n]
    direction: Array  # [xyz, n]: displacement per metre of waveform
    gain: Array  # [waveform, n]
    amplitude_m: Array  # [n]: square root of the radar cross-section
    centre_m: Array  # [xyz] of the torso
    half_m: Array  # [xyz, body axis]: its semi-axes as vectors: along, across, front
    screens: tuple[tuple[Array, Array], ...] = ()  # what else hides: (centre_m, half_m) of head and legs


def make_pose(who: Person | Pet, rng: np.random.Generator, posture: str, centre_m: Array, shape: Shape = HUMAN) -> Pose:
    """Draws the scatterers of a body in a posture at a place."""
    along, front = (np.array(axis) for axis in _AXES[posture])
    return draw_pose(who.torso_rcs_m2, rng, (along, front), centre_m, shape)


def draw_pose(
    torso_rcs_m2: float, rng: np.random.Generator, towards: tuple[Array, Array], centre_m: Array, shape: Shape
) -> Pose:
    """The same for any torso. towards: unit vectors towards head and front, at right angles."""
    along, front = towards
    across = np.cross(along, front)
    axes = np.stack([along, across, front], axis=1)  # [xyz, body axis]
    semi = np.array(shape.semi_axes_m)
    to_radar = -centre_m / np.linalg.norm(centre_m)
    unit, normal = _visible(rng, axes, semi, to_radar)
    torso_m = centre_m[:, None] + axes @ (semi[:, None] * unit)
    depth = rng.uniform(0, 0.01, N_TORSO)
    torso_m = torso_m - normal * depth
    n_across, n_front = across @ normal, front @ normal
    direction = np.outer(front, np.where(n_front > 0, n_front, _BACK * n_front)) + np.outer(across, _FLANK * n_across)
    upper = 1 / (1 + np.exp(-unit[0] / 0.12))
    size = np.maximum(np.linalg.norm(direction, axis=0), 0.1)
    spread = rng.uniform(*SPREAD, N_TORSO)
    gain = np.stack([upper * spread, (1 - upper) * spread, upper / size, 1 / size])
    rcs = torso_rcs_m2 / N_TORSO * rng.exponential(1.0, N_TORSO)
    still = _still_parts(torso_rcs_m2, rng, shape.scale * axes, centre_m, to_radar)
    order = np.argsort(unit[0])
    return Pose(
        position_m=np.concatenate([torso_m[:, order], still.position_m], axis=1),
        direction=np.concatenate([direction[:, order], still.direction], axis=1),
        gain=np.concatenate([gain[:, order], still.gain], axis=1),
        amplitude_m=np.concatenate([np.sqrt(rcs[order]), still.amplitude_m]),
        centre_m=centre_m,
        half_m=axes * semi,
    )


def _visible(rng: np.random.Generator, axes: Array, semi: Array, to_radar: Array) -> tuple[Array, Array]:
    """Points on the ellipsoid that face the radar: unit-sphere coordinates [3, n], normals [xyz, n]."""
    unit = rng.standard_normal((3, 60 * N_TORSO))
    unit /= np.linalg.norm(unit, axis=0)
    normal = axes @ (unit / semi[:, None])
    normal /= np.linalg.norm(normal, axis=0)
    facing = to_radar @ normal
    # drawing without replacement, by chance proportional to cosine^GLINT: the largest of log weight + Gumbel noise
    score = GLINT * np.log(np.maximum(facing, 1e-3)) + rng.gumbel(size=facing.size)
    score[np.abs(unit[0]) > 0.85] = -np.inf
    seen = np.argpartition(score, -N_TORSO)[-N_TORSO:]
    return unit[:, seen], normal[:, seen]


def _still_parts(torso_rcs_m2: float, rng: np.random.Generator, axes: Array, centre_m: Array, to_radar: Array) -> Pose:
    """Shoulders, pelvis and legs: beyond the ends of the torso, on the radar's side."""
    along = np.where(np.arange(N_STILL) < 3, rng.uniform(0.24, 0.34, N_STILL), -rng.uniform(0.26, 0.6, N_STILL))
    spread = rng.uniform(-1, 1, (2, N_STILL)) * np.array([[0.14], [0.09]])
    position = centre_m[:, None] + axes @ np.vstack([along, spread]) + np.outer(to_radar, rng.uniform(0, 0.08, N_STILL))
    direction = rng.standard_normal((3, N_STILL))
    direction /= np.linalg.norm(direction, axis=0)
    gain = np.zeros((4, N_STILL))
    gain[CHEST] = np.where(along > 0, _STILL_FOLLOWS, 0)
    gain[ABDOMEN] = np.where(along < 0, _STILL_FOLLOWS, 0)
    gain[DRIFT] = 1.0
    rcs = torso_rcs_m2 * _STILL_SHARE * rng.exponential(1.0, N_STILL) / N_STILL
    return Pose(position, direction, gain, np.sqrt(rcs), centre_m, axes)
