"""A live host and a device that is not its own: one line that says what helps, and not a row in the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.app import seeded
from cloud.live import Live
from cloud.night_process import Cloud
from cloud.supervisor import Supervisor
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice
from wire import codec, packet, trust

KEY = trust.Key(bytes(range(32)))
Says = Callable[[FakeDevice, bytes], bytes]


def as_it_is(_device: FakeDevice, said: bytes) -> bytes:
    return said


def sealed(_device: FakeDevice, said: bytes) -> bytes:
    """A paired device: somebody's tags."""
    return b"".join(codec.encode(trust.seal(KEY, one)) for one in codec.Decoder().feed(said))


def nameless(device: FakeDevice, said: bytes) -> bytes:
    """As a device says it that is not paired, or pretends to be that."""
    device.device_id = 0
    return said


def night(db: Path, ring: trust.Keyring, says: Says) -> tuple[list[str], int]:
    """A minute of a device that streams: what the host said on stderr, and the packets in its store."""
    told: list[str] = []
    utc_us, device = T0_UTC_US, FakeDevice()
    live = Live(
        db,
        lambda to: Cloud(to, seeded(1), "live", keyring=ring),
        lambda: utc_us,
        told.append,
        supervisor=Supervisor({}),
    )
    live.open()
    for _ in range(60):
        t_us = utc_us - T0_UTC_US
        says(device, b"")
        live.heard(says(device, device.answers(t_us) + device.vitals(t_us)))
        utc_us += SECOND_US
        device.hear(live.tick(utc_us))
    assert {one.type for one in device.heard} == {packet.HOST_HELLO}
    live.close()
    with sqlite3.connect(db) as rows:
        return told, rows.execute("SELECT count(*) FROM packets").fetchone()[0]


NO_KEY, ITS_KEY = trust.Keyring(), trust.Keyring({FakeDevice().device_id: KEY})


@pytest.mark.parametrize(
    ("ring", "says", "why"),
    [
        (NO_KEY, as_it_is, "not paired with this host: run stillwave pair"),
        (NO_KEY, nameless, "not paired with this host: run stillwave pair"),
        (NO_KEY, sealed, "not paired with this host: run stillwave pair"),
        (ITS_KEY, as_it_is, "without the tag of the device's key"),
        (ITS_KEY, nameless, "not paired with this host: run stillwave pair"),
        (ITS_KEY, sealed, "without the tag of the device's key"),
    ],
)
def test_it_says_so_in_one_line_and_stores_nothing(tmp_path: Path, ring: trust.Keyring, says: Says, why: str) -> None:
    told, stored = night(tmp_path / "n.sqlite", ring, says)

    assert (len(told), stored) == (1, 0)
    assert why in told[0]
