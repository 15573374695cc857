"""A Pi as the firmware's board: everything opened, and the functions of sw_hal in Python.

Rule: an error of a bus is the firmware's to notice: it gets a negative number, and here it is counted and told once.
A bug of ours is kept and raised by the loop; nothing is raised through C.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from edge.core import load
from edge.hal.raspberry_pi import i2c, kernel, light, sound, spi
from edge.hal.raspberry_pi.flash_file import FlashFile, Start
from edge.hal.raspberry_pi.modules import Modules
from edge.hal.raspberry_pi.pins import PiPins
from edge.hal.raspberry_pi.settings import PiSettings
from edge.hal.raspberry_pi.troubles import PiTrouble, i2c_trouble, spi_trouble

FAILED = -1
GONE = (errno.ENODEV, errno.ESHUTDOWN, errno.EBADF)
"""Errors that no later try mends: the device file's driver was unbound."""
FEED_EVERY_US = 1_000_000


class DeviceLostError(RuntimeError):
    """A device file stopped to work while it was open; one line."""


class Line(Protocol):
    """The serial line: what waits, what is taken; neither blocks."""

    def read(self) -> bytes: ...
    def write(self, data: bytes) -> int: ...


@dataclass(frozen=True)
class World:
    """What differs between a real Pi and a test: times, chance, the system's state.

    now_us: since the process began, monotonic. now_ns: the clock of GPIO time stamps. utc_us, synchronised: the kernel's
    clock. start: runs the writing of the flash file. say: one line to the log.
    """

    now_us: Callable[[], int]
    now_ns: Callable[[], int]
    utc_us: Callable[[], int]
    synchronised: Callable[[], bool]
    entropy: Callable[[int], bytes]
    start: Start
    spawn: sound.Spawn
    notify: kernel.Notify
    say: Callable[[str], None]
    boot_id: str = ""


class RaspberryPi:
    """burst_bytes: of a frame in the chip's FIFO. Raises PiTrouble, SettingsError, FlashFileError. Close it."""

    def __init__(self, settings: PiSettings, modules: Modules, world: World, line: Line, burst_bytes: int) -> None:
        self.settings, self.world, self.line = settings, world, line
        self._ffi, _ = load()  # checks the sources' hash: once
        self.errors: Counter[str] = Counter()
        self.bug: BaseException | None = None
        self.gone = ""
        self._rx = bytearray()
        self.uart_fresh = False
        self._spi_end_ns = 0
        self._flash_told = 0
        self._own_watchdog = False
        self._fed_us = -FEED_EVERY_US
        self._duties = (0, 0, 0)
        with ExitStack() as stack:
            self._device = open_spi(settings, modules)
            stack.callback(self._device.close)
            self.spi = spi.RadarSpi(self._device, burst_bytes, spi.kernel_bufsiz(settings.sys))
            self.pins = PiPins(modules.gpiod, settings.gpio_chip, settings.pins, light.pin_of(settings.light))
            stack.callback(self.pins.close)
            self.lamp = light.open_light(settings.light, settings.sys, self.pins.light)
            stack.callback(lambda: self._dark())
            self.i2c = i2c.PiI2c(
                self._bus(modules),
                modules.smbus2.i2c_msg,
                i2c.SystemClock(world.utc_us, world.synchronised),
                world.now_ns,
            )
            stack.callback(self.i2c.close)
            self.flash = FlashFile(settings.flash, world.start, settings.flash_bytes)
            stack.callback(lambda: self.flash.close())
            if self.flash.found:
                world.say(self.flash.found)
            self.sound = sound.Sound(settings.sound, world.spawn, world.say)
            stack.callback(self.sound.close)
            self.last_run = kernel.LastRun(settings.state, world.boot_id)
            stack.callback(self.last_run.close)
            self._stack = stack.pop_all()
        self._keep: list[Any] = []

    def _bus(self, modules: Modules) -> Any:
        """The I2C bus, or None: the device works without its parts."""
        if self.settings.i2c_bus is None:
            return None
        try:
            return i2c.open_bus(modules, self.settings.i2c_bus)
        except OSError as error:
            self.world.say(
                f"{i2c_trouble(error, self.settings.i2c_path)} (going on without clock chip and room sensors)"
            )
            return None

    def _dark(self) -> None:
        with suppress(PiTrouble, OSError):
            self.lamp.set((0, 0, 0))

    def close(self) -> None:
        """The chip is silent, the lines are given back, the file says that it ended by itself."""
        self._stack.close()

    # for the loop

    def collect(self) -> None:
        """What has happened on lines and line since the last time."""
        self.pins.collect()
        piece = self.line.read()
        if piece:
            self._rx += piece
            self.uart_fresh = True

    def irq_counts(self, t_ns: int) -> bool:
        """An edge counts while the line is high; one before our last access that has fallen again was its doing."""
        return bool(self.pins.radar_irq()) or t_ns > self._spi_end_ns

    def waiting(self) -> int:
        """Bytes of the host that the firmware has not read."""
        return len(self._rx)

    def watch(self, now_us: int) -> None:
        """Once a turn: what has failed behind the firmware's back is told."""
        if self.flash.failures > self._flash_told:
            self.world.say(self.flash.last_failure)
        self._flash_told = self.flash.failures

    def alive(self) -> None:
        """The loop goes round: that feeds the watchdog while the firmware does not do it itself."""
        if not self._own_watchdog:
            self.watchdog_feed()

    def raise_trouble(self) -> None:
        """What was caught in a callback. Raises DeviceLostError."""
        if self.bug is not None:
            raise self.bug
        if self.gone:
            raise DeviceLostError(f"device lost: {self.gone}")

    # what the firmware calls, by the names of sw_hal

    def spi_cs(self, level: int) -> int:
        self._spi_end_ns = self.world.now_ns()
        return self.spi.cs(level)

    def spi_xfer(self, tx: Any, rx: Any, n: int) -> int:
        ffi = self._ffi
        sent = None if tx == ffi.NULL else bytes(ffi.buffer(tx, n))
        got = self.spi.xfer(sent, n)
        self._spi_end_ns = self.world.now_ns()
        if rx != ffi.NULL:
            ffi.memmove(rx, got, n)
        return 0

    def radar_reset(self, level: int) -> int:
        return self.pins.radar_reset(level)

    def radar_irq(self) -> int:
        return self.pins.radar_irq()

    def standby_switch(self) -> int:
        return self.pins.standby_switch()

    def button(self) -> int:
        return self.pins.button()

    def buzzer(self, level: int) -> int:
        self.sound.ring(level)
        return self.pins.buzzer(level)

    def light(self, *duties: int) -> int:
        self._duties = (duties[0], duties[len(duties) // 2], duties[-1])
        self.lamp.set(self._duties)
        return 0

    def i2c_transfer(self, address: int, tx: Any, tx_n: int, rx: Any, rx_n: int) -> int:
        ffi = self._ffi
        got = self.i2c.transfer(address, bytes(ffi.buffer(tx, tx_n)) if tx_n else b"", rx_n)
        if got is None:
            return FAILED
        if rx_n:
            ffi.memmove(rx, got, rx_n)
        return 0

    def flash_read(self, address: int, into: Any, n: int) -> int:
        ffi = self._ffi
        got = self.flash.read(address, n)
        if got is None:
            return FAILED
        ffi.memmove(into, got, n)
        return 0

    def flash_program(self, address: int, data: Any, n: int) -> int:
        ffi = self._ffi
        return self.flash.program(address, bytes(ffi.buffer(data, n)))

    def flash_erase(self, address: int) -> int:
        return self.flash.erase(address)

    def flash_busy(self) -> int:
        return self.flash.busy()

    def uart_write(self, data: Any, n: int) -> int:
        ffi = self._ffi
        return self.line.write(bytes(ffi.buffer(data, n)))

    def uart_read(self, into: Any, capacity: int) -> int:
        ffi = self._ffi
        n = min(capacity, len(self._rx))
        ffi.memmove(into, bytes(self._rx[:n]), n)
        del self._rx[:n]
        return n

    def entropy_read(self, into: Any, n: int) -> int:
        ffi = self._ffi
        ffi.memmove(into, self.world.entropy(n), n)
        return 0

    def watchdog_start(self, timeout_ms: int) -> int:
        """systemd's watchdog has its time from the unit. From now on only the firmware itself feeds it."""
        self._own_watchdog = True
        return self.watchdog_feed()

    def watchdog_feed(self) -> int:
        now_us = self.world.now_us()
        if now_us - self._fed_us >= FEED_EVERY_US:
            self._fed_us = now_us
            self.world.notify.say("WATCHDOG=1")
        return 0

    def reset_cause(self) -> int:
        return self.last_run.reset_cause

    def hal(self) -> Any:
        """An sw_hal whose functions are these methods; it lives as long as this object."""
        ffi = self._ffi
        made = ffi.new("sw_hal *")
        for name, member in ffi.typeof("sw_hal").fields:
            if member.type.kind == "pointer" and member.type.item.kind == "void":
                continue  # Python knows its own context
            callback = ffi.callback(member.type, self._guarded(name), error=FAILED)
            self._keep.append(callback)
            setattr(made, name, callback)
        self._keep.append(made)
        return made

    def _guarded(self, name: str) -> Callable[..., int]:
        method: Callable[..., int] = getattr(self, name)

        def call(_context: Any, *rest: Any) -> int:
            try:
                return method(*rest)
            except (OSError, PiTrouble) as error:
                self._note(name, error)
            except BaseException as error:
                self.bug = self.bug or error
            return FAILED

        return call

    def _note(self, name: str, error: Exception) -> None:
        self.errors[name] += 1
        if isinstance(error, OSError) and error.errno in GONE:
            self.gone = self.gone or f"{name}: {error.strerror or error}"
        elif self.errors[name] == 1:
            self.world.say(f"{name}: {error}; told once, the device goes on trying")


def open_spi(settings: PiSettings, modules: Modules) -> Any:
    """The SPI device, set up. Raises PiTrouble."""
    device = modules.spi()
    try:
        return spi.open_spi(device, settings.spi, settings.spi_hz)
    except OSError as error:
        device.close()
        raise spi_trouble(error, settings.spi_path) from None
