"""The night's faults as spans: what FAULT packets told to the microsecond, and what HEALTH answers told between them.

Rule: a fault that the device told of is never lost, and none is made up: where a span rests on answers alone its ends
are the answers', and how often the fault was noticed is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cloud.observations import Anchor, Fault, Health

#: A fault that comes back within this is one span.
JOIN_US = 60_000_000
#: Packets of one fault tell its beginning by the line's clock as it is when they are made: some tens of ms apart.
SAME_US = 10_000_000
#: Answers come about once a minute: a span that is nearer to a told one is that one.
NEAR_US = 90_000_000


@dataclass(frozen=True)
class FaultSpan:
    """UTC in us. times: how often it was noticed, None when only answers tell of it; present: not over when last heard."""

    reason: str
    from_utc_us: int
    to_utc_us: int
    times: int | None
    present: bool

    def meets(self, from_utc_us: int, to_utc_us: int) -> bool:
        """It has some time, or its only instant, in common with this span."""
        return self.from_utc_us < to_utc_us and from_utc_us <= self.to_utc_us

    def clipped(self, from_utc_us: int, to_utc_us: int) -> FaultSpan:
        """Its share of this span."""
        return replace(self, from_utc_us=max(self.from_utc_us, from_utc_us), to_utc_us=min(self.to_utc_us, to_utc_us))


def timeline(
    packets: Sequence[Fault], answers: Sequence[Health], boots: Sequence[Anchor], end_utc_us: int
) -> list[FaultSpan]:
    """All faults in the order of their beginning. boots: the first answer of each boot; end_utc_us: of listening."""
    starts = sorted(one.utc_us - one.t_us for one in boots)
    told = _told(packets, starts, end_utc_us)
    heard = [one for one in _heard(answers, boots) if not any(_same(one, other) for other in told)]
    return sorted(_joined([*told, *heard]), key=lambda one: (one.from_utc_us, one.reason))


def _told(packets: Sequence[Fault], starts: Sequence[int], end_utc_us: int) -> list[FaultSpan]:
    """Of every (boot, reason, beginning) the last word; one that never ended lasts to the next boot, or to the end."""
    chains: dict[tuple[int, str], list[list[Fault]]] = {}
    for one in packets:
        of_reason = chains.setdefault((one.boot, one.reason), [])
        if of_reason and abs(one.from_utc_us - of_reason[-1][0].from_utc_us) <= SAME_US:
            of_reason[-1].append(one)
        else:
            of_reason.append([one])
    spans = []
    for first, *_, one in ([*chain, chain[-1]] for of_reason in chains.values() for chain in of_reason):
        from_utc_us, to_utc_us, present = first.from_utc_us, one.to_utc_us, False
        if to_utc_us is None:
            later = [start for start in starts if start > from_utc_us]
            to_utc_us, present = (later[0], False) if later else (max(end_utc_us, from_utc_us), True)
        times = one.times - first.times + 1
        spans.append(FaultSpan(one.reason, from_utc_us, max(to_utc_us, from_utc_us), times, present))
    return spans


def _heard(answers: Sequence[Health], boots: Sequence[Anchor]) -> list[FaultSpan]:
    """What the answers name: present from the first to the last of them; past: between two answers, or since the boot."""
    began = {one.boot: one.utc_us - one.t_us for one in boots}
    spans, before = [], None
    for at, one in enumerate(answers):
        is_last = at == len(answers) - 1
        spans += [FaultSpan(r, one.from_utc_us, one.to_utc_us, None, is_last) for r in _lines(one.present)]
        known = () if before is None or before.boot != one.boot else (*_lines(before.past), *_lines(before.present))
        since = (
            before.to_utc_us if before is not None and before.boot == one.boot else began.get(one.boot, one.from_utc_us)
        )
        new = [r for r in _lines(one.past) if r not in known and r not in _lines(one.present)]
        spans += [FaultSpan(reason, min(since, one.from_utc_us), one.from_utc_us, None, False) for reason in new]
        before = one
    return spans


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _same(heard: FaultSpan, told: FaultSpan) -> bool:
    """The packets tell of the same fault, and more exactly."""
    return heard.reason == told.reason and (
        told.from_utc_us - NEAR_US <= heard.to_utc_us and heard.from_utc_us <= told.to_utc_us + NEAR_US
    )


def _joined(spans: Iterable[FaultSpan]) -> list[FaultSpan]:
    """Spans of one reason that follow each other closely are one."""
    found: list[FaultSpan] = []
    for one in sorted(spans, key=lambda span: (span.reason, span.from_utc_us)):
        last = found[-1] if found else None
        if last is None or last.reason != one.reason or one.from_utc_us - last.to_utc_us > JOIN_US:
            found.append(one)
            continue
        times = None if last.times is None or one.times is None else last.times + one.times
        to_utc_us = max(last.to_utc_us, one.to_utc_us)
        found[-1] = replace(last, to_utc_us=to_utc_us, times=times, present=one.present)
    return found
