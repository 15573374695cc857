"""What the cloud acknowledges, asks for again and names as lost, and in which order."""

from __future__ import annotations

import pytest

from cloud import core, ingest
from cloud.observations import (
    Boot,
    DataPacket,
    Gap,
    Untimed,
)  # fmt: skip
from tests.core_line import Line
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice
from wire import codec, delivery, packet, table


def test_duplicates_are_dropped_and_counted() -> None:
    line = Line().linked()
    once = line.device.vitals(2_500_000)
    line.run(once, once)
    line.run(once)
    assert len(line.of(DataPacket)) == 1
    assert line.last_boot().duplicates == 2


def test_a_gap_is_lost_until_the_late_packet_comes() -> None:
    line = Line().linked()
    first, second, third = (line.device.vitals(2_000_000 + i) for i in range(3))
    line.run(first, third)
    assert line.last_boot().lost == 1
    line.run(second)
    assert line.last_boot().lost == 0
    assert len(line.of(DataPacket)) == 3


def test_the_acknowledgement_comes_after_the_tick_and_once() -> None:
    line = Line().linked()
    line.run(line.device.vitals(2_500_000), line.device.vitals(2_600_000))
    line.run()
    line.run()
    assert line.device.acknowledged == 2
    assert sum(one.type == packet.ACK for one in codec.Decoder().feed(line.sent)) == 1


def test_a_missing_packet_holds_the_acknowledgement_until_it_comes() -> None:
    line = Line().linked()
    first, second, third = (line.device.vitals(2_000_000 + i) for i in range(3))
    line.run(first, third)
    assert line.device.acknowledged == 1
    line.run(second)
    assert line.device.acknowledged == 3


def test_a_packet_missing_for_two_minutes_is_given_up() -> None:
    line = Line().linked()
    first, _, third = (line.device.vitals(2_000_000 + i) for i in range(3))
    line.device.kept = (2, 3)  # it says so, and never hands it over
    del line.device.keeps[2]
    line.run(first, third)
    for _ in range(120):
        line.run()
    assert line.device.acknowledged == 3
    assert line.last_boot().lost == 1


def test_nothing_is_acknowledged_before_the_boot_has_answered() -> None:
    line = Line()
    line.run(line.device.vitals(500_000))
    assert core.acknowledge(line.state) == b""


def test_what_the_device_keeps_is_pulled() -> None:
    line = Line().linked()
    line.device.kept = (1, 2)
    for _ in range(40):
        line.run()
    assert line.heard(packet.PULL)[0].fields == {"boot": 7, "seq": 1, "count": 2}


def test_nothing_is_pulled_when_all_is_here() -> None:
    line = Line().linked()
    line.device.kept = (1, 2)
    line.run(line.device.vitals(2_500_000), line.device.vitals(2_600_000))
    for _ in range(60):
        line.run()
    assert line.heard(packet.PULL) == []


def test_what_the_device_no_longer_keeps_holds_no_acknowledgement() -> None:
    line = Line().linked()
    first, _, third = (line.device.vitals(2_000_000 + i) for i in range(3))
    line.device.kept = (3, 3)
    line.run(first, third)
    for _ in range(35):
        line.run()
    assert line.device.acknowledged == 3


def _acks(line: Line) -> list[dict[str, int]]:
    return [one.fields for one in codec.Decoder().feed(line.sent) if one.type == packet.ACK]  # type: ignore[misc]


def test_what_lies_behind_a_hole_is_acknowledged_by_bits() -> None:
    line = Line().linked()
    given = [line.device.vitals(2_000_000 + i) for i in range(6)]
    line.run(given[0], given[2], given[5])
    assert {key: _acks(line)[-1][key] for key in ("boot", "seq", "sack")} == {"boot": 7, "seq": 1, "sack": 0b1001}
    assert _acks(line)[-1]["credit"] == ingest.WAITING_MAX


def test_what_comes_again_is_acknowledged_again() -> None:
    line = Line().linked()
    once = line.device.vitals(2_500_000)
    line.run(once)
    line.run()
    line.run(once)
    assert [one["seq"] for one in _acks(line)] == [1, 1]


def test_more_than_can_wait_is_not_taken_and_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "WAITING_MAX", 3)
    line = Line()
    line.run(*(line.device.vitals(100_000 * i) for i in range(5)))
    line.run()
    assert len(line.of(DataPacket)) == 3
    assert _acks(line)[-1]["seq"] == 3


def earlier(n: int) -> list[bytes]:
    """What a device kept of boot 6, out of its turn."""
    device = FakeDevice(boot=6)
    first = device.transition(500_000, "MONITORING", "STREAMING", "CONFIDENT")
    said = [first, *(device.vitals(SECOND_US * i) for i in range(1, n))]
    packets = codec.Decoder().feed(b"".join(said))
    return [codec.encode(one._replace(flags=one.flags | table.FLAG_RESENT)) for one in packets]


def test_a_backlog_of_an_earlier_boot_is_no_restart_and_is_acknowledged() -> None:
    line = Line()
    line.state.ingest.boots[6] = ingest.restored(Boot(6, 1, 1, 1, 0, 0, 0), [], T0_UTC_US - 100 * SECOND_US)
    line.linked()
    line.run(*earlier(5))
    assert line.state.link.device is not None
    assert len(line.of(DataPacket)) == 5
    assert {key: _acks(line)[-1][key] for key in ("boot", "seq", "sack")} == {"boot": 6, "seq": 5, "sack": 0}


def test_packets_of_a_boot_that_nobody_tells_the_time_of_are_kept_without() -> None:
    line = Line().linked()
    line.run(*earlier(5))
    assert [one["boot"] for one in _acks(line)] == []
    for _ in range(62):
        line.run()
    assert [row.seq for row in line.of(Untimed) if isinstance(row, Untimed)] == [1, 2, 3, 4, 5]
    assert (_acks(line)[-1]["boot"], _acks(line)[-1]["seq"]) == (6, 5)


def test_what_a_boot_without_a_clock_says_is_gone_is_not_waited_for() -> None:
    device = FakeDevice(boot=6)
    gap = codec.Decoder().feed(device.gap(500_000, 5, 1, 3, "STORE_FULL"))[0]
    line = Line().linked()
    line.run(codec.encode(gap._replace(flags=gap.flags | table.FLAG_RESENT)))
    for _ in range(62):
        line.run()
    (told,) = line.of(Gap)
    assert isinstance(told, Gap) and (told.of_boot, told.first_seq, told.last_seq) == (5, 1, 3)
    assert [row.lost for row in line.of(Boot) if isinstance(row, Boot) and row.boot == 5] == [3]


def test_an_earlier_boot_is_pulled_until_it_has_been_handed_over() -> None:
    line = Line()
    line.device.earlier = 6
    line.linked()
    for _ in range(25):
        line.run()
    pulls = [one.fields for one in codec.Decoder().feed(line.sent) if one.type == packet.PULL]
    assert {(one["boot"], one["seq"]) for one in pulls} == {(6, 1)}
    assert len(pulls) == 1 + delivery.Config().tries_earlier  # the first PONG says once more that there is something


def test_what_a_device_no_longer_has_does_not_hold_the_acknowledgement() -> None:
    line = Line().linked()
    first, _, _, fourth = (line.device.vitals(2_000_000 + i) for i in range(4))
    line.run(first, fourth)
    line.run(line.device.gap(3_000_000, 7, 2, 3, "STORE_FULL"))
    assert (_acks(line)[-1]["seq"], line.last_boot().lost) == (5, 2)
    (gap,) = line.of(Gap)
    assert gap[3:] == (7, 2, 3, "packets", "device's store was full")


def test_a_gap_of_waveforms_loses_no_packet() -> None:
    line = Line().linked()
    first, second = (line.device.vitals(2_000_000 + i) for i in range(2))
    line.run(second, line.device.gap(3_000_000, 7, 1, 1, "STORE_FULL", "WAVES"))
    assert _acks(line)[-1]["seq"] == 0
    line.run(first)
    assert (_acks(line)[-1]["seq"], line.last_boot().lost) == (3, 0)


def test_a_gap_names_nothing_behind_itself() -> None:
    line = Line().linked()
    line.run(line.device.gap(2_000_000, 7, 1, 2**32 - 1, "STORE_FULL"))
    line.run(line.device.vitals(2_500_000))
    assert (_acks(line)[-1]["seq"], len(line.of(DataPacket))) == (2, 2)


def test_two_devices_may_draw_one_boot_number() -> None:
    line = Line().linked()
    line.run(line.device.vitals(2_500_000))
    other = FakeDevice()
    other.device_id = 77
    line.device = other
    core.relink(line.state)
    line.run()
    line.run(other.vitals(5_500_000))
    line.run()
    line.run(other.vitals(6_500_000))
    assert [(row.boot >> 32, row.boot % 2**32, row.seq) for row in line.of(DataPacket) if isinstance(row, DataPacket)] == [
        (0, 7, 1), (1, 7, 1), (1, 7, 2),
    ]  # fmt: skip
    assert other.acknowledged == 2


def test_an_event_of_the_alarm_tells_the_clock_of_an_earlier_boot() -> None:
    line = Line().linked()
    device = FakeDevice(boot=6)
    told = codec.Decoder().feed(device.vitals(SECOND_US) + device.alarm_event(2 * SECOND_US, "ARMED", "CLOUD", "NONE"))
    event = packet.make(
        packet.ALARM_EVENT, told[1].fields | {"utc_us": T0_UTC_US - 60 * SECOND_US}, seq=2, boot=6, t_us=2 * SECOND_US
    )
    line.run(*(codec.encode(one._replace(flags=one.flags | table.FLAG_RESENT)) for one in (told[0], event)))
    assert [row.utc_us - T0_UTC_US for row in line.of(DataPacket) if isinstance(row, DataPacket)] == [
        -61 * SECOND_US, -60 * SECOND_US,
    ]  # fmt: skip
