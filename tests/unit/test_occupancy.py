"""The occupancy table: every cell, and what a night's packets make of it."""

from __future__ import annotations

import pytest

from cloud.occupancy import TABLE, Bed, Event, State, step

U, E, O = State.UNKNOWN, State.EMPTY, State.OCCUPIED

CELLS = [
    (U, Event.PERSON, O), (U, Event.WEAK, U), (U, Event.NOBODY, E), (U, Event.STANDBY, U),
    (U, Event.FAILED, U), (U, Event.BOOTED, U), (U, Event.LOST, U),
    (E, Event.PERSON, O), (E, Event.WEAK, E), (E, Event.NOBODY, E), (E, Event.STANDBY, U),
    (E, Event.FAILED, U), (E, Event.BOOTED, U), (E, Event.LOST, U),
    (O, Event.PERSON, O), (O, Event.WEAK, O), (O, Event.NOBODY, E), (O, Event.STANDBY, U),
    (O, Event.FAILED, U), (O, Event.BOOTED, U), (O, Event.LOST, U),
]  # fmt: skip


def test_the_list_above_covers_every_cell() -> None:
    assert {(s, e) for s, e, _ in CELLS} == {(s, e) for s in TABLE for e in TABLE[s]}
    assert set(TABLE) == set(State)
    assert all(set(row) == set(Event) for row in TABLE.values())


@pytest.mark.parametrize(("before", "event", "after"), CELLS)
def test_cell(before: State, event: Event, after: State) -> None:
    bed = Bed(before, 5, "before")
    row = step(bed, event, 9, "why")
    assert bed.state is after
    assert bed.since_utc_us == (5 if before is after else 9)
    assert (row is not None) or before is after


def test_a_new_reason_for_not_knowing_is_a_row_of_its_own() -> None:
    bed = Bed(U, 5, "standby switch")
    assert step(bed, Event.LOST, 9, "no answer") == (9, "unknown", "no answer")


def test_a_packet_a_second_makes_one_row() -> None:
    bed = Bed()
    rows = [step(bed, Event.PERSON, second, "confident") for second in range(100)]
    assert [row for row in rows if row] == [(0, "occupied", "confident")]
