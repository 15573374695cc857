"""The morning: report, picture and table of a night, from its store.

Rule: the report is built anew from what was stored; only the device's counters, which no store holds, come from
the run, or later from the run's own report.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from front.env import InputError

RUN_KEYS = (
    *("version", "source", "scenario", "seed", "started_utc", "timezone", "parameters_digest", "core", "target"),
    *("virtual_s", "wall_s", "edge", "link"),
)


def write(folder: Path, db: Path, truth: dict[str, Any] | None, run: dict[str, Any]) -> dict[str, Any]:
    """report.json, hypnogram.png and hypnogram.csv into the folder of a run. Returns the report. Raises InputError."""
    from cloud import hypnogram_csv, picture, report

    made: dict[str, Any] = report.build(db, truth, run)
    write_object(folder / "report.json", made)
    with writing(folder / "hypnogram.png"):
        picture.draw(db, made, folder / "hypnogram.png")
    with writing(folder / "hypnogram.csv"):
        hypnogram_csv.write(db, folder / "hypnogram.csv")
    return made


@dataclass(frozen=True)
class Files:
    """What of a night is to be written, beside its report."""

    pictures: list[Path] = field(default_factory=list)  # .png or .svg
    page: Path | None = None
    table: Path | None = None
    theme: Literal["light", "dark"] = "light"
    night: int | None = None  # of the store, from 1 on; None: the last

    @property
    def drawn(self) -> list[Path]:
        """The files that need matplotlib."""
        return [*self.pictures, *([self.page] if self.page else [])]


def build(source: Path, wanted: Files) -> dict[str, Any]:
    """The report of a store (DB) or run (DIR); draws and writes what is wanted. Raises InputError, StoreError."""
    folder = source if source.is_dir() else source.parent
    store = source / "night.sqlite" if source.is_dir() else source
    if not store.is_file():
        raise InputError(f"{store}: no such store; expected a file of `stillwave night` or its folder")
    for path in [*wanted.drawn, *([wanted.table] if wanted.table else [])]:
        if not path.parent.is_dir():
            raise InputError(f"{path}: no folder {path.parent}")
    truth = read_object(folder / "truth.json")
    earlier = read_object(folder / "report.json")
    run = (
        None if earlier is None else checked({k: earlier[k] for k in RUN_KEYS if k in earlier}, folder / "report.json")
    )
    from cloud import report

    made: dict[str, Any] = report.build(store, truth, run, wanted.night)
    _write(store, made, wanted)
    return made


def checked(run: dict[str, Any], path: Path) -> dict[str, Any]:
    """The same, each key of its kind: the file is the user's. Raises InputError."""
    import msgspec

    from cloud import replay, wall_clock

    for key, value in run.items():
        try:
            msgspec.convert(value, type=replay.KINDS.get(key, str | float) | None)
        except msgspec.ValidationError as error:
            raise InputError(f"{path}: key `{key}`: {error}") from None
    zone = run.get("timezone")
    if zone is not None and not (isinstance(zone, str) and wall_clock.is_zone(zone)):
        raise InputError(f"{path}: key `timezone`: {zone!r}, expected one such as Europe/Berlin")
    return run


def _write(store: Path, made: dict[str, Any], wanted: Files) -> None:
    from cloud import hypnogram_csv, page, picture

    for path in wanted.pictures:
        with writing(path):
            picture.draw(store, made, path, wanted.theme, wanted.night)
    if wanted.page is not None:
        with writing(wanted.page):
            page.write(store, made, wanted.page, wanted.night)
    if wanted.table is not None:
        with writing(wanted.table):
            hypnogram_csv.write(store, wanted.table, wanted.night)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What is written in it is this file. Raises InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def write_object(path: Path, content: dict[str, Any]) -> None:
    """A JSON object. Raises InputError."""
    with writing(path):
        path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file that may not be there. Raises InputError."""
    if not path.is_file():
        return None
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected one JSON object")
    return value
