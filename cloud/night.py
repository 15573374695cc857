"""A stored night as arrays, one entry per second, and the silences with their reasons.

Rule: read-only; a second without a value is NaN and has a reason.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from cloud import lost_packets
from cloud.fault_spans import FaultSpan, timeline
from cloud.observations import (
    VALID_FROM,
    Absence,
    AlarmEvent,
    Anchor,
    Epoch,
    Fault,
    Gap,
    Health,
    Incident,
    IntentChange,
    Occupancy,
    Ring,
    Room,
    Session,
    Setting,
    Transition,
    User,
)
from cloud.occupancy import NO_ANSWER
from cloud.outages import answers
from cloud.silence import Silence, silences, unanswered
from cloud.store import SAID_MAX, StoreError

SECOND_US = 1_000_000
EPOCH_S = 30
#: A packet speaks for the second it ends: the one whose end it is nearest to, with some jitter of the cadence.
AFTER_US, BEFORE_US = 500_000, 600_000
VALID_SHARE = VALID_FROM / 255

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


R = TypeVar("R")


@dataclass(frozen=True)
class Vitals:
    """All packets of sleepers, in time order; every array has one entry per packet, unknown = NaN."""

    utc_us: Ints
    confidence: Floats
    rate_per_min: Floats  # NaN unless valid
    rate_reason: list[str]
    moving: Floats  # 0, 1, NaN
    motion_db: Floats
    distance_mm: Floats
    wave_utc_us: Ints
    wave: list[bytes | None]  # None unless valid


class Start(NamedTuple):
    """A boot of the device: when it began, and when it first answered; us UTC."""

    boot: int
    from_utc_us: int
    answered_utc_us: int


@dataclass(frozen=True)
class Night:
    """What one store holds. Times in us UTC; the night begins on a full or half minute."""

    meta: dict[str, str]
    from_utc_us: int
    to_utc_us: int
    listening: list[tuple[int, int]]
    vitals: Vitals
    transitions: list[Transition]
    occupancy: list[Occupancy]
    sessions: list[Session]
    silences: list[Silence]
    epochs: list[Epoch] = field(default_factory=list)  # as concluded then, in the order of their times
    intents: list[IntentChange] = field(default_factory=list)  # in the order in which they were told
    absences: list[Absence] = field(default_factory=list)
    alarm_events: list[AlarmEvent] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)  # asked for by the cloud
    settings: list[Setting] = field(default_factory=list)
    user: list[User] = field(default_factory=list)  # who was measured, from each time on
    room: list[Room] = field(default_factory=list)
    faults: list[FaultSpan] = field(default_factory=list)  # of the device, in the order of their beginning
    health: list[Health] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)  # of the cloud process
    unanswered: list[Silence] = field(default_factory=list)  # the device was not heard, whether or not it kept all
    boots: list[Start] = field(default_factory=list)  # in the order in which they answered first
    first_boot: int | None = None  # of the whole store
    span: tuple[int, int] = (0, 2**63 - 1)  # this night's share of the store: from noon to noon

    @property
    def n_seconds(self) -> int:
        """Whole seconds from the beginning to the last tick."""
        return max((self.to_utc_us - self.from_utc_us) // SECOND_US, 0)

    def longest_session(self) -> Session | None:
        """The night's session."""
        return max(self.up_to_date(), key=lambda s: s.last_present_utc_us - s.in_bed_utc_us, default=None)

    def up_to_date(self) -> list[Session]:
        """All sessions, up to their last presence: with the user still in bed that is the last tick."""
        return [s._replace(last_present_utc_us=self.to_utc_us) if s.state == "in bed" else s for s in self.sessions]


def iso(utc_us: int) -> str:
    """UTC in us -> '2026-11-21T22:30:00Z', cut to the second."""
    return datetime.fromtimestamp(utc_us // SECOND_US, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def latest(utc_us: Ints, from_utc_us: int, n_seconds: int) -> Ints:
    """Per second the index of the packet that speaks for it, -1 where there is none: int64[n_seconds]."""
    ends = from_utc_us + SECOND_US * np.arange(1, n_seconds + 1, dtype=np.int64)
    found = np.searchsorted(utc_us, ends + AFTER_US, side="right") - 1
    if not len(utc_us):
        return found
    fresh = (found >= 0) & (ends - utc_us[found] < BEFORE_US)
    return np.where(fresh, found, -1)


def take(values: Floats, index: Ints) -> Floats:
    """values[index], NaN where the index is -1."""
    if not len(values):
        return np.full(len(index), np.nan)
    return np.where(index >= 0, values[index], np.nan)


def load(path: Path) -> Night:
    """Read a store. Raises StoreError, one line, when the file is missing or is no store."""
    if not path.is_file():
        raise StoreError(f"{path}: no such store")
    try:
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return _load(db)
        finally:
            db.close()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: not a night's store: {str(error)[:SAID_MAX]}") from error


def _load(db: sqlite3.Connection) -> Night:
    listening = db.execute("SELECT from_utc_us, to_utc_us FROM listening ORDER BY run").fetchall()
    start = min((a for a, _ in listening), default=0)
    stop = max((b for _, b in listening), default=0)
    transitions = [
        Transition(*row)
        for row in db.execute(f"SELECT {', '.join(Transition._fields)} FROM transitions ORDER BY utc_us, seq")
    ]
    occupancy = [Occupancy(*r) for r in db.execute("SELECT * FROM occupancy ORDER BY utc_us, rowid")]
    starts = [
        Anchor(*row) for row in db.execute("SELECT boot, t_us, min(utc_us) FROM anchors GROUP BY boot ORDER BY 3")
    ]
    boots = [one.utc_us for one in starts]
    health = _rows(db, Health, "health", "from_utc_us")
    faults = timeline(_rows(db, Fault, "faults", "utc_us, boot, seq"), health, starts, stop)
    spoken = "SELECT utc_us FROM vitals UNION ALL SELECT utc_us FROM transitions ORDER BY 1"
    data = [t for (t,) in db.execute(spoken)]  # what the alarm does in a silence does not end it
    heard = answers(starts, health)
    incidents = _rows(db, Incident, "incidents", "from_utc_us")
    made_good = [one for one in incidents if one.what == NO_ANSWER]
    told = silences(transitions, boots, data, occupancy, stop, faults, heard, made_good)
    lost = lost_packets.spans(db, _rows(db, Gap, "gaps", "utc_us, boot, seq"))
    return Night(
        meta=dict(db.execute("SELECT key, value FROM meta")),
        from_utc_us=start - start % (EPOCH_S * SECOND_US),
        to_utc_us=stop,
        listening=listening,
        vitals=_vitals(db),
        transitions=transitions,
        occupancy=occupancy,
        sessions=[Session(*row) for row in db.execute("SELECT * FROM sessions ORDER BY 1")],
        silences=sorted([*told, *lost], key=lambda one: one.from_utc_us),
        epochs=_rows(db, Epoch, "epochs", "utc_us"),
        intents=_rows(db, IntentChange, "intents", "rowid"),
        absences=_rows(db, Absence, "absences", "from_utc_us"),
        alarm_events=_rows(db, AlarmEvent, "alarm_events", "utc_us, boot, seq"),
        rings=_rows(db, Ring, "rings", "told_utc_us"),
        settings=_rows(db, Setting, "settings", "name"),
        user=_rows(db, User, "user", "utc_us"),
        room=_rows(db, Room, "room", "utc_us"),
        faults=faults,
        health=health,
        incidents=incidents,
        unanswered=unanswered(occupancy, data, stop, heard, made_good),
        first_boot=starts[0].boot if starts else None,
        boots=[Start(one.boot, one.utc_us - one.t_us, one.utc_us) for one in starts],
    )


def _rows(db: sqlite3.Connection, kind: type[R], table: str, order: str) -> list[R]:
    """A table as rows of its type; none where the file is older than the table."""
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)).fetchone():
        return []
    fields: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
    return [kind(*row) for row in db.execute(f"SELECT {', '.join(fields)} FROM {table} ORDER BY {order}")]


def _vitals(db: sqlite3.Connection) -> Vitals:
    names = (
        "utc_us, confidence, respiration_rate_per_min, respiration_validity, respiration_reason, "
        "moving, motion_db, distance_mm, wave_utc_us, "
        f"CASE WHEN wave_validity >= {VALID_SHARE} THEN wave END"
    )
    rows = db.execute(f"SELECT {names} FROM vitals ORDER BY utc_us").fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * 10
    rate, validity = np.array(columns[2], float), np.array(columns[3], float)
    return Vitals(
        utc_us=np.array(columns[0], np.int64),
        confidence=np.array(columns[1], float),
        rate_per_min=np.where(validity >= VALID_SHARE, rate, np.nan),
        rate_reason=list(columns[4]),
        moving=np.array(columns[5], float),
        motion_db=np.array(columns[6], float),
        distance_mm=np.array(columns[7], float),
        wave_utc_us=np.array(columns[8], np.int64),
        wave=list(columns[9]),
    )
