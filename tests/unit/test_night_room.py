"""The room beside the night: medians of the session, and a reason for what is not known."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from cloud import report, words
from cloud.night import load
from cloud.room import NO_PACKETS, readings
from tests.fake_device import SECOND_US, FakeDevice, sleeper, stored_night
from wire.table import Reason


def with_room(device: FakeDevice, second: int) -> bytes:
    """A sleeper in a room that cools from 20 degrees; a lamp burns for the first minutes; the air is not measured."""
    said = sleeper(device, second)
    if 60 < second < 1140 and second % 60 == 0:
        dry = {"humidity": 0, "humidity_validity": 0, "humidity_reason": Reason["CLIMATE_CHECK"]}
        said += device.room(
            second * SECOND_US, temperature=2000 - second // 6, light=8000 if second < 300 else 30, **dry
        )
    return said


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    db = tmp_path_factory.mktemp("room") / "night.sqlite"
    stored_night(db, with_room)
    found = report.build(db, None, None)
    return {**found["room"], "reasons": found["reasons"], "db": db}


def test_medians_and_range_of_the_session(made: dict[str, object]) -> None:
    assert (made["temperature_min_c"], made["temperature_c"], made["temperature_max_c"]) == (18.2, 19.0, 19.8)
    assert (made["light_lux"], made["light_max_lux"]) == (0.3, 80.0)
    assert made["readings"] == 17


def test_what_the_sensor_could_not_measure_has_its_reason(made: dict[str, object]) -> None:
    assert made["humidity_pct"] is None
    reasons = made["reasons"]
    assert isinstance(reasons, dict)
    assert reasons["room.humidity_pct"] == "temperature and humidity sensor sends wrong checksums"
    assert made["light_at_lights_out_lux"] == 80.0


def test_readings_skip_what_is_unknown(made: dict[str, object]) -> None:
    db = made["db"]
    assert isinstance(db, Path)
    night = load(db)
    assert len(readings(night.room, "light_lux")) == 17 and readings(night.room, "humidity_pct") == []


def test_without_a_sensor_all_is_unknown(tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", n_seconds=400)
    found = report.build(tmp_path / "n.sqlite", None, None)
    assert found["room"]["temperature_c"] is None
    assert found["reasons"]["room.temperature_c"] == NO_PACKETS


def test_the_morning_says_what_the_room_was_like(made: dict[str, object]) -> None:
    db = made["db"]
    assert isinstance(db, Path)
    said = words.sentences(load(db), report.build(db, None, None), UTC)
    assert "The room: 19\u00a0°C (18 to 20), dark." in said
