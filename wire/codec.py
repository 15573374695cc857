"""Packets to the bytes of the line and back: COBS( header | payload | tag | crc32 ) 0x00.

Rule: whatever bytes arrive, nothing raises, memory stays bounded, only intact packets come out,
and the next delimiter is a new start. Intact is not genuine: wire/trust.py makes tags and checks them.
Source: COBS after Cheshire & Baker 1999; CRC-32 as in zlib.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from wire import packet as packet_types
from wire import table
from wire.packet import Packet

PAYLOAD_MAX = 255
TAG_BYTES = 8
CRC_BYTES = 4
BODY_MAX = table.HEADER.n_bytes + PAYLOAD_MAX + TAG_BYTES + CRC_BYTES
BLOCK_MAX = BODY_MAX + 2  # COBS: one byte, and one more per full 254 bytes
LINE_MAX = BLOCK_MAX + 1  # with the delimiter

_RUN_MAX = 254
_FULL = 255  # code of a full run, which no zero follows
_BODY_MIN = table.HEADER.n_bytes + CRC_BYTES
_SIZES = {number: one.n_bytes for number, one in table.LAYOUTS.items()}
FLAGS = table.FLAG_RESENT | table.FLAG_TAG_ABSENT
#: These are read whatever version they come in: without them two ends could not tell each other why they do not talk.
OF_EVERY_VERSION = (packet_types.HELLO, packet_types.HOST_HELLO, packet_types.REFUSE)
_HEADER = table.HEADER.codes  # version, type, flags, reserved, seq, boot, t_us


def cobs_encode(body: bytes) -> bytes:
    """A COBS block without zeros, no delimiter."""
    if len(body) < _RUN_MAX:  # no run is full: each code takes the place of the zero before its run
        out = bytearray(b"\0" + body)
        at = 0
        for run in body.split(b"\0"):
            code = len(run) + 1
            out[at] = code
            at += code
        return bytes(out)
    out = bytearray()
    for run in body.split(b"\0"):
        start = 0
        while len(run) - start >= _RUN_MAX:
            out.append(_FULL)
            out += run[start : start + _RUN_MAX]
            start += _RUN_MAX
        out.append(len(run) - start + 1)
        out += run[start:]
    if start and start == len(run):  # the body ends with a full run: no group is due after it
        del out[-1]
    return bytes(out)


def cobs_decode(block: bytes) -> bytes | None:
    """The body of a block that holds no zeros; None when it is no COBS block."""
    size = len(block)
    out = bytearray(block)
    at = 0
    if size < _FULL and 0 not in block:  # no group is full: each code is where a zero was
        while at < size:
            out[at] = 0
            at += block[at]
        return bytes(out[1:]) if at == size else None
    full = []  # places of codes that stand for no zero
    while at < size:
        code = block[at]
        if code == 0:
            return None
        out[at] = 0
        at += code
        if code == _FULL:
            full.append(at)
    if at != size:
        return None
    for place in reversed(full):
        del out[place : place + 1]
    return bytes(out[1:])


def tagged_bytes(packet: Packet) -> bytes:
    """What a tag is made of: header and payload as they go onto the line. Raises ValueError for a payload over 255 bytes."""
    if len(packet.payload) > PAYLOAD_MAX:
        raise ValueError(f"payload of {len(packet.payload)} bytes, at most {PAYLOAD_MAX}")
    header = _HEADER.pack(
        packet.version, packet.type, packet.flags, packet.reserved, packet.seq, packet.boot, packet.t_us
    )
    return header + packet.payload


def encode(packet: Packet) -> bytes:
    """The bytes on the line, delimiter included. Raises ValueError for a payload over 255 bytes."""
    body = tagged_bytes(packet) + packet.tag
    return cobs_encode(body + zlib.crc32(body).to_bytes(CRC_BYTES, "little")) + b"\0"


@dataclass(slots=True)
class Counters:
    """What became of the blocks of the line since the decoder was made."""

    packets: int = 0
    too_long: int = 0  # more than BLOCK_MAX bytes without a delimiter
    bad_cobs: int = 0
    too_short: int = 0  # shorter than header, tag and crc, or than its type's payload
    bad_crc: int = 0
    bad_version: int = 0
    bad_flags: int = 0  # flags this version does not know
    unknown_type: int = 0


class Decoder:
    """Turns the bytes of a line into packets, in chunks of any size; holds at most BLOCK_MAX bytes between them.

    A chunk boundary changes nothing: packets and counters are the same however the line is cut.
    """

    def __init__(self) -> None:
        self.counters = Counters()
        self._held = b""
        self._skipping = False

    def feed(self, chunk: bytes) -> list[Packet]:
        """Takes all of chunk; returns the packets it completes, in order."""
        blocks = (self._held + chunk).split(b"\0")
        held = blocks.pop()
        if self._skipping and blocks:
            del blocks[0]
            self._skipping = False
        packets = []
        for block in blocks:
            if block:
                packet = self._packet(block)
                if packet is not None:
                    packets.append(packet)
        if self._skipping:
            held = b""
        elif len(held) > BLOCK_MAX:
            self.counters.too_long += 1
            self._skipping = True
            held = b""
        self._held = held
        return packets

    def _packet(self, block: bytes) -> Packet | None:
        """The packet of one block between delimiters; None, and counted, when it is not intact."""
        counters = self.counters
        if len(block) > BLOCK_MAX:
            counters.too_long += 1
            return None
        body = cobs_decode(block)
        if body is None:
            counters.bad_cobs += 1
        elif len(body) < _BODY_MIN:
            counters.too_short += 1
        elif int.from_bytes(body[-CRC_BYTES:], "little") != zlib.crc32(body[:-CRC_BYTES]):
            counters.bad_crc += 1
        else:
            version, type_, flags, reserved, seq, boot, t_us = _HEADER.unpack_from(body)
            end = len(body) - CRC_BYTES - (0 if flags & table.FLAG_TAG_ABSENT else TAG_BYTES)
            if version != table.VERSION and type_ not in OF_EVERY_VERSION:
                counters.bad_version += 1
            elif flags & ~FLAGS:
                counters.bad_flags += 1
            elif type_ not in _SIZES:
                counters.unknown_type += 1
            elif end - _HEADER.size < _SIZES[type_]:
                counters.too_short += 1
            elif end - _HEADER.size > PAYLOAD_MAX:
                counters.too_long += 1
            else:
                counters.packets += 1
                payload, tag = body[_HEADER.size : end], body[end:-CRC_BYTES]
                return Packet(type_, seq, boot, t_us, payload, version, flags, tag, reserved)
        return None
