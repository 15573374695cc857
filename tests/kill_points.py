"""A cloud process that kills itself with signal 9 at one named point of its commits and acknowledgements.

Rule: the points are the statements of SQLite, the acknowledgement and the write to the line, each before and after; the
product knows nothing of them. The process is a fork; the device lives in the parent, and loses what a dead host was sent.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from cloud import core, night_process, store
from cloud.app import seeded
from cloud.night_process import Cloud
from cloud.writer import Writer
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice, Script

LENGTH_BYTES = 4
#: A statement's name: so many words of it.
WORDS = 3


class Points:
    """Counts points, and dies at one of them. kill_at: its number, from 1; 0: never. log: names go there."""

    def __init__(self, kill_at: int, log: int) -> None:
        self.kill_at, self.log, self.n = kill_at, log, 0

    def pass_(self, name: str) -> None:
        self.n += 1
        if self.kill_at == 0:
            os.write(self.log, f"{name}\n".encode())
        elif self.n == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.pass_(f"before {name}")
            found = do(*args, **kwargs)
            self.pass_(f"after {name}")
            return found

        return wrapped


def _connection(points: Points) -> type[sqlite3.Connection]:
    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            name = " ".join(sql.split()[:WORDS])
            if not name.startswith(("BEGIN", "INSERT", "UPDATE", "COMMIT")):
                return super().execute(sql, *more)
            return points.around(name, super().execute)(sql, *more)  # type: ignore[no-any-return]

        def executemany(self, sql: str, rows: Any) -> sqlite3.Cursor:
            return points.around(" ".join(sql.split()[:WORDS]), super().executemany)(sql, rows)  # type: ignore[no-any-return]

    return Connection


def _serve(host: Host, line: socket.socket, points: Points) -> None:
    """In lock-step until the line's end: time and length, bytes; the answer likewise."""
    connect = sqlite3.connect
    kind = _connection(points)
    with (
        mock.patch.object(store.sqlite3, "connect", lambda *args, **more: connect(*args, factory=kind, **more)),
        mock.patch.object(night_process.core, "acknowledge", points.around("acknowledge", core.acknowledge)),
    ):
        opened = store.Store(host.db, durable=False)
        cloud = host.kind(Writer(opened, host.every_s * SECOND_US), seeded(host.deaths), "simulated")
        send = points.around("write to the line", lambda data: line.sendall(_framed(data)))
        while (said := _received(line)) is not None:
            cloud.receive(said[8:])
            send(cloud.tick(int.from_bytes(said[:8], "little")))
        cloud.finish()
        opened.close()


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(LENGTH_BYTES, "little") + data


def _received(line: socket.socket) -> bytes | None:
    """None: nobody is there any more."""
    head = _exactly(line, LENGTH_BYTES)
    return None if head is None else _exactly(line, int.from_bytes(head, "little"))


def _exactly(line: socket.socket, n: int) -> bytes | None:
    found = b""
    while len(found) < n:
        piece = line.recv(n - len(found))
        if not piece:
            return None
        found += piece
    return found


@dataclass
class Host:
    """One process after the other on one store. deaths: how often it died; at_death: called then."""

    db: Path
    every_s: int
    kill_at: int
    at_death: Callable[[], None] = lambda: None
    kind: type[Cloud] = Cloud
    deaths: int = 0
    names: list[str] = field(default_factory=list)
    _pid: int = 0
    _log: int = -1

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        """What it answers; nothing in the second in which it dies. The next call finds a new one."""
        if not self._pid:
            self._start()
        try:
            self._line.sendall(_framed(utc_us.to_bytes(8, "little") + data))
            said = _received(self._line)
        except OSError:
            said = None
        if said is not None:
            return said
        self._wait()
        self.deaths += 1
        self.at_death()
        return b""

    def finish(self) -> None:
        """The end of the night."""
        if self._pid:
            self._line.shutdown(socket.SHUT_WR)
            if self._wait() == -signal.SIGKILL:
                self.deaths += 1
                self.at_death()
                self._start()  # what was not concluded is, by the next one
                self._line.shutdown(socket.SHUT_WR)
                self._wait()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._log, log = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            code = 1
            try:
                ours.close()
                _serve(self, theirs, Points(self.kill_at if not self.deaths else -1, log))
                code = 0
            finally:
                os._exit(code)
        theirs.close()
        os.close(log)
        self._line = ours

    def _wait(self) -> int:
        self._line.settimeout(None)
        with open(self._log) as log:
            self.names += log.read().splitlines()
        _, status = os.waitpid(self._pid, 0)
        self._line.close()
        self._pid = 0
        return os.waitstatus_to_exitcode(status)


def night(host: Host, device: FakeDevice, script: Script, seconds: int) -> None:
    """Whole seconds in lock-step; what the host says reaches the device in the next one."""
    for second in range(seconds):
        t_us = second * SECOND_US
        said = device.answers(t_us) + script(device, second)
        device.hear(host.exchange(T0_UTC_US + t_us + SECOND_US, said))
    host.finish()
