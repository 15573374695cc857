"""A whole Raspberry Pi with the radar board on its header, in virtual time, for programs that are given their libraries.

Rule: nothing here knows the program; it is handed spidev, gpiod and smbus2 look-alikes, a clock, and a way to wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hw_sim.bare_board import BareBoard
from hw_sim.board import Faults
from hw_sim.chip.chip import ChipOptions
from hw_sim.chip.core import ffi, lib
from hw_sim.raspberry_pi import script, smbus2, spidev
from hw_sim.raspberry_pi.header_pins import Header, Wiring
from hw_sim.raspberry_pi.i2c_parts import I2cParts
from hw_sim.scenario_climate import furnished
from hw_sim.scene import Scene

FAR_US = 2**62


class VirtualPi:
    """source, seed, options: see BareBoard; a scene also furnishes the room. bufsiz: of the kernel.
    absent: I2C addresses that nobody answers.

    i2c False: the bus is not enabled. faults: of the parts. spi, gpiod, smbus2: what a program imports.
    host: called at the end of every quantum with its virtual time, us.
    """

    def __init__(
        self,
        source: Any = "silence",
        seed: int = 1,
        options: ChipOptions | None = None,
        *,
        bufsiz: int = spidev.BUFSIZ,
        wiring: Wiring | None = None,
        absent: frozenset[int] = frozenset(),
        i2c: bool = True,
        faults: Faults | None = None,
        board: BareBoard | None = None,
    ) -> None:
        self.board = board or BareBoard(source, seed, options)
        self.bufsiz = bufsiz
        self.header = Header(self.board, wiring)
        self.parts = I2cParts(self.board, faults, absent, seed)
        if isinstance(source, Scene):
            furnished(self.parts.board, source, None)
        found = script.modules(self.header, bufsiz, self.parts if i2c else None)
        self.spi = found["spidev"].SpiDev
        self.gpiod: Any = found["gpiod"]
        self.smbus2: Any = found["smbus2"]
        self.ioctl = smbus2.Smbus2(self.parts if i2c else None).ioctl
        self.host: Callable[[int], None] | None = None
        self.quantum_us = 1_000_000
        self.end_us = FAR_US
        self.stopped = False
        self._levers: list[tuple[int, Callable[[], None]]] = []

    def __enter__(self) -> VirtualPi:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.board.close()

    def now_ns(self) -> int:
        """The clock of GPIO time stamps."""
        return self.board.time_ns()

    def now_us(self) -> int:
        """Virtual time; a broken microsecond is waited for."""
        ns = self.board.time_ns()
        if ns % 1000:
            self.board.advance(1000 - ns % 1000)
        return -(-ns // 1000)

    def at(self, t_us: int, lever: Callable[[], None]) -> None:
        """Pulls a lever at this virtual time."""
        self._levers.append((t_us, lever))
        self._levers.sort(key=lambda pair: pair[0])

    def wait(self, until_us: int) -> None:
        """Virtual time goes on to until_us, the next interrupt, lever or end of a quantum; stopped at the end of all."""
        now_us = self.now_us()
        quantum_us = (now_us // self.quantum_us + 1) * self.quantum_us
        lever_us = self._levers[0][0] if self._levers else FAR_US
        left_ns = 1000 * max(0, min(until_us, quantum_us, lever_us, self.end_us) - now_us)
        if self.board.irq():
            self.board.advance(left_ns)
        else:
            self.board.wait_irq(left_ns)
        now_us = self.now_us()
        while self._levers and self._levers[0][0] <= now_us:
            self._levers.pop(0)[1]()
        if now_us >= quantum_us and self.host is not None:
            self.host(now_us)
        self.stopped = self.stopped or now_us >= self.end_us

    def entropy(self, n: int) -> bytes:
        """The emulated board's generator: the same bytes for the same seed."""
        out = ffi.new("uint8_t[]", max(n, 1))
        lib.board_entropy_read(self.parts.board.memory, out, n)
        return bytes(ffi.buffer(out, n))
