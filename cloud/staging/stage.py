"""One epoch in, its stage out.

Rule: causal: what is said about an epoch rests on it and on what came before, whatever comes later.
Somebody who is out of bed is awake; an epoch with too little of the user's data has no stage, but a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.epoch_input import EpochInput
from cloud.night import Floats
from cloud.staging import features
from cloud.staging.model import AWAKE, Model, fit_of, follow, shipped

ENOUGH_S = 15  # seconds of the user in an epoch
FORGET_EPOCHS = 60  # half an hour without the user: another night begins
OUT_OF_BED = "out of bed"
TOO_LITTLE = "too little of the user's data"
WAKE = 0


@dataclass(frozen=True)
class Config:
    """Numbers that a what-if may change. model: a file of `stillwave train`; "": the shipped one."""

    model: str = ""
    enough_s: int = ENOUGH_S
    forget_epochs: int = FORGET_EPOCHS


DEFAULT = Config()


@dataclass
class Staging:
    """What is remembered of this night; plain numbers and lists."""

    memory: features.Memory = field(default_factory=features.Memory)
    belief: list[float] = field(default_factory=lambda: list(AWAKE))
    absent: int = 0  # epochs without the user until now


class Staged(NamedTuple):
    """stage: 0 wake, 1 light, 2 deep, 3 REM, None unknown with a reason; p: of these four."""

    stage: int | None
    p: tuple[float, float, float, float] | None
    reason: str


def step(state: Staging, epoch: EpochInput, model: Model | None = None, config: Config = DEFAULT) -> Staged:
    """Stage one epoch; epochs come in the order of their times. model: the shipped one when None."""
    model = model or shipped()
    x = look(state, epoch, config)
    if epoch.occupied == "away":
        state.belief = list(AWAKE)
        return Staged(WAKE, (1.0, 0.0, 0.0, 0.0), OUT_OF_BED)
    state.belief = follow(model, state.belief, None if x is None else fit_of(model, x))
    if x is None:
        return Staged(None, None, epoch.reason or TOO_LITTLE)
    wake, light, deep, rem = (round(one, 4) for one in state.belief)
    return Staged(max(range(4), key=lambda stage: state.belief[stage]), (wake, light, deep, rem), "")


def look(state: Staging, epoch: EpochInput, config: Config = DEFAULT) -> Floats | None:
    """What the model is shown of this epoch: float64[feature]; None when the user is away or hardly seen."""
    seen = sum(who == 1 and moves is not None for who, moves in zip(epoch.user, epoch.moving, strict=True))
    here = epoch.occupied != "away" and seen >= config.enough_s
    state.absent = 0 if here else state.absent + 1
    if state.absent >= config.forget_epochs:
        state.memory, state.belief = features.Memory(), list(AWAKE)
    if not here and state.memory.from_utc_us is None:
        return None
    x = features.observe(state.memory, epoch)
    return x if here else None
