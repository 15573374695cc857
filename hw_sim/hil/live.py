"""A real device at a serial port, or anything that answers at one: time is the wall's, levers are somebody's hands.

Rule: what waited in the port before the test is dropped; bytes are recorded as they come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn, Protocol

from hw_sim.hil.home import Home, HomeError
from hw_sim.quanta import LineRecorder

__tracebackhide__ = True  # a failure is shown at the line of the test

READ_S = 0.02
DRAIN_S = 0.05
DRAIN_LIMIT_S = 1.0


class Port(Protocol):
    """An open serial port; its errors are OSErrors or RuntimeErrors of one line."""

    def read(self, timeout_s: float) -> bytes: ...
    def write(self, data: bytes) -> None: ...


class Live(Home):
    """A device at a port. utc_us: the wall's clock, asked once. failures: what the port raises when it is gone."""

    clock = "wall"
    where = "a device at a serial port has no such lever here"

    def __init__(
        self,
        lacks: Callable[[str], NoReturn],
        port: Port,
        recorder: LineRecorder,
        utc_us: int,
        failures: tuple[type[Exception], ...],
    ) -> None:
        super().__init__(lacks)
        self._port, self._recorder, self._failures = port, recorder, failures
        self._drain()
        self._t0_utc_us = utc_us
        self._t0_s = time.monotonic()
        recorder.tick(utc_us)

    def _drain(self) -> None:
        """What an earlier test left on its way; a device that never stops is heard from the limit on."""
        limit_s = time.monotonic() + DRAIN_LIMIT_S
        while time.monotonic() < limit_s and self._read(DRAIN_S):
            pass

    def _read(self, timeout_s: float) -> bytes:
        try:
            return self._port.read(timeout_s)
        except self._failures as error:
            raise HomeError(str(error)) from None

    @property
    def now_us(self) -> int:
        return round((time.monotonic() - self._t0_s) * 1e6)

    @property
    def utc_us(self) -> int:
        return self._t0_utc_us + self.now_us

    def step(self, us: int) -> None:
        data = self._read(min(us / 1e6, READ_S))
        if data:
            self._recorder.from_device(self.utc_us, data)
            self.heard(self.now_us, data)

    def write(self, data: bytes) -> None:
        self._recorder.to_device(self.utc_us, data)
        try:
            self._port.write(data)
        except self._failures as error:
            raise HomeError(str(error)) from None

    def close(self) -> None:
        self._recorder.tick(self.utc_us)
