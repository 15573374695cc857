"""Every row of the table of faults: the device tells its reason and no other, and is back in the end.

Rule: without its handler every row that has a reason fails its test.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from hw_sim.faults import ROWS
from tests.fault_walk import Walk, problems, walk, walk_of, without

NOTICED = [name for name, row in ROWS.items() if row.reason]
ALIKE = {
    "MISO_HIGH": {"miso-high", "reset-line-low"},
    "BUS_CLOCKS": {"clock-lost", "clock-doubled"},
    "REFERENCE": {"chip-clock", "reference-76.8"},
    "LINE_GARBLED": {"line-garbled", "line-loses", "line-inserts"},
    "LINE_BROKEN": {"line-cut", "line-cut-to-device", "host-silent"},
    "CLOCK_ABSENT": {"clock-absent", "bus-stuck"},
    "LEAKAGE": {"leakage", "near-object"},
}
"""Rows that look the same from inside; every other row has a reason of its own."""


@cache
def seen(name: str) -> Walk:
    return walk_of(name)


def test_a_healthy_board_has_no_fault() -> None:
    assert walk().told == set()


@pytest.mark.parametrize("name", ROWS)
def test_a_fault_is_told_by_its_reason_alone_and_survived(name: str) -> None:
    assert problems(name, seen(name)) == []


def test_all_rows_are_told_apart() -> None:
    rows = defaultdict(set)
    for name in NOTICED:
        rows[ROWS[name].reason].add(name)
    assert {reason: names for reason, names in rows.items() if len(names) > 1} == {
        reason: names & set(NOTICED) for reason, names in ALIKE.items() if len(names & set(NOTICED)) > 1
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTICED)
def test_without_its_handler_a_fault_is_not_told(name: str) -> None:
    with without(ROWS[name].reason):
        found = walk_of(name, "without")
    assert ROWS[name].reason not in found.told
    assert problems(name, found) != []
