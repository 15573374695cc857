"""The alarm as a whole, on the device alone: armed, it rings in time, whatever else happens. Measured at the buzzer pin."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from tests.alarm_bed import HOUR_S, MINUTE_S, Bedside
from wire import packet, table

ffi, lib = load()
STATE, REASON, BY = table.AlarmState, table.Reason, table.AlarmMaker
SECOND_US = 1_000_000
QUESTIONS = {
    packet.ALARM_SET: {"set_for_utc_us": 1, "sunrise_s": 0},
    packet.ALARM_CANCEL: {},
    packet.ALARM_READ: {},
    packet.RING: {"utc_us": 1},
    packet.SETTINGS_SET: {"side": 1},
    packet.SETTINGS_READ: {},
}


def armed(after_s: float = 8 * HOUR_S, sunrise_s: int = 0, **more: Any) -> tuple[Bedside, int]:
    """A device with an armed alarm, and its deadline, true UTC."""
    bed = Bedside(**more)
    bed.tell_time()
    return bed, bed.arm(after_s, sunrise_s)


def late_us(bed: Bedside, deadline_us: int) -> int:
    """By how much the first ring was late; early is negative."""
    return bed.rises[0] - deadline_us


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


# armed means in flash


def test_armed_is_said_only_of_what_was_read_back() -> None:
    bed, _ = armed()
    assert bed.read()["stored"] == 1
    at = bed.device.fw.state.keeper.store.newest + 20
    bed.device.flash.bytes[at] ^= 1
    assert bed.read()["stored"] == 0


def test_the_answer_to_set_does_not_claim_what_is_still_being_written() -> None:
    bed = Bedside()
    bed.tell_time()
    bed.run(2.0)
    answer = bed.set(bed.utc(100))
    assert (answer["state"], answer["stored"]) == (STATE["STORING"], 0)
    bed.run(0.01)
    assert (bed.read()["state"], bed.read()["stored"]) == (STATE["ARMED"], 1)


def test_a_flash_that_takes_nothing_is_said_and_the_alarm_rings_all_the_same() -> None:
    bed = Bedside()
    bed.tell_time()
    bed.device.flash_refuses = True
    deadline_us = bed.utc(120)
    bed.set(deadline_us)
    bed.run(5.0)
    state = bed.read()
    assert (state["state"], state["stored"], state["reason"]) == (STATE["ARMED"], 0, REASON["FLASH_FAILED"])
    assert "ARMED" not in [event[0] for event in bed.events()]
    bed.run(120.0)
    assert bed.rises == [deadline_us]


def test_a_flash_that_refuses_only_for_a_while_leaves_the_new_alarm_alone() -> None:
    bed, _ = armed(after_s=600.0)
    bed.device.flash_refuses = True
    deadline_us = bed.utc(2 * HOUR_S)
    bed.set(deadline_us)
    bed.run(5.0)
    bed.device.flash_refuses = False
    bed.run(60.0)
    state = bed.read()
    assert (state["stored"], state["next_ring_utc_us"]) == (1, deadline_us)
    bed.run(2 * HOUR_S)
    assert bed.rises == [deadline_us]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("records", [1, 62, 63, 64])
def test_power_that_fails_while_a_new_alarm_is_written_leaves_the_old_one(records: int, share: float) -> None:
    bed, deadline_us = armed(after_s=2 * HOUR_S)
    for i in range(4096, 8192):  # the other sector was used before
        bed.device.flash.bytes[i] = i % 251
    for i in range(records - 1):
        bed.ask(packet.SETTINGS_SET, side=1 + i % 2)
        bed.run(0.1)
    before = bed.device.flash_bytes
    bed.set(bed.utc(5 * HOUR_S))
    changed = [i for i, (a, b) in enumerate(zip(before, bed.device.flash_bytes, strict=True)) if a != b]
    assert (len(changed) > 64) == (records == 64)  # a record, or a sector that is erased for it
    for i in changed[round(share * len(changed)) :]:
        bed.device.flash.bytes[i] = before[i]
    bed.reboot()
    bed.run(3 * HOUR_S)
    assert -10_000 <= late_us(bed, deadline_us) <= 10_000


def test_the_same_set_again_changes_nothing() -> None:
    bed, deadline_us = armed()
    before, events = bed.device.flash_bytes, bed.events()
    assert bed.set(deadline_us)["stored"] == 1
    bed.run(1.0)
    assert (bed.device.flash_bytes, bed.events()) == (before, events)


# the host


def test_an_early_ring_is_the_clouds_and_the_set_time_the_devices() -> None:
    bed, deadline_us = armed(after_s=3 * HOUR_S)
    early_us = deadline_us - round(2 * HOUR_S * 1e6)
    assert bed.ring(early_us)["next_ring_utc_us"] == early_us
    bed.run(1.5 * HOUR_S)
    state = bed.read()
    assert (state["rang_at_utc_us"], state["rung_by"], state["state"]) == (early_us, BY["CLOUD"], STATE["ARMED"])
    bed.run(2 * HOUR_S)
    assert bed.rises == [early_us, deadline_us]


def test_ring_now_rings_now() -> None:
    bed, _ = armed()
    assert bed.ring()["state"] == STATE["RINGING"]
    assert bed.buzzer == 1


@pytest.mark.parametrize("after_s", [0.0, 1.0, 1e6])
def test_a_ring_at_or_after_the_deadline_is_refused(after_s: float) -> None:
    bed, deadline_us = armed(after_s=HOUR_S)
    assert bed.ring(deadline_us + round(after_s * 1e6))["reason"] == REASON["IN_THE_PAST"]
    bed.run(HOUR_S)
    assert bed.rises == [deadline_us]


def test_a_set_time_in_the_past_is_refused_and_the_armed_alarm_stays() -> None:
    bed, deadline_us = armed(after_s=HOUR_S)
    answer = bed.set(bed.utc(-1))
    assert (answer["reason"], answer["set_for_utc_us"]) == (REASON["IN_THE_PAST"], deadline_us)


def test_a_new_set_replaces_the_alarm() -> None:
    bed, _ = armed(after_s=HOUR_S)
    deadline_us = bed.arm(2 * HOUR_S)
    bed.run(3 * HOUR_S)
    assert bed.rises == [deadline_us]


def test_cancelled_it_does_not_ring() -> None:
    bed, _ = armed(after_s=HOUR_S)
    assert bed.cancel()["state"] == STATE["OFF"]
    assert bed.cancel()["reason"] == REASON["NOT_ARMED"]
    bed.run(2 * HOUR_S)
    assert bed.rises == []
    assert bed.events()[-1][:3] == ("CANCELLED", "CLOUD", "COMMAND")


@pytest.mark.parametrize("state", ["OFF", "ARMED", "RINGING", "SNOOZED"])
@pytest.mark.parametrize("kind", QUESTIONS)
def test_every_question_is_answered_once_in_every_state(state: str, kind: int) -> None:
    bed = Bedside()
    bed.tell_time()
    if state != "OFF":
        bed.arm(HOUR_S)
    if state in ("RINGING", "SNOOZED"):
        bed.ring()
    if state == "SNOOZED":
        bed.press(0.2)
    assert bed.read()["state"] == STATE[state]
    bed.ask(kind, **QUESTIONS[kind])  # asserts one answer
    before = len(bed.heard)
    bed.device.host(packet.make(kind, {"nonce": 0, **QUESTIONS[kind]}))
    bed.run(1.0)
    assert len(bed.heard) == before


# the user


def test_a_short_press_snoozes_for_nine_minutes_and_again() -> None:
    bed, deadline_us = armed(after_s=HOUR_S)
    bed.run(HOUR_S)
    presses = []
    for _ in range(3):
        bed.press(0.2)
        presses.append(bed.utc(-0.001))
        assert (bed.buzzer, bed.read()["state"]) == (0, STATE["SNOOZED"])
        bed.run(9 * MINUTE_S)
    assert bed.rises == [deadline_us, *(at + 540 * SECOND_US for at in presses)]


def test_a_snooze_before_the_set_time_does_not_silence_it() -> None:
    bed, deadline_us = armed(after_s=HOUR_S)
    bed.ring(deadline_us - 120 * SECOND_US)
    bed.run(HOUR_S - 110)
    bed.press(0.2)
    bed.run(200.0)
    assert bed.rises == [deadline_us - 120 * SECOND_US, deadline_us]


def test_a_long_press_dismisses_while_it_is_still_held() -> None:
    bed, _ = armed(after_s=60.0)
    bed.run(60.0)
    bed.device.press(1)
    bed.run(1.4)
    assert bed.buzzer == 1
    bed.run(0.2)
    assert (bed.buzzer, bed.read()["state"]) == (0, STATE["OFF"])


def test_a_press_in_the_night_changes_nothing() -> None:
    bed, deadline_us = armed(after_s=HOUR_S)
    bed.press(0.2)
    bed.press(5.0)
    bed.run(HOUR_S)
    assert bed.rises == [deadline_us]


def test_nobody_answers_it_stops_after_half_an_hour() -> None:
    bed, deadline_us = armed(after_s=60.0)
    bed.run(HOUR_S)
    assert bed.device.pins == [
        ((deadline_us - bed.t0_utc_us), "buzzer", 1),
        ((deadline_us - bed.t0_utc_us) + 1800 * SECOND_US, "buzzer", 0),
    ]
    assert bed.events()[-1][:3] == ("DISMISSED", "DEVICE", "NOBODY_ANSWERED")


@pytest.mark.parametrize(("before_s", "held_s"), [(1.0, 3.0), (0.1, 0.3), (1.45, 1.6)])
def test_a_press_that_began_before_it_rang_is_no_answer(before_s: float, held_s: float) -> None:
    bed, deadline_us = armed(after_s=60.0)
    bed.run((deadline_us - bed.utc()) / 1e6 - before_s)
    bed.press(held_s)
    bed.run(10.0)
    assert (bed.rises, bed.buzzer) == ([deadline_us], 1)
    bed.press(2.0)
    assert bed.read()["state"] == STATE["OFF"]


def test_a_press_that_began_in_a_snooze_ends_it() -> None:
    bed, _ = armed(after_s=60.0)
    bed.run(70.0)
    bed.press(0.2)
    bed.run(9 * MINUTE_S - 1.2)
    bed.press(2.0)
    assert (len(bed.rises), bed.read()["state"]) == (2, STATE["OFF"])


# the light


def test_the_sun_rises_before_the_alarm_stays_and_goes_with_it() -> None:
    bed, deadline_us = armed(after_s=HOUR_S, sunrise_s=600)
    bed.run(HOUR_S)
    light = [(bed.t0_utc_us + t_us - deadline_us, duty) for t_us, pin, duty in bed.device.pins if pin == "light"]
    assert -600 * SECOND_US < light[0][0] < -580 * SECOND_US and light[0][1] < 10
    assert light[-1] == (0, 65535)
    assert [duty for _, duty in light] == sorted(duty for _, duty in light)
    bed.press(0.2)
    assert bed.light == 65535
    bed.press(2.0)
    assert bed.light == 0


def test_without_a_sunrise_the_light_stays_dark() -> None:
    bed, _ = armed(after_s=60.0)
    bed.run(70.0)
    assert bed.light == 0 and bed.buzzer == 1


# settings


def test_the_side_is_kept_and_read_back() -> None:
    bed = Bedside()
    assert bed.ask(packet.SETTINGS_READ)["side"] == table.Side["UNKNOWN"]
    assert bed.ask(packet.SETTINGS_SET, side=table.Side["RIGHT"])["stored"] == 0
    bed.run(0.1)
    bed.reboot()
    settings = bed.ask(packet.SETTINGS_READ)
    assert (settings["side"], settings["stored"]) == (table.Side["RIGHT"], 1)


def test_an_unknown_side_is_not_taken() -> None:
    bed = Bedside()
    bed.ask(packet.SETTINGS_SET, side=table.Side["LEFT"])
    assert bed.ask(packet.SETTINGS_SET, side=77)["side"] == table.Side["LEFT"]


def test_settings_and_alarm_do_not_touch_each_other() -> None:
    bed, deadline_us = armed()
    bed.ask(packet.SETTINGS_SET, side=table.Side["LEFT"])
    bed.run(0.1)
    bed.reboot()
    assert (bed.read()["set_for_utc_us"], bed.read()["stored"]) == (deadline_us, 1)
    bed.cancel()
    bed.run(0.1)
    bed.reboot()
    assert bed.ask(packet.SETTINGS_READ)["side"] == table.Side["LEFT"]
