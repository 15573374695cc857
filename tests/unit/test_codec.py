"""Framing: golden bytes, each counter's own net, chunks of any size; C and Python side by side."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import link_c
from wire import codec, packet, table

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "packets.json").read_text())
PING = packet.make(packet.PING, {"nonce": 0x0011FF00})
GOOD = codec.encode(PING)


def golden_packet(one: dict[str, Any]) -> packet.Packet:
    return packet.make(one["type"], one["fields"], seq=one["seq"], boot=one["boot"], t_us=one["t_us"])


def line(body: bytes) -> bytes:
    """A body without crc as an intact block."""
    return codec.cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"


def header(version: int = 1, type_: int = packet.PING, flags: int = 1) -> bytes:
    return table.HEADER.codes.pack(version, type_, flags, 0, 0, 0, 0)


class PythonSide:
    """wire.codec.Decoder with its counters as a dict, as link_c.Deframer has them."""

    def __init__(self) -> None:
        self._decoder = codec.Decoder()
        self.feed = self._decoder.feed

    @property
    def counters(self) -> dict[str, int]:
        return dataclasses.asdict(self._decoder.counters)


SIDES = pytest.mark.parametrize("side", [PythonSide, link_c.Deframer], ids=["python", "c"])
Side = Callable[[], Any]


@pytest.mark.parametrize("one", GOLDEN, ids=lambda one: one["name"])
@pytest.mark.parametrize("encode", [codec.encode, link_c.encode], ids=["python", "c"])
def test_golden_packets_have_these_bytes(one: dict[str, Any], encode: Callable[[packet.Packet], bytes]) -> None:
    assert encode(golden_packet(one)).hex() == one["line"]


@pytest.mark.parametrize("one", GOLDEN, ids=lambda one: one["name"])
@SIDES
def test_golden_bytes_are_these_packets(one: dict[str, Any], side: Side) -> None:
    assert side().feed(bytes.fromhex(one["line"])) == [golden_packet(one)]


@pytest.mark.parametrize("one", GOLDEN, ids=lambda one: one["name"])
def test_c_reads_the_golden_fields(one: dict[str, Any]) -> None:
    given = golden_packet(one)

    assert link_c.fields_of(given) == given.fields


def test_crc_32_of_the_check_string() -> None:
    assert link_c.lib.sw_crc32(b"123456789", 9) == zlib.crc32(b"123456789") == 0xCBF43926


@pytest.mark.parametrize(
    ("body", "block"),
    [
        ("", "01"),
        ("00", "0101"),
        ("0000", "010101"),
        ("11220033", "0311220233"),
        ("11220000", "0311220101"),
        ("01" * 254, "ff" + "01" * 254),
        ("01" * 254 + "00", "ff" + "01" * 254 + "0101"),
        ("01" * 255, "ff" + "01" * 254 + "0201"),
    ],
)
def test_cobs_blocks(body: str, block: str) -> None:
    given = bytes.fromhex(body)
    out = link_c.ffi.new("uint8_t[]", 300)

    in_c = bytes(link_c.ffi.buffer(out, link_c.lib.sw_cobs_encode(given, len(given), out)))

    assert (codec.cobs_encode(given).hex(), in_c.hex(), codec.cobs_decode(in_c)) == (block, block, given)


NETS: list[tuple[str, bytes]] = [
    ("bad_crc", codec.cobs_encode(header() + bytes(8) + b"\1\2\3\4") + b"\0"),
    ("bad_cobs", b"\x05\x01\x01\0"),
    ("too_short", line(b"\1\2\3")),
    ("too_short", line(header() + bytes(7))),
    ("too_short", b"\x05\x01\x01\x01\x01\0"),
    ("bad_version", line(header(version=2) + bytes(8))),
    ("too_short", line(header(flags=0) + bytes(8))),  # a tag, and nothing left for the payload
    ("bad_flags", line(header(flags=9) + bytes(8))),
    ("too_long", line(header() + bytes(codec.PAYLOAD_MAX + 1))),  # a tag's room, and no tag
    ("unknown_type", line(header(type_=63) + bytes(8))),
    ("too_long", b"\1" * (codec.BLOCK_MAX + 1) + b"\0"),
    ("too_long", b"\1" * 5000 + b"\0"),
]


@pytest.mark.parametrize(("counter", "damaged"), NETS)
@SIDES
def test_a_damaged_block_is_counted_and_the_next_one_delivered(side: Side, counter: str, damaged: bytes) -> None:
    decoder = side()

    found = decoder.feed(damaged + GOOD)

    assert found == [PING]
    assert {name: n for name, n in decoder.counters.items() if n} == {counter: 1, "packets": 1}


@SIDES
def test_empty_blocks_are_no_damage(side: Side) -> None:
    decoder = side()

    assert decoder.feed(b"\0\0\0" + GOOD + b"\0") == [PING]
    assert sum(decoder.counters.values()) == 1


@SIDES
def test_a_longer_payload_of_a_later_version_is_accepted_whole(side: Side) -> None:
    [found] = side().feed(line(header() + PING.payload + b"later"))

    assert (found.payload, found.fields) == (PING.payload + b"later", PING.fields)


@pytest.mark.parametrize("type_", [packet.HELLO, packet.HOST_HELLO, packet.REFUSE])
@SIDES
def test_the_handshake_is_read_whatever_version_it_comes_in(side: Side, type_: int) -> None:
    [found] = side().feed(line(header(version=9, type_=type_) + bytes(60)))

    assert (found.version, found.type) == (9, type_)


@SIDES
def test_the_longest_packet_fits(side: Side) -> None:
    longest = PING._replace(payload=b"\xaa" * codec.PAYLOAD_MAX)

    encoded = codec.encode(longest)

    assert (side().feed(encoded), len(encoded) <= codec.LINE_MAX) == ([longest], True)


def test_lengths_are_the_same_in_c() -> None:
    c = link_c.lib

    assert (c.SW_LINE_MAX, c.SW_BLOCK_MAX, c.SW_BODY_MAX) == (codec.LINE_MAX, codec.BLOCK_MAX, codec.BODY_MAX)


def test_a_payload_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="payload of 256 bytes, at most 255"):
        codec.encode(PING._replace(payload=bytes(256)))


def test_c_refuses_a_payload_too_long() -> None:
    header_c = link_c.ffi.new("sw_packet_header *")
    out = link_c.ffi.new("uint8_t[]", 600)

    assert link_c.lib.sw_packet_frame(header_c, bytes(256), 256, out) == 0


@pytest.mark.parametrize("size", [1, 2, 7, 64])
@SIDES
def test_chunk_boundaries_change_nothing(side: Side, size: int) -> None:
    stream = b"".join(damaged for _, damaged in NETS) + GOOD + b"\1" * 900 + b"\0" + GOOD
    whole, pieces = side(), side()

    expected = whole.feed(stream)
    found = [p for at in range(0, len(stream), size) for p in pieces.feed(stream[at : at + size])]

    assert (found, pieces.counters) == (expected, whole.counters)


def test_memory_stays_bounded_without_a_delimiter() -> None:
    decoder = codec.Decoder()

    for _ in range(100):
        decoder.feed(b"\1" * 1000)

    assert len(decoder._held) <= codec.BLOCK_MAX
