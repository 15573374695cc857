"""Sleep stages, epoch by epoch. Rule: an epoch that cannot be staged is unknown and says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from cloud.epoch_input import EpochInput

NO_MODEL = "no model"


@dataclass
class Staging:
    """What the model remembers: plain numbers and lists, because it is kept as JSON."""

    epochs: int = 0


class Staged(NamedTuple):
    """stage: 0 wake 1 light 2 deep 3 REM; p: probabilities in that order; reason: why stage is None, else ""."""

    stage: int | None
    p: tuple[float, float, float, float] | None
    reason: str


def step(state: Staging, epoch: EpochInput) -> Staged:
    """One epoch, in order of time; looks at no later one."""
    state.epochs += 1
    return Staged(None, None, NO_MODEL)
