"""The alarm while it is being armed, without its guard, and under sanitizers; test_alarm.py has what every home must do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hw_sim.rig import Rig
from tests.alarm_host import AlarmHost
from wire import codec, packet, table

pytestmark = pytest.mark.hil
T0_UTC_US = 1_768_516_200_000_000
DUE_US = 120_000_000
LATE_US = 1_000_000


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


def test_it_rings_when_the_host_is_dead() -> None:
    assert on_time(ring_us(lambda rig, host: host.kill()))


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
    from wire.packet import ANSWERS

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
