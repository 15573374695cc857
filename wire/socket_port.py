"""A connected socket that behaves like a serial port, for lines over TCP and over Unix sockets.

Rule: its methods are those of pyserial that Transport uses; what arrived before the other end went is still read.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time

CHUNK_BYTES = 65_536


class SocketPort:
    """timeout: of a read, s. error: what is raised; gone: its words when the other end is."""

    error: type[OSError] = OSError
    gone = "the other end is gone"

    def __init__(self, connected: socket.socket, write_timeout_s: float) -> None:
        self.timeout = 0.0
        self._socket = connected
        self._write_timeout_s = write_timeout_s
        self._ahead = b""
        self._ended = False  # what is ahead is the rest
        self._socket.setblocking(False)

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def in_waiting(self) -> int:
        """Bytes that are there. Raises OSError when the other end is gone and they are all read."""
        self._look()
        return len(self._ahead)

    def _look(self) -> None:
        with contextlib.suppress(BlockingIOError):
            piece = b"" if self._ended else self._socket.recv(CHUNK_BYTES)
            self._ended = not piece
            if self._ended and not self._ahead:
                raise self.error(self.gone)
            self._ahead += piece

    def read(self, n: int = 1) -> bytes:
        """Up to n bytes; waits at most timeout for them, as a serial port does."""
        end_s = time.monotonic() + self.timeout
        while len(self._ahead) < n:
            self._look()
            left_s = end_s - time.monotonic()
            if len(self._ahead) >= n or left_s <= 0.0 or self._ended:
                break
            select.select([self._socket], [], [], left_s)
        found, self._ahead = self._ahead[:n], self._ahead[n:]
        return found

    def write(self, data: bytes) -> int:
        """All of it, or the error after the time-out."""
        self._socket.settimeout(self._write_timeout_s)
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise self.error("Write timeout") from None
        finally:
            self._socket.setblocking(False)
        return len(data)

    def close(self) -> None:
        self._socket.close()
