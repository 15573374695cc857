"""The pins of a radar board for a driver: SPI, reset, interrupt, and time. What every board of this kind has in common.

Rule: one lock around every access; an edge of the interrupt pin is told at its own virtual time, however far one
call moves the clock.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Listener = Callable[[int, int], None]
"""Called with (level, virtual time in ns) at every change of the interrupt pin."""

LOOK_S = 0.0005
"""Real time between two looks at the interrupt pin while a driver waits for it."""


class RadarBus(ABC):
    """A board as a driver holds it. real_time: virtual time follows the wall clock, for drivers that sleep.

    Times are ns since power-on. Without real_time they move in advance() and wait_irq() alone, and in xfer()
    when the board was given an SPI clock.
    """

    timed = False
    """True: spi_hz may be set, and transfers take time."""

    def __init__(self, real_time: bool = False) -> None:
        self.lock = threading.RLock()
        self.real_time = real_time
        self._wall_s = time.monotonic()
        self._listeners: list[Listener] = []
        self._level = 0

    # What a board supplies: no lock, no listener.
    @abstractmethod
    def _rst(self, level: int) -> None: ...
    @abstractmethod
    def _cs(self, level: int) -> None: ...
    @abstractmethod
    def _xfer(self, tx: Any, rx: Any, n: int) -> None:
        """tx: n bytes or None for FF; rx: n bytes to fill, or None."""

    @abstractmethod
    def _irq(self) -> int: ...
    @abstractmethod
    def _advance(self, ns: int) -> None: ...
    @abstractmethod
    def _wait_irq(self, max_ns: int) -> bool: ...
    @abstractmethod
    def _time_ns(self) -> int: ...
    @abstractmethod
    def close(self) -> None:
        """Ends the board; a second time does nothing."""

    @property
    def spi_hz(self) -> int:
        """SPI clock; 0: transfers take no time."""
        return 0

    @spi_hz.setter
    def spi_hz(self, value: int) -> None:
        raise ValueError("spi_hz: expected a board opened with timed=True")

    def _window(self, tx: bytes | bytearray) -> bytes:
        """One chip-select window."""
        rx = bytearray(len(tx))
        self._cs(0)
        self._xfer(tx, rx, len(tx))
        self._cs(1)
        return bytes(rx)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rst(self, level: int) -> None:
        """The reset pin, active low."""
        with self.lock:
            self._follow()
            self._rst(_level(level))
            self._look()

    def cs(self, level: int) -> None:
        """Chip select, active low."""
        with self.lock:
            self._follow()
            self._cs(_level(level))
            self._look()

    def xfer(self, tx: bytes | bytearray | memoryview | None, n: int | None = None) -> bytes:
        """Full duplex within the present chip-select window; returns MISO. tx None sends n bytes FF."""
        rx = bytearray(_length(tx, n))
        self.xfer_into(tx, rx)
        return bytes(rx)

    def xfer_into(self, tx: Any, rx: Any) -> None:
        """As xfer, without a copy: MISO goes into rx, a writable buffer of bytes. tx: as many bytes, or None for FF."""
        n = len(rx)
        if tx is not None and len(tx) != n:
            raise ValueError(f"rx: expected {len(tx)} bytes as in tx, got {n}")
        with self.lock:
            self._follow()
            self._xfer(tx, rx, n)

    def transfer(self, tx: bytes | bytearray) -> bytes:
        """One chip-select window of len(tx) bytes; returns MISO."""
        with self.lock:
            self._follow()
            if not self._listeners:
                return self._window(tx)
            self.cs(0)  # chip select alone makes an edge of the interrupt pin
            rx = self.xfer(tx)
            self.cs(1)
        return rx

    def irq(self) -> int:
        """Level of the interrupt pin, active high."""
        with self.lock:
            self._follow()
            return self._irq()

    def time_ns(self) -> int:
        """Virtual time since power-on."""
        with self.lock:
            self._follow()
            return self._time_ns()

    def advance(self, ns: int) -> None:
        """Time goes on; in real time by sleeping."""
        if self.real_time:
            time.sleep(ns / 1e9)
        with self.lock:
            if self.real_time:
                self._follow()
            else:
                self._run(ns)

    def wait_irq(self, max_ns: int) -> bool:
        """Time goes on until the interrupt pin is high, at most for max_ns. True: it is high."""
        if self.real_time:
            return self._wait_real(max_ns)
        with self.lock:
            found = self._wait_irq(max_ns)
            self._look()
        return found

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Every change of the interrupt pin from now on is told. Returns the function that ends it."""
        with self.lock:
            self._level = self._irq()
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _wait_real(self, max_ns: int) -> bool:
        end_s = time.monotonic() + max_ns / 1e9
        while not self.irq():
            left_s = end_s - time.monotonic()
            if left_s <= 0.0:
                return False
            time.sleep(min(LOOK_S, left_s))
        return True

    def _follow(self) -> None:
        """Virtual time catches up with the wall clock."""
        if self.real_time:
            behind_ns = int((time.monotonic() - self._wall_s) * 1e9) - self._time_ns()
            if behind_ns > 0:
                self._run(behind_ns)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Wall time that passes within it is not followed: samples that take long to make are no fault of the driver."""
        before_s = time.monotonic()
        yield
        self._wall_s += time.monotonic() - before_s

    def _run(self, ns: int) -> None:
        """Between two accesses the pin can rise, once, and not fall."""
        if self._listeners and not self._level:
            end_ns = self._time_ns() + ns
            self._wait_irq(ns)
            self._look()
            ns = end_ns - self._time_ns()
        if ns > 0:
            self._advance(ns)

    def _look(self) -> None:
        if not self._listeners:
            return
        level = self._irq()
        if level != self._level:
            self._level = level
            now_ns = self._time_ns()
            for listener in tuple(self._listeners):
                listener(level, now_ns)


def _level(level: int) -> int:
    if level not in (0, 1):
        raise ValueError(f"level: expected 0 or 1, got {level!r}")
    return int(level)


def _length(tx: Any, n: int | None) -> int:
    if tx is None and n is None:
        raise ValueError("n: expected the number of bytes when there is no tx")
    if tx is not None and n is not None and len(tx) != n:
        raise ValueError(f"n: expected {len(tx)} as in tx, got {n}")
    return n if tx is None else len(tx)  # type: ignore[return-value]
