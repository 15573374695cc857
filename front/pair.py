"""`stillwave pair`: one key for this host and the device at a port, of which each draws a half.

Rule: the host keeps the key when the device has proved, with a tag, that it has it; nothing here shows one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wire import codec, handshake, keys, packet, table, trust
from wire.packet import Packet
from wire.transport import Transport, TransportError

TRIES, ANSWER_WITHIN_S, STORED_WITHIN_S = 5, 1.5, 10.0
HINT = "hold its button and try again"


class PairError(Exception):
    """The device takes no key; one line that says why."""


def command(serial: str, path: Path | None, now_us: Callable[[], int]) -> dict[str, Any]:
    """Pairs the device at a port with this host. path: of the key file, None: the usual one.

    Raises PairError, KeysError, TransportError.
    """
    path = path or keys.place()
    keys.load(path)  # before the device is given a key that could not be kept
    with Transport(serial) as port:
        line = Line(port, now_us)
        device_id, key = line.give_key()
        line.prove(device_id, key)
    keys.save(path, device_id, key)
    return {"port": serial, "device": f"{device_id:016x}", "keys": str(path)}


class Line:
    """Questions to whoever is at the port."""

    def __init__(self, port: Transport, now_us: Callable[[], int]) -> None:
        self._port, self._now_us, self._decoder = port, now_us, codec.Decoder()

    def _answer(self, question: bytes, is_it: Callable[[Packet], bool]) -> Packet:
        """Raises TransportError when none comes."""
        for _ in range(TRIES):
            self._port.write(question)
            until_us = self._now_us() + round(ANSWER_WITHIN_S * 1e6)
            while (left_us := until_us - self._now_us()) > 0:
                for one in self._decoder.feed(self._port.read(left_us / 1e6)):
                    if is_it(one):
                        return one
        raise TransportError(self._port.port, "no answer from a device", lost=True)

    def give_key(self) -> tuple[int, trust.Key]:
        """device_id and key, when the device has it in its flash. Raises PairError."""
        nonce, part = int.from_bytes(os.urandom(8), "little") or 1, os.urandom(trust.KEY_BYTES)
        question = codec.encode(packet.make(packet.PAIR, {"nonce": nonce, "part": tuple(part)}))
        until_us = self._now_us() + round(STORED_WITHIN_S * 1e6)
        while True:
            found = self._answer(
                question, lambda one: one.type == packet.PAIRED and one.fields["nonce"] == nonce
            ).fields
            state, device_id, theirs = found["state"], found["device_id"], found["part"]
            assert isinstance(state, int) and isinstance(device_id, int) and isinstance(theirs, tuple)
            if state == table.Pairing["STORED"]:
                return device_id, trust.paired_key(part, bytes(theirs))
            if state != table.Pairing["STORING"] or self._now_us() > until_us:
                why = table.text_of(table.Pairing, state)
                hint = f"; {HINT}" if state == table.Pairing["REFUSED"] else ""
                raise PairError(f"{self._port.port}: not paired: {why}{hint}")
            self._port.read(0.1)

    def prove(self, device_id: int, key: trust.Key) -> None:
        """A handshake with the new key, and a first sealed packet. Raises PairError, TransportError."""
        asked = handshake.tick(handshake.Config(), handshake.State(), self._now_us(), os.urandom)
        nonce = asked.state.nonce
        hello = self._answer(asked.send, lambda one: one.type == packet.HELLO and one.fields["host_nonce"] == nonce)
        ring = trust.Keyring({device_id: key})
        linked = handshake.receive(asked.state, hello, self._now_us(), ring)
        if handshake.Event.LINKED not in linked.events:
            raise PairError(f"{self._port.port}: not paired: the device does not answer with the new key")
        ping = handshake.tick(handshake.Config(), linked.state, self._now_us(), os.urandom)
        _, line = handshake.seal(ping.state, ping.send)
        self._answer(line, lambda one: handshake.receive(ping.state, one, self._now_us(), ring).heeded)
