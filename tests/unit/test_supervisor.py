"""What systemd hears: ready, alive, stopping; and nothing fails where it is not there."""

from __future__ import annotations

import socket
from pathlib import Path

from cloud.supervisor import Supervisor


def test_systemd_hears_ready_alive_and_stopping(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        one = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        one.ready()
        one.alive("listening")
        one.stopping()
        heard = [manager.recv(100).decode() for _ in range(3)]
    assert heard == ["READY=1", "WATCHDOG=1\nSTATUS=listening", "STOPPING=1"]


def test_an_abstract_socket_is_meant_by_an_at_sign() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0stillwave-test-notify")
        Supervisor({"NOTIFY_SOCKET": "@stillwave-test-notify"}).ready()
        assert manager.recv(100) == b"READY=1"


def test_nobody_there_is_no_failure(tmp_path: Path) -> None:
    Supervisor({}).ready()
    Supervisor({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()
