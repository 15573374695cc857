"""The night's file: SQLite in WAL mode, strict tables, some commits a minute.

Rule: what has been acknowledged is in the file. `commit` returns only after the rows are there; a kill
at any time leaves the last commit whole. `durable` also survives loss of power (one sync per commit).
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from cloud import retention, schema
from cloud.observations import (
    Absence,
    AlarmEvent,
    Anchor,
    Boot,
    DataPacket,
    Epoch,
    Fault,
    Gap,
    Health,
    Incident,
    IntentChange,
    Occupancy,
    Rewound,
    Ring,
    Room,
    Row,
    Session,
    Setting,
    Transition,
    Untimed,
    User,
    Vitals,
)

#: Nobody listened between two runs of the process when the gap is longer; a shorter one is a restart: what had been
#: gathered and not yet committed, and the time to start.
JOIN_US = 45_000_000

#: Of what SQLite says, so many characters are told: it may quote a whole column.
SAID_MAX = 200

#: Row type -> its table and, where a row may be written again, by what it is known: some grow, and after a restart the
#: latest conclusions are drawn once more.
_TABLES: dict[type[Row], tuple[str, str]] = {
    Boot: ("boots", "boot"),
    Anchor: ("anchors", "boot, t_us"),
    DataPacket: ("packets", ""),
    Vitals: ("vitals", ""),
    Transition: ("transitions", ""),
    AlarmEvent: ("alarm_events", ""),
    Occupancy: ("occupancy", "utc_us, state, reason"),
    User: ("user", "utc_us"),
    Session: ("sessions", "in_bed_utc_us"),
    Absence: ("absences", "from_utc_us"),
    Epoch: ("epochs", "utc_us"),
    IntentChange: ("intents", ""),
    Ring: ("rings", "told_utc_us"),
    Setting: ("settings", "name"),
    Room: ("room", ""),
    Fault: ("faults", ""),
    Health: ("health", "from_utc_us"),
    Incident: ("incidents", "from_utc_us, what"),
    Gap: ("gaps", ""),
    Untimed: ("untimed", ""),
}


class StoreError(Exception):
    """The file cannot be used; the message is one line that names it.

    writing: it failed in the middle of a night; damaged: it is a store that can no longer be read; full: there is no
    space, or the disk does not take what is written; why: the cause alone.
    """

    def __init__(
        self, message: str, *, writing: bool = False, damaged: bool = False, full: bool = False, why: str = ""
    ) -> None:
        super().__init__(message)
        self.writing = writing
        self.damaged = damaged
        self.full = full
        self.why = why


def _is_full(error: Exception) -> bool:
    """No space, or the disk does not take it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) or getattr(error, "errno", 0) in (
        errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO,
    )  # fmt: skip


#: How every SQLite file begins.
MAGIC = b"SQLite format 3\0"


def _is_damage(error: Exception) -> bool:
    """SQLite says that the file's content makes no sense."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _makes_no_sense(error: Exception) -> bool:
    """The same of what is read: also a text that is none, which SQLite itself does not look at."""
    no_text = isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode")
    return _is_damage(error) or no_text


def was_store(path: Path) -> bool:
    """The file was a night's store once: it begins as SQLite's do, or with the zeros of a lost write."""
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError:
        return False
    return head == MAGIC or (len(head) == len(MAGIC) and not any(head))


def set_aside(path: Path, utc_us: int) -> Path:
    """Give a damaged store another name, with what belongs to it; returns that. Raises StoreError."""
    to = path.with_name(f"{path.stem}.damaged-{utc_us // 1_000_000}{path.suffix}")
    try:
        path.rename(to)
        for ending in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + ending).rename(to.with_name(to.name + ending))
    except OSError as error:
        raise StoreError(f"{path}: is damaged and cannot be set aside: {error.strerror}") from error
    return to


def _insert(table: str, fields: tuple[str, ...], key: str) -> str:
    sql = f"INSERT INTO {table} ({', '.join(fields)}) VALUES ({', '.join('?' * len(fields))})"
    if key:
        changes = ", ".join(f"{name} = excluded.{name}" for name in fields)
        sql += f" ON CONFLICT ({key}) DO UPDATE SET {changes}"
    return sql


_SQL = {kind: _insert(table, kind._fields, key) for kind, (table, key) in _TABLES.items()}
#: Taking back: each with the place of its time in Rewound. What was told of an epoch was told at its end.
_REWIND = (
    ("DELETE FROM occupancy WHERE utc_us >= ?", 0),
    ("DELETE FROM user WHERE utc_us >= ?", 0),
    ("DELETE FROM sessions WHERE opened_utc_us > ?", 0),
    ("DELETE FROM epochs WHERE utc_us >= ?", 1),
    ("DELETE FROM intents WHERE told_utc_us > ?", 1),
    ("DELETE FROM absences WHERE from_utc_us >= ?", 2),
)


class Store:
    """One open file. Raises StoreError, and nothing else, when the file fails."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._run: int | None = None
        self._meta: dict[str, str] = {}
        try:
            path.touch(mode=0o600)  # a night is private
            self._db = sqlite3.connect(path, isolation_level=None)
            try:
                self._prepare(durable)
            except BaseException:
                self._db.close()
                raise
        except (sqlite3.Error, OSError) as error:
            damaged = _is_damage(error) and was_store(path)
            raise StoreError(
                f"{path}: cannot be used as a night's store: {error}", damaged=damaged, full=_is_full(error)
            ) from error

    def _prepare(self, durable: bool) -> None:
        unclean = durable and self.path.with_name(self.path.name + "-wal").exists()
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version in (0, *schema.ADDED) and version < schema.SCHEMA_VERSION:
            self._db.executescript(schema.upgrade(version))
        elif version != schema.SCHEMA_VERSION:
            raise StoreError(f"{self.path}: store version {version}, expected {schema.SCHEMA_VERSION}")

        if unclean and (found := self._db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise StoreError(f"{self.path}: cannot be used as a night's store: {found}", damaged=True)

    def commit(self, rows: Iterable[Row], utc_us: int, meta: Mapping[str, str]) -> None:
        """Write rows, the listening span and changed meta keys as one transaction."""
        run = self._run
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for kind, group in groupby(rows, type):
                if kind is Rewound:
                    for one in group:
                        self._rewind(one)
                else:
                    self._db.executemany(_SQL[kind], map(_storable, group))
            self._listen(utc_us)
            changed = [item for item in meta.items() if self._meta.get(item[0]) != item[1]]
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", changed)
            self._db.execute("COMMIT")
            self._meta.update(changed)
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._run = run
            raise StoreError(
                f"{self.path}: cannot be written: {error}", writing=True, damaged=_is_damage(error), why=str(error)
            ) from error

    def _rewind(self, row: Row) -> None:
        """Take back conclusions, within the transaction."""
        for sql, field in _REWIND:
            self._db.execute(sql, (row[field],))

    def _listen(self, utc_us: int) -> None:
        if self._run is None:
            last = self._db.execute("SELECT run, to_utc_us FROM listening ORDER BY run DESC LIMIT 1").fetchone()
            if last and 0 <= utc_us - last[1] < JOIN_US:
                self._run = last[0]
        if self._run is None:
            cursor = self._db.execute("INSERT INTO listening (from_utc_us, to_utc_us) VALUES (?, ?)", (utc_us, utc_us))
            self._run = cursor.lastrowid
        else:
            self._db.execute("UPDATE listening SET to_utc_us = ? WHERE run = ?", (utc_us, self._run))

    def forget(self, wanted: retention.Retention, timezone: str, utc_us: int) -> retention.Forgotten:
        """Delete what is older than wanted. Raises StoreError."""
        try:
            return retention.forget(self._db, wanted, timezone, utc_us)
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise StoreError(
                f"{self.path}: old nights cannot be deleted: {error}", writing=True, damaged=_is_damage(error)
            ) from error

    def close_incidents(self) -> None:
        """What an earlier process left open ended with it at the latest."""
        with contextlib.suppress(sqlite3.Error):
            last = "coalesce((SELECT max(to_utc_us) FROM listening), from_utc_us)"
            self._db.execute(f"UPDATE incidents SET to_utc_us = max(from_utc_us, {last}) WHERE to_utc_us IS NULL")

    def _read(self, sql: str, *values: object) -> list[Any]:
        """All rows of a question. Raises StoreError."""
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            said = f"{self.path}: cannot be read: {str(error)[:SAID_MAX]}"
            raise StoreError(said, damaged=_makes_no_sense(error)) from error

    def meta(self) -> dict[str, str]:
        """All meta keys."""
        return dict(self._read("SELECT key, value FROM meta"))

    def boots(self) -> list[Boot]:
        """Every boot seen so far, oldest first."""
        rows = self._read(f"SELECT {', '.join(Boot._fields)} FROM boots ORDER BY rowid")
        return [Boot(row[0], None if row[1] is None else int(row[1], 16), *row[2:]) for row in rows]

    def anchors(self) -> list[Anchor]:
        """Every clock anchor, in device time order."""
        rows = self._read("SELECT boot, t_us, utc_us FROM anchors ORDER BY boot, t_us")
        return [Anchor(*row) for row in rows]

    def stored(self, boot: Boot) -> list[int]:
        """Numbers of the boot that are stored, or were and were deleted for their age, rising."""
        sql = "SELECT seq FROM packets WHERE boot = ?1 UNION SELECT seq FROM untimed WHERE boot = ?1 ORDER BY seq"
        found = [seq for (seq,) in self._read(sql, boot.boot)]
        if retention.DETAIL_FROM in self.meta():
            return [*range(1, found[0] if found else boot.last_seq + 1), *found]
        return found

    def gaps(self) -> list[Gap]:
        """What the device told that it no longer has."""
        return [Gap(*row) for row in self._read(f"SELECT {', '.join(Gap._fields)} FROM gaps")]

    def packets_since(self, utc_us: int) -> list[DataPacket]:
        """Data packets from this time on."""
        names = ", ".join(DataPacket._fields)
        rows = self._read(f"SELECT {names} FROM packets WHERE utc_us >= ? ORDER BY utc_us", utc_us)
        return [DataPacket(*row) for row in rows]

    def close(self) -> None:
        """Close the file; everything is folded into the one file unless somebody else reads it now."""
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()


def _storable(row: Row) -> tuple[object, ...]:
    """A boot's 64-bit id does not fit SQLite's signed integer: it is kept as hex text."""
    if isinstance(row, Boot) and row.device_id is not None:
        return (row.boot, f"{row.device_id:016x}", *row[2:])
    return row
