"""A night's session: it opens after more than five minutes of the user's presence, closes half an hour after leaving.

Rule: a short absence (the bathroom) or a short loss of sight never ends a session; all times are those of packets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from cloud.observations import Absence, Session
from cloud.primary_user import Presence
from cloud.settle import SECOND_US

OPEN_AFTER_US = 330_000_000  # more than five minutes in bed: getting in takes the first seconds of presence
CLOSE_AFTER_US = 1_800_000_000  # half an hour without presence
BRIEF_US = 30_000_000  # a shorter absence is none: the device needs as long to be sure


@dataclass(frozen=True)
class Config:
    """Numbers that a what-if may change."""

    open_after_s: float = OPEN_AFTER_US / SECOND_US
    close_after_s: float = CLOSE_AFTER_US / SECOND_US
    brief_s: float = BRIEF_US / SECOND_US


DEFAULT = Config()


class State(StrEnum):
    """Where the user is, as far as a session is concerned."""

    NONE = "none"
    ARRIVING = "arriving"
    IN_BED = "in bed"
    AWAY = "away"


OPEN = (State.IN_BED, State.AWAY)


class Event(StrEnum):
    """The user's presence and how long it has been so."""

    MAYBE = "perhaps present"
    MAYBE_LONG = "perhaps present, surely not for half an hour"
    PRESENT = "present"
    PRESENT_LONG = "present for more than five minutes"
    ABSENT_BRIEF = "absent for seconds"
    ABSENT = "absent"
    ABSENT_LONG = "absent for half an hour"
    UNSURE = "unsure"
    UNSURE_LONG = "unsure for half an hour"


class Action(StrEnum):
    """What a change does to the record."""

    KEEP = "keep"
    OPEN = "open"
    LEAVE = "leave"  # write the open session: the user is away
    RETURN = "return"  # write it again, and the absence
    CLOSE = "close"


class Cell(NamedTuple):
    """Where an event leads, and what it does."""

    to: State
    action: Action


_NONE, _ARRIVING = Cell(State.NONE, Action.KEEP), Cell(State.ARRIVING, Action.KEEP)
_IN, _AWAY = Cell(State.IN_BED, Action.KEEP), Cell(State.AWAY, Action.KEEP)
_OPEN, _CLOSE = Cell(State.IN_BED, Action.OPEN), Cell(State.NONE, Action.CLOSE)
_LEAVES, _BACK = Cell(State.AWAY, Action.LEAVE), Cell(State.IN_BED, Action.RETURN)

#: Every state and every event; the columns are in the order of Event.
TABLE: dict[State, dict[Event, Cell]] = {
    #   maybe  maybe_long  present  present_long  absent_brief  absent  absent_long  unsure  unsure_long
    state: dict(zip(Event, row, strict=True))
    for state, row in {
        State.NONE: (_ARRIVING, _ARRIVING, _ARRIVING, _ARRIVING, _NONE, _NONE, _NONE, _NONE, _NONE),
        State.ARRIVING: (_ARRIVING, _ARRIVING, _ARRIVING, _OPEN, _ARRIVING, _NONE, _NONE, _ARRIVING, _NONE),
        State.IN_BED: (_IN, _CLOSE, _IN, _IN, _IN, _LEAVES, _CLOSE, _IN, _CLOSE),
        State.AWAY: (_AWAY, _CLOSE, _BACK, _BACK, _AWAY, _AWAY, _CLOSE, _AWAY, _CLOSE),
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
    back_utc_us: int = 0  # when whoever is there now came; 0 nobody
    away_reason: str = ""  # why the user is known to be away
    told: Session | None = None  # the row that was written last


def classify(tracker: Tracker, presence: Presence, utc_us: int, config: Config = DEFAULT) -> Event:
    """The event of the second that ends at utc_us."""
    open_after_us, close_after_us = config.open_after_s * SECOND_US, config.close_after_s * SECOND_US
    if presence is Presence.HERE:
        return Event.PRESENT_LONG if tracker.present_us > open_after_us else Event.PRESENT
    gone_us = utc_us - tracker.last_present_utc_us
    if presence is Presence.MAYBE:
        return Event.MAYBE_LONG if gone_us >= close_after_us else Event.MAYBE
    if presence is Presence.AWAY:
        if gone_us < config.brief_s * SECOND_US:
            return Event.ABSENT_BRIEF
        return Event.ABSENT_LONG if gone_us >= close_after_us else Event.ABSENT
    return Event.UNSURE_LONG if gone_us >= close_after_us else Event.UNSURE


def step(
    tracker: Tracker, presence: Presence, reason: str, utc_us: int, config: Config = DEFAULT
) -> list[Session | Absence]:
    """The second that ends at utc_us. reason: why the presence is what it is."""
    there, begin_utc_us = presence in (Presence.HERE, Presence.MAYBE), utc_us - SECOND_US
    if tracker.state is State.NONE:
        tracker.present_us = 0
    if there:
        tracker.present_us += SECOND_US
        tracker.back_utc_us = tracker.back_utc_us or begin_utc_us
    else:
        tracker.back_utc_us = 0
    if presence is Presence.AWAY:
        tracker.away_reason = reason
    event = classify(tracker, presence, utc_us, config)
    before, (tracker.state, action) = tracker.state, TABLE[tracker.state][event]
    if before is State.NONE and tracker.state is State.ARRIVING:
        tracker.in_bed_utc_us = begin_utc_us
    if action is Action.OPEN:
        tracker.opened_utc_us = utc_us
    rows: list[Session | Absence] = []
    if action is Action.RETURN:
        rows.append(Absence(tracker.last_present_utc_us, tracker.back_utc_us, tracker.away_reason))
    if presence is Presence.HERE or (there and before not in OPEN):
        tracker.last_present_utc_us = utc_us
    if action is not Action.KEEP:
        tracker.told = _row(tracker, action, event)
        rows.append(tracker.told)
    return rows


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
