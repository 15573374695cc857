"""The serial port: chunks, exact counts, and every way it can be missing or go away."""

from __future__ import annotations

import errno
import os
import pty
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from wire import transport
from wire.transport import Transport, TransportError


class Line:
    """A pty: `device` is the board's end, `port` the name of the host's end."""

    def __init__(self) -> None:
        self.device, self._host = pty.openpty()
        tty.setraw(self._host)
        self.port = os.ttyname(self._host)

    def hang_up(self) -> None:
        """The board's end closes, as when a cable is pulled."""
        for fd in (self.device, self._host):
            if fd >= 0:
                os.close(fd)
        self.device = self._host = -1


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.hang_up()


def test_a_read_gives_what_is_there_in_one_piece(line: Line) -> None:
    with Transport(line.port) as port:
        os.write(line.device, bytes(range(256)) * 4)

        assert port.read(1.0) == bytes(range(256)) * 4


def test_nothing_there_gives_nothing(line: Line) -> None:
    with Transport(line.port) as port:
        assert port.read() == b""


def test_a_read_waits_for_the_first_bytes(line: Line) -> None:
    with Transport(line.port) as port:
        later = threading.Timer(0.05, os.write, (line.device, b"late"))
        later.start()

        found = port.read(5.0)
        later.join()

    assert found and b"late".startswith(found)


def test_exactly_so_many_bytes_are_taken(line: Line) -> None:
    with Transport(line.port) as port:
        os.write(line.device, b"abcdef")

        assert (port.read_exactly(4, 1.0), port.read_exactly(0, 1.0), port.read(1.0)) == (b"abcd", b"", b"ef")


def test_too_few_bytes_name_port_and_count(line: Line) -> None:
    with Transport(line.port) as port:
        os.write(line.device, b"abc")

        with pytest.raises(TransportError, match=rf"{line.port}: device sent 3 of 4 bytes in 0.05 s"):
            port.read_exactly(4, 0.05)


def test_all_bytes_arrive_unchanged_both_ways(line: Line) -> None:
    with Transport(line.port) as port:
        port.write(bytes(range(256)))

        assert os.read(line.device, 1000) == bytes(range(256))


def test_a_missing_port_is_one_line_and_not_lost() -> None:
    with pytest.raises(TransportError, match=r"^/dev/no-such-port: cannot be opened: .*No such file") as caught:
        Transport("/dev/no-such-port")

    assert ("\n" in str(caught.value), caught.value.lost) == (False, False)


@pytest.mark.parametrize("port", ["nonsense://x", "/dev/null", "", "socket://127.0.0.1:1"])
def test_what_is_no_port_is_one_line(port: str) -> None:
    with pytest.raises(TransportError) as caught:
        Transport(port)

    assert (caught.value.port, caught.value.lost, "\n" in str(caught.value)) == (port, False, False)


def test_a_port_in_use_is_refused(line: Line) -> None:
    with Transport(line.port), pytest.raises(TransportError, match="cannot be opened"):
        Transport(line.port)


def test_a_busy_port_says_how_to_find_who_has_it(line: Line) -> None:
    with (
        Transport(line.port),
        pytest.raises(TransportError, match=f"busy: another process has it.*fuser -v {line.port}"),
    ):
        Transport(line.port)


def test_a_forbidden_port_says_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_args: object, **_options: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port: Permission denied")

    monkeypatch.setattr(serial, "serial_for_url", refused)
    with pytest.raises(TransportError, match="no permission; add yourself to its group: sudo usermod -aG dialout"):
        Transport("/dev/ttyX")


def test_a_name_that_moves_to_another_device_is_followed(line: Line, tmp_path: Path) -> None:
    """As /dev/serial/by-id does when a port is plugged in again."""
    link, second = tmp_path / "by-id", Line()
    link.symlink_to(line.port)
    with Transport(str(link)) as port:
        os.write(line.device, b"one")
        assert port.read(1.0) == b"one"
        line.hang_up()
        with pytest.raises(TransportError, match="device lost"):
            port.read(0.5)
    link.unlink()
    link.symlink_to(second.port)
    with Transport(str(link)) as port:
        os.write(second.device, b"two")
        assert port.read(1.0) == b"two"
    second.hang_up()


def test_a_hang_up_is_noticed_by_every_call(line: Line) -> None:
    port = Transport(line.port)
    line.hang_up()

    calls = (lambda: port.read(), lambda: port.read(0.5), lambda: port.read_exactly(1, 0.6), lambda: port.write(b"x"))
    for call in calls:
        with pytest.raises(TransportError, match="device lost") as caught:
            call()
        assert caught.value.lost
    port.close()


def test_a_hang_up_while_waiting_is_noticed(line: Line) -> None:
    port = Transport(line.port)
    later = threading.Timer(0.05, line.hang_up)
    later.start()

    with pytest.raises(TransportError, match="device lost"):
        port.read(5.0)
    later.join()
    port.close()


def test_a_closed_port_is_a_lost_one(line: Line) -> None:
    port = Transport(line.port)
    port.close()
    port.close()

    with pytest.raises(TransportError):
        port.read()


def test_a_device_that_takes_nothing_is_noticed(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "WRITE_TIMEOUT_S", 0.05)
    with Transport(line.port) as port, pytest.raises(TransportError, match="Write timeout"):
        port.write(bytes(1_000_000))


def test_any_url_of_pyserial_opens() -> None:
    with Transport("loop://") as port:
        port.write(b"around")

        assert port.read_exactly(6, 1.0) == b"around"
