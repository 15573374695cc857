"""Every boot that has made data tells its clock with the first of them: TRANSITION carries the device's UTC."""

from __future__ import annotations

from typing import Any

import pytest

from cloud import ingest
from cloud.observations import DataPacket, Transition, Untimed, Vitals
from tests.alarm_bed import Bedside
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice
from tests.unit.test_cloud_core import Line
from wire import codec, packet, table

BEFORE_US = 3600 * SECOND_US  # the earlier boot began so long before the host


def confident(out: dict[str, Any]) -> None:
    out["confidence"] = 220


def told(bed: Bedside) -> list[packet.Packet]:
    return [one for one in bed.heard if one.type == packet.TRANSITION]


def test_a_transition_tells_the_devices_clock() -> None:
    bed = Bedside(standby=0, think=confident).run(15.0)
    (begins,) = told(bed)
    assert begins.fields["utc_us"] == pytest.approx(bed.utc() - bed.device.now_us + begins.t_us, abs=100_000)


def test_a_device_that_does_not_know_the_time_tells_none() -> None:
    bed = Bedside(clock=False, standby=0, think=confident).run(15.0)
    assert [one.fields["utc_us"] for one in told(bed)] == [0]


def earlier(utc_us: int) -> list[bytes]:
    """What boot 6 made and kept; utc_us: its clock, in the packet that begins its stream."""
    device = FakeDevice(boot=6)
    first = device.transition(SECOND_US, "MONITORING", "STREAMING", "CONFIDENT", utc_us=utc_us)
    said = [first, *(device.vitals(SECOND_US * i) for i in range(2, 6))]
    packets = codec.Decoder().feed(b"".join(said))
    return [codec.encode(one._replace(flags=one.flags | table.FLAG_RESENT)) for one in packets]


def times(line: Line) -> list[int]:
    return [row.utc_us for row in line.of(Vitals) if isinstance(row, Vitals)]


def test_packets_of_a_boot_that_never_answered_have_the_time_it_told() -> None:
    line = Line().linked()
    line.run(*earlier(T0_UTC_US - BEFORE_US))
    assert times(line) == [T0_UTC_US - BEFORE_US + i * SECOND_US for i in range(1, 5)]


def test_without_a_clock_of_its_own_they_have_none() -> None:
    line = Line().linked()
    line.run(*earlier(0))
    for _ in range(62):
        line.run()
    assert times(line) == [] and len(line.of(Untimed)) == 5


def test_a_stored_packet_from_before_its_type_grew_is_read() -> None:
    line = Line().linked()
    line.run(line.device.transition(SECOND_US, "MONITORING", "STREAMING", "CONFIDENT"))
    (row,), (seen,) = line.of(DataPacket), line.of(Transition)
    assert isinstance(row, DataPacket)
    assert ingest.observe(row._replace(payload=row.payload[:-8])) == seen
