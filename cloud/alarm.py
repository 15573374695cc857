"""When to ring earlier than the set time. Rule: it may only add an earlier ring; the device keeps the deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from cloud.epoch_input import EpochInput
from cloud.staging import Staged


@dataclass(frozen=True)
class AlarmSetting:
    """What the user wants. sunrise_s: length of the wake-up light before it."""

    set_for_utc_us: int
    sunrise_s: int = 0


@dataclass
class Alarm:
    """What the policy remembers: plain numbers and lists, because it is kept as JSON."""

    epochs: int = 0


class RingAt(NamedTuple):
    """Ring at utc_us, at least 30 s after the end of the epoch that decided it."""

    utc_us: int
    why: str


def step(
    state: Alarm, setting: AlarmSetting | None, epoch: EpochInput, staged: Staged, in_session: bool
) -> RingAt | None:
    """One epoch, in order of time. Without a policy the device's own deadline rings."""
    state.epochs += 1
    return None
