"""`stillwave standby`, `light`, `alarm snooze` and `--window` against the firmware itself: said is what it has."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from front import alarm, orders
from front.alarm import AlarmError
from front.config import Config
from front.env import InputError
from tests.device import Device

ffi, lib = load()
T0_UTC_US = 1_768_516_200_000_000  # 2026-01-15T22:30Z


class Port:
    """A line to a device in virtual time; opened by any name."""

    def __init__(self, device: Device) -> None:
        self.device, self.port = device, "/dev/test"

    def __enter__(self) -> Port:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, data: bytes) -> None:
        self.device.inbox += data
        self.device.host()

    def read(self, timeout_s: float) -> bytes:
        for _ in range(20):
            self.device.run(timeout_s / 20)
            if self.device.sent:
                break
        found = bytes(self.device.sent)
        self.device.sent.clear()
        return found

    def now_us(self) -> int:
        return T0_UTC_US + self.device.now_us


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Port:
    made = Port(Device(think=lambda out: None))
    made.device.run(8.0)
    made.device.sent.clear()
    for module in (alarm, orders):
        monkeypatch.setattr(module, "Transport", lambda _: made)
    return made


def standby(port: Port, action: str) -> dict[str, Any]:
    return orders.standby(action, port.port, port.now_us, True)


def light(port: Port, level: str, minutes: float = 30.0) -> dict[str, Any]:
    return orders.light(level, minutes, port.port, port.now_us, True)


def ask(port: Port, action: str, at: str | None = None, window: float | None = None) -> dict[str, Any]:
    first = orders.window(action, window)
    return alarm.command(action, at, port.port, "UTC", Config(), port.now_us, first, True)[0]


def test_standby_is_ordered_read_back_and_taken_back(port: Port) -> None:
    found = standby(port, "on")
    assert (found["standby"], found["standby_by"], found["stored"]) == (True, ["command"], True)
    assert port.device.fw.uplink_state == "standby"
    assert orders.standby_text(found) == "in standby, by command; an armed alarm rings all the same"
    assert orders.standby_text(standby(port, "off")) == "not in standby"


def test_the_switch_that_wins_is_an_error_that_says_so(port: Port) -> None:
    port.device.switch(1)
    port.device.run(0.1)
    with pytest.raises(AlarmError, match="/dev/test: still in standby: standby switch"):
        standby(port, "off")
    assert standby(port, "show")["standby_by"] == ["switch"]


def test_what_the_flash_does_not_take_is_an_error(port: Port) -> None:
    port.device.flash_refuses = True
    with pytest.raises(AlarmError, match="a reboot forgets it"):
        standby(port, "on")


def test_the_night_light_burns_for_its_minutes(port: Port) -> None:
    found = light(port, "40", 10.0)
    assert orders.light_text(found) == "the night light burns at 40 %, 10 min more"
    assert found["night_light_left_s"] == 600 and port.device.pins
    assert orders.light_text(light(port, "off")) == "the night light is off"
    assert light(port, "show")["night_light_left_s"] == 0


@pytest.mark.parametrize(("level", "minutes"), [("-1", 30.0), ("nan", 30.0), ("50", 0.0), ("50", 1e9), ("", 30.0)])
def test_a_light_that_is_none_is_refused_before_the_port_is_opened(port: Port, level: str, minutes: float) -> None:
    with pytest.raises(InputError):
        light(port, level, minutes)
    assert port.device.pins == []


def test_the_window_is_ordered_before_the_alarm(port: Port) -> None:
    found = ask(port, "set", "07:00", 20.0)
    assert (found["state"], found["stored"]) == ("armed", True)
    assert standby(port, "show")["wake_window_s"] == 1200


def test_a_snooze_where_nothing_rings_is_an_error(port: Port) -> None:
    with pytest.raises(AlarmError, match="not snoozed: no alarm is armed"):
        ask(port, "snooze")


def test_a_ringing_alarm_is_snoozed(port: Port) -> None:
    ask(port, "set", "22:31")
    port.device.run(60.0)
    assert ask(port, "snooze")["state"] == "snoozed"
