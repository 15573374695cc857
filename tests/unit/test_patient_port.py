"""A port that comes and goes: told once, opened again, nothing raised."""

from __future__ import annotations

from pathlib import Path

from cloud.patient_port import PatientPort
from wire.unix_line import UnixServer


class Told:
    def __init__(self) -> None:
        self.changes: list[tuple[bool, str]] = []
        self.slept: list[float] = []

    def __call__(self, is_open: bool, why: str) -> None:
        self.changes.append((is_open, why))

    @property
    def states(self) -> list[bool]:
        return [is_open for is_open, _ in self.changes]


def test_it_waits_for_a_device_that_comes_later(tmp_path: Path) -> None:
    told = Told()
    port = PatientPort(f"unix:{tmp_path / 'line'}", told, told.slept.append)
    assert port.read(0.5) == b"" and port.read(0.5) == b""
    port.write(b"nobody hears")
    assert told.states == [False] and told.slept == [0.5, 0.5]
    server = UnixServer(tmp_path / "line")
    port.read(0.0)
    port.write(b"hello")
    assert told.states == [False, True] and server.read() == b"hello"
    port.close()
    server.close()


def test_a_device_that_goes_is_told_and_found_again(tmp_path: Path) -> None:
    told = Told()
    server = UnixServer(tmp_path / "line")
    port = PatientPort(f"unix:{tmp_path / 'line'}", told, told.slept.append)
    port.write(b"x")
    assert server.read() == b"x"
    server.close()
    for _ in range(3):
        assert port.read(0.0) == b""
    server = UnixServer(tmp_path / "line")
    port.read(0.0)
    assert told.states == [True, False, True] and "device lost" in told.changes[1][1]
    port.close()
    server.close()


def test_a_device_that_was_lost_just_now_is_not_called_at_once(tmp_path: Path) -> None:
    told = Told()
    server = UnixServer(tmp_path / "line")
    port = PatientPort(f"unix:{tmp_path / 'line'}", told, told.slept.append)
    port.write(b"x")
    server.read()
    server._drop()  # its process dies: the line goes first, who listens a moment later
    assert [port.read(0.5) for _ in range(2)] == [b"", b""]
    assert told.states == [True, False] and told.slept == [0.5]
    port.read(0.0)
    assert told.states == [True, False, True]
    port.close()
    server.close()
