"""The pin header of a Raspberry Pi with the radar board on it: what a GPIO number is wired to, and edges in order.

Rule: outputs act at once; an edge keeps its virtual time, however late somebody asks for it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from hw_sim.radar_bus import LOOK_S, Listener, RadarBus

N_LINES = 54
RST_PIN, IRQ_PIN = 12, 25
PULLED_UP = range(9)  # the pull of a pin after power-on, where nothing is wired to it
FOREVER_NS = 3600 * 10**9
"""Virtual time after which somebody who waits without limit hears that nothing comes."""


class NothingComes(RuntimeError):
    """A wait without limit for an interrupt that did not come within an hour of virtual time."""


@dataclass(frozen=True)
class Wiring:
    """GPIO numbers of the chip's pins. cs None: chip select hangs on the SPI controller, as it should."""

    rst: int = RST_PIN
    irq: int = IRQ_PIN
    cs: int | None = None


@dataclass(frozen=True)
class PinEdge:
    """level: after the edge. number: of the edge, counted from 1 for this watch."""

    level: int
    t_ns: int
    number: int


Listen = Callable[[Listener], Callable[[], None]]
"""Whoever calls it is told of edges from then on, until the returned function is called."""


class EdgeWatch:
    """Edges of a line since it was made. rising, falling: which count. capacity: older ones are dropped.

    listen: who tells of edges; the interrupt pin unless given.
    """

    def __init__(
        self, board: RadarBus, *, rising: bool, falling: bool, capacity: int = 16, listen: Listen | None = None
    ) -> None:
        self._board = board
        self._wanted = {1: rising, 0: falling}
        self.queue: deque[PinEdge] = deque(maxlen=capacity)
        self._number = 0
        self._end = (listen or board.listen)(self._hear)

    def _hear(self, level: int, t_ns: int) -> None:
        if self._wanted[level]:
            self._number += 1
            self.queue.append(PinEdge(level, t_ns, self._number))

    def wait(self, timeout_s: float | None) -> bool:
        """Time goes on until there is an edge, at most for timeout_s. Raises NothingComes when there is no limit."""
        if self._board.real_time:
            return self._wait_real(timeout_s)
        max_ns = FOREVER_NS if timeout_s is None else round(timeout_s * 1e9)
        with self._board.lock:
            if not self.queue:
                # A pin that is high stays so: only an access could make an edge, and nobody else has the board now.
                self._board.advance(max_ns) if self._board.irq() else self._board.wait_irq(max_ns)
        if timeout_s is None and not self.queue:
            raise NothingComes("interrupt pin: no edge within an hour of virtual time")
        return bool(self.queue)

    def _wait_real(self, timeout_s: float | None) -> bool:
        end_s = None if timeout_s is None else time.monotonic() + timeout_s
        while not self.queue:
            self._board.time_ns()  # catches up, edges are heard
            if self.queue:
                break
            if end_s is not None and time.monotonic() >= end_s:
                return False
            time.sleep(LOOK_S)
        return True

    def close(self) -> None:
        """No more edges are heard."""
        self._end()


class Header:
    """The pins of the Pi. Levels are 0 and 1; offsets are GPIO (BCM) numbers."""

    def __init__(self, board: RadarBus, wiring: Wiring | None = None) -> None:
        self.board = board
        self.wiring = wiring or Wiring()
        self._driven: dict[int, int] = {}
        self._inputs: dict[int, int] = {}
        self._listeners: dict[int, list[Listener]] = {}
        self.log: list[tuple[int, int, int]] = []
        """(t_ns, offset, level) of every change of an output."""
        self._callbacks: list[tuple[EdgeWatch, Callable[[PinEdge], None]]] = []

    def drive(self, offset: int, level: int) -> None:
        """An output takes this level."""
        if self._driven.get(offset) != level:
            self.log.append((self.board.time_ns(), offset, level))
        self._driven[offset] = level
        if offset == self.wiring.rst:
            self.board.rst(level)
        elif offset == self.wiring.cs:
            self.board.cs(level)

    def let_go(self, offset: int) -> None:
        """The line is no output any more; the board's pull-ups hold reset and chip select high."""
        if self._driven.pop(offset, 1) == 0 and offset in (self.wiring.rst, self.wiring.cs):
            self.drive(offset, 1)
            del self._driven[offset]

    def set_input(self, offset: int, level: int) -> None:
        """Somebody outside moves a line now: a switch, a button."""
        if self.read(offset) == level and offset in self._inputs:
            return
        self._inputs[offset] = level
        now_ns = self.board.time_ns()
        for listener in tuple(self._listeners.get(offset, ())):
            listener(level, now_ns)

    def read(self, offset: int, pull: int | None = None) -> int:
        """Level on the line; pull: of a line that nothing drives, None as after power-on."""
        if offset == self.wiring.irq:
            return self.board.irq()
        if offset in self._driven:
            return self._driven[offset]
        if offset in self._inputs:
            return self._inputs[offset]
        if offset in (self.wiring.rst, self.wiring.cs):
            return 1
        return int(offset in PULLED_UP) if pull is None else pull

    def watch(self, offset: int, *, rising: bool, falling: bool, capacity: int = 16) -> EdgeWatch:
        """Edges of a line: of the chip's interrupt, or of one that somebody moves."""

        def listen(listener: Listener) -> Callable[[], None]:
            return self._listen(offset, listener)

        told_by = None if offset == self.wiring.irq else listen
        return EdgeWatch(self.board, rising=rising, falling=falling, capacity=capacity, listen=told_by)

    def _listen(self, offset: int, listener: Listener) -> Callable[[], None]:
        heard = self._listeners.setdefault(offset, [])
        heard.append(listener)
        return lambda: heard.remove(listener)

    def on_edge(self, watch: EdgeWatch, call: Callable[[PinEdge], None]) -> None:
        """call is made for every edge of the watch, from whoever lets time go on: sleep() or dispatch()."""
        self._callbacks.append((watch, call))

    def forget(self, watch: EdgeWatch) -> None:
        """Ends a watch and its calls."""
        watch.close()
        self._callbacks = [pair for pair in self._callbacks if pair[0] is not watch]

    def dispatch(self) -> int:
        """Makes the calls that wait. Returns their number."""
        n = 0
        for watch, call in tuple(self._callbacks):
            for _ in range(len(watch.queue)):  # what a call causes comes in the next round
                call(watch.queue.popleft())
                n += 1
        return n

    def sleep(self, seconds: float) -> None:
        """Virtual time goes on, and calls are made at their edges."""
        board = self.board
        end_ns = board.time_ns() + round(seconds * 1e9)
        while True:
            left_ns = end_ns - board.time_ns()
            if left_ns <= 0:
                break
            if board.irq() or not self._callbacks:
                board.advance(left_ns)
            else:
                board.wait_irq(left_ns)
            self.dispatch()
        self.dispatch()
