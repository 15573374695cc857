"""A live evening, recorded by the command, and replayed by it on a busy machine: the same report at any speed."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud import replay, report
from front.env import ROOT
from wire import codec, packet, recording, table
from wire.recording import FROM_DEVICE, TO_DEVICE, Recording

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
#: Longer than from a PING that the cut swallows to what comes after it.
LIVE_S, CUT = 100.0, "line-cut@50s+15s"
#: Who made the report; a live one has no length on the wall.
NOT_COMPARED = ("source", "wall_s")
NOT_EXPLAINED = "wall_s"
#: The process itself, and what it remembers of its own random numbers.
OWN_TABLES = ("meta", "incidents")
BUSY = "while True: pass"


@dataclass(frozen=True)
class Evening:
    """What the live host left."""

    tape: Path
    db: Path
    report: dict[str, Any]


def command(*words: object) -> list[str]:
    return [sys.executable, str(ROOT / "stillwave.py"), *map(str, words), "--json"]


def asked(*words: object) -> dict[str, Any]:
    """The object that a command says."""
    done = subprocess.run(command(*words), check=True, capture_output=True, text=True, timeout=300)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextmanager
def running(*words: object) -> Iterator[None]:
    """A command from its `ready` to the SIGTERM that ends it."""
    with subprocess.Popen(command(*words), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert json.loads(process.stdout.readline())["event"] == "ready"
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    """Somebody sits before the board; side and alarm are set; the line is cut for a while."""
    work = tmp_path_factory.mktemp("live")
    port, tape, db = work / "port", work / "l.mcap", work / "live.sqlite"
    morning = (datetime.now(UTC) + timedelta(hours=2)).strftime("%H:%M")
    wanted = ("--side", "right", "--alarm", morning, "--tz", "UTC")
    with (
        running("board", "--pty", port, "--scenario", "sitter", "--fault", CUT),
        running("cloud", "--serial", port, "--db", db, "--record", tape, "--simulated", *wanted),
    ):
        time.sleep(LIVE_S)
    return Evening(tape, db, asked("report", db))


@pytest.fixture
def busy() -> Iterator[None]:
    """Two processes that take whatever they get."""
    at_work = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2)]
    yield
    for one in at_work:
        one.kill()
        one.wait()


def compared(found: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in found.items() if key not in NOT_COMPARED}
    return {**kept, "reasons": {key: why for key, why in found["reasons"].items() if key != NOT_EXPLAINED}}


def rows(db: Path) -> dict[str, list[Any]]:
    """All that was concluded, and from what."""
    with sqlite3.connect(db) as store:
        names = [name for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: store.execute(f"SELECT * FROM {name}").fetchall() for name in names if name not in OWN_TABLES}


def test_there_is_something_in_it(evening: Evening) -> None:
    found = recording.read(evening.tape)
    said, told = (codec.Decoder().feed(found.bytes_of(one)) for one in (FROM_DEVICE, TO_DEVICE))

    assert found.whole and evening.report["link"]["packets_stored"] > LIVE_S / 2
    assert {packet.HOST_HELLO, packet.PING, packet.ACK, packet.ALARM_SET, packet.SETTINGS_SET} <= {
        one.type for one in told
    }
    assert sum(one.type == packet.HELLO for one in said) >= 2, "nobody noticed the cut"
    assert sum(one.flags & table.FLAG_RESENT != 0 for one in said) >= 10, "nothing was made good"
    assert evening.report["alarm"]["set_for_utc"] and evening.report["respiration"]["rate_per_min_median"] > 10
    assert {"vitals", "user", "transitions", "room", "boots"} <= {
        name for name, some in rows(evening.db).items() if some
    }


@pytest.mark.parametrize("speed", ["max", "50"])
def test_its_replay_comes_to_the_same_report(evening: Evening, speed: str, busy: None, tmp_path: Path) -> None:
    again = asked("replay", evening.tape, "--to", "cloud", "--speed", speed, "--out", tmp_path / "again")

    assert compared(again) == compared(evening.report)
    assert rows(tmp_path / "again" / "night.sqlite") == rows(evening.db)
    assert again["source"] == "replayed" and again["wall_s"] > (0.9 * LIVE_S / 50 if speed == "50" else 0)


def as_it_is(found: Recording) -> Recording:
    return found


def a_chunk_less(found: Recording) -> Recording:
    """One packet of the first minute never came."""
    chunks = [n for n, one in enumerate(found.events) if one.topic == FROM_DEVICE and len(one.data) > 80]
    return without(found, chunks[20])


def a_question_less(found: Recording) -> Recording:
    """The question that ended the cut was never asked."""
    return without(found, questions(found)[-1])


def a_question_earlier(found: Recording) -> Recording:
    """The first question left two seconds before it did."""
    at, events = questions(found)[0], list(found.events)
    asked = [one for one in codec.Decoder().feed(events[at].data) if one.type == packet.HOST_HELLO]
    fields = {**asked[0].fields, "utc_us": int(str(asked[0].fields["utc_us"])) - 2_000_000}
    events[at] = events[at]._replace(data=codec.encode(packet.make(packet.HOST_HELLO, fields)))
    return replace(found, events=events)


def a_later_end(found: Recording) -> Recording:
    """The host went on listening for two seconds."""
    ended = found.metadata[recording.END]
    left = {replay.LEFT_AT: str(int(ended[replay.LEFT_AT]) + 2_000_000)}
    return replace(found, metadata={**found.metadata, recording.END: {**ended, **left}})


def questions(found: Recording) -> list[int]:
    """Places of those for the device's name."""
    said = [(n, codec.Decoder().feed(one.data)) for n, one in enumerate(found.events) if one.topic == TO_DEVICE]
    return [n for n, some in said if any(one.type == packet.HOST_HELLO for one in some)]


def without(found: Recording, at: int) -> Recording:
    return replace(found, events=found.events[:at] + found.events[at + 1 :])


def reported(found: Recording, db: Path) -> dict[str, Any]:
    """As the command does it, without its files."""
    replay.play(found, db, replay.settings_of(found))
    return report.build(db, None, replay.run_of(found.metadata))


@pytest.mark.parametrize(
    ("plant", "same"),
    [
        (as_it_is, True),
        (a_chunk_less, False),
        (a_question_less, False),
        (a_question_earlier, False),
        (a_later_end, False),
    ],
)
def test_a_recording_that_is_not_that_evening_is_noticed(
    evening: Evening, plant: Callable[[Recording], Recording], same: bool, tmp_path: Path
) -> None:
    """The check of the check."""
    again = reported(plant(recording.read(evening.tape)), tmp_path / "again.sqlite")

    assert (compared(again) == compared(evening.report)) is same
