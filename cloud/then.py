"""The questions of a recorded host: what it asked then is asked again, at the same place of the stream, and nothing else.

Rule: the device's recorded answers prove what they proved because the nonces are those of then. No question is made up:
one that this core would like to ask and the host of then did not ask has no answer in the recording.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from cloud import device
from cloud.device import Device, Settings
from wire import handshake, older, packet
from wire.handshake import Config, Entropy, Result, State
from wire.packet import Packet


class Then:
    """See core.Questions; `said` comes before each tick."""

    def __init__(self) -> None:
        self._decoder = older.Decoder()
        self._questions: list[Packet] = []
        self._own = 0

    def said(self, data: bytes) -> None:
        """What the host of then said at the coming tick."""
        self._questions = [one for one in self._decoder.feed(data) if one.layout.from_host and "nonce" in one.fields]

    def entropy(self, n: int) -> bytes:
        """For what is not asked: never the same twice, and nobody has answered it."""
        self._own += 1
        return hashlib.blake2b(f"replay {self._own}".encode(), digest_size=n).digest()

    def link(self, config: Config, link: State, utc_us: int, entropy: Entropy) -> Result:
        """As handshake.tick, when the host of then asked."""
        for one in self._questions:
            if one.type == packet.HOST_HELLO:
                asked_utc_us = one.fields["utc_us"]
                assert isinstance(asked_utc_us, int)
                return self._hello(config, link, asked_utc_us, _draws(one))
            if one.type == packet.PING and link.device is not None:
                return handshake.tick(config, replace(link, ping_nonce=0, pinged_utc_us=0), utc_us, _draws(one))
        return Result(link)

    def _hello(self, config: Config, link: State, utc_us: int, draws: Entropy) -> Result:
        """This core asks now, too: the device was lost or is doubted; else the host had a new port or was a new process."""
        asked = handshake.tick(config, link, utc_us, draws)
        if asked.state.nonce != link.nonce:
            return asked
        return handshake.tick(config, replace(link, device=None, nonce=0, ping_nonce=0), utc_us, draws)

    def device(self, memory: Device, settings: Settings, linked: bool, utc_us: int, entropy: Entropy) -> bytes:
        """As device.tick, but what is asked is what was asked then."""
        before = memory.asked, memory.nonce, memory.asked_utc_us
        goes_on = linked and memory.linked
        if device.tick(memory, settings, linked, utc_us, entropy):
            memory.asked, memory.nonce, memory.asked_utc_us = before if goes_on else ("", 0, 0)
        for one in self._questions:
            device.asked(memory, one, utc_us)
        return b""


def _draws(question: Packet) -> Callable[[int], bytes]:
    """Entropy that gives the question's nonce."""
    nonce = question.fields["nonce"]
    assert isinstance(nonce, int)
    return lambda n: nonce.to_bytes(n, "little")
