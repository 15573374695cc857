"""The skin of a torso: points that belong to the body, so that speckle changes as it turns and not otherwise.

Rule: a point's place, strength and motion are drawn once per person; a pose only chooses which of them are seen.

Which are seen: those with the largest GLINT * log(cosine between normal and line of sight) + own luck (Gumbel noise drawn
once), so by chance proportional to cosine^GLINT as in body.py, and mostly the same ones after a small turn. A slot whose
point goes out of sight takes a new one: between keyframes it slides there, as a highlight does.
Coherence after a turn by a: |mean exp(4 pi j / lambda (path of the points seen in both poses))| times their share (tested).
Left out: as body.py; folds of cloth that move against the skin.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.body import GLINT, N_TORSO, SPREAD, WALL, Array

N_SKIN: Final = 60 * N_TORSO
_ENDS: Final = 0.85  # of the half length: beyond it there are shoulders and pelvis
_DEPTH_M: Final = 0.01
Slots = NDArray[np.intp]


class Surface:
    """Skin of one torso. semi_m: its semi-axes along, across, front to back."""

    def __init__(self, semi_m: Array, rng: np.random.Generator) -> None:
        unit = rng.standard_normal((3, N_SKIN))
        self.unit = unit / np.linalg.norm(unit, axis=0)
        normal = self.unit / semi_m[:, None]
        self.normal = normal / np.linalg.norm(normal, axis=0)  # in body axes
        self.luck = rng.gumbel(size=N_SKIN)
        self.luck[np.abs(self.unit[0]) > _ENDS] = -np.inf
        self.strength = rng.exponential(1.0, N_SKIN)
        self.spread = rng.uniform(*SPREAD, N_SKIN)
        self.at_m = semi_m[:, None] * self.unit - self.normal * rng.uniform(0, _DEPTH_M, N_SKIN)

    def seen(self, axes: Array, to_radar: Array, before: Slots | None) -> Slots:
        """Which points a pose shows: N_TORSO indices; those of `before` that are still seen keep their slots."""
        facing = (axes.T @ to_radar) @ self.normal
        score = GLINT * np.log(np.maximum(facing, 1e-3)) + self.luck
        best = np.argpartition(score, -N_TORSO)[-N_TORSO:]
        if before is None:
            return np.asarray(best[np.argsort(self.unit[0, best])])
        stays = np.isin(before, best)
        fresh = best[~np.isin(best, before)]
        slots = before.copy()
        slots[~stays] = fresh[np.argsort(self.unit[0, fresh])]
        return np.asarray(slots)

    def motion(self, slots: Slots) -> tuple[Array, Array]:
        """Direction [body axis, n] per metre of waveform, and gain [waveform, n], of the points in the slots."""
        flank, back = WALL
        normal, unit = self.normal[:, slots], self.unit[:, slots]
        front = np.where(normal[2] > 0, normal[2], back * normal[2])
        direction = np.stack([np.zeros(slots.size), flank * normal[1], front])
        upper = 1 / (1 + np.exp(-unit[0] / 0.12))
        size = np.maximum(np.linalg.norm(direction, axis=0), 0.1)
        spread = self.spread[slots]
        return direction, np.stack([upper * spread, (1 - upper) * spread, upper / size, 1 / size])
