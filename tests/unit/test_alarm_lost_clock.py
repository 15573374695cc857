"""A device that has lost its clock: however often its power fails, it waits a minute in all, and less when the ring is near."""

from __future__ import annotations

import pytest

from edge.core import load
from tests.alarm_bed import HOUR_S, MINUTE_S, Bedside, armed, late_us
from wire import packet, table

ffi, lib = load()
WAIT_S, PIECE_S = lib.SW_ALARM_CLOCK_LOST_US / 1e6, lib.SW_ALARM_CLOCK_COUNT_US / 1e6
PIECES = round(WAIT_S / PIECE_S)
NEAR_S = lib.SW_ALARM_CLOCK_NEAR * lib.SW_ALARM_CLOCK_NEAR_US / 1e6
LATE_US = 1_000_000


def without_a_clock(before_s: float = HOUR_S) -> tuple[Bedside, int]:
    """Armed, and so long before its set time the power fails and the clock is lost."""
    bed, deadline_us = armed()
    bed.run((deadline_us - bed.utc()) / 1e6 - before_s)
    bed.reboot(lose_clock=True)
    return bed, deadline_us


def reboots(bed: Bedside, every_s: float, most: int = 40) -> float:
    """Again and again, until it rings. Returns after how many s of power it did, from the loss of the clock on."""
    lost_us, off_us = bed.utc(-0.1), 0
    for _ in range(most):
        bed.run(0.0 if bed.rises else every_s - 0.1)
        if bed.rises:
            return (bed.rises[0] - lost_us - off_us) / 1e6
        bed.reboot(off_s=0.2)
        off_us += 200_000
    raise AssertionError("it never rang")


# reboots


@pytest.mark.parametrize("every_s", [0.11, 0.5, 4.0, 9.9, 10.1, 19.0, 45.0, 59.9])
def test_reboots_do_not_begin_the_wait_anew(every_s: float) -> None:
    bed, _ = without_a_clock()
    assert reboots(bed, every_s) <= WAIT_S + 0.001
    assert bed.events()[-1][:3] == ("RANG", "DEVICE", "CLOCK_LOST")


def test_a_short_boot_counts_as_a_piece_and_no_more() -> None:
    bed, _ = without_a_clock()
    for _ in range(PIECES - 1):
        assert not bed.rises
        bed.reboot()
    bed.run(PIECE_S - 1.0)
    assert not bed.rises
    assert bed.run(2.0).rises


def test_a_host_that_comes_ends_the_wait_and_the_count() -> None:
    bed, deadline_us = without_a_clock()
    for _ in range(PIECES - 2):
        bed.reboot()
    bed.tell_time()
    bed.run(3.0)
    bed.reboot(lose_clock=True)
    bed.run(WAIT_S - 5.0)
    assert not bed.rises
    bed.tell_time()
    bed.run(2 * HOUR_S)
    assert -20_000 <= late_us(bed, deadline_us) <= 20_000


def test_what_has_rung_without_a_clock_rings_on_after_a_reboot() -> None:
    bed, _ = without_a_clock()
    bed.run(WAIT_S + 1.0)
    bed.reboot()
    assert (len(bed.rises), bed.buzzer) == (2, 1)


def test_so_does_what_rang_before_the_wait_was_over() -> None:
    bed, _ = armed()
    bed.device.flash_refuses = True
    bed.reboot(lose_clock=True)
    bed.run(2.0)
    bed.device.flash_refuses = False
    bed.run(70.0)  # what failed is tried again after a minute
    bed.reboot()
    assert (len(bed.rises), bed.buzzer) == (2, 1)


def test_once_dismissed_no_reboot_rings() -> None:
    bed, _ = without_a_clock()
    bed.run(WAIT_S + 1.0)
    bed.press(2.0)
    bed.run(1.0)
    bed.reboot()
    bed.run(2 * MINUTE_S)
    assert (len(bed.rises), bed.read()["state"]) == (1, table.AlarmState["OFF"])


def test_a_flash_that_cannot_count_is_not_waited_for() -> None:
    bed, _ = armed()
    bed.run(HOUR_S)
    bed.device.flash_refuses = True
    back_us = bed.utc()
    bed.reboot(lose_clock=True)
    bed.run(2.0)
    assert [at - back_us < LATE_US for at in bed.rises] == [True]
    assert bed.read()["reason"] == table.Reason["CLOCK_LOST"]


# near the set time


@pytest.mark.parametrize("before_s", [0.05, 0.9, 2.0, 9.0, 19.9, 20.1, 35.0, 59.0, 61.0, 100.0, 119.0, 121.0, 179.0])
@pytest.mark.parametrize("again_s", [None, 0.2, 4.0])
def test_a_clock_lost_near_the_set_time_rings_early_not_late(before_s: float, again_s: float | None) -> None:
    bed, deadline_us = without_a_clock(before_s)
    if again_s is not None:
        reboots(bed, again_s)
    bed.run(3 * MINUTE_S)
    assert -before_s * 1e6 <= late_us(bed, deadline_us) <= 200_000
    assert bed.events()[-1][2] == "CLOCK_LOST"


@pytest.mark.parametrize("before_s", [25.0, 60.0, 115.0])
def test_near_it_a_host_has_ten_seconds(before_s: float) -> None:
    bed, deadline_us = without_a_clock(before_s)
    bed.run(PIECE_S - 3.0)
    bed.tell_time()
    bed.run(3 * MINUTE_S)
    assert -20_000 <= late_us(bed, deadline_us) <= 20_000


@pytest.mark.parametrize("off_s", [0.4, 5.0, 55.0])
def test_a_power_cut_longer_than_the_rest_of_its_wait_is_not_late_either(off_s: float) -> None:
    bed, deadline_us = armed()
    bed.run((deadline_us - bed.utc()) / 1e6 - NEAR_S - 1.0)
    bed.reboot(off_s=off_s, lose_clock=True)
    bed.run(3 * MINUTE_S)
    assert late_us(bed, deadline_us) <= 0


def test_the_time_told_near_the_set_time_is_kept_near(off_s: float = 90.0) -> None:
    """A step of the clock towards the set time makes it near at once."""
    bed, _ = armed(after_s=HOUR_S)
    bed.off_s = HOUR_S - off_s
    bed.tell_time()
    bed.run(3.0)
    bed.reboot(lose_clock=True)
    bed.run(PIECE_S + 1.0)
    assert bed.rises


def test_a_new_alarm_is_as_far_as_it_is() -> None:
    bed, _ = armed(after_s=100.0)
    bed.run(50.0)
    deadline_us = bed.arm(HOUR_S)
    bed.reboot(lose_clock=True)
    bed.run(WAIT_S - 5.0)
    assert not bed.rises
    bed.tell_time()
    bed.run(2 * HOUR_S)
    assert -20_000 <= late_us(bed, deadline_us) <= 20_000


def test_of_a_new_alarm_that_is_not_stored_the_nearer_counts() -> None:
    """It waits for the battery clock, which is set at the next full second; until then flash holds the old one."""
    bed, deadline_us = armed(after_s=100.0)
    bed.run(70.0 - bed.utc() % 10**6 / 1e6)
    bed.off_s = 0.3
    bed.tell_time(after_s=0.1)
    bed.set(bed.utc(HOUR_S))
    bed.run(0.1)
    bed.reboot(lose_clock=True)
    bed.run(MINUTE_S)
    assert late_us(bed, deadline_us) <= 0


def test_an_answer_about_the_alarm_stays_true_while_it_is_counted() -> None:
    bed, _ = armed(after_s=NEAR_S + 5.0)
    answers = [bed.run(0.0).ask(packet.ALARM_READ) for _ in range(200) if bed.run(0.6)]
    assert {one["stored"] for one in answers} == {1}
