"""`cloud --record`: the line of a live night, from which a replay comes to the same rows; and the night comes first."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cloud import live, replay
from cloud.device import Settings
from cloud.live import Live
from cloud.night_process import Cloud
from cloud.supervisor import Supervisor
from cloud.tape import Tape, metadata
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice, sleeper
from wire import recording
from wire.line_check import LineCheck
from wire.recording import CONFIG, EVENT, FROM_DEVICE, TICK, Recorder, RecordingError
from wire.transport import TransportError

SET = Settings(side="left", timezone="Europe/Berlin")
N_SECONDS = 400


class Port:
    """A device and a clock: a second is over when the process has waited for it."""

    def __init__(self, n_seconds: int) -> None:
        self.now_us, self.device, self.number = T0_UTC_US, FakeDevice(), 0
        self._second, self._n_seconds = -1, n_seconds

    def read(self, timeout_s: float = 0.0) -> bytes:
        self.now_us += max(round(timeout_s * 1e6 / 2), 1000)  # answers come in the middle of a second
        second = (self.now_us - T0_UTC_US) // SECOND_US
        if second == self._second:
            return b""
        self._second = second
        if second >= self._n_seconds:
            raise TransportError("/dev/ttyX", "device lost: pulled", lost=True)
        return self.device.answers(second * SECOND_US) + sleeper(self.device, second)

    def write(self, data: bytes) -> None:
        self.device.hear(data)


class Unplugged(Port):
    """Pulled in the middle of a packet, and there again a minute later; a patient process."""

    OUT = range(100, 160)
    process: Live

    def read(self, timeout_s: float = 0.0) -> bytes:
        before, was_out = self._second, self._second in self.OUT
        said = super().read(timeout_s)
        if self._second == self.OUT.start and not was_out:
            self.process.heard(said[: len(said) // 2])
            self.process.port_is(False, "pulled")
        if self._second == self.OUT.stop and before != self._second:
            self.process.port_is(True, "")
        return b"" if self._second in self.OUT else said

    def write(self, data: bytes) -> None:
        if self._second not in self.OUT:
            super().write(data)


class Untold:
    """Nobody asks for an end."""

    number, name = 0, ""


def lived(
    folder: Path, tape: bool = True, n_seconds: int = N_SECONDS, at: type[Port] = Port, **more: Any
) -> tuple[Live, list[str]]:
    """A live process at that port until the device is gone for good."""
    port, said = at(n_seconds), []
    process = Live(
        folder / "live.sqlite",
        lambda writer: Cloud(writer, os.urandom, "live", SET),
        lambda: port.now_us,
        said.append,
        supervisor=Supervisor({}),
        timezone="Europe/Berlin",
        **more,
    )
    process.open()
    if isinstance(port, Unplugged):
        port.process = process
    if tape:
        begun = metadata(SET, "/dev/ttyX", 460800, None, "1", unpaired=True)
        process.tape = Tape(folder / "l.mcap", begun, said.append, port.now_us)
    with pytest.raises(TransportError):
        live.run(process, port, Untold(), until_eof=True)  # type: ignore[arg-type]
    process.close()
    return process, said


def content(db: Path) -> list[str]:
    own = ("'source'", "'memory.device'", "'settings'", "incidents")
    with sqlite3.connect(db) as connection:
        return [line for line in connection.iterdump() if not any(name in line for name in own)]


def test_a_replay_comes_to_the_rows_of_the_live_night(tmp_path: Path) -> None:
    lived(tmp_path)
    found = recording.read(tmp_path / "l.mcap")
    played = replay.play(found, tmp_path / "again.sqlite", replay.settings_of(found))
    assert played.linked and content(tmp_path / "again.sqlite") == content(tmp_path / "live.sqlite")
    assert sum('INSERT INTO "packets"' in line for line in content(tmp_path / "live.sqlite")) > N_SECONDS // 2


def test_a_port_that_was_away_is_away_in_the_replay(tmp_path: Path) -> None:
    """Half a packet came before, and the next one begins behind it: together they would be none."""
    lived(tmp_path, at=Unplugged)
    found = recording.read(tmp_path / "l.mcap")
    for name, one in (("again", found), ("never", dataclasses.replace(found, notes=[], places=[]))):
        replay.play(one, tmp_path / f"{name}.sqlite", replay.settings_of(found))
    assert content(tmp_path / "again.sqlite") == content(tmp_path / "live.sqlite")
    assert content(tmp_path / "never.sqlite") != content(tmp_path / "live.sqlite")


def test_bytes_ticks_packets_and_settings_are_in_it(tmp_path: Path) -> None:
    lived(tmp_path, n_seconds=30)
    found = recording.read(tmp_path / "l.mcap")
    assert found.whole and found.metadata["run"]["language"] == "stillwave"
    assert found.metadata["end"][replay.ENDED] == replay.FINISHED and found.metadata["end"][replay.LEFT_AT].isdigit()
    assert sum(one.topic == TICK for one in found.events) >= 29
    assert [one.said["what"] for one in found.notes if one.topic == CONFIG][:2] == ["line", "device"]
    assert replay.settings_of(found) == SET


def test_a_full_disk_ends_the_recording_and_not_the_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flush, n = Recorder.flush, [0]

    def full(self: Recorder) -> None:
        n[0] += 1
        if n[0] > 10:
            raise RecordingError("l.mcap: cannot be written: No space left on device")
        flush(self)

    monkeypatch.setattr(Recorder, "flush", full)
    _, said = lived(tmp_path, n_seconds=100)
    assert said == ["l.mcap: cannot be written: No space left on device; the night goes on without a recording"]
    with sqlite3.connect(tmp_path / "live.sqlite") as db:
        assert db.execute("SELECT count(*) FROM packets").fetchone()[0] > 30


def test_a_recording_that_cannot_begin_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written"):
        Tape(tmp_path / "none" / "l.mcap", metadata(SET, "p", 1, None, "1"), print, 0)


def test_what_came_before_a_kill_is_there(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "l.mcap", metadata(SET, "p", 1, None, "1"), print, 0)
    for second in range(60):
        tape.heard(T0_UTC_US + second * SECOND_US, bytes([second]) * 50)
        tape.tick(T0_UTC_US + (second + 1) * SECOND_US)
    found = recording.read(tmp_path / "l.mcap")  # never closed
    assert len(found.bytes_of(FROM_DEVICE)) >= 50 * 58


def test_port_lost_and_back_are_events(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "l.mcap", metadata(SET, "p", 1, None, "1"), print, 0)
    process, _ = lived(tmp_path, tape=False, n_seconds=5)
    process.open()
    process.tape = tape
    process.port_is(False, "pulled")
    process.port_is(True, "")
    process.close()
    notes = [one.said for one in recording.read(tmp_path / "l.mcap").notes if one.topic == EVENT]
    assert [one["what"] for one in notes] == ["port lost", "port back"] and notes[0]["said"] == "pulled"


def test_a_wrong_baud_rate_is_said_once(tmp_path: Path) -> None:
    process, said = lived(tmp_path, tape=False, n_seconds=5)
    process.open()
    process.check = LineCheck("/dev/ttyX", 115200)
    for _ in range(50):
        process.heard(b"\xe0\xfe\x80" * 100)
    process.close()
    assert len(said) == 1 and "at 115200 baud: wrong baud rate" in said[0]
