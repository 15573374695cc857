"""What every test is held to at its end: nothing overflowed, ran dry, was lost, refused or said into a silence.

Rule: a test that wants one of these says so; what it says and what came must agree, in both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.hil.home import Home
from hw_sim.hil.link import Link

Wanted = int | tuple[int, int | None]


@dataclass(frozen=True)
class Check:
    """One row. count: (home, link) -> how often it happened; None where this home cannot know."""

    name: str
    what: str
    count: Callable[[Home, Link | None], int | None]


def _rig(home: Home) -> Any:
    return getattr(home, "rig", None)


def _chip(name: str) -> Callable[[Home, Link | None], int | None]:
    def count(home: Home, _link: Link | None) -> int | None:
        rig = _rig(home)
        return None if rig is None else int(getattr(rig.board.chip.counters(), name))

    return count


def _refused(home: Home, _link: Link | None) -> int | None:
    rig = _rig(home)
    return None if rig is None else int(rig.board.memory.tx_refused)


def _unsolicited(home: Home, link: Link | None) -> int | None:
    rig = _rig(home)
    return None if rig is None or link is None else int(rig.counts.bytes_unsolicited_while_silent)


CHECKS = (
    Check("overflows", "times the radar's FIFO overflowed", _chip("overflows")),
    Check("underflows", "reads of an empty FIFO", _chip("underflows")),
    Check("losses", "data packets missing in the numbering", lambda home, link: None if link is None else link.losses),
    Check(
        "damaged", "blocks of the line that are no packet", lambda home, link: None if link is None else link.damaged
    ),
    Check("refused", "bytes the full serial queue did not take", _refused),
    Check("unsolicited", "bytes sent unasked while silent", _unsolicited),
)
NAMES = tuple(check.name for check in CHECKS)


class ExpectError(ValueError):
    """sw_expect was given what it does not know; one line."""


def wanted(given: Mapping[str, Any]) -> dict[str, Wanted]:
    """Checked words of sw_expect: a number exactly, or (least, most) with None for no limit. Raises ExpectError."""
    for name, value in given.items():
        if name not in NAMES:
            raise ExpectError(f"sw_expect({name}=...): expected one of {', '.join(NAMES)}")
        pair = isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], int)
        if isinstance(value, bool) or not (isinstance(value, int) or pair):
            raise ExpectError(f"sw_expect({name}={value!r}): expected a number or (least, most or None)")
    return dict(given)


def violations(home: Home, link: Link | None, expected: Mapping[str, Wanted]) -> list[str]:
    """One line per check that came out otherwise than the test says."""
    wrong = []
    for check in CHECKS:
        came = check.count(home, link)
        low, high = _limits(expected.get(check.name, 0))
        if came is None:
            if low > 0:
                wrong.append(f"{check.name}: the test expects {_words(low, high)}, but nobody can count them here")
        elif came < low or (high is not None and came > high):
            wrong.append(f"{check.name}: {came} ({check.what}), expected {_words(low, high)}")
    return wrong


def _limits(one: Wanted) -> tuple[int, int | None]:
    return one if isinstance(one, tuple) else (one, one)


def _words(low: int, high: int | None) -> str:
    if high is None:
        return f"at least {low}"
    return str(low) if low == high else f"{low} to {high}"


def figures(home: Home, link: Link | None) -> dict[str, int | None]:
    """Every count by the name of its check."""
    return {check.name: check.count(home, link) for check in CHECKS}
