"""The packets among the bytes of a line, as JSON with a schema, for tools that plot: beside the bytes, never instead.

Rule: a value that is not known is null, with its reason under `reasons`. Numbers of 64 bits that are no times are hexadecimal
texts: in many a tool's numbers only 53 bits survive. The newest configuration is told whenever it changes.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from wire import codec, packet, table, values
from wire.packet import Packet

TOPIC = "/packet/"
ENCODING, SCHEMA_ENCODING = "json", "jsonschema"
_HEADER_KEYS = ("seq", "boot", "t_us", "flags")
#: Packets that say how the device is set; told as /config when they say something new.
_SAY_CONFIG = {
    packet.HELLO: ("boot", "device_id", "config_hash", "parameters_hash", "protocol_oldest", "protocol_newest"),
    packet.SETTINGS: ("side",),
    packet.ORDERS: ("standby", "wake_window"),
    packet.RADAR: tuple(
        one.name for one in table.BY_NAME["RADAR"].fields if one.name not in ("nonce", "reason", "stored")
    ),
}


class Decoded(NamedTuple):
    """One packet. change: the configuration, where this packet says a new one."""

    name: str
    content: dict[str, Any]
    change: dict[str, Any] | None = None


def _hexadecimal(field: table.Field) -> bool:
    """An identity or a nonce: 64 bits, no time."""
    return field.type == "u64" and not field.unit.startswith("us")


_HEX = {number: [f.name for f in layout.fields if _hexadecimal(f)] for number, layout in table.LAYOUTS.items()}


def content(one: Packet) -> dict[str, Any]:
    """Header and physical values of a packet, as JSON can say them."""
    found = values.scaled(one)
    said: dict[str, Any] = {"seq": one.seq, "boot": one.boot, "t_us": one.t_us, "flags": one.flags}
    said |= {_key(name): value for name, value in found.values.items()}
    for name in _HEX[one.type]:
        said[_key(name)] = f"0x{found.values[name]:016x}"
    if one.layout.values:
        said["reasons"] = found.reasons
    return said


def _key(name: str) -> str:
    """A payload's own seq, boot or flags beside the header's."""
    return f"payload_{name}" if name in _HEADER_KEYS else name


def schema(name: str) -> dict[str, Any]:
    """JSON schema of a packet type. Raises KeyError for a name that is not in the table."""
    layout = table.BY_NAME[name]
    unknown = {value.field for value in layout.values}
    properties: dict[str, Any] = {
        field.name: {"type": "integer", "description": field.unit}
        for field in table.HEADER.fields
        if field.name in _HEADER_KEYS
    }
    for field in layout.fields:
        properties[_key(field.name)] = _property(field, field.name in unknown)
    if layout.values:
        properties["reasons"] = {"type": "object", "additionalProperties": {"type": "string"}}
    return {"type": "object", "title": name, "properties": properties, "required": list(properties)}


def _property(field: table.Field, nullable: bool) -> dict[str, Any]:
    if _hexadecimal(field):
        return {"type": "string", "description": field.unit}
    number = "integer" if field.lsb == 1 else "number"
    one: dict[str, Any] = {"type": number}
    said = one if field.count == 1 else {"type": "array", "items": one}
    if nullable:
        said = {**said, "type": [said["type"], "null"]}
    return {**said, "description": field.unit}


class Ear:
    """Overhears both directions of a line."""

    def __init__(self) -> None:
        self._decoders = (codec.Decoder(), codec.Decoder())
        self._configs: dict[int, dict[str, Any]] = {}

    def hear(self, from_device: bool, chunk: bytes) -> list[Decoded]:
        """The packets that this chunk completes, in order."""
        return [self._decoded(one) for one in self._decoders[not from_device].feed(chunk)]

    @property
    def counters(self) -> codec.Counters:
        """What became of the device's blocks."""
        return self._decoders[0].counters

    def _decoded(self, one: Packet) -> Decoded:
        said = content(one)
        return Decoded(one.layout.name, said, self._change(one, said))

    def _change(self, one: Packet, said: dict[str, Any]) -> dict[str, Any] | None:
        names = _SAY_CONFIG.get(one.type)
        if names is None:
            return None
        config = {name: said[name] for name in names if name in said}
        if self._configs.get(one.type) == config:
            return None
        self._configs[one.type] = config
        return {"said_by": one.layout.name, **config}


def as_bytes(said: dict[str, Any]) -> bytes:
    """JSON of a message."""
    return json.dumps(said, separators=(",", ":")).encode()
