"""The cloud's core: clock, times, the bed, and what a restart takes up."""

from __future__ import annotations

import pytest

from cloud import core, ingest, memory, occupancy
from cloud.app import seeded
from cloud.observations import (
    AlarmEvent,
    Anchor,
    DataPacket,
    Occupancy,
    Session,
    Transition,
    Vitals,
)  # fmt: skip
from tests.core_line import Line
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice
from wire import codec, packet


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
    assert line.heard(packet.PING)
    line.device.booted_us = 0
    for _ in range(70):
        line.run()
    assert len(line.of(Anchor)) == 1


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


def test_a_pong_is_answered_with_the_time_of_the_tick() -> None:
    line = Line().linked()
    line.device.answers = lambda t_us: _pong(line, t_us)  # type: ignore[method-assign]
    line.run()
    (told,) = line.heard(packet.TIME)
    assert told.fields == {"device_nonce": 4711, "utc_us": T0_UTC_US + 3 * SECOND_US}


def test_the_clock_is_told_every_half_minute() -> None:
    line = Line().linked()
    for _ in range(65):
        line.run()
    assert len(line.heard(packet.TIME)) == 3


def _pong(line: Line, t_us: int) -> bytes:
    (ping,) = line.heard(packet.PING)
    kept = {"oldest_seq": 0, "newest_seq": 0, "oldest_boot": 0, "stored": 0}
    said = {"nonce": ping.fields["nonce"], "device_nonce": 4711, **kept}
    return codec.encode(packet.make(packet.PONG, said, boot=line.device.boot, t_us=t_us))  # type: ignore[arg-type]


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
    core.restore(fresh, [ingest.restored(line.last_boot(), seqs, clock)], [], unsettled, kept)
    assert fresh.memory == line.state.memory
    assert fresh.delay == line.state.delay
    line.state, line.rows = fresh, []
    line.run(codec.encode(packet.Packet(packet.VITALS, 5, 7, 0, bytes(255))))
    assert line.last_boot().duplicates == 1
