"""kill -9 at every boundary of a commit and of an acknowledgement: the same packets, nothing acknowledged is missing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cloud import core
from cloud.night_process import Cloud
from cloud.report import data_digest
from tests.fake_device import SECOND_US, FakeDevice
from tests.kill_points import Host, night

pytestmark = pytest.mark.slow
SECONDS, QUIET_S, EVERY_S = 36, 20, 6


def life(device: FakeDevice, second: int) -> bytes:
    """A stream with an event of the alarm in it, a number that got lost, and what was given up."""
    t_us = second * SECOND_US + 900_000
    if second == 0:
        return device.hello(t_us)
    if second == 9:
        return device.alarm_event(t_us, "ARMED", "CLOUD", "NONE")
    if second == 12:
        device.vitals(t_us)  # kept, and lost on the line
        return b""
    if second == 14:
        return device.gap(t_us, device.boot, 1, 1, "STORE_FULL")
    return device.vitals(t_us) if second < SECONDS - QUIET_S else b""


def run(db: Path, kill_at: int, kind: type[Cloud] = Cloud) -> Host:
    device = FakeDevice()
    host = Host(db, EVERY_S, kill_at, kind=kind)

    def nothing_acknowledged_is_missing() -> None:
        with sqlite3.connect(db) as file:
            stored = {seq for (seq,) in file.execute("SELECT seq FROM packets")}
        assert set(range(1, device.acknowledged + 1)) <= stored, (kill_at, device.acknowledged)

    host.at_death = nothing_acknowledged_is_missing
    night(host, device, life, SECONDS)
    return host


def test_the_same_packets_whatever_point_it_dies_at(tmp_path: Path) -> None:
    calm = run(tmp_path / "calm.sqlite", 0)
    wanted = data_digest(tmp_path / "calm.sqlite")
    wrong = {}
    for number in range(1, len(calm.names) + 1):
        db = tmp_path / f"{number}.sqlite"
        host = run(db, number)
        if host.deaths != 1 or data_digest(db) != wanted:
            wrong[number] = calm.names[number - 1]
    assert not wrong
    kinds = {name.removeprefix("before ").removeprefix("after ") for name in calm.names}
    assert {"BEGIN IMMEDIATE", "INSERT INTO packets", "COMMIT", "acknowledge", "write to the line"} <= kinds


class Hasty(Cloud):
    """Acknowledges first and commits then: what the rule forbids."""

    def tick(self, utc_us: int) -> bytes:
        rows, send = core.step(self._state, core.Tick(utc_us))
        send += core.acknowledge(self._state)
        self.writer.take(rows)
        if self.writer.due(rows, utc_us, False):
            self._commit()
        return send


def test_a_host_that_acknowledges_before_its_commit_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        for number in range(40, 160, 10):
            run(tmp_path / f"{number}.sqlite", number, Hasty)
