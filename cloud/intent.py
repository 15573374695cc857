"""Whether the user tries to sleep, epoch by epoch: lights-out and waking up, each dated back to when it was so.

Rule: a trip to the bathroom is not waking up. It is told as waking up when the user leaves, because that may be the
end of the night, and taken back (same time, "trying to sleep") when the user sleeps again.

Lights-out is a change point: movements every minute (reading) make a sum rise, stillness, regular breathing and
signs of sleep make it fall; once it has fallen enough, its peak is the moment (Page 1954, CUSUM).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from cloud.epoch_input import EPOCH_US, EpochInput
from cloud.observations import IntentChange
from cloud.staging import Staged

TRYING, AWAKE = "trying to sleep", "awake"

#: Shares of half minutes with a movement: who reads turns a page every 20 to 60 s; who lies awake moves less.
ACTIVE_READING, ACTIVE_LYING = 0.75, 0.35
ACTIVE = math.log(ACTIVE_READING / ACTIVE_LYING)
STILL = math.log((1 - ACTIVE_READING) / (1 - ACTIVE_LYING))
REGULAR_BELOW_PER_MIN, REGULAR = 1.0, -0.3  # spread of the last four epochs' rates, and what it says
ASLEEP_BELOW, ASLEEP = 0.3, -0.4  # probability of being awake, and what it says
SETTLED_FROM = 5.0  # fall of the sum: about six still half minutes
#: A session opens after five minutes: nobody is said to try to sleep earlier.
NOT_BEFORE_EPOCHS = 10
#: Evidence of being awake: the probability of wake above this, scaled to at most 1 an epoch.
AWAKE_ABOVE = 0.35
AWAKE_LONG_FROM = 30.0  # a quarter of an hour and more without a sign of sleep
SLEPT_FROM = 5.0  # three minutes of clear sleep
LEFT_LONG_EPOCHS = 60  # half an hour: the session is over
SAME_NIGHT_US = 3_600_000_000  # awake for longer, and sleep begins anew
STILL_EPOCHS = 10  # without a model: so long without a movement passes for sleep


class State(StrEnum):
    """What the user does."""

    ABSENT = "absent"
    RESTING = "resting"  # in bed, not trying to sleep
    TRYING = "trying to sleep"  # or asleep
    UP = "up"  # awake again, perhaps for good


class Event(StrEnum):
    """What an epoch adds to what is known."""

    HERE = "here"
    SETTLED = "settled"
    SLEPT = "slept"
    AWAKE_LONG = "awake for long"
    LEFT = "left"
    LEFT_LONG = "left for half an hour"
    UNSEEN = "unseen"


class Action(StrEnum):
    """What a change says."""

    KEEP = "keep"
    ARRIVE = "arrive"  # evidence is gathered from now on
    TRY = "trying to sleep"
    WAKE = "woke up"
    RESUME = "had not woken up"


class Cell(NamedTuple):
    """Where an event leads, and what it says."""

    to: State
    action: Action


def _stay(state: State) -> Cell:
    return Cell(state, Action.KEEP)


_ABSENT, _RESTING, _TRYING, _UP = map(_stay, State)
_COMES, _TRIES = Cell(State.RESTING, Action.ARRIVE), Cell(State.TRYING, Action.TRY)
_WAKES, _RESUMES = Cell(State.UP, Action.WAKE), Cell(State.TRYING, Action.RESUME)

#: Every state and every event; the columns are in the order of Event.
TABLE: dict[State, dict[Event, Cell]] = {
    #            here      settled   slept      awake_long left     left_long unseen
    state: dict(zip(Event, row, strict=True))
    for state, row in {
        State.ABSENT: (_COMES, _COMES, _COMES, _COMES, _ABSENT, _ABSENT, _ABSENT),
        State.RESTING: (_RESTING, _TRIES, _RESTING, _RESTING, _ABSENT, _ABSENT, _RESTING),
        State.TRYING: (_TRYING, _TRYING, _TRYING, _WAKES, _WAKES, _WAKES, _TRYING),
        State.UP: (_UP, _UP, _RESUMES, _UP, _UP, _ABSENT, _UP),
    }.items()
}


@dataclass
class Intent:
    """The state and its evidence: plain numbers and lists, because it is kept as JSON. Times in us UTC."""

    state: State = State.ABSENT
    epochs: int = 0  # seen since the user came
    activity: float = 0.0  # the sum, its peak, and when that was
    peak: float = 0.0
    peak_utc_us: int = 0
    rates: list[float] = field(default_factory=list)  # of the last epochs, per minute
    still_epochs: int = 0
    awake: float = 0.0  # evidence of being awake since awake_from_utc_us
    awake_from_utc_us: int = 0
    slept: float = 0.0  # evidence of sleep since waking up
    away_epochs: int = 0
    woke_utc_us: int = 0  # the last waking up that was told


def step(state: Intent, epoch: EpochInput, staged: Staged) -> IntentChange | None:
    """One epoch, in order of time. A change may be dated back: its utc_us is when it was so."""
    _gather(state, epoch, staged)
    event = classify(state, epoch)
    state.state, action = TABLE[state.state][event]
    return _told(state, action, event, epoch)


def classify(state: Intent, epoch: EpochInput) -> Event:
    """The event of this epoch, its evidence already gathered."""
    if epoch.occupied == "away":
        return Event.LEFT_LONG if state.away_epochs >= LEFT_LONG_EPOCHS else Event.LEFT
    if epoch.occupied != "user":
        return Event.UNSEEN
    if state.state is State.RESTING and state.peak - state.activity >= SETTLED_FROM:
        return Event.SETTLED
    if state.state is State.UP and state.slept >= SLEPT_FROM:
        return Event.SLEPT
    return Event.AWAKE_LONG if state.awake >= AWAKE_LONG_FROM else Event.HERE


def _told(state: Intent, action: Action, event: Event, epoch: EpochInput) -> IntentChange | None:
    end_utc_us = epoch.end_utc_us
    if action is Action.ARRIVE:
        _forget(state, end_utc_us)
    elif action is Action.TRY:
        state.slept = state.awake = 0.0
        return IntentChange(state.peak_utc_us, TRYING, end_utc_us, "movements have become rare")
    elif action is Action.WAKE:
        state.woke_utc_us = state.awake_from_utc_us if state.awake > 0 else epoch.utc_us
        state.slept = 0.0
        return IntentChange(state.woke_utc_us, AWAKE, end_utc_us, event.value)
    elif action is Action.RESUME:
        state.awake = 0.0
        if end_utc_us - state.woke_utc_us <= SAME_NIGHT_US:
            return IntentChange(state.woke_utc_us, TRYING, end_utc_us, "slept again: had not woken up")
        return IntentChange(end_utc_us - round(state.slept) * EPOCH_US, TRYING, end_utc_us, "sleeps again")
    return None


def _forget(state: Intent, utc_us: int) -> None:
    """The user has just come: nothing that was before counts."""
    kept = state.state
    state.__init__()  # type: ignore[misc]
    state.state, state.peak_utc_us = kept, utc_us


def _gather(state: Intent, epoch: EpochInput, staged: Staged) -> None:
    """Add the epoch to the evidence; of an epoch without the user nothing but the absence counts."""
    if epoch.occupied == "away":
        state.away_epochs += 1
        state.slept = 0.0
        return
    mine = [moving for moving, who in zip(epoch.moving, epoch.user, strict=True) if who == 1 and moving is not None]
    if epoch.occupied != "user" or not mine:
        return
    state.away_epochs = 0
    state.epochs += 1
    active = any(mine)
    state.still_epochs = 0 if active else state.still_epochs + 1
    p_wake = _p_wake(state, staged, active)
    _activity(state, epoch, active, staged.p is not None and p_wake < ASLEEP_BELOW)
    sign = (p_wake - AWAKE_ABOVE) / (1 - AWAKE_ABOVE)
    if state.awake <= 0:
        state.awake_from_utc_us = epoch.utc_us
    state.awake = max(0.0, state.awake + sign)
    state.slept = max(0.0, state.slept + (AWAKE_ABOVE - p_wake) / AWAKE_ABOVE)


def _p_wake(state: Intent, staged: Staged, active: bool) -> float:
    """Probability of being awake; without a stage from the movements alone."""
    if staged.p is not None:
        return staged.p[0]
    if active:
        return 0.75
    return 0.1 if state.still_epochs >= STILL_EPOCHS else 0.25


def _activity(state: Intent, epoch: EpochInput, active: bool, asleep: bool) -> None:
    """The sum whose peak is lights-out. The latest of equal peaks counts."""
    rates = sorted(rate for rate in epoch.rate_per_min if rate is not None)
    if rates:
        state.rates = [*state.rates[-3:], rates[len(rates) // 2]]
    state.activity += ACTIVE if active else STILL
    if len(state.rates) == 4 and max(state.rates) - min(state.rates) < REGULAR_BELOW_PER_MIN:
        state.activity += REGULAR
    if asleep:
        state.activity += ASLEEP
    if state.activity >= state.peak or state.epochs <= NOT_BEFORE_EPOCHS:
        state.peak, state.peak_utc_us = state.activity, epoch.end_utc_us


class Segment(NamedTuple):
    """The user tried to sleep, or slept, from .. to; to is None while it goes on. us UTC."""

    from_utc_us: int
    to_utc_us: int | None


def segments(changes: Iterable[IntentChange]) -> list[Segment]:
    """What the changes say in the end: each holds from its own time on, whatever was told of later times before."""
    edges: list[tuple[int, str]] = []
    for change in sorted(changes, key=lambda one: one.told_utc_us):
        edges = [edge for edge in edges if edge[0] < change.utc_us]
        if change.state != (edges[-1][1] if edges else AWAKE):
            edges.append((change.utc_us, change.state))
    ends = [utc_us for utc_us, _ in edges[1:]]
    return [Segment(at, end) for (at, state), end in zip_longest(edges, ends) if state == TRYING]
