"""The store: what is acknowledged is in the file, also after kill -9; a file that fails is one clear line."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cloud import schema
from cloud.app import Cloud, seeded
from cloud.night import load
from cloud.observations import Boot, DataPacket
from cloud.store import Store, StoreError
from tests.fake_device import T0_UTC_US, FakeDevice, play, sleeper, stored_night

ROOT = Path(__file__).parents[2]
TABLES = (
    "packets", "vitals", "transitions", "alarm_events", "occupancy", "user", "sessions", "absences", "epochs",
    "intents", "rings", "listening",
)  # fmt: skip


def test_rows_come_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "n.sqlite")
    boot = Boot(7, 2**64 - 1, 1, 2, 3, 4, 5)
    store.commit([boot, DataPacket(7, 3, 3, 1, 2, 3, b"x")], 10, {"key": "value"})
    assert store.boots() == [boot]
    assert store.meta() == {"key": "value"}


def test_a_night_is_private(tmp_path: Path) -> None:
    store = Store(tmp_path / "n.sqlite")
    store.commit([], 10, {})
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_failed_commit_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "n.sqlite")
    same = DataPacket(7, 3, 3, 1, 2, 3, b"x")
    with pytest.raises(StoreError, match=r"n\.sqlite: cannot be written: UNIQUE"):
        store.commit([Boot(7, None, None, None, 3, 0, 0), same, same], 10, {})
    assert store.boots() == []


def test_strict_tables_refuse_the_wrong_type(tmp_path: Path) -> None:
    store = Store(tmp_path / "n.sqlite")
    with pytest.raises(StoreError, match="cannot store TEXT value in INTEGER column"):
        store.commit([DataPacket(7, "three", 3, 1, 2, 3, b"x")], 10, {})  # type: ignore[arg-type]


def test_no_such_folder_is_one_line_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"gone/n\.sqlite: cannot be used") as caught:
        Store(tmp_path / "gone" / "n.sqlite")
    assert "\n" not in str(caught.value)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "n.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(StoreError, match="cannot be used as a night's store"):
        Store(tmp_path / "n.sqlite")


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    store = Store(tmp_path / "n.sqlite")
    store._db.execute("PRAGMA max_page_count = 30")
    with pytest.raises(StoreError, match="cannot be written: database or disk is full") as caught:
        for seq in range(1, 100):
            store.commit([DataPacket(7, seq, 3, 1, 2, 3, bytes(4000))], seq, {})
    assert caught.value.writing


def test_a_later_schema_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "n.sqlite").close()
    with sqlite3.connect(tmp_path / "n.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="store version 99, expected 5"):
        Store(tmp_path / "n.sqlite")


def test_a_closed_and_read_night_is_one_file(tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", n_seconds=5)
    load(tmp_path / "n.sqlite")
    assert [path.name for path in tmp_path.iterdir()] == ["n.sqlite"]


def test_a_night_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    store = Store(tmp_path / "n.sqlite", durable=False)
    play(Cloud(store, seeded(1), "simulated"), FakeDevice(), sleeper, range(100))
    assert len(load(tmp_path / "n.sqlite").vitals.utc_us) == 39


KILLED = """
import sys
from pathlib import Path
from cloud import schema
from cloud.app import Cloud, seeded
from cloud.store import Store
from tests.fake_device import FakeDevice, play, sleeper
device = FakeDevice()
cloud = Cloud(Store(Path(sys.argv[1]), durable=False), seeded(1), "simulated")
for second in range(100_000):
    play(cloud, device, lambda d, s: d.vitals(s * 1_000_000), range(second, second + 1))
    print(device.acknowledged, flush=True)
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "n.sqlite"
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(200)]
    os.kill(child.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in child.stdout if line.endswith("\n")]
    child.wait()
    with sqlite3.connect(path) as db:
        stored = {seq for (seq,) in db.execute("SELECT seq FROM packets")}
    assert acknowledged[-1] > 150
    assert set(range(1, acknowledged[-1] + 1)) <= stored


def test_a_second_process_continues_the_same_night(tmp_path: Path) -> None:
    path, device = tmp_path / "n.sqlite", FakeDevice()
    for seconds in (range(700), range(700, 1200)):
        store = Store(path, durable=False)
        cloud = Cloud(store, seeded(seconds.start), "simulated")
        play(cloud, device, sleeper, seconds)
        if seconds.stop == 1200:
            cloud.finish()
        store.close()
    stored_night(tmp_path / "whole.sqlite")
    for table in TABLES:
        assert _all(path, table) == _all(tmp_path / "whole.sqlite", table)


def test_a_second_process_still_takes_what_the_first_one_missed(tmp_path: Path) -> None:
    path, device = tmp_path / "n.sqlite", FakeDevice()
    said = [device.vitals(i * 1_000_000) for i in range(4)]
    for second, which in ((range(3), (0, 2)), (range(3, 6), (1, 3))):
        store = Store(path, durable=False)
        chunk = b"".join(said[i] for i in which)
        play(Cloud(store, seeded(second.start), "simulated"), device, lambda d, s, c=chunk: c, second)  # type: ignore[misc]
        store.close()
    assert _all(path, "packets") and [row[1] for row in _all(path, "packets")] == [1, 2, 3, 4]
    assert [row[4:6] for row in _all(path, "boots")] == [(4, 0)]
    assert device.acknowledged == 4


def test_a_long_pause_is_a_second_span_of_listening(tmp_path: Path) -> None:
    for utc_us in (T0_UTC_US, T0_UTC_US + 10_000_000, T0_UTC_US + 60_000_000):
        store = Store(tmp_path / "n.sqlite", durable=False)
        store.commit([], utc_us, {})
        store.close()
    assert _all(tmp_path / "n.sqlite", "listening") == [
        (1, T0_UTC_US, T0_UTC_US + 10_000_000),
        (2, T0_UTC_US + 60_000_000, T0_UTC_US + 60_000_000),
    ]


def _all(path: Path, table: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as db:
        return db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


def _of_version_3(path: Path) -> None:
    """A night as the version before room, faults, health and incidents left it."""
    stored_night(path)
    db = sqlite3.connect(path)
    for table in LATER:
        db.execute(f"DROP TABLE {table}")
    db.execute("PRAGMA user_version = 3")
    db.commit()
    db.close()


LATER = ("room", "faults", "health", "incidents", "gaps", "untimed")


def test_an_earlier_night_is_read_as_it_is(tmp_path: Path) -> None:
    _of_version_3(tmp_path / "old.sqlite")
    stored_night(tmp_path / "new.sqlite")
    old, new = load(tmp_path / "old.sqlite"), load(tmp_path / "new.sqlite")
    assert old.epochs == new.epochs and old.epochs
    assert _version(tmp_path / "old.sqlite") == 3


def test_an_earlier_store_is_gone_on_with_and_keeps_every_row(tmp_path: Path) -> None:
    path = tmp_path / "n.sqlite"
    _of_version_3(path)
    before = {table: _all(path, table) for table in (*TABLES, "meta", "boots", "anchors", "settings")}
    Store(path).close()
    assert {table: _all(path, table) for table in before} == before
    assert [_all(path, table) for table in LATER] == [[]] * len(LATER)
    assert _version(path) == schema.SCHEMA_VERSION


def test_an_upgrade_that_is_cut_leaves_the_earlier_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _of_version_3(tmp_path / "n.sqlite")
    monkeypatch.setitem(schema.ADDED, 4, schema.ADDED[4] + "CREATE TABLE room (twice INTEGER);")
    with pytest.raises(StoreError, match=r"n\.sqlite: cannot be used as a night's store: table room already exists"):
        Store(tmp_path / "n.sqlite")
    assert _version(tmp_path / "n.sqlite") == 3


def _version(path: Path) -> int:
    db = sqlite3.connect(path)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    db.close()
    return int(version)
