"""report.json: everything that is known about a night, and for everything that is not, why.

Rule: the keys are always the same; a value that is null has its reason under the same dotted name.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from cloud import alarm_report, metrics, room, session_report, sleep_report
from cloud.device import settings_of
from cloud.metrics import NO_TRUTH, Section
from cloud.night import SECOND_US, Night, iso
from cloud.nights import load
from cloud.truth import Truth, parse
from cloud.words import instant

SCHEMA = 1
NO_RUN = "no run information beside the store"

IDENTITY = (
    "version", "source", "scenario", "seed", "started_utc", "timezone",
    "parameters_digest", "core", "target", "virtual_s", "wall_s",
)  # fmt: skip
EDGE = (
    "frames", "spi_bytes", "streaming_s", "monitoring_s", "standby_s", "bytes_on_wire",
    "bytes_unsolicited_while_silent", "bytes_at_boot", "bytes_replied", "overflows",
)  # fmt: skip
NOT_COUNTED = "answers to questions name a fault, but do not count it"


def build(
    db: Path, truth: Mapping[str, Any] | None, run: Mapping[str, Any] | None, number: int | None = None
) -> dict[str, Any]:
    """The report of a stored night.

    truth: content of truth.json. run: identity and counters from who ran the night. number: which
    night of the store, None the last; `link` counts the whole store. Raises StoreError or
    TruthError, one line each.
    """
    night = load(db, number)
    known = parse(truth) if truth is not None else None
    slept = sleep_report.true_sleep(truth) if truth is not None else None
    no_sleep = NO_TRUTH if truth is None else sleep_report.NO_STAGES
    given = run or {}
    identity = _identity(night, given)
    in_bed = session_report.session(night, slept, no_sleep)
    sections: dict[str, Section] = {
        "edge": _edge(db, given.get("edge") or {}, known),
        "link": _link(db, given.get("link") or {}),
        "respiration": metrics.respiration(night, known),
        "presence": metrics.presence(night, known),
        "primary_user": session_report.primary_user(night, known),
        "session": in_bed,
        "sleep": sleep_report.found(night),
        "truth": sleep_report.true(slept, *_truly_in_bed(known)),
        "agreement": sleep_report.agreed(night, slept, no_sleep),
        "alarm": alarm_report.section(night, truth, slept),
        "room": room.report(
            night, instant(in_bed.values["trying_to_sleep_utc"]), instant(in_bed.values["woke_up_utc"])
        ),
    }
    reasons = dict(identity.reasons)
    for name, found in sections.items():
        reasons |= {f"{name}.{key}": reason for key, reason in found.reasons.items()}
    reasons |= {f"faults.{at}.times": NOT_COUNTED for at, one in enumerate(night.faults) if one.times is None}
    silent = [{"from_utc": iso(s.from_utc_us), "to_utc": iso(s.to_utc_us), "reason": s.reason} for s in night.silences]
    values = {name: found.values for name, found in sections.items()}
    told = {"edge": values.pop("edge"), "silent": silent, "faults": _faults(night)}
    return {"schema": SCHEMA, **identity.values, **told, **values, "reasons": reasons}


def _faults(night: Night) -> list[dict[str, Any]]:
    """What was wrong with the device, from when to when; present: not over when it was heard last."""
    return [
        {
            "reason": one.reason,
            "from_utc": iso(one.from_utc_us),
            "to_utc": iso(one.to_utc_us),
            "times": one.times,
            "present": one.present,
        }
        for one in night.faults
    ]


def _identity(night: Night, run: Mapping[str, Any]) -> Section:
    """Who made this night and when; what the run does not say comes from the store, else it is null."""
    own = {
        "version": _version(),
        "source": night.meta.get("source"),
        "started_utc": iso(night.from_utc_us) if night.listening else None,
        "timezone": settings_of(night.meta).timezone,
        "virtual_s": (night.to_utc_us - night.from_utc_us) / SECOND_US,
    }
    values = {key: run[key] if run.get(key) is not None else own.get(key) for key in IDENTITY}
    reasons = {"version": "Stillwave is not installed as a package"}
    return Section(values, {key: reasons.get(key, NO_RUN) for key, value in values.items() if value is None})


def _version() -> str | None:
    try:
        return metadata.version("stillwave")
    except metadata.PackageNotFoundError:
        return None


def _edge(db: Path, counted: Mapping[str, Any], truth: Truth | None) -> Section:
    """The run's counters; unsolicited bytes from the stored packets when the run did not count them."""
    values = {**dict.fromkeys(EDGE), **counted}
    reasons = {}
    if values["bytes_unsolicited_while_silent"] is None:
        reasons["bytes_unsolicited_while_silent"] = NO_TRUTH
        if truth is not None:
            rows = np.array(_query(db, "SELECT utc_us, n_bytes FROM packets"), np.int64).reshape(-1, 2)
            values["bytes_unsolicited_while_silent"] = metrics.unsolicited_while_silent(rows[:, 0], rows[:, 1], truth)
    return Section(values, {k: reasons.get(k, NO_RUN) for k, v in values.items() if v is None})


def _link(db: Path, counted: Mapping[str, Any]) -> Section:
    """Packets as the store knows them; what the device sent is only known to who ran it."""
    ((stored,),) = _query(db, f"SELECT count(*) FROM {_all_packets(db)}")
    ((lost, duplicates),) = _query(db, "SELECT coalesce(sum(lost), 0), coalesce(sum(duplicates), 0) FROM boots")
    values = {
        **dict.fromkeys(("packets_sent", "digest")),
        **counted,
        "packets_stored": stored,
        "packets_lost": lost,
        "duplicates_dropped": duplicates,
        "data_digest": data_digest(db),
    }
    return Section(values, {k: NO_RUN for k, v in values.items() if v is None})


def data_digest(db: Path) -> str:
    """SHA-256 over the unique data packets: boot, seq (both 32 bits, little-endian) and payload of each.

    Those too of which nobody knows when they were.
    Boots in the order in which they were first heard, packets in the order of their numbers.
    """
    digest = hashlib.sha256()
    sql = (
        f"SELECT p.boot, p.seq, p.payload FROM {_all_packets(db)} p LEFT JOIN boots b ON b.boot = p.boot "
        "ORDER BY b.rowid, p.boot, p.seq"
    )
    for boot, seq, payload in _query(db, sql):
        digest.update((boot % (1 << 32)).to_bytes(4, "little") + seq.to_bytes(4, "little") + payload)
    return digest.hexdigest()


def _all_packets(db: Path) -> str:
    """The tables of data packets, as one."""
    later = _query(db, "SELECT 1 FROM sqlite_schema WHERE name = 'untimed'")
    more = " UNION ALL SELECT boot, seq, payload FROM untimed" if later else ""
    return f"(SELECT boot, seq, payload FROM packets{more})"


def _query(db: Path, sql: str) -> list[Any]:
    connection = sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def _truly_in_bed(truth: Truth | None) -> tuple[float | None, str]:
    """Minutes from the first to the last second in bed, and why there are none."""
    if truth is None:
        return None, NO_TRUTH
    in_bed = np.flatnonzero(truth.in_place)
    minutes = round((int(in_bed[-1]) + 1 - int(in_bed[0])) / 60, 2) if len(in_bed) else None
    return minutes, "the user was never in bed"
