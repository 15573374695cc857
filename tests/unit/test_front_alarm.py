"""`stillwave alarm`: what is shown is what the device's flash holds, and every failure is a line."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from front import alarm
from front.alarm import AlarmError, Device
from front.config import Config
from front.local_time import system_zone
from front.night import live_options
from tests.bedside import Bedside
from wire import codec, packet, trust
from wire.transport import Transport, TransportError

NOW_US = 1_768_516_200_000_000  # 2026-01-15T22:30Z
SEVEN = datetime.time(7, 0)


@dataclass
class Port:
    """A line to a bedside device; a read takes its timeout of the clock. loses: so many packets of the host first."""

    bedside: Bedside
    loses: int = 0
    port: str = "/dev/test"
    now_us: int = NOW_US
    _answers: list[bytes] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        for one in codec.Decoder().feed(data):
            if self.loses:
                self.loses -= 1
            elif one.type == packet.TIME:
                self.bedside.clock = one.fields == {"device_nonce": 5, "utc_us": self.now_us}
            else:
                self._answers.append(codec.encode(self.bedside.answer(one)))

    def read(self, timeout_s: float) -> bytes:
        self.now_us += round(timeout_s * 1e6) if not self._answers else 1000
        return self._answers.pop(0) if self._answers else b""


def device(bedside: Bedside, loses: int = 0) -> Device:
    port = Port(bedside, loses)
    return Device(cast(Transport, port), lambda: port.now_us, trust.EMULATED)


def test_an_alarm_is_set_for_the_next_such_time_after_the_clock_was_told() -> None:
    found = alarm.set_alarm(device(Bedside(clock=False)), SEVEN, "Europe/Berlin", 600)
    assert (found["state"], found["stored"], found["set_for_utc"]) == ("armed", True, "2026-01-16T06:00:00Z")
    assert found["sunrise_s"] == 600
    said = alarm.as_text(found, "Europe/Berlin")
    assert said == "armed for 07:00 (Europe/Berlin), read back from the device's flash"


def test_questions_are_repeated_on_a_line_that_loses_them() -> None:
    bedside = Bedside(clock=True)
    assert alarm.set_alarm(device(bedside, loses=3), SEVEN, "UTC", 0)["stored"]


def test_flash_that_takes_its_time_is_waited_for() -> None:
    assert alarm.set_alarm(device(Bedside(stores_after=8)), SEVEN, "UTC", 0)["stored"]


def test_what_is_not_read_back_from_flash_is_not_armed() -> None:
    with pytest.raises(AlarmError, match="/dev/test: not armed: flash cannot be written"):
        alarm.set_alarm(device(Bedside(flash_fails=True)), SEVEN, "UTC", 0)


def test_a_device_that_has_no_clock_in_spite_of_all_refuses() -> None:
    bedside = Bedside(clock=False)
    with pytest.raises(AlarmError, match="not set: the clock is not set"):
        alarm.set_alarm(Device(cast(Transport, Port(bedside)), lambda: next(late), trust.EMULATED), SEVEN, "UTC", 0)


late = iter(range(NOW_US, NOW_US + 1_000_000, 7))  # a clock of which no two readings are equal


def test_an_alarm_is_cancelled_and_none_is_no_error() -> None:
    bedside = Bedside(set_for=NOW_US + 1)
    for _ in range(2):
        assert alarm.as_text(alarm.cancel_alarm(device(bedside)), "UTC") == "no alarm is set"


def test_an_alarm_that_cannot_be_cancelled_is_told() -> None:
    with pytest.raises(AlarmError, match="not cancelled"):
        alarm.cancel_alarm(device(Bedside(set_for=NOW_US + 1, keeps=True)))


def test_a_port_without_a_device_is_a_lost_one() -> None:
    with pytest.raises(TransportError, match="no answer from a device") as caught:
        alarm.show_alarm(device(Bedside(), loses=10_000))
    assert caught.value.lost


def test_the_text_says_when_it_rang_and_why() -> None:
    found = {
        "state": "snoozed", "stored": True, "set_for_utc": "2026-01-16T06:00:00Z", "rang_at_utc": "2026-01-16T05:54:00Z",
        "rung_by": "cloud", "reason": "the host asked for an early ring",
    }  # fmt: skip
    assert alarm.as_text(found, "UTC").endswith("; rang at 05:54, rung by the cloud: the host asked for an early ring")


@pytest.mark.parametrize(
    ("environ", "link", "zone"),
    [
        ({"TZ": "Asia/Kathmandu"}, "/usr/share/zoneinfo/Europe/Berlin", "Asia/Kathmandu"),
        ({"TZ": ":Asia/Kathmandu"}, "", "Asia/Kathmandu"),
        ({}, "/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"),
        ({"TZ": "nowhere/at/all"}, "/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"),
        ({}, "/etc/some/file", "UTC"),
    ],
)
def test_the_zone_of_the_computer(environ: dict[str, str], link: str, zone: str, tmp_path: Path) -> None:
    localtime = tmp_path / "localtime"
    if link:
        localtime.symlink_to(link)
    assert system_zone(environ, localtime) == zone


def test_the_live_process_gets_the_time_of_every_day() -> None:
    assert live_options(Config(), "7:00", "right", "Europe/Berlin") == [
        "--side", "right", "--tz", "Europe/Berlin", "--alarm", "07:00", "--sunrise", "1800",
    ]  # fmt: skip
    assert live_options(Config(), None, None, "UTC") == ["--side", "left", "--tz", "UTC"]
