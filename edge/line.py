"""The device's end of the serial line: a Unix socket that it listens at, or a port.

Rule: a line that is gone never stops the device; it is tried again, and what was said meanwhile is lost as on a wire.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Protocol

from wire.transport import Transport, TransportError
from wire.unix_line import PREFIX, UnixLineError, UnixServer, path_of

AGAIN_US = 5_000_000
"""Between two tries to open a port that was lost."""


class DeviceLine(Protocol):
    """Neither call blocks. filenos: readable when read() has something to do."""

    def read(self) -> bytes: ...
    def write(self, data: bytes) -> int: ...
    def filenos(self) -> list[int]: ...
    def close(self) -> None: ...


class LineError(RuntimeError):
    """The line cannot be had; one line."""


class PortLine:
    """A serial port or a pty. Raises LineError when it cannot be opened at the start."""

    def __init__(self, port: str, now_us: Callable[[], int], say: Callable[[str], None]) -> None:
        self._port, self._now_us, self._say = port, now_us, say
        self._transport: Transport | None = self._open()
        self._again_us = 0

    def _open(self) -> Transport:
        try:
            return Transport(self._port)
        except TransportError as error:
            raise LineError(str(error)) from None

    def read(self) -> bytes:
        if self._transport is None:
            self._come_back()
        if self._transport is None:
            return b""
        try:
            return self._transport.read()
        except TransportError as error:
            self._lost(error)
            return b""

    def write(self, data: bytes) -> int:
        if self._transport is None:
            return len(data)
        fd = self._transport.fileno()
        try:
            if fd < 0:
                self._transport.write(data)
                return len(data)
            return os.write(fd, data)
        except BlockingIOError:
            return 0
        except (TransportError, OSError) as error:
            self._lost(error)
            return len(data)

    def _lost(self, error: Exception) -> None:
        self._say(f"{error}; trying again")
        if self._transport is not None:
            self._transport.close()
        self._transport, self._again_us = None, self._now_us() + AGAIN_US

    def _come_back(self) -> None:
        if self._now_us() < self._again_us:
            return
        self._again_us = self._now_us() + AGAIN_US
        with contextlib.suppress(LineError):
            self._transport = self._open()
            self._say(f"{self._port}: back again")

    def filenos(self) -> list[int]:
        fd = -1 if self._transport is None else self._transport.fileno()
        return [] if fd < 0 else [fd]

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def open_line(port: str, now_us: Callable[[], int], say: Callable[[str], None]) -> DeviceLine:
    """unix:PATH is listened at; anything else is opened as a port. Raises LineError."""
    if not port.startswith(PREFIX):
        return PortLine(port, now_us, say)
    try:
        return UnixServer(path_of(port))
    except UnixLineError as error:
        raise LineError(f"{port}: {error}") from None
