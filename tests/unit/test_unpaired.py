"""A device without a key: it says who it is and takes one; nothing else that is said to it counts, and it tells nothing."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load as load_core
from edge.firmware import open_flash
from tests.device import Device
from tests.paired import Host, load, paired
from wire import packet, table, trust
from wire.packet import Packet

_, lib = load_core()
PART = tuple(range(100, 132))
HEEDED = ("HOST_HELLO", "PING", "PAIR")
NO_QUESTIONS = ("ACK", "PULL", "TIME")
ORDERS = [one for one in table.LAYOUTS.values() if one.from_host and one.name not in HEEDED]
UTC_US = 1_800_000_000_000_000


def confident(out: dict[str, Any]) -> None:
    out["confidence"] = 220


def order(layout: table.Layout) -> Packet:
    """It would be taken by a device that heeds it, where that is possible at all."""
    wanted = {
        "nonce": 7,
        "side": 1,
        "set_for_utc_us": UTC_US + 3_600_000_000,
        "procedure": 1,
        "on": 1,
        "night_light": 200,
    }
    wanted |= {"duration": 600, "wake_window": 60, "utc_us": UTC_US, "device_nonce": 1, "boot": 1, "seq": 1, "count": 9}
    fields = {one.name: wanted.get(one.name, 0) for one in layout.fields}
    return packet.make(layout.number, fields)


def kept(device: Device) -> tuple[Any, ...]:
    """What somebody could have changed."""
    fw = device.fw.state
    wanted = fw.keeper.wanted
    return (
        device.flash_bytes, fw.alarm.clock.source, fw.alarm.guard.state, wanted.side, wanted.standby, fw.alarm.night_light,
        fw.calibrator.state, fw.taken_n, fw.delivery.host_heard, fw.counters.acks, fw.config_hash, fw.standby,
    )  # fmt: skip


@pytest.fixture(scope="module")
def device() -> Device:
    return Device(blank=True, think=confident).run(12.0)


def test_it_says_who_it_is_and_that_it_is_there(device: Device) -> None:
    host = Host(device, None)

    hello, [pong] = host.hello(), host.ping(77)

    assert (trust.is_tagged(hello), hello.fields["device_id"]) == (False, 0)
    assert (pong.fields["nonce"], pong.fields["device_nonce"]) == (77, 0)


@pytest.mark.parametrize("layout", ORDERS, ids=lambda one: one.name)
def test_nothing_that_is_said_to_it_changes_anything(device: Device, layout: table.Layout) -> None:
    before = kept(device)

    answers = [one.fields for one in Host(device, None).exchange(order(layout))]

    refused = {"nonce": 7, "reason": int(table.Refusal["NOT_PAIRED"]), "protocol_oldest": 1, "protocol_newest": 1}
    assert answers == ([] if layout.name in NO_QUESTIONS else [refused])
    assert kept(device) == before


def test_the_same_said_to_a_device_of_the_laboratory_changes_it() -> None:
    """So what is said above is worth something."""
    open_one = Device(think=confident).run(12.0)
    before = kept(open_one)

    for layout in ORDERS:
        Host(open_one, None).exchange(order(layout))

    assert sum(was != now for was, now in zip(before, kept(open_one), strict=True)) >= 6


def test_it_tells_nothing_of_a_person_in_front_of_it(device: Device) -> None:
    device.take()

    device.run(20.0)

    assert device.take() == []
    assert (device.fw.uplink_state, device.fw.state.delivery.newest) == ("monitoring", 0)


def test_a_device_with_a_damaged_key_tells_nothing_either() -> None:
    device = Device(think=confident)
    load(device, open_flash()[:-1] + b"\x55")

    said = device.run(20.0).take()

    assert [one.type for one in said] == [packet.HELLO] * 3


def test_what_it_had_kept_for_its_host_is_not_handed_out() -> None:
    """Its key is gone (another flash sector), its packets are not."""
    device = paired(think=confident).run(20.0)
    load_blank_key(device)
    device.power_cycle()
    device.run(20.0).take()
    [pong] = Host(device, None).ping()
    boot, seq = int(pong.fields["oldest_boot"]), int(pong.fields["oldest_seq"])  # type: ignore[call-overload]

    answers = Host(device, None).exchange(packet.make(packet.PULL, {"boot": boot, "seq": seq, "count": 200}))

    assert (int(pong.fields["stored"]) > 0, answers) == (True, [])  # type: ignore[call-overload]


def test_when_it_is_paired_it_says_since_when_and_why_it_was_silent() -> None:
    device = Device(blank=True, think=confident).run(12.0)
    host = Host(device, None)
    for _ in range(2):
        [answer] = host.exchange(packet.make(packet.PAIR, {"nonce": 9, "part": PART}))
    host.key = trust.paired_key(bytes(PART), bytes(answer.fields["part"]))  # type: ignore[arg-type]
    host.hello()
    host.ping()

    said = device.run(6.0).take()

    first = next(one for one in said if one.seq)
    assert (first.type, first.fields["silent_reason"]) == (packet.TRANSITION, int(table.Reason["NOT_PAIRED"]))
    assert all(trust.is_tagged(one) for one in said)


def load_blank_key(device: Device) -> None:
    """The key's two sectors, erased."""
    content = bytearray(device.flash_bytes)
    first = lib.SW_TRUST_SECTOR * lib.SW_STORE_SECTOR_BYTES
    content[first : first + 2 * lib.SW_STORE_SECTOR_BYTES] = b"\xff" * 2 * lib.SW_STORE_SECTOR_BYTES
    load(device, bytes(content))
