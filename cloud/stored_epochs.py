"""The epochs of a stored night as staging, intent and alarm saw them, made again from its packets.

Rule: the same code, second by second, as when the packets came.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cloud import conclude, gather, ingest, occupancy, settle
from cloud.epoch_input import EpochInput
from cloud.memory import Memory, Notice
from cloud.observations import DataPacket
from cloud.store import StoreError

#: What the line told about the bed, beside the packets.
NOTICES = {occupancy.NO_ANSWER: occupancy.Event.LOST, occupancy.STARTED: occupancy.Event.BOOTED}


def epoch_inputs(db: Path) -> list[EpochInput]:
    """Every epoch of the night, in order of time. Raises StoreError."""
    try:
        connection = sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)
        try:
            packets = [
                DataPacket(*r) for r in connection.execute(f"SELECT {', '.join(DataPacket._fields)} FROM packets")
            ]
            known = connection.execute("SELECT utc_us, reason FROM occupancy ORDER BY utc_us, rowid").fetchall()
            spans = connection.execute("SELECT min(from_utc_us), max(to_utc_us) FROM listening").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(f"{db}: not a night's store: {error}") from error
    if spans[0] is None:
        return []
    notices = [Notice(utc_us, NOTICES[reason], reason) for utc_us, reason in known if reason in NOTICES]
    return _again(packets, notices, *spans)


def _again(packets: list[DataPacket], notices: list[Notice], from_utc_us: int, to_utc_us: int) -> list[EpochInput]:
    memory, delay = Memory(), settle.Delay()
    conclude.begin(memory, from_utc_us)
    seconds = memory.seconds
    seconds.notices = notices
    for stored in packets:
        settle.add(delay, ingest.observe(stored), seconds.next_s)
    out = []
    for number, seen in settle.due(delay, seconds.next_s, to_utc_us // settle.SECOND_US - 1):
        conclude.second(seconds, number, seen)
        found = gather.complete(seconds.gather)
        out += [found[0]] if found else []
    last = gather.complete(seconds.gather, lag_s=0)
    return out + ([last[0]] if last else [])
