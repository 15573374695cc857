"""Every fault that can be played, by name, and how it is written: `NAME[=VALUE][@START[+DURATION]]`, times in s.

Rule: what is wrong is one FaultError of one line that names the fault, its key and what was expected.
"""

from __future__ import annotations

import difflib
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hw_sim.fault_rows import line, parts, power, radar, radio
from hw_sim.fault_rows.row import PARTS, Row

ROWS: Mapping[str, Row] = {row.name: row for file in (radar, line, power, radio, parts) for row in file.ROWS}
LONGEST_S = 48 * 3600.0
BEGIN = "<!-- faults: made from the table by `python -m hw_sim.faults docs/simulator.md` -->"
END = "<!-- end of faults -->"
KEYS = ("name", "value", "at_s", "for_s")


class FaultError(ValueError):
    """A fault that does not exist, is written wrongly or cannot be played here; one line."""


@dataclass(frozen=True)
class Fault:
    """One fault of a run. value: in the base unit of its kind, 0 without one. end_us None: until the end."""

    name: str
    value: float = 0
    start_us: int = 0
    end_us: int | None = None

    @property
    def row(self) -> Row:
        return ROWS[self.name]

    @property
    def text(self) -> str:
        """As it is written."""
        value = "" if self.row.kind is None else f"={self.row.kind.write(self.value)}"
        start = f"@{self.start_us / 1e6:.12g}" if self.start_us or self.end_us is not None else ""
        length = "" if self.end_us is None else f"+{(self.end_us - self.start_us) / 1e6:.12g}"
        return f"{self.name}{value}{start}{length}"


def parse(text: str, now_us: int = 0) -> Fault:
    """`NAME[=VALUE][@START[+DURATION]]`. now_us: its start when none is written. Raises FaultError."""
    body, at, span = text.strip().partition("@")
    name, equals, value = (piece.strip() for piece in body.partition("="))
    row = row_of(name, f"fault {text}")
    start, plus, length = span.partition("+")
    if at and not start.strip():
        raise FaultError(f"fault {text}: start: expected s after @")
    start_us = _time_us(start, f"fault {text}", "start") if at else now_us
    end_us = start_us + _time_us(length, f"fault {text}", "duration") if plus else None
    return _checked(row, value if equals else None, start_us, end_us, f"fault {text}")


def from_table(table: Any, where: str) -> Fault:
    """A `[[fault]]` table: name, value (text with its unit, or a number in a bare kind), at_s, for_s.

    where: file and key, for errors. Raises FaultError.
    """
    if not isinstance(table, Mapping) or not isinstance(table.get("name"), str):
        raise FaultError(f"{where}: key `name`: expected the name of a fault (`stillwave faults` lists them)")
    if unknown := sorted(set(table) - set(KEYS)):
        raise FaultError(f"{where}: key `{unknown[0]}`: expected one of {', '.join(KEYS)}")
    row = row_of(table["name"], where)
    for key in ("at_s", "for_s"):
        value = table.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise FaultError(f"{where}: key `{key}`: expected a number of s, got {value!r}")
    start_us = _time_us(str(table.get("at_s", 0)), where, "at_s")
    end_us = start_us + _time_us(str(table["for_s"]), where, "for_s") if "for_s" in table else None
    value = table.get("value")
    return _checked(row, None if value is None else str(value), start_us, end_us, f"{where}: fault {row.name}")


def row_of(name: str, where: str) -> Row:
    """The row of a name. Raises FaultError."""
    if name not in ROWS:
        close = difflib.get_close_matches(name, ROWS, 1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise FaultError(f"{where}: name {name!r}: expected one that `stillwave faults` lists{hint}")
    return ROWS[name]


def _checked(row: Row, value: str | None, start_us: int, end_us: int | None, where: str) -> Fault:
    if row.at_power_on and (start_us or end_us is not None):
        raise FaultError(f"{where}: start: this is so from power-on or not at all; expected no start and no duration")
    if row.once and end_us is not None:
        raise FaultError(f"{where}: duration: it happens once; expected none")
    if end_us is not None and end_us <= start_us:
        raise FaultError(f"{where}: duration: expected more than 0 s")
    if row.kind is None:
        if value is not None:
            raise FaultError(f"{where}: value: expected none, got {value!r}")
        return Fault(row.name, 0, start_us, end_us)
    if value is None:
        if row.kind.default is None:
            raise FaultError(f"{where}: value: expected {row.name}=VALUE, {row.kind.expected}")
        return Fault(row.name, row.kind.default, start_us, end_us)
    try:
        return Fault(row.name, row.kind.read(value), start_us, end_us)
    except ValueError as error:
        raise FaultError(f"{where}: value: {error}") from None


def _time_us(text: str, where: str, key: str) -> int:
    try:
        seconds = float(text.strip().removesuffix("s"))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_S:
        raise FaultError(f"{where}: {key}: expected 0 to {LONGEST_S:.0f} s, got {text.strip()!r}")
    return round(seconds * 1e6)


def listing() -> list[dict[str, Any]]:
    """All rows as plain values, for people and scripts."""
    return [
        {
            "name": row.name,
            "usage": row.usage,
            "value": None if row.kind is None else row.kind.expected,
            "part": row.part,
            "once": row.once,
            "at_power_on": row.at_power_on,
            "reason": row.reason,
            "what": row.what,
            "like": row.like,
            "device": row.device,
            "source": row.source,
        }
        for row in ROWS.values()
    ]


def as_lines() -> list[str]:
    """The listing for a terminal: how it is written, what happens; by part."""
    rows = list(ROWS.values())
    wide = max(len(row.usage) for row in rows)
    lines = ["NAME[=VALUE][@START[+DURATION]], times in s"]
    for part, words in PARTS.items():
        here = [row for row in rows if row.part == part]
        lines += ["", f"{words}:"] if here else []
        for row in here:
            values = f" ({row.kind.expected})" if row.kind is not None else ""
            lines.append(f"  {row.usage:<{wide}}  {row.what}{values}{', once' if row.once else ''}")
    return lines


def markdown() -> list[str]:
    """The table of docs/simulator.md, line by line."""
    lines = ["| fault | what happens | what it is like | source | reason | what the firmware does |", "|" + "---|" * 6]
    for part, words in PARTS.items():
        rows = [row for row in ROWS.values() if row.part == part]
        if rows:
            lines.append(f"| **{words}** | | | | | |")
        for row in rows:
            reason = f"`{row.reason}`" if row.reason else "none"
            lines.append(f"| `{row.usage}` | {row.what} | {row.like} | {row.source} | {reason} | {row.device} |")
    return lines


def with_table(document: str) -> str:
    """A document with the table between its two marks made anew. Raises ValueError when the marks are missing."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected the marks {BEGIN} and {END}")
    return "\n".join([before + begin, "", *markdown(), "", end + after])


def check_reasons(known: Sequence[str]) -> list[str]:
    """Names of rows whose reason is none of those known."""
    return [row.name for row in ROWS.values() if row.reason and row.reason not in known]


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
