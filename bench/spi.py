"""How fast a Python driver gets its frames: FIFO bursts of 3 KB through the chip, each row beside a plain copy.

Rule: everything a driver waits for is in the figure: frame machine, samples packed into the FIFO, interrupt, burst.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bench.floors import Floor, seconds_per_call
from hw_sim.bare_board import BareBoard
from hw_sim.chip.chip import FIFO_READ, Chip
from hw_sim.chip.core import ffi
from hw_sim.raspberry_pi.spidev import SpiDev

SAMPLES, CHIRPS = 128, 16
BURST_BYTES = SAMPLES * CHIRPS * 3 // 2  # one antenna: 3072
LENT_FRAMES = 256  # in the second-level cache, as the frames a scene has just made
BURSTS = 512  # one call of the benchmark
WAIT_NS = 1_000_000_000
# One antenna, 2 MHz, PLL near 60 GHz, one interrupt a frame: address -> content
REGISTERS = {
    0x04: 0x996524, 0x01: 40 << 14 | 0x240, 0x06: 0x700000 | BURST_BYTES // 3 - 1, 0x11: 1 << 20 | 1 << 10 | 31,
    0x16: 0x000490, 0x2C: 70 << 14 | 15 << 10 | 14, 0x2D: 3 << 19 | 100 << 11 | 2 << 9 | 10, 0x2E: (CHIRPS - 1) << 12,
    0x2F: 1 << 22 | 240 << 14 | 15 << 9 | 30, 0x30: 0xF5208C, 0x31: 420, 0x32: 200, 0x33: SAMPLES,
    0x37: 1 << 19 | 37 << 11 | 1 << 4, 0x00: 0x1E8271,
}  # fmt: skip


def words() -> list[bytes]:
    """The SPI words that programme the frames and start them."""
    return [(address << 25 | 1 << 24 | value).to_bytes(4, "big") for address, value in REGISTERS.items()]


def lent() -> np.ndarray[Any, np.dtype[np.uint16]]:
    """uint16[frame, sample], white over all codes."""
    shape = (LENT_FRAMES, SAMPLES * CHIRPS)
    return np.random.Generator(np.random.Philox(1)).integers(0, 4096, shape, np.uint16)


class Source:
    """The same frames for ever."""

    any_time = True

    def __init__(self) -> None:
        self._frames = lent()

    def block(self, first_clock: int, view: Any) -> np.ndarray[Any, np.dtype[np.uint16]]:
        return self._frames


def chip_bursts() -> Callable[[], None]:
    """One call reads BURSTS frames from a Chip into one reused buffer."""
    chip, frames, buffer = Chip(), lent(), ffi.new("uint8_t[]", BURST_BYTES)
    for word in words():
        chip.transfer(word)

    def run() -> None:
        for _ in range(BURSTS):
            while not chip.irq:
                if chip.needs_samples:
                    chip.set_samples(frames)
                chip.advance(chip.next_event_ns)
            chip.transfer_into(buffer)

    return run


def board_bursts() -> Callable[[], None]:
    """The same through the pins of a BareBoard."""
    board, header, buffer = BareBoard(Source()), bytearray(FIFO_READ), bytearray(BURST_BYTES)
    answer = bytearray(len(header))
    for word in words():
        board.transfer(word)

    def run() -> None:
        for _ in range(BURSTS):
            board.wait_irq(WAIT_NS)
            board.cs(0)
            board.xfer_into(header, answer)
            board.xfer_into(None, buffer)
            board.cs(1)

    return run


def spidev_bursts() -> Callable[[], None]:
    """The same through SpiDev.xfer2 and its lists of integers, as a driver written for a Pi does it."""
    board = BareBoard(Source())
    spi = SpiDev(board)
    spi.open(0, 0)
    message = [*FIFO_READ, *bytes(BURST_BYTES)]
    for word in words():
        board.transfer(word)

    def run() -> None:
        for _ in range(BURSTS):
            board.wait_irq(WAIT_NS)
            spi.xfer2(message.copy())  # the answer comes in the same list

    return run


def copy_floor(budget_s: float) -> Floor:
    """MB/s of a Python loop that copies as many bytes and does nothing else."""
    source, target = ffi.new("uint8_t[]", BURST_BYTES), ffi.new("uint8_t[]", BURST_BYTES)

    def run() -> None:
        for _ in range(BURSTS):
            ffi.memmove(target, source, BURST_BYTES)

    return Floor(megabytes_per_s(run, budget_s), f"memcpy of {BURST_BYTES} bytes from Python")


def megabytes_per_s(run: Callable[[], None], budget_s: float) -> float:
    """run: moves BURSTS bursts."""
    return BURSTS * BURST_BYTES / 1e6 / seconds_per_call(run, budget_s)


def figures(budget_s: float) -> dict[str, float]:
    """MB/s by name of the row."""
    ways = {
        "spi from Python": chip_bursts,
        "spi from Python, BareBoard": board_bursts,
        "spi from Python, SpiDev.xfer2": spidev_bursts,
    }
    return {name: megabytes_per_s(make(), budget_s) for name, make in ways.items()}
