"""Values from the command line, each checked once.

Rule: what is wrong is one line naming the option and what was expected.
"""

from __future__ import annotations

import datetime
import math
import tomllib
import zoneinfo
from pathlib import Path
from typing import Any

from front.env import ROOT, InputError

MAX_HOURS = 24.0
SCENARIOS = ROOT / "hw_sim" / "scenarios"


def seed(value: int) -> int:
    """A seed of 63 bits."""
    if not 0 <= value < 2**63:
        raise InputError(f"--seed {value}: expected 0 to {2**63 - 1}")
    return value


def hours(value: float) -> float:
    """The length of a night."""
    if not (math.isfinite(value) and 0.0 < value <= MAX_HOURS):
        raise InputError(f"--hours {value:g}: expected more than 0 and at most {MAX_HOURS:g}")
    return value


def zone(name: str) -> str:
    """The name of a time zone."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"--tz {name}: expected a time zone such as Europe/Berlin") from None
    return name


def date(text: str | None) -> datetime.date | None:
    """The evening of the night."""
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--date {text}: expected YYYY-MM-DD") from None


def scenario(name: str) -> Path:
    """The file of a scenario: a name from the table, or a path that ends in .toml."""
    path = Path(name) if name.endswith(".toml") else SCENARIOS / f"{name}.toml"
    if not path.is_file():
        if name.endswith(".toml"):
            raise InputError(f"{name}: no such scenario file")
        raise InputError(f"scenario {name}: unknown; expected a .toml file or one of {', '.join(names())}")
    return path


def names() -> list[str]:
    """The scenarios that come with Stillwave."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def scenario_table() -> list[dict[str, Any]]:
    """[{"name", "about"}]: about is the file's own `about`, or its first comment line."""
    rows = []
    for name in names():
        text = (SCENARIOS / f"{name}.toml").read_text("utf-8")
        first = text.splitlines()[0].removeprefix("#").strip() if text.startswith("#") else ""
        rows.append({"name": name, "about": str(tomllib.loads(text).get("about", first))})
    return rows
