"""What another setting would have made of the same recording: the differences between two reports and two stores.

Rule: the device did what it did then. What the cloud would have asked of it is told as asked, never as done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cloud import tuning
from cloud.night import iso
from cloud.tuning import Tuning

#: Not of the night but of the playing, or told elsewhere.
_NOT_COMPARED = ("wall_s", "source", "version", "reasons", "schema")
STAGES = ("wake", "light", "deep", "rem")


def of(report: Mapping[str, Any], db: Path, other: Mapping[str, Any], other_db: Path, tuned: Tuning) -> dict[str, Any]:
    """What differs. report, db: as recorded; other, other_db: with the changed settings `tuned`."""
    before, after = dict(_flat(report)), dict(_flat(other))
    differ = [
        {"key": key, "as_recorded": before.get(key), "what_if": after.get(key)}
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    ]
    return {
        "changed": changes(tuned),
        "differences": differ,
        "epochs": _epochs(db, other_db),
        "rings_asked_utc": {"as_recorded": _rings(db), "what_if": _rings(other_db)},
        "note": "the device did as it did then: a ring, a light or a question that it was not asked for is not in it",
    }


def changes(tuned: Tuning) -> dict[str, list[Any]]:
    """key -> [as shipped, as tuned] of what was changed."""
    shipped = tuning.keys()
    now = {key: getattr(getattr(tuned, key.partition(".")[0]), key.partition(".")[2]) for key in shipped}
    return {key: [shipped[key], now[key]] for key in shipped if shipped[key] != now[key]}


def lines(found: Mapping[str, Any]) -> list[str]:
    """The same for a person."""
    said = [f"what if    {key} = {after} instead of {before}" for key, (before, after) in found["changed"].items()]
    if not found["differences"]:
        said.append("           nothing in the report differs")
    width = max((len(one["key"]) for one in found["differences"]), default=0)
    said += [
        f"  {one['key']:<{width}}  {_word(one['as_recorded'])} -> {_word(one['what_if'])}"
        for one in found["differences"]
    ]
    epochs = found["epochs"]
    said.append(f"epochs     {epochs['changed']} of {epochs['all']} have another stage")
    rings = found["rings_asked_utc"]
    if rings["as_recorded"] != rings["what_if"]:
        before, after = (", ".join(rings[key]) or "none" for key in ("as_recorded", "what_if"))
        said.append(f"rings      asked for: {before} -> {after}; the device was not asked again")
    return said


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        yield name, value
        return
    for key, one in value.items():
        if name or key not in _NOT_COMPARED:
            yield from _flat(one, f"{name}.{key}" if name else str(key))


def _word(value: Any) -> str:
    if value is None:
        return "unknown"
    return f"{len(value)} of them" if isinstance(value, list) else str(value)


def _epochs(db: Path, other_db: Path) -> dict[str, Any]:
    """How many half minutes have another stage, and from which to which."""
    sql = "SELECT utc_us, stage FROM epochs"
    before, after = (dict(_query(path, sql)) for path in (db, other_db))
    moved: dict[str, int] = {}
    for utc_us in before.keys() | after.keys():
        pair = before.get(utc_us), after.get(utc_us)
        if pair[0] != pair[1]:
            name = " to ".join("unknown" if one is None else STAGES[one] for one in pair)
            moved[name] = moved.get(name, 0) + 1
    return {"all": len(before), "changed": sum(moved.values()), "moved": dict(sorted(moved.items()))}


def _rings(db: Path) -> list[str]:
    return [iso(utc_us) for (utc_us,) in _query(db, "SELECT utc_us FROM rings ORDER BY told_utc_us")]


def _query(db: Path, sql: str) -> list[Any]:
    connection = sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()
