"""A serial line over TCP: `socket://HOST:PORT`, the raw bytes of a device server, read in pieces of any size.

Rule: as a port that somebody pulls: an end that is gone is noticed, also when it went without a word.
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from wire.socket_port import SocketPort

PREFIX = "socket://"
CONNECT_S = 5.0
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


class TcpClient(SocketPort):
    """The host's end."""

    error = TcpLineError
    gone = "the other end closed the connection"

    def __init__(self, port: str, write_timeout_s: float) -> None:
        """Raises TcpLineError: nobody listens there."""
        try:
            connected = socket.create_connection(address_of(port), CONNECT_S)
        except TcpLineError:
            raise
        except OSError as error:
            raise TcpLineError(error.strerror or str(error)) from None
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, number in zip(("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"), KEEP_ALIVE, strict=True):
            if hasattr(socket, option):
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), number)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # ... also while something is on its way there
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * GONE_S)
        super().__init__(connected, write_timeout_s)
