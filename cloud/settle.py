"""The delay line: every observation waits until its second is old enough that nothing earlier can still come.

Rule: what is concluded depends on the packets alone, never on when they came, as long as they come within SETTLE_US.
A packet that comes later is stored; of it only the last word of the device counts, from then on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cloud.observations import Observation, Transition

SECOND_US = 1_000_000
#: A second is concluded when the tick is this much past its end. A line that stops for ten seconds changes nothing.
SETTLE_US = 15_000_000
#: After a longer gap in the ticks nobody was listening: seconds in between are skipped but for the first ones.
SKIP_FROM_S, SKIP_AFTER_S = 86_400, 3_600


@dataclass
class Delay:
    """pending: second -> observations that speak for it; late: transitions of seconds already concluded."""

    pending: dict[int, list[Observation]] = field(default_factory=dict)
    late: list[Observation] = field(default_factory=list)


def second_of(utc_us: int) -> int:
    """The second, since 1970, that a packet of utc_us speaks for: the one whose end it is nearest to."""
    return (utc_us + SECOND_US // 2) // SECOND_US - 1


def last_settled(utc_us: int) -> int:
    """The last second that is concluded at a tick of utc_us."""
    return (utc_us - SETTLE_US) // SECOND_US - 1


def add(delay: Delay, seen: Observation, next_s: int) -> None:
    """An observation comes in; next_s is the next second to be concluded."""
    second = second_of(seen.utc_us)
    if second >= next_s:
        delay.pending.setdefault(second, []).append(seen)
    elif isinstance(seen, Transition):
        delay.late.append(seen)


def due(delay: Delay, next_s: int, last_s: int) -> Iterator[tuple[int, list[Observation]]]:
    """Every second from next_s to last_s, in order, each with its observations in the order of their times."""
    if last_s - next_s > SKIP_FROM_S:
        yield from due(delay, next_s, next_s + SKIP_AFTER_S)
        next_s = last_s
        for gone in [second for second in delay.pending if second < next_s]:
            del delay.pending[gone]
    for second in range(next_s, last_s + 1):
        yield second, in_order(delay.pending.pop(second, []))


def take_late(delay: Delay) -> list[Observation]:
    """Transitions that came too late for their second, in the order of their times."""
    late, delay.late = in_order(delay.late), []
    return late


def in_order(seen: list[Observation]) -> list[Observation]:
    """By time, then by boot and number: no arrival order is left."""
    return sorted(seen, key=lambda one: (one.utc_us, one.boot, one.seq)) if len(seen) > 1 else seen
