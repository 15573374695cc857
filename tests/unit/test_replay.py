"""A recording through the cloud's logic: the same store as then, whatever the host's random numbers were; nothing goes out."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud import replay, report
from cloud.device import Settings
from cloud.night_process import Cloud
from cloud.store import Store
from cloud.writer import Writer
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice, sleeper
from wire.recording import FROM_DEVICE, TICK, TO_DEVICE, Event, Recording

N_SECONDS = 700
Deed = Callable[[Cloud, FakeDevice], FakeDevice]
SET = Settings(side="left", timezone="Europe/Berlin")


def live(db: Path, deeds: dict[int, Deed] | None = None, left: bool = False, settings: Settings = SET) -> Recording:
    """A live cloud and a fake device, second by second, and what a recorder at the host's port has of it."""
    store, device = Store(db, durable=False), FakeDevice()
    events: list[Event] = []
    cloud = Cloud(Writer(store), os.urandom, "simulated", settings)
    for second in range(N_SECONDS):
        device = (deeds or {}).get(second, lambda _cloud, same: same)(cloud, device)
        said = device.answers(second * SECOND_US - device.booted_us) + sleeper(device, second)
        utc_us = T0_UTC_US + (second + 1) * SECOND_US
        for at in range(0, len(said), 50):
            cloud.receive(said[at : at + 50])
            events.append(Event(FROM_DEVICE, utc_us - 9, said[at : at + 50]))
        answer = cloud.tick(utc_us)
        device.hear(answer)
        events += [Event(TICK, utc_us, b""), Event(TO_DEVICE, utc_us, answer)]
    if left:
        cloud.leave(utc_us)
    else:
        cloud.finish()
    store.close()
    ended = {replay.ENDED: replay.LEFT} if left else {}
    return Recording(events, {"run": {}, "end": ended}, whole=True)


def content(db: Path) -> list[str]:
    """Every row but who made it and what it remembers of its own questions."""
    own = ("'source'", "'memory.device'", "'settings'")
    with sqlite3.connect(db) as connection:
        return [line for line in connection.iterdump() if not any(name in line for name in own)]


def assert_replays(recorded: Recording, tmp_path: Path, settings: Settings = SET) -> replay.Played:
    played = replay.play(recorded, tmp_path / "again.sqlite", settings)
    assert content(tmp_path / "again.sqlite") == content(tmp_path / "live.sqlite")
    return played


def test_a_replay_comes_to_the_rows_of_the_live_run(tmp_path: Path) -> None:
    recorded = live(tmp_path / "live.sqlite")
    assert any('INSERT INTO "epochs"' in line for line in content(tmp_path / "live.sqlite"))
    played = assert_replays(recorded, tmp_path)
    assert played.ticks == N_SECONDS and played.linked and not played.line.bad_crc


def test_without_the_nonces_of_then_nothing_has_a_time(tmp_path: Path) -> None:
    """The check of the check: the replay rests on the host's questions."""
    recorded = live(tmp_path / "live.sqlite")
    deaf = Recording([one for one in recorded.events if one.topic != TO_DEVICE], recorded.metadata, True)
    assert not replay.play(deaf, tmp_path / "again.sqlite", SET).linked
    assert report._query(tmp_path / "again.sqlite", "SELECT count(*) FROM packets") == [(0,)]


def _silent(_cloud: Cloud, device: FakeDevice) -> FakeDevice:
    device.hear = lambda chunk: None  # type: ignore[method-assign]
    return device


def _reboot(at_s: int) -> Deed:
    def deed(_cloud: Cloud, device: FakeDevice) -> FakeDevice:
        new = FakeDevice(boot=8, booted_us=0)
        new.seq = device.seq
        return new

    return deed


def _relink(cloud: Cloud, device: FakeDevice) -> FakeDevice:
    cloud.relink()
    return device


@pytest.mark.parametrize("deed", [_silent, _reboot(200), _relink])
def test_a_lost_a_new_and_a_replugged_device_are_found_again(deed: Deed, tmp_path: Path) -> None:
    assert_replays(live(tmp_path / "live.sqlite", {200: deed}), tmp_path)


def tapped(recorded: Recording) -> Recording:
    """The same line as a recorder between device and host has it: ticks of its own, 3 ms later, and before the host came."""
    first_us = recorded.events[0].utc_us
    late = [one._replace(utc_us=one.utc_us + 3000) for one in recorded.events if one.topic != TICK and one.data]
    ticks = [Event(TICK, first_us + 370_000 + n * SECOND_US, b"") for n in range(-20, N_SECONDS + 1)]
    return Recording(sorted([*ticks, *late], key=lambda one: one.utc_us), recorded.metadata, True)


@pytest.mark.parametrize("deed", [_silent, _reboot(200), _relink, lambda _cloud, same: same])
def test_a_recorder_in_between_hears_the_same_night(deed: Deed, tmp_path: Path) -> None:
    recorded = live(tmp_path / "live.sqlite", {200: deed})
    replay.play(tapped(recorded), tmp_path / "again.sqlite", SET)
    tables = ("packets", "vitals", "transitions", "boots", "user", "sessions", "epochs", "intents", "absences")
    for table in tables:
        rows = [report._query(tmp_path / name, f"SELECT * FROM {table}") for name in ("live.sqlite", "again.sqlite")]
        assert rows[0] == rows[1], table


def test_a_host_that_left_is_not_replayed_to_an_end(tmp_path: Path) -> None:
    """Its night went on: the last seconds had not settled."""
    recorded = live(tmp_path / "live.sqlite", left=True)
    assert_replays(recorded, tmp_path)
    finished = Recording(recorded.events, {"run": {}}, True)
    replay.play(finished, tmp_path / "finished.sqlite", SET)
    assert content(tmp_path / "finished.sqlite") != content(tmp_path / "live.sqlite")


def test_a_recording_without_ticks_gets_one_a_second(tmp_path: Path) -> None:
    recorded = live(tmp_path / "live.sqlite")
    bare = [one for one in recorded.events if one.topic != TICK and one.data]
    found = [one.utc_us for one in replay.ticked(bare) if one.topic == TICK]
    assert found[0] == bare[0].utc_us and found[-1] > bare[-1].utc_us
    assert {b - a for a, b in zip(found, found[1:], strict=False)} == {SECOND_US}


def test_the_pace_changes_nothing_and_hears_every_tick(tmp_path: Path) -> None:
    recorded = live(tmp_path / "live.sqlite")
    told: list[int] = []
    replay.play(recorded, tmp_path / "again.sqlite", SET, pace=told.append)
    assert told == [one.utc_us for one in recorded.events if one.topic == TICK]
    assert content(tmp_path / "again.sqlite") == content(tmp_path / "live.sqlite")


def test_an_end_cuts_the_night_there(tmp_path: Path) -> None:
    recorded = live(tmp_path / "live.sqlite")
    assert replay.play(recorded, tmp_path / "again.sqlite", SET, end_s=100).ticks == 101


def test_an_empty_recording_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(replay.ReplayError, match="nothing to replay"):
        replay.play(Recording([], {"run": {}}, True), tmp_path / "again.sqlite", SET)


def test_settings_come_from_the_recording_else_from_what_the_host_said(tmp_path: Path) -> None:
    recorded = live(tmp_path / "live.sqlite")
    assert replay.settings_of(recorded) == Settings(side="left")
    said = Recording([], {"run": {"settings": '{"side":"right","timezone":"UTC","alarm":null,"daily":null}'}}, True)
    assert replay.settings_of(said) == Settings(side="right", timezone="UTC")
    with pytest.raises(replay.ReplayError, match="metadata settings"):
        replay.settings_of(Recording([], {"run": {"settings": "{"}}, True))


def test_the_run_is_read_from_the_metadata() -> None:
    begun = {"seed": "7", "virtual_s": "90.0", "scenario": "single", "core": "c", "target": "None"}
    run = replay.run_of({"run": begun, "end": {"edge": '{"frames": 3}', "link": "{", "parameters_digest": '"ab"'}})
    assert run == {
        "seed": 7, "virtual_s": 90.0, "scenario": "single", "core": "c", "source": "replayed", "wall_s": None,
        "edge": {"frames": 3}, "parameters_digest": "ab",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("edge", "[1, 2]"),
        ("edge", '{"frames": "many"}'),
        ("edge", '{"a":' * 50_000),
        ("link", '{"digest": [1]}'),
        ("parameters_digest", "{}"),
    ],
)
def test_counters_that_are_none_are_left_out(key: str, text: str) -> None:
    assert key not in replay.run_of({"run": {}, "end": {key: text}})


@pytest.mark.parametrize("virtual_s", ["nan", "inf", "NaN", "1e999", "long", ""])
def test_a_length_that_is_none_is_left_out(virtual_s: str) -> None:
    assert "virtual_s" not in replay.run_of({"run": {"virtual_s": virtual_s}, "end": {"edge": "{}"}})


def test_a_recording_without_its_end_does_not_say_how_long_it_is() -> None:
    assert "virtual_s" not in replay.run_of({"run": {"virtual_s": "90.0", "seed": "7"}})


def test_a_time_zone_that_is_none_is_left_out_or_one_line() -> None:
    assert "timezone" not in replay.run_of({"run": {"timezone": "Mars/Here"}})
    with pytest.raises(replay.ReplayError, match="timezone 'Mars/Here'"):
        replay.settings_of(Recording([], {"run": {"settings": '{"timezone": "Mars/Here"}'}}, True))
