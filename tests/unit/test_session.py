"""The session table: every cell, the five minutes, the bathroom, the end."""

from __future__ import annotations

import pytest

from cloud.observations import Session
from cloud.occupancy import State as Bed
from cloud.session import CLOSE_AFTER_US, OPEN_AFTER_US, TABLE, Action, Event, State, Tracker, step

N, A, I, W = State.NONE, State.ARRIVING, State.IN_BED, State.AWAY
KEEP, OPEN, NOTE, CLOSE = Action.KEEP, Action.OPEN, Action.NOTE, Action.CLOSE
EXPECTED = {
    N: [(A, KEEP), (A, KEEP), (N, KEEP), (N, KEEP), (N, KEEP), (N, KEEP)],
    A: [(A, KEEP), (I, OPEN), (N, KEEP), (N, KEEP), (A, KEEP), (N, KEEP)],
    I: [(I, KEEP), (I, KEEP), (W, NOTE), (N, CLOSE), (I, KEEP), (N, CLOSE)],
    W: [(I, NOTE), (I, NOTE), (W, KEEP), (N, CLOSE), (W, KEEP), (N, CLOSE)],
}
S = 1_000_000
START = 1_700_000_000 * S


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("column", range(len(Event)))
def test_cell(state: State, column: int) -> None:
    event = list(Event)[column]
    tracker = _standing(state, event)
    bed = {"p": Bed.OCCUPIED, "a": Bed.EMPTY, "u": Bed.UNKNOWN}[event.value[0]]
    row = step(tracker, bed, START)
    to, action = EXPECTED[state][column]
    assert TABLE[state][event] == (to, action)
    assert tracker.state is to
    assert (row is None) == (action is KEEP)


def _standing(state: State, event: Event) -> Tracker:
    """A tracker in this state to which the next tick at START is this event."""
    long = event in (Event.ABSENT_LONG, Event.UNSURE_LONG)
    return Tracker(
        state=state,
        in_bed_utc_us=START - 9000 * S,
        last_present_utc_us=START - (CLOSE_AFTER_US if long else S),
        present_us=OPEN_AFTER_US if event is Event.PRESENT_LONG else 0,
        last_tick_utc_us=START - S,
    )


def _run(tracker: Tracker, *spans: tuple[Bed, int]) -> list[Session]:
    utc_us, rows = tracker.last_tick_utc_us or START, []
    for bed, seconds in spans:
        for _ in range(seconds):
            rows.append(step(tracker, bed, utc_us))
            utc_us += S
        tracker.last_tick_utc_us = utc_us - S
    return [row for row in rows if row]


def test_five_minutes_are_not_more_than_five_minutes() -> None:
    assert _run(Tracker(), (Bed.OCCUPIED, 301), (Bed.EMPTY, 10)) == []


def test_one_second_more_opens_it_from_the_arrival() -> None:
    (opened,) = _run(Tracker(), (Bed.OCCUPIED, 302))
    assert (opened.in_bed_utc_us, opened.opened_utc_us) == (START, START + 301 * S)


def test_presence_before_an_absence_does_not_count() -> None:
    assert _run(Tracker(), (Bed.OCCUPIED, 200), (Bed.EMPTY, 1), (Bed.OCCUPIED, 200)) == []


def test_not_knowing_is_not_presence() -> None:
    assert _run(Tracker(), (Bed.OCCUPIED, 200), (Bed.UNKNOWN, 300), (Bed.OCCUPIED, 90)) == []


def test_the_bathroom_does_not_end_it() -> None:
    spans = (Bed.OCCUPIED, 400), (Bed.EMPTY, 600), (Bed.OCCUPIED, 400)
    assert [row.state for row in _run(Tracker(), *spans)] == ["in bed", "away", "in bed"]


def test_half_an_hour_out_of_bed_ends_it_when_the_bed_was_left() -> None:
    rows = _run(Tracker(), (Bed.OCCUPIED, 400), (Bed.EMPTY, 1802))
    assert rows[-1].state == "closed"
    assert rows[-1].out_of_bed_utc_us == START + 399 * S


def test_a_jump_of_the_clock_is_not_five_minutes_of_presence() -> None:
    tracker = Tracker()
    assert step(tracker, Bed.OCCUPIED, START) is None
    assert step(tracker, Bed.OCCUPIED, START + 3600 * S) is None
