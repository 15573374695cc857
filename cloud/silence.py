"""Spans without data, and why. Rule: the device's own word comes first; what nobody told is said to be unknown.

Of its two words the one after a silence counts: only it knows the causes that joined after the first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from cloud import outages
from cloud.fault_spans import FaultSpan
from cloud.observations import Incident, Occupancy, Transition
from cloud.occupancy import NO_ANSWER, NO_PACKETS
from wire.table import Reason, text_of

SINCE_BOOT = "nothing said since boot: monitoring or standby"
REASONS = {"standby": "standby switch", "monitoring": "nobody in the user's place"}
#: Reasons that do not say what is wrong with the sensor; a fault that was told meanwhile does.
GENERAL = (SINCE_BOOT, *(text_of(Reason, Reason[name]) for name in ("BOOTED", "RADAR_FAILED", "SELF_TEST_FAILED")))
#: Faults with which the radar sees nothing: each explains a silence.
BLINDING = tuple(
    text_of(Reason, Reason[name])
    for name in (
        "MISO_LOW", "MISO_HIGH", "BUS_BITS", "BUS_CLOCKS", "BUS_LATE", "BUS_SPLIT", "BUS_SLOW", "STATUS_MIRRORED",
        "IRQ_SILENT", "IRQ_STUCK", "IRQ_INVERTED", "OSCILLATOR_OFF", "FRAMES_ENDED", "OVERFLOW", "FIFO_SHIFTED",
        "MEMORY_BROKEN", "WRONG_CHIP", "RESET_STUCK", "BROWN_OUT",
    )
    if name in Reason.__members__
)  # fmt: skip
#: A device that does not answer, or does not send, is noticed within this.
NOTICED_US = 45_000_000
#: A packet and the next one of a stream are nearer.
COVERS_US = 5_000_000
#: Shorter ones are the cadence of the packets.
SHORTEST_US = 2_000_000


@dataclass(frozen=True)
class Silence:
    """A span without data, UTC in us, and why."""

    from_utc_us: int
    to_utc_us: int
    reason: str


def silences(
    transitions: Sequence[Transition],
    boots_utc_us: Sequence[int],
    data_utc_us: Sequence[int],
    occupancy: Sequence[Occupancy],
    end_utc_us: int,
    faults: Sequence[FaultSpan] = (),
    heard: Sequence[outages.Answer] = (),
    made_good: Sequence[Incident] = (),
) -> list[Silence]:
    """All silences of a night, in the order of their beginning.

    boots_utc_us: when each boot first answered; data_utc_us: times of all data packets, rising. heard: its answers.
    made_good: outages after which all was concluded again; in them holds what the device told later.
    """
    opened = [(t.utc_us, t.reason or REASONS[t.to_state]) for t in transitions if t.to_state in REASONS]
    starts = sorted([start for start, _ in opened] + list(boots_utc_us))

    def end(start_us: int) -> int:
        """The next packet, the next boot, or the end of the night."""
        packet, other = bisect_right(data_utc_us, start_us), bisect_right(starts, start_us)
        return min([end_utc_us, *data_utc_us[packet : packet + 1], *starts[other : other + 1]])

    found = [Silence(start, end(start), reason) for start, reason in opened]
    for span in [*_told_afterwards(transitions), *(Silence(b, end(b), SINCE_BOOT) for b in boots_utc_us)]:
        if not any(_overlap(s, span) for s in found):
            found.append(span)
    told = {t.utc_us: t.silent_reason for t in transitions if t.silent_reason is not None}
    found = [replace(span, reason=told.get(span.to_utc_us, span.reason)) for span in found]
    found = [replace(span, reason=_specific(span, faults)) for span in found]
    missed = _missed(occupancy, data_utc_us, end_utc_us)
    found += _caused([rest for one in missed for rest in _without_data(one, data_utc_us)], heard)
    again = [rest for one in _outages(made_good) for rest in _without_data(one, data_utc_us)]
    found += _caused([one for one in again if not any(_overlap(one, other) for other in found)], heard)
    return sorted((s for s in found if s.to_utc_us - s.from_utc_us >= SHORTEST_US), key=lambda s: s.from_utc_us)


def _told_afterwards(transitions: Sequence[Transition]) -> list[Silence]:
    """The first packet after a silence tells its span, which matters when the last one before it was lost."""
    return [
        Silence(t.silent_from_utc_us, t.silent_to_utc_us, t.silent_reason or REASONS.get(t.from_state, SINCE_BOOT))
        for t in transitions
        if t.silent_from_utc_us is not None and t.silent_to_utc_us is not None
    ]


def _specific(span: Silence, faults: Sequence[FaultSpan]) -> str:
    """The fault that was there for the most of a silence, where the device gave but a general reason."""

    def shared_us(one: FaultSpan) -> int:
        return min(one.to_utc_us, span.to_utc_us) - max(one.from_utc_us, span.from_utc_us)

    there = [one for one in faults if one.reason in BLINDING and shared_us(one) > 0]
    if span.reason not in GENERAL or not there:
        return span.reason
    longest = max(there, key=shared_us)
    enough = span.reason not in (SINCE_BOOT, "booted") or 2 * shared_us(longest) > span.to_utc_us - span.from_utc_us
    return longest.reason if enough else span.reason


def unanswered(
    occupancy: Sequence[Occupancy],
    data_utc_us: Sequence[int],
    end_utc_us: int,
    heard: Sequence[outages.Answer],
    made_good: Sequence[Incident] = (),
) -> list[Silence]:
    """Spans in which the device did not answer, and why; also those of which it had kept all packets."""
    missed = [one for one in _missed(occupancy, data_utc_us, end_utc_us) if one.reason == NO_ANSWER]
    missed += [one for one in _outages(made_good) if not any(_overlap(one, other) for other in missed)]
    return _caused(sorted(missed, key=lambda one: one.from_utc_us), heard)


def _outages(made_good: Sequence[Incident]) -> list[Silence]:
    return [Silence(one.from_utc_us, one.to_utc_us or one.from_utc_us, NO_ANSWER) for one in made_good]


def _overlap(one: Silence, other: Silence) -> bool:
    return one.from_utc_us < other.to_utc_us and other.from_utc_us < one.to_utc_us


def _missed(occupancy: Sequence[Occupancy], data_utc_us: Sequence[int], end_utc_us: int) -> list[Silence]:
    """Spans in which the device did not answer, or its packets did not come, from its last packet on."""
    ends = [*(row.utc_us for row in occupancy[1:]), end_utc_us]
    found: list[Silence] = []
    for row, end in zip(occupancy, ends, strict=False):
        if row.reason not in (NO_ANSWER, NO_PACKETS):
            continue
        if found and found[-1].to_utc_us == row.utc_us:  # one after the other are one outage
            reason = NO_ANSWER if NO_ANSWER in (found[-1].reason, row.reason) else row.reason
            found[-1] = replace(found[-1], to_utc_us=end, reason=reason)
            continue
        last = bisect_right(data_utc_us, row.utc_us) - 1
        since = data_utc_us[last] if last >= 0 and row.utc_us - data_utc_us[last] < NOTICED_US else row.utc_us
        found.append(Silence(since, end, row.reason))
    return found


def _caused(found: Sequence[Silence], heard: Sequence[outages.Answer]) -> list[Silence]:
    """The same spans; one without an answer says why there was none."""
    return [
        replace(one, reason=f"{NO_ANSWER}: {outages.why(one.from_utc_us, one.to_utc_us, heard)}")
        if one.reason == NO_ANSWER and heard
        else one
        for one in found
    ]


def _without_data(span: Silence, data_utc_us: Sequence[int]) -> list[Silence]:
    """What is left of a span when packets of it came later: the device had kept them."""
    first, stop = bisect_right(data_utc_us, span.from_utc_us), bisect_right(data_utc_us, span.to_utc_us - 1)
    at = [span.from_utc_us, *data_utc_us[first:stop], span.to_utc_us]
    return [replace(span, from_utc_us=a, to_utc_us=b) for a, b in pairwise(at) if b - a > COVERS_US or len(at) == 2]
