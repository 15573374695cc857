"""A host that asks after the device's health, tells it the time, sets an alarm and acknowledges what it hears.

Rule: one tick is one quantum of 1 s; what was said twice is kept once more, with its flag.
"""

from __future__ import annotations

from typing import Any

from wire import codec, handshake, packet
from wire.packet import Packet

SETTLES_AT_S = 6  # a setting, so that flash holds something
SETS_AT_S = range(24, 60, 4)  # an alarm, so that flash is written
HEALTH_EVERY_S = 2
PING_EVERY_S = 10


class Nurse:
    """heard: (utc us, packet), in order; answered_us: when an answer to a question came."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, Packet]] = []
        self.answered_us: list[int] = []
        self._decoder, self._nonce, self._ticks = codec.Decoder(), 1, 0
        self._next: dict[int, int] = {}

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        answer = b""
        for one in self._decoder.feed(data):
            self.heard.append((utc_us, one))
            if one.type in (packet.PONG, packet.HEALTH):
                self.answered_us.append(utc_us)
            if one.seq and self._next.setdefault(one.boot, one.seq) == one.seq:
                self._next[one.boot] += 1
                answer += self._say(packet.ACK, boot=one.boot, seq=one.seq, sack=0, credit=handshake.CREDIT)
            if one.type == packet.PONG:
                answer += self._say(packet.TIME, device_nonce=one.fields["device_nonce"], utc_us=utc_us)
        if self._ticks % PING_EVERY_S == 0:
            answer += self._ask(packet.HOST_HELLO, utc_us=utc_us) if self._ticks == 0 else self._ask(packet.PING)
        if self._ticks % HEALTH_EVERY_S == 1:
            answer += self._ask(packet.HEALTH_READ)
        if self._ticks == SETTLES_AT_S:
            answer += self._ask(packet.SETTINGS_SET, side=1)
        if self._ticks in SETS_AT_S:
            answer += self._ask(packet.ALARM_SET, set_for_utc_us=utc_us + 7_200_000_000, sunrise_s=0)
        self._ticks += 1
        return answer

    def _ask(self, kind: int, **fields: Any) -> bytes:
        self._nonce += 1
        return self._say(kind, nonce=self._nonce, **fields)

    def _say(self, kind: int, **fields: Any) -> bytes:
        return codec.encode(packet.make(kind, fields))
