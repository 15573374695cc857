"""The radar chip on a board of its own, without firmware: in this process, or at the other end of a socket.

Rule: what happens is the chip's business; here are pins, time and the supply of samples.
"""

from __future__ import annotations

from typing import Any

from hw_sim.board import CHIP_CLOCK_NS
from hw_sim.chip.chip import Chip, ChipOptions
from hw_sim.chip.core import ANY_TIME_NS, ffi, lib
from hw_sim.radar_bus import RadarBus
from hw_sim.sample_sources import sample_source


class BareBoard(RadarBus):
    """A powered board in this process. source: "ramp", "silence", a Scene, a sample source, uint16[frame, ...].

    options: of the chip. timed: transfers take the time of their SPI clock. real_time: see RadarBus.
    Raises ValueError for a source that is none, or whose frames are not of the size that the registers programme.
    """

    def __init__(
        self,
        source: Any = "ramp",
        seed: int = 1,
        options: ChipOptions | None = None,
        *,
        timed: bool = False,
        real_time: bool = False,
    ) -> None:
        super().__init__(real_time)
        self.chip = Chip(options)
        self._spi_hz = (options or ChipOptions()).spi_hz
        self.timed = timed or self._spi_hz != 0
        if self.timed:
            self.chip.ask(self._supply)
        self._source = sample_source(source)
        self._pointer = self.chip.pointer
        self._now_ns = 0

    def close(self) -> None:
        """Ends the source's worker."""
        end = getattr(self._source, "close", None)
        if end is not None:
            end()

    def _rst(self, level: int) -> None:
        lib.chip_reset_pin(self._pointer, level)

    def _cs(self, level: int) -> None:
        lib.chip_cs(self._pointer, level)

    def _xfer(self, tx: Any, rx: Any, n: int) -> None:
        tx = ffi.NULL if tx is None else ffi.from_buffer("uint8_t[]", tx)
        lib.chip_xfer(self._pointer, tx, ffi.NULL if rx is None else ffi.from_buffer("uint8_t[]", rx), n)
        if self._spi_hz:
            self.chip.raise_asked()

    def _irq(self) -> int:
        return int(lib.chip_irq(self._pointer))

    def _time_ns(self) -> int:
        return max(self._now_ns, self.chip.time_ns)

    @property
    def spi_hz(self) -> int:
        """SPI clock; 0: transfers take no time."""
        return self._spi_hz

    @spi_hz.setter
    def spi_hz(self, value: int) -> None:
        if not self.timed:
            raise ValueError("spi_hz: expected a board opened with timed=True")
        self._spi_hz = value
        self.chip.set_spi_hz(value)

    def _advance(self, ns: int) -> None:
        self._go_to(self._time_ns() + ns)

    def _wait_irq(self, max_ns: int) -> bool:
        end_ns = self._time_ns() + max_ns
        while not self._irq() and self._time_ns() < end_ns:
            self._go_to(min(end_ns, max(self.chip.next_event_ns, self._time_ns())))
        return bool(self._irq())

    def _go_to(self, t_ns: int) -> None:
        self.chip.advance(t_ns)
        while self.chip.needs_samples:
            self._supply()
            self.chip.advance(t_ns)
        self._now_ns = t_ns

    def _supply(self) -> None:
        first_ns = self.chip.next_frame_ns
        with self.standing_still():
            frames = self._source.block(round(first_ns / CHIP_CLOCK_NS), self.chip.radar())
        self.chip.set_samples(frames, ANY_TIME_NS if self._source.any_time else first_ns)
