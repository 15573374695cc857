"""A cloud core at the end of a line: virtual seconds, a device that answers, rows by type."""

from __future__ import annotations

from cloud import core, settle
from cloud.app import seeded
from cloud.observations import Boot, Row
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice
from wire import codec, packet


class Line:
    """A core, a device, and virtual seconds; rows are kept by type."""

    def __init__(self, device: FakeDevice | None = None) -> None:
        self.state = core.State(seeded(1))
        self.device = device or FakeDevice()
        self.second = 0
        self.rows: list[Row] = []
        self.sent = b""
        self._decoder = codec.Decoder()

    def run(self, *said: bytes) -> None:
        """One second: answers to what was sent, then each of these."""
        t_us = self.second * SECOND_US - self.device.booted_us
        for one in self._decoder.feed(self.device.answers(t_us) + b"".join(said)):
            core.step(self.state, one)
        self.second += 1
        result = core.step(self.state, core.Tick(T0_UTC_US + self.second * SECOND_US))
        self.rows += result.rows
        send = result.send + core.acknowledge(self.state)
        self.device.hear(send)
        self.sent += send

    def settle(self) -> None:
        """As long as it takes until what was said last is concluded."""
        for _ in range(settle.SETTLE_US // SECOND_US + 1):
            self.run()

    def of(self, kind: type[Row]) -> list[Row]:
        return [row for row in self.rows if isinstance(row, kind)]

    def last_boot(self) -> Boot:
        row = self.of(Boot)[-1]
        assert isinstance(row, Boot)
        return row

    def heard(self, kind: int) -> list[packet.Packet]:
        """What the device heard of this kind."""
        return [one for one in self.device.heard if one.type == kind]

    def linked(self) -> Line:
        self.run(self.device.hello(0))
        self.run()
        return self
