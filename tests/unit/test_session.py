"""The session table: every cell, the five minutes, the bathroom, the end."""

from __future__ import annotations

import pytest

from cloud.observations import Absence, Session
from cloud.primary_user import Presence
from cloud.session import BRIEF_US, CLOSE_AFTER_US, OPEN_AFTER_US, TABLE, Action, Event, State, Tracker, step

N, A, I, W = State.NONE, State.ARRIVING, State.IN_BED, State.AWAY
KEEP, OPEN, LEAVE, RETURN, CLOSE = Action.KEEP, Action.OPEN, Action.LEAVE, Action.RETURN, Action.CLOSE
EXPECTED = {
    # maybe   maybe_long  present   present_long absent_brief absent   absent_long unsure    unsure_long
    N: [(A, KEEP), (A, KEEP), (A, KEEP), (A, KEEP), (N, KEEP), (N, KEEP), (N, KEEP), (N, KEEP), (N, KEEP)],
    A: [(A, KEEP), (A, KEEP), (A, KEEP), (I, OPEN), (A, KEEP), (N, KEEP), (N, KEEP), (A, KEEP), (N, KEEP)],
    I: [(I, KEEP), (N, CLOSE), (I, KEEP), (I, KEEP), (I, KEEP), (W, LEAVE), (N, CLOSE), (I, KEEP), (N, CLOSE)],
    W: [(W, KEEP), (N, CLOSE), (I, RETURN), (I, RETURN), (W, KEEP), (W, KEEP), (N, CLOSE), (W, KEEP), (N, CLOSE)],
}
PRESENCE = {
    Event.MAYBE: Presence.MAYBE, Event.MAYBE_LONG: Presence.MAYBE, Event.PRESENT: Presence.HERE,
    Event.PRESENT_LONG: Presence.HERE,
    Event.ABSENT_BRIEF: Presence.AWAY, Event.ABSENT: Presence.AWAY, Event.ABSENT_LONG: Presence.AWAY,
    Event.UNSURE: Presence.UNSURE, Event.UNSURE_LONG: Presence.UNSURE,
}  # fmt: skip
S = 1_000_000
START = 1_700_000_000 * S
ENOUGH_S = OPEN_AFTER_US // S
HERE, MAYBE, AWAY, UNSURE = Presence.HERE, Presence.MAYBE, Presence.AWAY, Presence.UNSURE
Row = Session | Absence


def test_the_list_above_covers_every_cell() -> None:
    assert {state: list(row.values()) for state, row in TABLE.items()} == EXPECTED
    assert all(list(row) == list(Event) for row in TABLE.values())
    assert set(TABLE) == set(State)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(Event))
def test_cell(state: State, event: Event) -> None:
    tracker = _standing(state, event)
    rows = step(tracker, PRESENCE[event], "why", START)
    to, action = TABLE[state][event]
    assert tracker.state is to
    assert [type(row) for row in rows] == {KEEP: [], RETURN: [Absence, Session]}.get(action, [Session])


def _standing(state: State, event: Event) -> Tracker:
    """A tracker in this state to which the next second, ending at START, is this event."""
    gone_us = {Event.ABSENT: BRIEF_US}.get(event, CLOSE_AFTER_US if "half an hour" in event.value else S)
    return Tracker(
        state=state,
        in_bed_utc_us=START - 9000 * S,
        last_present_utc_us=START - gone_us,
        present_us=OPEN_AFTER_US if event is Event.PRESENT_LONG and state is not N else 0,
    )


def _run(*spans: tuple[Presence, int]) -> list[Row]:
    tracker, utc_us, rows = Tracker(), START, list[Row]()
    for presence, seconds in spans:
        for _ in range(seconds):
            rows += step(tracker, presence, "why", utc_us)
            utc_us += S
    return rows


def test_as_long_as_it_takes_is_not_longer() -> None:
    assert _run((HERE, ENOUGH_S), (AWAY, 40)) == []


def test_one_second_more_opens_it_from_the_arrival() -> None:
    (opened,) = _run((HERE, ENOUGH_S + 1))
    assert isinstance(opened, Session)
    assert (opened.in_bed_utc_us, opened.opened_utc_us) == (START - S, START + ENOUGH_S * S)


def test_whoever_may_be_the_user_counts_once_it_is_certain() -> None:
    (opened,) = _run((MAYBE, ENOUGH_S - 1), (HERE, 2))
    assert isinstance(opened, Session)
    assert (opened.in_bed_utc_us, opened.opened_utc_us) == (START - S, START + ENOUGH_S * S)


def test_whoever_may_be_the_user_opens_nothing() -> None:
    assert _run((MAYBE, 3000)) == []


def test_presence_before_an_absence_does_not_count() -> None:
    assert _run((HERE, 200), (AWAY, 31), (HERE, 200)) == []


def test_seconds_out_of_sight_do_not_undo_an_arrival() -> None:
    (opened,) = _run((HERE, 200), (AWAY, 20), (HERE, ENOUGH_S - 199))
    assert isinstance(opened, Session)
    assert opened.in_bed_utc_us == START - S


def test_not_knowing_is_not_presence() -> None:
    assert _run((HERE, 200), (UNSURE, 400), (HERE, 90)) == []


def test_the_bathroom_is_an_absence_within_the_session() -> None:
    rows = _run((HERE, 400), (AWAY, 600), (MAYBE, 20), (HERE, 400))
    assert [row.state for row in rows if isinstance(row, Session)] == ["in bed", "away", "in bed"]
    assert [row for row in rows if isinstance(row, Absence)] == [Absence(START + 399 * S, START + 999 * S, "why")]


def test_who_only_passes_by_is_not_back() -> None:
    rows = _run((HERE, 400), (AWAY, 600), (MAYBE, 20), (AWAY, 100), (HERE, 400))
    assert [row for row in rows if isinstance(row, Absence)] == [Absence(START + 399 * S, START + 1119 * S, "why")]


def test_half_a_minute_out_of_sight_is_no_absence() -> None:
    assert len(_run((HERE, 400), (AWAY, 29), (HERE, 400))) == 1


def test_half_an_hour_out_of_bed_ends_it_when_the_bed_was_left() -> None:
    rows = _run((HERE, 400), (AWAY, 1802))
    last = rows[-1]
    assert isinstance(last, Session)
    assert last.state == "closed"
    assert last.out_of_bed_utc_us == START + 399 * S


def test_half_an_hour_of_not_knowing_ends_it_too() -> None:
    rows = _run((HERE, 400), (UNSURE, 1802))
    assert isinstance(rows[-1], Session) and rows[-1].state == "closed"
