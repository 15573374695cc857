"""What the device says of the room and of itself: ROOM, FAULT and HEALTH as physical values.

Rule: as in wire/values.py, what is not known is None with a reason; a fault is named by its reason's text.
"""

from __future__ import annotations

from dataclasses import dataclass

from wire import packet as packets
from wire import table, values
from wire.packet import Packet


@dataclass(frozen=True, slots=True)
class Room:
    """One ROOM packet. A reason is text, empty where the value is known."""

    temperature_c: float | None
    temperature_reason: str
    humidity_pct: float | None
    humidity_reason: str
    light_lux: float | None
    light_reason: str


def room(packet: Packet) -> Room:
    """A ROOM packet as physical values. Raises ValueError for another type."""
    _check(packet, packets.ROOM)
    found = values.scaled(packet)

    def value(name: str) -> float | None:
        one = found.values[name]
        return float(one) if isinstance(one, (int, float)) else None

    names = ("temperature", "humidity", "light")
    measured = [part for name in names for part in (value(name), found.reasons.get(name, ""))]
    return Room(*measured)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Fault:
    """One FAULT packet: a fault was noticed (to_us is None), or is over. Times: device time, us."""

    reason: str
    present: bool
    times: int
    from_us: int
    to_us: int | None


def fault(packet: Packet) -> Fault:
    """A FAULT packet in words. Raises ValueError for another type."""
    _check(packet, packets.FAULT)
    reason, present, times, from_us, to_us = packet.layout.codes.unpack_from(packet.payload)
    return Fault(values.reason_text(reason), bool(present), times, from_us, None if present else to_us)


@dataclass(frozen=True, slots=True)
class Health:
    """One HEALTH answer. present: the most important first; past: over, the latest first; changes: begun or ended."""

    reset_cause: str
    changes: int
    present: tuple[str, ...]
    past: tuple[str, ...]


def health(packet: Packet) -> Health:
    """A HEALTH answer in words. Raises ValueError for another type."""
    _check(packet, packets.HEALTH)
    cause, changes, present, past = (packet.fields[name] for name in ("reset_cause", "changes", "present", "past"))
    assert isinstance(cause, int) and isinstance(changes, int)
    return Health(table.text_of(table.ResetCause, cause), changes, _texts(present), _texts(past))


def _texts(numbers: object) -> tuple[str, ...]:
    """Reasons of an array; 0 is an empty place."""
    assert isinstance(numbers, tuple)
    return tuple(values.reason_text(one) for one in numbers if one)


def _check(packet: Packet, number: int) -> None:
    if packet.type != number:
        raise ValueError(f"packet type {packet.type}, expected {table.LAYOUTS[number].name} ({number})")
