"""Nights with an alarm, from the option on the command line to the buzzer pin, in the zones of the world."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from cloud import device, report
from cloud.night import load
from front.config import Config
from front.night import Asked, options
from hw_sim.rig import run_night

MINUTE_US = 60_000_000


def night(out: Path, scenario: str, **asked: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Report, truth and what the device confirmed, of a night as the command line would run it."""
    made = run_night(scenario, out=out, **options(Asked(**asked), Config()))
    confirmed = {row.name: row.value for row in load(made.db).settings}
    return report.build(made.db, made.truth, made.run), made.truth, confirmed


def rises(truth: dict[str, Any]) -> list[int]:
    return [utc_us for utc_us, level in truth["pins"]["buzzer"] if level]


def us(text: str) -> int:
    return round(datetime.datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("zone", "set_for"),
    [
        ("UTC", "2026-01-15T22:40:00Z"),
        ("Asia/Kathmandu", "2026-01-15T16:55:00Z"),
        ("Pacific/Kiritimati", "2026-01-15T08:40:00Z"),
    ],
)
def test_nobody_is_there_and_the_device_rings_at_the_set_time(zone: str, set_for: str, tmp_path: Path) -> None:
    made, truth, confirmed = night(tmp_path, "empty", hours=0.25, alarm="22:40", tz=zone, side="right")
    assert (confirmed[device.ALARM], confirmed[device.SIDE]) == (str(us(set_for)), "right")
    assert rises(truth) == [us(set_for)]
    alarm = made["alarm"]
    assert (alarm["set_for_utc"], alarm["rang_at_utc"]) == (set_for, set_for)
    assert (alarm["rung_by"], alarm["why"], alarm["late"]) == ("device", "the set time", False)


def test_a_sunrise_comes_before_the_alarm(tmp_path: Path) -> None:
    _, truth, _ = night(tmp_path, "empty", hours=0.25, alarm="22:40")
    light = truth["pins"]["light"]
    duties = [duty for utc_us, duty in light if utc_us < us("2026-01-15T22:40:00Z")]
    assert len(duties) > 20 and duties == sorted(duties)


def test_without_an_alarm_nothing_rings(tmp_path: Path) -> None:
    made, truth, _ = night(tmp_path, "empty", hours=0.1)
    assert rises(truth) == []
    assert made["reasons"]["alarm.set_for_utc"] == "no alarm was set"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("date", "set_for"), [("2026-10-24", "2026-10-25T00:30:00Z"), ("2026-03-28", "2026-03-29T00:30:00Z")]
)
def test_the_clock_is_changed_in_the_night(date: str, set_for: str, tmp_path: Path) -> None:
    """02:30 comes twice in Berlin's autumn, and never in its spring: never late."""
    asked = {"hours": 4.1, "alarm": "02:30", "tz": "Europe/Berlin", "date": date}
    made, truth, _ = night(tmp_path, "single", **asked)
    (rang,) = rises(truth)
    assert us(set_for) - 30 * MINUTE_US <= rang <= us(set_for)
    assert (made["alarm"]["set_for_utc"], made["alarm"]["late"]) == (set_for, False)
    assert made["timezone"] == "Europe/Berlin"
