"""`stillwave recover` and `stillwave export`: recordings made whole, recordings as tables.

Rule: the recording itself is only read; numbers in tables are in the units of their name or of docs/wire.md, an
unknown value is an empty cell.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from front.env import InputError
from front.output import say, show

FORMATS = ("csv", "parquet")


def recover(file: Path, out: Path, force: bool, json: bool) -> None:
    """A whole file. Raises InputError, NoRecordingError, RecordingError."""
    from wire.recover import recover as work

    if out.exists() and (not force or (file.exists() and file.samefile(out))):
        raise InputError(f"{out}: exists; expected a new file" + ("" if force else ", or --force"))
    found = work(file, out)
    result = {
        "file": str(out),
        "messages": found.messages,
        "seconds": round(found.seconds, 3),
        "whole": found.whole,
        "damaged": found.damaged,
    }
    if found.whole:
        said = "it was whole already"
    else:
        said = f"{found.damaged} damaged places left out" if found.damaged else "it was cut"
    show(json, result, lambda: [f"{out}: {found.messages} messages, {found.seconds:.1f} s; {said}"])


def export(file: Path, out: Path, format: str, force: bool, json: bool) -> None:
    """A folder of tables. Raises InputError, NoRecordingError."""
    if format not in FORMATS:
        raise InputError(f"--format {format}: expected {' or '.join(FORMATS)}")
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not force)):
        raise InputError(f"{out}: exists and is no empty folder; expected a new one, or --force")
    write = _parquet() if format == "parquet" else _csv
    import wire

    line = wire.open(file)
    if not line.whole:
        say(f"{file}: was cut or damaged: what is readable is exported")
    written = {}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in line.names:
            columns = dict(_columns(line.physical(name)))
            written[name] = len(columns["utc_us"])
            write(out / f"{name.lower()}.{format}", columns)
        columns = dict(_columns(line.chunks))
        written["chunks"] = len(columns["utc_us"])
        write(out / f"chunks.{format}", columns)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror or error}") from None
    result = {"folder": str(out), "format": format, "rows": written, "whole": line.whole, "damaged": line.damaged}
    show(json, result, lambda: [f"{out}", *(f"{name:<16}{n} rows" for name, n in written.items())])


def _columns(rows: Any) -> Iterator[tuple[str, Any]]:
    """One-dimensional columns of a structured array; of an array field one for each place: wave_0, wave_1, ..."""
    for name in rows.dtype.names or ():
        if rows[name].ndim == 1:
            yield name, rows[name]
        else:
            for place in range(rows[name].shape[1]):
                yield f"{name}_{place}", rows[name][:, place]


def _csv(path: Path, columns: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in zip(*(one.tolist() for one in columns.values()), strict=True):
            writer.writerow(["" if value != value else _short(value) for value in row])


def _short(value: Any) -> Any:
    """As few digits as give the number back to six places."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def _parquet() -> Any:
    """Raises ModuleNotFoundError."""
    import numpy as np
    import pyarrow
    import pyarrow.parquet

    def write(path: Path, columns: dict[str, Any]) -> None:
        arrays = {name: pyarrow.array(np.ascontiguousarray(one), from_pandas=True) for name, one in columns.items()}
        pyarrow.parquet.write_table(pyarrow.table(arrays), path)

    return write
