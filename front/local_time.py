"""Times on the bedside clock and zones, as the command line takes and shows them. The instant: cloud/wall_clock.py."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from cloud.wall_clock import SECOND_US, next_utc_us
from front import check
from front.config import Config
from front.env import InputError

__all__ = ["SECOND_US", "live_zone", "local", "next_utc_us", "system_zone", "wall_time"]


def wall_time(text: str, where: str) -> datetime.time:
    """HH:MM. where: the option or key that holds it. Raises InputError."""
    hours, colon, minutes = text.partition(":")
    digits = (hours + minutes).isascii() and (hours + minutes).isdigit()
    if colon and digits and len(hours) in (1, 2) and len(minutes) == 2 and int(hours) < 24 and int(minutes) < 60:
        return datetime.time(int(hours), int(minutes))
    raise InputError(f"{where} {text}: expected HH:MM, 00:00 to 23:59")


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
