"""A recording as a device: it says again what it said, at its own times, and cannot be asked anything.

Rule: the recording is opened for reading alone; after its last entry nothing comes any more, and waiting ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from hw_sim.hil.home import Home

__tracebackhide__ = True  # a failure is shown at the line of the test


class Replayed(Home):
    """entries: (UTC us, bytes; empty for a tick) in the order of the file."""

    clock = "recorded"
    where = "a recording says what it said, and cannot be touched"

    def __init__(self, lacks: Callable[[str], NoReturn], entries: Sequence[tuple[int, bytes]]) -> None:
        super().__init__(lacks)
        self._entries = entries
        self._at = 0
        self._now_us = 0
        self._t0_utc_us = entries[0][0] if entries else 0
        self.ended = not entries

    @property
    def now_us(self) -> int:
        return self._now_us

    @property
    def utc_us(self) -> int:
        return self._t0_utc_us + self._now_us

    def step(self, us: int) -> None:
        until_us = self._now_us + us
        while self._at < len(self._entries):
            t_us = self._entries[self._at][0] - self._t0_utc_us
            if t_us > until_us:
                break
            self._now_us = max(self._now_us, t_us)
            data = self._entries[self._at][1]
            self._at += 1
            if data:
                self.heard(t_us, data)
        else:
            self.ended = True
            return
        self._now_us = until_us

    def write(self, data: bytes) -> None:
        self.lacks("writing to the device")

    def close(self) -> None:
        """A file that was read has nothing to end."""
