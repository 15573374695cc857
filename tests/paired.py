"""A paired device on its bench, and a host that knows its key: the link with tags, packet by packet."""

from __future__ import annotations

from typing import Any

from edge.firmware import paired_flash
from hw_sim.chip.core import lib as board_lib
from tests.device import Device
from wire import packet, trust
from wire.packet import Packet

KEY = trust.Key(bytes(range(32)))
STRANGERS_KEY = trust.Key(bytes(range(1, 33)))
DEVICE_ID = 0xD0D0_CAFE


def load(device: Device, content: bytes) -> None:
    """Puts this into its flash; before the power comes."""
    assert board_lib.nor_flash_put(device.flash, 0, content, len(content)) == 0


def paired(**more: Any) -> Device:
    """A device with KEY in its flash."""
    device = Device(**more)
    load(device, paired_flash(DEVICE_ID, KEY.secret))
    return device


class Host:
    """A host at the device's line. key None: it speaks without tags."""

    def __init__(self, device: Device, key: trust.Key | None = KEY) -> None:
        self.device, self.key = device, key
        self.session: trust.Key | None = None
        self.seq = 0
        self.nonce = 0x1000

    def exchange(self, *packets: Packet) -> list[Packet]:
        """Says these, and returns what the device says within 0.2 s."""
        self.device.take()
        self.device.host(*packets)
        self.device.run(0.2)
        return self.device.take()

    def hello(self) -> Packet:
        """A handshake; returns the HELLO."""
        self.nonce += 1
        [hello] = self.exchange(packet.make(packet.HOST_HELLO, {"nonce": self.nonce, "utc_us": 1}))
        if self.key is not None:
            nonce = hello.fields["nonce"]
            assert isinstance(nonce, int)
            self.session = trust.session_key(self.key, nonce, self.nonce, hello.boot)
        return hello

    def packet(self, kind: int, **fields: int) -> Packet:
        """The next packet of this session, sealed."""
        self.seq += 1
        one = packet.make(kind, fields, seq=self.seq)
        return one if self.session is None else trust.seal(self.session, one)

    def ping(self, nonce: int = 5) -> list[Packet]:
        """What the device answers to a PING."""
        return self.exchange(self.packet(packet.PING, nonce=nonce))
