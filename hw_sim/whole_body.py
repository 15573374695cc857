"""A whole body: a torso whose skin turns with it, and head, shoulders, arms, pelvis and legs as parts of their own.

Rule: everything is in the body's own axes (along towards the head, across, front); a pose turns and places them.

Sizes are a grown person's of 1.75 m, in proportion to height; cross-sections go with its square. A part behind the torso
is hidden as any other point (shadow.py). Hands may lie on the belly and then rise and fall with it; head and shoulders
follow the chest a little, the head nods with the heart.
ASSUMPTIONS: where limbs lie in each posture, and their shares of the torso's cross-section (PART_RCS).
Left out: joints that must keep their length, fingers, clothes, hair.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hw_sim.body import ABDOMEN, CHEST, DRIFT, HEART, HUMAN, N_TORSO, Array, Pose
from hw_sim.shadow import loss_db
from hw_sim.surface import Slots, Surface

HEIGHT_M: Final = 1.75
HEAD, SHOULDERS, PELVIS = np.arange(0, 2), np.arange(2, 4), np.arange(8, 10)
ARMS: Final = (np.arange(4, 6), np.arange(6, 8))  # elbow, hand
LEGS: Final = (np.arange(10, 13), np.arange(13, 16))  # knee, shin, foot
HANDS: Final = np.array([5, 7])
N_PARTS: Final = 16
N_WHOLE: Final = N_TORSO + N_PARTS
PART_RCS: Final = np.repeat([0.04, 0.03, 0.025, 0.03, 0.03], [2, 2, 4, 2, 6])  # of the torso's cross-section, each
_TRUNK_M: Final = ((0.42, 0.05, 0.03), (0.38, -0.05, 0.03), (0.22, 0.19, 0.0), (0.22, -0.19, 0.0))
_PELVIS_M: Final = ((-0.28, 0.11, 0.03), (-0.28, -0.11, 0.03))
# one arm (elbow, hand) and one leg (knee, shin, foot); across is mirrored for the other
_ARM_M: Final = {
    "beside": ((0.0, 0.24, 0.0), (-0.22, 0.22, 0.04)),
    "belly": ((0.0, 0.23, 0.03), (-0.08, 0.07, 0.12)),
    "front": ((0.05, 0.1, 0.24), (0.18, 0.08, 0.34)),
    "up": ((0.26, 0.3, 0.0), (0.42, 0.22, 0.02)),
    "hang": ((-0.02, 0.23, 0.0), (-0.26, 0.22, 0.05)),
}
_LEG_M: Final = {
    "straight": ((-0.6, 0.1, 0.03), (-0.8, 0.1, 0.0), (-1.0, 0.1, 0.05)),
    "bent": ((-0.5, 0.05, 0.28), (-0.7, 0.05, 0.15), (-0.88, 0.05, 0.02)),
    "walk": ((-0.5, 0.09, 0.0), (-0.72, 0.09, 0.0), (-0.92, 0.09, 0.0)),
}
_LIMB_JITTER_M: Final = 0.03
_ON_BELLY: Final = 0.4  # chance that the hands lie there, supine
_STEP_M: Final = 0.25


class WholeBody:
    """One person's points. rng: draws skin and parts, now; poses draw nothing."""

    def __init__(self, torso_rcs_m2: float, height_m: float, rng: np.random.Generator) -> None:
        self.scale = height_m / HEIGHT_M
        self.semi_m = self.scale * np.array(HUMAN.semi_axes_m)
        self.surface = Surface(self.semi_m, rng)
        self.rcs_m2 = torso_rcs_m2 * self.scale**2
        self._part_rcs = self.rcs_m2 * PART_RCS * rng.exponential(1.0, N_PARTS)
        aside = rng.standard_normal((3, N_PARTS))
        self._aside = aside / np.linalg.norm(aside, axis=0)
        self._slots: Slots | None = None

    def pose(self, axes: Array, centre_m: Array, parts_m: Array, brighter: Array | None = None) -> Pose:
        """All points in a pose. axes [xyz, body axis]; parts_m [body axis, part]; brighter: factor per part, of power."""
        surface = self.surface
        to_radar = -centre_m / np.linalg.norm(centre_m)
        slots = self._slots = surface.seen(axes, to_radar, self._slots)
        direction, gain = surface.motion(slots)
        half_m = axes * self.semi_m
        parts = centre_m[:, None] + axes @ parts_m
        rcs = self._part_rcs * (1.0 if brighter is None else brighter)
        hidden_db = loss_db(parts, centre_m, half_m)
        torso = self.rcs_m2 / N_TORSO * surface.strength[slots]
        return Pose(
            position_m=np.concatenate([centre_m[:, None] + axes @ surface.at_m[:, slots], parts], axis=1),
            direction=np.concatenate([axes @ direction, self._part_directions(axes)], axis=1),
            gain=np.concatenate([gain, _part_gains(parts_m, self.scale)], axis=1),
            amplitude_m=np.concatenate([np.sqrt(torso), np.sqrt(rcs) * 10 ** (-hidden_db / 20)]),
            centre_m=centre_m,
            half_m=half_m,
            screens=self._screens(axes, centre_m, parts_m),
        )

    def _part_directions(self, axes: Array) -> Array:
        """Trunk and arms move with the front; head and legs wherever they happen to."""
        free = axes @ self._aside
        free[:, 2:10] = axes[:, 2:3]
        return np.asarray(free)

    def _screens(self, axes: Array, centre_m: Array, parts_m: Array) -> tuple[tuple[Array, Array], ...]:
        head = axes @ parts_m[:, HEAD].mean(axis=1)
        legs = axes @ parts_m[:, 10:].mean(axis=1)
        return (
            (centre_m + head, axes * (self.scale * np.array([0.12, 0.08, 0.1]))),
            (centre_m + legs, axes * (self.scale * np.array([0.28, 0.13, 0.09]))),
        )

    def parts(self, arm: str, leg: str) -> Array:
        """Places of head, limbs and so on, body axes [3, N_PARTS], as named in the tables of this file."""
        arms = [(x, side * y, z) for side in (1, -1) for x, y, z in _ARM_M[arm]]
        legs = [(x, side * y, z) for side in (1, -1) for x, y, z in _LEG_M[leg]]
        return self.scale * np.array([*_TRUNK_M, *arms, *_PELVIS_M, *legs]).T

    def lying(self, roll_deg: float, rng: np.random.Generator) -> Array:
        """Parts of somebody who lies so: on the back, on a side, on the belly."""
        turned = abs((roll_deg + 180) % 360 - 180)
        if turned < 45:
            arm, leg = ("belly" if rng.random() < _ON_BELLY else "beside"), "straight"
        elif turned < 135:
            arm, leg = "front", "bent"
        else:
            arm, leg = "up", "straight"
        return self.parts(arm, leg) + self.scale * _LIMB_JITTER_M * rng.standard_normal((3, N_PARTS))

    def walking(self, step: int) -> Array:
        """Parts of somebody who walks: legs and arms swing against one another, a step later the other way."""
        parts = self.parts("hang", "walk")
        swing = self.scale * _STEP_M * (1 if step % 2 else -1)
        for side, (arm, leg) in enumerate(zip(ARMS, LEGS, strict=True)):
            way = swing if side else -swing
            parts[2, leg] += way * np.array([0.4, 0.7, 1.0])
            parts[2, arm] -= 0.5 * way * np.array([0.5, 1.0])
        return parts


def _part_gains(parts_m: Array, scale: float) -> Array:
    """How parts follow the waveforms: [waveform, part]."""
    gain = np.zeros((4, N_PARTS))
    gain[CHEST, HEAD], gain[HEART, HEAD] = 0.02, 0.5
    gain[CHEST, SHOULDERS], gain[ABDOMEN, PELVIS] = 0.12, 0.12
    gain[CHEST, 4:8] = 0.06
    on_belly = (np.abs(parts_m[0, HANDS]) < 0.2 * scale) & (np.abs(parts_m[1, HANDS]) < 0.15 * scale)
    gain[ABDOMEN, HANDS] = np.where(on_belly & (parts_m[2, HANDS] > 0.05 * scale), 0.6, 0.0)
    gain[ABDOMEN, 10:] = 0.01
    gain[DRIFT] = 1.0
    return gain


def lying_axes(roll_deg: float, yaw_deg: float = 0.0) -> Array:
    """Axes [xyz, body axis] of somebody in bed: roll 0 on the back, 90 facing the device, -90 away, 180 on the belly."""
    roll, yaw = np.radians((roll_deg, yaw_deg))
    along = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    aside = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
    front = np.cos(roll) * np.array([0.0, 0.0, 1.0]) - np.sin(roll) * aside
    return np.stack([along, np.cross(along, front), front], axis=1)


def upright_axes(towards: Array) -> Array:
    """Axes of somebody upright who looks along a horizontal direction (any length, not zero)."""
    front = np.array([towards[0], towards[1], 0.0]) / np.hypot(towards[0], towards[1])
    along = np.array([0.0, 0.0, 1.0])
    return np.stack([along, np.cross(along, front), front], axis=1)


def leaning_axes() -> Array:
    """Axes of somebody who sits up in bed against the headboard."""
    along, front = np.array([0.6, 0.0, 0.8]), np.array([-0.8, 0.0, 0.6])
    return np.stack([along, np.cross(along, front), front], axis=1)
