"""The live console of a running board: a line of words at a time, one line of answer each.

Rule: a wrong line changes nothing; the end of the input leaves the run going.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from typing import Any, Protocol

from hw_sim.faults import FaultError, parse

WORDS = {
    "fault": "fault NAME[=VALUE][@START[+DURATION]] begins one; fault NAME off ends it",
    "faults": "what is wrong now, and what is still to come",
    "standby": "standby on|off: the switch",
    "button": "button [SECONDS]: pressed for so long, default 0.2",
    "reboot": "power off and on",
    "status": "time, what the device does",
    "help": "this list",
}
LONGEST_PRESS_S = 3600.0
PIECE_BYTES = 4096


class Lines(Protocol):
    """Where lines come from."""

    def take(self) -> list[str]: ...


class InputLines:
    """Whole lines of a file descriptor, without waiting for them."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor, self._held, self._open = descriptor, b"", True

    def take(self) -> list[str]:
        """What has come since the last time; a last line without an end counts when the input ends."""
        while self._open and self._may_read() and select.select([self._descriptor], [], [], 0)[0]:
            piece = os.read(self._descriptor, PIECE_BYTES)
            self._open = bool(piece)
            self._held += piece or b"\n"
        *lines, self._held = self._held.split(b"\n")
        return [text for line in lines if (text := line.decode(errors="replace").strip())]

    def _may_read(self) -> bool:
        """False for a terminal that belongs to somebody else now: reading it would stop this process."""
        if not os.isatty(self._descriptor):
            return True
        return os.tcgetpgrp(self._descriptor) == os.getpgrp()


class Console:
    """rig: the one that runs. answer: gets (line, what is said to it)."""

    def __init__(self, rig: Any, lines: Lines, answer: Callable[[str, str], None]) -> None:
        self._rig, self._lines, self._answer = rig, lines, answer

    def poll(self) -> None:
        """Between two quanta: does what the lines say."""
        for line in self._lines.take():
            self._answer(line, self.do(line))

    def do(self, line: str) -> str:
        """One line; what is to be said to it, in one line (help: several)."""
        word, *rest = line.split()
        if word not in WORDS:
            return f"{word}: expected one of {', '.join(WORDS)}"
        try:
            return str(getattr(self, f"_{word}")(rest))
        except FaultError as error:
            return str(error)

    def _fault(self, rest: list[str]) -> str:
        if len(rest) == 2 and rest[1] == "off":
            ended = self._rig.faults.end(rest[0])
            return f"fault {rest[0]}: {'over' if ended else 'was not in force'}"
        if len(rest) != 1:
            return f"fault: expected {WORDS['fault']}"
        fault = parse(rest[0], self._rig.board.now_us)
        self._rig.faults.play([fault])
        return f"fault {fault.text}"

    def _faults(self, rest: list[str]) -> str:
        if rest:
            return "faults: expected nothing behind it"
        now = ", ".join(one.text for one in self._rig.faults.in_force) or "none"
        later = ", ".join(one.text for one in self._rig.faults.waiting)
        return f"faults now: {now}" + (f"; to come: {later}" if later else "")

    def _standby(self, rest: list[str]) -> str:
        if rest not in (["on"], ["off"]):
            return "standby: expected on or off"
        self._rig.set_standby(rest == ["on"])
        return f"standby {rest[0]}"

    def _button(self, rest: list[str]) -> str:
        try:
            seconds = float(rest[0]) if rest else 0.2
        except ValueError:
            seconds = 0.0
        if len(rest) > 1 or not 0 < seconds <= LONGEST_PRESS_S:
            return f"button: expected s, above 0 and up to {LONGEST_PRESS_S:g}"
        self._rig.button(True)
        self._rig.at(self._rig.board.now_us + round(seconds * 1e6), lambda: self._rig.button(False))
        return f"button for {seconds:g} s"

    def _reboot(self, rest: list[str]) -> str:
        if rest:
            return "reboot: expected nothing behind it"
        self._rig.reboot()
        return "rebooted"

    def _status(self, rest: list[str]) -> str:
        if rest:
            return "status: expected nothing behind it"
        rig = self._rig
        radar = "sends" if rig.board.chip.transmitting else "sleeps"
        standby = "on" if rig.silence.standby_since_us is not None else "off"
        return (
            f"{rig.board.now_us / 1e6:.3f} s; radar {radar}, standby {standby}, {rig.counts.packets_sent} data packets,"
            f" {rig.counts.bytes_on_wire} bytes; {len(rig.faults.in_force)} faults now"
        )

    def _help(self, _rest: list[str]) -> str:
        return "; ".join(f"{word}: {text}" if not text.startswith(word) else text for word, text in WORDS.items())
