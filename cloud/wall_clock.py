"""From a time on the bedside clock to the one instant that is meant.

Rule: never late. Where the clock is changed, a time can come twice or not at all; then the earlier instant counts.
"""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECOND_US = 1_000_000
DAYS_AHEAD = 3  # a date line may swallow a day


def is_zone(name: str) -> bool:
    """This machine knows such a time zone."""
    try:
        return bool(ZoneInfo(name).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def next_utc_us(after_utc_us: int, wall: datetime.time, timezone: str) -> int:
    """UTC, us, of the first instant after after_utc_us at which a clock in the zone shows wall.

    A time that a change of the clock leaves out is read with both offsets, that before and that after the change.
    """
    return min(one for day in _days(after_utc_us, wall, timezone) for one in day if one > after_utc_us)


def next_daily_utc_us(after_utc_us: int, wall: datetime.time, timezone: str) -> int:
    """As next_utc_us, but one instant a day: a time that comes twice in a night counts once, the first time."""
    return min(first for day in _days(after_utc_us, wall, timezone) if (first := min(day)) > after_utc_us)


def _days(around_utc_us: int, wall: datetime.time, timezone: str) -> list[tuple[int, int]]:
    """Both readings of the time on each day from yesterday on, us UTC."""
    zone = ZoneInfo(timezone)
    today = datetime.datetime.fromtimestamp(around_utc_us // SECOND_US, zone).date()

    def read(day: datetime.date, fold: int) -> int:
        return int(datetime.datetime.combine(day, wall.replace(fold=fold), zone).timestamp()) * SECOND_US

    days = [today + datetime.timedelta(days=n) for n in range(-1, DAYS_AHEAD)]
    return [(read(day, 0), read(day, 1)) for day in days]
