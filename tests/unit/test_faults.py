"""The table of faults: how one is written, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw_sim import faults
from hw_sim.faults import Fault, FaultError, parse
from wire import table


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("miso-low", Fault("miso-low")),
        ("irq-late=7ms", Fault("irq-late", 7000)),
        ("irq-late", Fault("irq-late", 5000)),
        ("bit-flips=0.5%@3", Fault("bit-flips", 5000, 3_000_000)),
        ("miso-low@3+0.25", Fault("miso-low", 0, 3_000_000, 3_250_000)),
        ("brown-out@300s", Fault("brown-out", 0, 300_000_000)),
        ("chip-clock=-50ppm", Fault("chip-clock", -50_000)),
        ("wrong-chip=0x505", Fault("wrong-chip", 0x505)),
        ("spi-slow=2MHz", Fault("spi-slow", 2_000_000)),
        ("line-slow=9600", Fault("line-slow", 9600)),
    ],
)
def test_a_fault_is_read_and_written_back(text: str, fault: Fault) -> None:
    assert parse(text) == fault == parse(fault.text)


def test_without_a_start_it_begins_now() -> None:
    assert parse("miso-low", 7_000_000).start_us == 7_000_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "irq-lat",
            "fault irq-lat: name 'irq-lat': expected one that `stillwave faults` lists (did you mean irq-late?)",
        ),
        ("xyz", "fault xyz: name 'xyz': expected one that `stillwave faults` lists"),
        ("irq-late=5", "fault irq-late=5: value: expected 1us to 1s, got '5'"),
        ("irq-late=2s", "fault irq-late=2s: value: expected 1us to 1s, got '2s'"),
        ("irq-late=", "fault irq-late=: value: expected 1us to 1s, got ''"),
        ("irq-late=nanms", "fault irq-late=nanms: value: expected 1us to 1s, got 'nanms'"),
        ("miso-low=3", "fault miso-low=3: value: expected none, got '3'"),
        ("miso-low@", "fault miso-low@: start: expected s after @"),
        ("miso-low@soon", "fault miso-low@soon: start: expected 0 to 172800 s, got 'soon'"),
        ("miso-low@-1", "fault miso-low@-1: start: expected 0 to 172800 s, got '-1'"),
        ("miso-low@1+0", "fault miso-low@1+0: duration: expected more than 0 s"),
        ("brown-out@1+1", "fault brown-out@1+1: duration: it happens once; expected none"),
        (
            "reference-76.8@5",
            "fault reference-76.8@5: start: this is so from power-on or not at all; expected no start and no duration",
        ),
    ],
)
def test_what_is_wrong_is_one_line(text: str, words: str) -> None:
    with pytest.raises(FaultError) as raised:
        parse(text)
    assert str(raised.value) == words


@pytest.mark.parametrize("row", faults.ROWS.values(), ids=faults.ROWS)
def test_a_row_is_whole(row: faults.Row) -> None:
    assert row.name == row.name.lower() and "_" not in row.name
    assert row.part in faults.PARTS
    assert row.fields(row.kind.default if row.kind is not None and row.kind.default is not None else 0)
    assert all(
        text and not text.endswith(".") and "|" not in text for text in (row.what, row.like, row.device, row.source)
    )
    if row.kind is not None and row.kind.default is not None:
        assert row.kind.low <= row.kind.default <= row.kind.high


def test_every_reason_is_a_word_of_the_line() -> None:
    assert faults.check_reasons([one.name for one in table.Reason]) == []


def test_a_table_of_a_scenario_says_the_same() -> None:
    made = faults.from_table({"name": "irq-late", "value": "7ms", "at_s": 3, "for_s": 0.5}, "x.toml: fault[0]")
    assert made == parse("irq-late=7ms@3+0.5")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "x.toml: fault[0]: key `name`: expected the name of a fault (`stillwave faults` lists them)"),
        ({"name": "irq-late", "at": 3}, "x.toml: fault[0]: key `at`: expected one of name, value, at_s, for_s"),
        ({"name": "irq-late", "at_s": "3"}, "x.toml: fault[0]: key `at_s`: expected a number of s, got '3'"),
        ({"name": "irq-late", "value": 7}, "x.toml: fault[0]: fault irq-late: value: expected 1us to 1s, got '7'"),
    ],
)
def test_a_wrong_table_is_one_line(given: dict[str, object], words: str) -> None:
    with pytest.raises(FaultError) as raised:
        faults.from_table(given, "x.toml: fault[0]")
    assert str(raised.value) == words


def test_the_listing_has_every_row() -> None:
    assert [row["name"] for row in faults.listing()] == list(faults.ROWS)
    assert all(any(row.usage in line for line in faults.as_lines()) for row in faults.ROWS.values())


def test_the_table_in_the_documentation_is_this_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    assert faults.with_table(page) == page
