"""Many packets at once are the packets one by one, whatever happened to the stream."""

from __future__ import annotations

import dataclasses
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.test_link import EDITS, damage, packets
from wire import bulk, codec, packet, table
from wire.packet import Packet


def as_packets(found: bulk.Found) -> list[Packet]:
    """In the order of the stream."""
    all_rows = [(int(row["at"]), type_, row) for type_, rows in found.packets.items() for row in rows]
    out = []
    for _, type_, row in sorted(all_rows, key=lambda one: one[0]):
        head = row["header"]
        out.append(
            Packet(
                type_, int(head["seq"]), int(head["boot"]), int(head["t_us"]), row["payload"].tobytes(),
                int(head["version"]), int(head["flags"]),
                b"" if head["flags"] & table.FLAG_TAG_ABSENT else row["tag"].tobytes(), int(head["reserved"]),
            )
        )  # fmt: skip
    return out


def known(one: Packet) -> Packet:
    """Without what a later version has added."""
    return one._replace(payload=one.payload[: one.layout.n_bytes])


@st.composite
def grown(draw: st.DrawFn) -> Packet:
    """A packet of this version, or of a later one: it may be longer than a plain block."""
    one = draw(packets())
    more = draw(st.binary(max_size=codec.PAYLOAD_MAX - len(one.payload)))
    if draw(st.booleans()):
        one = one._replace(payload=one.payload + more)
    if draw(st.booleans()):
        tag = draw(st.binary(min_size=codec.TAG_BYTES, max_size=codec.TAG_BYTES))
        one = one._replace(flags=one.flags & ~table.FLAG_TAG_ABSENT, tag=tag)
    return one


@settings(max_examples=300)
@given(st.lists(grown(), max_size=6), EDITS)
def test_a_damaged_stream_is_read_as_the_decoder_reads_it(
    sent: list[Packet], edits: list[tuple[str, int, int]]
) -> None:
    stream = damage(b"".join(codec.encode(one) for one in sent), edits)
    decoder = codec.Decoder()

    expected = [known(one) for one in decoder.feed(stream)]
    found = bulk.decode(stream)

    assert as_packets(found) == expected
    assert found.counters == decoder.counters


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=320), max_size=6))
def test_noise_is_counted_as_the_decoder_counts_it(noise: list[bytes]) -> None:
    stream = b"\0".join(noise)
    decoder = codec.Decoder()
    decoder.feed(stream)

    assert dataclasses.asdict(bulk.decode(stream).counters) == dataclasses.asdict(decoder.counters)


@given(st.binary(min_size=24, max_size=300))
def test_a_body_with_a_right_crc_is_judged_alike(body: bytes) -> None:
    line = codec.cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"
    decoder = codec.Decoder()

    expected = [known(one) for one in decoder.feed(line)]
    found = bulk.decode(line)

    assert (as_packets(found), found.counters) == (expected, decoder.counters)


@given(packets(), st.integers(1, 4), st.sampled_from([b"", b"\0\1\2\3\4\5\6\7"]))
def test_rows_become_the_bytes_of_the_encoder(one: Packet, n: int, tag: bytes) -> None:
    if tag:
        one = one._replace(tag=tag, flags=0)
    line = n * codec.encode(one)

    assert bulk.encode(bulk.decode(line).packets[one.type]) == line


@pytest.mark.parametrize("type_", sorted(table.LAYOUTS))
def test_every_type_goes_there_and_back(type_: int) -> None:
    if table.HEADER.n_bytes + table.LAYOUTS[type_].n_bytes + codec.CRC_BYTES >= bulk.PLAIN_MAX:
        pytest.skip("too long to be made in bulk")
    rows = np.zeros(3, bulk.dtype(type_))
    rows["header"]["type"], rows["header"]["version"], rows["header"]["flags"] = type_, 1, table.FLAG_TAG_ABSENT
    rows["header"]["seq"] = [1, 2, 3]

    found = bulk.decode(bulk.encode(rows)).packets[type_]

    assert (found["header"] == rows["header"]).all() and (found["payload"] == rows["payload"]).all()


def test_rows_of_another_type_are_refused() -> None:
    rows = np.zeros(1, bulk.dtype(packet.PING))
    rows["header"]["type"] = packet.VITALS

    with pytest.raises(ValueError, match="payloads are not of that type"):
        bulk.encode(rows)


def test_rows_with_and_without_a_tag_are_refused() -> None:
    rows = np.zeros(2, bulk.dtype(packet.PING))
    rows["header"]["type"], rows["header"]["flags"] = packet.PING, [0, table.FLAG_TAG_ABSENT]

    with pytest.raises(ValueError, match="with and without a tag"):
        bulk.encode(rows)


def test_nothing_at_all_is_no_packet() -> None:
    assert bulk.decode(b"") == bulk.Found({}, codec.Counters(), b"")
