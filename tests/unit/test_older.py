"""A recording of before the packets grew is read as one of today; a line with a device at its end is not."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

import wire
from cloud import replay
from cloud.device import Settings
from cloud.store import Store
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice, sleeper
from wire import codec, handshake, older, packet, recording, table, trust
from wire.packet import Packet

#: Type -> the first field that it did not have.
GREW = {"HELLO": "oldest_seq", "PONG": "oldest_seq", "TRANSITION": "utc_us", "HOST_HELLO": "protocol_oldest"}


def shorter(one: Packet) -> Packet:
    """As it was before it grew."""
    layout = one.layout
    ends = [field.offset for field in layout.fields if field.name == GREW.get(layout.name)]
    return one._replace(payload=one.payload[: ends[0]]) if ends else one


def said_then(line: bytes) -> bytes:
    return b"".join(codec.encode(shorter(one)) for one in codec.Decoder().feed(line))


def nonce(second: int, n: int) -> bytes:
    return (second + 1).to_bytes(n, "little")


def recorded(path: Path, old: bool) -> Path:
    """Twenty minutes of a device and a host, as a build of then has recorded them, or one of today."""
    device, host = FakeDevice(), handshake.State()
    with recording.Recorder(path, {}) as made:
        for second in range(1200):
            utc_us = T0_UTC_US + (second + 1) * SECOND_US
            up = device.answers(second * SECOND_US) + sleeper(device, second)
            for one in codec.Decoder().feed(up):
                host = handshake.receive(host, one, utc_us).state
            asked = handshake.tick(handshake.Config(), host, utc_us, partial(nonce, second))
            host = asked.state
            device.hear(asked.send)
            made.from_device(utc_us, said_then(up) if old else up)
            made.tick(utc_us)
            made.to_device(utc_us, said_then(asked.send) if old else asked.send)
    return path


def seconds_of(path: Path, db: Path) -> tuple[bool, int, int]:
    """Linked; packets stored; blocks that were none."""
    played = replay.play(recording.read(path), db, Settings())
    store = Store(db)
    n = len(store.packets_since(0))
    store.close()
    assert isinstance(played.line, codec.Counters)
    return played.linked, n, played.line.too_short


def test_a_replay_of_then_is_that_of_today(tmp_path: Path) -> None:
    then, now = (
        seconds_of(recorded(tmp_path / f"{old}.mcap", old), tmp_path / f"{old}.sqlite") for old in (True, False)
    )

    assert then == now
    assert then[:1] + then[2:] == (True, 0) and then[1] > 1000


def test_for_a_notebook_what_is_missing_is_zero(tmp_path: Path) -> None:
    found = wire.open(recorded(tmp_path / "old.mcap", True))["HELLO"]

    assert len(found) > 0
    assert set(found["layout_digest"].tolist()) == {0} and set(found["device_id"].tolist()) == {2**63 + 5}


def test_a_live_line_takes_no_shorter_packet() -> None:
    line = said_then(FakeDevice().hello(1))

    assert (codec.Decoder().feed(line), len(older.Decoder().feed(line))) == ([], 1)


@pytest.mark.parametrize(
    "kind", [one for one in table.LAYOUTS.values() if len(one.fields) > 1], ids=lambda one: one.name
)
def test_a_payload_is_cut_between_fields_or_not_at_all(kind: table.Layout) -> None:
    ends = {field.offset for field in kind.fields[1:]}
    whole = Packet(kind.number, 1, 7, 5, bytes(range(1, kind.n_bytes + 1)))

    for n in range(kind.n_bytes):
        for one in (whole, trust.seal(trust.Key(bytes(32)), whole)):
            read = older.Decoder()
            got = read.feed(codec.encode(one._replace(payload=one.payload[:n])))
            assert [found.payload for found in got] == (
                [whole.payload[:n].ljust(kind.n_bytes, b"\0")] if n in ends else []
            )
            assert (read.counters.packets, read.counters.too_short) == ((1, 0) if n in ends else (0, 1))


@pytest.mark.parametrize("name", [*GREW, "VITALS"])
def test_a_tag_is_checked_over_what_it_was_made_of(name: str) -> None:
    key, kind = trust.Key(bytes(32)), next(one for one in table.LAYOUTS.values() if one.name == name)
    said = trust.seal(key, shorter(Packet(kind.number, 1, 7, 5, bytes(range(1, kind.n_bytes + 1)))))

    [found] = older.Decoder().feed(codec.encode(said))

    assert older.genuine(key, found) and not older.genuine(trust.Key(bytes(range(32))), found)
    assert not older.genuine(key, found._replace(payload=b"\0" + found.payload[1:]))


def test_a_damaged_one_is_still_damaged() -> None:
    line = bytearray(codec.encode(shorter(packet.make(packet.HOST_HELLO, {"nonce": 3, "utc_us": 1}))))
    line[6] ^= 0x10

    read = older.Decoder()

    assert (read.feed(bytes(line)), read.counters.bad_crc) == ([], 1)
