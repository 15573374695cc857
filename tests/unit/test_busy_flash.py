"""A flash with more to do than time: what cannot be kept is named, and neither the host nor what is new waits long for it."""

from __future__ import annotations

import functools

import pytest

from hw_sim.chip.core import lib as board_lib
from tests import kept
from tests.device import Device
from tests.two_rings import SIZE, Rings, content, ffi, lib
from tests.unit.test_full_flash import FULL_SOON, RING_AT, gaps, streams
from wire import delivery, packet, table

ERASE_MS = board_lib.NOR_FLASH_ERASE_MAX_US / 1000
PER_BOOT = 4  # packets


def behind(found: bytes, **flash: int) -> Device:
    """A device that streams to nobody and finds this in its ring; flash: how long it takes for what."""
    device = Device(think=streams, flash_size=SIZE)
    for name, value in flash.items():
        setattr(device.flash, name, value)
    assert board_lib.nor_flash_put(device.flash, RING_AT, found[RING_AT:], len(found) - RING_AT) == 0
    return device


@functools.cache
def many_boots() -> bytes:
    """A flash that is almost full, of a device whose power came and went: ten boots in a sector."""
    rings = Rings()
    for boot in range(1, FULL_SOON // PER_BOOT + 1):
        rings.boot, rings.seq = boot, 0
        assert rings.write(PER_BOOT) == ["WRITTEN"] * PER_BOOT
    return bytes(rings.flash.content)


def test_waves_of_more_boots_than_are_told_at_once_are_each_told_once() -> None:
    device = behind(many_boots()).run(40.0)
    told = gaps(device, "WAVES")
    named = [(boot, seq) for boot, first, last, _ in told for seq in range(first, last + 1)]
    assert len(told) > lib.SW_UPLINK_GAPS and len(named) == len(set(named))


def test_they_cost_no_packet() -> None:
    device = behind(many_boots()).run(40.0)
    own = [one.seq for one in kept.packets(device) if one.boot == device.fw.state.boot]
    assert own == list(range(1, own[-1] + 1)) and device.fw.state.counters.given_up == 0


def test_more_packets_at_once_than_can_wait_are_kept_or_named() -> None:
    """They come while one is being programmed, the first of those that are given up."""
    device = Device(think=streams).run(12.0)
    ring = device.fw.state.ring
    while ring.state != lib.SW_RING_PROGRAMMING or ring.waits == 0:
        device.run(0.0001)
    fault = packet.make(packet.FAULT, {field.name: 0 for field in table.LAYOUTS[packet.FAULT].fields}).payload
    for _ in range(lib.SW_DELIVERY_QUEUE + 1):
        lib.sw_uplink_data(device.fw.state, device.now_us, packet.FAULT, fault, len(fault), lib.SW_UPLINK_LATER)
    device.run(4.9)
    boot = int(device.fw.state.boot)
    own = {one.seq for one in kept.packets(device) if one.boot == boot}
    named = {seq for of, first, last, _ in gaps(device, "PACKETS") if of == boot for seq in range(first, last + 1)}
    assert named and own | named == set(range(1, max(own) + 1))


def longest_ms(device: Device) -> tuple[float, float]:
    """While packets lose their waves: the longest that a PING waits for its PONG, and a packet for the line."""
    ring, nonce, asked_us, answer, line = device.fw.state.ring, 0, 0, 0, 0
    while ring.thin_to == 0:
        device.run(0.001)
    device.take()
    while ring.full_from < ring.thin_to:
        if asked_us == 0:
            nonce, asked_us = nonce + 1, device.now_us
            device.host(packet.make(packet.PING, {"nonce": nonce}))
        for one in device.run(0.001).take():
            if one.type == packet.PONG:
                answer, asked_us = max(answer, device.now_us - asked_us), 0
            elif one.type == packet.VITALS and not delivery.is_resent(one):
                line = max(line, device.now_us - one.t_us)
    return answer / 1000, line / 1000


def test_the_host_and_what_is_new_wait_for_an_erase_at_most() -> None:
    """In a flash as slow as its datasheet allows; a TIME that waits makes the clock slow by as much."""
    slow = {"program_us": board_lib.NOR_FLASH_PROGRAM_MAX_US, "erase_us": board_lib.NOR_FLASH_ERASE_MAX_US}
    answer, line = longest_ms(behind(content(FULL_SOON), **slow))
    assert 10 < answer < ERASE_MS + 50 and line < ERASE_MS + 50


@pytest.mark.parametrize("dropped", [False, True])
def test_a_packet_that_takes_the_place_of_a_dropped_one_is_written_too(dropped: bool) -> None:
    rings = Rings()
    rings.write(3)
    record = ffi.new("sw_ring_record *", {"boot": 1, "seq": 4, "type": packet.FAULT, "n": 3})
    lib.sw_ring_write(rings.r, rings.flash.now_us, record)
    while rings.r.state != lib.SW_RING_PROGRAMMING:
        lib.sw_ring_step(rings.r, rings.flash.hal, rings.flash.now_us, 1, rings.begun)
    if dropped:
        lib.sw_ring_drop(rings.r)
        lib.sw_ring_pass(rings.r)
        rings.seq = 4
        rings.write()
    else:
        rings.run(0.1)
    assert sorted(rings.all()) == [1, 2, 3, 4, *([5] if dropped else [])]
