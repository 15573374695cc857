"""The functions of the Python package RPi.GPIO, on an emulated board.

Rule: names, numbers and errors are those of the package; what drives nothing on this board is kept, not refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from hw_sim.raspberry_pi.header_pins import EdgeWatch, Header, PinEdge

# BOARD number of a pin on the header -> BCM number
BCM_OF_BOARD = {
    3: 2, 5: 3, 7: 4, 8: 14, 10: 15, 11: 17, 12: 18, 13: 27, 15: 22, 16: 23, 18: 24, 19: 10, 21: 9, 22: 25, 23: 11,
    24: 8, 26: 7, 29: 5, 31: 6, 32: 12, 33: 13, 35: 19, 36: 16, 37: 26, 38: 20, 40: 21,
}  # fmt: skip
VERSION = "0.7.1"


class RpiGpio:
    """The functions and constants of RPi.GPIO. Errors: RuntimeError (order of calls), ValueError (channel, value)."""

    BOARD, BCM, UNKNOWN = 10, 11, -1
    OUT, IN, SPI, I2C = 0, 1, 41, 42
    LOW, HIGH = 0, 1
    PUD_OFF, PUD_DOWN, PUD_UP = 20, 21, 22
    RISING, FALLING, BOTH = 31, 32, 33

    def __init__(self, header: Header) -> None:
        self._header = header
        self._mode: int | None = None
        self._setup: dict[int, tuple[int, int]] = {}  # BCM number -> (IN or OUT, pull)
        self._watches: dict[int, EdgeWatch] = {}
        self._detected: dict[int, bool] = {}
        self._calls: dict[int, list[Callable[[int], Any]]] = {}

    def setmode(self, mode: int) -> None:
        """BCM or BOARD numbers."""
        if mode not in (self.BCM, self.BOARD):
            raise ValueError(f"mode: expected BCM or BOARD, got {mode!r}")
        if self._mode not in (None, mode):
            raise ValueError("mode: another one has been set")
        self._mode = mode

    def getmode(self) -> int | None:
        return self._mode

    def setwarnings(self, on: bool) -> None:
        """There are none."""

    def _bcm(self, channel: int) -> int:
        if self._mode is None:
            raise RuntimeError("expected GPIO.setmode(GPIO.BCM) or GPIO.setmode(GPIO.BOARD) first")
        found = BCM_OF_BOARD.get(channel) if self._mode == self.BOARD else channel if 0 <= channel < 28 else None
        if found is None:
            raise ValueError(f"channel {channel}: no GPIO of a Raspberry Pi")
        return found

    def _each(self, channels: int | Iterable[int]) -> list[int]:
        return [self._bcm(one) for one in ([channels] if isinstance(channels, int) else channels)]

    def setup(
        self, channels: int | Iterable[int], direction: int, pull_up_down: int = PUD_OFF, initial: int = -1
    ) -> None:
        """Inputs or outputs. initial: level of outputs."""
        for pin in self._each(channels):
            self._setup[pin] = direction, pull_up_down
            if direction == self.IN:
                self._header.let_go(pin)
            elif initial >= 0:
                self._header.drive(pin, int(bool(initial)))

    def _checked(self, channel: int) -> int:
        pin = self._bcm(channel)
        if pin not in self._setup:
            raise RuntimeError(f"channel {channel}: expected GPIO.setup() first")
        return pin

    def output(self, channels: int | Iterable[int], values: Any) -> None:
        """Outputs take levels."""
        pins = [channels] if isinstance(channels, int) else list(channels)
        levels = list(values) if isinstance(values, (list, tuple)) else [values] * len(pins)
        if len(levels) != len(pins):
            raise RuntimeError("expected as many values as channels")
        for channel, level in zip(pins, levels, strict=True):
            pin = self._checked(channel)
            if self._setup[pin][0] != self.OUT:
                raise RuntimeError(f"channel {channel}: expected an output")
            self._header.drive(pin, int(bool(level)))

    def input(self, channel: int) -> int:
        """Level of a line."""
        pin = self._checked(channel)
        return self._header.read(pin, {self.PUD_UP: 1, self.PUD_DOWN: 0}.get(self._setup[pin][1]))

    def gpio_function(self, channel: int) -> int:
        return self._setup.get(self._bcm(channel), (self.IN, 0))[0]

    def wait_for_edge(self, channel: int, edge: int, bouncetime: int = 0, timeout: int = -1) -> int | None:
        """Time goes on until there is an edge, at most for timeout ms. Returns the channel, or None."""
        watch = self._watched(self._checked(channel), edge)
        try:
            return channel if watch.wait(None if timeout < 0 else timeout / 1e3) else None
        finally:
            watch.close()

    def _watched(self, pin: int, edge: int) -> EdgeWatch:
        if edge not in (self.RISING, self.FALLING, self.BOTH):
            raise ValueError(f"edge: expected RISING, FALLING or BOTH, got {edge!r}")
        return self._header.watch(pin, rising=edge != self.FALLING, falling=edge != self.RISING)

    def add_event_detect(
        self, channel: int, edge: int, callback: Callable[[int], Any] | None = None, bouncetime: int = 0
    ) -> None:
        """Edges are noted, and the callback is called with the channel."""
        pin = self._checked(channel)
        if pin in self._watches:
            raise RuntimeError(f"channel {channel}: edges are detected already")
        watch = self._watches[pin] = self._watched(pin, edge)
        calls = [] if callback is None else [callback]

        def heard(_edge: PinEdge) -> None:
            self._detected[pin] = True
            for call in calls:
                call(channel)

        self._detected[pin] = False
        self._calls[pin] = calls
        self._header.on_edge(watch, heard)

    def add_event_callback(self, channel: int, callback: Callable[[int], Any]) -> None:
        """One more callback for a channel whose edges are detected."""
        pin = self._checked(channel)
        if pin not in self._watches:
            raise RuntimeError(f"channel {channel}: expected add_event_detect() first")
        self._calls[pin].append(callback)

    def event_detected(self, channel: int) -> bool:
        """Was there an edge since the last time?"""
        self._header.board.time_ns()
        self._header.dispatch()
        return self._detected.pop(self._checked(channel), False)

    def remove_event_detect(self, channel: int) -> None:
        watch = self._watches.pop(self._bcm(channel), None)
        if watch is not None:
            self._header.forget(watch)

    def cleanup(self, channels: int | Iterable[int] | None = None) -> None:
        """Lines become inputs again; without channels all, and the numbering is open again."""
        for pin in list(self._setup) if channels is None else self._each(channels):
            watch = self._watches.pop(pin, None)
            if watch is not None:
                self._header.forget(watch)
            if self._setup.pop(pin, None):
                self._header.let_go(pin)
        if channels is None:
            self._mode = None

    def module(self) -> ModuleType:
        """As a module to be imported."""
        made = ModuleType("RPi.GPIO")
        made.__dict__["VERSION"] = VERSION
        for name in dir(self):
            if not name.startswith("_") and name != "module":
                setattr(made, name, getattr(self, name))
        return made
