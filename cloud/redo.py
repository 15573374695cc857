"""What came too late is concluded again: from the last checkpoint before it, beside the live conclusions, a share a tick.

Rule: the same code over the same packets in the order of their times, so that in the end it does not matter when they
came. The alarm decides once: nothing is rung, or taken back, afterwards. Nothing older than a day is concluded again.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace

from cloud import conclude, gather, ingest, memory, occupancy, session, settle
from cloud.device import Settings
from cloud.memory import Memory, Notice
from cloud.observations import DataPacket, Incident, Observation, Rewound, Row, Transition, Vitals
from cloud.settle import SECOND_US

#: It begins when nothing more has come late for so long: the backlog is over.
QUIET_US = 15_000_000
#: ... and at the latest so long after the first, when it goes on and on.
LATEST_US = 600_000_000
#: Seconds of a night that are concluded again in one tick: 0.1 s of computing on a desk, half a second on a Pi.
SHARE_S = 600
#: An older checkpoint is not gone back to.
OLDEST_S = 86_400


@dataclass
class Shadow:
    """The night once more, up to memory.seconds.next_s. packets: of the store, by time, from `at` on still to come."""

    memory: Memory
    packets: list[DataPacket]
    rows: list[Row]
    at: int = 0
    delay: settle.Delay = field(default_factory=settle.Delay)


@dataclass
class Redo:
    """shadow: what is under way; None: nothing. A new process begins it anew."""

    shadow: Shadow | None = None


def seen(state: Redo, mem: Memory, one: Observation, utc_us: int) -> None:
    """An observation came; before the delay line of the live conclusions has it."""
    shadow = state.shadow
    if shadow is not None:
        settle.add(shadow.delay, one, shadow.memory.seconds.next_s)
    if isinstance(one, (Vitals, Transition)):
        _late(state, mem, settle.second_of(one.utc_us), utc_us)


def noticed(state: Redo, mem: Memory, notice: Notice, utc_us: int) -> None:
    """Something about the line; its own time, however late it is known."""
    late = mem.late
    _forget(mem)
    late.notices.append(notice)
    if notice.reason == occupancy.NO_ANSWER:
        late.lost.append(notice)
    if state.shadow is not None:
        waiting = state.shadow.memory.seconds
        waiting.notices.append(replace(notice, utc_us=max(notice.utc_us, waiting.next_s * SECOND_US)))
        waiting.notices.sort(key=lambda one: one.utc_us)
    _late(state, mem, notice.utc_us // SECOND_US, utc_us)


def answered(state: Redo, mem: Memory, boot: int, heard_utc_us: int, utc_us: int) -> list[Row]:
    """The device answers: in the boot of before it had run on all the time, and only its line was down."""
    late = mem.late
    lost, late.lost = late.lost, []
    same, late.boot = boot == late.boot, boot
    if not lost or not same:
        return []
    mem.keep = mem.urgent = True
    late.notices = [one for one in late.notices if one not in lost]
    for waiting in (mem, state.shadow.memory) if state.shadow is not None else (mem,):
        waiting.seconds.notices = [one for one in waiting.seconds.notices if one.reason != occupancy.NO_ANSWER]
    _late(state, mem, lost[0].utc_us // SECOND_US, utc_us)
    return [Incident(min(heard_utc_us or lost[0].utc_us, lost[0].utc_us), occupancy.NO_ANSWER, utc_us, "")]


def _late(state: Redo, mem: Memory, second: int, utc_us: int) -> None:
    """Something bears on this second; when that has been concluded, it must be again."""
    done_s = (mem if state.shadow is None else state.shadow.memory).seconds.next_s
    late = mem.late
    if second >= done_s or _checkpoint(mem, second) is None:
        return
    if state.shadow is not None:
        late.again_s = min(second, late.again_s or second)
    else:
        late.from_s = min(second, late.from_s or second)
    late.since_us, late.last_us = late.since_us or utc_us, utc_us
    mem.keep = True


def _checkpoint(mem: Memory, second: int) -> memory.Checkpoint | None:
    """The last one from which this second is concluded again."""
    oldest_s = mem.seconds.next_s - OLDEST_S
    usable = [one for one in mem.checkpoints.values() if oldest_s <= one.next_s <= second]
    return max(usable, key=lambda one: one.next_s, default=None)


def wanted(state: Redo, mem: Memory, utc_us: int, *, now: bool = False) -> int | None:
    """UTC, us, from which the stored packets are needed now; None: nothing is due."""
    late = mem.late
    if state.shadow is not None or not late.from_s:
        return None
    waits = 0 <= utc_us - late.last_us < QUIET_US and 0 <= utc_us - late.since_us < LATEST_US
    if waits and not now:
        return None
    start = _checkpoint(mem, late.from_s)
    if start is None:
        late.from_s = late.since_us = 0
        return None
    return (start.next_s - 1) * SECOND_US


def begin(state: Redo, mem: Memory, packets: list[DataPacket]) -> None:
    """packets: all that is stored from `wanted` on; whatever comes after this goes to `seen`."""
    start = _checkpoint(mem, mem.late.from_s)
    assert start is not None
    again = memory.at(start)
    first_us = again.seconds.next_s * SECOND_US
    again.seconds.notices = sorted(
        (one for one in mem.late.notices if one.utc_us >= first_us), key=lambda one: one.utc_us
    )
    state.shadow = Shadow(again, packets, [*_rewound(again)])
    mem.late.since_us = 0


def _rewound(again: Memory) -> list[Row]:
    """Take back what was concluded after the checkpoint; the open session is again what it was."""
    tracker, first_us = again.seconds.tracker, again.seconds.next_s * SECOND_US
    is_open = tracker.state in session.OPEN
    absent_us = tracker.last_present_utc_us if is_open else first_us
    rows: list[Row] = [Rewound(first_us, again.seconds.gather.start_s * SECOND_US, absent_us)]
    return rows + ([tracker.told] if is_open and tracker.told is not None else [])


def step(state: Redo, mem: Memory, settings: Settings, share_s: int | None = SHARE_S) -> list[Row]:
    """The next share; None: all. Where it has caught up it takes the place of the live conclusions: rows of all of it."""
    shadow = state.shadow
    if shadow is None:
        return []
    seconds, until_s = shadow.memory.seconds, mem.seconds.next_s
    last_s = until_s - 1 if share_s is None else min(until_s, seconds.next_s + share_s) - 1
    stop = bisect_left(shadow.packets, last_s + 2, lo=shadow.at, key=lambda one: settle.second_of(one.utc_us))
    for stored in shadow.packets[shadow.at : stop]:
        settle.add(shadow.delay, ingest.observe(stored), seconds.next_s)
    shadow.at = stop
    shadow.delay.late.clear()
    shadow.rows += conclude.until(shadow.memory, shadow.delay, replace(settings, alarm=None, daily=None), last_s)
    if seconds.next_s < until_s:
        return []
    return _swap(state, shadow, mem)


def _swap(state: Redo, shadow: Shadow, mem: Memory) -> list[Row]:
    state.shadow = None
    mem.seconds = shadow.memory.seconds
    mem.epochs.staging, mem.epochs.intent = shadow.memory.epochs.staging, shadow.memory.epochs.intent
    mem.checkpoints |= shadow.memory.checkpoints
    mem.taken |= shadow.memory.taken
    mem.late.from_s, mem.late.again_s = mem.late.again_s, 0
    mem.keep = mem.urgent = True
    return shadow.rows


def _forget(mem: Memory) -> None:
    """Notices from before the oldest checkpoint are never needed again."""
    oldest_us = (mem.seconds.next_s - OLDEST_S) * SECOND_US
    mem.late.notices = [one for one in mem.late.notices if one.utc_us >= oldest_us]


assert gather.LAG_S >= 1  # a checkpoint has all of the epoch before it
