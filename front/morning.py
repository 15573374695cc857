"""`stillwave report`: the report of a store, or of the folder of a run.

Rule: the report is built anew from what was stored; only the device's counters, which no store holds, come from
the run's own report.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from front.env import InputError

RUN_KEYS = (
    *("version", "source", "scenario", "seed", "started_utc", "timezone", "parameters_digest", "core", "target"),
    *("virtual_s", "wall_s", "edge", "link"),
)


def build(source: Path, png: Path | None) -> dict[str, Any]:
    """report.json of a store (DB) or run (DIR), and its picture. Raises InputError naming the file."""
    folder = source if source.is_dir() else source.parent
    store = source / "night.sqlite" if source.is_dir() else source
    if not store.is_file():
        raise InputError(f"{store}: no such store; expected a file of `stillwave night` or its folder")
    truth = _read(folder / "truth.json")
    earlier = _read(folder / "report.json")
    run = None if earlier is None else {key: earlier[key] for key in RUN_KEYS if key in earlier}
    from cloud import report

    made: dict[str, Any] = report.build(store, truth, run)
    if png is not None:
        if not png.parent.is_dir():
            raise InputError(f"--png {png}: no folder {png.parent}")
        from cloud import picture

        picture.draw(store, made, png)
    return made


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected one JSON object")
    return value
