"""The cloud process itself: a pty, the control pipes, a fake device; same bytes twice, and one line when it fails."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
import tty
from pathlib import Path

import pytest

from cloud import app
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice, sleeper

ROOT = Path(__file__).parents[2]


class Process:
    """`python -m cloud.app` behind a raw pty, in lock-step when it has control pipes."""

    def __init__(self, db: Path, *options: str, lockstep: bool = True) -> None:
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        its_read, self._to = os.pipe()
        self._from, its_write = os.pipe()
        control = ["--control", f"{its_read},{its_write}"] if lockstep else ["--simulated"]
        command = [sys.executable, "-m", "cloud.app", "--serial", os.ttyname(self._slave), "--db", str(db)]
        self.child = subprocess.Popen(
            [*command, *control, *options], pass_fds=(its_read, its_write), cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        os.close(its_read)
        os.close(its_write)
        self.answers = os.fdopen(self._from, "r")

    def exchange(self, utc_us: int, said: bytes) -> bytes:
        os.write(self._to, f"{utc_us} {len(said)}\n".encode())
        os.write(self.master, said)
        n_bytes, got = int(self.answers.readline()), b""
        while len(got) < n_bytes:
            got += os.read(self.master, n_bytes - len(got))
        return got

    def end(self) -> tuple[int, str]:
        """Exit code and stderr, after the end of the control pipe."""
        os.close(self._to)
        _, errors = self.child.communicate(timeout=30)
        return self.child.returncode, errors

    def hang_up(self) -> None:
        os.close(self._slave)
        os.close(self.master)


def _night(db: Path) -> tuple[bytes, int, str]:
    process, device = Process(db, "--seed", "3"), FakeDevice()
    heard = process.exchange(T0_UTC_US, b"")
    device.hear(heard)
    for second in range(90):
        said = device.answers(second * SECOND_US) + sleeper(device, second)
        answer = process.exchange(T0_UTC_US + (second + 1) * SECOND_US, said)
        device.hear(answer)
        heard += answer
    return heard, *process.end()


def _content(db: Path) -> list[str]:
    with sqlite3.connect(db) as connection:
        return list(connection.iterdump())


def test_the_same_seed_gives_the_same_bytes_and_the_same_store(tmp_path: Path) -> None:
    first, second = (_night(tmp_path / name) for name in ("a.sqlite", "b.sqlite"))
    assert first == second
    assert first[1:] == (0, "")
    assert _content(tmp_path / "a.sqlite") == _content(tmp_path / "b.sqlite")
    assert any('INSERT INTO "vitals"' in line for line in _content(tmp_path / "a.sqlite"))


def test_a_lost_port_is_exit_4_and_what_came_is_kept(tmp_path: Path) -> None:
    process = Process(tmp_path / "n.sqlite", lockstep=False)
    device, deadline = FakeDevice(), time.monotonic() + 20
    while device.acknowledged < 1 and time.monotonic() < deadline:
        device.hear(os.read(process.master, 4096))
        said = device.answers(5_000_000)
        os.write(process.master, said + (device.vitals(6_000_000) if said else b""))
    process.hang_up()
    code, errors = process.end()
    assert (code, errors.count("\n")) == (4, 1)
    assert "device lost" in errors
    with sqlite3.connect(tmp_path / "n.sqlite") as db:
        assert db.execute("SELECT count(*) FROM packets").fetchone()[0] >= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--serial", "/nowhere/tty", "--db", "{}/n.sqlite"], "/nowhere/tty: cannot be opened"),
        (["--serial", "loop://", "--db", "{}/gone/n.sqlite"], "n.sqlite: cannot be used as a night's store"),
        (["--serial", "unix:", "--db", "{}/n.sqlite"], "unix:: expected unix:PATH"),
        (["--serial", "loop://", "--db", "{}/n.sqlite", "--control", "x"], "--control x: expected RFD,WFD"),
        (["--serial", "loop://", "--db", "{}/n.sqlite", "--seed", "1"], "--seed: expected together with --control"),
    ],
)
def test_wrong_use_is_exit_2_and_one_line(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main([option.format(tmp_path) for option in options]) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1


def test_a_port_that_is_missing_leaves_no_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same words are right once the device is there."""
    words = ["--serial", str(tmp_path / "none"), "--db", str(tmp_path / "n.sqlite"), "--simulated"]
    tape = tmp_path / "l.mcap"

    assert app.main([*words, "--record", str(tape)]) == app.MISUSED
    assert not tape.exists() and "cannot be opened" in capsys.readouterr().err


def test_a_wrong_control_line_is_exit_2(tmp_path: Path) -> None:
    process = Process(tmp_path / "n.sqlite", "--seed", "3")
    os.write(process._to, b"12 minus\n")
    code, errors = process.end()
    process.hang_up()
    assert (code, "found '12 minus'" in errors) == (2, True)


def test_a_full_disk_in_the_night_is_exit_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise app.StoreError("n.sqlite: cannot be written: database or disk is full", writing=True)

    monkeypatch.setattr(app, "_run", full)
    assert app.main(["--serial", "loop://", "--db", str(tmp_path / "n.sqlite")]) == 1


def test_seeded_entropy_repeats_and_differs_between_seeds() -> None:
    one, same, other = app.seeded(1), app.seeded(1), app.seeded(2)
    assert [one(8), one(40)] == [same(8), same(40)]
    assert app.seeded(1)(8) != other(8)
    assert one(8) != one(8)


def test_damaged_bytes_never_stop_it(tmp_path: Path) -> None:
    store = app.Store(tmp_path / "n.sqlite", durable=False)
    cloud = app.Cloud(store, app.seeded(1), "simulated")
    device = FakeDevice()
    whole = device.hello(0) + device.vitals(1) + device.transition(2, "MONITORING", "STREAMING", "CONFIDENT")
    for at in range(len(whole)):
        cloud.receive(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :] + whole[at:])
        cloud.tick(T0_UTC_US + at)
    cloud.finish()
    assert json.loads(store.meta()["line"])["bad_crc"] > 0
