"""Edge and cloud on one computer, two processes and a socket: either may come first, either may die, nothing confident is lost.

In real time, as the units run them: the edge on an emulated Raspberry Pi, the cloud with its store.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 240.0
SOON = ("--commit-every", "3")
PI = ("--emulated", "single", "--state-dir")


class Box:
    """The two processes in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.db, self.line = folder, folder / "night.sqlite", folder / "line.sock"
        self.started = 0
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "notify"))
        self.manager.settimeout(PATIENCE_S)

    def start(self, name: str) -> None:
        self.started += 1
        device = {
            "edge": [*("stillwave.py", "edge", "--line", f"unix:{self.line}"), *PI, str(self.folder)],
            "device": ["-m", "tests.one_box_device", str(self.line), str(self.started)],
        }
        command = device.get(
            name, ["-m", "cloud.app", "--serial", f"unix:{self.line}", "--db", str(self.db), *SOON, "--simulated"]
        )
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify") if name == "cloud" else ""}
        self.processes[name] = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def end(self, name: str, number: int) -> tuple[int, str]:
        """Exit code and stderr after this signal."""
        process = self.processes.pop(name)
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE_S)
        return process.returncode, errors

    def rows(self, sql: str) -> list[tuple[int, ...]]:
        if not self.db.is_file():
            return []
        uri = f"{self.db.as_uri()}?mode=ro"
        with contextlib.suppress(sqlite3.OperationalError), sqlite3.connect(uri, uri=True) as db:  # not made yet
            return db.execute(sql).fetchall()
        return []

    def wait(self, what: Callable[[], bool]) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not what():
            dead = [name for name, one in self.processes.items() if one.poll() is not None]
            assert not dead, [self.processes[name].stderr.read() for name in dead]  # type: ignore[union-attr]
            assert time.monotonic() < end_s, "too slow"
            time.sleep(0.2)

    def n_packets(self) -> int:
        return sum(n for (n,) in self.rows("SELECT count(*) FROM packets"))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    for process in made.processes.values():
        process.kill()
        process.communicate()
    made.manager.close()


def ready(box: Box) -> None:
    while b"READY=1" not in box.manager.recv(200):
        pass


@pytest.mark.parametrize("first", ["device", "cloud"])
def test_either_may_come_first_and_sigterm_is_a_clean_end(box: Box, first: str) -> None:
    second = {"device": "cloud", "cloud": "device"}[first]
    box.start(first)
    if first == "cloud":
        ready(box)
    else:
        box.wait(box.line.exists)
    box.start(second)
    if first == "device":
        ready(box)
    box.wait(lambda: bool(box.rows("SELECT boot FROM boots WHERE device_id IS NOT NULL")))
    assert b"WATCHDOG=1" in box.manager.recv(200)
    code, errors = box.end("cloud", signal.SIGTERM)
    of_the_line = [one for one in errors.splitlines() if "time server" not in one]  # this machine may have none
    assert (code, len(of_the_line)) == (0, 2 if first == "cloud" else 0), errors
    assert box.rows("SELECT count(*) FROM incidents WHERE what = 'stopped'") == [(1,)]


@pytest.mark.slow
def test_the_cloud_may_die_at_any_moment_and_nothing_is_lost(box: Box) -> None:
    chance = random.Random(5)
    box.start("device")
    box.start("cloud")
    box.wait(lambda: box.n_packets() > 0)
    for _ in range(3):
        time.sleep(chance.uniform(0.0, 5.0))
        box.end("cloud", signal.SIGKILL)
        time.sleep(chance.uniform(0.0, 3.0))
        box.start("cloud")
    before = box.n_packets()
    box.wait(lambda: box.n_packets() > before)
    assert box.end("cloud", signal.SIGTERM)[0] == 0
    ((last, lost),) = box.rows("SELECT last_seq, lost FROM boots")
    assert (lost, box.n_packets()) == (0, last)


@pytest.mark.slow
def test_the_device_may_die_too_and_what_it_had_sent_is_kept(box: Box) -> None:
    box.start("cloud")
    for _ in range(2):
        box.start("device")
        heard = box.n_packets()
        box.wait(lambda heard=heard: box.n_packets() > heard)  # type: ignore[misc]
        box.end("device", signal.SIGKILL)
    assert box.end("cloud", signal.SIGTERM)[0] == 0
    assert [lost for (lost,) in box.rows("SELECT lost FROM boots")] == [0, 0]
    ((times,),) = box.rows("SELECT count(*) FROM incidents WHERE what = 'no device at the port'")
    assert times >= 2


@pytest.mark.slow
def test_the_edge_on_an_emulated_pi_is_such_a_device(box: Box) -> None:
    box.start("cloud")
    box.start("edge")
    box.wait(lambda: box.n_packets() > 5)
    box.end("cloud", signal.SIGKILL)
    box.start("cloud")
    before = box.n_packets()
    box.wait(lambda: box.n_packets() > before)
    assert box.end("cloud", signal.SIGTERM)[0] == 0 and box.end("edge", signal.SIGTERM)[0] == 0
    assert box.rows("SELECT lost FROM boots") == [(0,)]
