"""The alarm as user and host meet it: stored before it is said to be armed, asked, snoozed, dismissed, lit."""

from __future__ import annotations

import pytest

from edge.core import load
from tests.alarm_bed import HOUR_S, MINUTE_S, Bedside, armed, late_us
from wire import packet, table

ffi, lib = load()
STATE, REASON, BY = table.AlarmState, table.Reason, table.AlarmMaker
SECOND_US = 1_000_000
SLOTS = lib.SW_STORE_SLOTS
QUESTIONS = {
    packet.ALARM_SET: {"set_for_utc_us": 1, "sunrise_s": 0},
    packet.ALARM_CANCEL: {},
    packet.ALARM_READ: {},
    packet.RING: {"utc_us": 1},
    packet.SETTINGS_SET: {"side": 1},
    packet.SETTINGS_READ: {},
}


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
@pytest.mark.parametrize("records", [1, SLOTS - 2, SLOTS - 1, SLOTS])
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
    assert (len(changed) > lib.SW_STORE_SLOT_BYTES) == (records == SLOTS)  # a record, or a sector that is erased for it
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
