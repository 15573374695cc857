"""`sw_link`: the packets of a Stillwave device, asked for and waited for.

Rule: what a packet is, the plugin says (`Speech`); here they are only counted, waited for and shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hw_sim.hil.home import Home
from hw_sim.hil.serial_line import Missed

__tracebackhide__ = True  # a failure is shown at the line of the test

NO_PACKETS = "sw_link reads the packets of a Stillwave device; this target is a program of its own: use sw_serial"
TEXT_CHARS = 110
NEED_NO_SESSION = ("HOST_HELLO", "PAIR")
MEET_S = 1.0


@dataclass(frozen=True)
class Heard:
    """One intact packet of the device. at_us: device time of the home when its last byte was heard; t_us: its own.

    seq: number among the data packets of its boot, 0 for others. fields: integers by name; text: the same for people.
    """

    at_us: int
    name: str
    seq: int
    boot: int
    t_us: int
    resent: bool
    fields: Mapping[str, Any]
    text: str

    def __getitem__(self, field: str) -> Any:
        return self.fields[field]

    def line(self) -> str:
        """One line: when, what, and what it says."""
        name = self.name + (f" #{self.seq}" if self.seq else "") + (" again" if self.resent else "")
        cut = f"{self.text[:TEXT_CHARS]}..." if len(self.text) > TEXT_CHARS else self.text
        return f"{self.at_us / 1e6:12.6f} s  {name:<15} {cut}"


class Session(Protocol):
    """A handshake with the device, so that it heeds what is said."""

    @property
    def linked(self) -> bool: ...
    def forget(self) -> None: ...
    def hello(self, nonce: int, utc_us: int) -> bytes: ...


class Speech(Protocol):
    """The language of the line. session: in which things are said."""

    session: Session

    def hear(self, at_us: int, data: bytes) -> list[Heard]:
        """The packets that these bytes complete."""

    def damaged(self) -> int:
        """Blocks so far that were no intact packet."""

    def say(self, name: str, fields: Mapping[str, Any]) -> bytes:
        """The bytes of a packet. Raises ValueError, naming packet and field."""

    def answer_to(self, name: str) -> str | None:
        """The packet that answers this question; None: it is no question."""

    def known(self, name: str) -> bool:
        """There is such a packet."""


class Link:
    """The device's packets. speech None: a stranger's line, of which every use raises TypeError."""

    def __init__(self, home: Home, speech: Speech | None) -> None:
        self._home, self._speech_or_none = home, speech
        self.packets: list[Heard] = []
        self._read = 0  # packets up to here were waited for
        self._nonce = 0x5157_0000 + home.seed
        self._restarts = 0
        if speech is not None:
            home.ears.append(self._hear)

    @property
    def _speech(self) -> Speech:
        if self._speech_or_none is None:
            raise TypeError(NO_PACKETS)
        return self._speech_or_none

    def _hear(self, t_us: int, data: bytes) -> None:
        self.packets += self._speech.hear(t_us, data)

    def send(self, name: str, **fields: int) -> None:
        """A packet to the device, now. fields: all of its fields, integers. Raises ValueError, naming what is wrong."""
        said = self._speech.say  # what is wrong is said before time passes
        if name not in NEED_NO_SESSION and said(name, fields):
            self._meet()
        self._home.write(said(name, fields))

    def _meet(self) -> None:
        """A device heeds its host in a session alone. Where none can be had, what is said goes out as it is."""
        session = self._speech.session
        if self._restarts != self._home.restarts:
            self._restarts = self._home.restarts
            session.forget()
        if not session.linked:
            self._nonce += 1
            self._home.write(session.hello(self._nonce, self._home.utc_us))
            self._home.wait(lambda: session.linked or None, MEET_S)

    def ask(self, name: str, timeout_s: float = 5.0, **fields: int) -> Heard:
        """Sends a question with a fresh nonce and returns its answer. Raises AssertionError when none comes."""
        answer = self._speech.answer_to(name)
        if answer is None:
            raise ValueError(f"sw_link.ask: {name} is no question; use send")
        self._nonce += 1
        nonce, echo = self._nonce, "host_nonce" if answer == "HELLO" else "nonce"
        self.send(name, nonce=nonce, **fields)
        return self.wait_for(answer, timeout_s, lambda one: bool(one[echo] == nonce))

    def wait_for(self, name: str, timeout_s: float = 10.0, where: Callable[[Heard], bool] | None = None) -> Heard:
        """The first packet of this name, for which `where` is true, after the last one that was waited for.

        timeout_s: device time. Raises an AssertionError that says what came instead; ValueError for an unknown name.
        """
        if not self._speech.known(name):
            raise ValueError(f"sw_link.wait_for: there is no packet {name}")
        start = self._read
        found = self._home.wait(lambda: self._next(name, where), timeout_s)
        if found is None:
            raise Missed(self._missed(name, timeout_s, start, where is not None))
        return found

    def _next(self, name: str, where: Callable[[Heard], bool] | None) -> Heard | None:
        for index in range(self._read, len(self.packets)):
            one = self.packets[index]
            if one.name == name and (where is None or where(one)):
                self._read = index + 1
                return one
        return None

    def _missed(self, name: str, timeout_s: float, start: int, picky: bool) -> str:
        came = Counter(one.name for one in self.packets[start:])
        end = "the recording ended" if self._home.ended else f"{timeout_s:g} s of {self._home.clock} time passed"
        others = ", ".join(f"{n} {kind}" for kind, n in came.items()) or "nothing"
        return f"expected {name}{' with what the test asks of it' if picky else ''}: {end}; meanwhile came {others}"

    def last(self, name: str) -> Heard | None:
        """The latest packet of this name; None before the first."""
        return next((one for one in reversed(self.packets) if one.name == name), None)

    @property
    def counts(self) -> Counter[str]:
        """Packets so far by name, and `damaged`: blocks of the line that were none."""
        return Counter(one.name for one in self.packets) + Counter(damaged=self._speech.damaged())

    @property
    def damaged(self) -> int:
        """Blocks of the line so far that were no intact packet."""
        return self._speech.damaged()

    @property
    def losses(self) -> int:
        """Data packets that are missing between the first and the last number heard of each boot."""
        self._speech  # noqa: B018  (the clear message for a stranger's line)
        numbers: dict[int, set[int]] = {}
        for one in self.packets:
            if one.seq:
                numbers.setdefault(one.boot, set()).add(one.seq)
        return sum(max(seen) - min(seen) + 1 - len(seen) for seen in numbers.values())

    def silence(self, seconds: float) -> None:
        """Lets so much device time pass, in which not one byte may come. Raises AssertionError with what came."""
        self._speech  # noqa: B018
        before, heard = len(self.packets), [0]

        def count(_t_us: int, data: bytes) -> None:
            heard[0] += len(data)

        self._home.ears.append(count)
        try:
            self._home.run(seconds)
        finally:
            self._home.ears.remove(count)
        if heard[0]:
            lines = "\n".join(one.line() for one in self.packets[before:][:5])
            raise Missed(f"expected silence for {seconds:g} s: {heard[0]} bytes came\n{lines}")
