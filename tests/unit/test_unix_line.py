"""The Unix socket that behaves like a serial port: both ends, who may have it, and how it comes and goes."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from wire import transport
from wire.transport import Transport, TransportError
from wire.unix_line import UnixLineError, UnixServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[UnixServer]:
    made = UnixServer(tmp_path / "line.sock")
    yield made
    made.close()


def port_of(server: UnixServer) -> str:
    return f"unix:{server.path}"


def test_bytes_arrive_unchanged_both_ways(server: UnixServer) -> None:
    everything = bytes(range(256)) * 8
    with Transport(port_of(server)) as port:
        port.write(everything)
        heard = server.read()
        taken = server.write(everything)

        assert (heard, taken, port.read(1.0)) == (everything, len(everything), everything)


def test_exactly_so_many_bytes_are_taken(server: UnixServer) -> None:
    with Transport(port_of(server)) as port:
        server.read()
        server.write(b"abcdef")

        assert (port.read_exactly(4, 1.0), port.read(0.0), port.read(0.0)) == (b"abcd", b"ef", b"")


def test_too_few_bytes_name_port_and_count(server: UnixServer) -> None:
    with Transport(port_of(server)) as port:
        server.read()
        server.write(b"abc")

        with pytest.raises(TransportError, match=r"device sent 3 of 4 bytes in 0.05 s"):
            port.read_exactly(4, 0.05)


def test_socket_and_lock_are_for_user_and_group_alone(server: UnixServer) -> None:
    modes = [stat.S_IMODE(os.stat(path).st_mode) for path in (server.path, f"{server.path}.lock")]

    assert modes == [0o660, 0o660]


def test_nobody_listening_is_one_line_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match=r"line.sock: cannot be opened: .*start stillwave-edge") as caught:
        Transport(f"unix:{tmp_path / 'line.sock'}")

    assert ("\n" in str(caught.value), caught.value.lost) == (False, False)


def test_a_second_client_is_told_that_the_line_is_busy(server: UnixServer) -> None:
    with Transport(port_of(server)), pytest.raises(TransportError, match="busy: another process") as caught:
        Transport(port_of(server))

    assert not caught.value.lost


def test_a_client_without_manners_is_sent_away(server: UnixServer) -> None:
    with Transport(port_of(server)) as port, socket.socket(socket.AF_UNIX) as other:
        port.write(b"mine")
        first = server.read()
        other.connect(str(server.path))
        server.read()
        server.write(b"yours")

        assert (first, other.recv(10), port.read(1.0)) == (b"mine", b"", b"yours")


def test_the_next_client_gets_the_line_when_the_first_has_left(server: UnixServer) -> None:
    with Transport(port_of(server)) as port:
        port.write(b"one")
        server.read()
    server.read()  # notices
    with Transport(port_of(server)) as port:
        port.write(b"two")

        assert server.read() == b"two"


def test_bytes_that_nobody_hears_are_lost_as_on_a_wire(server: UnixServer) -> None:
    taken = server.write(b"to nobody")
    with Transport(port_of(server)) as port:
        server.read()

        assert (taken, port.read(0.0)) == (9, b"")


def test_a_slow_client_takes_fewer_and_loses_none(server: UnixServer) -> None:
    with Transport(port_of(server)) as port:
        server.read()
        sent = 0
        while taken := server.write(b"x" * 4096):
            sent += taken
        heard = 0
        while piece := port.read(0.0):
            heard += len(piece)

        assert heard == sent > 4096


def test_the_end_of_the_device_is_a_lost_port_after_its_last_bytes(server: UnixServer) -> None:
    port = Transport(port_of(server))
    server.read()
    server.write(b"last words")
    server.close()
    last = port.read(0.5)

    calls = (lambda: port.read(0.5), lambda: port.read_exactly(1, 0.5), lambda: port.write(b"x"))
    for call in calls:
        with pytest.raises(TransportError, match="device lost") as caught:
            call()
        assert caught.value.lost
    assert last == b"last words"
    port.close()


def test_a_device_that_takes_nothing_is_noticed(server: UnixServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "WRITE_TIMEOUT_S", 0.05)
    with Transport(port_of(server)) as port, pytest.raises(TransportError, match="Write timeout"):
        port.write(bytes(4_000_000))


def test_a_socket_that_a_killed_process_left_is_taken_over(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "line.sock"))
    left.close()

    server = UnixServer(tmp_path / "line.sock")

    with Transport(port_of(server)) as port:
        port.write(b"here")
        assert server.read() == b"here"
    server.close()


def test_a_second_device_is_refused(server: UnixServer) -> None:
    with pytest.raises(UnixLineError, match="busy: another process is the device here"):
        UnixServer(server.path)


def test_another_file_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "line.sock").write_text("somebody's")

    with pytest.raises(UnixLineError, match="exists and is no socket"):
        UnixServer(tmp_path / "line.sock")


def test_a_path_is_needed() -> None:
    with pytest.raises(TransportError, match="expected unix:PATH"):
        Transport("unix:")


def test_a_device_without_its_folder_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UnixLineError, match=r"^there is no folder .*/gone$"):
        UnixServer(tmp_path / "gone" / "line.sock")
