"""Orders of the host: taken once, read back, kept over a reboot where that makes sense; the hand at the device wins."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from tests.alarm_bed import HOUR_S, MINUTE_S, Bedside, armed, late_us
from wire import packet, table, values
from wire.packet import Packet

ffi, lib = load()
STATE, REASON = table.AlarmState, table.Reason
SWITCH, COMMAND = int(table.Standby["SWITCH"]), int(table.Standby["COMMAND"])
ANY_TIME = lib.SW_KEEPER_ANY_TIME


def confident(out: dict[str, Any]) -> None:
    out["confidence"] = 220


class Awake(Bedside):
    """A device that is not in standby, without anybody in front."""

    def __init__(self, **more: Any) -> None:
        super().__init__(standby=0, think=more.pop("think", lambda out: None), **more)

    def order(self, on: int) -> dict[str, Any]:
        found = self.ask(packet.STANDBY, on=on)
        self.run(0.5)
        return found

    @property
    def orders(self) -> dict[str, Any]:
        return self.ask(packet.ORDERS_READ)

    @property
    def state(self) -> str:
        return str(self.device.fw.uplink_state)

    def transitions(self) -> list[values.Transition]:
        """In the order they were made, whenever they were sent."""
        found = [values.transition(one) for one in self.heard if one.type == packet.TRANSITION]
        return sorted(found, key=lambda one: one.t_us)


# standby by command


def test_standby_by_command_ends_streaming_says_why_and_sends_no_chirp() -> None:
    bed = Awake(think=confident).run(12.0)
    assert bed.state == "streaming"
    bed.order(1)
    assert (bed.state, bed.transitions()[-1].reason) == ("standby", "standby by command of the host")
    sent = len(bed.heard)
    bed.run(60.0)
    assert not bed.device.chip.transmitting and len(bed.heard) == sent
    bed.order(0)
    bed.run(10.0)
    assert bed.state == "streaming" and bed.transitions()[-1].silent_reason == "standby by command of the host"


def test_the_order_is_read_back_from_flash_and_kept_over_a_reboot() -> None:
    bed = Awake().run(8.0)
    bed.order(1)
    assert (bed.orders["standby"], bed.orders["stored"]) == (COMMAND, 1)
    bed.reboot()
    bed.run(12.0)
    assert (bed.state, bed.orders["standby"]) == ("standby", COMMAND) and not bed.device.chip.transmitting


@pytest.mark.parametrize("on", [0, 1])
def test_nothing_is_sent_before_the_flash_was_read(on: int) -> None:
    bed = Awake().run(8.0)
    bed.order(on)
    device, reads = bed.device, bed.device._flash_read
    answers_us = device.now_us + 400_000
    slow = lambda *given: -1 if device.now_us < answers_us else reads(*given)  # noqa: E731
    device._flash_read = slow  # type: ignore[method-assign]
    device._callbacks += device._bind()
    bed.reboot()
    bed.run(0.2)
    assert not device.fw.state.keeper.loaded and device.fw.state.driver.state == lib.SW_DRIVER_SLEEPING
    bed.run(8.0)
    assert (bed.state, device.chip.transmitting) == (("standby", False) if on else ("monitoring", True))


@pytest.mark.parametrize("on", [0, 1])
def test_the_switch_wins(on: int) -> None:
    bed = Awake().run(8.0)
    bed.device.switch(1)
    bed.run(1.0)
    found = bed.order(on)
    assert bed.state == "standby" and found["standby"] == (SWITCH | COMMAND if on else SWITCH)
    assert found["reason"] == (REASON["NONE"] if on else REASON["STANDBY_SWITCH"])


def test_moving_the_switch_to_off_ends_a_commanded_standby_for_good() -> None:
    bed = Awake().run(8.0)
    bed.order(1)
    for level in (1, 0):
        bed.device.switch(level)
        bed.run(1.0)
    assert (bed.state, bed.orders["standby"], bed.orders["stored"]) == ("monitoring", 0, 1)
    bed.reboot()
    bed.run(10.0)
    assert bed.state == "monitoring"


def test_the_switch_that_is_moved_during_a_commanded_standby_is_the_silences_reason() -> None:
    bed = Awake(think=confident).run(12.0)
    bed.order(1)
    for level in (1, 0):
        bed.device.switch(level)
        bed.run(1.0)
    bed.run(10.0)
    assert bed.transitions()[-1].silent_reason == "standby switch"


@pytest.mark.parametrize("reboots", [0, 1])
def test_a_commanded_standby_silences_no_alarm(reboots: int) -> None:
    bed, deadline_us = armed(after_s=HOUR_S, standby=0, think=lambda out: None)
    bed.ask(packet.STANDBY, on=1)
    bed.run(1.0)
    for _ in range(reboots):
        bed.reboot()
    bed.run(1.1 * HOUR_S)
    assert bed.device.fw.uplink_state == "standby" and -10_000 <= late_us(bed, deadline_us) <= 10_000


def test_an_order_that_means_nothing_is_refused() -> None:
    bed = Awake().run(8.0)
    assert (bed.order(2)["reason"], bed.state) == (REASON["NOT_POSSIBLE"], "monitoring")


# an order is taken once


def send_again(bed: Bedside, question: Packet) -> Packet:
    """The last answer to a question that is sent as it is."""
    bed.device.host(question)
    bed.run(0.001)
    return bed.heard[-1]


def test_an_order_that_comes_again_is_answered_and_changes_nothing() -> None:
    bed = Awake().run(8.0)
    on = packet.make(packet.STANDBY, {"nonce": 990, "on": 1})
    send_again(bed, on)
    bed.order(0)
    late = send_again(bed, on)
    assert (late.fields["nonce"], late.fields["standby"], bed.state) == (990, 0, "monitoring")


def test_an_alarm_that_was_cancelled_is_not_set_by_a_late_copy_of_its_set() -> None:
    bed = Bedside()
    bed.tell_time()
    wanted = packet.make(packet.ALARM_SET, {"nonce": 990, "set_for_utc_us": bed.utc(HOUR_S), "sunrise_s": 0})
    send_again(bed, wanted)
    bed.cancel()
    assert send_again(bed, wanted).fields["state"] == STATE["OFF"]


# snooze


def ringing() -> Bedside:
    bed, _ = armed(after_s=60.0)
    return bed.run(60.0)


def test_a_snooze_by_command_is_one_of_nine_minutes() -> None:
    bed = ringing()
    found = bed.ask(packet.SNOOZE)
    assert (found["state"], found["reason"] != 0, bed.buzzer) == (STATE["SNOOZED"], True, 0)
    assert bed.events()[-1][:3] == ("SNOOZED", "CLOUD", "COMMAND")
    bed.run(9 * MINUTE_S - 1.0)
    assert bed.buzzer == 0
    assert bed.run(2.0).buzzer == 1


def test_a_second_snooze_makes_it_no_longer() -> None:
    bed = ringing()
    bed.ask(packet.SNOOZE)
    bed.run(5 * MINUTE_S)
    assert bed.ask(packet.SNOOZE)["state"] == STATE["SNOOZED"]
    assert bed.run(4 * MINUTE_S + 1.0).buzzer == 1


def test_a_late_copy_of_a_snooze_silences_no_later_ring() -> None:
    bed = ringing()
    once = packet.make(packet.SNOOZE, {"nonce": 990})
    send_again(bed, once)
    bed.run(9 * MINUTE_S + 1.0)
    assert send_again(bed, once).fields["state"] == STATE["RINGING"] and bed.buzzer == 1


def test_where_nothing_rings_a_snooze_is_refused() -> None:
    bed, _ = armed(after_s=HOUR_S)
    assert bed.ask(packet.SNOOZE)["reason"] == REASON["NOT_RINGING"]
    bed.cancel()
    assert bed.ask(packet.SNOOZE)["reason"] == REASON["NOT_ARMED"]


# the wake window


def window(bed: Bedside, seconds: int) -> dict[str, Any]:
    bed.ask(packet.WAKE_WINDOW, wake_window=seconds)
    bed.run(0.5)
    return bed.ask(packet.ORDERS_READ)


def test_without_an_order_the_host_may_ring_at_any_time() -> None:
    bed, _ = armed(after_s=8 * HOUR_S)
    assert bed.ask(packet.ORDERS_READ)["wake_window"] == ANY_TIME
    assert bed.ring(bed.utc(60.0))["reason"] == REASON["NONE"]


@pytest.mark.parametrize(("before_s", "reason"), [(1801, "TOO_EARLY"), (1799, "NONE")])
def test_a_ring_is_taken_inside_the_window_only(before_s: int, reason: str) -> None:
    bed, deadline_us = armed(after_s=8 * HOUR_S)
    assert window(bed, 1800)["wake_window"] == 1800
    found = bed.ring(deadline_us - before_s * 1_000_000)
    assert (found["reason"], found["next_ring_utc_us"] == deadline_us) == (REASON[reason], reason == "TOO_EARLY")


def test_a_window_of_nothing_leaves_the_set_time_alone() -> None:
    bed, deadline_us = armed(after_s=HOUR_S)
    window(bed, 0)
    bed.run(HOUR_S - MINUTE_S)
    assert bed.ring(0)["reason"] == REASON["TOO_EARLY"]
    bed.run(2 * MINUTE_S)
    assert bed.rises == [deadline_us]


def test_the_window_outlives_a_reboot() -> None:
    bed, deadline_us = armed(after_s=8 * HOUR_S)
    window(bed, 600)
    bed.reboot()
    bed.run(2.0)
    assert bed.ask(packet.ORDERS_READ)["wake_window"] == 600
    assert bed.ring(deadline_us - 700_000_000)["reason"] == REASON["TOO_EARLY"]


# the night light


def light(bed: Bedside, level: int, duration: int = 0) -> dict[str, Any]:
    return bed.ask(packet.NIGHT_LIGHT, night_light=level, duration=duration)


def test_a_night_light_is_red_and_goes_out_by_itself() -> None:
    bed = Bedside()
    found = light(bed, 60, 600)
    assert (found["night_light"], found["light_left"]) == (60, 600)
    colour = {pin: value for _, pin, value in bed.device.pins}
    assert colour["red"] > 4 * colour.get("green", 0) > 0
    bed.run(599.0)
    assert bed.light > 0 and bed.ask(packet.ORDERS_READ)["light_left"] == 1
    assert bed.run(1.1).light == 0 and bed.ask(packet.ORDERS_READ)["night_light"] == 0


def test_without_a_duration_it_burns_half_an_hour() -> None:
    bed = Bedside()
    assert light(bed, 255)["light_left"] == 1800
    assert light(bed, 0)["night_light"] == 0 and bed.light == 0


def test_a_night_light_is_not_kept_over_a_reboot() -> None:
    bed = Bedside()
    light(bed, 100)
    bed.reboot()
    assert bed.light == 0 and bed.ask(packet.ORDERS_READ)["night_light"] == 0


def test_sunrise_and_ring_outshine_it_and_it_outlasts_them() -> None:
    bed, _ = armed(after_s=600.0, sunrise_s=300)
    light(bed, 20, 3600)
    night = bed.light
    bed.run(599.0)
    assert bed.light > 60_000
    bed.run(5.0)
    bed.press(2.0)
    assert bed.light == night


def test_an_order_of_light_does_not_touch_the_alarm() -> None:
    bed, deadline_us = armed(after_s=600.0)
    light(bed, 255, 300)
    bed.run(700.0)
    assert bed.rises == [deadline_us]
