"""The live process: for weeks, whatever comes and goes. A store that fails, a port that is lost, a signal, a watchdog.

Rule: nothing that passes by itself ends the process; what was acknowledged is in the file, and each trouble is one line
when it begins and one when it is over.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from cloud.night_process import Cloud
from cloud.observations import Incident
from cloud.replay import PORT_BACK
from cloud.retention import Retention
from cloud.store import Store, StoreError, set_aside
from cloud.supervisor import Supervisor
from cloud.tape import Tape
from cloud.writer import COMMIT_EVERY_US, GatheredTooMuch, Writer
from wire.codec import Counters
from wire.line_check import LineCheck
from wire.transport import TransportError

TICK_US = 1_000_000
#: A store that cannot be opened for want of space is tried again so often.
OPEN_AGAIN_S = 5.0
FORGET_EVERY_US = 3_600_000_000
PORT_LOST, SET_ASIDE, STOPPED = "no device at the port", "damaged store set aside", "stopped"


class Port(Protocol):
    """Transport, or one that is patient."""

    def read(self, timeout_s: float = 0.0) -> bytes: ...
    def write(self, data: bytes) -> None: ...


class Stop:
    """SIGTERM and SIGINT ask for a clean end; a second SIGINT does not wait for it."""

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> Stop:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._on)
        return self

    def _on(self, number: int, _frame: FrameType | None) -> None:
        if self.number and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = number

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        return signal.Signals(self.number).name if self.number else ""


@dataclass
class Live:
    """One process on one store. made: the cloud on a writer; now_us: the host's clock; say: one line on stderr."""

    db: Path
    made: Callable[[Writer], Cloud]
    now_us: Callable[[], int]
    say: Callable[[str], None]
    retention: Retention = field(default_factory=Retention)
    timezone: str = ""
    supervisor: Supervisor = field(default_factory=Supervisor)
    sleep: Callable[[float], None] = time.sleep
    stopped: Callable[[], bool] = lambda: False
    commit_every_us: int = COMMIT_EVERY_US
    tape: Tape | None = None
    check: LineCheck | None = None
    cloud: Cloud = field(init=False)
    _lost_since_us: int | None = None
    _forgotten_us: int | None = None
    _trouble: str = ""

    def open(self) -> None:
        """The store and what was concluded before. Raises StoreError for what no patience mends."""
        while True:
            writer = Writer(self._store(), self.commit_every_us, patient=True, say=self.say)
            try:
                self.cloud = self.made(writer)
                break
            except StoreError as error:
                writer.store.close()
                if not error.damaged:
                    raise
                self._set_aside(error)
        self.cloud.writer.store.close_incidents()

    def _store(self) -> Store:
        told = False
        while True:
            try:
                return Store(self.db)
            except StoreError as error:
                if error.damaged:
                    self._set_aside(error)
                    continue
                if not error.full or self.stopped():
                    raise
                if not told:
                    self.say(f"{error}; trying again")
                told = True
                self.supervisor.alive("no space for the store")
                self.sleep(OPEN_AGAIN_S)

    def _set_aside(self, error: StoreError) -> None:
        now_us = self.now_us()
        to = set_aside(self.db, now_us)
        self.say(f"{error}; set aside as {to.name}, a new one is begun")
        store = Store(self.db)
        store.commit([Incident(now_us, SET_ASIDE, now_us, to.name)], now_us, {})
        store.close()

    def port_is(self, is_open: bool, why: str) -> None:
        """A patient port tells that it was opened or lost."""
        now_us = self.now_us()
        if self.tape is not None:
            self.tape.event(now_us, PORT_BACK if is_open else "port lost", why)
        if not is_open:
            self._lost_since_us = now_us
            self.say(f"{why}; waiting for it")
            self.cloud.note(Incident(now_us, PORT_LOST, None, why))
            return
        if self._lost_since_us is not None:
            self.say("the port is there again")
            self.cloud.note(Incident(self._lost_since_us, PORT_LOST, now_us, ""))
        self._lost_since_us = None
        self.cloud.relink()

    def heard(self, data: bytes) -> None:
        """Bytes of the device, as they come."""
        if self.tape is not None and data:
            self.tape.heard(self.now_us(), data)
        self.cloud.receive(data)
        line = self.cloud.line
        if self.check is not None and isinstance(line, Counters):
            said = self.check.hear(len(data), line)
            if said:
                self.say(said)

    def tick(self, utc_us: int) -> bytes:
        """Bytes for the device. What the store cannot do is told and tried again; raises StoreError for the rest."""
        self._forget(utc_us)
        if self.tape is not None:
            self.tape.tick(utc_us)
        try:
            send = self.cloud.tick(utc_us)
        except GatheredTooMuch:
            self.say(f"{self.db}: cannot be written for too long: what was gathered is given up")
            self._begin_again()
            return b""
        except StoreError as error:
            if not error.damaged:
                raise
            self.cloud.writer.store.close()
            self._set_aside(error)
            self._begin_again()
            return b""
        self.supervisor.alive()
        if self.cloud.trouble and self.cloud.trouble != self._trouble:
            self.say(self.cloud.trouble)
        self._trouble = self.cloud.trouble
        return send

    def _begin_again(self) -> None:
        """As after a restart: the store and what the device keeps are all there is."""
        self.cloud.writer.store.close()
        self.open()

    def _forget(self, utc_us: int) -> None:
        """Old nights, now and then, while nobody sleeps."""
        due = self._forgotten_us is None or utc_us - self._forgotten_us >= FORGET_EVERY_US
        if not due or self.cloud.somebody_in_bed:
            return
        self._forgotten_us = utc_us
        try:
            gone = self.cloud.writer.store.forget(self.retention, self.timezone, utc_us)
        except StoreError as error:
            if error.damaged:
                return  # the next commit finds it, too
            self.say(str(error))
            return
        if gone.details or gone.nights:
            self.say(f"deleted for their age: {gone.details} waveforms and packets, {gone.nights} rows of whole nights")

    def leave(self, why: str) -> None:
        """The last commit; the night goes on without this process. Raises StoreError."""
        now_us = self.now_us()
        if self._lost_since_us is not None:
            self.cloud.note(Incident(self._lost_since_us, PORT_LOST, now_us, ""))
        self.cloud.note(Incident(now_us, STOPPED, now_us, why))
        self.cloud.leave(now_us)
        if self.tape is not None:
            self.tape.left(now_us)

    def close(self) -> None:
        """The file; it is one again."""
        self.end_tape(finished=False)
        self.cloud.writer.store.close()

    def end_tape(self, finished: bool) -> None:
        """The recording, when there is one."""
        if self.tape is not None:
            self.tape.close(finished)


def run(live: Live, port: Port, stop: Stop, until_eof: bool = False) -> None:
    """Until the user stops it or a port without patience is lost. until_eof: then the night is over.

    Raises TransportError and KeyboardInterrupt, after a last commit of what had arrived, and StoreError.
    """
    due_us = live.now_us()
    try:
        while not stop.number:
            wait_us = due_us - live.now_us()
            if 0 < wait_us <= TICK_US:
                live.heard(port.read(wait_us / 1e6))
                continue
            utc_us = live.now_us()
            send = live.tick(utc_us)
            due_us = utc_us + TICK_US
            if send:
                if live.tape is not None:
                    live.tape.said(utc_us, send)
                port.write(send)
    except (TransportError, KeyboardInterrupt) as stopped:
        live.leave(str(stopped) or "Ctrl-C")
        if until_eof and isinstance(stopped, TransportError):
            live.cloud.finish()
            live.end_tape(finished=True)
        raise
    live.supervisor.stopping()
    live.leave(stop.name)
    if stop.number == signal.SIGINT:
        raise KeyboardInterrupt
