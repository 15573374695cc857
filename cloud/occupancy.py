"""Who is in bed: nobody, somebody, or not known and why.

Rule: silence alone means nothing; only what the device said before it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloud.observations import Occupancy


class State(StrEnum):
    """What is known about the bed."""

    UNKNOWN = "unknown"
    EMPTY = "empty"
    OCCUPIED = "occupied"


class Event(StrEnum):
    """What was heard, or not heard."""

    PERSON = "person"  # a confident packet
    WEAK = "weak"  # a packet below the confidence threshold
    NOBODY = "nobody"  # the device falls silent because nobody is there
    STANDBY = "standby"  # the user's switch
    FAILED = "failed"  # the sensor says that it cannot see
    BOOTED = "booted"  # a new boot: whatever was known is old
    LOST = "lost"  # neither packets nor answers


_U, _E, _O = State.UNKNOWN, State.EMPTY, State.OCCUPIED

#: Every state and every event; the columns are in the order of Event.
TABLE: dict[State, dict[Event, State]] = {
    #               person weak nobody standby failed booted lost
    state: dict(zip(Event, row, strict=True))
    for state, row in {
        State.UNKNOWN: (_O, _U, _E, _U, _U, _U, _U),
        State.EMPTY: (_O, _E, _E, _U, _U, _U, _U),
        State.OCCUPIED: (_O, _O, _E, _U, _U, _U, _U),
    }.items()
}

#: Why the bed is not known any more.
STARTED = "the device has started"
NO_ANSWER = "no answer from the device"
NO_PACKETS = "no packets while streaming"

#: The confidence from which a packet says that a person is in the user's place.
PERSON_FROM = 0.5
#: Streaming, yet no data for so long: the line or the device is lost.
QUIET_AFTER_S = 30.0


@dataclass(frozen=True)
class Config:
    """Numbers that a what-if may change."""

    person_from: float = PERSON_FROM
    quiet_after_s: float = QUIET_AFTER_S


DEFAULT = Config()


@dataclass
class Bed:
    """The state, since when (us, UTC), and why."""

    state: State = State.UNKNOWN
    since_utc_us: int = 0
    reason: str = "nothing heard yet"


def step(bed: Bed, event: Event, utc_us: int, reason: str) -> Occupancy | None:
    """Apply one event. Returns a row when the state or the reason of not knowing changed, else None."""
    target = TABLE[bed.state][event]
    moved = target is not bed.state
    if moved:
        bed.since_utc_us = utc_us
    elif event in (Event.PERSON, Event.WEAK) or reason == bed.reason:
        return None
    bed.state, bed.reason = target, reason
    return Occupancy(utc_us, bed.state.value, bed.reason)
