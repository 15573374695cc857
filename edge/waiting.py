"""How the live loop waits on a real machine: in one place, for pins, line and the end of the process.

Rule: time is the monotonic clock since the start; nothing else is waited for anywhere.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterable

MS_US = 1000
NEVER_MS = 60_000.0


class PollWaiter:
    """filenos: descriptors that matter now; asked before every wait. stop(): from a signal handler."""

    def __init__(self, filenos: Callable[[], Iterable[int]]) -> None:
        self.filenos = filenos
        self._start_ns = time.monotonic_ns()
        self._wakes, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.stopped = False

    def now_us(self) -> int:
        return (time.monotonic_ns() - self._start_ns) // 1000

    def stop(self) -> None:
        """The loop ends after its present step."""
        self.stopped = True
        os.write(self._wake, b"x")

    def wait(self, until_us: int) -> None:
        poll = select.poll()
        for fd in (self._wakes, *self.filenos()):
            poll.register(fd, select.POLLIN)
        left_us = until_us - self.now_us()
        if left_us > 0:
            poll.poll(min(-(-left_us // MS_US), NEVER_MS))

    def close(self) -> None:
        os.close(self._wakes)
        os.close(self._wake)
