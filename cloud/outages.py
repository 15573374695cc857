"""Why the device did not answer. Rule: only what was heard afterwards can tell; where nothing was, nobody can know.

A device that answers afterwards in the boot of before had run on: the line was down. One in a new boot was off, or had
started again, and says itself why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cloud.observations import Anchor, Health
from wire.table import ResetCause, text_of

LINE_DOWN = "the line was down, the device ran on"
NOBODY_KNOWS = "unknown, because nothing was heard of it since: without power, unplugged, or its line broken"
OFF = "it was off, or started again"
#: What the device says of the beginning of its boot -> what it had been doing meanwhile.
CAUSES = {
    text_of(ResetCause, ResetCause["POWER"]): "it was without power",
    text_of(ResetCause, ResetCause["PIN"]): "it was reset by its reset pin",
    text_of(ResetCause, ResetCause["WATCHDOG"]): "it hung, and its watchdog restarted it",
    text_of(ResetCause, ResetCause["DIP"]): "it was restarted by a dip of its supply",
}
#: What was heard just before a boot began may carry a time a little after it.
CLOCKS_US = 1_000_000


class Answer(NamedTuple):
    """The device answered; UTC in us. began_utc_us: of its boot, when known."""

    utc_us: int
    began_utc_us: int | None
    reset_cause: str


def answers(boots: Sequence[Anchor], health: Sequence[Health]) -> list[Answer]:
    """All that is stored of answers, in the order of their times. boots: the first answer of each."""
    began = {one.boot: one.utc_us - one.t_us for one in boots}
    causes = {one.boot: one.reset_cause for one in health}
    found = [Answer(one.utc_us, began[one.boot], causes.get(one.boot, "")) for one in boots]
    for one in health:
        found += [Answer(t, began.get(one.boot), one.reset_cause) for t in (one.from_utc_us, one.to_utc_us)]
    return sorted(found)


def why(from_utc_us: int, to_utc_us: int, heard: Sequence[Answer]) -> str:
    """Why it did not answer between these times. to_utc_us: when something was heard again, or the end."""
    after = next((one for one in heard if one.utc_us >= to_utc_us - CLOCKS_US and one.utc_us > from_utc_us), None)
    if after is None or after.began_utc_us is None:
        return NOBODY_KNOWS
    before = max((one.utc_us for one in heard if one.utc_us <= from_utc_us), default=from_utc_us)
    if after.began_utc_us <= before + CLOCKS_US:
        return LINE_DOWN
    return CAUSES.get(after.reset_cause, OFF)
