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
from importlib.metadata import version
from pathlib import Path
from typing import IO

from cloud import live
from cloud.alarm import AlarmSetting
from cloud.daily_alarm import Daily, wall
from cloud.device import Settings
from cloud.foreign import CANNOT_RING, PROTOCOLS, made
from cloud.night_process import Cloud
from cloud.patient_port import PatientPort
from cloud.retention import Retention
from cloud.store import Store, StoreError
from cloud.supervisor import Supervisor
from cloud.tape import Tape, metadata
from cloud.vouched import Vouched
from cloud.writer import COMMIT_EVERY_US, Writer
from wire import keys, trust
from wire.handshake import Entropy
from wire.line_check import LineCheck
from wire.recording import RecordingError
from wire.transport import BAUD, Transport, TransportError
from wire.unix_line import PREFIX as UNIX

#: How long the bytes that the rig has announced may take to arrive, wall time.
ANNOUNCED_WITHIN_S = 20.0

DONE, FAILED, MISUSED, LOST, INTERRUPTED = 0, 1, 2, 4, 130


class ControlError(Exception):
    """A line of the control pipe that is not `<utc_us> <n_bytes>`, or an option that cannot be used."""


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
    parser.add_argument("--alarm", type=_time, metavar="HH:MM", help="set time of the alarm of every day, local (--tz)")
    parser.add_argument("--sunrise", type=int, default=0, metavar="S", help="length of the wake-up light before it, s")
    parser.add_argument("--tz", default="UTC", metavar="ZONE", help="the user's time zone")
    parser.add_argument("--control", metavar="RFD,WFD", help="lock-step: inherited pipes to read from and answer to")
    parser.add_argument("--seed", type=int, metavar="N", help="nonces from a seed; in lock-step only")
    parser.add_argument("--baud", type=int, metavar="N", help="of the port; default 460800, of a module its own")
    parser.add_argument("--record", type=Path, metavar="FILE", help="record the line, for `stillwave replay`")
    parser.add_argument("--keys", type=Path, metavar="FILE", help="keys of paired devices (~/.config/stillwave/keys)")
    parser.add_argument("--simulated", action="store_true", help="heed an emulated board, whose key is published")
    parser.add_argument("--wait", action="store_true", help="wait for the port, and for its return; unix: always does")
    parser.add_argument(
        "--commit-every", type=float, default=COMMIT_EVERY_US / 1e6, metavar="S", help="seconds between commits"
    )
    parser.add_argument("--keep-nights", type=int, metavar="N", help="delete nights older than N days")
    parser.add_argument(
        "--keep-detail-days", type=int, metavar="N", help="delete waveforms and packets older than N days"
    )
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), help="a module of another maker is at the port")
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
    except (ControlError, keys.KeysError) as error:
        return _fail(str(error), MISUSED)
    except StoreError as error:
        return _fail(str(error), FAILED if error.writing else MISUSED)
    except BrokenPipeError:
        return _fail("control pipe: nobody reads the answers", FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(options: argparse.Namespace, stack: contextlib.ExitStack, ready: Callable[[], None] | None) -> None:
    """Open what is named and run until the end. The store closes last."""
    if options.control:
        _run_controlled(options, stack, ready)
        return
    if options.serial == UNIX:
        raise ControlError(f"{UNIX}: expected unix:PATH")
    if options.seed is not None:
        raise ControlError("--seed: expected together with --control; a real line needs real randomness")
    baud = options.baud or (PROTOCOLS[options.protocol].baud if options.protocol else BAUD)
    if options.protocol and (options.alarm or options.alarm_utc):
        _say(CANNOT_RING)
    keyring = keys.whose(options.simulated, options.keys)
    stop, supervisor = stack.enter_context(live.Stop()), Supervisor()
    knows_time: Callable[[], bool] = Vouched(_say) if options.serial.startswith(UNIX) else lambda: True
    process = live.Live(
        options.db,
        lambda writer: made(
            options.protocol,
            writer,
            os.urandom,
            "live",
            _settings(options),
            {"port": options.serial},
            knows_time,
            keyring=keyring,
        ),
        _host_clock_us,
        lambda line: _say(line),
        _retention(options),
        options.tz,
        supervisor,
        stopped=lambda: stop.number != 0,
        commit_every_us=round(options.commit_every * 1e6),
    )
    process.open()
    stack.callback(process.close)
    process.check = None if options.protocol else LineCheck(options.serial, baud)
    if options.wait or options.serial.startswith(UNIX):
        process.tape = _tape(options, baud, keyring.unpaired)
        port: PatientPort | Transport = PatientPort(options.serial, process.port_is, baud=baud)
        stack.callback(port.close)
    else:
        port = stack.enter_context(Transport(options.serial, baud))
        process.tape = _tape(options, baud, keyring.unpaired)  # a port that is missing leaves no file
    if ready is not None:
        ready()
    supervisor.ready()
    live.run(process, port, stop, options.until_eof)


def _tape(options: argparse.Namespace, baud: int, unpaired: bool) -> Tape | None:
    """The recording that --record wants. Raises ControlError."""
    path: Path | None = options.record
    if path is None:
        return None
    if path.exists():
        raise ControlError(f"--record {path}: exists; expected a new file")
    begun = metadata(_settings(options), options.serial, baud, options.protocol, version("stillwave"), unpaired)
    try:
        return Tape(path, begun, _say, _host_clock_us())
    except RecordingError as error:
        raise ControlError(f"--record {error}") from None


def _run_controlled(options: argparse.Namespace, stack: contextlib.ExitStack, ready: Callable[[], None] | None) -> None:
    requests, answers = _pipes(options.control)
    store = Store(options.db, durable=False)
    stack.callback(store.close)
    port = stack.enter_context(Transport(options.serial))
    if ready is not None:
        ready()
    before = store.meta().get("memory.seconds", "")
    entropy = os.urandom if options.seed is None else seeded(options.seed, before)
    cloud = made(options.protocol, Writer(store), entropy, "simulated", _settings(options), keyring=trust.EMULATED)
    run_controlled(cloud, port, stack.enter_context(requests), stack.enter_context(answers))


def _settings(options: argparse.Namespace) -> Settings:
    alarm = None if options.alarm_utc is None else AlarmSetting(options.alarm_utc, options.sunrise)
    daily = None if options.alarm is None else Daily(options.alarm, options.sunrise)
    return Settings(alarm, options.side, options.tz, daily)


def _time(text: str) -> str:
    return f"{wall(text):%H:%M}"


def _retention(options: argparse.Namespace) -> Retention:
    try:
        return Retention(options.keep_nights, options.keep_detail_days)
    except ValueError as error:
        raise ControlError(str(error)) from None


def _host_clock_us() -> int:
    return time.time_ns() // 1000  # noqa: TID251 - this is the live command line


def _pipes(text: str) -> tuple[IO[str], IO[str]]:
    try:
        read_fd, write_fd = map(int, text.split(","))
        return os.fdopen(read_fd, "r", encoding="ascii"), os.fdopen(write_fd, "w", encoding="ascii")
    except (ValueError, OSError) as error:
        raise ControlError(f"--control {text}: expected RFD,WFD, two open file numbers") from error


def _say(message: str) -> None:
    sys.stderr.write(f"stillwave cloud: {message}\n")
    sys.stderr.flush()


def _fail(message: str, code: int) -> int:
    _say(message)
    return code


if __name__ == "__main__":
    sys.exit(main())
