"""`sw_serial`: the raw bytes of the line, both ways, whatever language they are.

Rule: what `expect` and `read` hand out is gone from the buffer; timeouts count device time.
"""

from __future__ import annotations

import re
from collections import deque

from hw_sim.hil.home import Home

__tracebackhide__ = True  # a failure is shown at the line of the test

SHOWN_BYTES = 200
PIECES = 64


class Missed(AssertionError):
    """Something expected of the device did not come."""

    __module__ = "stillwave"  # what a report calls it


class SerialLine:
    """The device's serial line. Writing skips the test on a recording."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._buffer = b""
        self._pieces: deque[tuple[int, bytes]] = deque(maxlen=PIECES)
        self.bytes_heard = 0
        home.ears.append(self._hear)

    def _hear(self, t_us: int, data: bytes) -> None:
        self._buffer += data
        self._pieces.append((t_us, data))
        self.bytes_heard += len(data)

    @property
    def waiting(self) -> bytes:
        """What was heard and not yet read; stays there."""
        return self._buffer

    def write(self, data: bytes) -> None:
        """Sends the bytes now. Raises TypeError for text; skips on a recording."""
        if not isinstance(data, bytes):
            raise TypeError(f"sw_serial.write: expected bytes, got {type(data).__name__}")
        self._home.write(data)

    def read(self, n: int | None = None, timeout_s: float = 0.0) -> bytes:
        """n bytes, or fewer when timeout_s passes first; n None: all that is there, at least one byte in timeout_s."""
        wanted = 1 if n is None else n
        self._home.wait(lambda: True if len(self._buffer) >= wanted else None, timeout_s)
        size = len(self._buffer) if n is None else n
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def expect(self, what: bytes | re.Pattern[bytes], timeout_s: float = 10.0) -> re.Match[bytes]:
        """The first match of these bytes, or of a compiled pattern of bytes; it and all before it are read.

        Raises an AssertionError that shows what came instead; TypeError for anything else than bytes.
        """
        pattern = re.compile(re.escape(what)) if isinstance(what, bytes) else what
        if not isinstance(pattern, re.Pattern) or not isinstance(pattern.pattern, bytes):
            raise TypeError(f"sw_serial.expect: expected bytes or a compiled pattern of bytes, got {what!r}")
        match = self._home.wait(lambda: pattern.search(self._buffer), timeout_s)
        if match is None:
            raise Missed(self._missed(what, timeout_s))
        self._buffer = self._buffer[match.end() :]
        return match

    def drain(self) -> bytes:
        """All that was heard and not yet read, now gone."""
        found, self._buffer = self._buffer, b""
        return found

    def last_pieces(self, n: int) -> list[tuple[int, bytes]]:
        """(device time us, bytes) of the last n pieces heard, read or not; at most 64."""
        return list(self._pieces)[-n:]

    def _missed(self, what: bytes | re.Pattern[bytes], timeout_s: float) -> str:
        shown = f"{what!r}" if isinstance(what, bytes) else f"the pattern {what.pattern!r}"
        end = "the recording ended" if self._home.ended else f"{timeout_s:g} s of {self._home.clock} time passed"
        buffer = self._buffer
        if not buffer:
            return f"expected {shown}: {end}, and no byte came"
        cut = "..." if len(buffer) > SHOWN_BYTES else ""
        return f"expected {shown}: {end}; unread are {len(buffer)} bytes: {cut}{buffer[-SHOWN_BYTES:]!r}"
