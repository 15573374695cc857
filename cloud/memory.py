"""What survives a restart beside the tables, as JSON in the store's meta.

Rule: plain numbers, texts and lists; everything the conclusions rest on is in here or in the tables. It is written
when an epoch is over, and whenever something happened that no stored packet tells; a restart goes through the packets
since then once more, and comes to the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from cloud import alarm, device, gather, intent, occupancy, primary_user, session, staging

T = TypeVar("T")


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


@dataclass
class Memory:
    """All of it. keep: it must be written with the next commit; urgent: which must be now, as no packet tells it again."""

    seconds: Seconds = field(default_factory=Seconds)
    epochs: Epochs = field(default_factory=Epochs)
    device: device.Device = field(default_factory=device.Device)
    keep: bool = field(default=True, compare=False)
    urgent: bool = field(default=False, compare=False)


def encode(memory: Memory) -> dict[str, str]:
    """Meta keys and their values: what must be written now."""
    parts = {"memory.device": _text(memory.device)}
    if memory.keep:
        memory.keep = memory.urgent = False
        parts |= {"memory.seconds": _text(memory.seconds), "memory.epochs": _text(memory.epochs)}
    return parts


def decode(meta: dict[str, str]) -> Memory:
    """The memory of an earlier process; what is missing begins anew."""

    def part(key: str, kind: type[T]) -> T:
        text = meta.get(f"memory.{key}")
        return kind() if text is None else msgspec.json.decode(text, type=kind)

    return Memory(part("seconds", Seconds), part("epochs", Epochs), part("device", device.Device))


def _text(part: object) -> str:
    return msgspec.json.encode(part).decode()
