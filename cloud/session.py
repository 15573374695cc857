"""A night's session: it opens after more than five minutes of presence and closes after half an hour out of bed.

Rule: a short absence (the bathroom) or a short loss of sight never ends a session.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from cloud.observations import Session
from cloud.occupancy import State as Bed

OPEN_AFTER_US = 300_000_000  # more than five minutes of presence
CLOSE_AFTER_US = 1_800_000_000  # half an hour without presence
LONGEST_STEP_US = 10_000_000  # a longer gap between ticks counts as this much presence


class State(StrEnum):
    """Where the user is, as far as a session is concerned."""

    NONE = "none"
    ARRIVING = "arriving"
    IN_BED = "in bed"
    AWAY = "away"


class Event(StrEnum):
    """The bed and how long it has been so."""

    PRESENT = "present"
    PRESENT_LONG = "present for more than five minutes"
    ABSENT = "absent"
    ABSENT_LONG = "absent for half an hour"
    UNSURE = "unsure"
    UNSURE_LONG = "unsure for half an hour"


class Action(StrEnum):
    """What a change does to the record."""

    KEEP = "keep"
    OPEN = "open"
    NOTE = "note"  # write the open session as it is
    CLOSE = "close"


class Cell(NamedTuple):
    """Where an event leads, and what it does."""

    to: State
    action: Action


_NONE, _ARRIVING = Cell(State.NONE, Action.KEEP), Cell(State.ARRIVING, Action.KEEP)
_IN, _AWAY = Cell(State.IN_BED, Action.KEEP), Cell(State.AWAY, Action.KEEP)
_OPEN, _CLOSE = Cell(State.IN_BED, Action.OPEN), Cell(State.NONE, Action.CLOSE)
_LEAVES, _RETURNS = Cell(State.AWAY, Action.NOTE), Cell(State.IN_BED, Action.NOTE)

#: Every state and every event; the columns are in the order of Event.
TABLE: dict[State, dict[Event, Cell]] = {
    #              present    present_long absent  absent_long unsure unsure_long
    state: dict(zip(Event, row, strict=True))
    for state, row in {
        State.NONE: (_ARRIVING, _ARRIVING, _NONE, _NONE, _NONE, _NONE),
        State.ARRIVING: (_ARRIVING, _OPEN, _NONE, _NONE, _ARRIVING, _NONE),
        State.IN_BED: (_IN, _IN, _LEAVES, _CLOSE, _IN, _CLOSE),
        State.AWAY: (_RETURNS, _RETURNS, _AWAY, _CLOSE, _AWAY, _CLOSE),
    }.items()
}


@dataclass
class Tracker:
    """The state and its times, us UTC; present_us is the presence gathered since arrival."""

    state: State = State.NONE
    in_bed_utc_us: int = 0
    opened_utc_us: int = 0
    last_present_utc_us: int = 0
    present_us: int = 0
    last_tick_utc_us: int = 0


def classify(tracker: Tracker, bed: Bed, utc_us: int) -> Event:
    """The event of this tick. Presence is gathered here, tick by tick."""
    if bed is Bed.OCCUPIED:
        return Event.PRESENT_LONG if tracker.present_us > OPEN_AFTER_US else Event.PRESENT
    long = utc_us - tracker.last_present_utc_us >= CLOSE_AFTER_US
    if bed is Bed.EMPTY:
        return Event.ABSENT_LONG if long else Event.ABSENT
    return Event.UNSURE_LONG if long else Event.UNSURE


def step(tracker: Tracker, bed: Bed, utc_us: int) -> Session | None:
    """One tick with the bed as it is. Returns the session's row when it opens, changes or closes."""
    gap_us = min(max(utc_us - tracker.last_tick_utc_us, 0), LONGEST_STEP_US)
    tracker.last_tick_utc_us = utc_us
    if tracker.state is State.NONE:
        tracker.present_us = 0
    elif bed is Bed.OCCUPIED:
        tracker.present_us += gap_us
    event = classify(tracker, bed, utc_us)
    before, (tracker.state, action) = tracker.state, TABLE[tracker.state][event]
    if before is State.NONE and tracker.state is State.ARRIVING:
        tracker.in_bed_utc_us = utc_us
    if bed is Bed.OCCUPIED:
        tracker.last_present_utc_us = utc_us
    if action is Action.OPEN:
        tracker.opened_utc_us = utc_us
    return None if action is Action.KEEP else _row(tracker, action, event)


def _row(tracker: Tracker, action: Action, event: Event) -> Session:
    closed = action is Action.CLOSE
    return Session(
        in_bed_utc_us=tracker.in_bed_utc_us,
        opened_utc_us=tracker.opened_utc_us,
        last_present_utc_us=tracker.last_present_utc_us,
        out_of_bed_utc_us=tracker.last_present_utc_us if closed else None,
        state="closed" if closed else tracker.state.value,
        reason=event.value,
    )
