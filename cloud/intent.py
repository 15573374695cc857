"""Whether the user tries to sleep, epoch by epoch: lights-out and waking up, each dated back to when it was so.

Rule: a trip to the bathroom is not waking up. It is told as waking up when the user leaves, because that may be the
end of the night, and taken back (same time, "trying to sleep") when the user sleeps again.

Lights-out is told once the user sleeps, and dated back: to the change from many small movements (reading) to fewer that
is the likeliest, together with how long people take to fall asleep.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from statistics import median
from typing import NamedTuple

from cloud.epoch_input import EPOCH_US, EpochInput
from cloud.observations import IntentChange
from cloud.staging import Staged

TRYING, AWAKE = "trying to sleep", "awake"

#: A half minute is active when its strongest motion stands out from what is usual for this person lying still: the
#: lower fifth of the last half hour. A page that is turned is seldom a movement in the device's eyes.
USUAL_EPOCHS, USUAL_SHARE, USUAL_AT_FIRST_DB, OUT_DB, OUT_SHARE = 60, 0.2, 0.8, 0.6, 0.6
#: Shares of active half minutes: reading (a page every 20 to 60 s, most of them seen), lying awake, awake, asleep.
READING, LYING, WAKING, SLEEPING = 0.60, 0.36, 0.50, 0.12
#: What an active and a still half minute say for lying awake rather than reading, and for sleep rather than waking.
FOR_LYING = round(math.log(LYING / READING), 3), round(math.log((1 - LYING) / (1 - READING)), 3)
FOR_SLEEP = round(math.log(SLEEPING / WAKING), 3), round(math.log((1 - SLEEPING) / (1 - WAKING)), 3)
#: The stage model's word counts a quarter and at most this: it takes regular breathing awake for sleep.
MODEL_WEIGHT, MODEL_AT_MOST = 0.25, 0.4
#: Who puts the book away turns over: a movement of so many seconds, and what it says for lights-out there.
TURNS_S, TURNS = 4, 1.5
#: Who sits up to read has the chest higher than later asleep: by about SITS_DEG as the device sees it, give or take
#: ELEVATION_SD_DEG. A half minute says at most so much, because neighbours say the same.
SITS_DEG, ELEVATION_SD_DEG, ELEVATION_AT_MOST = 11.0, 3.5, 0.8
#: Minutes from lights-out to sleep: gamma distribution with mean 13.8 and standard deviation 11.6 (14 healthy nights).
LATENCY_SHAPE = (13.8 / 11.6) ** 2
LATENCY_SCALE_MIN = 13.8 / LATENCY_SHAPE
LONGEST_EPOCHS, LONGEST_TURNS = 360, 80  # lights-out is not dated back by more
#: A session opens after five minutes: nobody is said to try to sleep earlier.
NOT_BEFORE_EPOCHS = 10
#: Who does not move for so many epochs, breathes as in wake and is not asleep in the model's eyes, dreams.
MOVES_WITHIN_EPOCHS, STILL_SAYS = 5, -0.6
AWAKE_LONG_FROM = 20.0  # a quarter of an hour and more without a sign of sleep
LEFT_LONG_EPOCHS = 60  # half an hour: the session is over
SAME_NIGHT_US = 3_600_000_000  # awake for longer, and sleep begins anew
STILL_EPOCHS = 10  # without a model: so long without a movement passes for sleep
MINUTE_US = 60_000_000


class State(StrEnum):
    """What the user does."""

    ABSENT = "absent"
    RESTING = "resting"  # in bed, not trying to sleep
    TRYING = "trying to sleep"  # or asleep
    UP = "up"  # awake again, perhaps for good


class Event(StrEnum):
    """What an epoch adds to what is known."""

    HERE = "here"
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
    #            here      slept      awake_long left     left_long unseen
    state: dict(zip(Event, row, strict=True))
    for state, row in {
        State.ABSENT: (_COMES, _COMES, _COMES, _ABSENT, _ABSENT, _ABSENT),
        State.RESTING: (_RESTING, _TRIES, _RESTING, _ABSENT, _ABSENT, _RESTING),
        State.TRYING: (_TRYING, _TRYING, _WAKES, _WAKES, _WAKES, _TRYING),
        State.UP: (_UP, _RESUMES, _UP, _UP, _ABSENT, _UP),
    }.items()
}


#: Evidence of sleep that is enough. For the first time about eight minutes of clear sleep: a few of lying still are none.
SLEPT_FROM = {State.RESTING: 12.0, State.UP: 5.0}


@dataclass
class Intent:
    """The state and its evidence: plain numbers and lists, because it is kept as JSON. Times in us UTC."""

    state: State = State.ABSENT
    came_utc_us: int = 0
    lying: list[float] = field(default_factory=list)  # what each epoch says for lying rather than reading, newest last
    elevation_deg: list[float | None] = field(default_factory=list)  # of the same epochs
    turned_utc_us: list[int] = field(default_factory=list)  # epochs with a long movement
    motion_db: list[float] = field(default_factory=list)  # strongest motion of each epoch, newest last
    still_epochs: int = 0
    awake: float = 0.0  # evidence of being awake since awake_from_utc_us
    awake_from_utc_us: int = 0
    wakeful_from_utc_us: int = 0  # since when the model has found wake likelier than sleep
    slept: float = 0.0  # evidence of sleep since slept_from_utc_us
    slept_from_utc_us: int = 0
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
    if state.slept >= SLEPT_FROM.get(state.state, math.inf):
        return Event.SLEPT
    return Event.AWAKE_LONG if state.awake >= AWAKE_LONG_FROM else Event.HERE


def _told(state: Intent, action: Action, event: Event, epoch: EpochInput) -> IntentChange | None:
    end_utc_us = epoch.end_utc_us
    if action is Action.ARRIVE:
        state.came_utc_us, state.lying, state.turned_utc_us = epoch.utc_us, [], []
        state.motion_db, state.elevation_deg = [], []
        state.slept = state.awake = 0.0
    elif action is Action.TRY:
        state.awake = 0.0
        return IntentChange(lights_out(state, epoch), TRYING, end_utc_us, "asleep")
    elif action is Action.WAKE:
        state.woke_utc_us = min(state.awake_from_utc_us, epoch.utc_us)
        state.slept = 0.0
        return IntentChange(state.woke_utc_us, AWAKE, end_utc_us, event.value)
    elif action is Action.RESUME:
        state.awake = 0.0
        if end_utc_us - state.woke_utc_us <= SAME_NIGHT_US:
            return IntentChange(state.woke_utc_us, TRYING, end_utc_us, "slept again: had not woken up")
        return IntentChange(
            max(lights_out(state, epoch), state.woke_utc_us + EPOCH_US), TRYING, end_utc_us, "asleep again"
        )
    return None


def lights_out(state: Intent, epoch: EpochInput) -> int:
    """Lights-out of a user who has fallen asleep at slept_from_utc_us, us UTC: the start of an epoch.

    The median of what is likely: where nothing tells one half hour from another, the usual time to fall asleep does.
    """
    asleep_deg = _asleep_deg(state, epoch)
    earliest_utc_us = state.came_utc_us + NOT_BEFORE_EPOCHS * EPOCH_US
    evidence, found = 0.0, []
    for back, (said, elevation_deg) in enumerate(
        zip(reversed(state.lying), reversed(state.elevation_deg), strict=True)
    ):
        utc_us = epoch.utc_us - back * EPOCH_US
        if utc_us < earliest_utc_us:
            break
        if utc_us > state.slept_from_utc_us:
            continue
        evidence += said + _for_lying(elevation_deg, asleep_deg)
        latency_min = max((state.slept_from_utc_us - utc_us) / MINUTE_US, 0.5)
        likely = evidence + (LATENCY_SHAPE - 1) * math.log(latency_min) - latency_min / LATENCY_SCALE_MIN
        found.append((utc_us, likely + (TURNS if utc_us in state.turned_utc_us else 0.0)))
    return _median(found) if found else state.slept_from_utc_us


def _median(likely: list[tuple[int, float]]) -> int:
    """The instant before which half of the probability lies; (instant, log of its weight)."""
    best = max(said for _, said in likely)
    weights = [(utc_us, math.exp(said - best)) for utc_us, said in sorted(likely)]
    left = sum(weight for _, weight in weights) / 2
    for utc_us, weight in weights:
        left -= weight
        if left <= 0:
            return utc_us
    return weights[-1][0]


def _asleep_deg(state: Intent, epoch: EpochInput) -> float | None:
    """How high the chest is since the user sleeps."""
    n = (epoch.utc_us - state.slept_from_utc_us) // EPOCH_US + 1
    known = [one for one in state.elevation_deg[-n:] if one is not None]
    return median(known) if known else None


def _for_lying(elevation_deg: float | None, asleep_deg: float | None) -> float:
    """What the height of the chest says for lying as later asleep rather than sitting up: log odds."""
    if elevation_deg is None or asleep_deg is None:
        return 0.0
    over_deg = elevation_deg - asleep_deg
    odds = ((over_deg - SITS_DEG) ** 2 - over_deg**2) / (2 * ELEVATION_SD_DEG**2)
    return max(-ELEVATION_AT_MOST, min(ELEVATION_AT_MOST, odds))


def _remember(state: Intent, lying: float, elevation_deg: float | None) -> None:
    state.lying = [*state.lying[1 - LONGEST_EPOCHS :], lying]
    state.elevation_deg = [*state.elevation_deg[1 - LONGEST_EPOCHS :], elevation_deg]


def _elevation_deg(epoch: EpochInput) -> float | None:
    """Median over the user's seconds; None when none is known."""
    known = [one for one, who in zip(epoch.elevation_deg, epoch.user, strict=False) if who == 1 and one is not None]
    return round(median(known), 1) if known else None


def _gather(state: Intent, epoch: EpochInput, staged: Staged) -> None:
    """Add the epoch to the evidence; of an epoch without the user nothing but the absence counts."""
    if epoch.occupied == "away":
        state.away_epochs += 1
        state.slept = 0.0
        _remember(state, 0.0, None)
        return
    mine = [moving for moving, who in zip(epoch.moving, epoch.user, strict=True) if who == 1 and moving is not None]
    if epoch.occupied != "user" or not mine:
        _remember(state, 0.0, None)
        return
    state.away_epochs = 0
    state.still_epochs = 0 if any(mine) else state.still_epochs + 1
    still = 0 if _is_active(state, epoch) else 1
    _remember(state, FOR_LYING[still], _elevation_deg(epoch))
    if sum(mine) >= TURNS_S:
        state.turned_utc_us = [*state.turned_utc_us[1 - LONGEST_TURNS :], epoch.utc_us]
    _weigh(state, epoch, still, _p_wake(state, staged, any(mine)))


def _weigh(state: Intent, epoch: EpochInput, still: int, p_wake: float) -> None:
    """Evidence of being awake and of sleep, each since it began to grow."""
    if p_wake <= 0.5:
        state.wakeful_from_utc_us = epoch.end_utc_us
    if state.awake <= 0:
        state.awake_from_utc_us = max(state.wakeful_from_utc_us, epoch.utc_us - MOVES_WITHIN_EPOCHS * EPOCH_US)
    if state.slept <= 0:
        state.slept_from_utc_us = epoch.utc_us
    awake = 2 * p_wake - 1
    if awake > 0 and state.still_epochs > MOVES_WITHIN_EPOCHS:
        awake = STILL_SAYS
    state.awake = max(0.0, state.awake + awake)
    odds = MODEL_WEIGHT * math.log(max(1 - p_wake, 1e-3) / max(p_wake, 1e-3))
    state.slept = max(0.0, state.slept + FOR_SLEEP[still] + max(-MODEL_AT_MOST, min(MODEL_AT_MOST, odds)))


def _p_wake(state: Intent, staged: Staged, active: bool) -> float:
    """Probability of being awake; without a stage from the movements alone."""
    if staged.p is not None:
        return staged.p[0]
    if active:
        return 0.75
    return 0.1 if state.still_epochs >= STILL_EPOCHS else 0.25


def _is_active(state: Intent, epoch: EpochInput) -> bool:
    """The user moved, if only a hand with a page in it."""
    mine = [db for db, who in zip(epoch.motion_db, epoch.user, strict=True) if who == 1 and db is not None]
    moved = any(moving == 1 for moving, who in zip(epoch.moving, epoch.user, strict=True) if who == 1)
    if not mine:
        return moved
    before = sorted(state.motion_db)
    usual_db = before[int(USUAL_SHARE * len(before))] if len(before) >= NOT_BEFORE_EPOCHS else USUAL_AT_FIRST_DB
    state.motion_db = [*state.motion_db[1 - USUAL_EPOCHS :], round(max(mine), 1)]
    return moved or max(mine) > usual_db + max(OUT_DB, OUT_SHARE * usual_db)


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
