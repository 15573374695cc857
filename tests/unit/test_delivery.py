"""What the device keeps of its data packets, and when it says them again: first the ring alone, then the firmware."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from tests.device import Device
from wire import codec, delivery, handshake, packet, table
from wire.packet import Packet

ffi, lib = load()
SLOTS: int = lib.SW_DELIVERY_SLOTS
SECOND_US = 1_000_000
RESEND_US: int = lib.SW_DELIVERY_RESEND_US


class Ring:
    """sw_delivery with a host that was heard at time 0."""

    def __init__(self, n: int = 0, sent_us: int | None = 0) -> None:
        self.d = ffi.new("sw_delivery *")
        lib.sw_delivery_init(self.d)
        lib.sw_delivery_heard(self.d, 0)
        for _ in range(n):
            self.put(sent_us)

    def put(self, sent_us: int | None = 0) -> int:
        seq = int(lib.sw_delivery_put(self.d, 1000, packet.VITALS, b"abc", 3))
        if sent_us is not None:
            lib.sw_delivery_sent(self.d, seq, sent_us)
        return seq

    def due(self, t_us: int) -> list[int]:
        """Everything that is due, oldest first; afterwards it counts as sent."""
        found = []
        while seq := lib.sw_delivery_due(self.d, t_us):
            lib.sw_delivery_sent(self.d, seq, t_us)
            found.append(int(seq))
        return found

    def pulled(self, t_us: int = 0) -> list[int]:
        found = []
        while seq := lib.sw_delivery_pulled(self.d, t_us):
            lib.sw_delivery_pull_done(self.d)
            found.append(int(seq))
        return found

    @property
    def kept(self) -> tuple[int, int]:
        return int(lib.sw_delivery_oldest(self.d)), int(self.d.newest)


def test_numbers_count_from_one_and_nothing_is_kept_at_first() -> None:
    ring = Ring()
    assert ring.kept == (0, 0)
    assert [ring.put(), ring.put()] == [1, 2]
    assert ring.kept == (1, 2)


@pytest.mark.parametrize(("acked", "kept"), [(0, (1, 5)), (3, (4, 5)), (5, (0, 5)), (6, (1, 5)), (2**32 - 1, (1, 5))])
def test_an_acknowledgement_is_cumulative_and_of_what_was_given(acked: int, kept: tuple[int, int]) -> None:
    ring = Ring(5)
    lib.sw_delivery_ack(ring.d, acked)
    assert ring.kept == kept


def test_an_old_acknowledgement_brings_nothing_back() -> None:
    ring = Ring(5)
    for seq in (4, 2):
        lib.sw_delivery_ack(ring.d, seq)
    assert ring.kept == (5, 5)


def test_a_full_ring_drops_its_oldest_and_counts_it() -> None:
    ring = Ring(SLOTS + 3)
    assert ring.kept == (4, SLOTS + 3)
    assert ring.d.dropped == 3
    assert lib.sw_delivery_get(ring.d, 3) == ffi.NULL
    assert lib.sw_delivery_get(ring.d, 4) != ffi.NULL


def test_a_full_ring_is_twelve_kilobytes_of_encoded_packets() -> None:
    one = codec.encode(Packet(packet.VITALS, 1, 1, 1, bytes([1]) * table.LAYOUTS[packet.VITALS].n_bytes))
    assert SLOTS * len(one) >= 12 * 1024


def test_what_was_kept_comes_back_whole() -> None:
    ring = Ring()
    payload = bytes(range(lib.SW_DELIVERY_PAYLOAD))
    seq = lib.sw_delivery_put(ring.d, 77, packet.TRANSITION, payload, len(payload))
    slot = lib.sw_delivery_get(ring.d, seq)
    assert (slot.t_us, slot.type, bytes(ffi.buffer(slot.payload, slot.n))) == (77, packet.TRANSITION, payload)


def test_who_waits_longest_comes_first() -> None:
    ring = Ring(2)
    lib.sw_delivery_sent(ring.d, 1, RESEND_US)
    assert ring.due(2 * RESEND_US) == [2, 1]


@pytest.mark.parametrize(("t_us", "due"), [(RESEND_US - 1, []), (RESEND_US, [1, 2, 3])])
def test_what_is_not_acknowledged_in_time_is_due_oldest_first(t_us: int, due: list[int]) -> None:
    assert Ring(3).due(t_us) == due


def test_what_was_sent_again_has_its_time_again() -> None:
    ring = Ring(3)
    ring.due(RESEND_US)
    assert ring.due(2 * RESEND_US - 1) == []
    assert ring.due(2 * RESEND_US) == [1, 2, 3]


def test_what_never_found_the_line_is_due_at_once() -> None:
    ring = Ring(2)
    ring.put(sent_us=None)
    assert ring.due(1) == [3]


def test_a_host_that_begins_anew_makes_everything_due() -> None:
    ring = Ring(3)
    lib.sw_delivery_ack(ring.d, 1)
    lib.sw_delivery_all_due(ring.d)
    assert ring.due(1) == [2, 3]


def test_without_a_host_nothing_is_due() -> None:
    gone_us = lib.SW_DELIVERY_HOST_GONE_US
    ring = Ring(3)
    assert ring.due(gone_us + 1) == []
    lib.sw_delivery_heard(ring.d, gone_us + 2)
    assert ring.due(gone_us + 2) == [1, 2, 3]


@pytest.mark.parametrize(
    ("seq", "count", "given"),
    [(0, 2, [3, 4]), (3, 2, [3, 4]), (5, 9, [5, 6]), (6, 1, [6]), (7, 1, []), (3, 0, []), (2**32 - 1, 255, [])],
)
def test_a_pull_gives_what_is_kept_in_order_and_no_more_than_asked(seq: int, count: int, given: list[int]) -> None:
    ring = Ring(6)
    lib.sw_delivery_ack(ring.d, 2)
    lib.sw_delivery_pull(ring.d, seq, count, 0)
    assert ring.pulled() == given


def test_a_new_pull_takes_the_place_of_the_old_one() -> None:
    ring = Ring(6)
    lib.sw_delivery_pull(ring.d, 1, 6, 0)
    lib.sw_delivery_pull(ring.d, 5, 1, 0)
    assert ring.pulled() == [5]


def test_what_was_acknowledged_or_dropped_meanwhile_is_not_handed_over() -> None:
    ring = Ring(6)
    lib.sw_delivery_pull(ring.d, 1, 4, 0)
    lib.sw_delivery_ack(ring.d, 3)
    assert ring.pulled() == [4]


def test_a_pull_that_the_line_did_not_take_is_forgotten() -> None:
    ring = Ring(6)
    lib.sw_delivery_pull(ring.d, 1, 6, 0)
    assert ring.pulled(lib.SW_DELIVERY_PULL_US + 1) == []


# the firmware


class Line:
    """A streaming device that a host has greeted, and what it sends from then on."""

    def __init__(self, **more: Any) -> None:
        self.confidence = 220
        self.device = Device(think=self._think, **more).run(10.3)
        self.hello = self.say(packet.HOST_HELLO, nonce=5, utc_us=1)[0]
        self.boot = self.hello.boot

    def _think(self, out: dict[str, Any]) -> None:
        out["confidence"] = self.confidence

    def run(self, seconds: float) -> list[Packet]:
        return self.device.run(seconds).take()

    def say(self, type_: int, **fields: int) -> list[Packet]:
        """One packet to the device; what it sends within the next 10 ms."""
        self.device.take()
        self.device.host(packet.make(type_, fields))
        return self.run(0.01)

    def ack(self, seq: int) -> None:
        self.say(packet.ACK, boot=self.boot, seq=seq, sack=0, credit=handshake.CREDIT)

    def fall_silent(self) -> list[Packet]:
        """The last packets before a silence that has begun."""
        self.confidence = 0
        last = self.run(20.0)
        assert self.device.fw.uplink_state == "monitoring"
        return last


def numbers(packets: list[Packet], resent: bool | None = None) -> list[int]:
    return [one.seq for one in packets if one.seq and resent in (None, delivery.is_resent(one))]


def test_hello_and_pong_tell_what_is_kept() -> None:
    line = Line()
    line.run(3.0)
    newest = line.device.fw.state.delivery.newest
    line.ack(newest - 2)
    pong = line.say(packet.PING, nonce=3)[0]
    hello = line.say(packet.HOST_HELLO, nonce=4, utc_us=1)[0]
    kept = [(one.fields["oldest_seq"], one.fields["newest_seq"]) for one in (pong, hello)]
    assert kept == [(newest - 1, newest)] * 2


def test_what_is_acknowledged_in_time_is_never_sent_again() -> None:
    line = Line()
    line.ack(line.device.fw.state.delivery.newest)
    for _ in range(20):
        sent = line.run(1.0)
        assert numbers(sent, resent=True) == []
        line.ack(max(numbers(sent)))


def test_a_resent_packet_is_the_first_one_but_for_its_flag() -> None:
    line = Line()
    line.ack(line.device.fw.state.delivery.newest)
    first = line.run(1.0)[0]
    again = next(one for one in line.run(RESEND_US / 1e6 + 2.0) if one.seq == first.seq)
    assert again == first._replace(flags=first.flags | table.FLAG_RESENT)


def test_the_live_packet_comes_first_and_few_follow() -> None:
    line = Line()
    line.run(30.0)
    line.run(1.0 - line.device.now_us / 1e6 % 1.0)
    line.say(packet.HOST_HELLO, nonce=9, utc_us=1)  # everything is due
    live, *again = (one for one in line.run(1.0) if one.seq)
    assert not delivery.is_resent(live)
    assert len(set(numbers(again, resent=True))) == lib.SW_UPLINK_RESENT_PER_S


def test_without_acknowledgements_everything_kept_has_its_turn() -> None:
    line = Line()
    line.run(RESEND_US / 1e6 + 10.0)
    kept = set(range(line.device.fw.state.delivery.oldest, line.device.fw.state.delivery.newest + 1))
    line.say(packet.PING, nonce=6)  # a host is still there
    assert set(numbers(line.run(RESEND_US / 1e6 + 8.0))) >= kept


def test_after_a_greeting_everything_unacknowledged_comes_within_seconds() -> None:
    line = Line()
    line.run(64.0)  # nobody heard of: nothing is sent again any more
    kept = range(line.device.fw.state.delivery.oldest, line.device.fw.state.delivery.newest + 1)
    line.say(packet.HOST_HELLO, nonce=4, utc_us=1)
    sent = numbers(line.run(len(kept) / lib.SW_UPLINK_RESENT_PER_S + 1.0), resent=True)
    assert sent[: len(kept)] == list(kept)


def test_without_a_host_only_live_packets_are_sent() -> None:
    line = Line()
    line.run(61.0)
    sent = line.run(300.0)
    assert numbers(sent, resent=True) == []
    assert sum(one.type == packet.VITALS for one in sent) == 300


def test_in_a_silence_nothing_is_sent_again_unasked() -> None:
    line = Line()
    line.fall_silent()
    line.say(packet.HOST_HELLO, nonce=4, utc_us=1)
    assert line.run(60.0) == []


@pytest.mark.parametrize("standby", [0, 1])
def test_the_last_packet_before_a_silence_can_be_pulled(standby: int) -> None:
    line = Line()
    last = line.fall_silent()[-1]
    if standby:
        line.device.switch(1)
        line.run(5.0)
    assert last.type == packet.TRANSITION
    assert line.say(packet.PULL, boot=line.boot, seq=last.seq, count=9) == [
        last._replace(flags=last.flags | table.FLAG_RESENT)
    ]


def test_a_pull_is_answered_in_order_and_not_beyond_its_count() -> None:
    line = Line()
    line.run(20.0)
    line.fall_silent()
    oldest = line.device.fw.state.delivery.oldest
    assert numbers(line.say(packet.PULL, boot=line.boot, seq=oldest + 2, count=7)) == [*range(oldest + 2, oldest + 9)]
    assert line.run(30.0) == []


def test_a_pull_of_another_boot_is_not_answered() -> None:
    line = Line()
    line.fall_silent()
    assert line.say(packet.PULL, boot=line.boot ^ 1, seq=1, count=9) == []


def test_more_than_the_outbox_holds_can_be_pulled_at_once() -> None:
    line = Line()
    line.run(150.0)
    line.fall_silent()
    sent = line.say(packet.PULL, boot=line.boot, seq=1, count=255)
    state = line.device.fw.state.delivery
    assert numbers(sent) == [*range(state.newest - SLOTS + 1, state.newest + 1)]
    assert line.device.fw.counters()["dropped_packets"] == 0


def test_a_slow_line_delays_what_was_pulled_and_loses_none_of_it() -> None:
    line = Line()
    line.run(100.0)
    line.fall_silent()
    line.device.take()
    line.device.uart_room = 64  # per 5 ms
    line.device.host(packet.make(packet.PULL, {"boot": line.boot, "seq": 1, "count": 255}))
    kept = range(line.device.fw.state.delivery.oldest, line.device.fw.state.delivery.newest + 1)
    assert numbers(line.run(2.0)) == list(kept)


def test_an_answer_finds_room_beside_what_was_pulled() -> None:
    line = Line()
    line.run(100.0)
    line.fall_silent()
    line.device.take()
    line.device.uart_room = 0
    line.device.host(
        packet.make(packet.PULL, {"boot": line.boot, "seq": 1, "count": 255}), packet.make(packet.PING, {"nonce": 3})
    )
    line.device.run(1.0)
    line.device.uart_room = None
    assert packet.PONG in [one.type for one in line.run(1.0)]


def test_a_packet_that_found_no_room_is_sent_later() -> None:
    line = Line()
    line.ack(line.device.fw.state.delivery.newest)
    line.device.uart_room = 0
    line.device.run(100.0)
    assert line.device.fw.counters()["dropped_packets"] > 0
    line.device.uart_room = None
    line.say(packet.PING, nonce=6)
    kept = set(range(line.device.fw.state.delivery.oldest, line.device.fw.state.delivery.newest + 1))
    assert set(numbers(line.run(RESEND_US / 1e6 + 15.0))) >= kept
