"""Keeps PAIR out of a line that is being recorded: half of a device's key would be in the recording.

Rule: a PAIR packet of the host goes no further; every other byte does, in order, and waits only while it may be part of
one.
"""

from __future__ import annotations

from wire import codec, packet, table

#: How a block begins that may be a PAIR: any code, version, type.
_BEGINS = bytes([table.VERSION, packet.PAIR])
#: So few bytes, that no secret is among them, go on when they have waited for so long: they belong to no packet.
NO_SECRET_BYTES = table.HEADER.n_bytes + 8
WAITS_US = 200_000


class PairingGuard:
    """One direction of one line. stopped: PAIR packets that went no further."""

    def __init__(self) -> None:
        self.stopped = 0
        self._held = b""  # the beginning of a block, from its first byte
        self._passed = 0  # bytes of that block that went on already
        self._since_us = 0

    def pass_on(self, chunk: bytes, now_us: int) -> bytes:
        """What may go on now. Call it also without bytes, now and then."""
        out = b""
        if chunk:
            self._since_us = now_us
        *blocks, rest = (self._held + chunk).split(b"\0")
        for block in blocks:
            if _is_pair(block):
                self.stopped += 1
                out += b"\0" if self._passed else b""
            else:
                out += block[self._passed :] + b"\0"
            self._passed = 0
        self._held = rest
        in_time = 0 <= now_us - self._since_us < WAITS_US
        waits = _may_be_pair(rest) and (in_time or len(rest) > NO_SECRET_BYTES)
        if not waits:
            out += rest[self._passed :]
            self._passed = len(rest)
            if len(rest) > codec.LINE_MAX:  # no block of ours any more
                self._held, self._passed = rest[: codec.LINE_MAX], codec.LINE_MAX
        return out


def _may_be_pair(block: bytes) -> bool:
    return 3 <= len(block) <= codec.LINE_MAX and block[1:3] == _BEGINS


def _is_pair(block: bytes) -> bool:
    """An intact one: nothing else is understood by a device."""
    if not _may_be_pair(block):
        return False
    found = codec.Decoder().feed(block + b"\0")
    return bool(found) and found[0].type == packet.PAIR
