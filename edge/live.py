"""The firmware beside real pins: one loop that waits in one place and gives events in the firmware's order.

Rule: of what waits, the event with the lowest number goes first, and a deadline only when nothing else waits; so the same
happenings give the same bytes as on the emulated board. Time and waiting are given by the caller.
"""

from __future__ import annotations

from typing import Any, Protocol

from edge.firmware import FirmwareError

NEVER_US = 2**64 - 1
POWER_ON, RADAR_IRQ, UART_RX, SWITCH, BUTTON, DEADLINE = range(6)
TURN_US = 1_000_000
"""Waits at most so long: the watchdog is fed, a sound is started again."""


class Waiter(Protocol):
    """Time, and how it goes by."""

    stopped: bool

    def now_us(self) -> int: ...
    def wait(self, until_us: int) -> None:
        """Returns at until_us, or earlier when an edge, bytes or a client have come, or stopped was set."""


class Stepped(Protocol):
    """The firmware."""

    def step(self, now_us: int, event: int) -> int: ...
    def check(self) -> None: ...


class Live:
    """board: a RaspberryPi, or what has its methods."""

    def __init__(self, firmware: Stepped, board: Any, waiter: Waiter) -> None:
        self._firmware, self._board, self._waiter = firmware, board, waiter
        self.steps = 0
        self.busy_us = 0
        """Time inside the firmware's steps."""
        self._deadline_us = NEVER_US
        self._stopped = False

    def run(self) -> None:
        """Until the waiter was stopped. Raises DeviceLostError and whatever went wrong in a callback."""
        if self.steps == 0:
            self._give(POWER_ON)
        while not self._waiter.stopped:
            self.turn()

    def turn(self) -> None:
        """One event, or a wait for one."""
        self._board.alive()
        event = self._next()
        if event is not None:
            self._give(event)
            return
        now_us = self._waiter.now_us()
        sound_us = self._board.sound.tick(now_us)
        self._board.watch(now_us)
        limits = [self._deadline_us, now_us + TURN_US, *([sound_us] if sound_us is not None else [])]
        self._waiter.wait(min(limits))

    def _next(self) -> int | None:
        """The event that goes first; taken off."""
        board = self._board
        board.collect()
        if board.pins.take(board.pins.pins.interrupt, board.irq_counts):
            return RADAR_IRQ
        if board.uart_fresh:
            board.uart_fresh = False
            return UART_RX
        for number, event in ((board.pins.pins.standby, SWITCH), (board.pins.pins.button, BUTTON)):
            if number is not None and board.pins.take(number, board.irq_counts):
                return event
        return DEADLINE if self._deadline_us <= self._waiter.now_us() else None

    def _give(self, event: int) -> None:
        before, now_us = self._board.waiting(), self._waiter.now_us()
        self._deadline_us = self._firmware.step(now_us, event)
        self.steps += 1
        self.busy_us += self._waiter.now_us() - now_us
        left = self._board.waiting()
        if event == UART_RX and 0 < left < before:  # it reads in pieces
            self._board.uart_fresh = True
        self._board.raise_trouble()
        if not self._stopped:
            try:
                self._firmware.check()
            except FirmwareError as error:  # the alarm goes on without the sensor
                self._stopped = True
                self._board.world.say(f"{error}; the alarm goes on")
