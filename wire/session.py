"""A session with a device for whoever asks it by hand: the handshake, and tags where the device has a key.

Rule: what is not the device's counts for nothing here; nonces and times are the caller's.
"""

from __future__ import annotations

from dataclasses import replace

from wire import codec, handshake, packet, trust
from wire.packet import Packet


class Session:
    """keyring: whose devices are heeded. trouble: why something that answers is not; empty: nothing is known."""

    def __init__(self, keyring: trust.Keyring) -> None:
        self._keyring = keyring
        self._state = handshake.State()
        self._own_nonce = 0
        self.trouble = ""

    @property
    def linked(self) -> bool:
        """The device has answered, and has not announced another boot since."""
        return self._state.device is not None and not self._state.doubted

    def forget(self) -> None:
        """It restarted, or may have."""
        self._state = handshake.State()

    def hello(self, nonce: int, utc_us: int) -> bytes:
        """The line's bytes of a HOST_HELLO of its own."""
        self._own_nonce = nonce
        return self.say(packet.make(packet.HOST_HELLO, {"nonce": nonce, "utc_us": utc_us}))

    def hear(self, one: Packet) -> bool:
        """Takes a packet of the device. Returns True for the answer to a HOST_HELLO of its own."""
        if not one.layout.from_host:
            noticed = handshake.receive(self._state, one, 0, self._keyring)
            self._state = noticed.state
            self.trouble = next((e.value for e in noticed.events if e in handshake.TROUBLES), self.trouble)
        return one.type == packet.HELLO and one.fields["host_nonce"] == self._own_nonce != 0

    def say(self, one: Packet) -> bytes:
        """The line's bytes of a packet of the host, sealed where there is a session; a HOST_HELLO opens another one."""
        nonce = one.fields["nonce"] if one.type == packet.HOST_HELLO else 0
        if isinstance(nonce, int) and nonce:
            self._state = replace(self._state, device=None, nonce=nonce, ping_nonce=0, doubted=False)
        self._state, line = handshake.seal(self._state, codec.encode(one))
        return line


def of_a_bench(keys: dict[int, trust.Key]) -> trust.Keyring:
    """Whom tests talk with: their own devices, emulated boards, and what is not paired."""
    return trust.Keyring(keys, unpaired=True, simulated=True)
