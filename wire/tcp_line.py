"""A serial line over TCP: `socket://HOST:PORT`, the raw bytes of a device server, read in pieces of any size.

Rule: as a port that somebody pulls: an end that is gone is noticed, also when it went without a word.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from urllib.parse import urlsplit

PREFIX = "socket://"
CONNECT_S = 5.0
CHUNK_BYTES = 65_536
#: Unanswered for so long the other end counts as gone, s: first question after, between questions, questions.
KEEP_ALIVE = (10, 5, 3)
GONE_S = 25


class TcpLineError(OSError):
    """The line cannot be had, or went away; one line."""


def address_of(port: str) -> tuple[str, int]:
    """HOST and PORT of socket://HOST:PORT. Raises TcpLineError."""
    try:
        parts = urlsplit(port)
        if parts.hostname and parts.port:
            return parts.hostname, parts.port
    except ValueError:
        pass
    raise TcpLineError("expected socket://HOST:PORT")


class TcpClient:
    """The host's end. Its methods are those of pyserial that Transport uses. timeout: of a read, s."""

    def __init__(self, port: str, write_timeout_s: float) -> None:
        """Raises TcpLineError: nobody listens there."""
        self.timeout = 0.0
        self._write_timeout_s = write_timeout_s
        self._ahead = b""
        self._ended = False  # what is ahead is the rest
        try:
            self._socket = socket.create_connection(address_of(port), CONNECT_S)
        except TcpLineError:
            raise
        except OSError as error:
            raise TcpLineError(error.strerror or str(error)) from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, number in zip(("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"), KEEP_ALIVE, strict=True):
            if hasattr(socket, option):
                self._socket.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), number)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # ... also while something is on its way there
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * GONE_S)
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
                raise TcpLineError("the other end closed the connection")
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
        """All of it, or TcpLineError after the time-out."""
        self._socket.settimeout(self._write_timeout_s)
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise TcpLineError("Write timeout") from None
        finally:
            self._socket.setblocking(False)
        return len(data)

    def close(self) -> None:
        self._socket.close()
