"""Tags: made alike in C and Python, and gone with one bit of anything."""

from __future__ import annotations

import pickle
import zlib

import pytest

from tests import link_c
from wire import codec, packet, table, trust

KEY = trust.Key(bytes(range(32)))
OTHER = trust.Key(bytes(range(1, 33)))
PING = packet.make(packet.PING, {"nonce": 0x0011FF00}, seq=5)


def sealed_by_c(one: packet.Packet, key: trust.Key) -> bytes:
    header = link_c.ffi.new("sw_packet_header *")
    for name in ("version", "type", "flags", "seq", "boot", "t_us"):
        setattr(header, name, getattr(one, name))
    out = link_c.ffi.new("uint8_t[]", link_c.lib.SW_LINE_MAX)
    n = link_c.lib.sw_packet_seal(header, one.payload, len(one.payload), key.secret, out)
    return bytes(link_c.ffi.buffer(out, n))


def genuine_by_c(line: bytes, key: trust.Key) -> bool:
    state, found, got = (link_c.ffi.new(f"{kind} *") for kind in ("sw_deframer", "sw_packet", "int32_t"))
    link_c.lib.sw_deframer_init(state)
    link_c.lib.sw_deframer_feed(state, line, len(line), found, got)
    assert got[0] == 1
    return bool(link_c.lib.sw_packet_genuine(found, key.secret))


def test_c_and_python_seal_alike() -> None:
    assert sealed_by_c(PING, KEY) == codec.encode(trust.seal(KEY, PING))


def test_the_longest_packet_fits_with_its_tag() -> None:
    longest = PING._replace(payload=b"\xaa" * codec.PAYLOAD_MAX)
    line = sealed_by_c(longest, KEY)

    [found] = codec.Decoder().feed(line)

    assert (len(line) <= codec.LINE_MAX, trust.genuine(KEY, found), genuine_by_c(line, KEY)) == (True, True, True)


def test_a_sealed_packet_is_genuine_by_its_key_alone() -> None:
    sealed = trust.seal(KEY, PING)
    line = codec.encode(sealed)

    assert [trust.genuine(key, sealed) for key in (KEY, OTHER)] == [True, False]
    assert [genuine_by_c(line, key) for key in (KEY, OTHER)] == [True, False]


def test_a_packet_without_a_tag_is_never_genuine() -> None:
    assert not trust.genuine(KEY, PING)
    assert not genuine_by_c(codec.encode(PING), KEY)


def test_every_bit_of_header_payload_and_tag_counts() -> None:
    sealed = trust.seal(KEY, PING)
    body = codec.tagged_bytes(sealed) + sealed.tag
    accepted = []

    for bit in range(8 * len(body)):
        forged = bytearray(body)
        forged[bit // 8] ^= 1 << bit % 8
        line = codec.cobs_encode(bytes(forged) + zlib.crc32(forged).to_bytes(4, "little")) + b"\0"
        for found in codec.Decoder().feed(line):
            accepted += [bit] if trust.genuine(KEY, found) or genuine_by_c(line, KEY) else []

    assert accepted == []


def test_a_session_key_depends_on_all_it_is_made_of() -> None:
    keys = [
        trust.session_key(*given).secret
        for given in ((KEY, 1, 2, 3), (OTHER, 1, 2, 3), (KEY, 2, 1, 3), (KEY, 1, 3, 3), (KEY, 1, 2, 4))
    ]

    assert len(set(keys)) == 5


def test_a_key_does_not_show() -> None:
    shown = f"{KEY} {KEY!r} {[KEY]}"

    assert shown == "Key(...) Key(...) [Key(...)]"
    with pytest.raises(TypeError):
        pickle.dumps(KEY)


def test_a_key_of_another_length_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="key of 3 bytes, expected 32") as raised:
        trust.Key(b"abc")
    assert "abc" not in str(raised.value)


def test_the_flag_says_whether_there_is_a_tag() -> None:
    assert trust.seal(KEY, PING).flags & table.FLAG_TAG_ABSENT == 0
