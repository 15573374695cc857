"""Whatever the line loses, either way: every data packet arrives once it is good again, and a silence stays silent.

The device is the whole firmware, its chain told how confident to be; the host acknowledges what it has stored without a
hole, and pulls by wire.delivery. Seconds without anybody, a deaf line, damaged bytes and a dead host are drawn.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config import RadarConfig
from edge.core import load
from tests import kept
from tests.device import Device
from wire import codec, delivery, handshake, packet, table
from wire.packet import Packet

_, lib = load()
SECOND_US = 1_000_000
SLOW = RadarConfig(n_samples=64, n_chirps=2, frame_period_ns=500_000_000)
TROUBLE_S = 90  # shorter than the ring: nothing that is kept is dropped
GOOD_S = 60
PING_S = 5
LEAST_KEPT = 6 * 3000  # payload bytes: six of the eight sectors are full whatever the ring is doing
SILENT = ("boot", "monitoring", "standby")


@dataclass(frozen=True)
class Loss:
    """From second `from_s` for `for_s` seconds. share: of the bytes that are lost; 1 cuts the line."""

    from_s: int
    for_s: int
    up: bool  # device to host
    down: bool
    share: float

    def covers(self, t_s: int) -> bool:
        return self.from_s <= t_s < self.from_s + self.for_s


LOSSES = st.lists(
    st.builds(
        Loss,
        st.integers(0, TROUBLE_S),
        st.integers(1, 60),
        st.booleans(),
        st.booleans(),
        st.sampled_from([0.002, 0.02, 0.3, 1.0]),
    ),
    max_size=4,
)
ABSENCES = st.lists(st.tuples(st.integers(10, TROUBLE_S), st.integers(20, 60)), max_size=2)
DEATHS = st.lists(st.tuples(st.integers(0, TROUBLE_S), st.integers(1, 30)), max_size=2)


@dataclass
class Host:
    """Stores, acknowledges after the commit, pulls. committed: everything up to it is stored."""

    stored: dict[int, Packet] = field(default_factory=dict)
    committed: int = 0
    boot: int = 0
    pulls: delivery.State = field(default_factory=delivery.State)
    decoder: codec.Decoder = field(default_factory=codec.Decoder)
    copies: int = 0  # data packets that came again

    def restart(self) -> None:
        """kill -9: only what is stored survives."""
        self.boot, self.pulls, self.decoder = 0, delivery.State(), codec.Decoder()

    def second(self, t_s: int, data: bytes) -> bytes:
        """What came in this second -> what it answers."""
        utc_us = t_s * SECOND_US
        for one in self.decoder.feed(data):
            self._take(one, utc_us)
        before = self.committed
        while self.committed + 1 in self.stored:
            self.committed += 1
        if not self.boot:
            return codec.encode(packet.make(packet.HOST_HELLO, {"nonce": t_s + 1, "utc_us": utc_us}))
        self.pulls, send = delivery.tick(delivery.Config(), self.pulls, self.committed, utc_us)
        if self.committed > before:
            send += handshake.ack(self.boot, self.committed)
        if t_s % PING_S == 0:
            send += codec.encode(packet.make(packet.PING, {"nonce": t_s + 1}))
        return send

    def _take(self, one: Packet, utc_us: int) -> None:
        fields = one.fields
        if one.type in (packet.HELLO, packet.PONG):
            if one.type == packet.PONG or fields["host_nonce"]:
                self.boot = one.boot
                self.pulls = delivery.told(self.pulls, one.boot, fields["oldest_seq"], fields["newest_seq"])  # type: ignore[arg-type]
            return
        self.pulls = delivery.heard(self.pulls, one.boot, one.seq, utc_us)
        self.copies += one.seq in self.stored
        self.stored[one.seq] = one._replace(flags=1)


class Night:
    """Device, line and host, second by second."""

    def __init__(self, absences: list[tuple[int, int]], losses: list[Loss], deaths: list[tuple[int, int]]) -> None:
        self.absences, self.losses, self.deaths = absences, losses, deaths
        self.device = Device(config=SLOW, think=self._think)
        self.host = Host()
        self.rng = random.Random(1)
        self.unasked = 0  # data packets in a silence that no PULL asked for
        self.t_s = 0
        self._to_device = b""
        self._asked: set[int] = set()
        self._line_to_device = codec.Decoder()

    def _think(self, out: dict[str, Any]) -> None:
        absent = any(a <= out["t_us"] / 1e6 < a + n for a, n in self.absences)
        out["confidence"] = 0 if absent else 220

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self._second()

    def _second(self) -> None:
        device = self.device
        if self._to_device:
            for one in self._line_to_device.feed(self._to_device):
                if one.type == packet.PULL:
                    first, count = int(one.fields["seq"]), int(one.fields["count"])  # type: ignore[call-overload]
                    self._asked |= set(range(first, first + count))
            device.inbox += self._to_device
            device.host()
        silent = device.fw.uplink_state in SILENT
        device.run(1.0)
        data = bytes(device.sent)
        device.sent.clear()
        if silent and device.fw.uplink_state in SILENT:
            self.unasked += sum(one.seq > 0 and one.seq not in self._asked for one in codec.Decoder().feed(data))
        if any(a <= self.t_s < a + n for a, n in self.deaths):
            self.host.restart()
            self._to_device = b""
        else:
            self._to_device = self._through(self.host.second(self.t_s, self._through(data, "up")), "down")
        self.t_s += 1

    def _through(self, data: bytes, way: str) -> bytes:
        for loss in self.losses:
            if getattr(loss, way) and loss.covers(self.t_s):
                data = bytes(one for one in data if self.rng.random() >= loss.share)
        return data

    @property
    def newest(self) -> int:
        return int(self.device.fw.state.delivery.written)


def contents(host: Host) -> list[tuple[int, int, bytes]]:
    """Committed packets in their order; what a bad line makes the device say of the line itself is left out."""
    committed = (host.stored[seq] for seq in range(1, host.committed + 1))
    return [(one.type, one.t_us, one.payload) for one in committed if one.type != packet.FAULT]


@settings(max_examples=40, deadline=None)
@given(ABSENCES, LOSSES, DEATHS)
def test_everything_arrives_after_the_line_is_good_again(
    absences: list[tuple[int, int]], losses: list[Loss], deaths: list[tuple[int, int]]
) -> None:
    losses = [Loss(one.from_s, min(one.for_s, TROUBLE_S - one.from_s), one.up, one.down, one.share) for one in losses]
    deaths = [(a, min(n, TROUBLE_S - a)) for a, n in deaths]
    night = Night(absences, losses, deaths)
    night.run(TROUBLE_S)
    to_arrive = night.newest
    night.run(GOOD_S)
    assert night.host.committed >= to_arrive
    assert night.device.fw.counters()["given_up"] == 0
    assert night.unasked == 0
    undisturbed = Night(absences, [], [])
    undisturbed.run(TROUBLE_S + GOOD_S)
    arrived, there = contents(night.host), contents(undisturbed.host)
    assert arrived and arrived == there[: len(arrived)]
    copies = night.host.copies
    counters = night.device.fw.counters()
    assert copies <= counters["resent"] + counters["pulled"] <= 200 * (TROUBLE_S + GOOD_S)


def test_on_a_good_line_hardly_anything_comes_twice() -> None:
    night = Night([(40, 40)], [], [])
    night.run(150)
    assert night.newest > 80
    assert night.host.copies <= 4  # what was under way when the host's greeting was answered


def test_a_device_without_a_host_keeps_to_its_ring_and_its_pace() -> None:
    night = Night([], [], [(0, 400)])
    night.run(400)
    there, oldest = kept.packets(night.device), kept.oldest(night.device)
    assert [one.seq for one in there] == [*range(oldest, night.newest + 1)]
    assert oldest > 1 and sum(len(one.payload) for one in there) > LEAST_KEPT
    gaps: list[Any] = [one.fields for one in there if one.type == packet.GAP]
    named = [seq for gap in gaps for seq in range(gap["first"], gap["last"] + 1)]
    assert set(named) == {*range(1, oldest)}
    assert {(gap["boot"], gap["reason"]) for gap in gaps} == {(there[0].boot, table.Reason["STORE_FULL"])}
    counters = night.device.fw.counters()
    assert (counters["given_up"], counters["resent"]) == (oldest - 1, 0)


def cut_as_the_silence_begins(pulls: bool) -> Night:
    """The line to the host is cut while the user leaves; nobody comes back."""
    night = Night([(40, 400)], [Loss(45, 30, up=True, down=False, share=1.0)], [])
    if not pulls:
        night.host.second = lambda t_s, data: without_pulls(Host.second(night.host, t_s, data))  # type: ignore[method-assign]
    night.run(TROUBLE_S + 10)
    return night


def without_pulls(sent: bytes) -> bytes:
    return b"".join(codec.encode(one) for one in codec.Decoder().feed(sent) if one.type != packet.PULL)


def test_the_last_packet_before_a_silence_comes_by_a_pull_and_not_otherwise() -> None:
    with_pulls, without = (cut_as_the_silence_begins(pulls) for pulls in (True, False))
    assert with_pulls.host.committed == with_pulls.newest
    assert without.host.committed < without.newest
