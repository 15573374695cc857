"""What somebody does to a running device: the switch, the button, the plug, the line, the process at its other end.

Rule: a lever acts at one instant of virtual time; `at` puts it inside a quantum without cutting the quantum.
"""

from __future__ import annotations

import heapq
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from hw_sim.board import Board, PinEdge
from hw_sim.fault_player import FaultPlayer, Span
from hw_sim.line_faults import Line
from hw_sim.link_counts import LinkCounts, Silence

QUANTUM_US = 1_000_000
FINE_QUANTUM_US = 250_000
"""Time between two exchanges with the host, and in a fine window."""


class Host(Protocol):
    """Whoever is at the other end of the line: a quantum's end and bytes in, its bytes out."""

    def exchange(self, utc_us: int, data: bytes) -> bytes: ...


class Restartable(Host, Protocol):
    """A host that can be killed and started again; while it is not alive its exchange loses all bytes."""

    alive: bool

    def kill(self) -> None: ...
    def restart(self) -> None: ...


class Home(Protocol):
    """Where the firmware runs."""

    def restart(self) -> None: ...
    def close(self) -> None: ...


class Levers(ABC):
    """The levers of a rig. board, silence, counts: as the rig has them. device and host come with the rig."""

    device: Home
    host: Host | None
    t0_utc_us: int

    def __init__(self, board: Board, silence: Silence, counts: LinkCounts) -> None:
        self.board, self.silence, self.counts = board, silence, counts
        self.line = Line(int(board.memory.seed))
        self.faults = FaultPlayer(self, board.made_with)
        self.standby_spans_us: list[tuple[int, int]] = []
        self.quantum_us = QUANTUM_US
        self.line_cut = False
        self._heard = b""  # of this quantum, for the host
        self._to_device = b""  # waits for the next quantum
        self._fine_us = (0, 0)
        self._number = itertools.count()
        self._due: list[tuple[int, int, Callable[[], None]]] = []

    def at(self, t_us: int, lever: Callable[[], None]) -> None:
        """Pulls a lever at this virtual time; levers of one time go in the order in which they were named.

        Raises ValueError for a time that has passed.
        """
        if t_us < self.board.now_us:
            raise ValueError(f"lever at {t_us} us: expected a time from {self.board.now_us} us on")
        heapq.heappush(self._due, (t_us, next(self._number), lever))

    @abstractmethod
    def scene_faults(self, spans: Sequence[Span]) -> None:
        """Faults of the air and the antennas: (fields, start us, end us), all of the run."""

    def _next_lever_us(self) -> int | None:
        due = self.faults.next_us(), self._due[0][0] if self._due else None
        return min((t_us for t_us in due if t_us is not None), default=None)

    def _pull_due(self) -> None:
        """Whatever is due now: faults, then levers."""
        self.faults.pull()
        while self._due and self._due[0][0] <= self.board.now_us:
            heapq.heappop(self._due)[2]()

    def fine_window(self, from_us: int, to_us: int) -> None:
        """Quanta of 250 ms between these virtual times, or until the buzzer sounds in them."""
        self._fine_us = (from_us, to_us)

    def _next_exchange_us(self) -> int:
        now_us = self.board.now_us
        fine = self._fine_us[0] <= now_us < self._fine_us[1] and self.rang_at_us(self._fine_us[0]) is None
        quantum_us = min(FINE_QUANTUM_US, self.quantum_us) if fine else self.quantum_us
        return (now_us // quantum_us + 1) * quantum_us

    @property
    def pins(self) -> list[PinEdge]:
        """(t_us, pin, value), every change so far; pins as in hw_sim.board.PIN_NAMES."""
        return self.board.pin_log()

    def rang_at_us(self, from_us: int = 0) -> int | None:
        """Virtual time at which the buzzer first sounded from from_us on; None: it did not."""
        edges = self.board.pin_log()
        return next((t_us for t_us, pin, level in edges if pin == "buzzer" and level and t_us >= from_us), None)

    def set_standby(self, on: bool) -> None:
        """The user's switch, at the present time."""
        now_us = self.board.now_us
        if on and self.silence.standby_since_us is None:
            self.silence.standby_since_us = now_us
        elif not on and self.silence.standby_since_us is not None:
            self.standby_spans_us.append((self.silence.standby_since_us, now_us))
            self.silence.standby_since_us = None
        self.board.set_standby(on)

    def standby_us(self) -> int:
        """Virtual time the switch has been on."""
        since_us = self.silence.standby_since_us
        open_us = 0 if since_us is None else self.board.now_us - since_us
        return open_us + sum(to_us - from_us for from_us, to_us in self.standby_spans_us)

    def button(self, down: bool) -> None:
        """The user's finger."""
        self.board.press(int(down))

    def reboot(self, lose_clock: bool = False) -> None:
        """Power off and on: the device's memory is gone, flash stays, and the clock unless it is lost too.

        What was on its way to the device reaches nobody.
        """
        self.board.power_cycle()
        if lose_clock:
            self.board.rtc_lose()
        self._start_again()

    def reset(self) -> None:
        """The microcontroller's reset pin: as a reboot, but the radar chip goes on as it is."""
        self.board.reset_device()
        self._start_again()

    def dip(self) -> None:
        """The supply dips: as a reboot, but a flash operation goes on, and the device's supervisor knows what it was."""
        self.board.dip()
        self._start_again()

    def _start_again(self) -> None:
        self._to_device = b""
        self.counts.power_on(self.board.now_us)
        self.device.restart()

    def cut_line(self, cut: bool) -> None:
        """The wires of the serial line: while cut, every byte of either side is lost."""
        self.line_cut = cut

    def kill_host(self) -> None:
        """SIGKILL to the process at the other end: what it had not yet heard of this quantum is lost, and so on."""
        self._restartable().kill()
        self._heard = b""

    def restart_host(self) -> None:
        """A new process on the same port and the same store."""
        self._restartable().restart()

    def _restartable(self) -> Restartable:
        if self.host is None or not hasattr(self.host, "restart"):
            raise TypeError("the host at the other end is no process that can be killed")
        return self.host  # type: ignore[return-value]

    def _host_hears(self) -> bool:
        """False while bytes towards the host are lost."""
        return self.host is not None and not self.line_cut and bool(getattr(self.host, "alive", True))
