"""The chip's reset and interrupt, switch, button and buzzer on GPIO lines (libgpiod, version 2).

Rule: one request holds all lines, so that there is one place to wait. Of an input the firmware is shown the level of
the edge that it is told of, in order: a press that was over before anybody looked is still a press.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from edge.hal.raspberry_pi.settings import Pins
from edge.hal.raspberry_pi.troubles import gpio_trouble

CONSUMER = "stillwave"
DEBOUNCE = timedelta(milliseconds=5)
EVENTS_KEPT = 256


class PiPins:
    """gpiod: the module. now_ns: the clock of the edges' time stamps. light: GPIO of a light that is on or off.

    Raises PiTrouble.
    """

    def __init__(self, gpiod: Any, chip: str, pins: Pins, light: int | None = None) -> None:
        self._gpiod, self._chip = gpiod, chip
        self.pins = pins
        self._light = light
        self._names = {number: name for name, number in pins.wired().items()}
        self.request = self._requested(self._config())
        self._inputs = {n: self._level(n) for n, name in self._names.items() if name in ("standby", "button")}
        self._queue: deque[tuple[int, int, int]] = deque()

    def _config(self) -> dict[int, Any]:
        line, settings = self._gpiod.line, self._gpiod.LineSettings
        out = settings(direction=line.Direction.OUTPUT, output_value=line.Value.INACTIVE)
        irq = settings(
            direction=line.Direction.INPUT, edge_detection=line.Edge.RISING, bias=line.Bias.PULL_DOWN
        )  # a wire that is off reads low
        closed = settings(
            direction=line.Direction.INPUT,
            edge_detection=line.Edge.BOTH,
            bias=line.Bias.PULL_UP,
            active_low=True,
            debounce_period=DEBOUNCE,
        )
        kinds = {"reset": out, "buzzer": out, "interrupt": irq, "standby": closed, "button": closed}
        found = {number: kinds[name] for number, name in self._names.items()}
        return found if self._light is None else found | {self._light: out}

    def _requested(self, config: dict[int, Any]) -> Any:
        try:
            return self._gpiod.request_lines(
                self._chip, consumer=CONSUMER, config=config, event_buffer_size=EVENTS_KEPT
            )
        except OSError as error:
            raise gpio_trouble(error, self._chip, self._held(config)) from None

    def _held(self, config: dict[int, Any]) -> str:
        """Who has one of these lines."""
        try:
            with self._gpiod.Chip(self._chip) as chip:
                infos = [chip.get_line_info(number) for number in config]
        except OSError:
            return ""
        return ", ".join(f"GPIO{one.offset} is held by {one.consumer or 'the kernel'!r}" for one in infos if one.used)

    def _level(self, number: int) -> int:
        return int(bool(self.request.get_value(number)))

    def _set(self, number: int | None, level: int) -> int:
        if number is not None:
            value = self._gpiod.line.Value
            self.request.set_value(number, value.ACTIVE if level else value.INACTIVE)
        return 0

    # what the firmware calls

    def radar_reset(self, level: int) -> int:
        return self._set(self.pins.reset, level)

    def radar_irq(self) -> int:
        return self._level(self.pins.interrupt)

    def standby_switch(self) -> int:
        return self._inputs.get(self.pins.standby, 0) if self.pins.standby is not None else 0

    def button(self) -> int:
        return self._inputs.get(self.pins.button, 0) if self.pins.button is not None else 0

    def buzzer(self, level: int) -> int:
        return self._set(self.pins.buzzer, level)

    def light(self, on: int) -> int:
        return self._set(self._light, on)

    # what the loop calls

    def collect(self) -> None:
        """Takes the edges that have happened."""
        while self.request.wait_edge_events(timedelta(0)):
            for edge in self.request.read_edge_events():
                rose = edge.event_type is edge.Type.RISING_EDGE or edge.event_type == edge.Type.RISING_EDGE
                self._queue.append((edge.line_offset, int(rose), edge.timestamp_ns))

    def take(self, number: int | None, seen: Callable[[int], bool]) -> bool:
        """One edge of this line is handled now: True. seen: says of an interrupt's time whether it still counts."""
        for at, (offset, level, t_ns) in enumerate(self._queue):
            if offset != number:
                continue
            del self._queue[at]
            if offset == self.pins.interrupt:
                return seen(t_ns) or self.take(number, seen)
            changed = self._inputs[offset] != level
            self._inputs[offset] = level
            return changed or self.take(number, seen)
        return False

    def forget(self) -> None:
        """Edges so far are nobody's: the chip was only looked at."""
        self.collect()
        self._queue = deque(one for one in self._queue if one[0] != self.pins.interrupt)

    def close(self) -> None:
        """The chip is reset, which ends its chirps, and the lines are given back."""
        for level in (0, 1):
            self.radar_reset(level)
        self.buzzer(0)
        self.light(0)
        self.request.release()
