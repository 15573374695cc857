"""`stillwave record`: every byte of any language, in the file within two seconds, through unplugging and kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from front import record
from front.env import ROOT, InputError
from front.record import Asked, Tape
from tests.unit.test_decoded import made
from wire import codec, recording
from wire.pty import Pty
from wire.recording import CONFIG, EVENT, FROM_DEVICE, TICK, TO_DEVICE, Recorder
from wire.transport import Transport, TransportError

T0_US = 1_770_000_000_000_000


class Script:
    """A port that says what a test has written down; an exception is raised, None is nothing."""

    def __init__(self, *says: bytes | Exception | None) -> None:
        self.says = list(says)
        self.written = b""
        self.closed = False

    def read(self, timeout_s: float = 0.0) -> bytes:
        one = self.says.pop(0) if self.says else b""
        if isinstance(one, Exception):
            raise one
        return one or b""

    def write(self, data: bytes) -> None:
        self.written += data

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        self.closed = True


class Clock:
    """A second passes with every look."""

    def __init__(self, step_us: int = 1_000_000) -> None:
        self.now_us, self.step_us = T0_US, step_us

    def __call__(self) -> int:
        self.now_us += self.step_us
        return self.now_us


@pytest.fixture(autouse=True)
def _no_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "LOOK_S", 0.0)


def taped(path: Path, ports: list[Script | TransportError], *, wait: bool = False, clock: Clock | None = None) -> Tape:
    def opened() -> Script:
        one = ports.pop(0)
        if isinstance(one, TransportError):
            raise one
        return one

    asked = Asked("/dev/ttyX", path, wait=wait)
    return Tape(asked, Recorder(path, {}, packets=True), opened, clock or Clock())


def lost(line: str = "pulled") -> TransportError:
    return TransportError("/dev/ttyX", line, lost=True)


def test_any_bytes_are_recorded_as_they_came(tmp_path: Path) -> None:
    every = [bytes(range(256)), b"\0" * 700, b"SEEED\x01\0", codec.encode(made("VITALS"))]
    tape = taped(tmp_path / "l.mcap", [Script(*every)])
    for _ in every:
        tape.turn()
    tape.close()
    found = recording.read(tmp_path / "l.mcap")
    assert found.bytes_of(FROM_DEVICE) == b"".join(every) and found.whole
    assert (tape.ended["bytes_from_device"], tape.ended["packets"]) == (len(b"".join(every)), 1)
    assert found.metadata["end"]["packets"] == "1"


def test_ticks_go_on_in_silence(tmp_path: Path) -> None:
    tape = taped(tmp_path / "l.mcap", [Script()])
    for _ in range(10):
        tape.turn()
    tape.close()
    ticks = [one.utc_us for one in recording.read(tmp_path / "l.mcap").events if one.topic == TICK]
    assert len(ticks) == 10 and all(b - a >= 1_000_000 for a, b in zip(ticks, ticks[1:], strict=False))


def test_what_is_older_than_two_seconds_is_in_the_file(tmp_path: Path) -> None:
    clock = Clock(100_000)
    tape = taped(tmp_path / "l.mcap", [Script(*(bytes([n % 256]) * 30 for n in range(500)))], clock=clock)
    behind = []
    for turn in range(500):
        tape.turn()
        if turn % 25 == 24:
            inside = recording.read(tmp_path / "l.mcap").events[-1].utc_us
            behind.append(clock.now_us - inside)
    assert max(behind) <= 2_000_000 + 300_000  # one look at the clock is 100 ms here
    tape.close()


def test_a_recorder_that_never_flushes_by_the_clock_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recorder, "flush", lambda self: None)
    clock = Clock(100_000)
    tape = taped(tmp_path / "l.mcap", [Script(*([b"x" * 30] * 90))], clock=clock)
    for _ in range(90):
        tape.turn()
    assert clock.now_us - recording.read(tmp_path / "l.mcap").events[-1].utc_us > 3_000_000


def test_a_clock_that_is_set_stops_nothing(tmp_path: Path) -> None:
    clock = Clock()
    tape = taped(tmp_path / "l.mcap", [Script(*([b"abc"] * 9))], clock=clock)
    for turn in range(9):
        if turn == 4:
            clock.now_us -= 3_600_000_000
        tape.turn()
    assert len(recording.read(tmp_path / "l.mcap").bytes_of(FROM_DEVICE)) >= 3 * 8
    tape.close()


def test_unplugged_is_the_end_and_all_is_kept(tmp_path: Path) -> None:
    port = Script(b"before", lost())
    tape = taped(tmp_path / "l.mcap", [port])
    tape.turn()
    with pytest.raises(TransportError, match="pulled"):
        tape.turn()
    tape.close()
    found = recording.read(tmp_path / "l.mcap")
    assert found.bytes_of(FROM_DEVICE) == b"before" and found.whole and port.closed
    assert [one.said["what"] for one in found.notes] == ["port lost"]


def test_unplugged_and_plugged_in_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ports: list[Script | TransportError] = [
        Script(b"one", lost()),
        lost("still away"),
        lost("still away"),
        Script(b"two"),
    ]
    tape = taped(tmp_path / "l.mcap", ports, wait=True)
    for _ in range(12):
        tape.turn()
    tape.close()
    found = recording.read(tmp_path / "l.mcap")
    assert found.bytes_of(FROM_DEVICE) == b"onetwo"
    assert [(one.topic, one.said["what"]) for one in found.notes] == [(EVENT, "port lost"), (EVENT, "port back")]
    assert capsys.readouterr().err.splitlines() == ["/dev/ttyX: pulled", "/dev/ttyX: there again"]


def test_a_port_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    tape = taped(tmp_path / "l.mcap", [lost("missing"), lost("missing"), Script(b"here")], wait=True)
    for _ in range(8):
        tape.turn()
    tape.close()
    found = recording.read(tmp_path / "l.mcap")
    assert [one.said["what"] for one in found.notes] == ["port missing", "port back"]
    assert found.bytes_of(FROM_DEVICE) == b"here"


def test_a_wrong_baud_rate_is_said_and_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tape = taped(tmp_path / "l.mcap", [Script(*([b"\xe0\xfe\x80" * 100] * 30))])
    for _ in range(30):
        tape.turn()
    tape.close()
    said = [one.said["said"] for one in recording.read(tmp_path / "l.mcap").notes]
    assert len(said) == 1 and "wrong baud rate" in said[0]
    assert capsys.readouterr().err.splitlines() == said


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"seconds": 0.0}, "--seconds 0: expected more than 0"),
        ({"baud": 7}, "--baud 7: expected 50 to 4000000"),
        ({"file": Path(__file__)}, "exists; expected a new file, or --force"),
    ],
)
def test_wrong_options_make_no_file(tmp_path: Path, asked: dict, line: str) -> None:
    with pytest.raises(InputError, match=line):
        record.run(Asked("loop://", **{"file": tmp_path / "l.mcap", **asked}), True, lambda: T0_US)
    assert not (tmp_path / "l.mcap").exists()


def test_a_wrong_port_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="No such file or directory; ports here: "):
        record.run(Asked("/dev/no-such-port", tmp_path / "l.mcap"), True, lambda: T0_US)
    assert not (tmp_path / "l.mcap").exists()


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a command with --json and waits until it is ready."""
    running: list[subprocess.Popen[str]] = []

    def started(*args: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(ROOT / "stillwave.py"), *args, "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "ready", process.stderr
        return process

    yield started
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until(settled: Callable[[], bool], timeout_s: float = 20.0) -> None:
    end_s = time.monotonic() + timeout_s
    while not settled():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def read_or_none(path: Path) -> bytes:
    return recording.read(path).bytes_of(FROM_DEVICE)


def test_through_a_pty_both_directions_pass_and_are_recorded(tmp_path: Path, start: Start) -> None:
    file, host_end = tmp_path / "l.mcap", tmp_path / "host"
    hello, ping = codec.encode(made("HELLO")), codec.encode(made("PING"))
    with Pty(tmp_path / "device") as device:
        process = start("record", device.path, str(file), "--pty", str(host_end))
        with Transport(str(host_end)) as host:
            time.sleep(0.1)
            host.write(codec.encode(made("PAIR")) + ping)
            until(lambda: device.read() == ping)
            assert device.write(hello) == len(hello)
            assert host.read_exactly(len(hello), 5.0) == hello
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, json.loads(out)["bytes_to_device"]) == (0, len(ping))
    assert err.splitlines() == ["a pairing was not passed on: its key would be recorded; pair at the device's own port"]
    found = recording.read(file)
    assert (found.bytes_of(FROM_DEVICE), found.bytes_of(TO_DEVICE), found.whole) == (hello, ping, True)
    assert [one.said["what"] for one in found.notes if one.topic == CONFIG] == ["line", "device"]
    assert b"\xff" * 8 not in file.read_bytes()  # neither half of a key
    assert found.metadata["run"]["source"] == "live" and not host_end.is_symlink()


def test_killed_it_keeps_what_is_older_than_two_seconds(tmp_path: Path, start: Start) -> None:
    file = tmp_path / "l.mcap"
    with Pty(tmp_path / "device") as device:
        process = start("record", device.path, str(file))
        until(lambda: device.is_open)
        time.sleep(0.2)
        device.write(b"first words, of no language")
        until(lambda: read_or_none(file) != b"", 6.0)
        process.kill()
        process.wait()
    found = recording.read(file)
    assert found.bytes_of(FROM_DEVICE) == b"first words, of no language" and not found.whole
    assert os.stat(file).st_mode & 0o777 == 0o600


def test_ctrl_c_keeps_everything(tmp_path: Path, start: Start) -> None:
    file = tmp_path / "l.mcap"
    with Pty(tmp_path / "device") as device:
        process = start("record", device.path, str(file))
        until(lambda: device.is_open)
        time.sleep(0.2)
        device.write(b"x" * 100)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, json.loads(out)["bytes_from_device"], err) == (130, 100, "")
    assert recording.read(file).whole
