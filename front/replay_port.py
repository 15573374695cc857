"""`stillwave replay --to pty:LINK|PORT`: a recorded device, to the byte and in time, at whatever opens a serial port.

Rule: bytes are verbatim, in order, and never early; what the listener answers is read and thrown away.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from front import check
from front.env import InputError
from front.output import ready, say, show
from wire.mcap_walk import Condition
from wire.pty import Pty
from wire.recording import FROM_DEVICE, Event, pieces
from wire.transport import BAUD, Transport

if TYPE_CHECKING:
    from front.replay import Asked

PTY = "pty:"
#: So early a wait ends, and the rest is spun away: a sleeping process wakes up late.
SPIN_S = 0.001
#: A chunk later than this after its time is counted as late.
ON_TIME_S = 0.002
STALLS_S = 10.0
DRAIN_S = 10.0


class Stalled(Exception):
    """Whoever listens takes nothing any more; one line."""


class Sink(Protocol):
    """Where the bytes go. write: bytes taken; hear: throws away what came back."""

    @property
    def fd(self) -> int: ...
    def write(self, data: bytes) -> int: ...
    def hear(self) -> int: ...
    def wait(self) -> None: ...
    def drain(self) -> None: ...


class PtySink:
    """A pty that waits to be opened."""

    def __init__(self, pty: Pty) -> None:
        self._pty = pty
        self.fd = pty.master

    def write(self, data: bytes) -> int:
        return self._pty.write(data)

    def hear(self) -> int:
        return len(self._pty.read())

    def wait(self) -> None:
        self._pty.wait_for_somebody()

    def drain(self) -> None:
        self._pty.drain(DRAIN_S)


class PortSink:
    """A real port; whoever listens at its other end is not seen."""

    def __init__(self, port: Transport) -> None:
        self._port = port
        self.fd = port.fileno()

    def write(self, data: bytes) -> int:
        self._port.write(data)
        return len(data)

    def hear(self) -> int:
        return len(self._port.read())

    def wait(self) -> None:
        """Nothing to wait for."""

    def drain(self) -> None:
        self._port.drain()


class Piece(NamedTuple):
    """Bytes and when they are due, us from the beginning of what is played."""

    due_us: int
    data: bytes


@dataclass
class Chosen:
    """The part of a recording that is played. start_s, end_s: seconds from its first entry; end_s None: to the end."""

    file: Path
    start_s: float
    end_s: float | None
    condition: Condition = field(default_factory=Condition)
    span_us: int = 0  # of the part, once it was gone through

    def pieces(self) -> Iterator[Piece]:
        """What the device said, one after the other; ends also by the time behind the last piece. Raises NoRecordingError."""
        start_us, end_us = round(self.start_s * 1e6), None if self.end_s is None else round(self.end_s * 1e6)
        first: int | None = None
        now_us = 0
        self.condition = Condition()
        for event in pieces(self.file, self.condition, {}):
            if not isinstance(event, Event):
                continue
            first = event.utc_us if first is None else first
            now_us = max(now_us, event.utc_us - first)  # a clock that was set back waits for nobody
            if end_us is not None and now_us >= end_us:
                now_us = end_us
                break
            if event.topic == FROM_DEVICE and now_us >= start_us:
                yield Piece(now_us - start_us, event.data)
        self.span_us = max(now_us - start_us, 0)


@dataclass
class Playing:
    """What was played so far."""

    chunks: int = 0
    n_bytes: int = 0
    heard: int = 0
    on_time: int = 0
    latest_s: float = 0.0
    loops: int = 0

    def played(self, data: bytes, late_s: float) -> None:
        """One chunk; late_s: after its time when it was taken."""
        self.chunks += 1
        self.n_bytes += len(data)
        self.on_time += late_s <= ON_TIME_S
        self.latest_s = max(self.latest_s, late_s)

    def as_json(self, paced: bool) -> dict[str, Any]:
        """The end. The times make sense of a paced playing alone."""
        found: dict[str, Any] = {"event": "end", "chunks": self.chunks, "bytes": self.n_bytes, "heard": self.heard}
        found |= {"loops": self.loops}
        if paced and self.chunks:
            found |= {"on_time_share": round(self.on_time / self.chunks, 5), "latest_ms": round(1e3 * self.latest_s, 3)}
        return found


def play(chosen: Chosen, sink: Sink, speed: float | None, loop: bool, done: Playing) -> None:
    """Plays it once, or until somebody stops it. speed: None is as fast as it is taken. Raises Stalled."""
    begin_s = time.monotonic()
    while True:
        for piece in chosen.pieces():
            due_s = begin_s + piece.due_us / 1e6 / speed if speed is not None else time.monotonic()
            _wait_until(due_s, sink, done)
            _send(piece.data, sink, done)
            done.played(piece.data, time.monotonic() - due_s)
        if speed is not None:
            begin_s += chosen.span_us / 1e6 / speed
            _wait_until(begin_s, sink, done)
        done.loops += 1
        if not loop:
            return
        if not done.chunks:
            raise InputError(f"{chosen.file}: nothing of the device in this part; nothing to replay")


def _wait_until(due_s: float, sink: Sink, done: Playing) -> None:
    """Listens meanwhile: what comes back must not fill the line."""
    while (left_s := due_s - time.monotonic()) > 0:
        if left_s > SPIN_S:
            _look(sink, left_s - SPIN_S)
            done.heard += sink.hear()


def _look(sink: Sink, at_most_s: float) -> None:
    """Until something came back or the time is over; a pty that nobody has open is always ready."""
    if sink.fd < 0:
        time.sleep(min(at_most_s, 0.05))
        return
    if select.select([sink.fd], [], [], at_most_s)[0]:
        time.sleep(min(at_most_s, 0.0005))


def _send(data: bytes, sink: Sink, done: Playing) -> None:
    stalled_s = time.monotonic()
    while data:
        taken = sink.write(data)
        data = data[taken:]
        if taken:
            stalled_s = time.monotonic()
        elif time.monotonic() - stalled_s > STALLS_S:
            raise Stalled(f"whoever listens has taken nothing for {STALLS_S:g} s")
        else:
            time.sleep(0.0005)
        done.heard += sink.hear()


@contextmanager
def punctual() -> Iterator[None]:
    """Before others where the system allows it: on a busy machine whoever sleeps wakes up late."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setscheduler(0, *before)


def chosen_of(asked: Asked) -> Chosen:
    """What --start and --end said. Raises InputError."""
    start_s = asked.start or 0.0
    if not start_s >= 0:
        raise InputError(f"--start {start_s:g}: expected 0 or more")
    if asked.end is not None and not asked.end > start_s:
        raise InputError(f"--end {asked.end:g}: expected more than {start_s:g}, the start")
    found = Chosen(asked.file, start_s, asked.end)
    if next(found.pieces(), None) is None:
        raise InputError(f"{asked.file}: nothing of the device in this part; nothing to replay")
    return found


def run(asked: Asked, to: str, speed: float | None, json: bool) -> None:
    """Plays a recording at a pty or into a port. Raises InputError, NoRecordingError, TransportError, Stalled."""
    if asked.what_if:
        raise InputError(f"--what-if {asked.what_if[0]}: expected --to cloud")
    if to in ("", PTY):
        raise InputError(f"--to {to}: expected pty:LINK, a port, or cloud")
    chosen = chosen_of(asked)
    done = Playing()
    with ExitStack() as stack:
        sink, event = opened(to, check.baud(asked.baud) or BAUD, stack)
        begins = "begins when it is opened" if "pty" in event else "begins now"
        ready(
            json, {"event": "ready", **event}, f"replaying {asked.file} to {event['port']}; it {begins}; Ctrl-C ends it"
        )
        sink.wait()
        if speed is not None:
            stack.enter_context(punctual())
        try:
            play(chosen, sink, speed, asked.loop, done)
            sink.drain()
        finally:
            show(json, done.as_json(speed is not None), lambda: lines(done, speed is not None))
    if not chosen.condition.whole:
        say(f"{asked.file}: was cut or damaged; what is readable was played")


def opened(to: str, baud: int, stack: ExitStack) -> tuple[Sink, dict[str, Any]]:
    """Where it goes, and what `ready` says of it. Raises TransportError, FileExistsError."""
    if not to.startswith(PTY):
        return PortSink(stack.enter_context(Transport(to, baud))), {"port": to}
    link = Path(to.removeprefix(PTY))
    try:
        pty = stack.enter_context(Pty(link))
    except FileExistsError:
        raise
    except OSError as error:
        raise InputError(f"--to {to}: cannot be made: {error.strerror or error}") from None
    return PtySink(pty), {"port": pty.path, "pty": pty.device}


def lines(done: Playing, paced: bool) -> list[str]:
    """The end for a person."""
    said = f"{done.chunks} chunks, {done.n_bytes} bytes"
    if paced and done.chunks:
        share = 100 * done.on_time / done.chunks
        said += f"; {share:.1f} % within {1e3 * ON_TIME_S:g} ms of their time, the latest after {1e3 * done.latest_s:.1f} ms"
    return [said]
