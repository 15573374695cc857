"""Packets of before their types grew, as a recording may hold them: the fields that are missing are 0.

Rule: for what is read, never for a line with somebody at its other end: there a shorter packet is a damaged one. A type
only grows at its end, so a shorter payload ends where one of its fields does; any other is too short here, too.
"""

from __future__ import annotations

import zlib

from wire import codec, table, trust
from wire.packet import Packet

#: Type -> lengths its payload may have had.
_ENDS = {number: {field.offset for field in one.fields[1:]} for number, one in table.LAYOUTS.items()}


class Decoder(codec.Decoder):
    """See codec.Decoder. payload: as long as today; a tag is that of the shorter one: see genuine()."""

    def _packet(self, block: bytes) -> Packet | None:
        before = self.counters.too_short
        found = super()._packet(block)
        if found is not None or self.counters.too_short == before:
            return found
        found = _grown(codec.cobs_decode(block) or b"")
        if found is not None:
            self.counters.too_short -= 1
            self.counters.packets += 1
        return found


def genuine(key: trust.Key, given: Packet) -> bool:
    """As trust.genuine, also for a packet that Decoder has made longer."""
    if trust.genuine(key, given):
        return True
    ends = [end for end in _ENDS.get(given.type, ()) if not any(given.payload[end:])]
    return any(trust.genuine(key, given._replace(payload=given.payload[:end])) for end in ends)


def _grown(body: bytes) -> Packet | None:
    """The packet with zeros behind it; None: it never was one of this type."""
    head, end = table.HEADER.n_bytes, len(body) - codec.CRC_BYTES
    if end < head or int.from_bytes(body[end:], "little") != zlib.crc32(body[:end]):
        return None
    version, type_, flags, reserved, seq, boot, t_us = table.HEADER.codes.unpack_from(body)
    tag_at = end - (0 if flags & table.FLAG_TAG_ABSENT else codec.TAG_BYTES)
    if tag_at - head not in _ENDS.get(type_, ()):
        return None
    payload = body[head:tag_at].ljust(table.LAYOUTS[type_].n_bytes, b"\0")
    return Packet(type_, seq, boot, t_us, payload, version, flags, body[tag_at:end], reserved)
