"""The C side of the link for tests: the packet and framing functions of the compiled core, as Python calls.

Rule: what C does is shown as it is; nothing is repaired on the way.
"""

from __future__ import annotations

from typing import Any

from edge import core
from wire import table
from wire.packet import Packet

ffi, lib = core.load()


def struct_of(packet: Packet) -> Any:
    """The packet's payload as its C struct, filled field by field by name."""
    struct = ffi.new(f"sw_packet_{packet.layout.name.lower()} *")
    for name, integers in packet.fields.items():
        setattr(struct, name, list(integers) if isinstance(integers, tuple) else integers)
    return struct


def encode(packet: Packet) -> bytes:
    """The line's bytes of a packet, serialised and framed by C."""
    payload = ffi.new("uint8_t[]", lib.SW_PAYLOAD_MAX)
    n = getattr(lib, f"sw_packet_{packet.layout.name.lower()}_put")(struct_of(packet), payload)
    header = ffi.new("sw_packet_header *")
    for name in ("version", "type", "flags", "seq", "boot", "t_us"):
        setattr(header, name, getattr(packet, name))
    line = ffi.new("uint8_t[]", lib.SW_LINE_MAX)
    return bytes(ffi.buffer(line, lib.sw_packet_frame(header, payload, n, line)))


class Deframer:
    """sw_deframer with the interface of wire.codec.Decoder."""

    def __init__(self) -> None:
        self._state = ffi.new("sw_deframer *")
        lib.sw_deframer_init(self._state)

    @property
    def counters(self) -> dict[str, int]:
        """Name -> count, in the order of the C struct."""
        names = [name for name, _ in ffi.typeof("sw_deframer_counters").fields]
        return {name: getattr(self._state.counters, name) for name in names}

    def feed(self, chunk: bytes) -> list[Packet]:
        """Takes all of chunk; returns the packets it completes."""
        packets = []
        found, got = ffi.new("sw_packet *"), ffi.new("int32_t *")
        buffer = ffi.new("uint8_t[]", chunk)
        at = 0
        while at < len(chunk):
            at += lib.sw_deframer_feed(self._state, buffer + at, len(chunk) - at, found, got)
            if got[0]:
                header = found.header
                payload = bytes(ffi.buffer(found.payload, found.payload_n))
                tag = b"" if header.flags & table.FLAG_TAG_ABSENT else bytes(ffi.buffer(found.tag))
                rest = header.version, header.flags, tag, header.reserved
                packets.append(Packet(header.type, header.seq, header.boot, header.t_us, payload, *rest))
        return packets


def fields_of(packet: Packet) -> dict[str, Any]:
    """The payload's fields as the C function reads them."""
    name = packet.layout.name.lower()
    struct = ffi.new(f"sw_packet_{name} *")
    if not getattr(lib, f"sw_packet_{name}_get")(struct, packet.payload, len(packet.payload)):
        raise ValueError("too short")
    return {
        field.name: getattr(struct, field.name) if field.count == 1 else tuple(getattr(struct, field.name))
        for field in table.BY_NAME[packet.layout.name].fields
    }
