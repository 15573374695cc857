"""Is what comes from a port our language at all? From the share of blocks that make no packet.

Rule: said once, and once more when it is over; a line that loses a byte now and then is none of this.
A wrong baud rate leaves no packet whole: a packet has some hundred bits, and each is sampled at a wrong time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from wire import codec

BAUD = 460_800
#: So much is heard before it is judged: two thousand bytes hold at least seven packets, if they are any.
WINDOW_BYTES = 2000
WINDOW_BLOCKS = 20
BAD_SHARE = 0.9
GOOD_SHARE = 0.5


@dataclass
class LineCheck:
    """One port. baud: what it was opened with, for the words."""

    port: str
    baud: int
    wrong: bool = False
    _bytes: int = 0
    _before: codec.Counters = field(default_factory=codec.Counters)

    def hear(self, n_bytes: int, counters: codec.Counters) -> str | None:
        """After so many more bytes, counted by a decoder: a line to say, if there is something to say."""
        self._bytes += n_bytes
        good = counters.packets - self._before.packets
        bad = damaged(counters) - damaged(self._before)
        if self._bytes < WINDOW_BYTES and good + bad < WINDOW_BLOCKS:
            return None
        heard, self._bytes, self._before = self._bytes, 0, replace(counters)
        share = bad / (good + bad) if good + bad else 1.0
        if not self.wrong and (not good or share >= BAD_SHARE):
            self.wrong = True
            what = f"{100 * share:.0f} % of {good + bad} blocks are damaged" if good + bad else "no packet"
            return (
                f"{self.port}: {what} in {heard} bytes at {self.baud} baud: wrong baud rate, or no Stillwave device; "
                f"a Stillwave device speaks {BAUD}"
            )
        if self.wrong and good and share <= GOOD_SHARE:
            self.wrong = False
            return f"{self.port}: packets are whole again"
        return None


def damaged(counters: codec.Counters) -> int:
    """Blocks that were no packet of this language."""
    return counters.too_long + counters.bad_cobs + counters.too_short + counters.bad_crc
