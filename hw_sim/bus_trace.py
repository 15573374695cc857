"""The log of the board's wires, as Python reads it.

Rule: every record once, in order; whoever holds the log sees to it that it is drained in time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from hw_sim.chip.core import ffi, lib

HEADER = struct.Struct("<QQIIII")
KINDS = (
    "cs",
    "rst",
    "irq",
    "switch",
    "button",
    "buzzer",
    "light",
    "spi",
    "to_host",
    "to_device",
    "red",
    "green",
    "blue",
)
SPI, TO_HOST, TO_DEVICE = KINDS.index("spi"), KINDS.index("to_host"), KINDS.index("to_device")
KEEP_ALL = 2**32 - 1


class Event(NamedTuple):
    """One thing that happened. t_ns, until_ns: virtual time (until: end of a transfer). kind: index into KINDS.

    value: level; or the number of bytes that went over the wire, of which data holds the first ones
    (SPI: MOSI, then as many of MISO).
    """

    t_ns: int
    until_ns: int
    kind: int
    value: int
    data: bytes


class BusTrace:
    """A log to be attached to a board. spi_bytes: of each chip-select window, how many to keep; None: all."""

    def __init__(self, spi_bytes: int | None = None) -> None:
        self.memory: Any = ffi.new("trace *")
        lib.trace_init(self.memory, KEEP_ALL if spi_bytes is None else spi_bytes)

    def take_lost(self) -> int:
        """Records for which the log had no room, since the last time."""
        lost, self.memory.lost = int(self.memory.lost), 0
        return lost

    @property
    def wants_drain(self) -> bool:
        """Half of the room is used."""
        return bool(lib.trace_wants_drain(self.memory))

    def drain(self) -> Iterator[Event]:
        """What was logged since the last time; the log is empty before the first is given."""
        raw = bytes(ffi.buffer(self.memory.bytes, self.memory.n))
        lib.trace_drained(self.memory)
        return events(raw)


def events(raw: bytes) -> Iterator[Event]:
    """The records of a log's memory."""
    at = 0
    while at < len(raw):
        t_ns, until_ns, kind, value, kept, _ = HEADER.unpack_from(raw, at)
        at += HEADER.size
        n = 2 * kept if kind == SPI else kept
        yield Event(t_ns, until_ns, kind, value, raw[at : at + n])
        at += (n + 7) & ~7
