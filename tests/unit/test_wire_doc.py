"""docs/wire.md says what packet.h, words.h and the codec do, and its hex decodes."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pytest

from wire import codec, describe, table, transport

TEXT = (Path(__file__).parents[2] / "docs" / "wire.md").read_text(encoding="utf-8")
GOLDEN = {one["name"]: one for one in json.loads((Path(__file__).parents[1] / "vectors" / "packets.json").read_text())}


def utc(utc_us: int) -> str:
    """Date and time in words."""
    return datetime.datetime.fromtimestamp(utc_us // 10**6, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


HEX = [bytes.fromhex(block) for block in re.findall(r"```hex\n(.*?)```", TEXT, re.DOTALL)]


def test_tables_and_byte_lists_are_the_ones_of_the_header() -> None:
    assert describe.renewed(TEXT) == TEXT, "renew it with: python -m wire.describe docs/wire.md"


def test_a_changed_table_is_seen() -> None:
    row = "| 0 | 4 | `frame` | u32 | 1 |"

    assert row in TEXT
    assert describe.renewed(TEXT.replace(row, "| 0 | 2 | `frame` | u16 | 1 |")) == TEXT


def test_a_changed_byte_list_is_seen() -> None:
    assert describe.renewed(TEXT.replace("1425 → 14.25", "1426 → 14.26")) == TEXT != TEXT.replace("1425", "1426")


@pytest.mark.parametrize("layout", table.LAYOUTS.values(), ids=lambda one: one.name)
def test_every_field_has_its_row(layout: table.Layout) -> None:
    section = TEXT.split(f"### {layout.name}: type {layout.number},")[1].split("###")[0]

    assert re.findall(r"`(\w+)`", section) == [field.name for field in layout.fields]


def test_the_hex_blocks_are_the_golden_packets() -> None:
    assert [block.hex() for block in HEX] == [GOLDEN[name]["line"] for name in ("VITALS", "ACK", "ALARM_STATE")]


def test_the_worked_packet_decodes_to_what_the_text_says() -> None:
    [found] = codec.Decoder().feed(HEX[0])

    assert (found.fields["respiration_rate"], found.fields["distance"], found.fields["wave_n"]) == (1425, 830, 10)


def test_the_worked_answer_decodes_to_what_the_text_says() -> None:
    [found] = codec.Decoder().feed(HEX[2])
    fields = {name: int(str(value)) for name, value in found.fields.items()}

    assert utc(fields["set_for_utc_us"]) == "2026-01-16 07:00:00" and "07:00 UTC on 16 January 2026" in TEXT
    assert (utc(fields["next_ring_utc_us"])[-8:], fields["utc_us"] % 86_400_000_000) == ("06:47:26", 125_000)
    assert (fields["state"], fields["stored"], fields["clock"]) == (2, 1, table.ClockSource["HOST"])


@pytest.mark.parametrize("number", [codec.BODY_MAX, codec.BLOCK_MAX, codec.LINE_MAX, codec.PAYLOAD_MAX, transport.BAUD])
def test_limits_are_the_ones_of_the_code(number: int) -> None:
    prose = TEXT.split("## The packets")[0]

    assert re.search(rf"\b{number:,}\b", prose)


def test_hex_that_is_no_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="not one intact packet"):
        describe.worked(b"\x02\x01\0")
