"""`stillwave record`: every byte of a port into a file, of any language; with --pty whoever else needs the port goes on.

Rule: what came is in the file within two seconds, whatever happens then, and an existing recording is never written over.
"""

from __future__ import annotations

import platform
import select
import signal
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from front import check
from front.env import InputError
from front.output import ready, say, show
from wire import table
from wire.line_check import LineCheck, damaged
from wire.pairing_guard import PairingGuard
from wire.pty import Pty
from wire.recording import CONFIG, EVENT, Recorder
from wire.transport import BAUD, Transport, TransportError

FLUSH_US = 2_000_000
TICK_US = 1_000_000
#: How often a port without a descriptor is asked, and the other end of a pty.
LOOK_S = 0.01
RETRY_S = 1.0

Clock = Callable[[], int]


class Port(Protocol):
    """What is recorded."""

    def read(self, timeout_s: float = 0.0) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Asked:
    """What the command line said."""

    port: str
    file: Path
    pty: Path | None = None
    baud: int | None = None
    seconds: float | None = None
    wait: bool = False
    force: bool = False


@dataclass
class Tape:
    """One recording under way. opened: opens the port anew. now_us: the host's clock."""

    asked: Asked
    recorder: Recorder
    opened: Callable[[], Port]
    now_us: Clock
    other: Pty | None = None
    counts: dict[str, int] = field(default_factory=lambda: {"bytes_from_device": 0, "bytes_to_device": 0})
    _port: Port | None = None
    _lost: bool = False
    _tick_us: int = 0
    _flush_us: int = 0
    _again_us: int = 0
    _guard: PairingGuard = field(default_factory=PairingGuard)
    _check: LineCheck = field(init=False)

    def __post_init__(self) -> None:
        """Raises TransportError: the port cannot be had, and nobody wants to wait for it."""
        self._check = LineCheck(self.asked.port, self.asked.baud or BAUD)
        self._open()

    def turn(self) -> None:
        """Takes what is there, waits a moment for more. Raises TransportError: the port was lost."""
        now_us = self.now_us()
        if self._port is None:
            time.sleep(LOOK_S)
            if now_us >= self._again_us:
                self._open()
        else:
            self._wait(self._port)
            try:
                self._hear(self._port)
            except TransportError as error:
                self._drop(error)
        self._clockwork(self.now_us())

    def close(self) -> None:
        """Gives the port back and ends the file."""
        if self._port is not None:
            self._port.close()
        counters = self._counters()
        self.recorder.close({key: str(value) for key, value in counters.items()})

    def _counters(self) -> dict[str, int]:
        ear = self.recorder.ear
        found = dict(self.counts)
        if ear is not None:
            found |= {"packets": ear.counters.packets, "damaged_blocks": damaged(ear.counters)}
        return found

    @property
    def ended(self) -> dict[str, Any]:
        """The result."""
        return {"event": "end", "file": str(self.asked.file), **self._counters()}

    def _open(self) -> None:
        try:
            self._port = self.opened()
        except TransportError as error:
            if not self.asked.wait:
                raise
            self._again_us = self.now_us() + round(RETRY_S * 1e6)
            if not self._lost:
                self._note("port missing", str(error))
            self._lost = True
            return
        if self._lost:
            self._note("port back", f"{self.asked.port}: there again")
        self._lost = False

    def _drop(self, error: TransportError) -> None:
        self._note("port lost", str(error))
        if self._port is not None:
            self._port.close()
        self._port, self._lost = None, True
        self._again_us = self.now_us() + round(RETRY_S * 1e6)
        if not self.asked.wait:
            raise error

    def _note(self, what: str, line: str) -> None:
        self.recorder.note(EVENT, self.now_us(), {"what": what, "said": line})
        if self.asked.wait or what == "line":
            say(line)

    def _wait(self, port: Port) -> None:
        """Until somebody said something, at most a moment."""
        ours = port.fileno()
        watched = [fd for fd in (ours, self.other.master if self.other and self.other.is_open else -1) if fd >= 0]
        if ours < 0 or not watched:
            time.sleep(LOOK_S)
        else:
            select.select(watched, [], [], 0.05)

    def _hear(self, port: Port) -> None:
        data = port.read()
        if data:
            self.counts["bytes_from_device"] += len(data)
            self.recorder.from_device(self.now_us(), data)
            if self.other is not None:
                self._pass_on(self.other, data)
            ear = self.recorder.ear
            said = None if ear is None else self._check.hear(len(data), ear.counters)
            if said:
                self._note("line", said)
        stopped = self._guard.stopped
        asked = b"" if self.other is None else self._guard.pass_on(self.other.read(), self.now_us())
        if self._guard.stopped > stopped:
            self._note("line", "a pairing was not passed on: its key would be recorded; pair at the device's own port")
        if asked:
            self.counts["bytes_to_device"] += len(asked)
            self.recorder.to_device(self.now_us(), asked)
            port.write(asked)

    @staticmethod
    def _pass_on(other: Pty, data: bytes) -> None:
        """Who is slow for a second loses the rest, as on a wire: the recording has it all the same."""
        end_s = time.monotonic() + 1.0
        while data and time.monotonic() < end_s:
            taken = other.write(data)
            data = data[taken:]
            if data and not taken:
                time.sleep(0.001)

    def _clockwork(self, now_us: int) -> None:
        """Ticks, and the disk. A clock that was set is no reason to wait."""
        if not 0 <= now_us - self._tick_us < TICK_US:
            self._tick_us = now_us
            self.recorder.tick(now_us)
        if not 0 <= now_us - self._flush_us < FLUSH_US:
            self._flush_us = now_us
            self.recorder.flush()


def metadata(asked: Asked) -> dict[str, str]:
    """What the recording says of its making."""
    return {
        "source": "live",
        "version": version("stillwave"),
        "protocol": str(table.VERSION),
        "tables": f"{zlib.crc32(table.TEXT.encode()):08x}",
        "port": asked.port,
        "baud": str(asked.baud or BAUD),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


@contextmanager
def told_to_stop() -> Iterator[Callable[[], bool]]:
    """Has SIGTERM come?"""
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: seen.append(number))
    try:
        yield lambda: bool(seen)
    finally:
        signal.signal(signal.SIGTERM, before)


def run(asked: Asked, json: bool, now_us: Clock) -> None:
    """Records until Ctrl-C, SIGTERM, the seconds are over or the port is lost.

    Raises InputError, TransportError, RecordingError, KeyboardInterrupt; everything received is in the file then.
    """
    if asked.file.exists() and not asked.force:
        raise InputError(f"{asked.file}: exists; expected a new file, or --force")
    if asked.seconds is not None and not asked.seconds > 0:
        raise InputError(f"--seconds {asked.seconds:g}: expected more than 0")
    check.baud(asked.baud)

    def opened() -> Transport:
        return Transport(asked.port, asked.baud or BAUD)

    with ExitStack() as stack:
        first = None if asked.wait else opened()  # a wrong port makes no file
        other = None if asked.pty is None else stack.enter_context(Pty(asked.pty))
        recorder = stack.enter_context(Recorder(asked.file, metadata(asked), packets=True, durable=True))
        recorder.note(CONFIG, now_us(), {"what": "line", "port": asked.port, "baud": asked.baud or BAUD})
        ports = iter([first] if first is not None else [])
        tape = Tape(asked, recorder, lambda: next(ports, None) or opened(), now_us, other)
        stopped = stack.enter_context(told_to_stop())
        event = {"event": "ready", "port": asked.port, "file": str(asked.file)}
        through = ""
        if other is not None:
            event |= {"pty": other.path, "device": other.device}
            through = f", and through to {other.path}"
        ready(json, event, f"recording {asked.port} into {asked.file}{through}; Ctrl-C ends it")
        end_s = None if asked.seconds is None else time.monotonic() + asked.seconds
        try:
            while not stopped() and (end_s is None or time.monotonic() < end_s):
                tape.turn()
        finally:
            with suppress(KeyboardInterrupt):
                tape.close()
            show(json, tape.ended, lambda: lines(tape.ended))


def lines(ended: dict[str, Any]) -> list[str]:
    """The end for a person."""
    return [
        f"{ended['file']}: {ended['bytes_from_device']} bytes from the device, {ended['bytes_to_device']} to it; "
        f"{ended['packets']} packets, {ended['damaged_blocks']} damaged blocks"
    ]
