"""A breathing radar of another maker in place of our device: bed, session, breathing as far as it tells; else unknown."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud import foreign, replay
from cloud.alarm import AlarmSetting
from cloud.app import seeded
from cloud.device import Settings
from cloud.foreign import Module, made
from cloud.report import build
from cloud.store import Store
from tests.seeed_packets import second1, second2
from wire import packet, seeed, values
from wire.recording import Recorder, read
from wire.seeed import DISTANCE, PHASE, PRESENT, RATE, Report

ROOT = Path(__file__).parents[2]
T0_UTC_US = 1_770_000_000_000_000 - 1_770_000_000_000_000 % 30_000_000
SECOND_US = 1_000_000
Script = Callable[[int], bytes]


def bha2_sleeper(second: int) -> bytes:
    """In bed from second 60 to 2460, 80 cm away, 14 to 15 breaths per minute."""
    if not 60 <= second < 2460:
        return second2(0, 0.0, 0.0, 0.0)
    return second2(1, 14.0 + second // 40 % 2, 80.0, 0.01 * second)


def bha1_sleeper(second: int) -> bytes:
    """The same, at 75 cm."""
    if not 60 <= second < 2460:
        return second1(0, 0, 0)
    return second1(1, 14 + second // 40 % 2, 75)


def play(db: Path, protocol: str, script: Script, first: int, last: int, settings: Settings | None = None) -> None:
    """A process that listens from second `first` to `last` of the night, and goes on where another one stopped."""
    store = Store(db, durable=False)
    cloud = made(protocol, store, seeded(1), "live", settings)
    for second in range(first, last):
        cloud.receive(script(second))
        assert cloud.tick(T0_UTC_US + (second + 1) * SECOND_US) == b""
    if last >= 3000:
        cloud.finish()
    store.close()


def query(db: Path, sql: str) -> list[Any]:
    with sqlite3.connect(db) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module", params=["seeed-mr60bha1", "seeed-mr60bha2"])
def night(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    db = tmp_path_factory.mktemp("foreign") / "night.sqlite"
    script = bha1_sleeper if request.param == "seeed-mr60bha1" else bha2_sleeper
    play(db, request.param, script, 0, 3000, Settings(AlarmSetting(T0_UTC_US + 2400 * SECOND_US, 0)))
    return db


def test_the_bed_is_occupied_while_the_module_says_so(night: Path) -> None:
    states = query(night, "SELECT (utc_us - ?) / 1000000, state FROM occupancy".replace("?", str(T0_UTC_US)))

    assert [state for _, state in states] == ["empty", "occupied", "empty"]
    assert 60 <= states[1][0] <= 65 and 2460 <= states[2][0] <= 2470


def test_a_session_begins_and_ends_with_the_user(night: Path) -> None:
    report = build(night, None, None)

    assert report["session"]["in_bed_utc"] is not None
    ((in_bed, last),) = query(night, "SELECT in_bed_utc_us, last_present_utc_us FROM sessions")
    assert in_bed == pytest.approx(T0_UTC_US + 60 * SECOND_US, abs=10 * SECOND_US)
    assert last == pytest.approx(T0_UTC_US + 2460 * SECOND_US, abs=10 * SECOND_US)


def test_breathing_and_distance_are_known(night: Path) -> None:
    ((rate, distance),) = query(
        night, "SELECT avg(respiration_rate_per_min), avg(distance_mm) FROM epochs WHERE occupied = 'user'"
    )

    assert rate == pytest.approx(14.5, abs=0.2)
    assert 750 <= distance <= 800


def test_what_it_does_not_tell_is_unknown_and_says_so(night: Path) -> None:
    rows = query(night, "SELECT DISTINCT moving, motion_db, motion_reason, wave, wave_reason, azimuth_deg FROM vitals")
    stages = query(night, "SELECT DISTINCT stage, reason FROM epochs WHERE occupied = 'user'")

    assert rows == [(None, None, "this sensor does not tell", None, "this sensor does not tell", None)]
    assert stages == [(None, "this sensor does not tell")]


def test_no_alarm_is_said_to_be_armed_or_rung(night: Path) -> None:
    report = build(night, None, None)["alarm"]

    assert report["rang_at_utc"] is None
    assert query(night, "SELECT count(*) FROM rings") == [(0,)]
    assert query(night, "SELECT count(*) FROM settings WHERE name LIKE 'alarm.armed%'") == [(0,)]


def test_the_report_names_the_protocol_and_every_null_has_its_reason(night: Path) -> None:
    report = build(night, None, None)

    assert query(night, "SELECT value FROM meta WHERE key = 'protocol'")[0][0] in foreign.PROTOCOLS
    assert report["sleep"]["tst_min"] is None and report["reasons"]["sleep.tst_min"]


def test_another_process_on_the_same_store_goes_on(tmp_path: Path) -> None:
    db = tmp_path / "night.sqlite"
    for first, last in ((0, 900), (905, 1500), (1500, 3000)):
        play(db, "seeed-mr60bha2", bha2_sleeper, first, last)

    ((sessions,),) = query(db, "SELECT count(*) FROM sessions")
    ((boots,),) = query(db, "SELECT count(*) FROM boots")

    assert (sessions, boots) == (1, 3)


@pytest.mark.parametrize("protocol", sorted(foreign.PROTOCOLS))
def test_a_recorded_stream_gives_the_live_report(tmp_path: Path, protocol: str) -> None:
    script = bha1_sleeper if protocol == "seeed-mr60bha1" else bha2_sleeper
    play(tmp_path / "live.sqlite", protocol, script, 0, 3000)
    with Recorder(tmp_path / "line.mcap", {replay.LANGUAGE: protocol}) as recorder:
        for second in range(3000):
            recorder.from_device(T0_UTC_US + second * SECOND_US, script(second))
            recorder.tick(T0_UTC_US + (second + 1) * SECOND_US)
    played = replay.play(read(tmp_path / "line.mcap"), tmp_path / "again.sqlite", Settings())

    live, again = (build(tmp_path / name, None, None) for name in ("live.sqlite", "again.sqlite"))

    assert played.linked and played.line.packets > 3000
    assert {**again, "source": "live"} == live


# One second after the other, without a store


def _module(*told: tuple[str, float | None], seconds: int, frozen: tuple[str, ...] = ()) -> list[packet.Packet]:
    """What a module leads to that says the same for so many seconds; a value changes a little unless it is frozen."""
    module, found = Module(), []
    for second in range(seconds):
        utc_us = T0_UTC_US + second * SECOND_US
        wobble = [
            Report(kind, value if value is None or kind in (PRESENT, *frozen) else value + second % 2)
            for kind, value in told
        ]
        foreign.hear(module, wobble, utc_us)
        found += foreign.tick(module, utc_us)
    return found


def _last(packets: list[packet.Packet]) -> values.Vitals:
    assert packets[-1].type == packet.VITALS
    return values.vitals(packets[-1])


SOMEBODY = (PRESENT, 1.0), (RATE, 14.0), (DISTANCE, 800.0)


def test_a_value_that_counts_has_the_least_validity_that_does() -> None:
    seen = _last(_module(*SOMEBODY, seconds=5))

    assert (seen.confidence, seen.respiration_validity, seen.distance_validity) == (128 / 255,) * 3


def test_breathing_beyond_the_makers_range_is_unknown() -> None:
    seen = _last(_module((PRESENT, 1.0), (RATE, 14.0), (DISTANCE, 2000.0), seconds=5))

    assert (seen.respiration_rate_per_min, seen.respiration_reason) == (
        None,
        "farther than this sensor measures breathing",
    )


def test_a_phase_that_stands_still_means_that_the_rate_is_an_old_one() -> None:
    seen = _last(_module(*SOMEBODY, (PHASE, 0.5), seconds=20, frozen=(PHASE,)))

    assert (seen.respiration_rate_per_min, seen.respiration_reason) == (None, "sensor only repeats its last value")


def test_a_rate_that_is_the_same_for_twenty_minutes_is_an_old_one() -> None:
    seen = _last(_module(*SOMEBODY, seconds=1300, frozen=(RATE,)))

    assert (seen.respiration_rate_per_min, seen.respiration_reason) == (None, "sensor only repeats its last value")


def test_a_module_that_says_somebody_for_hours_and_finds_nothing_is_not_believed() -> None:
    module = Module()
    for second in range(200):
        here = Report(RATE, 14.0 + second % 2), Report(DISTANCE, 800.0)
        gone = Report(RATE, None), Report(DISTANCE, None)
        foreign.hear(module, [Report(PRESENT, 1.0), *(here if second < 100 else gone)], T0_UTC_US + second * SECOND_US)
        found = foreign.tick(module, T0_UTC_US + second * SECOND_US)

    assert _last(found).confidence < 0.5


def test_nothing_is_said_about_somebody_who_was_never_found() -> None:
    assert _module((PRESENT, 1.0), (RATE, None), (DISTANCE, None), seconds=100) == []


def test_breathing_alone_says_that_somebody_is_there_until_presence_is_told() -> None:
    assert _last(_module((RATE, 14.0), seconds=5)).respiration_rate_per_min is not None


def test_a_module_that_falls_silent_ends_streaming_once_with_the_reason() -> None:
    module = Module()
    foreign.hear(module, [Report(kind, value) for kind, value in SOMEBODY], T0_UTC_US)
    found = [one for second in range(60) for one in foreign.tick(module, T0_UTC_US + second * SECOND_US)]

    ends = [values.transition(one) for one in found if one.type == packet.TRANSITION][1:]

    assert [(one.to_state, one.reason) for one in ends] == [("monitoring", "radar does not answer")]


def test_a_return_says_since_when_it_was_silent_and_why() -> None:
    module, found = Module(), []
    for second in range(60):
        present = Report(PRESENT, float(not 20 <= second < 40))
        foreign.hear(module, [present, Report(RATE, 14.0), Report(DISTANCE, 800.0)], T0_UTC_US + second * SECOND_US)
        found += foreign.tick(module, T0_UTC_US + second * SECOND_US)

    back = [values.transition(one) for one in found if one.type == packet.TRANSITION][-1]

    assert back.silent_reason == "nobody in the user's place"
    assert (back.silent_from_us, back.silent_to_us) == (25 * SECOND_US, 40 * SECOND_US)


def test_a_clock_that_is_set_back_begins_anew(tmp_path: Path) -> None:
    store = Store(tmp_path / "n.sqlite", durable=False)
    cloud = made("seeed-mr60bha2", store, seeded(1), "live")
    for utc_us in (T0_UTC_US, T0_UTC_US + SECOND_US, T0_UTC_US - 3_600_000_000, T0_UTC_US - 3_599_000_000):
        cloud.receive(bha2_sleeper(100))
        cloud.tick(utc_us)
    store.close()

    ((boots,),) = query(tmp_path / "n.sqlite", "SELECT count(*) FROM boots")

    assert boots == 2


def test_bytes_of_another_language_are_told(tmp_path: Path) -> None:
    store = Store(tmp_path / "n.sqlite", durable=False)
    cloud = made("seeed-mr60bha2", store, seeded(1), "live")

    cloud.receive(50 * second1(1, 14, 75))
    store.close()

    assert cloud.trouble.startswith("no packet of seeed-mr60bha2 in ")


# The process itself


def test_the_process_listens_to_a_module_at_a_port(tmp_path: Path) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    db = tmp_path / "night.sqlite"
    command = [sys.executable, "-m", "cloud.app", "--serial", os.ttyname(slave), "--db", str(db)]
    command += ["--protocol", "seeed-mr60bha1", "--alarm", "07:00", "--until-eof", "--commit-every", "1"]
    child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    end_s = time.monotonic() + 30
    try:
        while time.monotonic() < end_s:
            os.write(master, second1(1, 14, 75))
            time.sleep(0.2)
            if db.exists() and query(db, "SELECT count(*) FROM sqlite_master WHERE name = 'vitals'") == [(1,)]:
                if query(db, "SELECT count(*) FROM vitals") != [(0,)]:
                    break
    finally:
        os.close(slave)
        os.close(master)
        _, errors = child.communicate(timeout=30)

    assert child.returncode == 0
    assert foreign.CANNOT_RING in errors
    assert query(db, "SELECT respiration_rate_per_min FROM vitals")[0] == (14.0,)


def test_a_module_that_nobody_knows_is_one_line() -> None:
    command = [sys.executable, "stillwave.py", "cloud", "--serial", "loop://", "--protocol", "ld2410"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "--protocol ld2410: expected one of seeed-mr60bha1, seeed-mr60bha2" in done.stderr


def test_every_protocol_has_a_framing_of_its_name() -> None:
    assert {name: framing.name for name, framing in seeed.FRAMINGS.items()} == {n: n for n in foreign.PROTOCOLS}
