"""The parts on the emulated board's I2C bus, for a Raspberry Pi's pins: the same C parts, at the chip's virtual time.

Rule: a part knows the time only from the access; in between nothing of it runs.
"""

from __future__ import annotations

from hw_sim.board import Board, Faults
from hw_sim.chip.core import ffi, lib
from hw_sim.radar_bus import RadarBus

KERNEL_10MS = 100
"""What a kernel's I2C adapter begins with: one second."""


class I2cParts:
    """Clock chip and room sensors. bus: whose virtual time is theirs. absent: addresses that nobody answers."""

    def __init__(
        self, bus: RadarBus, faults: Faults | None = None, absent: frozenset[int] = frozenset(), seed: int = 1
    ) -> None:
        self._bus = bus
        self.absent = absent
        self.timeout_10ms = KERNEL_10MS
        """The adapter's, as I2C_TIMEOUT sets it: how long a transfer on a stuck bus takes."""
        self.board = Board(seed, faults)
        """Its parts alone are used: rtc_set(), rtc_lose() and the like work as on a rig."""

    def follow(self) -> None:
        """The parts' time is the chip's."""
        self.board.memory.now_us = self._bus.time_ns() // 1000

    @property
    def stuck(self) -> bool:
        """A wire of the bus is held low."""
        return bool(self.board.memory.faults.i2c_stuck)

    def wait_out(self) -> None:
        """The kernel gives a transfer up: virtual time goes on."""
        self._bus.advance(self.timeout_10ms * 10_000_000)

    def transfer(self, address: int, tx: bytes, rx_n: int) -> bytes | None:
        """One transaction; None: nobody acknowledged."""
        if address in self.absent:
            return None
        self.follow()
        rx = ffi.new("uint8_t[]", max(rx_n, 1))
        status = lib.board_i2c_transfer(self.board.memory, address, tx, len(tx), rx, rx_n)
        return None if status < 0 else bytes(ffi.buffer(rx, rx_n))

    def set_clock(self, utc_us: int) -> None:
        """The clock chip as if somebody who knows the time had set it now."""
        self.follow()
        self.board.rtc_set(utc_us)
