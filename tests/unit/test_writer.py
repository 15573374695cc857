"""When rows go to the disk: seldom, before they are acknowledged, and again when there is room."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from cloud import writer
from cloud.app import seeded
from cloud.night_process import Cloud
from cloud.observations import DataPacket, Ring, Row
from cloud.store import Store, StoreError
from cloud.writer import GatheredTooMuch, Writer
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice, play


class Counted(Store):
    """A store that counts its commits. room: False, and SQLite says that the disk is full."""

    commits = 0
    room = True

    def commit(self, rows: object, utc_us: int, meta: Mapping[str, str]) -> None:
        if not self.room:
            self._db.execute("PRAGMA max_page_count = 1")
            try:
                super().commit([*rows, *_large()], utc_us, meta)  # type: ignore[misc]
            finally:
                self._db.execute("PRAGMA max_page_count = 1000000")
        super().commit(rows, utc_us, meta)  # type: ignore[arg-type]
        self.commits += 1


def _large() -> list[Row]:
    return [DataPacket(99, seq, 3, 1, 2, 3, bytes(4000)) for seq in range(100)]


def second(device: FakeDevice, number: int) -> bytes:
    return device.hello(0) if number == 0 else device.vitals(number * SECOND_US + 900_000)


def started(path: Path, **options: object) -> tuple[Counted, Writer, Cloud, FakeDevice]:
    store = Counted(path / "n.sqlite", durable=False)
    to = Writer(store, **options)  # type: ignore[arg-type]
    return store, to, Cloud(to, seeded(1), "live"), FakeDevice()


def test_three_commits_a_minute(tmp_path: Path) -> None:
    store, _, cloud, device = started(tmp_path)
    play(cloud, device, second, range(20))
    before = store.commits
    play(cloud, device, second, range(20, 200))
    assert store.commits - before == 9


def test_what_is_acknowledged_is_always_in_the_file(tmp_path: Path) -> None:
    _, _, cloud, device = started(tmp_path)
    for number in range(100):
        play(cloud, device, second, range(number, number + 1))
        with sqlite3.connect(tmp_path / "n.sqlite") as other:
            stored = {seq for (seq,) in other.execute("SELECT seq FROM packets")}
        assert set(range(1, device.acknowledged + 1)) <= stored
    assert device.acknowledged > 60


def test_a_ring_does_not_wait(tmp_path: Path) -> None:
    store, to, _, _ = started(tmp_path)
    to.commit(T0_UTC_US, {})
    ring: list[Row] = [Ring(T0_UTC_US, T0_UTC_US, "light sleep")]
    assert to.due(ring, T0_UTC_US + SECOND_US, False) and to.due([], T0_UTC_US + SECOND_US, True)
    assert not to.due([], T0_UTC_US + SECOND_US, False)
    assert store.commits == 1


def test_a_full_disk_is_one_line_nothing_is_acknowledged_and_nothing_is_lost(tmp_path: Path) -> None:
    said: list[str] = []
    store, _, cloud, device = started(tmp_path, patient=True, say=said.append)
    play(cloud, device, second, range(60))
    acknowledged, store.room = device.acknowledged, False
    play(cloud, device, second, range(60, 180))
    assert device.acknowledged == acknowledged
    assert said == [
        f"{store.path}: cannot be written: database or disk is full; nothing is acknowledged until it can be"
    ]
    store.room = True
    play(cloud, device, second, range(180, 230))
    assert device.acknowledged > 200
    assert len(said) == 2 and "can be written again, after " in said[1]
    stored = {seq for (seq,) in store._db.execute("SELECT seq FROM packets")}
    assert stored >= set(range(1, device.acknowledged + 1))
    ((what, why),) = store._db.execute("SELECT what, detail FROM incidents").fetchall()
    assert (what, why) == (writer.FULL, "database or disk is full")


def test_without_patience_a_full_disk_is_raised(tmp_path: Path) -> None:
    store, _, cloud, device = started(tmp_path)
    play(cloud, device, second, range(30))
    store.room = False
    with pytest.raises(StoreError, match="disk is full"):
        play(cloud, device, second, range(30, 60))


def test_what_cannot_be_gathered_any_more_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GATHERED_MAX", 50)
    store, _, cloud, device = started(tmp_path, patient=True)
    play(cloud, device, second, range(10))
    store.room = False
    with pytest.raises(GatheredTooMuch):
        play(cloud, device, second, range(10, 60))
