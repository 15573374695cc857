"""What the device keeps of its data packets, and when it says them again: the whole firmware, flash included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from edge.core import load
from tests import kept
from tests.device import Device
from wire import delivery, handshake, packet, table
from wire.packet import Packet

_, lib = load()
RESEND_S: float = lib.SW_DELIVERY_RESEND_US / 1e6
GONE_S: float = lib.SW_DELIVERY_HOST_GONE_US / 1e6
FULL_S = 420  # more than the ring of a flash of 64 KB holds


class Line:
    """A streaming device that a host has greeted, and what it sends from then on."""

    def __init__(self, greet: bool = True, **more: Any) -> None:
        self.confidence = 220
        self.device = Device(think=self._think, **more).run(10.3)
        if greet:
            self.greet()

    def _think(self, out: dict[str, Any]) -> None:
        out["confidence"] = self.confidence

    def run(self, seconds: float) -> list[Packet]:
        return self.device.run(seconds).take()

    def say(self, type_: int, **fields: int) -> list[Packet]:
        """One packet to the device; what it sends within the next 10 ms."""
        self.device.take()
        self.device.host(packet.make(type_, fields))
        return self.run(0.01)

    def greet(self) -> list[Packet]:
        fields = {"nonce": 5, "utc_us": 1, "protocol_oldest": table.VERSION, "protocol_newest": table.VERSION}
        return self.say(packet.HOST_HELLO, **fields, layout_digest=table.LAYOUT_DIGEST)

    def ack(self, seq: int, sack: int = 0, credit: int = handshake.CREDIT, boot: int = 0) -> list[Packet]:
        return self.say(packet.ACK, boot=boot or self.boot, seq=seq, sack=sack, credit=credit)

    def pull(self, seq: int, count: int, boot: int = 0) -> None:
        self.device.host(packet.make(packet.PULL, {"boot": boot or self.boot, "seq": seq, "count": count}))

    def fall_silent(self) -> list[Packet]:
        """The last packets before a silence that has begun."""
        self.confidence = 0
        last = self.run(20.0)
        assert self.device.fw.uplink_state == "monitoring"
        return last

    @property
    def boot(self) -> int:
        return int(self.device.fw.state.boot)

    @property
    def newest(self) -> int:
        return int(self.device.fw.state.delivery.written)

    @property
    def kept(self) -> list[int]:
        """Numbers of this boot that are kept."""
        return [one.seq for one in kept.packets(self.device) if one.boot == self.boot]


def numbers(packets: Iterable[Packet], resent: bool | None = None) -> list[int]:
    return [one.seq for one in packets if one.seq and resent in (None, delivery.is_resent(one))]


def test_hello_and_pong_tell_what_is_kept() -> None:
    line = Line()
    line.run(3.0)
    line.ack(line.newest - 2)
    keys = ("oldest_boot", "oldest_seq", "newest_seq", "stored")
    told = [[line.say(packet.PING, nonce=3)[0].fields[key] for key in keys]]
    told += [[line.greet()[0].fields[key] for key in keys]]
    assert told == [[line.boot, line.newest - 1, line.newest, 2]] * 2


def test_a_packet_is_in_flash_before_it_is_on_the_line() -> None:
    line = Line()
    for _ in range(300):
        for one in line.run(0.01):
            if one.seq:
                assert one.seq in line.kept


def test_what_is_acknowledged_in_time_is_never_sent_again() -> None:
    line = Line()
    line.ack(line.newest)
    for _ in range(20):
        sent = line.run(1.0)
        assert numbers(sent, resent=True) == []
        line.ack(max(numbers(sent)))


def test_a_resent_packet_is_the_first_one_but_for_its_flag() -> None:
    line = Line()
    line.ack(line.newest)
    first = line.run(1.0)[0]
    again = next(one for one in line.run(RESEND_S + 2.0) if one.seq == first.seq)
    assert again == first._replace(flags=first.flags | table.FLAG_RESENT)


def test_a_hole_behind_which_others_have_arrived_is_filled_after_a_second() -> None:
    line = Line()
    line.ack(line.newest)
    first = line.newest
    line.run(4.5)
    # first + 1 and first + 3 are missing; what follows may be under way
    assert sorted(numbers(line.ack(first, sack=0b101) + line.run(0.9), resent=True)) == [first + 1, first + 3]


@pytest.mark.parametrize("away_s", [70, 200])
def test_after_an_absence_live_packets_go_first_and_all_comes_once(away_s: int) -> None:
    line = Line()
    line.ack(line.newest)
    first = line.newest + 1
    line.run(away_s)
    sent = line.greet() + line.run(4.0)
    live = [at for at, one in enumerate(sent) if one.seq and not delivery.is_resent(one)]
    assert len(live) == 4
    assert sorted(numbers(sent)) == [*range(first, line.newest + 1)]


def test_nobody_is_sent_more_stored_packets_than_it_takes() -> None:
    line = Line()
    line.ack(line.newest)
    first = line.newest + 1
    line.run(100.0)
    line.greet()
    line.ack(first - 1, credit=10)
    before = numbers(line.run(5.0), resent=True)
    line.ack(first + 9, credit=5)
    after = numbers(line.run(5.0), resent=True)
    assert len(before) + 1 <= lib.SW_DELIVERY_CREDIT
    assert after == [] or max(after) <= first + 14


def test_a_host_that_is_gone_gets_nothing_and_misses_nothing() -> None:
    line = Line()
    line.ack(line.newest)
    first = line.newest + 1
    line.run(GONE_S + 1.0)
    assert line.run(30.0) == []
    sent = line.say(packet.PING, nonce=6) + line.run(3.0)
    missed = set(range(first + round(GONE_S) + 3, first + round(GONE_S) + 30))
    assert missed <= set(numbers(sent, resent=True))


def test_who_never_spoke_hears_live_packets_alone() -> None:
    line = Line(greet=False)
    line.device.take()
    sent = line.run(300.0)
    assert numbers(sent, resent=True) == []
    assert sum(one.type == packet.VITALS for one in sent) == 300


def test_a_host_that_was_not_heard_is_called_when_there_is_something_to_tell() -> None:
    line = Line()
    line.fall_silent()
    assert line.run(GONE_S + 5.0) == []
    line.confidence = 220
    sent = line.run(30.0)
    assert [one.type for one in sent] == [packet.HELLO]
    assert sent[0].fields["host_nonce"] == 0
    line.greet()
    assert packet.TRANSITION in [one.type for one in line.run(2.0)]


def test_a_host_that_is_there_is_not_called() -> None:
    line = Line()
    line.fall_silent()
    line.say(packet.PING, nonce=7)
    line.confidence = 220
    assert packet.HELLO not in [one.type for one in line.run(10.0)]


def test_in_a_silence_nothing_is_sent_again_unasked() -> None:
    line = Line()
    line.fall_silent()
    line.greet()
    assert line.run(60.0) == []


@pytest.mark.parametrize("standby", [0, 1])
def test_the_last_packet_before_a_silence_can_be_pulled(standby: int) -> None:
    line = Line()
    last = line.fall_silent()[-1]
    if standby:
        line.device.switch(1)
        line.run(5.0)
    assert last.type == packet.TRANSITION
    line.pull(last.seq, 9)
    assert line.run(0.1) == [last._replace(flags=last.flags | table.FLAG_RESENT)]


def test_the_packet_that_begins_standby_leaves_at_that_instant() -> None:
    line = Line()
    line.device.take()
    line.device.switch(1)
    sent = line.run(0.000_001)
    assert [one.type for one in sent] == [packet.TRANSITION]
    line.run(1.0)
    assert sent[0].seq in line.kept


def test_a_pull_is_answered_in_order_and_not_beyond_its_count() -> None:
    line = Line()
    line.run(20.0)
    line.fall_silent()
    oldest = line.kept[0]
    line.pull(oldest + 2, 7)
    assert numbers(line.run(0.1)) == [*range(oldest + 2, oldest + 9)]
    assert line.run(30.0) == []


def test_several_pulls_wait_for_each_other() -> None:
    line = Line()
    line.run(20.0)
    line.fall_silent()
    for seq in (9, 3, 15):
        line.pull(seq, 2)
    assert numbers(line.run(0.1)) == [9, 10, 3, 4, 15, 16]


@pytest.mark.parametrize(("boot", "seq", "count"), [(1, 1, 9), (0, 1000, 9), (0, 2**32 - 1, 255), (0, 1, 0)])
def test_a_pull_for_what_is_not_kept_is_not_answered(boot: int, seq: int, count: int) -> None:
    line = Line()
    line.fall_silent()
    line.pull(seq, count, boot=line.boot ^ boot)
    assert line.run(1.0) == []


def test_more_than_the_outbox_holds_can_be_pulled_at_once() -> None:
    line = Line()
    line.run(150.0)
    line.fall_silent()
    line.pull(1, 255)
    assert numbers(line.run(1.0)) == line.kept
    assert len(line.kept) > 150 and line.device.fw.counters()["dropped_packets"] == 0


def test_a_slow_line_delays_what_was_pulled_and_loses_none_of_it() -> None:
    line = Line()
    line.run(100.0)
    line.fall_silent()
    line.device.take()
    line.device.uart_room = 64  # per 5 ms
    line.pull(1, 255)
    assert numbers(line.run(2.0)) == line.kept


def test_an_answer_finds_room_beside_what_was_pulled() -> None:
    line = Line()
    line.run(100.0)
    line.fall_silent()
    line.device.take()
    line.device.uart_room = 0
    line.pull(1, 255)
    line.device.host(packet.make(packet.PING, {"nonce": 3}))
    line.device.run(1.0)
    line.device.uart_room = None
    assert packet.PONG in [one.type for one in line.run(1.0)]


def test_a_packet_that_found_no_room_is_sent_later() -> None:
    line = Line()
    line.ack(line.newest)
    line.device.uart_room = 0
    line.device.run(50.0)
    assert line.device.fw.counters()["dropped_packets"] > 0
    line.device.uart_room = None
    sent = line.say(packet.PING, nonce=6)
    missing = set(line.kept)
    assert set(numbers(sent + line.run(RESEND_S + 15.0))) >= missing


# over reboots and full stores


def rebooted(line: Line) -> int:
    """Power off and on; the boot before."""
    before = line.boot
    line.device.power_cycle()
    line.run(10.3)
    assert line.boot != before
    return before


def test_what_an_earlier_boot_has_left_comes_after_the_greeting() -> None:
    line = Line()
    line.ack(line.newest)
    line.run(35.0)  # what is acknowledged is marked half a minute later
    left = line.kept
    before = rebooted(line)
    sent = [one for one in line.greet() + line.run(3.0) if one.boot == before]
    assert numbers(sent, resent=True) == left


def test_what_an_earlier_boot_has_left_can_be_pulled_in_a_silence_and_acknowledged() -> None:
    line = Line()
    line.run(20.0)
    left = line.kept
    line.confidence = 0
    before = rebooted(line)
    told = line.greet()[0].fields
    assert (told["oldest_boot"], told["stored"]) == (before, len(left))
    line.pull(1, 255, boot=before)
    assert numbers(line.run(1.0)) == left
    line.ack(left[-1], boot=before)
    told = line.say(packet.PING, nonce=9)[0].fields
    assert (told["oldest_boot"], told["stored"]) == (0, 0)


def test_a_number_that_no_boot_has_given_is_not_acknowledged() -> None:
    line = Line()
    line.run(20.0)
    left = line.kept
    before = rebooted(line)
    line.ack(left[-1] + 1 + lib.SW_DELIVERY_QUEUE, boot=before)
    line.ack(line.newest + 1)
    assert [one.seq for one in kept.packets(line.device) if one.boot == before] == left


def test_a_full_store_names_what_it_gives_up() -> None:
    line = Line()
    line.ack(line.newest)
    first = line.newest + 1
    line.run(FULL_S)
    line.greet()
    gaps = [one.fields for one in kept.packets(line.device) if one.type == packet.GAP]
    assert line.kept[0] > first
    told = {seq for gap in gaps for seq in range(int(str(gap["first"])), int(str(gap["last"])) + 1)}
    assert told == set(range(first, line.kept[0]))
    assert {(gap["boot"], gap["what"], gap["reason"]) for gap in gaps} == {
        (line.boot, table.Gap["PACKETS"], table.Reason["STORE_FULL"])
    }


def test_the_packet_that_a_power_cut_interrupted_is_named_by_the_next_boot() -> None:
    line = Line()
    line.run(5.0)
    before = line.boot
    flash = line.device.flash
    while not flash.busy_until_us > line.device.now_us or flash.op_erases:
        line.device.run(0.000_2)
    written = line.newest
    board_lib().nor_flash_power_off(flash, line.device.now_us)
    rebooted(line)
    gaps = [one.fields for one in kept.packets(line.device) if one.type == packet.GAP]
    assert [(gap["boot"], gap["first"], gap["last"]) for gap in gaps] == [(before, written + 1, written + 1)]
    assert gaps[0]["reason"] == table.Reason["FLASH_TORN"]


def board_lib() -> Any:
    from hw_sim._board import lib as board  # type: ignore[import-not-found]

    return board


def test_a_flash_that_takes_nothing_does_not_stop_live_packets() -> None:
    line = Line()
    line.ack(line.newest)
    line.device.flash.stuck_from_us = 0
    sent = [one for one in line.run(20.0) if one.type == packet.VITALS]
    assert len(sent) >= 19
    line.device.flash.stuck_from_us = 2**64 - 1
    line.ack(max(numbers(sent)))
    line.run(62.0)
    line.say(packet.PING, nonce=8)
    gaps = [one for one in kept.packets(line.device) if one.type == packet.GAP]
    assert gaps and gaps[0].fields["reason"] == table.Reason["FLASH_FAILED"]


def test_questions_wait_for_an_erase_and_are_answered_then() -> None:
    line = Line()
    line.device.flash.erase_us = 400_000
    flash = line.device.flash
    while not (flash.busy_until_us > line.device.now_us and flash.op_erases):
        line.run(0.01)
    answer = line.say(packet.PING, nonce=3)
    assert packet.PONG not in [one.type for one in answer]
    assert packet.PONG in [one.type for one in line.run(0.5)]
