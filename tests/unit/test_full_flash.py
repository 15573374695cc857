"""What the device tells when its flash is full: first whose waveforms are gone, then which packets."""

from __future__ import annotations

from typing import Any

import pytest

from hw_sim.chip.core import lib as board_lib
from tests import kept
from tests.device import Device
from tests.two_rings import FULL, PER_SECTOR, SIZE, content, lib, vitals
from wire import packet
from wire.table import Gap, Reason

FULL_SOON = (FULL - 1) * PER_SECTOR - 5
BOTH_FULL = 4000
BATCH = 4 * PER_SECTOR
RING_AT = 8 * 4096


def streams(out: dict[str, Any]) -> None:
    out["confidence"] = 220


class NoThinRing(Device):
    """Its flash takes nothing in the sectors of the thin ring."""

    def _flash_program(self, context: Any, address: int, data: Any, n: int) -> int:
        return 0 if address >= (8 + FULL) * 4096 else super()._flash_program(context, address, data, n)


def after(n: int, kind: type[Device] = Device, seconds: float = 45.0) -> Device:
    """A device that finds n packets of boot 1 in its flash and streams to nobody."""
    device = kind(think=streams, flash_size=SIZE)
    found = content(n)[RING_AT:]
    assert board_lib.nor_flash_put(device.flash, RING_AT, found, len(found)) == 0
    return device.run(seconds)


def gaps(device: Device, what: str) -> list[tuple[int, int, int, int]]:
    """(boot, first, last, reason) of each."""
    found = [one.fields for one in kept.packets(device) if one.type == packet.GAP]
    return [
        (int(str(one["boot"])), int(str(one["first"])), int(str(one["last"])), int(str(one["reason"])))
        for one in found
        if one["what"] == Gap[what]
    ]


def of_boot_1(device: Device) -> dict[int, bytes]:
    return {one.seq: one.payload for one in kept.packets(device) if one.boot == 1}


def test_a_gap_names_the_packets_that_lost_their_waves() -> None:
    device = after(FULL_SOON)
    assert gaps(device, "WAVES") == [(1, 1, BATCH, Reason["STORE_FULL"])]
    assert of_boot_1(device) == {seq: vitals(seq, wave=seq > BATCH) for seq in range(1, FULL_SOON + 1)}


def test_packets_go_only_when_the_thin_ring_is_full_and_are_named() -> None:
    before = after(FULL_SOON, seconds=5.0)
    assert gaps(before, "PACKETS") == []
    device = after(BOTH_FULL, seconds=200.0)
    told, left = gaps(device, "PACKETS"), of_boot_1(device)
    assert told and {reason for *_, reason in told} == {Reason["STORE_FULL"]}
    assert told[-1][2] + 1 == min(left) and sorted(left) == list(range(min(left), BOTH_FULL + 1))


def test_what_the_host_gets_of_a_packet_without_its_wave_is_as_long_as_ever() -> None:
    device = after(FULL_SOON)
    device.take()
    device.host(packet.make(packet.PULL, {"boot": 1, "seq": 1, "count": 3}))
    sent = [one for one in device.run(0.5).take() if one.boot == 1]
    assert [(one.seq, one.payload) for one in sent[:3]] == [(seq, vitals(seq, wave=False)) for seq in (1, 2, 3)]


def test_a_thin_ring_that_takes_nothing_does_not_stop_the_first_one() -> None:
    device = after(FULL_SOON, NoThinRing, seconds=70.0)
    told = gaps(device, "PACKETS")
    assert told and {reason for *_, reason in told} == {Reason["FLASH_FAILED"]}
    own = [one.seq for one in kept.packets(device) if one.boot != 1]
    assert own == list(range(1, own[-1] + 1)) and own[-1] > 60
    gone = {seq for boot, first, last, _ in told if boot == 1 for seq in range(first, last + 1)}
    assert gone | of_boot_1(device).keys() == set(range(1, FULL_SOON + 1))


@pytest.mark.parametrize(("size", "most_s"), [(SIZE, 0.002), (16_777_216, 0.07)])
def test_the_scan_at_boot_is_over_before_the_first_packet_is_made(size: int, most_s: float) -> None:
    """Its steps; what reading takes on a bus of 20 MHz is 10 us a sector, 40 ms of the largest flash."""
    device = Device(think=streams, flash_size=size)
    while device.fw.state.ring.state < lib.SW_RING_IDLE:
        device.run(0.001)
    assert device.now_us <= most_s * 1e6 + 1000


def test_a_gap_that_is_given_up_is_told_again_joined_with_its_neighbours() -> None:
    """A ring of 64 KB without a host for more than two rounds: every GAP of the first one is gone."""
    device = Device(think=streams).run(900.0)
    told = gaps(device, "PACKETS")
    own = [one.seq for one in kept.packets(device) if one.boot == device.fw.state.boot]
    named = {(boot, seq) for boot, first, last, _ in told for seq in range(first, last + 1)}
    assert min(own) > 500
    assert named == {(device.fw.state.boot, seq) for seq in range(1, min(own))}
    assert len(told) <= 16
