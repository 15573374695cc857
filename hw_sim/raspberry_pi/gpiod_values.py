"""What the lines of a GPIO chip are asked for, and what they answer: the values of libgpiod's Python bindings.

Rule: names and meanings are those of the bindings; nothing here knows a board.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from hw_sim.raspberry_pi.header_pins import N_LINES

Lines = Iterable["int | str"]


class Value(Enum):
    """Logical state of a line."""

    INACTIVE = 0
    ACTIVE = 1

    def __bool__(self) -> bool:
        return self is Value.ACTIVE


Direction = Enum("Direction", [("AS_IS", 1), ("INPUT", 2), ("OUTPUT", 3)])
Edge = Enum("Edge", [("NONE", 1), ("RISING", 2), ("FALLING", 3), ("BOTH", 4)])
Bias = Enum("Bias", [("AS_IS", 1), ("UNKNOWN", 2), ("DISABLED", 3), ("PULL_UP", 4), ("PULL_DOWN", 5)])
Drive = Enum("Drive", [("PUSH_PULL", 1), ("OPEN_DRAIN", 2), ("OPEN_SOURCE", 3)])
Clock = Enum("Clock", [("MONOTONIC", 1), ("REALTIME", 2), ("HTE", 3)])
LINE_NAMES = ("Value", "Direction", "Edge", "Bias", "Drive", "Clock")
PULLS = {Bias.PULL_UP: 1, Bias.PULL_DOWN: 0}


class RequestReleasedError(Exception):
    """The request was released."""


class ChipClosedError(Exception):
    """The chip was closed."""


@dataclass
class LineSettings:
    """What a line is requested as."""

    direction: Direction = Direction.AS_IS
    edge_detection: Edge = Edge.NONE
    bias: Bias = Bias.AS_IS
    drive: Drive = Drive.PUSH_PULL
    active_low: bool = False
    debounce_period: timedelta = field(default_factory=timedelta)
    event_clock: Clock = Clock.MONOTONIC
    output_value: Value = Value.INACTIVE


@dataclass(frozen=True)
class EdgeEvent:
    """One edge. timestamp_ns: virtual time since power-on."""

    class Type(Enum):
        RISING_EDGE = 1
        FALLING_EDGE = 2

    event_type: EdgeEvent.Type
    timestamp_ns: int
    line_offset: int
    global_seqno: int
    line_seqno: int


@dataclass(frozen=True)
class ChipInfo:
    """Of a GPIO chip."""

    name: str
    label: str
    num_lines: int


@dataclass(frozen=True)
class LineInfo:
    """Of one line: who holds it."""

    offset: int
    name: str
    used: bool
    consumer: str


def line_offset(line: int | str) -> int:
    """GPIO number of a line that is named by number, by text, or as GPIO25. Raises ValueError."""
    try:
        offset = line if isinstance(line, int) else int(line.upper().removeprefix("GPIO"))
    except ValueError:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
    if not 0 <= offset < N_LINES:
        raise ValueError(f"line {line!r}: expected 0..{N_LINES - 1}")
    return offset


def each_line(config: Mapping[Any, LineSettings | None]) -> Iterator[tuple[int | str, LineSettings | None]]:
    """Keys are lines, or tuples of lines with the same settings."""
    for key, settings in config.items():
        for line in [key] if isinstance(key, (int, str)) else key:
            yield line, settings


def check_settings(one: LineSettings) -> None:
    """Raises ValueError for what the kernel refuses."""
    if one.direction is Direction.OUTPUT and one.edge_detection is not Edge.NONE:
        raise ValueError("edge_detection: expected Edge.NONE of an output")
