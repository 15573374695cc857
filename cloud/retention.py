"""How long nights are kept: waveforms and raw packets go first, whole nights last.

Rule: nothing goes unless the user has said so; a night ends at noon, and the night under way is never touched.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND_US = 1_000_000
#: meta key: packets and waveforms before this UTC, us, were deleted for their age.
DETAIL_FROM = "retention.detail_from_utc_us"
NIGHTS_FROM = "retention.nights_from_utc_us"
WAVE_REASON = "deleted for its age"

#: Table -> the column that says when a row was; a night takes all of them with it.
_TIMES = {
    "packets": "utc_us", "vitals": "utc_us", "transitions": "utc_us", "room": "utc_us", "faults": "utc_us",
    "alarm_events": "utc_us", "occupancy": "utc_us", "user": "utc_us", "absences": "to_utc_us", "epochs": "utc_us",
    "sessions": "last_present_utc_us", "intents": "utc_us", "rings": "utc_us", "health": "to_utc_us",
    "incidents": "to_utc_us", "listening": "to_utc_us",
}  # fmt: skip


@dataclass(frozen=True)
class Retention:
    """Beside the night under way: whole nights, and of how many waveforms and raw packets. None: all. Raises ValueError."""

    keep_nights: int | None = None
    keep_detail_days: int | None = None

    def __post_init__(self) -> None:
        """Ranges."""
        for key in ("keep_nights", "keep_detail_days"):
            value = getattr(self, key)
            if value is not None and value < 1:
                raise ValueError(f"store.{key}: {value}, expected at least 1")


@dataclass(frozen=True)
class Forgotten:
    """Rows that went: waveforms and packets by their age alone; and all of nights that were too many."""

    details: int = 0
    nights: int = 0


def noon_utc_us(utc_us: int, timezone: str, days: int) -> int:
    """The noon, local, so many days before the last noon."""
    zone = ZoneInfo(timezone) if timezone else UTC
    now = datetime.fromtimestamp(utc_us / SECOND_US, zone)
    day = now.date() - timedelta(days=days + (now.time() < time(12)))
    return round(datetime.combine(day, time(12), zone).timestamp()) * SECOND_US


def forget(db: sqlite3.Connection, wanted: Retention, timezone: str, utc_us: int) -> Forgotten:
    """Delete what is older, each night as one transaction. Returns what went. Raises sqlite3.Error."""
    details = nights = 0
    if wanted.keep_detail_days is not None:
        before_us = noon_utc_us(utc_us, timezone, wanted.keep_detail_days)
        details = _step(db, DETAIL_FROM, before_us, _details)
    if wanted.keep_nights is not None:
        before_us = noon_utc_us(utc_us, timezone, wanted.keep_nights)
        nights = _step(db, NIGHTS_FROM, before_us, _nights)
    return Forgotten(details, nights)


def _step(db: sqlite3.Connection, key: str, before_us: int, delete: object) -> int:
    assert callable(delete)
    done = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if done is not None and int(done[0]) >= before_us:
        return 0
    db.execute("BEGIN IMMEDIATE")
    n = int(delete(db, before_us))
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, str(before_us)))
    db.execute("COMMIT")
    return n


def _details(db: sqlite3.Connection, before_us: int) -> int:
    n = db.execute("DELETE FROM packets WHERE utc_us < ?", (before_us,)).rowcount
    unknown = (WAVE_REASON, before_us)
    sql = "UPDATE vitals SET wave = NULL, wave_validity = 0, wave_reason = ? WHERE utc_us < ? AND wave IS NOT NULL"
    return n + db.execute(sql, unknown).rowcount


def _nights(db: sqlite3.Connection, before_us: int) -> int:
    n = sum(db.execute(f"DELETE FROM {table} WHERE {at} < ?", (before_us,)).rowcount for table, at in _TIMES.items())
    gone = "DELETE FROM boots WHERE boot NOT IN (SELECT boot FROM packets) AND boot NOT IN (SELECT boot FROM vitals)"
    last = "(SELECT max(rowid) FROM boots)"
    n += db.execute(f"{gone} AND rowid < {last}").rowcount
    return n + db.execute("DELETE FROM anchors WHERE boot NOT IN (SELECT boot FROM boots)").rowcount
