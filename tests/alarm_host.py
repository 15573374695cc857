"""A host that sets an alarm and then behaves like a cloud without a mind: asks, tells the time, reads back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wire import codec, packet
from wire.packet import Packet

SET_AT_TICK = 4


class AlarmHost:
    """Asks PING every ten seconds, answers each PONG with TIME, sets the alarm once and reads it back.

    set_for_utc_us: the deadline; None: sets nothing. states: every ALARM_STATE it heard. It can be killed.
    """

    def __init__(self, set_for_utc_us: int | None, sunrise_s: int = 0) -> None:
        self.set_for_utc_us, self.sunrise_s = set_for_utc_us, sunrise_s
        self.alive = True
        self.ticks = 0
        self.nonce = 1000
        self.states: list[Mapping[str, Any]] = []
        self.heard: list[Packet] = []
        self._decoder = codec.Decoder()

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        """One tick."""
        if not self.alive:
            return b""
        answer = b""
        for one in self._decoder.feed(data):
            self.heard.append(one)
            if one.type == packet.PONG:
                answer += self.say(packet.TIME, device_nonce=one.fields["device_nonce"], utc_us=utc_us)
            elif one.type == packet.ALARM_STATE:
                self.states.append(one.fields)
        if self.ticks % 10 == 0:
            answer += self.ask(packet.PING)
        if self.ticks == SET_AT_TICK and self.set_for_utc_us is not None:
            answer += self.ask(packet.ALARM_SET, set_for_utc_us=self.set_for_utc_us, sunrise_s=self.sunrise_s)
        elif self.ticks % 10 == SET_AT_TICK + 1:
            answer += self.ask(packet.ALARM_READ)
        self.ticks += 1
        return answer

    def say(self, type_: int, **fields: Any) -> bytes:
        return codec.encode(packet.make(type_, fields))

    def ask(self, type_: int, **fields: Any) -> bytes:
        """A question with a fresh nonce."""
        self.nonce += 1
        return self.say(type_, nonce=self.nonce, **fields)

    def kill(self) -> None:
        self.alive = False

    def restart(self) -> None:
        self.alive, self._decoder = True, codec.Decoder()

    @property
    def armed(self) -> bool:
        """The last answer said that the alarm is in flash."""
        return bool(self.states) and self.states[-1]["stored"] == 1
