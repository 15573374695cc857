"""The compiled board as Python holds it: memory, faults, samples in, bytes out.

Rule: one call runs many frames; nothing here is called per frame. The device under test is two
addresses (step function, context), so that no header is shared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

import numpy as np
import numpy.typing as npt

from hw_sim.board_faults import BUS_FAULTS
from hw_sim.board_faults import Faults as Faults
from hw_sim.bus_trace import BusTrace, Event
from hw_sim.chip.chip import Chip, ChipFaults, ChipOptions
from hw_sim.chip.core import ANY_TIME_NS, ffi, function_address, lib
from hw_sim.flash_chip import FLASH_BYTES as FLASH_BYTES
from hw_sim.flash_chip import FlashContent, FlashPages
from hw_sim.radar_view import RadarView

Samples = npt.NDArray[np.uint16]
NEVER_US = 2**64 - 1
CHIP_CLOCK_NS = 12.5
PIN_NAMES = ("buzzer", "light", "red", "green", "blue")
RESETS = ("power", "pin", "watchdog", "dip")

TraceSink = Callable[[Iterator[Event]], None]
"""Gets the events of the wires in order, each once."""

PinEdge = tuple[int, str, int]
"""(t_us, pin, value): buzzer 0 or 1; red, green, blue 0 dark .. 65535 full; light: the brightest of the three."""

RoomPoint = tuple[int, int, int, int]
"""(board time us, 1e-3 degree Celsius, 1e-3 percent relative humidity, 1e-3 lx)."""

HAL_FUNCTIONS = {
    "spi_cs": "board_spi_cs",
    "spi_xfer": "board_spi_xfer",
    "radar_reset": "board_radar_reset",
    "radar_irq": "board_radar_irq",
    "standby_switch": "board_standby_switch",
    "button": "board_button",
    "buzzer": "board_buzzer",
    "light": "board_light",
    "i2c_transfer": "board_i2c_transfer",
    "flash_read": "board_flash_read",
    "flash_program": "board_flash_program",
    "flash_erase": "board_flash_erase",
    "flash_busy": "board_flash_busy",
    "uart_write": "board_uart_write",
    "uart_read": "board_uart_read",
    "entropy_read": "board_entropy_read",
    "watchdog_start": "board_watchdog_start",
    "watchdog_feed": "board_watchdog_feed",
    "reset_cause": "board_reset_cause",
}


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


class NoSamples:
    """A source that never has a frame."""

    any_time = True

    def block(self, first_clock: int, view: RadarView) -> Samples:
        return np.zeros((0, 1), np.uint16)

    def close(self) -> None:
        """Nothing to end."""


@dataclass(frozen=True)
class Sent:
    """What the device put on the line in one run. marks: (t_us, number of bytes) of each write, in order."""

    data: bytes
    marks: list[tuple[int, int]] = field(default_factory=list)


class Board:
    """One emulated board at virtual time 0. seed: of its entropy. options: of its radar chip.

    flash_bytes: size of its NOR flash, see FlashPages; what is not used of it costs no memory.
    """

    def __init__(
        self,
        seed: int,
        faults: Faults | None = None,
        options: ChipOptions | None = None,
        flash_bytes: int = FLASH_BYTES,
    ) -> None:
        faults = faults or Faults()
        self.made_with = faults
        self.chip_options = options = options or ChipOptions()
        self.chip = Chip(faults.of_chip(options))
        self._timed = self._born_timed = options.spi_hz != 0
        self.chip_faults = ChipFaults()
        self.memory: Any = ffi.new("board *")
        pages = FlashPages(flash_bytes)
        lib.board_init(self.memory, self.chip.pointer, pages.bytes, pages.size, seed & 0xFFFF_FFFF_FFFF_FFFF)
        self.nor_flash = FlashContent(ffi.addressof(self.memory, "flash"), pages)
        self.set_faults(faults)
        lib.rtc_init(ffi.addressof(self.memory, "clock"), faults.clock_ppb)
        self.source_ended = False
        self.fed: tuple[int, RadarView] | None = None  # what the lent samples were asked with
        self.running = False
        self.last_words: Callable[[], str] = str  # what a device in another process said of its end
        self.on_reset: Callable[[], None] | None = None  # starts the device after a reset of the board's own
        self.interrupted: BaseException | None = None  # what ended the wait for such a device
        self._pin_log: list[PinEdge] = []
        self._trace: BusTrace | None = None
        self._sink: TraceSink | None = None

    def set_faults(self, faults: Faults) -> None:
        """The board's faults from now on; the clock chip's error stays what it was at power-on."""
        target = ffi.new("board_faults *")
        for name in BUS_FAULTS:
            value = getattr(faults, name)
            setattr(target, name, NEVER_US if value is None else int(value))
        target.miso_scope = lib.BOARD_MISO_FIFO if faults.miso_fifo_only else lib.BOARD_MISO_WHOLE
        lib.board_set_faults(self.memory, target)
        self._set_flash_faults(faults)
        self.memory.climate.wrong_crc = faults.climate_crc
        self.memory.room.glare_mlux = min(round(1000 * faults.glare_lux), 2**32 - 1)
        if self.memory.clock.stopped != faults.clock_stopped:
            lib.rtc_stop(ffi.addressof(self.memory, "clock"), self.now_us, int(faults.clock_stopped))
        if self.memory.pins.button_stuck != faults.button_stuck:
            lib.board_button_stick(self.memory, int(faults.button_stuck))

    def _set_flash_faults(self, faults: Faults) -> None:
        flash, stuck_us = self.memory.flash, faults.flash_stuck_from_us
        flash.stuck_from_us = NEVER_US if stuck_us is None else stuck_us
        flash.program_us, flash.erase_us = faults.flash_program_us, faults.flash_erase_us
        flash.endurance = faults.flash_endurance

    def set_chip_faults(self, faults: ChipFaults) -> None:
        """What goes wrong with the radar chip from now on; by chance as the board's seed has it."""
        self.know_chip_faults(faults)
        self.chip.set_faults(faults, int(self.memory.seed))

    def know_chip_faults(self, faults: ChipFaults) -> None:
        """The chip has these already, in its memory: what the board's own side follows from."""
        self._timed = self._born_timed or faults.spi_hz != 0
        self.chip_faults = faults

    def brown_out(self) -> None:
        """The radar chip alone loses its power for a moment, now."""
        lib.board_brown_out(self.memory)

    def busy(self, us: int) -> None:
        """The device takes no event for so long; what was due then is given late."""
        lib.board_busy(self.memory, us)

    @property
    def context(self) -> int:
        """Address every HAL function wants as its first argument."""
        return int(ffi.cast("uintptr_t", self.memory))

    def bind_device(self, step_address: int, context_address: int) -> None:
        """The device under test: its step function and the pointer it is called with."""
        step = ffi.cast("board_step_fn", step_address)
        lib.board_device(self.memory, step, ffi.cast("void *", context_address))

    @property
    def now_us(self) -> int:
        return int(self.memory.now_us)

    @property
    def reason(self) -> str:
        """Why the run failed; empty while it has not."""
        why = str(ffi.string(self.memory.reason).decode())
        said = self.last_words() if why else ""
        return f"{why}: {said}" if said else why

    def run(self, until_us: int, source: SampleSource, stop: Callable[[], bool] | None = None) -> bool:
        """Gives every event before until_us. stop: asked when samples are needed, ends the run early: False.

        Raises BoardFailed with the reason when the device under test fails.
        """
        if self._timed:
            self.chip.ask(lambda: None if stop is not None and stop() else self._feed(source))
        while (status := self._run(until_us)) in (lib.BOARD_NEED_SAMPLES, lib.BOARD_DRAIN_TRACE, lib.BOARD_RESET):
            if status == lib.BOARD_DRAIN_TRACE:
                continue
            if status == lib.BOARD_RESET:
                self._start_again()
                continue
            self.chip.raise_asked()
            if stop is not None and stop():
                return False
            self._feed(source)
        self.chip.raise_asked()
        if status != lib.BOARD_DONE:
            self.raise_failed()
        return True

    def _start_again(self) -> None:
        """Watchdog or supply have reset the device. Raises BoardFailed when nobody can start it."""
        if self.on_reset is None:
            raise BoardFailed(f"the device was reset ({self.reset_cause}), and it cannot be started again here")
        self.on_reset()

    @property
    def reset_cause(self) -> str:
        """Why the device's present life began: power, pin, watchdog or dip."""
        return RESETS[self.memory.reset_cause]

    def raise_failed(self) -> NoReturn:
        """Raises BoardFailed with the reason, or what interrupted the wait for the device."""
        raise self.interrupted or BoardFailed(self.reason)

    def _run(self, until_us: int) -> int:
        self.running = True
        status = int(lib.board_run(self.memory, until_us))
        self.running = False
        self._drain_trace()
        return status

    def trace(self, sink: TraceSink | None, spi_bytes: int | None = None) -> None:
        """From now on sink gets what happens on the wires, in pieces. spi_bytes: see BusTrace. None: no more."""
        try:
            self._drain_trace()
        finally:  # a sink that fails gets nothing more
            self._sink = sink
            self._trace = None if sink is None else BusTrace(spi_bytes)
            lib.board_trace(self.memory, ffi.NULL if self._trace is None else self._trace.memory)

    def _drain_trace(self) -> None:
        if self._trace is not None and self._sink is not None:
            self._sink(self._trace.drain())
            if lost := self._trace.take_lost():
                raise BoardFailed(f"{lost} records of the bus trace found no room")

    def _feed(self, source: SampleSource) -> None:
        first_ns = self.chip.next_frame_ns
        self.fed = round(first_ns / CHIP_CLOCK_NS), self.chip.radar()
        frames = source.block(*self.fed)
        self.source_ended = len(frames) == 0
        self.chip.set_samples(frames, ANY_TIME_NS if source.any_time else first_ns)

    def take(self) -> Sent:
        """The bytes the device sent since the last call."""
        memory = self.memory
        data = bytes(ffi.buffer(memory.tx, memory.tx_n))
        marks = [(memory.marks[i].t_us, memory.marks[i].n) for i in range(memory.mark_n)]
        lib.board_host_drained(memory)
        self._drain_pins()
        return Sent(data, marks)

    def give(self, data: bytes) -> int:
        """Bytes from the host onto the device's serial line. Returns how many found room."""
        return int(lib.board_host_write(self.memory, data, len(data))) if data else 0

    def set_standby(self, on: bool) -> None:
        """The user's switch."""
        lib.board_standby_set(self.memory, int(on))

    def press(self, level: int) -> None:
        """The button: 1 pressed, 0 released, at the present time."""
        lib.board_button_set(self.memory, level)

    def power_cycle(self) -> None:
        """Power off and on: pins and line fall silent, flash and clock chip stay. The device's memory is the caller's.

        The device gets POWER_ON at the next run and counts its time from 0 again.
        """
        self.pin_log()
        lib.board_power_cycle(self.memory)

    def dip(self) -> None:
        """The supply dips: as a power cycle, but a flash operation goes on, and the device knows."""
        self.pin_log()
        lib.board_dip(self.memory)

    def reset_device(self) -> None:
        """The microcontroller's reset: as a power cycle, but the radar chip goes on as it is."""
        self.pin_log()
        lib.board_device_reset(self.memory)

    def pin_log(self) -> list[PinEdge]:
        """Every change of an output pin since virtual time 0. Raises BoardFailed when changes were lost."""
        self._drain_pins()
        return list(self._pin_log)

    def forget_pins(self, log: list[PinEdge]) -> None:
        """From now on the log is this one, and goes on."""
        self._pin_log = list(log)

    def _drain_pins(self) -> None:
        pins = self.memory.pins
        edges = ((pins.log[i].t_us, PIN_NAMES[pins.log[i].pin], pins.log[i].value) for i in range(pins.n))
        self._pin_log.extend(edges)
        lib.board_pins_drained(self.memory)
        if pins.lost:
            raise BoardFailed(f"{pins.lost} changes of pins found no room: call pin_log more often")

    @property
    def flash(self) -> bytes:
        """Content of the NOR flash, up to the last sector that anything was done to, and 64 KB at least."""
        return self.nor_flash.all()

    def load_flash(self, content: bytes) -> None:
        """Puts in what an earlier life left; missing bytes are erased. Raises ValueError when it is too long."""
        self.nor_flash.load(content)

    def rtc_set(self, utc_us: int) -> None:
        """The clock chip as if somebody who knows the time had set it now."""
        lib.rtc_set(ffi.addressof(self.memory, "clock"), self.now_us, utc_us)

    def set_room(self, points: Sequence[RoomPoint]) -> None:
        """Climate and light from now on: points in order of time, straight lines between. Raises ValueError."""
        made = ffi.new("room_point[]", [(t_us, *values, 0) for t_us, *values in points])
        if lib.room_set(ffi.addressof(self.memory, "room"), made, len(points)) != 0:
            raise ValueError(f"room: expected 1 to {lib.ROOM_POINTS} points whose times rise, got {len(points)}")

    def cut_power_at_flash(self, n: int, share: float) -> None:
        """The power fails in the n-th operation of the flash from now on (1: the next), share of its time gone."""
        flash = self.memory.flash
        flash.cut_op = flash.programs + flash.erases + n
        flash.cut_permille = round(1000 * share)

    @property
    def flash_wear(self) -> list[int]:
        """How often each sector of the NOR flash was erased."""
        return self.nor_flash.wear

    @property
    def flash_operations(self) -> tuple[int, int, int]:
        """Programs, erases, and those that lost their power."""
        flash = self.memory.flash
        return int(flash.programs), int(flash.erases), int(flash.torn)

    @property
    def clock_valid(self) -> bool:
        """False while the clock chip says that it lost its time."""
        return not self.memory.clock.registers[lib.RTC_STATUS] & lib.RTC_PORF

    def rtc_lose(self) -> None:
        """The clock chip loses main and back-up power: its time is gone and it says so."""
        lib.rtc_lose(ffi.addressof(self.memory, "clock"), self.now_us)


def hal_addresses() -> dict[str, int]:
    """Addresses of the board's HAL functions by the field names of the firmware's table."""
    return {name: function_address(function) for name, function in HAL_FUNCTIONS.items()}
