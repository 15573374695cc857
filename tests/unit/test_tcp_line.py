"""`socket://HOST:PORT`: bytes in pieces, and every way the other end can be missing or go."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from wire.transport import Transport, TransportError


class Server:
    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self) -> socket.socket:
        self.listener.settimeout(5.0)
        return self.listener.accept()[0]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.listener.close()


def test_a_read_gives_what_is_there_in_one_piece(server: Server) -> None:
    with Transport(server.port) as port:
        device = server.accept()
        device.sendall(bytes(range(256)) * 20)
        time.sleep(0.05)
        assert port.read(1.0) == bytes(range(256)) * 20
        port.write(b"back")
        assert device.recv(10) == b"back"
        assert port.fileno() >= 0


def test_exact_counts_and_nothing_there(server: Server) -> None:
    with Transport(server.port) as port:
        device = server.accept()
        assert port.read() == b""
        device.sendall(b"abcdef")
        assert (port.read_exactly(4, 1.0), port.read(1.0)) == (b"abcd", b"ef")


def test_the_other_end_closes_and_its_last_bytes_arrive(server: Server) -> None:
    with Transport(server.port) as port:
        device = server.accept()
        device.sendall(b"last words")
        device.close()
        began_s = time.monotonic()
        assert port.read(5.0) == b"last words" and time.monotonic() - began_s < 1.0
        with pytest.raises(TransportError, match="the other end closed the connection") as caught:
            port.read(0.5)
        assert caught.value.lost


@pytest.mark.parametrize("port", ["socket://127.0.0.1:1", "socket://", "socket://host", "socket://h:99999"])
def test_nobody_there_is_one_line(port: str) -> None:
    with pytest.raises(TransportError, match="cannot be opened") as caught:
        Transport(port)
    assert not caught.value.lost and "\n" not in str(caught.value)
