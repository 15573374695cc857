"""Packets that a device had to throw away are a silence with its reason; what it kept fills the outage."""

from __future__ import annotations

from pathlib import Path

from cloud.app import seeded
from cloud.night import load
from cloud.night_process import Cloud
from cloud.report import build
from cloud.store import Store
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice, play

CUT, BACK, KEPT_FROM = 60, 160, 120


def life(device: FakeDevice, second: int) -> bytes:
    """Cut off for a hundred seconds; of the first sixty of them the device has kept nothing."""
    t_us = second * SECOND_US + 900_000
    if second == 0:
        return device.hello(t_us) + device.transition(t_us, "MONITORING", "STREAMING", "CONFIDENT")
    said = device.vitals(t_us)
    if CUT <= second < BACK:
        if second < KEPT_FROM:
            del device.keeps[device.seq]
        return b""
    if second == BACK:
        said += device.gap(t_us, device.boot, CUT + 1, KEPT_FROM, "STORE_FULL")
    return said


def test_what_is_gone_is_said_and_what_was_kept_fills_the_rest(tmp_path: Path) -> None:
    store = Store(tmp_path / "n.sqlite", durable=False)
    cloud = Cloud(store, seeded(1), "simulated")
    play(cloud, FakeDevice(), life, range(220))
    cloud.finish()
    store.close()
    (lost,) = [one for one in load(tmp_path / "n.sqlite").silences if "lost" in one.reason]
    assert lost.reason == "60 packets lost: device's store was full"
    span = [(t - T0_UTC_US) // SECOND_US for t in (lost.from_utc_us, lost.to_utc_us)]
    assert span == [CUT - 1, KEPT_FROM]
    link = build(tmp_path / "n.sqlite", None, None)["link"]
    assert (link["packets_lost"], link["packets_stored"]) == (60, 220 - 60 + 1)


def test_what_several_gaps_name_is_one_loss(tmp_path: Path) -> None:
    """A full device says again what its oldest GAPs have said, joined."""

    def told_again(device: FakeDevice, second: int) -> bytes:
        said, t_us = life(device, second), second * SECOND_US + 950_000
        first, last = CUT + 1, KEPT_FROM
        return said + (device.gap(t_us, device.boot, first, last - 20, "STORE_FULL") if second == BACK + 5 else b"")

    store = Store(tmp_path / "n.sqlite", durable=False)
    cloud = Cloud(store, seeded(1), "simulated")
    play(cloud, FakeDevice(), told_again, range(220))
    cloud.finish()
    store.close()
    lost = [one.reason for one in load(tmp_path / "n.sqlite").silences if "lost" in one.reason]
    assert lost == ["60 packets lost: device's store was full"]
