"""A port that comes and goes: what is lost is opened again, and until then nobody is at its other end.

Rule: nothing here raises once the first waiting is allowed; what changed is told, once.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from wire.transport import BAUD, Transport, TransportError

RETRY_S = 1.0
#: told(open, why): the port was opened, or was lost or could not be opened.
Told = Callable[[bool, str], None]


class PatientPort:
    """As Transport, but for a port that is not there. sleep: seconds; a test may have none."""

    def __init__(self, port: str, told: Told, sleep: Callable[[float], None] = time.sleep, baud: int = BAUD) -> None:
        self.port = port
        self._baud = baud
        self._told = told
        self._sleep = sleep
        self._transport: Transport | None = None
        self._why: str | None = None  # told last; None: nothing yet
        self._rests = False  # lost just now: whoever dies there still takes calls for a moment
        self._try()

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def read(self, timeout_s: float = 0.0) -> bytes:
        """The bytes that are there; waits up to timeout_s for the first, or for the port."""
        if self._transport is None and not self._rests:
            self._try()
        self._rests = False
        if self._transport is None:
            self._sleep(min(timeout_s, RETRY_S))
            return b""
        try:
            return self._transport.read(timeout_s)
        except TransportError as error:
            self._lost(error)
            return b""

    def write(self, data: bytes) -> None:
        """Sends it all, or to nobody."""
        if self._transport is None:
            return
        try:
            self._transport.write(data)
        except TransportError as error:
            self._lost(error)

    def close(self) -> None:
        """Gives the port back."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _try(self) -> None:
        try:
            self._transport = Transport(self.port, self._baud)
        except TransportError as error:
            self._tell(str(error))
            return
        self._why = None
        self._told(True, "")

    def _lost(self, error: TransportError) -> None:
        self.close()
        self._rests = True
        self._tell(str(error))

    def _tell(self, why: str) -> None:
        """Of a port that stays away only the first reason is told."""
        if self._why is None:
            self._told(False, why)
        self._why = why
