"""Three boots' packets to one host: what it says of each is heeded, in whatever order; and how long a hole stays open."""

from __future__ import annotations

import pytest

from hw_sim.chip.core import lib as board_lib
from tests import kept
from tests.unit.test_delivery import Line, lib, numbers, rebooted
from wire import delivery, packet
from wire.packet import Packet


def three_boots() -> tuple[Line, int, int, list[int], list[int]]:
    """A streaming device that has sent what two earlier boots left; their names and numbers."""
    line = Line()
    line.ack(line.newest)
    line.run(35.0)  # what is acknowledged is marked half a minute later
    of_a = line.kept
    a = rebooted(line)
    line.run(20.0)
    of_b = line.kept
    b = rebooted(line)
    line.greet()
    sent = line.run(8.0)
    assert {one.boot for one in sent if one.seq} == {a, b, line.boot}
    return line, a, b, of_a, of_b


def test_an_acknowledgement_for_a_boot_behind_the_oldest_is_heeded() -> None:
    line, a, b, of_a, of_b = three_boots()
    line.ack(of_a[-3], boot=a)
    line.ack(of_b[-1], boot=b)
    again = line.run(20.0) + line.say(packet.PING, nonce=3) + line.run(25.0)
    assert {(one.boot, one.seq) for one in again if one.seq and one.boot != line.boot} == {(a, of_a[-2]), (a, of_a[-1])}
    line.ack(of_a[-1], boot=a)
    line.run(0.1)
    assert {one.boot for one in kept.packets(line.device)} == {line.boot}


@pytest.mark.parametrize("more", [1, lib.SW_DELIVERY_QUEUE])
def test_numbers_that_a_power_cut_took_may_be_acknowledged(more: int) -> None:
    """A GAP has named the first of them, or they were on the line already; they have no place in the ring."""
    line, a, b, of_a, of_b = three_boots()
    line.ack(of_b[-1] + more, boot=b)
    line.ack(of_a[-1] + more, boot=a)
    line.run(0.1)
    assert {one.boot for one in kept.packets(line.device)} == {line.boot}


def test_a_number_of_that_boot_that_was_never_given_is_not() -> None:
    line, _, b, _, of_b = three_boots()
    line.ack(of_b[-1] + 1 + lib.SW_DELIVERY_QUEUE, boot=b)
    line.run(0.1)
    assert [one.seq for one in kept.packets(line.device) if one.boot == b] == of_b
    again = [
        one for one in line.run(30.0) + line.say(packet.PING, nonce=3) + line.run(8.0) if one.boot == b and one.seq
    ]
    assert again == [] or {one.seq for one in again} <= set(of_b)


def test_a_number_that_a_power_cut_took_is_acknowledged_like_those_before_it() -> None:
    """The TRANSITION that begins a silence is on the line before it is kept; the host has it, and a GAP names it."""
    line = Line()
    line.run(20.0)
    line.say(packet.PING, nonce=1)
    line.confidence = 0
    said: list[Packet] = []
    while not said:
        assert line.device.fw.uplink_state == "streaming"
        said = [one for one in line.run(0.0005) if one.type == packet.TRANSITION and not delivery.is_resent(one)]
    board_lib.nor_flash_power_off(line.device.flash, line.device.now_us)
    before = rebooted(line)
    left = [one.seq for one in kept.packets(line.device) if one.boot == before]
    assert left and left[-1] == said[0].seq - 1
    line.ack(said[0].seq, boot=before)
    line.run(0.1)
    assert {one.boot for one in kept.packets(line.device)} == {line.boot}


def test_a_pull_hands_over_no_more_than_it_names() -> None:
    line = Line()
    line.run(20.0)
    line.fall_silent()
    line.ack(10)
    line.pull(5, 8)
    assert numbers(line.run(1.0)) == [11, 12]


def hole_after(trip_s: float) -> float:
    """How long a hole stays open behind a host that answers each packet so much later."""
    line = Line()
    line.ack(line.newest)
    for _ in range(40):
        newest = line.newest
        while line.newest == newest:
            line.run(0.01)
        line.run(trip_s - 0.02)
        line.ack(line.newest)
    first = line.newest
    while line.newest < first + 2:
        line.run(0.01)
    opened_us = line.device.now_us - 1_000_000  # first + 1 was sent a second before
    sent = line.ack(first, sack=0b1)
    while first + 1 not in numbers(sent, resent=True):
        sent = line.run(0.01)
    return (line.device.now_us - opened_us) / 1e6


@pytest.mark.parametrize(("trip_s", "least_s", "most_s"), [(0.1, 1.0, 1.1), (0.9, 1.4, 2.0)])
def test_a_hole_is_filled_after_two_round_trips(trip_s: float, least_s: float, most_s: float) -> None:
    """The one of 0.1 s is known only when the next packet has arrived, a second later."""
    assert least_s <= hole_after(trip_s) <= most_s


def test_the_round_trip_is_measured_by_what_came_last() -> None:
    line = Line()
    for _ in range(20):
        line.run(1.0)
        line.ack(line.newest)
    delivery = line.device.fw.state.delivery
    assert 0 < delivery.rtt_ms < 1100
    line.run(0.5)
    before = delivery.rtt_ms
    line.ack(line.newest - 1)  # nothing new
    assert delivery.rtt_ms == before and lib.SW_DELIVERY_HOLE_MIN_MS < lib.SW_DELIVERY_HOLE_MAX_MS
