"""The alarm at the buzzer pin against true UTC, in every home of the firmware, with whatever breaks around it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hw_sim.board import Faults
from hw_sim.rig import Rig
from tests.alarm_host import AlarmHost
from wire import codec, packet, table

pytestmark = pytest.mark.hil
T0_UTC_US = 1_768_516_200_000_000
DUE_US = 120_000_000
LATE_US = 1_000_000
HOMES = ("host", "posix", "arm")


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest) -> str:
    if request.param == "arm":
        request.getfixturevalue("arm_tools")
    return str(request.param)


def ring_us(
    prepare: Callable[[Rig, AlarmHost], None] = lambda rig, host: None, *, target: str = "host", **options: object
) -> int | None:
    """Virtual time at which the buzzer sounded, with the alarm set for DUE_US; None: not within half a minute."""
    host = AlarmHost(T0_UTC_US + DUE_US)
    with Rig(target=target, t0_utc_us=T0_UTC_US, **options) as rig:  # type: ignore[arg-type]
        rig.attach(host)
        rig.run(20.0)
        assert host.armed
        prepare(rig, host)
        rig.run(DUE_US / 1e6 + 30.0 - 20.0)
        assert rig.counts.bytes_unsolicited == 0 and rig.counts.contradictions == 0
        return rig.rang_at_us()


def on_time(t_us: int | None) -> bool:
    """Not late, and not early either."""
    return t_us is not None and DUE_US - LATE_US <= t_us <= DUE_US + LATE_US


def test_it_rings_at_the_set_time(home: str) -> None:
    assert on_time(ring_us(target=home))


def test_it_rings_in_standby_without_a_chirp(home: str) -> None:
    chirps: list[int] = []

    def switch(rig: Rig, host: AlarmHost) -> None:
        rig.set_standby(True)
        rig.run(5.0)
        assert not rig.board.chip.transmitting
        for t_us in (rig.board.now_us, DUE_US - 1, DUE_US + 20_000_000):
            rig.at(t_us, lambda: chirps.append(rig.board.chip.counters().frames_started))

    assert on_time(ring_us(switch, target=home))
    assert len(chirps) == 3 and chirps[0] == chirps[1] == chirps[2]


def test_it_rings_when_the_host_is_dead(home: str) -> None:
    assert on_time(ring_us(lambda rig, host: host.kill(), target=home))


def test_it_rings_when_the_line_is_cut(home: str) -> None:
    assert on_time(ring_us(lambda rig, host: rig.cut_line(True), target=home))


def test_it_rings_after_a_reboot_with_the_line_cut(home: str) -> None:
    def cut_and_reboot(rig: Rig, host: AlarmHost) -> None:
        rig.cut_line(True)
        rig.at(63_456_789, rig.reboot)

    assert on_time(ring_us(cut_and_reboot, target=home))


def test_without_clock_and_host_it_rings_at_once_and_says_why(home: str) -> None:
    host = AlarmHost(T0_UTC_US + DUE_US)
    with Rig(target=home, t0_utc_us=T0_UTC_US) as rig:
        rig.attach(host)
        rig.run(20.0)
        rig.cut_line(True)
        rig.reboot(lose_clock=True)
        rig.run(70.0)
        rang_us = rig.rang_at_us()
        rig.cut_line(False)
        rig.run(20.0)
    assert rang_us is not None and rang_us < DUE_US
    assert host.states[-1]["reason"] == table.Reason["CLOCK_LOST"]


@pytest.mark.parametrize("ppb", [-20_000, 20_000])
def test_a_clock_that_is_off_makes_it_no_later_than_a_second(ppb: int) -> None:
    def cut_and_reboot(rig: Rig, host: AlarmHost) -> None:
        rig.cut_line(True)
        rig.at(25_000_000, rig.reboot)

    rang_us = ring_us(cut_and_reboot, faults=Faults(clock_ppb=ppb))
    assert rang_us is not None and rang_us <= DUE_US + LATE_US


def test_what_could_not_be_stored_is_not_armed_and_rings_all_the_same() -> None:
    host = AlarmHost(T0_UTC_US + DUE_US)
    with Rig(t0_utc_us=T0_UTC_US, faults=Faults(flash_stuck_from_us=0)) as rig:
        rig.attach(host)
        rig.run(60.0)
        assert host.states and not any(state["stored"] for state in host.states)
        rig.run(90.0)
        assert on_time(rig.rang_at_us())


@pytest.mark.parametrize("t_us", range(4_000_000, 5_400_000, 100_000))
def test_a_reboot_at_any_moment_of_arming_never_makes_armed_a_lie(t_us: int) -> None:
    host = AlarmHost(T0_UTC_US + DUE_US)
    with Rig(t0_utc_us=T0_UTC_US) as rig:
        rig.attach(host)
        rig.at(t_us, rig.reboot)
        rig.run(60.0)
        armed = host.armed
        rig.cut_line(True)
        rig.run(100.0)
        assert on_time(rig.rang_at_us()) or not armed


def test_sanitizers_find_nothing_in_arming_rebooting_and_ringing() -> None:
    def reboot_and_press(rig: Rig, host: AlarmHost) -> None:
        rig.at(63_456_789, rig.reboot)
        rig.at(DUE_US + 5_000_000, lambda: rig.button(True))
        rig.at(DUE_US + 5_200_000, lambda: rig.button(False))

    assert on_time(ring_us(reboot_and_press, target="sanitized"))


def test_without_the_guard_it_does_not_ring() -> None:
    assert ring_us(target="unguarded") is None


def test_every_question_with_a_nonce_is_known_to_the_counts() -> None:
    from hw_sim.rig import ANSWERS

    asking = {n for n, one in table.LAYOUTS.items() if one.from_host and any(f.name == "nonce" for f in one.fields)}
    assert set(ANSWERS) == asking


def test_answers_in_standby_are_replies() -> None:
    host = AlarmHost(None)
    with Rig(t0_utc_us=T0_UTC_US) as rig:
        rig.attach(host)
        rig.set_standby(True)
        rig.run(60.0)
        counts = rig.counts
    kinds = {one.type for one in host.heard}
    assert {packet.PONG, packet.ALARM_STATE} <= kinds
    assert counts.bytes_unsolicited_while_silent == 0
    assert counts.bytes_replied == sum(
        len(codec.encode(one)) for one in host.heard if one.type in (packet.PONG, packet.ALARM_STATE)
    )
