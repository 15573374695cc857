"""Streams of two breathing radars of another maker, Seeed MR60BHA1 and MR60BHA2, as reports in physical units.

Rule: whatever bytes arrive, nothing raises, memory stays bounded, and only packets whose check sums are right are read. Both
have one byte per sum, so a damaged packet passes more easily than one of ours: what cannot be true is dropped, too.
Source: Seeed's public wiki page and Arduino library of the MR60BHA1, its Arduino library of the MR60BHA2, and others'
descriptions of the packets of the latter (docs/other-radars.md says where they disagree).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import NamedTuple

PRESENT = "present"  # 1 somebody, 0 nobody
RATE = "respiration_rate_per_min"
HEART = "heart_rate_per_min"
DISTANCE = "distance_mm"
MOVING = "moving"  # 1 moving, 0 still
MOVEMENT = "movement_pct"  # 0 none, 100 most; a figure of the maker's own
PHASE = "breathing_phase_rad"
TARGETS = "targets"  # people it counts
KINDS = (PRESENT, RATE, HEART, DISTANCE, MOVING, MOVEMENT, PHASE, TARGETS)

#: Outside of these a value is damage. The modules' own limits are narrower; a rate of 0 is none.
_LIMITS = {
    PRESENT: (0.0, 1.0), RATE: (2.0, 60.0), HEART: (20.0, 250.0), DISTANCE: (100.0, 10_000.0), MOVING: (0.0, 1.0),
    MOVEMENT: (0.0, 100.0), PHASE: (-1e6, 1e6), TARGETS: (0.0, 8.0),
}  # fmt: skip
_UNKNOWN = math.nan


class Report(NamedTuple):
    """One value that the module told; None: it said that it has none."""

    kind: str
    value: float | None


@dataclass(slots=True)
class Counters:
    """What became of the bytes since the decoder was made."""

    packets: int = 0  # with both check sums right
    skipped: int = 0  # bytes that belong to no such packet
    unused: int = 0  # packets of a type that nothing here reads
    too_short: int = 0  # ... whose content is shorter than its type's
    implausible: int = 0  # values that cannot be true


#: What a packet holds: its type, and its data.
Content = tuple[int, bytes]


@dataclass(frozen=True)
class Framing:
    """How a module marks its packets. size: bytes of the one that begins at this place, 0: more are needed, -1: none does."""

    name: str
    baud: int
    start: bytes
    size: Callable[[bytes, int], int]
    content: Callable[[bytes], Content]
    readers: dict[int, tuple[int, Callable[[bytes], Iterator[tuple[str, float]]]]]  # type -> shortest data, its values


class Decoder:
    """Bytes in chunks of any size to reports; a chunk boundary changes nothing. Holds at most one packet between chunks."""

    def __init__(self, framing: Framing) -> None:
        self.framing = framing
        self.counters = Counters()
        self._held = b""

    def feed(self, chunk: bytes) -> list[Report]:
        """Takes all of chunk; returns what the packets that it completes tell, in order."""
        held, at = self._held + chunk, 0
        framing, found = self.framing, []
        while at < len(held):
            size = framing.size(held, at)
            if size == 0:
                break
            if size < 0:
                after = held.find(framing.start[:1], at + 1)
                after = len(held) if after < 0 else after
                self.counters.skipped += after - at
                at = after
                continue
            self.counters.packets += 1
            found += self._reports(*framing.content(held[at : at + size]))
            at += size
        self._held = held[at:]
        return found

    def drop(self) -> None:
        """What was half said will not be finished."""
        self._held = b""

    def _reports(self, type_: int, data: bytes) -> list[Report]:
        least, read = self.framing.readers.get(type_, (0, None))
        if read is None:
            self.counters.unused += 1
            return []
        if len(data) < least:
            self.counters.too_short += 1
            return []
        found = []
        for kind, value in read(data):
            low, high = _LIMITS[kind]
            if value != value:
                found.append(Report(kind, None))
            elif low <= value <= high:
                found.append(Report(kind, value))
            else:
                self.counters.implausible += 1
        return found


# MR60BHA1: 53 59 | control | command | length u16 | data | sum | 54 43, most significant byte first

_DATA1_MAX = 255
_REST1 = 9  # bytes beside the data


def _size1(held: bytes, at: int) -> int:
    start = held[at : at + 2]
    if start != b"\x53\x59":
        return 0 if start == b"\x53" else -1
    if len(held) < at + 6:
        return 0
    n = int.from_bytes(held[at + 4 : at + 6], "big")
    if n > _DATA1_MAX:
        return -1
    end = at + _REST1 + n
    if len(held) < end:
        return 0
    right = sum(held[at : end - 3]) & 0xFF == held[end - 3] and held[end - 2 : end] == b"\x54\x43"
    return _REST1 + n if right else -1


def _content1(packet: bytes) -> Content:
    return int.from_bytes(packet[2:4], "big"), packet[6:-3]


def _or_none(value: float) -> float:
    """The modules say 0 for a value that they do not have."""
    return value or _UNKNOWN


def _moving1(data: bytes) -> Iterator[tuple[str, float]]:
    yield MOVING, {0: _UNKNOWN, 1: 0.0, 2: 1.0}.get(data[0], -1.0)


def _breathing1(data: bytes) -> Iterator[tuple[str, float]]:
    if data[0] == 4:  # normal, fast and slow come with a rate of their own
        yield RATE, _UNKNOWN


MR60BHA1 = Framing(
    "seeed-mr60bha1", 115_200, b"\x53\x59", _size1, _content1,
    {
        0x8001: (1, lambda data: iter([(PRESENT, float(data[0]))])),
        0x8002: (1, _moving1),
        0x8003: (1, lambda data: iter([(MOVEMENT, float(data[0]))])),
        0x8004: (2, lambda data: iter([(DISTANCE, _or_none(10.0 * int.from_bytes(data[:2], "big")))])),
        0x8101: (1, _breathing1),
        0x8102: (1, lambda data: iter([(RATE, _or_none(float(data[0])))])),
        0x8502: (1, lambda data: iter([(HEART, _or_none(float(data[0])))])),
    },
)  # fmt: skip

# MR60BHA2: 01 | id u16 | length u16 | type u16 | head sum | data | data sum; the head most significant byte first, the data
# least significant first

_DATA2_MAX = 512
_HEAD2 = 8


def _sum2(piece: bytes) -> int:
    return ~reduce(xor, piece, 0) & 0xFF


def _size2(held: bytes, at: int) -> int:
    if held[at] != 0x01:
        return -1
    head = held[at : at + _HEAD2]
    if len(head) < _HEAD2:
        return 0
    n = int.from_bytes(head[3:5], "big")
    if _sum2(head[:-1]) != head[-1] or n > _DATA2_MAX:
        return -1
    end = at + _HEAD2 + n + 1
    if len(held) < end:
        return 0
    return end - at if _sum2(held[at + _HEAD2 : end - 1]) == held[end - 1] else -1


def _content2(packet: bytes) -> Content:
    return int.from_bytes(packet[5:7], "big"), packet[_HEAD2:-1]


def _float(data: bytes, at: int) -> float:
    """Little-endian; infinite for no number, which is outside of all limits."""
    (value,) = struct.unpack_from("<f", data, at)
    return float(value) if math.isfinite(value) else math.inf


def _distance2(data: bytes) -> Iterator[tuple[str, float]]:
    """Centimetres, behind a flag that is 0 when there is no target."""
    yield DISTANCE, 10.0 * _float(data, 4) if any(data[:4]) else _UNKNOWN


MR60BHA2 = Framing(
    "seeed-mr60bha2", 115_200, b"\x01", _size2, _content2,
    {
        0x0A04: (4, lambda data: iter([(TARGETS, float(int.from_bytes(data[:4], "little")))])),
        0x0A13: (12, lambda data: iter([(PHASE, _float(data, 4))])),
        0x0A14: (4, lambda data: iter([(RATE, _or_none(_float(data, 0)))])),
        0x0A15: (4, lambda data: iter([(HEART, _or_none(_float(data, 0)))])),
        0x0A16: (8, _distance2),
        0x0F09: (1, lambda data: iter([(PRESENT, float(data[0] != 0))])),
    },
)  # fmt: skip

FRAMINGS = {one.name: one for one in (MR60BHA1, MR60BHA2)}
