"""When to ring earlier than the set time: the policy of the last half hour.

Rule: it may only add an earlier ring; the device keeps the deadline. Late rather than early: the first light sleep of
the window would cost 24 minutes of sleep on average (14 scored nights), so light sleep counts in the last ten only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from cloud.epoch_input import EPOCH_US, EpochInput
from cloud.staging import Staged

MINUTE_US = 60_000_000
WINDOW_US = 30 * MINUTE_US
LATE_US = 10 * MINUTE_US
#: One check in so many epochs: 2.5 minutes.
CHECK_EPOCHS = 5
#: Breathing alone does not tell being awake from REM sleep: who is awake has moved in so many of the last five epochs.
AWAKE_MOVES = 2
#: Awake for good rather than for a moment.
AWAKE_ON_EPOCHS = 10
#: From the end of the epoch that decides to the ring. An epoch is concluded within 20 s, a restart takes ten more:
#: the instant is still to come, so that a restart cannot move it.
RING_AFTER_US = 40_000_000


@dataclass(frozen=True)
class Config:
    """Numbers that a what-if may change: the wake window, its last part, and what counts as awake."""

    window_min: float = WINDOW_US / MINUTE_US
    late_min: float = LATE_US / MINUTE_US
    awake_moves: int = AWAKE_MOVES
    awake_on_epochs: int = AWAKE_ON_EPOCHS

    @property
    def window_us(self) -> int:
        """In us."""
        return round(self.window_min * MINUTE_US)


DEFAULT = Config()


@dataclass(frozen=True)
class AlarmSetting:
    """What the user wants. sunrise_s: length of the wake-up light before it."""

    set_for_utc_us: int
    sunrise_s: int = 0


class Phase(StrEnum):
    """Where in the window a ring would be."""

    OUTSIDE = "outside the window"
    EARLY = "30 to 10 minutes before"
    LATE = "the last 10 minutes"
    DONE = "already decided"


class Seen(StrEnum):
    """What an epoch shows of the user."""

    AWAKE_ON = "awake for five minutes"
    AWAKE = "awake"
    LIGHT = "light sleep"
    DEEP = "deep sleep"
    REM = "REM sleep"
    STILL = "awake or dreaming, hardly moving"
    UNKNOWN = "unknown"
    NOT_THERE = "not in bed"


_NEVER: tuple[Seen, ...] = ()
#: In which phase what is enough to ring. Nothing else is: not deep sleep, not REM, not a stage that is not known.
POLICY: dict[Phase, tuple[Seen, ...]] = {
    Phase.OUTSIDE: _NEVER,
    Phase.EARLY: (Seen.AWAKE_ON,),
    Phase.LATE: (Seen.AWAKE_ON, Seen.AWAKE, Seen.LIGHT),
    Phase.DONE: _NEVER,
}
_STAGES = (Seen.AWAKE, Seen.LIGHT, Seen.DEEP, Seen.REM)


@dataclass
class Alarm:
    """What the policy remembers: plain numbers, because it is kept as JSON."""

    awake_epochs: int = 0  # until now, without a break
    moved: list[int] = field(default_factory=list)  # 1 for each of the last epochs with a movement, newest last
    decided_for_utc_us: int = 0  # the set time for which a ring was asked


class RingAt(NamedTuple):
    """Ring at utc_us, at least 30 s after the end of the epoch that decided it."""

    utc_us: int
    why: str


def step(
    state: Alarm,
    setting: AlarmSetting | None,
    epoch: EpochInput,
    staged: Staged,
    in_session: bool,
    config: Config = DEFAULT,
) -> RingAt | None:
    """One epoch, in order of time. in_session: the user has gone to bed."""
    seen = _seen(state, epoch, staged, in_session, config)
    if setting is None or not _is_check(setting, epoch, config):
        return None
    ring_utc_us = epoch.end_utc_us + RING_AFTER_US
    if seen not in POLICY[phase(state, setting, ring_utc_us, config)]:
        return None
    state.decided_for_utc_us = setting.set_for_utc_us
    return RingAt(ring_utc_us, f"{_words(state, seen)}, {_minutes(setting.set_for_utc_us - ring_utc_us)} the set time")


def phase(state: Alarm, setting: AlarmSetting, ring_utc_us: int, config: Config = DEFAULT) -> Phase:
    """Where a ring at ring_utc_us would be."""
    before_us = setting.set_for_utc_us - ring_utc_us
    if state.decided_for_utc_us == setting.set_for_utc_us:
        return Phase.DONE
    if not 0 < before_us <= config.window_us:
        return Phase.OUTSIDE
    return Phase.LATE if before_us <= config.late_min * MINUTE_US else Phase.EARLY


def _is_check(setting: AlarmSetting, epoch: EpochInput, config: Config = DEFAULT) -> bool:
    """Every fifth epoch, counted from the beginning of the window: fixed, whenever the process was started."""
    into_us = epoch.end_utc_us + RING_AFTER_US - (setting.set_for_utc_us - config.window_us)
    return into_us // EPOCH_US % CHECK_EPOCHS == 0


def _seen(state: Alarm, epoch: EpochInput, staged: Staged, in_session: bool, config: Config) -> Seen:
    there = in_session and epoch.occupied == "user"
    seen = Seen.UNKNOWN if staged.stage is None else _STAGES[staged.stage]
    state.moved = [*state.moved[1 - CHECK_EPOCHS :], int(there and 1 in epoch.moving)]
    if seen is Seen.AWAKE and sum(state.moved) < config.awake_moves:
        seen = Seen.STILL
    state.awake_epochs = state.awake_epochs + 1 if there and seen is Seen.AWAKE else 0
    if not there:
        return Seen.NOT_THERE
    return Seen.AWAKE_ON if state.awake_epochs >= config.awake_on_epochs else seen


def _words(state: Alarm, seen: Seen) -> str:
    if seen is Seen.AWAKE_ON:
        return f"awake for {state.awake_epochs * EPOCH_US / MINUTE_US:.0f} minutes"
    return seen.value


def _minutes(before_us: int) -> str:
    minutes = round(before_us / MINUTE_US)
    return "1 minute before" if minutes == 1 else f"{minutes} minutes before"
