"""When somebody in bed moves, and how: drawn once per night, by stage.

Rule: rates and chances come from physiology.py; here is only the drawing.
Left out: clusters within an epoch, restless legs, scratching, sex, children.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hw_sim.night import EPOCH_S, Night, Span, Stages
from hw_sim.physiology import (
    DEEP,
    LIMB_S,
    MOVEMENTS,
    MOVEMENTS_BOUT,
    MOVEMENTS_PERSON,
    N_STAGES,
    READING_EVERY_S,
    REM,
    WAKE,
)

Kind = Literal["body", "limb", "page", "sit", "lie", "twitch"]
_GAP_S = 0.5  # at least, between two movements
_SIT_S = 5.0


@dataclass(frozen=True, order=True)
class Movement:
    """body: the whole body, new points, perhaps a new posture. limb: an arm or leg. page: arms of somebody who reads.

    sit: sits up in bed. lie: lies down again. twitch: an arm or leg jerks and is back at once (whole bodies only).
    """

    begin_s: float
    length_s: float
    kind: Kind

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.begin_s + self.length_s


def draw_movements(night: Night, stay_s: Span, body_s: Span, scale: float, rng: np.random.Generator) -> list[Movement]:
    """All movements in bed between lying down and getting up, in order, none overlapping another or an absence.

    body_s: limits of the length of a movement of the whole body.
    """
    first, last = int(np.ceil(stay_s[0] / EPOCH_S)), int(stay_s[1] / EPOCH_S)
    epoch = np.arange(first, max(first, last))
    stages = night.stage_at(np.asarray(EPOCH_S * epoch + 1.0, np.float64))
    rates = _rates(stages, scale, rng)
    reading = night.reading_s
    drawn: list[Movement] = []
    for kind, row in (("body", 0), ("limb", 1)):
        counts = rng.poisson(rates[row])
        starts = np.repeat(EPOCH_S * epoch, counts) + EPOCH_S * rng.random(int(counts.sum()))
        drawn += [_movement(float(t_s), kind, body_s, rng) for t_s in starts]
    if scale > 0:
        drawn += _at_changes(stages, EPOCH_S * first, body_s, rng)
        if reading is not None:
            drawn = [one for one in drawn if one.kind == "body" or not reading[0] <= one.begin_s < reading[1]]
            drawn += _pages(reading, rng)
    taken = [(from_s - 5, to_s + 5) for from_s, to_s in night.absences_s]
    if reading is not None:
        taken += [(edge_s - 5, edge_s + 15) for edge_s in reading]  # sitting up and lying down have their own
    kept = apart(drawn, (stay_s[0] + 2, stay_s[1] - 2), taken)
    if reading is not None:
        kept += [Movement(reading[0], _SIT_S, "sit"), Movement(reading[1], _SIT_S, "lie")]
    return sorted(kept)


def _rates(stages: Stages, scale: float, rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Movements per epoch: [body or limb, epoch]; people differ, and so do the bouts of one stage."""
    person = np.exp(MOVEMENTS_PERSON * rng.standard_normal(N_STAGES))[stages]
    bout = np.cumsum(np.diff(stages, prepend=stages[:1]) != 0)
    spread = MOVEMENTS_BOUT * rng.standard_normal(int(bout[-1]) + 1 if bout.size else 1)
    bouts = np.where(stages == WAKE, np.exp(spread - 0.5 * MOVEMENTS_BOUT**2)[bout], 1.0)
    table = np.array([MOVEMENTS.body_per_hour, MOVEMENTS.limb_per_hour])[:, stages]
    return np.asarray(scale * table * person * bouts * EPOCH_S / 3600)


def _at_changes(stages: Stages, from_s: float, body_s: Span, rng: np.random.Generator) -> list[Movement]:
    """The movements that come with a change of stage, within seconds of the border between two epochs."""
    found = []
    for k in np.flatnonzero(np.diff(stages)):
        before, after = stages[k], stages[k + 1]
        if after == WAKE:
            chance = MOVEMENTS.on_waking
        elif before == DEEP:
            chance = MOVEMENTS.on_lightening
        elif before == REM:
            chance = MOVEMENTS.on_leaving_rem
        else:
            chance = MOVEMENTS.on_other_change
        if rng.random() < chance:
            kind: Kind = "body" if rng.random() < 0.6 else "limb"
            found.append(_movement(from_s + EPOCH_S * (k + 1) + rng.uniform(-6, 6), kind, body_s, rng))
    return found


def _pages(reading: Span, rng: np.random.Generator) -> list[Movement]:
    found, t_s = [], reading[0] + rng.uniform(*READING_EVERY_S)
    while t_s < reading[1]:
        found.append(Movement(t_s, rng.uniform(1.0, 2.5), "page"))
        t_s += rng.uniform(*READING_EVERY_S)
    return found


def _movement(begin_s: float, kind: str, body_s: Span, rng: np.random.Generator) -> Movement:
    if kind == "body":
        return Movement(begin_s, rng.uniform(*body_s), "body")
    return Movement(begin_s, rng.uniform(*LIMB_S), "limb")


def apart(drawn: list[Movement], within_s: Span, taken: list[Span]) -> list[Movement]:
    """In order; of two that overlap the earlier one."""
    kept: list[Movement] = []
    free_s = within_s[0]
    for one in sorted(drawn):
        if one.begin_s < free_s or one.end_s > within_s[1]:
            continue
        if any(one.begin_s < to_s and one.end_s > from_s for from_s, to_s in taken):
            continue
        kept.append(one)
        free_s = one.end_s + _GAP_S
    return kept
