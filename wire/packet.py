"""Packets: the header's fields and the payload's bytes, and the way between bytes and named integers.

Rule: integers only; physical values and *unknown* are made of them in wire/values.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wire import table

HELLO = table.DEFINES["SW_PACKET_HELLO"]
PONG = table.DEFINES["SW_PACKET_PONG"]
VITALS = table.DEFINES["SW_PACKET_VITALS"]
TRANSITION = table.DEFINES["SW_PACKET_TRANSITION"]
ALARM_EVENT = table.DEFINES["SW_PACKET_ALARM_EVENT"]
ALARM_STATE = table.DEFINES["SW_PACKET_ALARM_STATE"]
SETTINGS = table.DEFINES["SW_PACKET_SETTINGS"]
ROOM = table.DEFINES["SW_PACKET_ROOM"]
FAULT = table.DEFINES["SW_PACKET_FAULT"]
HEALTH = table.DEFINES["SW_PACKET_HEALTH"]
CALIBRATION = table.DEFINES["SW_PACKET_CALIBRATION"]
GAP = table.DEFINES["SW_PACKET_GAP"]
ORDERS = table.DEFINES["SW_PACKET_ORDERS"]
RADAR = table.DEFINES["SW_PACKET_RADAR"]
REFUSE = table.DEFINES["SW_PACKET_REFUSE"]
PAIRED = table.DEFINES["SW_PACKET_PAIRED"]
HOST_HELLO = table.DEFINES["SW_PACKET_HOST_HELLO"]
PING = table.DEFINES["SW_PACKET_PING"]
ACK = table.DEFINES["SW_PACKET_ACK"]
PULL = table.DEFINES["SW_PACKET_PULL"]
TIME = table.DEFINES["SW_PACKET_TIME"]
ALARM_SET = table.DEFINES["SW_PACKET_ALARM_SET"]
ALARM_CANCEL = table.DEFINES["SW_PACKET_ALARM_CANCEL"]
ALARM_READ = table.DEFINES["SW_PACKET_ALARM_READ"]
RING = table.DEFINES["SW_PACKET_RING"]
SETTINGS_SET = table.DEFINES["SW_PACKET_SETTINGS_SET"]
SETTINGS_READ = table.DEFINES["SW_PACKET_SETTINGS_READ"]
HEALTH_READ = table.DEFINES["SW_PACKET_HEALTH_READ"]
CALIBRATE = table.DEFINES["SW_PACKET_CALIBRATE"]
CALIBRATION_READ = table.DEFINES["SW_PACKET_CALIBRATION_READ"]
SNOOZE = table.DEFINES["SW_PACKET_SNOOZE"]
ORDERS_READ = table.DEFINES["SW_PACKET_ORDERS_READ"]
STANDBY = table.DEFINES["SW_PACKET_STANDBY"]
WAKE_WINDOW = table.DEFINES["SW_PACKET_WAKE_WINDOW"]
NIGHT_LIGHT = table.DEFINES["SW_PACKET_NIGHT_LIGHT"]
RADAR_SET = table.DEFINES["SW_PACKET_RADAR_SET"]
RADAR_READ = table.DEFINES["SW_PACKET_RADAR_READ"]
PAIR = table.DEFINES["SW_PACKET_PAIR"]

#: Question -> the packet that answers it, with the question's nonce. REFUSE may answer each of them instead.
ANSWERS = {
    HOST_HELLO: HELLO,
    PING: PONG,
    PAIR: PAIRED,
    **dict.fromkeys((ALARM_SET, ALARM_CANCEL, ALARM_READ, RING, SNOOZE), ALARM_STATE),
    **dict.fromkeys((SETTINGS_SET, SETTINGS_READ), SETTINGS),
    HEALTH_READ: HEALTH,
    **dict.fromkeys((ORDERS_READ, STANDBY, WAKE_WINDOW, NIGHT_LIGHT), ORDERS),
    **dict.fromkeys((RADAR_SET, RADAR_READ), RADAR),
    **dict.fromkeys((CALIBRATE, CALIBRATION_READ), CALIBRATION),
}

#: What both ends say of their own tables; `make` knows it.
_OWN = {
    "protocol_oldest": table.VERSION,
    "protocol_newest": table.VERSION,
    "layout_digest": table.LAYOUT_DIGEST,
}

Fields = dict[str, int | tuple[int, ...]]


class Packet(NamedTuple):
    """One packet of either direction. payload: bytes, at least as long as its type's layout."""

    type: int
    seq: int  # per boot, data packets from 1; 0: not a data packet
    boot: int  # random number of the device's boot; 0 in host packets
    t_us: int  # device time; 0 in host packets
    payload: bytes
    version: int = table.VERSION
    flags: int = table.FLAG_TAG_ABSENT
    tag: bytes = b""  # as it came; wire/trust.py checks it
    reserved: int = 0

    @property
    def layout(self) -> table.Layout:
        """The table of this type. Raises KeyError for a type that packet.h does not list."""
        return table.LAYOUTS[self.type]

    @property
    def fields(self) -> Fields:
        """Payload as name -> integer (or integers). Raises struct.error when the payload is too short."""
        layout = self.layout
        numbers = layout.codes.unpack_from(self.payload)
        found: Fields = {}
        at = 0
        for field in layout.fields:
            found[field.name] = numbers[at] if field.count == 1 else numbers[at : at + field.count]
            at += field.count
        return found


def _checked(where: str, field: table.Field, given: int | Sequence[int]) -> list[int]:
    """The field's integers, or ValueError naming packet, field and what was expected."""
    integers = [int(one) for one in given] if isinstance(given, Sequence) else [int(given)]
    if len(integers) != field.count:
        raise ValueError(f"{where}.{field.name}: {len(integers)} values, expected {field.count}")
    low, high = field.limits
    for integer in integers:
        if not low <= integer <= high:
            raise ValueError(f"{where}.{field.name}: {integer}, expected {low}..{high}")
    return integers


def make(
    type_: int, fields: Mapping[str, int | Sequence[int]], *, seq: int = 0, boot: int = 0, t_us: int = 0
) -> Packet:
    """A packet from integers: one entry per field of its layout, and the header's fields.

    A HOST_HELLO or HELLO whose versions are left out says those of this build.
    Raises ValueError for an unknown type, a missing or unknown field, or an integer out of range.
    """
    if type_ not in table.LAYOUTS:
        raise ValueError(f"packet type {type_}: expected one of {sorted(table.LAYOUTS)}")
    layout = table.LAYOUTS[type_]
    if type_ in (HOST_HELLO, HELLO):
        fields = {**_OWN, **fields}
    names = {field.name for field in layout.fields}
    if names != set(fields):
        raise ValueError(f"{layout.name}: fields wrong or missing: {', '.join(sorted(names ^ set(fields)))}")
    numbers = [one for field in layout.fields for one in _checked(layout.name, field, fields[field.name])]
    header = {field.name: field for field in table.HEADER.fields}
    for name, given in (("seq", seq), ("boot", boot), ("t_us", t_us)):
        _checked("HEADER", header[name], given)
    return Packet(type_, seq, boot, t_us, layout.codes.pack(*numbers))


def rows(packets: Sequence[Packet]) -> npt.NDArray[np.void]:
    """Payloads of packets of one type, as the structured array of its dtype: [packet].

    Raises ValueError for an empty sequence or mixed types.
    """
    types = {one.type for one in packets}
    if len(types) != 1:
        raise ValueError(f"rows: packets of one type expected, found types {sorted(types)}")
    layout = packets[0].layout
    return np.frombuffer(b"".join(one.payload[: layout.n_bytes] for one in packets), dtype=layout.dtype)
