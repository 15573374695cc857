"""The bytes of a serial port, or of `unix:PATH` or `socket://HOST:PORT` that behave like one: the only user of pyserial.

Rule: reads take what is there in one piece (reading up to a delimiter byte by byte is a hundred times
slower), and whatever goes wrong with the port is one exception with one line.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import termios
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import serial

from wire.tcp_line import PREFIX as TCP
from wire.tcp_line import TcpClient
from wire.unix_line import PREFIX, UnixClient

BAUD = 460_800
CHUNK_BYTES = 65_536
WRITE_TIMEOUT_S = 5.0
# a pty that hung up answers reads with OSError (EIO) and settings with termios.error, which is no OSError
_FAILURES = (serial.SerialException, OSError, ValueError, termios.error)


class TransportError(Exception):
    """The port cannot be opened (`lost` False) or went away while open (`lost` True). One line, naming the port."""

    def __init__(self, port: str, what: str, *, lost: bool) -> None:
        super().__init__(f"{port}: {what}")
        self.port = port
        self.lost = lost


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _why(port: str, error: BaseException) -> str:
    """Why a port cannot be opened, and what helps: the number of the error where there is one, else its first line."""
    number = getattr(error, "errno", None)
    said = _first_line(error)
    if number == errno.ENOENT or "No such file" in said:
        found = [*sorted(glob.glob("/dev/serial/by-id/*")), *sorted(glob.glob("/dev/tty[UA][SC]*[0-9]"))]
        return f"No such file or directory; ports here: {', '.join(found) or 'none'}"
    if number in (errno.EACCES, errno.EPERM):
        return "no permission; add yourself to its group: sudo usermod -aG dialout $USER, and log in again"
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in said:
        return f"busy: another process has it; this names it: fuser -v {port}"
    return said


def _opened(port: str, baud: int) -> Any:
    if port.startswith(PREFIX):
        return UnixClient(port, WRITE_TIMEOUT_S)
    if port.startswith(TCP):  # pyserial's own reads it byte by byte
        return TcpClient(port, WRITE_TIMEOUT_S)
    return serial.serial_for_url(port, baudrate=baud, timeout=0.0, write_timeout=WRITE_TIMEOUT_S, exclusive=True)


class Transport:
    """One open port; a context manager. port: unix:PATH, or whatever pyserial's serial_for_url takes."""

    def __init__(self, port: str, baud: int = BAUD) -> None:
        """Opens the port for this process alone. Raises TransportError when it is missing, busy or not understood.

        pyserial drops what arrived before the port was opened.
        """
        self.port = port
        self._timeout_s = 0.0
        try:
            self._serial = _opened(port, baud)
        except _FAILURES as error:
            raise TransportError(port, f"cannot be opened: {_why(port, error)}", lost=False) from error

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (*_FAILURES, TypeError) as error:  # TypeError: pyserial's answer to a port closed under it
            raise TransportError(self.port, f"device lost: {_first_line(error)}", lost=True) from error

    def fileno(self) -> int:
        """Becomes readable when there are bytes; -1: this port has none."""
        with contextlib.suppress(*_FAILURES, AttributeError):
            return int(self._serial.fileno())
        return -1

    def _wait(self, timeout_s: float) -> None:
        """Sets how long a read waits; each change makes pyserial set up the port again."""
        if timeout_s != self._timeout_s:
            self._serial.timeout = timeout_s
            self._timeout_s = timeout_s

    def read(self, timeout_s: float = 0.0) -> bytes:
        """The bytes that are there, at most CHUNK_BYTES; waits up to timeout_s for the first; b"" when none came.

        Raises TransportError when the device is gone. (A pty that hangs up takes unread bytes with it.)
        """
        with self._guarded():
            self._wait(timeout_s)
            waiting = int(self._serial.in_waiting)
            chunk = bytes(self._serial.read(min(max(1, waiting), CHUNK_BYTES)))
            if chunk and not waiting:  # the first byte of more
                chunk += bytes(self._serial.read(min(int(self._serial.in_waiting), CHUNK_BYTES - 1)))
            return chunk

    def read_exactly(self, n: int, timeout_s: float) -> bytes:
        """n bytes; raises TransportError when they are not there within timeout_s or the device is gone."""
        with self._guarded():
            self._wait(timeout_s)
            found = bytes(self._serial.read(n)) if n else b""
        if len(found) != n:
            raise TransportError(self.port, f"device sent {len(found)} of {n} bytes in {timeout_s:g} s", lost=True)
        return found

    def write(self, data: bytes) -> None:
        """Sends all of data; raises TransportError when the device is gone or takes nothing for 5 s."""
        with self._guarded():
            self._serial.write(data)

    def drain(self, timeout_s: float = WRITE_TIMEOUT_S) -> None:
        """Until what was sent has left, where the port can tell; at most timeout_s."""
        end_s = time.monotonic() + timeout_s
        with self._guarded():
            while getattr(self._serial, "out_waiting", 0) and time.monotonic() < end_s:
                time.sleep(0.005)

    def close(self) -> None:
        """Gives the port back; never raises."""
        with contextlib.suppress(*_FAILURES):
            self._serial.close()

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
