"""Other settings on the same recording: which there are, which are refused, and what they change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloud import replay, report, tuning, what_if
from cloud.tuning import DEFAULT, TuningError, changed
from tests.unit.test_replay import SET, live


@pytest.mark.parametrize("key", tuning.keys())
def test_every_key_can_be_set_and_shows_as_changed(key: str) -> None:
    default = tuning.keys()[key]
    if isinstance(default, str):
        return
    value = {"occupancy.person_from": 0.75}.get(key, default + 1)
    tuned = changed(DEFAULT, f"{key}={value}")
    assert what_if.changes(tuned) == {key: [default, value]}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("session.open_after_s", "expected KEY=VALUE"),
        ("session.nothing=3", "expected one of session.open_after_s"),
        ("session.open_after_s=soon", "expected a number"),
        ("session.open_after_s=-1", "expected 0 to inf"),
        ("session.open_after_s=nan", "expected 0 to inf"),
        ("primary_user.new_s=1.5", "expected a number"),
        ("confidence.threshold=0.3", "`stillwave process`"),
        ("radar.if_gain_db=30", "`stillwave process`"),
        ("uplink.threshold=200", "`stillwave process`"),
    ],
)
def test_what_cannot_be_asked_of_a_recording_is_one_line(said: str, words: str) -> None:
    with pytest.raises(TuningError, match=words) as raised:
        changed(DEFAULT, said)
    assert "\n" not in str(raised.value) and said.partition("=")[0] in str(raised.value)


def test_the_live_process_runs_with_what_is_shipped() -> None:
    assert SET.tuning == DEFAULT and what_if.changes(SET.tuning) == {}


def asked(tmp_path: Path, *said: str) -> dict[str, Any]:
    """The what-if of a fake device's night."""
    recorded, tuned = live(tmp_path / "live.sqlite"), DEFAULT
    for one in said:
        tuned = changed(tuned, one)
    made = []
    for name, settings in (("then", SET), ("now", replace(SET, tuning=tuned))):
        replay.play(recorded, tmp_path / name, settings)
        made.append(report.build(tmp_path / name, None, replay.run_of(recorded.metadata)))
    return what_if.of(made[0], tmp_path / "then", made[1], tmp_path / "now", tuned)


def keys_that_differ(found: dict[str, Any]) -> set[str]:
    return {one["key"] for one in found["differences"]}


def test_nothing_changed_changes_nothing(tmp_path: Path) -> None:
    found = asked(tmp_path, "session.open_after_s=330")
    assert (found["changed"], found["differences"], found["epochs"]["changed"]) == ({}, [], 0)


def test_a_session_that_opens_later_is_missing(tmp_path: Path) -> None:
    found = asked(tmp_path, "session.open_after_s=3600")
    assert "session.in_bed_utc" in keys_that_differ(found)
    (one,) = [one for one in found["differences"] if one["key"] == "session.in_bed_utc"]
    assert one["as_recorded"] is not None and one["what_if"] is None


def test_a_stricter_threshold_drops_what_the_device_sent(tmp_path: Path) -> None:
    """The fake sleeper's packets have a confidence of 250/255."""
    assert keys_that_differ(asked(tmp_path, "confidence.threshold=0.97")) == set()
    (tmp_path / "strict").mkdir()
    found = asked(tmp_path / "strict", "confidence.threshold=0.99")
    assert "session.in_bed_utc" in keys_that_differ(found)


def test_a_place_that_ends_nearer_makes_the_user_somebody_else(tmp_path: Path) -> None:
    found = asked(tmp_path, "primary_user.far_mm=500")
    assert found["epochs"]["changed"] > 0 and "link.data_digest" not in keys_that_differ(found)


def test_more_seconds_for_an_epoch_leave_fewer_stages(tmp_path: Path) -> None:
    assert asked(tmp_path, "staging.enough_s=30")["epochs"]["all"] > 0


def test_lines_say_from_what_to_what(tmp_path: Path) -> None:
    said = what_if.lines(asked(tmp_path, "session.open_after_s=3600"))
    assert said[0] == "what if    session.open_after_s = 3600.0 instead of 330.0"
    assert any("session.in_bed_utc" in line and line.endswith("-> unknown") for line in said)
