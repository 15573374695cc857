"""The live process: nothing that passes by itself ends it, and each trouble is told once."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud import core, live, writer
from cloud.app import seeded
from cloud.live import Live, Stop
from cloud.night_process import Cloud
from cloud.observations import DataPacket
from cloud.store import Store, StoreError
from cloud.supervisor import Supervisor
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice
from wire.transport import TransportError


class Bench:
    """A live process with a clock of its own, a device at its port, and what it says."""

    def __init__(self, db: Path) -> None:
        self.utc_us, self.slept, self.seeds = T0_UTC_US, 0, 0
        self.said: list[str] = []
        self.live = Live(db, self._made, self._now_us, self.said.append, supervisor=Supervisor({}), sleep=self._sleep)
        self.device = FakeDevice()

    def _made(self, to: writer.Writer) -> Cloud:
        self.seeds += 1
        return Cloud(to, seeded(self.seeds), "live")

    def _now_us(self) -> int:
        return self.utc_us

    def _sleep(self, _seconds: float) -> None:
        self.slept += 1

    def run(self, seconds: int) -> Bench:
        for _ in range(seconds):
            t_us = self.utc_us - T0_UTC_US
            self.live.cloud.receive(self.device.answers(t_us) + self.device.vitals(t_us))
            self.utc_us += SECOND_US
            self.device.hear(self.live.tick(self.utc_us))
        return self

    def stored(self) -> set[int]:
        with sqlite3.connect(self.live.db) as db:
            return {seq for (seq,) in db.execute("SELECT seq FROM packets")}

    def incidents(self) -> list[tuple[str, str]]:
        with sqlite3.connect(self.live.db) as db:
            return db.execute("SELECT what, detail FROM incidents ORDER BY from_utc_us").fetchall()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path / "n.sqlite")
    made.live.open()
    return made


def garble(db: Path) -> None:
    """What a lost write leaves: the beginning is a store's, the rest is not."""
    whole = db.read_bytes()
    db.write_bytes(whole[:100] + os.urandom(len(whole) - 100))


def test_a_damaged_store_is_set_aside_with_one_line_and_a_new_one_begun(bench: Bench, tmp_path: Path) -> None:
    bench.run(30).live.close()
    garble(bench.live.db)
    bench.live.open()
    (line,) = bench.said
    assert "cannot be used as a night's store" in line and line.endswith("a new one is begun")
    assert [path.name for path in tmp_path.glob("n.damaged-*.sqlite")]
    bench.run(30)
    assert bench.incidents()[0][0] == live.SET_ASIDE and len(bench.stored()) > 20


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE meta SET value = 'no JSON' WHERE key = 'memory.seconds'",
        "UPDATE meta SET value = '{\"bed\": 7}' WHERE key = 'memory.seconds'",
        "UPDATE meta SET value = CAST(x'ff' AS TEXT) WHERE key = 'memory.seconds'",
        "UPDATE packets SET type = 99",
        "UPDATE boots SET device_id = 'nobody'",
    ],
)
def test_a_store_whose_content_makes_no_sense_is_set_aside_too(bench: Bench, damage: str) -> None:
    bench.run(30).live.close()
    with sqlite3.connect(bench.live.db) as db:
        db.execute(damage)
    bench.live.open()
    (line,) = bench.said
    assert line.endswith("a new one is begun") and len(line) < 400
    bench.run(30)
    assert bench.incidents()[0][0] == live.SET_ASIDE and len(bench.stored()) > 20


def test_a_disk_that_does_not_read_for_a_while_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.run(30)
    store, fails = bench.live.cloud.writer.store, [3]
    monkeypatch.setattr(core, "late_from", lambda *_, **__: 0)
    monkeypatch.setattr(
        core, "conclude_again", lambda *_: monkeypatch.setattr(core, "late_from", lambda *_, **__: None)
    )

    def packets_since(_utc_us: int) -> list[DataPacket]:
        fails[0] -= 1
        if fails[0] >= 0:
            raise StoreError("disk I/O error")
        return []

    monkeypatch.setattr(store, "packets_since", packets_since)
    bench.run(30)
    assert fails == [-1] and bench.device.acknowledged > 30


def test_a_database_of_somebody_else_is_never_moved(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "n.sqlite") as db:
        db.execute("CREATE TABLE diary (page)")
        db.execute("PRAGMA user_version = 5")
    with pytest.raises(StoreError, match="no such table"):
        Bench(tmp_path / "n.sqlite").live.open()
    assert [one.name for one in tmp_path.iterdir()] == ["n.sqlite"]


def test_a_store_that_breaks_in_the_night_is_set_aside_and_the_night_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run(30)
    broken = bench.live.cloud.writer.store

    def commit(*_: object) -> None:
        raise StoreError(
            f"{broken.path}: cannot be written: database disk image is malformed", writing=True, damaged=True
        )

    monkeypatch.setattr(broken, "commit", commit)
    bench.run(60)
    assert bench.said == [
        f"{broken.path}: cannot be written: database disk image is malformed; "
        f"set aside as {bench.incidents()[0][1]}, a new one is begun"
    ]
    assert set(range(1, bench.device.acknowledged + 1)) - bench.stored() <= set(range(1, 60))
    assert bench.device.acknowledged > 60


def test_another_kind_of_file_is_never_moved(tmp_path: Path) -> None:
    (tmp_path / "n.sqlite").write_text("my diary, which is no store\n" * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        Bench(tmp_path / "n.sqlite").live.open()
    assert (tmp_path / "n.sqlite").read_text().startswith("my diary")


def test_without_space_for_a_store_it_waits_and_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path / "n.sqlite")

    def full(*_: object, **__: object) -> Store:
        if bench.slept < 3:
            raise StoreError("n.sqlite: cannot be used as a night's store: database or disk is full", full=True)
        return Store(*_, **__)  # type: ignore[arg-type]

    monkeypatch.setattr(live, "Store", full)
    bench.live.open()
    assert bench.slept == 3 and len(bench.said) == 1
    assert "disk is full; trying again" in bench.said[0]


def test_what_cannot_be_gathered_is_given_up_and_counted_as_lost(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.run(30)
    monkeypatch.setattr(writer, "GATHERED_MAX", 60)
    store = bench.live.cloud.writer.store
    store._db.execute("PRAGMA max_page_count = 1")
    bench.run(60)
    assert any("given up" in line for line in bench.said)
    bench.run(60)
    with sqlite3.connect(bench.live.db) as db:
        ((lost, last),) = db.execute("SELECT lost, last_seq FROM boots").fetchall()
    assert lost == last - len(bench.stored()) > 0
    assert bench.device.acknowledged <= last


def test_a_port_that_is_lost_is_an_incident_with_its_times(bench: Bench) -> None:
    bench.run(30)
    bench.live.port_is(False, "unix:/run/x: device lost")
    bench.utc_us += 120 * SECOND_US
    bench.live.port_is(True, "")
    bench.run(30)
    assert bench.said == ["unix:/run/x: device lost; waiting for it", "the port is there again"]
    with sqlite3.connect(bench.live.db) as db:
        rows = db.execute("SELECT what, to_utc_us - from_utc_us FROM incidents").fetchall()
    assert rows == [(live.PORT_LOST, 120 * SECOND_US)]


def test_an_incident_of_a_killed_process_ended_with_it(bench: Bench) -> None:
    bench.run(5)
    bench.live.port_is(False, "gone")
    bench.run(30)
    last_us = bench.utc_us
    bench.utc_us += 3600 * SECOND_US
    bench.live.open()
    with sqlite3.connect(bench.live.db) as db:
        ((to_us,),) = db.execute("SELECT to_utc_us FROM incidents").fetchall()
    assert last_us - 20 * SECOND_US <= to_us <= last_us


class Port:
    """Gives nothing; after some reads, something happens."""

    def __init__(self, bench: Bench, then: Callable[[], None]) -> None:
        self.bench, self.then, self.reads = bench, then, 0

    def read(self, timeout_s: float = 0.0) -> bytes:
        self.reads += 1
        self.bench.utc_us += round(timeout_s * 1e6)
        if self.reads == 5:
            self.then()
        return b""

    def write(self, data: bytes) -> None:
        self.bench.device.hear(data)


def test_sigterm_is_a_clean_end_with_a_last_commit(bench: Bench) -> None:
    with Stop() as stop:
        live.run(bench.live, Port(bench, lambda: os.kill(os.getpid(), signal.SIGTERM)), stop)
    assert bench.incidents() == [(live.STOPPED, "SIGTERM")]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_ctrl_c_is_an_end_too_and_says_so(bench: Bench) -> None:
    with Stop() as stop, pytest.raises(KeyboardInterrupt):
        live.run(bench.live, Port(bench, lambda: os.kill(os.getpid(), signal.SIGINT)), stop)
    assert bench.incidents() == [(live.STOPPED, "SIGINT")]


def test_a_port_without_patience_that_is_lost_ends_it_after_a_last_commit(bench: Bench) -> None:
    def lost() -> None:
        raise TransportError("/dev/ttyX", "device lost: unplugged", lost=True)

    with pytest.raises(TransportError, match="unplugged"):
        live.run(bench.live, Port(bench, lost), Stop())
    assert bench.incidents() == [(live.STOPPED, "/dev/ttyX: device lost: unplugged")]
