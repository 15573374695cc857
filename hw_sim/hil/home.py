"""The device under test as the fixtures see it: bytes in, bytes out, and a time that only its own clock moves.

Rule: waiting counts device time. It is virtual on the emulated board, the wall's at a port, the recorded one in a
replay; how long the machine takes for it changes nothing but there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NoReturn, TypeVar

__tracebackhide__ = True  # a failure is shown at the line of the test

Found = TypeVar("Found")
Ear = Callable[[int, bytes], None]
"""(device time us, bytes) of each piece that the device sent."""
SLICE_US = 10_000
"""Device time between two looks at what was heard."""


class HomeError(RuntimeError):
    """The device or its line is gone, or cannot be had; one line."""

    __module__ = "stillwave"  # what a report calls it


class Home(ABC):
    """A device and its line. lacks: raises what makes a test skip, with a reason.

    clock: virtual, wall or recorded. where: what a lever that does not exist here is told.
    """

    clock = "virtual"
    where = ""
    ended = False  # nothing more will ever come

    def __init__(self, lacks: Callable[[str], NoReturn]) -> None:
        self._lacks = lacks
        self.ears: list[Ear] = []
        self.seed = 0
        self.scenario = ""
        self.restarts = 0  # levers that made the device begin anew

    @property
    @abstractmethod
    def now_us(self) -> int:
        """Device time, us, since the test began."""

    @property
    @abstractmethod
    def utc_us(self) -> int:
        """True UTC now, us since 1970, as far as this home knows it."""

    @abstractmethod
    def step(self, us: int) -> None:
        """Goes on for at most so much device time and gives the ears what was heard. Raises HomeError."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Bytes for the device, now."""

    @abstractmethod
    def close(self) -> None:
        """Ends the device, or gives the port back."""

    def lacks(self, what: str) -> NoReturn:
        """Skips the test: this home has no such thing."""
        self._lacks(f"{what}: {self.where}")

    def heard(self, t_us: int, data: bytes) -> None:
        """Passes what the device sent to all who listen."""
        for ear in self.ears:
            ear(t_us, data)

    def run(self, seconds: float) -> None:
        """Device time goes on for so long, or to the end of a recording. Raises ValueError for a negative time."""
        if seconds < 0:
            raise ValueError(f"run: {seconds:g} s, expected 0 or more")
        until_us = self.now_us + round(seconds * 1e6)
        while self.now_us < until_us and not self.ended:
            self.step(until_us - self.now_us)

    def wait(self, found: Callable[[], Found | None], timeout_s: float) -> Found | None:
        """What found returns as soon as it is not None; None after timeout_s of device time, or at the end of it."""
        until_us = self.now_us + round(timeout_s * 1e6)
        while (got := found()) is None:
            left_us = until_us - self.now_us
            if left_us <= 0 or self.ended:
                return None
            self.step(min(left_us, SLICE_US))
        return got
