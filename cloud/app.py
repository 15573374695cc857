"""The cloud process: the serial port on one side, the night's store on the other.

Rule: commit, then acknowledge. In control mode all time comes through the control pipe: one line
`<utc_us> <n_bytes>` a quantum, answered by `<m_bytes>`; the end of the pipe is the end of the night.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from cloud import core, ingest, memory, settle
from cloud.alarm import AlarmSetting
from cloud.device import Settings
from cloud.observations import Row
from cloud.store import Store, StoreError
from wire import codec
from wire.handshake import Entropy
from wire.transport import Transport, TransportError

TICK_US = 1_000_000
#: How long the bytes that the rig has announced may take to arrive, wall time.
ANNOUNCED_WITHIN_S = 20.0

DONE, FAILED, MISUSED, LOST, INTERRUPTED = 0, 1, 2, 4, 130


class ControlError(Exception):
    """A line of the control pipe that is not `<utc_us> <n_bytes>`."""


class Cloud:
    """The core, its decoder and its store: bytes in, bytes out."""

    def __init__(self, store: Store, entropy: Entropy, source: str, settings: Settings | None = None) -> None:
        self._store = store
        self._decoder = codec.Decoder()
        self._state = core.State(entropy, settings or Settings())
        restore(self._state, store)
        self._meta = {"source": source, "settings": msgspec.json.encode(settings or Settings()).decode()}

    def receive(self, chunk: bytes) -> None:
        """Bytes from the device, in any cut."""
        for packet in self._decoder.feed(chunk):
            core.step(self._state, packet)

    def tick(self, utc_us: int) -> bytes:
        """Commit what came since the last tick; returns the bytes for the device. Raises StoreError."""
        rows, send = core.step(self._state, core.Tick(utc_us))
        self._commit(rows)
        return send + core.acknowledge(self._state)

    def leave(self, utc_us: int) -> None:
        """The last tick of a process whose night goes on. Raises StoreError."""
        self._state.memory.keep = True
        self.tick(utc_us)

    def finish(self) -> None:
        """The night is over: commit what was still waiting to settle. Raises StoreError."""
        if self._state.utc_us:
            self._state.memory.keep = True
            self._commit(core.finish(self._state))

    def _commit(self, rows: list[Row]) -> None:
        if self._state.memory.keep:
            self._meta["line"] = msgspec.json.encode(self._decoder.counters).decode()
        self._meta |= memory.encode(self._state.memory)
        self._store.commit(rows, self._state.utc_us, self._meta)


def restore(state: core.State, store: Store) -> None:
    """The state of an earlier process on the same store; nothing of a new one."""
    meta = store.meta()
    if "memory.seconds" not in meta:
        return
    clocks = {anchor.boot: anchor.utc_us - anchor.t_us for anchor in store.anchors()}
    kept = memory.decode(meta)
    stopped_utc_us = kept.seconds.next_s * settle.SECOND_US + settle.SETTLE_US
    boots = [ingest.restored(row, store.missing(row), clocks.get(row.boot), stopped_utc_us) for row in store.boots()]
    core.restore(state, boots, store.packets_since(core.unsettled_from(kept)), kept)


def run_controlled(cloud: Cloud, port: Transport, requests: IO[str], answers: IO[str]) -> None:
    """Lock-step with the rig until its pipe ends. Raises ControlError, TransportError, StoreError."""
    for line in requests:
        words = line.split()
        if len(words) != 2 or not all(word.isascii() and word.isdigit() for word in words):
            raise ControlError(f"control pipe: expected '<utc_us> <n_bytes>', found {line.strip()!r}")
        utc_us, n_bytes = map(int, words)
        cloud.receive(port.read_exactly(n_bytes, ANNOUNCED_WITHIN_S))
        send = cloud.tick(utc_us)
        if send:
            port.write(send)
        answers.write(f"{len(send)}\n")
        answers.flush()
    cloud.finish()


def run_live(cloud: Cloud, port: Transport, now_us: Callable[[], int], until_eof: bool = False) -> None:
    """Until the port is lost or the user stops it. now_us: the host's clock, UTC. until_eof: then the night is over.

    Raises TransportError, after a last commit of what had arrived, and StoreError.
    """
    due_us = now_us()
    try:
        while True:
            wait_us = due_us - now_us()
            if 0 < wait_us <= TICK_US:
                cloud.receive(port.read(wait_us / 1e6))
                continue
            utc_us = now_us()
            send = cloud.tick(utc_us)
            due_us = utc_us + TICK_US
            if send:
                port.write(send)
    except (TransportError, KeyboardInterrupt) as stopped:
        cloud.leave(now_us())
        if until_eof and isinstance(stopped, TransportError):
            cloud.finish()
        raise


def seeded(seed: int, after: str = "") -> Entropy:
    """Random bytes that are the same for the same seed: for the simulator only. after: what an earlier run left."""
    blocks = _blocks(f"cloud {seed} {after}")
    return lambda n: b"".join(next(blocks) for _ in range(-(-n // 32)))[:n]


def _blocks(name: str) -> Iterator[bytes]:
    number = 0
    while True:
        yield hashlib.blake2b(f"{name} {number}".encode(), digest_size=32).digest()
        number += 1


def arguments() -> argparse.ArgumentParser:
    """The options of `python -m cloud.app`."""
    parser = argparse.ArgumentParser(prog="python -m cloud.app", description="Receive a night and store it.")
    parser.add_argument("--serial", required=True, metavar="PORT", help="whatever pyserial's serial_for_url takes")
    parser.add_argument("--db", required=True, type=Path, metavar="FILE", help="the night's store (SQLite)")
    parser.add_argument("--side", choices=("left", "right"), help="the user's side of the bed")
    parser.add_argument("--alarm-utc", type=int, metavar="US", help="set time of the alarm, us since 1970")
    parser.add_argument("--sunrise", type=int, default=0, metavar="S", help="length of the wake-up light before it, s")
    parser.add_argument("--tz", default="UTC", metavar="ZONE", help="the user's time zone")
    parser.add_argument("--control", metavar="RFD,WFD", help="lock-step: inherited pipes to read from and answer to")
    parser.add_argument("--seed", type=int, metavar="N", help="nonces from a seed; in lock-step only")
    parser.add_argument("--until-eof", action="store_true", help="the end of the port is the end of the night: exit 0")
    return parser


def main(argv: list[str] | None = None, ready: Callable[[], None] | None = None) -> int:
    """Run the process; returns the exit code, after one line on stderr when it is not 0.

    ready: called once store and port are open.
    """
    options = arguments().parse_args(argv)
    try:
        with contextlib.ExitStack() as stack:
            _run(options, stack, ready)
        return DONE
    except TransportError as error:
        if error.lost and options.until_eof:
            return DONE
        return _fail(str(error), LOST if error.lost else MISUSED)
    except ControlError as error:
        return _fail(str(error), MISUSED)
    except StoreError as error:
        return _fail(str(error), FAILED if error.writing else MISUSED)
    except BrokenPipeError:
        return _fail("control pipe: nobody reads the answers", FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(options: argparse.Namespace, stack: contextlib.ExitStack, ready: Callable[[], None] | None) -> None:
    """Open what is named and run until the end. The store closes last."""
    control = _pipes(options.control) if options.control else None
    if options.seed is not None and not control:
        raise ControlError("--seed: expected together with --control; a real line needs real randomness")
    store = Store(options.db, durable=control is None)
    stack.callback(store.close)
    port = stack.enter_context(Transport(options.serial))
    if ready is not None:
        ready()
    alarm = None if options.alarm_utc is None else AlarmSetting(options.alarm_utc, options.sunrise)
    settings = Settings(alarm, options.side, options.tz)
    if control:
        before = store.meta().get("memory.seconds", "")
        entropy = os.urandom if options.seed is None else seeded(options.seed, before)
        cloud = Cloud(store, entropy, "simulated", settings)
        run_controlled(cloud, port, *(stack.enter_context(pipe) for pipe in control))
    else:
        run_live(Cloud(store, os.urandom, "live", settings), port, _host_clock_us, options.until_eof)


def _host_clock_us() -> int:
    return time.time_ns() // 1000  # noqa: TID251 - this is the live command line


def _pipes(text: str) -> tuple[IO[str], IO[str]]:
    try:
        read_fd, write_fd = map(int, text.split(","))
        return os.fdopen(read_fd, "r", encoding="ascii"), os.fdopen(write_fd, "w", encoding="ascii")
    except (ValueError, OSError) as error:
        raise ControlError(f"--control {text}: expected RFD,WFD, two open file numbers") from error


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"stillwave cloud: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
