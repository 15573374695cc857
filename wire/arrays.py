"""A recording as numpy arrays, for notebooks: `wire.open(path)`.

Rule: integers as the line has them in one array, physical values with NaN for *unknown* in another.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wire import older, recording, table
from wire.packet import Packet, rows

_HEAD = [("utc_us", "<i8"), ("seq", "<u4"), ("boot", "<u4"), ("t_us", "<u8"), ("flags", "u1")]


class Line:
    """What a recording holds. names: the packet types that occur."""

    def __init__(self, path: Path) -> None:
        """Raises NoRecordingError."""
        self.path = path
        self._found = recording.read(path)
        self.metadata, self.whole, self.damaged = self._found.metadata, self._found.whole, self._found.damaged
        self.notes = self._found.notes

    @property
    def from_device(self) -> bytes:
        """Every byte the device sent."""
        return self._found.bytes_of(recording.FROM_DEVICE)

    @property
    def to_device(self) -> bytes:
        """Every byte the host sent."""
        return self._found.bytes_of(recording.TO_DEVICE)

    @cached_property
    def ticks(self) -> npt.NDArray[np.int64]:
        """The host's ticks, us since 1970: [tick]."""
        return np.array([one.utc_us for one in self._found.events if one.topic == recording.TICK], np.int64)

    @cached_property
    def chunks(self) -> npt.NDArray[np.void]:
        """Pieces of the line as they came: utc_us, from_device, bytes: [piece]."""
        found = [one for one in self._found.events if one.topic != recording.TICK]
        dtype = np.dtype([("utc_us", "<i8"), ("from_device", "?"), ("bytes", "<u4")])
        return np.array([(one.utc_us, one.topic == recording.FROM_DEVICE, len(one.data)) for one in found], dtype)

    @cached_property
    def _packets(self) -> dict[str, list[tuple[int, Packet]]]:
        found: dict[str, list[tuple[int, Packet]]] = {}
        decoders = {recording.FROM_DEVICE: older.Decoder(), recording.TO_DEVICE: older.Decoder()}
        for event in self._found.events:
            if event.topic in decoders:
                for one in decoders[event.topic].feed(event.data):
                    found.setdefault(one.layout.name, []).append((event.utc_us, one))
        return found

    @property
    def names(self) -> list[str]:
        """Packet types that occur."""
        return sorted(self._packets)

    def __getitem__(self, name: str) -> npt.NDArray[np.void]:
        """Packets of a type: utc_us (when it was whole at the host), seq, boot, t_us, flags, then its fields as integers.

        A field of the payload that is called like one before it is `payload_…`. One that does not occur: an empty
        array. Raises KeyError for a name that is not in the table.
        """
        layout = table.BY_NAME[name]
        taken = {head for head, _ in _HEAD}
        fields = [f"payload_{field.name}" if field.name in taken else field.name for field in layout.fields]
        payload = [(key, layout.dtype[field.name]) for key, field in zip(fields, layout.fields, strict=True)]
        found = self._packets.get(name, [])
        made = np.zeros(len(found), np.dtype([*_HEAD, *payload]))
        if found:
            for head, _ in _HEAD[1:]:
                made[head] = [getattr(one, head) for _, one in found]
            made["utc_us"] = [utc_us for utc_us, _ in found]
            given = rows([one for _, one in found])
            for key, field in zip(fields, layout.fields, strict=True):
                made[key] = given[field.name]
        return made

    def physical(self, name: str) -> npt.NDArray[np.void]:
        """The same in the units of the table: float64, NaN where a value is unknown; what is a plain integer stays one."""
        layout, given = table.BY_NAME[name], self[name]
        unknown = {value.field for value in layout.values}
        floats = {field.name for field in layout.fields if field.lsb != 1 or field.name in unknown}
        names = given.dtype.names or ()
        dtype = [
            (key, np.dtype(("<f8", given.dtype[key].shape)) if key in floats else given.dtype[key]) for key in names
        ]
        made = np.zeros(len(given), np.dtype(dtype))
        for key in names:
            made[key] = given[key]
        for field in layout.fields:
            if field.lsb != 1:
                made[field.name] = given[field.name] * float(field.lsb)
        for value in layout.values:
            made[value.field][given[value.validity] == 0] = np.nan
        return made
