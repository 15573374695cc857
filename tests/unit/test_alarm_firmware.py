"""The alarm as a whole, on the device alone: armed, it rings in time, whatever else happens. Measured at the buzzer pin."""

from __future__ import annotations

import pytest

from tests.bedside import HOUR_S, MINUTE_S, Bedside
from wire import packet, table

STATE = table.AlarmState


def armed(after_s: float = 8 * HOUR_S, sunrise_s: int = 0, **more: object) -> tuple[Bedside, int]:
    """A device with an armed alarm, and its deadline, true UTC."""
    bed = Bedside(**more)  # type: ignore[arg-type]
    bed.tell_time()
    return bed, bed.arm(after_s, sunrise_s)


def late_us(bed: Bedside, deadline_us: int) -> int:
    """By how much the first ring was late; early is negative."""
    return bed.rises[0] - deadline_us


def test_an_armed_alarm_rings_to_the_moment_with_nobody_on_the_line() -> None:
    bed, deadline_us = armed()
    bed.run(8 * HOUR_S)
    assert bed.rises == [deadline_us]
    assert bed.events()[-1][:3] == ("RANG", "DEVICE", "SET_TIME")


@pytest.mark.parametrize("after_s", [3.0, 100.0, 7 * HOUR_S, 8 * HOUR_S - 1])
def test_it_rings_after_a_reboot_never_late_and_at_most_two_seconds_early(after_s: float) -> None:
    bed, deadline_us = armed()
    bed.run(after_s - 2.5)
    bed.reboot(off_s=0.4)
    bed.run(8 * HOUR_S - after_s + 10)
    assert -2_000_000 < late_us(bed, deadline_us) <= 1_000_000


def test_without_a_clock_nothing_can_be_armed() -> None:
    bed = Bedside(clock=False)
    answer = bed.set(bed.utc(100))
    assert (answer["state"], answer["reason"]) == (STATE["OFF"], table.Reason["CLOCK_UNKNOWN"])
    assert bed.ask(packet.ALARM_READ)["utc_us"] == 0


def test_a_lost_clock_and_a_dead_line_ring_after_a_minute_and_say_why() -> None:
    bed, _ = armed()
    bed.run(HOUR_S)
    back_us = bed.utc()
    bed.reboot(lose_clock=True)
    bed.run(2 * MINUTE_S)
    assert [at - back_us for at in bed.rises] == [60_000_000]
    assert bed.events()[-1][:3] == ("RANG", "DEVICE", "CLOCK_LOST")
