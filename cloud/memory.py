"""What survives a restart beside the tables, as JSON in the store's meta.

Rule: plain numbers, texts and lists; everything the conclusions rest on is in here or in the tables. It is written
when an epoch is over, and whenever something happened that no stored packet tells; a restart goes through the packets
since then once more, and comes to the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import msgspec

from cloud import alarm, device, gather, intent, occupancy, primary_user, session, staging

T = TypeVar("T")
#: Meta keys of checkpoints begin so; one is taken each time so many seconds are over.
_AT, FINE_S = "memory.at.", 600


@dataclass
class Notice:
    """Something about the line that bears on the bed; it waits for its second as packets do."""

    utc_us: int
    event: occupancy.Event
    reason: str


@dataclass
class Seconds:
    """Changes every second. next_s: the next second, since 1970, to be concluded; 0 before the first tick."""

    next_s: int = 0
    data_utc_us: int = 0  # newest data packet that was concluded
    streaming: bool = False
    notices: list[Notice] = field(default_factory=list)
    bed: occupancy.Bed = field(default_factory=occupancy.Bed)
    user: primary_user.Watch = field(default_factory=primary_user.Watch)
    tracker: session.Tracker = field(default_factory=session.Tracker)
    gather: gather.Gather = field(default_factory=gather.Gather)


@dataclass
class Epochs:
    """Changes every half minute."""

    staging: staging.Staging = field(default_factory=staging.Staging)
    intent: intent.Intent = field(default_factory=intent.Intent)
    alarm: alarm.Alarm = field(default_factory=alarm.Alarm)


class Checkpoint(NamedTuple):
    """Seconds and epochs as they were before next_s, as JSON."""

    next_s: int
    text: str


@dataclass
class Late:
    """What must be concluded again (redo.py). from_s: from this second on, again_s: found while that is done; 0: none."""

    from_s: int = 0
    again_s: int = 0
    since_us: int = 0  # ticks at which the first and the last of it came
    last_us: int = 0
    boot: int = 0  # key of the boot that answered last
    lost: list[Notice] = field(default_factory=list)  # since then
    notices: list[Notice] = field(default_factory=list)  # of a day, by their own times


@dataclass
class Memory:
    """All of it. keep: it must be written with the next commit; urgent: which must be now, as no packet tells it again.

    checkpoints: by slot, a newer one takes the place of an older one; taken: slots that are not yet written.
    """

    seconds: Seconds = field(default_factory=Seconds)
    epochs: Epochs = field(default_factory=Epochs)
    device: device.Device = field(default_factory=device.Device)
    late: Late = field(default_factory=Late)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict, compare=False)
    taken: set[str] = field(default_factory=set, compare=False)
    keep: bool = field(default=True, compare=False)
    urgent: bool = field(default=False, compare=False)


def encode(memory: Memory) -> dict[str, str]:
    """Meta keys and their values: what must be written now."""
    parts = {"memory.device": _text(memory.device)}
    if memory.keep:
        memory.keep = memory.urgent = False
        parts |= {"memory.seconds": _text(memory.seconds), "memory.epochs": _text(memory.epochs)}
        parts |= {"memory.late": _text(memory.late)}
        parts |= {f"{_AT}{slot}": _text(memory.checkpoints[slot]) for slot in memory.taken}
        memory.taken.clear()
    return parts


def decode(meta: dict[str, str]) -> Memory:
    """The memory of an earlier process; what is missing begins anew."""

    def part(key: str, kind: type[T]) -> T:
        text = meta.get(f"memory.{key}")
        return kind() if text is None else msgspec.json.decode(text, type=kind)

    found = Memory(part("seconds", Seconds), part("epochs", Epochs), part("device", device.Device), part("late", Late))
    found.checkpoints = {
        key.removeprefix(_AT): msgspec.json.decode(text, type=Checkpoint)
        for key, text in meta.items()
        if key.startswith(_AT)
    }
    late = found.late
    late.from_s, late.again_s = min(late.from_s or late.again_s, late.again_s or late.from_s), 0
    return found


def checkpoint(memory: Memory) -> None:
    """Keep what is concluded now, an epoch being over: each ten minutes of the last two hours, each hour of a day."""
    over_s = memory.seconds.gather.start_s
    if over_s % FINE_S:
        return
    now = Checkpoint(memory.seconds.next_s, _text((memory.seconds, memory.epochs)))
    slots = [f"fine.{over_s // FINE_S % 12}"] + ([f"hour.{over_s // 3600 % 25}"] if over_s % 3600 == 0 else [])
    for slot in slots:
        memory.checkpoints[slot] = now
        memory.taken.add(slot)


def begin(memory: Memory) -> None:
    """Keep the very beginning, too."""
    memory.checkpoints["begin"] = Checkpoint(memory.seconds.next_s, _text((memory.seconds, memory.epochs)))
    memory.taken.add("begin")


def at(one: Checkpoint) -> Memory:
    """As it was then; nothing in it belongs to anybody else."""
    seconds, epochs = msgspec.json.decode(one.text, type=tuple[Seconds, Epochs])
    return Memory(seconds, epochs)


def _text(part: object) -> str:
    return msgspec.json.encode(part).decode()
