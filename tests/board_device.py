"""A device under test written in Python: it notes what it is told and answers as the test wants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edge import core
from hw_sim.board import NEVER_US, Board, Samples
from hw_sim.chip.core import ffi, lib
from hw_sim.radar_view import RadarView

POWER_ON, RADAR_IRQ, UART_RX, SWITCH, BUTTON, DEADLINE = range(6)
FIFO_READ = bytes([0xFF, 0xC0, 0, 0])
FRAME_BYTES = 3 * 256 * 8 * 3 // 2

Answer = Callable[["PythonDevice", int, int], int]
"""(device, now_us, event) -> next deadline, us."""


class PythonDevice:
    """Bound to a board; events: (now_us, event) in the order given."""

    def __init__(self, board: Board, answer: Answer = lambda device, now_us, event: NEVER_US) -> None:
        self.board, self.answer = board, answer
        self.events: list[tuple[int, int]] = []
        self._callback = ffi.callback("uint64_t(void *, uint64_t, uint32_t)", self._step)
        board.bind_device(int(ffi.cast("uintptr_t", self._callback)), board.context)
        vars(board)["device_of_test"] = self  # the board knows addresses only: whoever holds it keeps the callback

    def _step(self, _context: Any, now_us: int, event: int) -> int:
        self.events.append((now_us, event))
        return self.answer(self, now_us, event)

    def spi(self, tx: bytes, n_more: int = 0) -> bytes:
        """One chip-select window: tx, then n_more bytes in a second transfer. Returns all MISO bytes."""
        memory, rx = self.board.memory, ffi.new("uint8_t[]", len(tx) + n_more)
        lib.board_spi_cs(memory, 0)
        lib.board_spi_xfer(memory, tx, rx, len(tx))
        if n_more:
            lib.board_spi_xfer(memory, ffi.NULL, rx + len(tx), n_more)
        lib.board_spi_cs(memory, 1)
        return bytes(ffi.buffer(rx))

    def read(self, address: int) -> int:
        return int.from_bytes(self.spi(bytes([address << 1, 0, 0, 0]))[1:], "big")

    def write(self, address: int, value: int) -> None:
        self.spi((address << 25 | 1 << 24 | value).to_bytes(4, "big"))

    def start_frames(self) -> None:
        """Default radar config, an interrupt per whole frame, frame start."""
        core_ffi, core_lib = core.load()
        config, timing = core_ffi.new("sw_radar_config *"), core_ffi.new("sw_radar_timing *")
        words = core_ffi.new("uint32_t[]", core_lib.SW_RADAR_REGISTER_COUNT)
        core_lib.sw_config_default(config)
        assert core_lib.sw_radar_registers(config, words, timing) == 0
        for word in words:
            self.spi(word.to_bytes(4, "big"))
        self.write(6, self.read(6) & ~0x1FFF | (timing.frame_samples // 2 - 1))
        self.write(0, self.read(0) | 1)

    def uart_write(self, data: bytes) -> int:
        return int(lib.board_uart_write(self.board.memory, data, len(data)))

    def uart_read(self, capacity: int) -> bytes:
        buffer = ffi.new("uint8_t[]", capacity)
        return bytes(ffi.buffer(buffer, lib.board_uart_read(self.board.memory, buffer, capacity)))

    def entropy(self, n: int) -> bytes:
        buffer = ffi.new("uint8_t[]", n)
        assert lib.board_entropy_read(self.board.memory, buffer, n) == 0
        return bytes(ffi.buffer(buffer))


class Ramp:
    """A source whose samples count up: every frame has its number in its first sample."""

    any_time = False

    def __init__(self, n_frames: int = 50) -> None:
        self.n_frames = n_frames
        self.starts: list[int] = []

    def block(self, first_clock: int, view: RadarView) -> Samples:
        self.starts.append(first_clock)
        shape = (self.n_frames, view.n_chirps * view.n_samples * view.n_rx)
        frames = np.zeros(shape, np.uint16)
        frames[:] = np.arange(shape[1]) % 4096
        frames[:, 0] = np.arange(self.n_frames)
        return frames


def unpack12(packed: bytes) -> np.ndarray[Any, np.dtype[np.int64]]:
    """12-bit samples, two in three bytes."""
    triples = np.frombuffer(packed, np.uint8).reshape(-1, 3).astype(np.int64)
    first = triples[:, 0] << 4 | triples[:, 1] >> 4
    second = (triples[:, 1] & 15) << 8 | triples[:, 2]
    return np.stack([first, second], axis=1).reshape(-1)
