"""Whatever happens to the stream: no exception, no wrong packet accepted, every intact one delivered.

C and Python decode the same streams side by side and agree in packets and counters.
"""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from tests import link_c
from wire import codec, packet, table
from wire.packet import Packet


def integers(field: table.Field) -> st.SearchStrategy[int]:
    """Numbers of the field, with the ends and 0 often."""
    low, high = field.limits
    return st.one_of(st.sampled_from([low, 0, high]), st.integers(low, high))


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    """Any packet of the table, any field values."""
    layout = draw(st.sampled_from(list(table.LAYOUTS.values())))
    fields = {
        f.name: draw(integers(f) if f.count == 1 else st.lists(integers(f), min_size=f.count, max_size=f.count))
        for f in layout.fields
    }
    u32, u64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
    return packet.make(layout.number, fields, seq=draw(u32), boot=draw(u32), t_us=draw(u64))


EDITS = st.lists(
    st.tuples(st.sampled_from(["flip", "drop", "insert", "cut"]), st.integers(0, 2**16), st.integers(0, 255)),
    min_size=0,
    max_size=6,
)


def damage(stream: bytes, edits: list[tuple[str, int, int]]) -> bytes:
    """The stream after bit flips, lost bytes, inserted bytes and a cut end."""
    out = bytearray(stream)
    for kind, where, byte in edits:
        at = where % (len(out) + 1)
        if kind == "insert":
            out.insert(at, byte)
        elif kind == "cut" and byte < 32:  # rarely, or little would be left to look at
            del out[at:]
        elif at < len(out) and kind == "flip":
            out[at] ^= 1 << byte % 8
        elif at < len(out) and kind == "drop":
            del out[at]
    return bytes(out)


def intact(stream: bytes, sent: list[Packet]) -> list[Packet]:
    """The packets whose whole block stands between two delimiters (or the start) of the stream, in order."""
    blocks = {codec.encode(one)[:-1]: one for one in sent}
    return [blocks[block] for block in stream.split(b"\0")[:-1] if block in blocks]


@given(packets())
def test_c_and_python_write_the_same_bytes(given_packet: Packet) -> None:
    assert link_c.encode(given_packet) == codec.encode(given_packet)


@given(packets())
def test_c_and_python_read_the_same_fields(given_packet: Packet) -> None:
    line = codec.encode(given_packet)

    assert link_c.Deframer().feed(line) == codec.Decoder().feed(line) == [given_packet]
    assert link_c.fields_of(given_packet) == given_packet.fields


@settings(max_examples=300)
@given(st.lists(packets(), min_size=1, max_size=5), EDITS, st.integers(1, 400))
def test_a_damaged_stream_gives_its_intact_packets_and_no_other(
    sent: list[Packet], edits: list[tuple[str, int, int]], size: int
) -> None:
    stream = damage(b"".join(codec.encode(one) for one in sent), edits)
    python, c = codec.Decoder(), link_c.Deframer()

    found = [one for at in range(0, len(stream), size) for one in python.feed(stream[at : at + size])]
    found_by_c = c.feed(stream)

    assert found == intact(stream, sent)
    assert (found_by_c, c.counters) == (found, dataclasses.asdict(python.counters))


@settings(max_examples=300)
@given(st.binary(max_size=700))
def test_noise_gives_nothing_and_leaves_the_next_packet_whole(noise: bytes) -> None:
    last = packet.make(packet.PING, {"nonce": 7})
    stream = noise + b"\0" + codec.encode(last)
    python, c = codec.Decoder(), link_c.Deframer()

    assert python.feed(stream) == c.feed(stream) == [last]
    assert c.counters == dataclasses.asdict(python.counters)


@given(st.binary(min_size=1, max_size=300).filter(lambda block: b"\0" not in block))
def test_c_and_python_agree_on_what_is_a_cobs_block(block: bytes) -> None:
    out = link_c.ffi.new("uint8_t[]", 300)

    n = link_c.lib.sw_cobs_decode(block, len(block), out)

    assert codec.cobs_decode(block) == (None if n < 0 else bytes(link_c.ffi.buffer(out, n)))


@given(st.binary(max_size=600))
def test_cobs_round_trip_has_no_zero_and_the_stated_length(body: bytes) -> None:
    block = codec.cobs_encode(body)

    assert b"\0" not in block
    assert len(block) <= len(body) + len(body) // 254 + 1
    assert codec.cobs_decode(block) == body


@given(packets())
def test_the_length_on_the_line_says_nothing_about_the_contents(given_packet: Packet) -> None:
    layout = given_packet.layout

    assert len(codec.encode(given_packet)) == table.HEADER.n_bytes + layout.n_bytes + codec.CRC_BYTES + 2
