"""The stages as they were decided during the night, epoch by epoch. Rule: read, never computed again."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Hypnogram:
    """One entry per 30-s epoch, in time order. stage: 0 wake, 1 light, 2 deep, 3 REM, None unknown."""

    utc_us: list[int]
    stage: list[int | None]
    occupied: list[str]
    reason: list[str]


def load(db: Path) -> Hypnogram:
    """The hypnogram of a store; empty when it has no epochs. Raises sqlite3.Error for a file that is no store."""
    connection = sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT utc_us, stage, occupied, reason FROM epochs ORDER BY utc_us").fetchall()
    finally:
        connection.close()
    return Hypnogram(*map(list, zip(*rows, strict=True))) if rows else Hypnogram([], [], [], [])
