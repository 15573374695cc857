"""The alarm as a whole, on the device alone: armed, it rings in time, whatever else happens. Measured at the buzzer pin."""

from __future__ import annotations

import pytest

from edge.core import load
from tests.alarm_bed import HOUR_S, MINUTE_S, Bedside, armed, late_us
from wire import packet, table

ffi, lib = load()
STATE, REASON, BY = table.AlarmState, table.Reason, table.AlarmMaker
SECOND_US = 1_000_000


# the set time


@pytest.mark.parametrize("clock", [True, False])
def test_an_armed_alarm_rings_to_the_moment_with_nobody_on_the_line(clock: bool) -> None:
    bed, deadline_us = armed(clock=clock)
    bed.run(8 * HOUR_S)
    assert bed.rises == [deadline_us]
    assert bed.events()[-1] == ("RANG", "DEVICE", "SET_TIME", deadline_us)


def test_it_rings_while_the_radar_runs_as_in_standby() -> None:
    bed, deadline_us = armed(after_s=8.0, standby=0, think=lambda out: out.update(confidence=220))
    bed.run(8.0)
    assert bed.device.fw.uplink_state == "streaming"
    assert bed.rises == [deadline_us]
    deeds = {table.AlarmDeed(int(str(p.fields["event"]))).name for p in bed.heard if p.type == packet.ALARM_EVENT}
    assert deeds == {"ARMED", "RANG"}


def test_in_standby_it_rings_and_says_nothing_unasked() -> None:
    bed, deadline_us = armed(after_s=60.0)
    bed.run(5.0).heard.clear()  # the announcement is out
    bed.run(61.0)
    assert (bed.rises, bed.heard, bed.device.fw.uplink_state) == ([deadline_us], [], "standby")


def test_what_happened_in_a_silence_is_there_to_be_pulled() -> None:
    bed, _ = armed(after_s=60.0)
    bed.run(61.0)
    boot, before = bed.device.fw.state.boot, len(bed.heard)
    bed.device.host(packet.make(packet.PULL, {"boot": boot, "seq": 1, "count": 9}))
    bed.run(0.1)
    deeds = [table.AlarmDeed(int(str(one.fields["event"]))).name for one in bed.heard[before:]]
    assert deeds == ["ARMED", "RANG"]


def test_a_sensor_that_has_stopped_does_not_stop_the_alarm() -> None:
    bed, deadline_us = armed(after_s=100.0)
    bed.device.fw.state.error = lib.SW_ERROR_FLUSH_TO_ZERO
    bed.run(101.0)
    assert bed.rises == [deadline_us]


# after a reboot


@pytest.mark.parametrize("clock", [True, False])
@pytest.mark.parametrize("after_s", [5.0, 100.3, 7 * HOUR_S, 8 * HOUR_S - 5])
def test_after_a_reboot_it_rings_to_the_hundredth(after_s: float, clock: bool) -> None:
    bed, deadline_us = armed(clock=clock)  # a lost clock was set by the device
    bed.run(after_s - 2.5)
    bed.reboot(off_s=0.4)
    bed.run(8 * HOUR_S - after_s + 10)
    assert -10_000 <= late_us(bed, deadline_us) <= 10_000


@pytest.mark.parametrize("before_s", [0.05, 0.5, 0.95, 1.2])
def test_a_reboot_just_before_the_set_time_makes_it_at_most_a_second_early(before_s: float) -> None:
    bed, deadline_us = armed(after_s=60.0)
    bed.run((deadline_us - bed.utc()) / 1e6 - before_s)
    bed.reboot()
    bed.run(5.0)
    assert -SECOND_US < late_us(bed, deadline_us) <= 10_000


def test_a_set_time_that_passed_without_power_rings_at_once() -> None:
    bed, deadline_us = armed(after_s=60.0)
    bed.reboot(off_s=HOUR_S)
    assert late_us(bed, deadline_us) < HOUR_S * 1e6
    assert bed.events()[-1][:3] == ("RANG", "DEVICE", "WAS_OFF")


def test_one_that_passed_long_ago_is_given_up() -> None:
    bed, _ = armed(after_s=60.0)
    bed.reboot(off_s=13 * HOUR_S)
    bed.run(60.0)
    assert (bed.rises, bed.read()["state"]) == ([], STATE["OFF"])
    assert bed.events()[-1][:3] == ("CANCELLED", "DEVICE", "IN_THE_PAST")
    bed.reboot()
    assert bed.read()["state"] == STATE["OFF"]


def test_who_rings_when_the_power_fails_rings_on_when_it_is_back() -> None:
    bed, deadline_us = armed(after_s=60.0)
    bed.run(70.0)
    bed.reboot(off_s=5.0)
    assert len(bed.rises) == 2 and bed.buzzer == 1


def test_dismissed_or_cancelled_stays_so_after_a_reboot() -> None:
    bed, _ = armed(after_s=60.0)
    bed.run(70.0)
    bed.press(2.0)
    bed.reboot()
    bed.run(60.0)
    assert (len(bed.rises), bed.read()["state"]) == (1, STATE["OFF"])


def test_reboots_with_a_host_do_not_make_it_earlier_and_earlier() -> None:
    bed, deadline_us = armed(after_s=HOUR_S)
    for _ in range(20):
        bed.reboot(off_s=0.37)
        bed.run(1.3)
        bed.tell_time()
        bed.run(2.0)
    bed.run(HOUR_S)
    assert -20_000 <= late_us(bed, deadline_us) <= 20_000


# a lost clock


def test_without_a_clock_nothing_can_be_armed() -> None:
    bed = Bedside(clock=False)
    answer = bed.set(bed.utc(100))
    assert (answer["state"], answer["reason"], answer["utc_us"]) == (STATE["OFF"], REASON["CLOCK_UNKNOWN"], 0)


@pytest.mark.parametrize("dead", [False, True])
def test_a_lost_clock_and_a_dead_line_ring_after_a_minute_and_say_why(dead: bool) -> None:
    bed, _ = armed()
    bed.run(HOUR_S)
    back_us = bed.utc()
    bed.device.i2c_dead = dead
    bed.reboot(lose_clock=not dead)
    bed.run(2 * MINUTE_S)
    assert [at - back_us for at in bed.rises] == [60_000_000]
    assert bed.events()[-1] == ("RANG", "DEVICE", "CLOCK_LOST", 0)


def test_a_host_within_the_minute_puts_a_lost_clock_right() -> None:
    bed, deadline_us = armed()
    bed.reboot(lose_clock=True)
    bed.run(50.0)
    bed.tell_time()
    bed.run(8 * HOUR_S)
    assert bed.rises == [deadline_us]


@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.3, 0.8])
def test_a_reboot_right_after_the_host_told_the_time_finds_it(after_s: float) -> None:
    """The second that begins next is in the clock chip at once: it is fast by a part of one until then."""
    bed, deadline_us = armed()
    bed.reboot(lose_clock=True)
    bed.tell_time()
    bed.run(after_s)
    bed.reboot()
    assert bed.read()["clock"] == table.ClockSource["BATTERY"]
    bed.run(8 * HOUR_S)
    assert -SECOND_US <= late_us(bed, deadline_us) <= 10_000


def test_a_host_after_it_brings_the_set_time_back() -> None:
    bed, deadline_us = armed()
    bed.reboot(lose_clock=True)
    bed.run(HOUR_S)
    bed.tell_time()
    bed.run(8 * HOUR_S)
    assert bed.rises[1:] == [deadline_us]


# the clock is set


def test_a_step_forward_rings_at_once_and_says_why() -> None:
    bed, _ = armed()
    bed.off_s = 9 * HOUR_S
    bed.tell_time()
    assert bed.buzzer == 1 and bed.events()[-1][:3] == ("RANG", "DEVICE", "CLOCK_STEPPED")


def test_a_step_back_does_not_make_it_later() -> None:
    bed, deadline_us = armed()
    bed.off_s = -2 * HOUR_S
    bed.tell_time()
    bed.run(8 * HOUR_S)
    assert bed.rises == [deadline_us]
    assert bed.events()[-1][2] == "CLOCK_STEPPED"


@pytest.mark.parametrize("unstored", [False, True])
def test_a_reboot_after_a_step_forward_forgets_not_why_it_rings_sooner(unstored: bool) -> None:
    bed, deadline_us = armed()
    if unstored:
        deadline_us += 60 * 10**6
        bed.ask(packet.ALARM_SET, set_for_utc_us=deadline_us, sunrise_s=600)
    bed.off_s = HOUR_S
    bed.tell_time()
    bed.run(3.0)
    bed.reboot()
    bed.run(8 * HOUR_S)
    assert late_us(bed, deadline_us) == pytest.approx(-HOUR_S * 1e6, abs=1.1e6)
    assert [one[2] for one in bed.events() if one[0] == "RANG"] == ["CLOCK_STEPPED"]


def test_an_alarm_set_after_the_step_knows_nothing_of_it() -> None:
    bed, deadline_us = armed()
    bed.off_s = 1.0 * HOUR_S
    bed.tell_time()
    bed.run(3.0)
    bed.ask(packet.ALARM_SET, set_for_utc_us=deadline_us + 10**6, sunrise_s=600)
    bed.run(3.0)
    bed.reboot()
    bed.run(8 * HOUR_S)
    assert [one[2] for one in bed.events() if one[0] == "RANG"] == ["SET_TIME"]


@pytest.mark.parametrize("off_s", [-2 * HOUR_S, 2 * HOUR_S, -1.5, 1.5])
@pytest.mark.parametrize("after_s", [0.0, 0.0005, 0.002, 0.3, 0.95, 1.0, 1.05, 1.3, 2.1, 3.0])
def test_a_reboot_right_after_a_step_does_not_make_it_later(off_s: float, after_s: float) -> None:
    bed, deadline_us = armed()
    bed.off_s = off_s
    bed.tell_time()
    bed.run(after_s)
    bed.reboot()
    bed.run(8 * HOUR_S)
    assert late_us(bed, deadline_us) <= 10_000


def test_a_busy_flash_keeps_the_battery_clock_from_being_set_back() -> None:
    bed, deadline_us = armed()
    for i in range(63):  # the next record needs an erase, 45 ms
        bed.ask(packet.SETTINGS_SET, side=1 + i % 2)
        bed.run(0.1)
    pong = bed.ask(packet.PING)
    bed.run((10**6 - bed.utc() % 10**6) / 1e6 - 0.010)  # a full second is 10 ms away
    bed.ask(packet.SETTINGS_SET, side=2)
    told = {"device_nonce": pong["device_nonce"], "utc_us": bed.utc(-2 * HOUR_S)}
    bed.device.host(packet.make(packet.TIME, told))
    bed.run(0.02)
    assert bed.device.fw.state.keeper.store.state == lib.SW_STORE_ERASING
    bed.reboot(off_s=0.1)
    bed.run(8 * HOUR_S)
    assert -10_000 <= late_us(bed, deadline_us) <= 10_000


def test_a_step_that_comes_late_sets_the_battery_clock_a_second_later() -> None:
    bed, deadline_us = armed(clock=False, after_s=100.0)
    bed.off_s = 0.1
    bed.tell_time()
    bed.device.now_us += 1_300_000  # nobody gave the device a step
    bed.run(3.0)
    bed.reboot()
    bed.run(2.0)
    assert bed.read()["utc_us"] == pytest.approx(bed.utc(0.1), abs=12_000)


@pytest.mark.parametrize("after_s", [0.0, 0.002, 0.95, 1.0, 1.05, 2.1])
def test_nor_does_one_right_after_the_time_was_put_right_again(after_s: float) -> None:
    bed, deadline_us = armed()
    for off_s in (-2 * HOUR_S, 0.0):
        bed.off_s = off_s
        bed.tell_time()
        bed.run(3.0 if off_s else after_s)
    bed.reboot()
    bed.run(8 * HOUR_S)
    assert late_us(bed, deadline_us) <= 10_000


def test_put_right_again_it_rings_at_the_set_time_after_a_reboot() -> None:
    bed, deadline_us = armed()
    for off_s in (-2 * HOUR_S, 0.0):
        bed.off_s = off_s
        bed.tell_time()
        bed.run(5.0)
    bed.reboot()
    bed.run(8 * HOUR_S)
    assert -10_000 <= late_us(bed, deadline_us) <= 10_000


def test_a_time_that_answers_no_question_is_not_heard() -> None:
    bed, deadline_us = armed()
    for nonce in (0, 1, 2**64 - 1):
        bed.device.host(packet.make(packet.TIME, {"device_nonce": nonce, "utc_us": bed.utc(-7200)}))
        bed.run(0.01)
    bed.off_s = -7200
    bed.tell_time(after_s=2.001)
    assert bed.read()["utc_us"] == pytest.approx(bed.utc(), abs=2000)
