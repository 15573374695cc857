"""Whether the device may be told this host's time.

Rule: on one box the device has the same clock, or a better one with a battery. There the host tells the time only while
the kernel says that it is right; a wrong TIME would make the device believe what it rightly doubts.
"""

from __future__ import annotations

from collections.abc import Callable

from wire.host_clock import synchronised

DOUBTED = "this machine's clock follows no time server: the device on it is not told the time"
AGAIN = "this machine's clock follows a time server again: the device is told the time"


class Vouched:
    """Asked at every tick. say: one line when it changes; right: what the kernel says."""

    def __init__(self, say: Callable[[str], None], right: Callable[[], bool] = synchronised) -> None:
        self._say, self._right = say, right
        self._was = True

    def __call__(self) -> bool:
        now = self._right()
        if now != self._was:
            self._say(AGAIN if now else DOUBTED)
        self._was = now
        return now
