"""The compiled board as Python holds it: memory, faults, samples in, bytes out.

Rule: one call runs many frames; nothing here is called per frame. The device under test is two
addresses (step function, context), so that no header is shared with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from hw_sim.radar_view import RadarView

Samples = npt.NDArray[np.uint16]
NEVER_US = 2**64 - 1
CHIP_CLOCK_NS = 12.5

HAL_FUNCTIONS = {
    "spi_cs": "board_spi_cs",
    "spi_xfer": "board_spi_xfer",
    "radar_reset": "board_radar_reset",
    "radar_irq": "board_radar_irq",
    "standby_switch": "board_standby_switch",
    "uart_write": "board_uart_write",
    "uart_read": "board_uart_read",
    "entropy_read": "board_entropy_read",
}
VIEW_FIELDS = tuple(RadarView.__dataclass_fields__)


class BoardFailed(RuntimeError):
    """The device under test died, hung or asked for the impossible; one line."""


class SampleSource(Protocol):
    """Where frames come from."""

    any_time: bool
    """True: the first frame may start at any time (a recording)."""

    def block(self, first_clock: int, view: RadarView) -> Samples:
        """Frames from the one that starts at first_clock (12.5 ns clocks since power-on).

        Returns uint16[frame, chirp * sample * rx] in FIFO order; no frames: the source has ended.
        The memory stays untouched until the next call but one has returned.
        """


@dataclass(frozen=True)
class Faults:
    """Faults of the board, off by default.

    miso_and, miso_or: masks on every received byte (miso_fifo_only: only on FIFO burst data).
    miso_from_us, irq_low_from_us: from then on, us; None: never.
    """

    miso_from_us: int | None = None
    miso_and: int = 0xFF
    miso_or: int = 0
    miso_fifo_only: bool = True
    irq_low_from_us: int | None = None


@dataclass(frozen=True)
class Sent:
    """What the device put on the line in one run. marks: (t_us, number of bytes) of each write, in order."""

    data: bytes
    marks: list[tuple[int, int]] = field(default_factory=list)


class Board:
    """One emulated board at virtual time 0. seed: of its entropy. gsr0_vendor_order: see chip.h."""

    def __init__(self, seed: int, faults: Faults | None = None, gsr0_vendor_order: bool = False) -> None:
        from hw_sim.chip.core import ffi, lib

        self.ffi: Any = ffi
        self.lib: Any = lib
        self.chip = self.ffi.new("char[]", self.lib.chip_size())
        self.lib.chip_init(self.chip, int(gsr0_vendor_order))
        self.board = self.ffi.new("board *")
        self.lib.board_init(self.board, self.chip, seed & 0xFFFF_FFFF_FFFF_FFFF)
        self._set_faults(faults or Faults())
        self._alive: list[Any] = []  # blocks the chip may still read
        self.source_ended = False

    def _set_faults(self, faults: Faults) -> None:
        target = self.board.faults
        target.miso_from_us = NEVER_US if faults.miso_from_us is None else faults.miso_from_us
        target.miso_and, target.miso_or = faults.miso_and, faults.miso_or
        target.miso_scope = self.lib.BOARD_MISO_FIFO if faults.miso_fifo_only else self.lib.BOARD_MISO_WHOLE
        target.irq_low_from_us = NEVER_US if faults.irq_low_from_us is None else faults.irq_low_from_us

    @property
    def context(self) -> int:
        """Address every HAL function wants as its first argument."""
        return int(self.ffi.cast("uintptr_t", self.board))

    def hal_addresses(self) -> dict[str, int]:
        """Addresses of the HAL functions by the field names of the firmware's table."""
        return {
            name: int(self.ffi.cast("uintptr_t", self.ffi.addressof(self.lib, function)))
            for name, function in HAL_FUNCTIONS.items()
        }

    def bind_device(self, step_address: int, context_address: int) -> None:
        """The device under test: its step function and the pointer it is called with."""
        step = self.ffi.cast("board_step_fn", step_address)
        self.lib.board_device(self.board, step, self.ffi.cast("void *", context_address))

    @property
    def now_us(self) -> int:
        return int(self.board.now_us)

    def view(self) -> RadarView:
        """What the registers programme now."""
        raw = self.ffi.new("chip_radar_view *")
        self.lib.chip_radar(self.chip, raw)
        return RadarView(**{name: getattr(raw, name) for name in VIEW_FIELDS})

    def transmitting(self) -> bool:
        raw = self.ffi.new("chip_radar_view *")
        self.lib.chip_radar(self.chip, raw)
        return bool(raw.transmitting)

    def chip_counters(self) -> dict[str, int]:
        raw = self.ffi.new("chip_counters *")
        self.lib.chip_get_counters(self.chip, raw)
        return {name: int(getattr(raw, name)) for name in dir(raw) if name != "reserved"}

    def run(self, until_us: int, source: SampleSource, stop: Callable[[], bool] | None = None) -> None:
        """Gives every event before until_us. stop: asked at each block of samples, ends the run early.

        Raises BoardFailed with the reason when the device under test fails.
        """
        while (status := self.lib.board_run(self.board, until_us)) == self.lib.BOARD_NEED_SAMPLES:
            self._feed(source)
            if stop is not None and stop():
                return
        if status != self.lib.BOARD_DONE:
            raise BoardFailed(self.ffi.string(self.board.reason).decode())

    def _feed(self, source: SampleSource) -> None:
        first_ns = self.lib.chip_next_frame_ns(self.chip)
        frames = source.block(round(first_ns / CHIP_CLOCK_NS), self.view())
        if len(frames) == 0:
            self.source_ended = True
        memory = self.ffi.from_buffer("uint16_t[]", frames) if len(frames) else self.ffi.NULL
        self._alive = [frames, memory]
        start = self.lib.CHIP_ANY_TIME_NS if source.any_time else first_ns
        self.lib.chip_samples_set(self.chip, memory, len(frames), start)

    def take(self) -> Sent:
        """The bytes the device sent since the last call."""
        data = bytes(self.ffi.buffer(self.board.tx, self.board.tx_n))
        marks = [(self.board.marks[i].t_us, self.board.marks[i].n) for i in range(self.board.mark_n)]
        self.lib.board_host_drained(self.board)
        return Sent(data, marks)

    def give(self, data: bytes) -> int:
        """Bytes from the host onto the device's serial line. Returns how many found room."""
        return int(self.lib.board_host_write(self.board, data, len(data))) if data else 0

    def set_standby(self, on: bool) -> None:
        """The user's switch."""
        self.lib.board_standby_set(self.board, int(on))
