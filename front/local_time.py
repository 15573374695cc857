"""From a time on the bedside clock to the one instant that is meant.

Rule: never late. Where the clock is changed, a time can come twice or not at all; then the earlier instant counts.
"""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from front import check
from front.config import Config
from front.env import InputError

SECOND_US = 1_000_000
DAYS_AHEAD = 3  # a date line may swallow a day


def wall_time(text: str, where: str) -> datetime.time:
    """HH:MM. where: the option or key that holds it. Raises InputError."""
    hours, colon, minutes = text.partition(":")
    digits = (hours + minutes).isascii() and (hours + minutes).isdigit()
    if colon and digits and len(hours) in (1, 2) and len(minutes) == 2 and int(hours) < 24 and int(minutes) < 60:
        return datetime.time(int(hours), int(minutes))
    raise InputError(f"{where} {text}: expected HH:MM, 00:00 to 23:59")


def next_utc_us(after_utc_us: int, wall: datetime.time, timezone: str) -> int:
    """UTC, us, of the first instant after after_utc_us at which a clock in the zone shows wall.

    A time that a change of the clock leaves out is read with both offsets, that before and that after the change.
    """
    zone = ZoneInfo(timezone)
    today = datetime.datetime.fromtimestamp(after_utc_us // SECOND_US, zone).date()
    days = [today + datetime.timedelta(days=n) for n in range(-1, DAYS_AHEAD)]
    instants = [
        int(datetime.datetime.combine(day, wall.replace(fold=fold), zone).timestamp()) * SECOND_US
        for day in days
        for fold in (0, 1)
    ]
    return min(one for one in instants if one > after_utc_us)


def system_zone(environ: Mapping[str, str] = os.environ, link: Path = Path("/etc/localtime")) -> str:
    """The name of the computer's time zone; UTC when it has none. A fixed offset would be wrong after a change of clock."""
    for name in (environ.get("TZ", "").removeprefix(":"), str(link.resolve()).partition("/zoneinfo/")[2]):
        with contextlib.suppress(KeyError, ValueError, OSError):
            if name:
                return ZoneInfo(name).key
    return "UTC"


def live_zone(asked: str | None, config: Config) -> str:
    """Where the user of a real device is: as asked, as configured, or where the computer is. Raises InputError."""
    return check.zone(asked or config.user.timezone or system_zone())


def local(utc_us: int, timezone: str) -> str:
    """HH:MM in the zone."""
    return datetime.datetime.fromtimestamp(utc_us // SECOND_US, ZoneInfo(timezone)).strftime("%H:%M")
