"""Whether the user tries to sleep. Rule: without a model nothing is claimed."""

from __future__ import annotations

from dataclasses import dataclass

from cloud.epoch_input import EpochInput
from cloud.observations import IntentChange
from cloud.staging import Staged


@dataclass
class Intent:
    """What the rule remembers: plain numbers and lists, because it is kept as JSON."""

    epochs: int = 0


def step(state: Intent, epoch: EpochInput, staged: Staged) -> IntentChange | None:
    """One epoch, in order of time. A change may be dated back: its utc_us is when it was so."""
    state.epochs += 1
    return None
