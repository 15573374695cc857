"""Values from the command line, each checked once.

Rule: what is wrong is one line naming the option and what was expected.
"""

from __future__ import annotations

import datetime
import importlib.util
import math
import zoneinfo
from pathlib import Path

from front.env import InputError

MAX_HOURS = 24.0
MAX_SECONDS = 3600.0
BAUD_MIN, BAUD_MAX = 50, 4_000_000
FIRST_YEAR, LAST_YEAR = 1971, 2099  # what clocks of seconds since 1970 in 32 bits can say


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


def seconds(value: float) -> float:
    """The time that one figure of the benchmark may take."""
    if not 0.0 < value <= MAX_SECONDS:
        raise InputError(f"--seconds {value:g}: expected more than 0 and at most {MAX_SECONDS:g}")
    return value


def zone(name: str) -> str:
    """The name of a time zone."""
    try:
        if not name:
            raise ValueError
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"--tz {name}: expected a time zone such as Europe/Berlin") from None
    return name


def date(text: str | None) -> datetime.date | None:
    """The evening of the night."""
    if text is None:
        return None
    try:
        found = datetime.date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise InputError(f"--date {text}: expected YYYY-MM-DD, years {FIRST_YEAR} to {LAST_YEAR}")
    return found


def ends(path: Path, ending: str) -> bool:
    """True for a name that ends so; raises InputError for another."""
    if path.suffix != ending:
        raise InputError(f"{path}: expected a name ending in {ending}")
    return True


def baud(number: int | None) -> int | None:
    """What --baud said; raises InputError."""
    if number is not None and not BAUD_MIN <= number <= BAUD_MAX:
        raise InputError(f"--baud {number}: expected {BAUD_MIN} to {BAUD_MAX}")
    return number


def installed(*modules: str) -> None:
    """Raises ModuleNotFoundError for the first that is missing, before work is done that needs it."""
    for name in modules:
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def protocol(name: str | None) -> str | None:
    """The name of another maker's module, or None for our device. Raises InputError."""
    from cloud.foreign import PROTOCOLS

    if name is not None and name not in PROTOCOLS:
        raise InputError(f"--protocol {name}: expected one of {', '.join(sorted(PROTOCOLS))}")
    return name
