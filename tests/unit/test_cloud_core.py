"""The cloud's core: clock, duplicates, gaps, the bed, and the order of commit and acknowledgement."""

from __future__ import annotations

import pytest

from cloud import core, ingest, memory, occupancy, settle
from cloud.app import seeded
from cloud.observations import (
    AlarmEvent,
    Anchor,
    Boot,
    DataPacket,
    Gap,
    Occupancy,
    Row,
    Session,
    Transition,
    Untimed,
    Vitals,
)  # fmt: skip
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice
from wire import codec, delivery, packet, table


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

    def linked(self) -> Line:
        self.run(self.device.hello(0))
        self.run()
        return self


def test_the_clock_is_the_instant_of_the_answer() -> None:
    line = Line(FakeDevice(booted_us=-5_000_000)).linked()
    assert line.of(Anchor) == [Anchor(7, 6_000_000, T0_UTC_US + SECOND_US)]


def test_data_get_their_time_by_that_clock() -> None:
    line = Line().linked()
    line.run(line.device.vitals(2_500_000))
    (seen,) = line.of(Vitals)
    assert isinstance(seen, Vitals)
    assert seen.utc_us == T0_UTC_US + 2_500_000


def test_data_before_the_answer_wait_for_it() -> None:
    line = Line()
    line.run(line.device.vitals(500_000))
    assert line.of(DataPacket) == []
    line.run()
    (raw,) = line.of(DataPacket)
    assert isinstance(raw, DataPacket)
    assert raw.utc_us == T0_UTC_US + 500_000


@pytest.mark.parametrize(("behind_us", "clocks"), [(300_000, [0, 300_000]), (200_000, [0])])
def test_a_drifting_clock_is_set_again_by_two_pongs(behind_us: int, clocks: list[int]) -> None:
    line = Line().linked()
    line.device.booted_us = behind_us  # from now on the device's clock is behind
    for _ in range(70):
        line.run()
    assert [a.utc_us - a.t_us - T0_UTC_US for a in line.of(Anchor)] == clocks  # type: ignore[union-attr]


def test_one_question_that_waited_moves_no_clock() -> None:
    line = Line().linked()
    line.device.booted_us = 900_000
    for _ in range(29):
        line.run()
    assert _heard(line, packet.PING)
    line.device.booted_us = 0
    for _ in range(70):
        line.run()
    assert len(line.of(Anchor)) == 1


def test_duplicates_are_dropped_and_counted() -> None:
    line = Line().linked()
    once = line.device.vitals(2_500_000)
    line.run(once, once)
    line.run(once)
    assert len(line.of(DataPacket)) == 1
    assert _last_boot(line).duplicates == 2


def test_a_gap_is_lost_until_the_late_packet_comes() -> None:
    line = Line().linked()
    first, second, third = (line.device.vitals(2_000_000 + i) for i in range(3))
    line.run(first, third)
    assert _last_boot(line).lost == 1
    line.run(second)
    assert _last_boot(line).lost == 0
    assert len(line.of(DataPacket)) == 3


def _last_boot(line: Line) -> Boot:
    row = line.of(Boot)[-1]
    assert isinstance(row, Boot)
    return row


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
    assert _last_boot(line).lost == 1


def test_nothing_is_acknowledged_before_the_boot_has_answered() -> None:
    line = Line()
    line.run(line.device.vitals(500_000))
    assert core.acknowledge(line.state) == b""


def test_a_reboot_makes_the_bed_unknown() -> None:
    line = Line().linked()
    line.run(line.device.vitals(2_500_000))
    line.device = FakeDevice(boot=8, booted_us=3_000_000)
    line.run(line.device.hello(0))
    line.run()
    line.settle()
    states = [(o.state, o.reason) for o in line.of(Occupancy) if isinstance(o, Occupancy)]
    assert states[-2:] == [("occupied", "a person in the user's place"), ("unknown", "the device has started")]


@pytest.mark.parametrize(
    ("after", "reason", "state"),
    [
        ("MONITORING", "NOBODY", "empty"),
        ("STANDBY", "STANDBY_SWITCH", "unknown"),
        ("MONITORING", "RADAR_FAILED", "unknown"),
    ],
)
def test_the_last_packet_before_a_silence_tells_why(after: str, reason: str, state: str) -> None:
    line = Line().linked()
    line.run(line.device.vitals(2_500_000))
    line.run(line.device.transition(3_500_000, "STREAMING", after, reason))
    line.settle()
    assert line.state.memory.seconds.bed.state.value == state


def test_silence_without_a_word_makes_the_bed_unknown() -> None:
    line = Line().linked()
    line.run(line.device.vitals(2_500_000))
    for _ in range(47):
        line.run()
    assert line.state.memory.seconds.bed.reason == occupancy.NO_PACKETS


def test_a_device_that_answers_nothing_is_reported() -> None:
    line = Line().linked()
    line.run(line.device.transition(2_500_000, "STREAMING", "MONITORING", "NOBODY"))
    line.device.answers = lambda t_us: b""  # type: ignore[method-assign]
    for _ in range(75):
        line.run()
    assert line.state.memory.seconds.bed.reason == occupancy.NO_ANSWER


def test_a_transition_tells_the_span_of_the_silence_and_why_it_was() -> None:
    line = Line().linked()
    span = (1_000_000, 2_400_000)
    line.run(line.device.transition(2_500_000, "MONITORING", "STREAMING", "CONFIDENT", span, "RADAR_FAILED"))
    (seen,) = line.of(Transition)
    assert isinstance(seen, Transition)
    assert (seen.silent_from_utc_us, seen.silent_to_utc_us) == (T0_UTC_US + 1_000_000, T0_UTC_US + 2_400_000)
    assert seen.silent_reason == "radar does not answer"


def test_absurd_times_neither_raise_nor_overflow() -> None:
    line = Line().linked()
    line.run(line.device.vitals(2**64 - 1), line.device.vitals(2_000_000, wave_um=[1], wave_t_us=2**64 - 1))
    assert [v.wave_utc_us < 2**63 for v in line.of(Vitals) if isinstance(v, Vitals)] == [True]


@pytest.mark.parametrize("n_payload", [10, 97, 229, 230, 255])
def test_the_length_on_the_line_is_that_of_the_encoding(n_payload: int) -> None:
    one = packet.Packet(packet.VITALS, 1, 7, 0x01010101_01010101, b"x" * n_payload)
    assert ingest.line_bytes(one) == len(codec.encode(one))


def _heard(line: Line, kind: int) -> list[packet.Packet]:
    return [one for one in line.device.heard if one.type == kind]


def test_a_pong_is_answered_with_the_time_of_the_tick() -> None:
    line = Line().linked()
    line.device.answers = lambda t_us: _pong(line, t_us)  # type: ignore[method-assign]
    line.run()
    (told,) = _heard(line, packet.TIME)
    assert told.fields == {"device_nonce": 4711, "utc_us": T0_UTC_US + 3 * SECOND_US}


def test_the_clock_is_told_every_half_minute() -> None:
    line = Line().linked()
    for _ in range(65):
        line.run()
    assert len(_heard(line, packet.TIME)) == 3


def _pong(line: Line, t_us: int) -> bytes:
    (ping,) = _heard(line, packet.PING)
    kept = {"oldest_seq": 0, "newest_seq": 0, "oldest_boot": 0, "stored": 0}
    said = {"nonce": ping.fields["nonce"], "device_nonce": 4711, **kept}
    return codec.encode(packet.make(packet.PONG, said, boot=line.device.boot, t_us=t_us))  # type: ignore[arg-type]


def test_what_the_device_keeps_is_pulled() -> None:
    line = Line().linked()
    line.device.kept = (1, 2)
    for _ in range(40):
        line.run()
    assert _heard(line, packet.PULL)[0].fields == {"boot": 7, "seq": 1, "count": 2}


def test_nothing_is_pulled_when_all_is_here() -> None:
    line = Line().linked()
    line.device.kept = (1, 2)
    line.run(line.device.vitals(2_500_000), line.device.vitals(2_600_000))
    for _ in range(60):
        line.run()
    assert _heard(line, packet.PULL) == []


def test_what_the_device_no_longer_keeps_holds_no_acknowledgement() -> None:
    line = Line().linked()
    first, _, third = (line.device.vitals(2_000_000 + i) for i in range(3))
    line.device.kept = (3, 3)
    line.run(first, third)
    for _ in range(35):
        line.run()
    assert line.device.acknowledged == 3


def test_a_word_that_comes_late_counts_from_then_on() -> None:
    line = Line().linked()
    line.run(line.device.vitals(2_500_000))
    word = line.device.transition(3_500_000, "STREAMING", "MONITORING", "NOBODY")
    for _ in range(25):
        line.run()
    line.run(word)
    assert line.state.memory.seconds.bed.state is occupancy.State.EMPTY


def test_an_event_of_the_alarm_is_kept_and_acknowledged() -> None:
    line = Line().linked()
    line.run(line.device.alarm_event(2_500_000, "RANG", "DEVICE", "SET_TIME"))
    line.run()
    (event,) = line.of(AlarmEvent)
    assert isinstance(event, AlarmEvent)
    assert (event.event, event.by, event.reason, event.device_utc_us) == ("rang", "device", "the set time", None)
    assert line.device.acknowledged == 1


def test_less_than_six_minutes_open_a_session() -> None:
    line = Line().linked()
    for second in range(2, 407):
        line.run(line.device.vitals(second * SECOND_US))
    (opened,) = line.of(Session)
    assert isinstance(opened, Session)
    assert opened.opened_utc_us - opened.in_bed_utc_us == 331 * SECOND_US


def test_a_restart_takes_up_where_it_stopped() -> None:
    line = Line().linked()
    for second in range(2, 300):
        line.run(line.device.vitals(second * SECOND_US))
    fresh = core.State(seeded(2))
    clock = line.state.ingest.boots[7].offset_us
    kept = memory.decode(memory.encode(line.state.memory))
    stored = [row for row in line.of(DataPacket) if isinstance(row, DataPacket)]
    unsettled = [row for row in stored if row.utc_us >= core.unsettled_from(kept)]
    seqs = [row.seq for row in stored]
    core.restore(fresh, [ingest.restored(_last_boot(line), seqs, clock)], [], unsettled, kept)
    assert fresh.memory == line.state.memory
    assert fresh.delay == line.state.delay
    line.state, line.rows = fresh, []
    line.run(codec.encode(packet.Packet(packet.VITALS, 5, 7, 0, bytes(255))))
    assert _last_boot(line).duplicates == 1


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
    assert (_acks(line)[-1]["seq"], _last_boot(line).lost) == (5, 2)
    (gap,) = line.of(Gap)
    assert gap[3:] == (7, 2, 3, "packets", "device's store was full")


def test_a_gap_of_waveforms_loses_no_packet() -> None:
    line = Line().linked()
    first, second = (line.device.vitals(2_000_000 + i) for i in range(2))
    line.run(second, line.device.gap(3_000_000, 7, 1, 1, "STORE_FULL", "WAVES"))
    assert _acks(line)[-1]["seq"] == 0
    line.run(first)
    assert (_acks(line)[-1]["seq"], _last_boot(line).lost) == (3, 0)


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
