"""Set times in the zones of the world: the one instant that is meant, never a later one."""

from __future__ import annotations

import datetime

import pytest

from front.config import Config, load
from front.env import InputError
from front.local_time import next_utc_us, wall_time
from front.night import Asked, options
from hw_sim.evening import start_utc_us


def instant(date: str, zone: str, wall: str) -> str:
    """ISO time, UTC, of an alarm for the night that begins on date in zone."""
    t0_utc_us = start_utc_us(datetime.date.fromisoformat(date), zone)
    found = next_utc_us(t0_utc_us, wall_time(wall, "--alarm"), zone)
    return datetime.datetime.fromtimestamp(found / 1e6, datetime.UTC).strftime("%Y-%m-%dT%H:%MZ")


@pytest.mark.parametrize(
    ("date", "zone", "wall", "utc"),
    [
        ("2026-01-15", "UTC", "06:25", "2026-01-16T06:25Z"),
        ("2026-01-15", "Europe/Berlin", "06:25", "2026-01-16T05:25Z"),
        ("2026-01-15", "Asia/Kathmandu", "06:25", "2026-01-16T00:40Z"),
        ("2026-01-15", "Pacific/Kiritimati", "06:25", "2026-01-15T16:25Z"),  # UTC+14
        ("2026-01-15", "Pacific/Niue", "06:25", "2026-01-16T17:25Z"),  # UTC-11
        ("2011-12-29", "Pacific/Apia", "06:25", "2011-12-30T16:25Z"),  # the 30th was left out
        ("2026-01-15", "UTC", "22:30", "2026-01-16T22:30Z"),  # not the instant of the beginning itself
        ("2026-01-15", "UTC", "22:31", "2026-01-15T22:31Z"),
        # spring: 02:00 becomes 03:00 at 01:00 UTC
        ("2026-03-28", "Europe/Berlin", "06:25", "2026-03-29T04:25Z"),
        ("2026-03-28", "Europe/Berlin", "01:59", "2026-03-29T00:59Z"),
        ("2026-03-28", "Europe/Berlin", "03:00", "2026-03-29T01:00Z"),
        ("2026-03-28", "Europe/Berlin", "02:30", "2026-03-29T00:30Z"),  # does not exist: the earlier reading
        # autumn: 03:00 becomes 02:00 at 01:00 UTC
        ("2026-10-24", "Europe/Berlin", "06:25", "2026-10-25T05:25Z"),
        ("2026-10-24", "Europe/Berlin", "02:30", "2026-10-25T00:30Z"),  # comes twice: the first
        ("2026-10-24", "Europe/Berlin", "03:00", "2026-10-25T02:00Z"),
        ("2026-04-04", "Australia/Lord_Howe", "01:45", "2026-04-04T14:45Z"),  # half an hour comes twice
    ],
)
def test_an_alarm_is_one_instant(date: str, zone: str, wall: str, utc: str) -> None:
    assert instant(date, zone, wall) == utc


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/Nuuk", "Australia/Lord_Howe", "Africa/Monrovia"])
def test_a_night_begins_on_a_half_minute(zone: str) -> None:
    """In all years, also where an offset from UTC had seconds."""
    starts = [start_utc_us(datetime.date(year, month, 28), zone) for year in (1971, 2026, 2099) for month in (1, 3, 10)]
    assert {t0_utc_us % 30_000_000 for t0_utc_us in starts} == {0}


@pytest.mark.parametrize("text", ["", "7", "24:00", "06:60", "6:5", "06:25:00", "-1:30", "+6:30", "६:३०", "06.25"])
def test_a_wrong_time_is_one_line(text: str) -> None:
    with pytest.raises(InputError, match="--alarm .*: expected HH:MM"):
        wall_time(text, "--alarm")


def test_no_alarm_unless_asked() -> None:
    assert options(Asked(), Config())["alarm_utc_us"] is None


def test_options_go_before_the_configuration() -> None:
    environ = {
        "STILLWAVE__ALARM__TIME": "05:00",
        "STILLWAVE__ALARM__SUNRISE_MIN": "10",
        "STILLWAVE__USER__SIDE": "right",
        "STILLWAVE__USER__TIMEZONE": "Asia/Kathmandu",
        "HOME": "/nowhere",
    }
    config = load(None, environ)
    from_config, from_line = (options(asked, config) for asked in (Asked(), Asked(side="left", alarm="4:30", tz="UTC")))
    given = [(one["side"], one["timezone"], one["sunrise_s"], one["alarm_utc_us"]) for one in (from_config, from_line)]
    assert given == [
        ("right", "Asia/Kathmandu", 600, 1_768_518_900_000_000),  # 2026-01-15T23:15Z
        ("left", "UTC", 600, 1_768_537_800_000_000),  # 2026-01-16T04:30Z
    ]


@pytest.mark.parametrize(("hours", "inside"), [(8.0, True), (7.92, True), (7.9, False)])
def test_an_alarm_outside_the_night_is_refused(hours: float, inside: bool) -> None:
    asked = Asked(alarm="06:25", hours=hours)
    if inside:
        assert options(asked, Config())["alarm_utc_us"] is not None
    else:
        with pytest.raises(InputError, match=r"--alarm 06:25: expected a time inside the night, 22:30 to 06:24"):
            options(asked, Config())
