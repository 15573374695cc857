"""When a simulated night begins. Rule: no clock; date and zone are arguments."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

LIGHTS = datetime.time(22, 30)
"""Local time at which a simulated night begins."""
EVENING = datetime.date(2026, 1, 15)
"""Its date when none is given: the same night every time."""
EPOCH_S = 30


def start_utc_us(date: datetime.date | None, timezone: str) -> int:
    """UTC of the beginning, us, on a full or half minute. Raises zoneinfo.ZoneInfoNotFoundError."""
    local = datetime.datetime.combine(date or EVENING, LIGHTS, ZoneInfo(timezone))
    return int(local.timestamp()) // EPOCH_S * EPOCH_S * 1_000_000
