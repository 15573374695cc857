"""GPIO lines after the manner of libgpiod's Python bindings (version 2), on an emulated board.

Rule: names, arguments and errors are those of the bindings; waiting moves virtual time. Time stamps are virtual.
Lines that nothing is wired to can be requested and read; bias, drive and debounce are kept without effect.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hw_sim.radar_bus import RadarBus
from hw_sim.raspberry_pi.gpiod_values import (
    PULLS,
    Bias,
    ChipClosedError,
    ChipInfo,
    Clock,
    Direction,
    Drive,
    Edge,
    EdgeEvent,
    LineInfo,
    Lines,
    LineSettings,
    RequestReleasedError,
    Value,
    check_settings,
    each_line,
    line_offset,
)
from hw_sim.raspberry_pi.header_pins import N_LINES, EdgeWatch, Header, Wiring

__all__ = [
    "Bias",
    "Chip",
    "ChipClosedError",
    "ChipInfo",
    "Clock",
    "Direction",
    "Drive",
    "Edge",
    "EdgeEvent",
    "Gpiod",
    "LineInfo",
    "LineRequest",
    "LineSettings",
    "RequestReleasedError",
    "Value",
]

PATHS = ("/dev/gpiochip0", "/dev/gpiochip4")  # Pi 4 and before, Pi 5
EVENTS_AT_ONCE = 64
EVENTS_KEPT = 16  # per line, as the kernel does unless told otherwise
MOST_EVENTS_KEPT = 1024  # whatever it is told
INFO = ChipInfo("gpiochip0", "pinctrl-bcm2835", N_LINES)


class LineRequest:
    """Lines held for oneself. Made by request_lines; a context manager, or release() it.

    Errors: RequestReleasedError; ValueError for a line that was not requested; PermissionError for a value of an input.
    """

    def __init__(
        self, gpio: Gpiod, settings: dict[int, LineSettings], names: list[int | str], events_kept: int
    ) -> None:
        self._gpio = gpio
        self._events_kept = events_kept
        self._settings = settings
        self._names = names
        self._live = True
        self._watches: dict[int, EdgeWatch] = {}
        self._seqno = 0
        self._apply()

    def _apply(self) -> None:
        header = self._gpio.header
        for offset, one in self._settings.items():
            if one.direction is Direction.OUTPUT:
                header.drive(offset, int(bool(one.output_value) != one.active_low))
            elif one.direction is Direction.INPUT:
                header.let_go(offset)
        for watch in self._watches.values():
            watch.close()
        wanted = {offset: self._edges(one) for offset, one in self._settings.items()}
        wanted.setdefault(header.wiring.irq, (False, False))  # time stops at its edges, whoever waits
        self._watches = {
            offset: header.watch(offset, rising=rising, falling=falling, capacity=self._events_kept)
            for offset, (rising, falling) in wanted.items()
        }

    @staticmethod
    def _edges(one: LineSettings) -> tuple[bool, bool]:
        """(rising, falling) of the level on a line."""
        rising, falling = (one.edge_detection in (edge, Edge.BOTH) for edge in (Edge.RISING, Edge.FALLING))
        return (falling, rising) if one.active_low else (rising, falling)

    def __enter__(self) -> LineRequest:
        self._check()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def __bool__(self) -> bool:
        return self._live

    def _check(self) -> None:
        if not self._live:
            raise RequestReleasedError("GPIO line request has been released")

    def release(self) -> None:
        """Gives the lines back; outputs are let go."""
        if self._live:
            self._live = False
            for watch in self._watches.values():
                watch.close()
            self._gpio.give_back(self._settings)

    def __del__(self) -> None:
        if getattr(self, "_live", False):
            with suppress(ValueError, OSError):  # the board may be gone
                self.release()

    @property
    def chip_name(self) -> str:
        self._check()
        return INFO.name

    @property
    def num_lines(self) -> int:
        self._check()
        return len(self._settings)

    @property
    def offsets(self) -> list[int]:
        self._check()
        return list(self._settings)

    @property
    def lines(self) -> list[int | str]:
        self._check()
        return list(self._names)

    @property
    def fd(self) -> int:
        """No descriptor stands behind it: -1; wait with wait_edge_events."""
        self._check()
        return -1

    def fileno(self) -> int:
        return self.fd

    def _one(self, line: int | str) -> tuple[int, LineSettings]:
        offset = line_offset(line)
        if offset not in self._settings:
            raise ValueError(f"line {line!r}: expected one of {list(self._settings)}")
        return offset, self._settings[offset]

    def get_value(self, line: int | str) -> Value:
        """Logical value of one line."""
        return self.get_values([line])[0]

    def get_values(self, lines: Lines | None = None) -> list[Value]:
        """Logical values of these lines, or of all requested ones."""
        self._check()
        found = []
        for line in lines or self._names:
            offset, one = self._one(line)
            level = self._gpio.header.read(offset, PULLS.get(one.bias))
            found.append(Value(int(bool(level) != one.active_low)))
        return found

    def set_value(self, line: int | str, value: Value) -> None:
        """One output takes a logical value."""
        self.set_values({line: value})

    def set_values(self, values: Mapping[int | str, Value]) -> None:
        """Outputs take logical values."""
        self._check()
        for line, value in values.items():
            offset, one = self._one(line)
            if one.direction is not Direction.OUTPUT:
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
            self._gpio.header.drive(offset, int(bool(value) != one.active_low))

    def reconfigure_lines(self, config: Mapping[Any, LineSettings | None]) -> None:
        """New settings for requested lines; those not named go back to the default."""
        self._check()
        new = {line_offset(line): settings or LineSettings() for line, settings in each_line(config)}
        self._settings = {offset: new.get(offset, LineSettings()) for offset in self._settings}
        for settings in self._settings.values():
            check_settings(settings)
        self._apply()

    def wait_edge_events(self, timeout: timedelta | float | None = None) -> bool:
        """Time goes on until there is an event, at most for timeout (s): True. None: without limit.

        Raises NothingComes instead of hanging for ever.
        """
        self._check()
        if any(watch.queue for watch in self._watches.values()):
            return True
        irq = self._watches[self._gpio.header.wiring.irq]
        irq.wait(timeout.total_seconds() if isinstance(timeout, timedelta) else timeout)
        return any(watch.queue for watch in self._watches.values())

    def read_edge_events(self, max_events: int | None = None) -> list[EdgeEvent]:
        """The events so far in order of time, at most 64 unless told otherwise; waits for the first one."""
        self.wait_edge_events(None)
        found: list[EdgeEvent] = []
        while len(found) < (max_events or EVENTS_AT_ONCE):
            waiting = [(watch.queue[0].t_ns, offset) for offset, watch in self._watches.items() if watch.queue]
            if not waiting:
                break
            found.append(self._event(min(waiting)[1]))
        return found

    def _event(self, offset: int) -> EdgeEvent:
        edge = self._watches[offset].queue.popleft()
        self._seqno += 1
        rose = bool(edge.level) != self._settings[offset].active_low
        kind = EdgeEvent.Type.RISING_EDGE if rose else EdgeEvent.Type.FALLING_EDGE
        return EdgeEvent(kind, edge.t_ns, offset, self._seqno, edge.number)


class Chip:
    """A GPIO chip that is open. Raises FileNotFoundError for a path that is none."""

    def __init__(self, gpio: Gpiod, path: str) -> None:
        if str(path) not in gpio.paths:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        self._gpio = gpio
        self._path = str(path)
        self._open = True

    def __enter__(self) -> Chip:
        self._check()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __bool__(self) -> bool:
        return self._open

    def _check(self) -> None:
        if not self._open:
            raise ChipClosedError("I/O operation on closed chip")

    def close(self) -> None:
        self._open = False

    @property
    def path(self) -> str:
        self._check()
        return self._path

    def get_info(self) -> ChipInfo:
        self._check()
        return INFO

    def line_offset_from_id(self, line: int | str) -> int:
        """GPIO number of a line."""
        self._check()
        return line_offset(line)

    def request_lines(
        self,
        config: Mapping[Any, LineSettings | None],
        consumer: str | None = None,
        event_buffer_size: int | None = None,
        output_values: Mapping[int | str, Value] | None = None,
    ) -> LineRequest:
        """See Gpiod.request_lines."""
        self._check()
        return self._gpio.take(config, output_values or {}, event_buffer_size or 0, consumer or "?")

    def get_line_info(self, line: int | str) -> LineInfo:
        """Who holds a line."""
        self._check()
        offset = line_offset(line)
        consumer = self._gpio.consumers.get(offset, "")
        return LineInfo(offset, f"GPIO{offset}", bool(consumer), consumer)


class Gpiod:
    """The bindings as an object that knows the board. wiring: which lines its pins hang on. paths: of the GPIO chip."""

    def __init__(self, board: RadarBus | Header, wiring: Wiring | None = None, paths: Iterable[str] = PATHS) -> None:
        self.header = board if isinstance(board, Header) else Header(board, wiring)
        self.paths = tuple(paths)
        self.consumers: dict[int, str] = {}
        """Line -> who holds it; put somebody in to make a line busy."""

    def request_lines(
        self,
        path: str,
        config: Mapping[Any, LineSettings | None],
        consumer: str | None = None,
        event_buffer_size: int | None = None,
        output_values: Mapping[int | str, Value] | None = None,
    ) -> LineRequest:
        """Lines for oneself. config: line (number, name, tuple of them) -> LineSettings or None for the default.

        Errors: FileNotFoundError (path), ValueError (line, settings), OSError EBUSY (a line somebody holds).
        """
        with self.chip(path) as chip:
            return chip.request_lines(config, consumer, event_buffer_size, output_values)

    def chip(self, path: str) -> Chip:
        """Opens a GPIO chip."""
        return Chip(self, path)

    def is_gpiochip_device(self, path: str) -> bool:
        """Is it the path of a GPIO chip?"""
        return str(path) in self.paths

    def take(
        self,
        config: Mapping[Any, LineSettings | None],
        values: Mapping[int | str, Value],
        events_kept: int = 0,
        consumer: str = "?",
    ) -> LineRequest:
        """Checks everything, then holds the lines. events_kept: that nobody has read yet; 0: 16 a line."""
        wanted = {line_offset(line): value for line, value in values.items()}
        settings: dict[int, LineSettings] = {}
        names: list[int | str] = []
        for line, given in each_line(config):
            offset = line_offset(line)
            if offset in settings:
                raise ValueError(f"line {line!r}: expected once")
            one = given or LineSettings()
            check_settings(one)
            settings[offset] = replace(one, output_value=wanted.get(offset, one.output_value))
            names.append(line)
        if not settings:
            raise ValueError("config: expected at least one line")
        if set(self.consumers) & set(settings):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        self.consumers |= dict.fromkeys(settings, consumer)
        kept = min(events_kept, MOST_EVENTS_KEPT) or EVENTS_KEPT * len(settings)
        return LineRequest(self, settings, names, kept)

    def give_back(self, settings: Mapping[int, LineSettings]) -> None:
        """The lines of a request that was released."""
        for offset in settings:
            self.consumers.pop(offset, None)
            self.header.let_go(offset)
