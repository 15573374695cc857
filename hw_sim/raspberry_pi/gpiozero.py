"""DigitalOutputDevice and DigitalInputDevice after the Python package gpiozero: all of it that radar scripts use.

Rule: a device knows its board by the class attribute `header`; `devices` makes the two classes for one board.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from hw_sim.raspberry_pi.header_pins import Header, PinEdge


def pin_number(pin: int | str) -> int:
    """BCM number of 25, "25", "GPIO25" or "BCM25"."""
    return pin if isinstance(pin, int) else int(pin.upper().removeprefix("GPIO").removeprefix("BCM"))


class DigitalOutputDevice:
    """One output. value: 1 when on; initial_value None leaves the line as it is."""

    header: ClassVar[Header]

    def __init__(
        self, pin: int | str, *, active_high: bool = True, initial_value: bool | None = False, **_: Any
    ) -> None:
        self._pin, self._high = pin_number(pin), active_high
        self.closed = False
        self._value = 0
        if initial_value is not None:
            self._set(int(initial_value))

    def _set(self, on: int) -> None:
        self._value = int(bool(on))
        self.header.drive(self._pin, int(bool(on) == self._high))

    value = property(lambda self: self._value, _set)

    def on(self) -> None:
        self._set(1)

    def off(self) -> None:
        self._set(0)

    def toggle(self) -> None:
        self._set(1 - self._value)

    def close(self) -> None:
        """The line is let go."""
        if not self.closed:
            self.closed = True
            self.header.let_go(self._pin)

    def __enter__(self) -> DigitalOutputDevice:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DigitalInputDevice:
    """One input. when_activated, when_deactivated: called at the edges, with the device if they take an argument."""

    header: ClassVar[Header]

    def __init__(
        self, pin: int | str, *, pull_up: bool | None = False, active_state: bool | None = None, **_: Any
    ) -> None:
        self._pin = pin_number(pin)
        self._pull = None if pull_up is None else int(pull_up)
        self._high = bool(active_state) if pull_up is None else not pull_up
        self.when_activated: Callable[..., Any] | None = None
        self.when_deactivated: Callable[..., Any] | None = None
        self.closed = False
        self._watch = self.header.watch(self._pin, rising=True, falling=True)
        self.header.on_edge(self._watch, self._heard)

    def _heard(self, edge: PinEdge) -> None:
        call = self.when_activated if bool(edge.level) == self._high else self.when_deactivated
        if call is not None:
            call(*([self] if inspect.signature(call).parameters else []))

    @property
    def value(self) -> int:
        return int(bool(self.header.read(self._pin, self._pull)) == self._high)

    @property
    def is_active(self) -> bool:
        return bool(self.value)

    def wait_for_active(self, timeout: float | None = None) -> bool:
        """Time goes on until it is active, at most for timeout s."""
        return self._wait_for(1, timeout)

    def wait_for_inactive(self, timeout: float | None = None) -> bool:
        """The same the other way round."""
        return self._wait_for(0, timeout)

    def _wait_for(self, value: int, timeout: float | None) -> bool:
        rising = bool(value) == self._high
        if self.value != value:
            watch = self.header.watch(self._pin, rising=rising, falling=not rising)
            watch.wait(timeout)
            watch.close()
        return self.value == value

    def close(self) -> None:
        """No edge is heard any more."""
        if not self.closed:
            self.closed = True
            self.header.forget(self._watch)

    def __enter__(self) -> DigitalInputDevice:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def devices(header: Header) -> dict[str, type]:
    """Name -> class, for this board."""
    bases = (DigitalOutputDevice, DigitalInputDevice)
    return {base.__name__: type(base.__name__, (base,), {"header": header}) for base in bases}
