"""A recording of a paired device: what the host of then did not heed, a replay that has the key does not heed either."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud import replay
from cloud.device import Settings
from cloud.night_process import Cloud
from cloud.store import Store
from cloud.tape import metadata
from cloud.writer import Writer
from front.replay import known_keys
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice, sleeper
from tests.unit.test_replay import content
from wire import codec, keys, packet, trust
from wire.packet import Packet
from wire.recording import FROM_DEVICE, TICK, TO_DEVICE, Event, Recording

N_SECONDS = 400
KEY = trust.Key(bytes(range(32)))
REAL = FakeDevice().device_id
Line = Callable[[int, bytes], bytes]


class Sealed(FakeDevice):
    """Paired: its tags are those of a session, which gives way when the first sealed packet of the next one comes."""

    def __init__(self, device_id: int, key: trust.Key) -> None:
        super().__init__()
        self.device_id, self.key = device_id, key
        self.session: trust.Key | None = None
        self.next: trust.Key | None = None

    def say(self, line: bytes) -> bytes:
        return b"".join(codec.encode(self._sealed(one)) for one in codec.Decoder().feed(line))

    def _sealed(self, one: Packet) -> Packet:
        if one.type == packet.HELLO and (host_nonce := one.fields["host_nonce"]):
            assert isinstance(host_nonce, int)
            self.next = trust.session_key(self.key, 99, host_nonce, self.boot)
            return trust.seal(self.next, one)
        return trust.seal(self.session, one) if self.session else one

    def hear(self, chunk: bytes) -> None:
        for one in codec.Decoder().feed(chunk):
            if self.next and trust.genuine(self.next, one):
                self.session, self.next = self.next, None
        super().hear(chunk)


def as_it_is(_second: int, said: bytes) -> bytes:
    return said


def cut(second: int, said: bytes) -> bytes:
    """Nothing passes for longer than from one PING to the next."""
    return b"" if 200 <= second < 240 else said


def stranger(second: int, said: bytes) -> bytes:
    """Somebody announces another boot, and says packets of this one and of that with tags of his own."""
    if second != 200:
        return said
    forger = FakeDevice(boot=8)
    forged = forger.vitals(second * SECOND_US, respiration_rate=3000)
    forger.boot, forger.seq = 7, 500
    forged += forger.vitals(second * SECOND_US, respiration_rate=3000)
    sealed = [trust.seal(trust.Key(bytes(32)), one) for one in codec.Decoder().feed(forged)]
    return said + FakeDevice(boot=8).hello(1) + b"".join(map(codec.encode, sealed))


def live(db: Path, device: Sealed, line: Line) -> Recording:
    """A host with the device's key, second by second, and its recording."""
    ring = trust.EMULATED if device.key.published else trust.Keyring({device.device_id: device.key})
    store, events = Store(db, durable=False), list[Event]()
    cloud = Cloud(Writer(store), os.urandom, "simulated", Settings(side="left"), keyring=ring)
    for second in range(N_SECONDS):
        t_us = second * SECOND_US
        said = line(second, device.say(sleeper(device, second) + device.answers(t_us) + device.room(t_us)))
        utc_us = T0_UTC_US + (second + 1) * SECOND_US
        cloud.receive(said)
        answer = cloud.tick(utc_us)
        device.hear(line(second, answer))
        events += [Event(FROM_DEVICE, utc_us - 9, said), Event(TICK, utc_us, b""), Event(TO_DEVICE, utc_us, answer)]
    cloud.finish()
    store.close()
    run = metadata(Settings(side="left"), "/dev/ttyX", 460800, None, "1", ring.unpaired)
    return Recording(events, {"run": run}, whole=True)


def numbers(db: Path) -> tuple[int, int]:
    """Packets, and those that came more than once."""
    with sqlite3.connect(db) as rows:
        (found,) = rows.execute("SELECT (SELECT count(*) FROM packets), sum(duplicates) FROM boots").fetchall()
    return found[0], found[1]


@pytest.mark.parametrize("line", [as_it_is, cut, stranger])
@pytest.mark.parametrize(("device_id", "key"), [(trust.test_device(1), trust.TEST), (REAL, KEY)], ids=["board", "real"])
def test_with_the_key_it_comes_to_the_rows_of_then(device_id: int, key: trust.Key, line: Line, tmp_path: Path) -> None:
    recorded = live(tmp_path / "live.sqlite", Sealed(device_id, key), line)

    played = replay.play(recorded, tmp_path / "again.sqlite", Settings(side="left"), known={REAL: KEY})

    assert played.linked and numbers(tmp_path / "live.sqlite")[0] > N_SECONDS // 2
    assert content(tmp_path / "again.sqlite") == content(tmp_path / "live.sqlite")


@pytest.mark.parametrize("known", [{}, {REAL: trust.Key(bytes(32))}], ids=["none", "of another pairing"])
def test_without_it_every_tag_is_believed(known: dict[int, trust.Key], tmp_path: Path) -> None:
    """The check of the check: the packet that the host of then could not heed counts, and comes once more."""
    recorded = live(tmp_path / "live.sqlite", Sealed(REAL, KEY), cut)

    replay.play(recorded, tmp_path / "again.sqlite", Settings(side="left"), known=known)

    (n_then, twice_then), (n_now, twice_now) = (numbers(tmp_path / f"{name}.sqlite") for name in ("live", "again"))
    assert n_now == n_then and twice_now > twice_then


def test_the_keys_are_those_of_this_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert known_keys() == {}
    keys.save(keys.place(), REAL, KEY)
    assert known_keys() == {REAL: KEY}
    keys.place().chmod(0o644)
    assert known_keys() == {} and "tags of real devices are believed" in capsys.readouterr().err
