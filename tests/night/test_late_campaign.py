"""A sample of the large campaign, and its judge tried with planted outcomes: one that cannot fail shows nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from bench.late_breaks import BREAKS, orders_in
from bench.late_campaign import (
    CAMPAIGNS,
    HEAD,
    LEAST,
    OTHER_NIGHT,
    SETS,
    Campaign,
    chosen,
    night,
    other_night,
    rows,
    too_few,
    total,
)
from bench.late_judge import ASKED, CLOCK_LOST, STEPPED, Outcome, complaints, is_meant
from bench.late_world import BASES, DUE_US, LAST_US, store_hour

pytestmark = pytest.mark.hil
FINE = Outcome(1, ["line cut"], [-300.0], armed=True, moot=False, due_s=0.0, sounds_s=0.0)
NOTHING: tuple[list[bytes], list[bytes]] = ([], [])


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Half a minute of it, over and over."""
    yield store_hour(tmp_path_factory.mktemp("hour") / "hour.npy", seconds=30)


@pytest.fixture(scope="module")
def other(hour: Any) -> tuple[list[bytes], list[bytes]]:
    """The night that is replayed."""
    return other_night(hour)


def ran(numbers: list[int], hour: Any) -> list[Outcome]:
    """Campaigns of the first base."""
    return list(night(0, [Campaign(number) for number in numbers], hour, NOTHING, jobs=1))


def test_a_sample_of_breaks_rings_in_time(hour: Any) -> None:
    numbers = [list(BREAKS).index(name) for name in ("rebooted", "clock lost", "radar dead", "two schedules")]
    assert [one.wrong for one in ran(numbers, hour)] == [[]] * 4


@pytest.mark.slow
def test_every_break_alone_rings_in_time(hour: Any) -> None:
    assert {tuple(one.breaks): one.wrong for one in ran(list(range(len(BREAKS))), hour) if one.wrong} == {}


@pytest.mark.parametrize(
    ("rang_s", "held", "meant"),
    [(-90.0, True, True), (-90.0, False, True), (-30.0, True, False), (-30.0, False, True), (0.0, True, True)],
)
def test_what_rings_was_set_for_then(rang_s: float, held: bool, meant: bool) -> None:
    """Set for the end; at -100 for -90; at -60 for -30; at -40 for the end again."""
    t0_us, world = 10**15, Mock()
    world.base.t0_utc_us = t0_us
    world.sets = [
        (DUE_US + at * 10**6, t0_us + DUE_US + due * 10**6, t0_us + DUE_US + at * 10**6)
        for at, due in ((-600, 0), (-100, -90), (-60, -30), (-40, 0))
    ]
    assert is_meant(world, DUE_US + round(rang_s * 1e6), held) == meant


def test_a_campaign_is_its_number_whatever_runs_beside_it(hour: Any) -> None:
    first = min(range(20), key=lambda number: Campaign(number).branch_s)
    alone = ran([4], hour)
    assert [one for one in ran([4, first], hour) if one.number == 4] == alone


def test_every_break_and_every_pair_comes_often_enough() -> None:
    counts = Counter(one.breaks for one in chosen(None, None))
    assert len(SETS) == len(BREAKS) * (len(BREAKS) + 1) // 2
    assert set(counts.values()) == {48} and sum(counts.values()) == CAMPAIGNS >= 10_000


def test_everything_breaks_inside_the_last_ten_minutes() -> None:
    for one in chosen(None, 500):
        assert all(DUE_US - LAST_US < at_us < DUE_US for at_us in one.moments_us)
        assert one.branch_s * 1_000_000 < min(one.moments_us)


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (replace(FINE, sounds_s=1.001), "late by 1.001 s"),
        (replace(FINE, sounds_s=None), "silent"),
        (replace(FINE, armed=False), "not armed"),
        (replace(FINE, rises=[(-140.0, "cloud", ASKED)]), "rang early for no reason"),
        (replace(FINE, rises=[(-140.0, "cloud", ASKED)], asked_s=-139.0), "rang early for no reason"),
        (replace(FINE, rises=[(-140.0, "cloud", ASKED)], replayed=3), "by replayed data it rang 140.000 s early"),
        (replace(FINE, replays_taken=1), "by replayed data the cloud was misled: 1 packets"),
        (replace(FINE, rises=[(-140.0, "device", CLOCK_LOST)]), "rang early for no reason"),
        (replace(FINE, rises=[(-140.0, "device", STEPPED)]), "rang early for no reason"),
        (replace(FINE, rises=[(-3.0, "device", "the set time")], stepped=True), "rang early for no reason"),
        (replace(FINE, rises=[(-3.0, "device", "the set time")], due_s=60.0), "rang early for no reason"),
        (replace(FINE, rises=[(-4.1, "device", "the set time")], due_s=60.0, stepped=True), "rang early for no reason"),
        (
            replace(FINE, rises=[(-60.0, "device", "the set time")], due_s=60.0, meant=[False]),
            "rang early for no reason",
        ),
        (replace(FINE, due_s=86_400.0), "silent: the alarm that was set anew is gone"),
        (replace(FINE, sounds_s=None, lost_clock=True), "silent"),
    ],
)
def test_the_judge_sees_what_is_wrong(outcome: Outcome, says: str) -> None:
    assert complaints(outcome)[0].startswith(says)


@pytest.mark.parametrize(
    "outcome",
    [
        FINE,
        replace(FINE, sounds_s=1.0),
        replace(FINE, rises=[(-140.0, "cloud", ASKED)], asked_s=-170.0, replayed=3),
        replace(FINE, rises=[(-140.0, "device", CLOCK_LOST)], lost_clock=True),
        replace(FINE, rises=[(-140.0, "device", STEPPED)], stepped=True),
        replace(FINE, rises=[(-1.9, "device", "the set time")]),
        replace(FINE, rises=[(-3.0, "device", "the set time")], due_s=60.0, stepped=True),
        replace(FINE, rises=[(-60.5, "device", "the set time")], due_s=60.0, meant=[True]),
        replace(FINE, due_s=86_400.0, held=True),
        replace(FINE, sounds_s=None, lost_clock=True, stepped=True),
        replace(FINE, rises=[(-12.0, "device", "the set time")], lost_clock=True, stepped=True),
    ],
)
def test_the_judge_lets_pass_what_is_meant(outcome: Outcome) -> None:
    assert complaints(outcome) == []


def test_a_row_counts_what_failed_and_what_was_over_before() -> None:
    late = replace(FINE, wrong=["late by 2.000 s"])
    found = rows([FINE, late, replace(FINE, moot=True), replace(FINE, rises=[(-9.0, "device", CLOCK_LOST)])])
    row = dict(zip(HEAD, found[0], strict=True))
    assert (row["campaigns"], row["alone"], row["fewest with another"]) == ("4", "3", "0")
    assert (row["it had rung"], row["late"], row["silent"], row["clock lost: rang early"]) == ("1", "1", "0", "1")


def test_a_pair_counts_when_both_broke_before_it_rang() -> None:
    pair = replace(FINE, breaks=["line cut", "rebooted"], moments_s=[-300.0, -20.0])
    rang_between = replace(pair, rises=[(-100.0, "cloud", ASKED)], asked_s=-130.0)
    assert (pair.met, rang_between.met, replace(pair, rises=[(0.0, "device", "the set time")]).met) == (
        True,
        False,
        True,
    )


def whole(**changed: Any) -> list[Outcome]:
    """All campaigns, nothing wrong in them; `changed` in those of the first pair but some."""
    found = [replace(FINE, number=n, breaks=list(Campaign(n).breaks), moments_s=[-9.0]) for n in range(CAMPAIGNS)]
    first = [one.number for one in found if one.breaks == list(SETS[len(BREAKS)])]
    return [replace(one, **changed) if one.number in first[LEAST - 1 :] else one for one in found]


def test_a_whole_campaign_needs_every_pair_often_enough() -> None:
    names = sorted(SETS[len(BREAKS)])
    assert too_few(whole()) == [] and "at least 48 times" in total(whole())
    assert sorted(line.split(": ")[1].split(", ")[0] for line in too_few(whole(moot=True))) == names
    assert "at least 29 times" in total(whole(moot=True))


def test_the_night_that_is_replayed_is_none_of_them_and_has_orders(other: tuple[list[bytes], list[bytes]]) -> None:
    """Orders of every kind: to ring, to ring no more, to ring at another time."""
    said, heard = other
    assert OTHER_NIGHT >= BASES and sum(orders_in(one) for one in said) >= 4 and len(heard) > 20


def test_replays_come_and_are_refused(hour: Any, other: tuple[list[bytes], list[bytes]]) -> None:
    numbers = [list(BREAKS).index(f"replayed to the {end}") for end in ("device", "cloud")]
    found = list(night(0, [Campaign(number) for number in numbers], hour, other, jobs=1))
    assert [(one.wrong, one.replayed > 0, one.replays_taken) for one in found] == [([], True, 0)] * 2


def test_the_same_sample_is_drawn_each_time(tmp_path: Path) -> None:
    assert chosen(None, 50) == chosen(None, 50) and len({one.number for one in chosen(None, 50)}) == 50
