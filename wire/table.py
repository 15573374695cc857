"""Reads packet.h, host_packet.h and words.h: the one table of the serial line, as fields, dtypes and words.

Rule: nothing about a packet's bytes is written in Python; a line of the table that is not
understood raises at import, naming the line.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import cast

import numpy as np

HEADER_FILES = [Path(__file__).with_name(name) for name in ("packet.h", "host_packet.h", "words.h")]

# C type of the table -> (struct code, bytes, signed)
TYPES = {
    "u8": ("B", 1, False),
    "u16": ("H", 2, False),
    "u32": ("I", 4, False),
    "u64": ("Q", 8, False),
    "i16": ("h", 2, True),
}
_NUMPY = {"u8": "u1", "u16": "<u2", "u32": "<u4", "u64": "<u8", "i16": "<i2"}

_DEFINE = re.compile(r"^#define (SW_\w+) (\d+)", re.MULTILINE)
_TABLE = re.compile(r"^#define (SW_\w+)\((\w+)\) \\\n((?:.*\\\n)*.*\n)", re.MULTILINE)
_ROWS = {
    "FIELD": re.compile(r'FIELD\((\w+), (\w+), (\d+), ([\d./]+), "([^"]*)"\)'),
    "PACKET": re.compile(r"PACKET\((\w+), (\w+)\)"),
    "VALUE": re.compile(r"VALUE\((\w+), (\w+), (\w+)\)"),
    "ENTRY": re.compile(r'ENTRY\((\w+), (\d+), "([^"]*)"\)'),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `count` little-endian integers from byte `offset`; physical value = integer * lsb."""

    name: str
    type: str
    count: int
    lsb: Fraction
    unit: str
    offset: int

    @property
    def n_bytes(self) -> int:
        """Bytes of the whole field."""
        return TYPES[self.type][1] * self.count

    @property
    def signed(self) -> bool:
        """True for two's complement."""
        return TYPES[self.type][2]

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest integer one element holds."""
        _, n_bytes, signed = TYPES[self.type]
        bits = 8 * n_bytes
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


@dataclass(frozen=True, slots=True)
class Value:
    """`field` is unknown, for the reason in field `reason`, where field `validity` is 0."""

    field: str
    validity: str
    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The header or one packet type: fields in the order of the line, and what is made of them."""

    name: str
    number: int  # packet type; -1 for the header
    fields: tuple[Field, ...]
    values: tuple[Value, ...]
    codes: struct.Struct
    dtype: np.dtype[np.void]

    @property
    def n_bytes(self) -> int:
        """Bytes in this version of the protocol; a later one may be longer."""
        return self.codes.size

    @property
    def from_host(self) -> bool:
        """True for host -> device."""
        return self.number >= 64


def tables(text: str) -> dict[str, list[tuple[str, ...]]]:
    """Every table of a header text: macro name -> rows. Raises ValueError on a row it cannot read."""
    found = {}
    for macro, kind, body in _TABLE.findall(text):
        rows = []
        for line in body.replace("\\\n", "\n").splitlines():
            row = _ROWS[kind].fullmatch(line.strip()) if kind in _ROWS else None
            if row is None:
                raise ValueError(f"{macro}: expected one {kind}(...) on a line, found: {line.strip()}")
            rows.append(row.groups())
        found[macro] = rows
    return found


def layout(name: str, number: int, rows: list[tuple[str, ...]], values: list[tuple[str, ...]]) -> Layout:
    """A layout from FIELD rows (type, name, count, lsb, unit) and VALUE rows (field, validity, reason).

    Raises ValueError for an unknown type or a VALUE that names no field.
    """
    fields: list[Field] = []
    offset = 0
    for type_, field, count, lsb, unit in rows:
        if type_ not in TYPES:
            raise ValueError(f"packet.h, {name}.{field}: type {type_}, expected one of {', '.join(TYPES)}")
        fields.append(Field(field, type_, int(count), Fraction(lsb), unit, offset))
        offset += fields[-1].n_bytes
    missing = {word for row in values for word in row} - {field.name for field in fields}
    if missing:
        raise ValueError(f"packet.h, {name}: VALUE names no field: {', '.join(sorted(missing))}")
    codes = struct.Struct("<" + "".join(f"{f.count if f.count > 1 else ''}{TYPES[f.type][0]}" for f in fields))
    dtype = np.dtype([(f.name, _NUMPY[f.type], (f.count,) if f.count > 1 else ()) for f in fields])
    return Layout(name, number, tuple(fields), tuple(Value(*row) for row in values), codes, dtype)


def words(name: str, rows: list[tuple[str, ...]]) -> type[IntEnum]:
    """An enum from ENTRY rows (name, value, text)."""
    return cast("type[IntEnum]", IntEnum(name, {entry: int(value) for entry, value, _ in rows}))


TEXT = "".join(path.read_text(encoding="utf-8") for path in HEADER_FILES)
TABLES = tables(TEXT)
DEFINES = {name: int(value) for name, value in _DEFINE.findall(TEXT)}

VERSION = DEFINES["SW_PROTOCOL_VERSION"]
FLAG_TAG_ABSENT = DEFINES["SW_PACKET_FLAG_TAG_ABSENT"]
FLAG_RESENT = DEFINES["SW_PACKET_FLAG_RESENT"]
HEADER = layout("HEADER", -1, TABLES["SW_HEADER_FIELDS"], [])
LAYOUTS = {
    DEFINES[f"SW_PACKET_{name}"]: layout(
        name, DEFINES[f"SW_PACKET_{name}"], TABLES[f"SW_{name}_FIELDS"], TABLES.get(f"SW_{name}_VALUES", [])
    )
    for name, _ in TABLES["SW_PACKETS"]
}
BY_NAME = {one.name: one for one in LAYOUTS.values()}


def layout_digest(layouts: Iterable[Layout]) -> int:
    """32 bits that change with any number, type, count, order or (nearly any) name of the tables. FNV-1a, as in packet.c."""
    digest = 0x811C9DC5
    for layout in layouts:
        parts = [layout.number & 0xFF]
        for field in layout.fields:
            _, n_bytes, signed = TYPES[field.type]
            ends = (field.name[0], field.name[len(field.name) // 2], field.name[-1])
            parts += [n_bytes + 16 * signed, field.count, len(field.name), *map(ord, ends)]
        for part in parts:
            digest = (digest ^ part) * 0x01000193 & 0xFFFFFFFF
    return digest


LAYOUT_DIGEST = layout_digest([HEADER, *LAYOUTS.values()])

UplinkState = words("UplinkState", TABLES["SW_UPLINK_STATES"])
MotionClass = words("MotionClass", TABLES["SW_MOTION_CLASSES"])
Reason = words("Reason", TABLES["SW_REASONS"])
Standby = words("Standby", TABLES["SW_STANDBYS"])
Side = words("Side", TABLES["SW_SIDES"])
ClockSource = words("ClockSource", TABLES["SW_CLOCK_SOURCES"])
AlarmState = words("AlarmState", TABLES["SW_ALARM_STATES"])
AlarmDeed = words("AlarmDeed", TABLES["SW_ALARM_DEEDS"])
AlarmMaker = words("AlarmMaker", TABLES["SW_ALARM_MAKERS"])
ResetCause = words("ResetCause", TABLES["SW_RESETS"])
CalibrationState = words("CalibrationState", TABLES["SW_CALIBRATIONS"])
Procedure = words("Procedure", TABLES["SW_PROCEDURES"])
Gap = words("Gap", TABLES["SW_GAPS"])
Refusal = words("Refusal", TABLES["SW_REFUSALS"])
Pairing = words("Pairing", TABLES["SW_PAIRINGS"])

# macro -> its words and the prefix of their names in C
WORDS: dict[str, tuple[type[IntEnum], str]] = {
    "SW_UPLINK_STATES": (UplinkState, "SW_UPLINK"),
    "SW_MOTION_CLASSES": (MotionClass, "SW_MOTION"),
    "SW_REASONS": (Reason, "SW_REASON"),
    "SW_STANDBYS": (Standby, "SW_STANDBY"),
    "SW_SIDES": (Side, "SW_SIDE"),
    "SW_CLOCK_SOURCES": (ClockSource, "SW_CLOCK"),
    "SW_ALARM_STATES": (AlarmState, "SW_ALARM"),
    "SW_ALARM_DEEDS": (AlarmDeed, "SW_ALARM_DID"),
    "SW_ALARM_MAKERS": (AlarmMaker, "SW_ALARM_BY"),
    "SW_RESETS": (ResetCause, "SW_RESET"),
    "SW_CALIBRATIONS": (CalibrationState, "SW_CALIBRATION"),
    "SW_PROCEDURES": (Procedure, "SW_PROCEDURE"),
    "SW_GAPS": (Gap, "SW_GAP"),
    "SW_REFUSALS": (Refusal, "SW_REFUSAL"),
    "SW_PAIRINGS": (Pairing, "SW_PAIRING"),
}
_TEXTS = {enum: {int(value): text for _, value, text in TABLES[macro]} for macro, (enum, _) in WORDS.items()}


def text_of(enum: type[IntEnum], number: int) -> str:
    """The table's text for a number of one of the WORDS.

    A number that only a later version knows names itself.
    """
    return _TEXTS[enum].get(number, f"{enum.__name__} {number}")
