"""The bare board on a socket, for drivers in other languages and other processes.

Rule: the protocol is the C server's; here it gets its board, its samples, and, if asked, the pace of the wall clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hw_sim.bare_board import BareBoard
from hw_sim.chip.core import ffi, lib

WHY_BYTES = 256
TURN_MS, PACED_TURN_MS = 50, 1
Lost = Callable[[str], None]


class ServerError(ValueError):
    """The socket cannot be had; one line."""


def socket_address(where: str | Path) -> str:
    """What the C server takes, of a path, tcp:PORT or tcp:127.0.0.1:PORT."""
    text = str(where)
    if not text.startswith("tcp:"):
        return f"unix:{text.removeprefix('unix:')}"
    return f"tcp:127.0.0.1:{text.removeprefix('tcp:').removeprefix('127.0.0.1:')}"


class SpiServer:
    """One board at one address, one client at a time. where: a path, or tcp:PORT (0: any free one). Raises ServerError.

    lost: called with one line when a client had to be given up. real_time: virtual time follows the wall clock.
    """

    def __init__(
        self, board: BareBoard, where: str | Path, *, real_time: bool = False, lost: Lost | None = None
    ) -> None:
        why = ffi.new("char[]", WHY_BYTES)
        self._socket: Any = lib.spi_socket_open(socket_address(where).encode(), why, WHY_BYTES)
        if self._socket == ffi.NULL:
            raise ServerError(ffi.string(why).decode(errors="replace"))
        self.board = board
        self.port = int(lib.spi_socket_port(self._socket))
        self.address = f"127.0.0.1:{self.port}" if self.port else str(where).removeprefix("unix:")
        self._real_time = real_time
        self._lost = lost or (lambda line: None)
        self._wall_s = time.monotonic()

    def close(self) -> None:
        """Ends the connection and removes the socket file. The board is the caller's."""
        if self._socket != ffi.NULL:
            lib.spi_socket_close(self._socket)
            self._socket = ffi.NULL

    def __enter__(self) -> SpiServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def turn(self) -> None:
        """Serves for a short while."""
        board = self.board
        with board.lock:
            result = lib.spi_socket_run(self._socket, board.pointer, PACED_TURN_MS if self._real_time else TURN_MS)
            if result == lib.SPI_SOCKET_NEED_SAMPLES:
                board.feed()
            elif result == lib.SPI_SOCKET_LOST:
                self._lost(ffi.string(lib.spi_socket_line(self._socket)).decode(errors="replace"))
            board.drain_trace()
        if self._real_time:
            self._pace()

    def _pace(self) -> None:
        """Whichever of the two clocks is behind catches up."""
        behind_s = time.monotonic() - self._wall_s - self.board.time_ns() / 1e9
        if behind_s > 0.0:
            self.board.advance(int(behind_s * 1e9))
        else:
            time.sleep(-behind_s)

    def serve(self, ended: Callable[[], bool]) -> None:
        """Serves until ended() says so, at least once every 50 ms."""
        while not ended():
            self.turn()
