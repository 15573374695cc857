"""The device on a virtual Pi: what happens on its pins, line and buses, and what it does when one of them fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.hal.raspberry_pi.board import DeviceLostError
from edge.hal.raspberry_pi.settings import Pins
from edge.live import BUTTON, RADAR_IRQ, SWITCH
from edge.waiting import PollWaiter
from hw_sim.raspberry_pi.virtual_pi import VirtualPi
from tests.pi_device import PiDevice, modules_of
from wire import codec, packet, table

PINS = Pins()
T0_UTC_US = 1_700_000_000_000_000


@pytest.fixture
def pi() -> Iterator[VirtualPi]:
    with VirtualPi("noise") as made:
        yield made


@pytest.fixture
def device(pi: VirtualPi, tmp_path: Path) -> Iterator[PiDevice]:
    with PiDevice(pi, tmp_path, sound="aplay bell.wav") as made:
        yield made


def events(device: PiDevice) -> list[int]:
    """Every event that the firmware is given from now on."""
    given: list[int] = []
    real = device.firmware.step

    def step(now_us: int, event: int) -> int:
        given.append(event)
        return real(now_us, event)

    device.firmware.step = step  # type: ignore[method-assign]
    return given


def ask(device: PiDevice, kind: int, **fields: Any) -> None:
    device.line.to_device += codec.encode(packet.make(kind, {"nonce": 7, **fields}))


def answers(device: PiDevice, kind: int) -> list[Any]:
    return [one for one in codec.Decoder().feed(device.sent) if one.type == kind]


def press(pi: VirtualPi, at_s: float, for_s: float, line: int = 6) -> None:
    pi.at(round(at_s * 1e6), lambda: pi.header.set_input(line, 0))
    pi.at(round((at_s + for_s) * 1e6), lambda: pi.header.set_input(line, 1))


# frames


def test_the_radar_runs_after_its_self_test(device: PiDevice) -> None:
    device.run(5.0)

    assert (device.firmware.driver_state, device.firmware.self_test) == ("running", "passed")
    assert device.firmware.counters()["frames"] > 90
    assert device.said == []


def test_an_edge_of_our_own_access_is_not_an_event(device: PiDevice) -> None:
    given = events(device)
    device.run(5.0)

    assert given.count(RADAR_IRQ) == device.firmware.counters()["frames"] + 1  # and the self test's
    assert device.firmware.counters()["driver_false_irqs"] == 0


def test_switched_to_standby_it_sends_no_chirp(device: PiDevice) -> None:
    device.pi.at(3_000_000, lambda: device.pi.header.set_input(PINS.standby or 0, 0))
    device.run(4.0)
    frames = device.pi.board.chip.counters().frames_from_ring, device.firmware.counters()["frames"]
    device.run(8.0)

    assert device.firmware.uplink_state == "standby"
    assert (device.pi.board.chip.counters().frames_from_ring, device.firmware.counters()["frames"]) == frames


def test_a_press_that_was_over_before_anybody_looked_is_still_one(device: PiDevice) -> None:
    device.run(2.0)
    given = events(device)
    press(device.pi, 3.0, 0.0)
    device.run(4.0)

    assert given.count(BUTTON) == 2


def test_a_switch_that_ends_where_it_began_is_shown_both_ways(device: PiDevice) -> None:
    device.run(2.0)
    given = events(device)
    press(device.pi, 3.0, 0.0, line=PINS.standby or 0)
    device.run(4.0)

    assert (given.count(SWITCH), device.firmware.uplink_state) == (2, "monitoring")


def test_pins_that_are_not_wired_are_at_rest(pi: VirtualPi, tmp_path: Path) -> None:
    with PiDevice(pi, tmp_path, pins=Pins(standby=None, button=None, buzzer=None)) as device:
        device.run(3.0)

        assert (device.board.standby_switch(), device.board.button(), device.board.buzzer(1)) == (0, 0, 0)
        assert device.firmware.driver_state == "running"


def test_at_the_end_the_chip_is_silent_and_the_lines_are_free(pi: VirtualPi, tmp_path: Path) -> None:
    with PiDevice(pi, tmp_path) as device:
        device.run(3.0)
    before = pi.board.chip.counters()
    pi.board.advance(10**9)

    assert pi.board.chip.counters() == before
    assert pi.gpiod.request_lines("/dev/gpiochip0", {25: None, 12: None})


# alarm


def alarm_in(device: PiDevice, seconds: float) -> None:
    """A host that tells the time and sets the alarm."""

    def host(t_us: int) -> None:
        for one in codec.Decoder().feed(device.sent[-400:]):
            if one.type == packet.PONG and t_us < 4_000_000:
                told = {"device_nonce": one.fields["device_nonce"], "utc_us": T0_UTC_US + t_us}
                device.line.to_device += codec.encode(packet.make(packet.TIME, told))
                ask(device, packet.ALARM_SET, set_for_utc_us=T0_UTC_US + round(seconds * 1e6), sunrise_s=0)
        if t_us == 1_000_000:
            ask(device, packet.PING)

    device.pi.host = host


def test_the_buzzer_rings_at_the_set_time_with_the_sound_until_dismissed(device: PiDevice) -> None:
    alarm_in(device, 20.0)
    press(device.pi, 30.0, 2.0)
    device.run(40.0)

    log = [(t_ns / 1e9, level) for t_ns, line, level in device.pi.header.log if line == PINS.buzzer]
    assert [level for _, level in log] == [0, 1, 0]
    assert log[1][0] == pytest.approx(20.0, abs=0.1)
    assert log[2][0] == pytest.approx(31.5, abs=0.1)
    assert [child.command for child in device.children] == [["aplay", "bell.wav"]]
    assert device.children[0].terminated


def test_the_alarm_rings_without_radar_line_and_sound(device: PiDevice) -> None:
    alarm_in(device, 20.0)
    device.run(6.0)

    def broken(*_: Any) -> Any:
        raise OSError(errno.EIO, "Input/output error")

    device.board.spi.xfer = broken  # type: ignore[method-assign]
    device.line.room = 0
    device.board.sound._start = broken
    device.run(25.0)

    assert (PINS.buzzer, 1) in [(line, level) for _, line, level in device.pi.header.log]
    assert any("spi_xfer: " in line and "told once" in line for line in device.said)


def test_the_alarm_is_in_the_file_after_a_restart(device: PiDevice, tmp_path: Path) -> None:
    alarm_in(device, 600.0)
    device.run(10.0)
    ask(device, packet.ALARM_READ)
    device.run(11.0)
    stored = answers(device, packet.ALARM_STATE)[-1].fields
    device.board.close()

    with VirtualPi("noise") as again, PiDevice(again, tmp_path) as second:
        second.run(3.0)
        ask(second, packet.ALARM_READ)
        second.run(4.0)
        found = answers(second, packet.ALARM_STATE)[-1].fields

    assert stored["stored"] == 1
    assert (found["stored"], found["set_for_utc_us"]) == (1, T0_UTC_US + 600_000_000)
    assert table.AlarmState(found["state"]).name == "ARMED"


# buses that fail


def test_a_bus_that_fails_for_a_while_is_told_once_and_comes_back(device: PiDevice) -> None:
    device.run(3.0)
    real = device.board.spi.xfer

    def failing(*_: Any) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    device.pi.at(3_500_000, lambda: setattr(device.board.spi, "xfer", failing))
    device.pi.at(6_000_000, lambda: setattr(device.board.spi, "xfer", real))
    device.run(20.0)

    assert (device.firmware.driver_state, len(device.said)) == ("running", 1)
    assert device.board.errors["spi_xfer"] > 1


@pytest.mark.parametrize("number", [errno.ENODEV, errno.ESHUTDOWN])
def test_a_device_file_that_is_gone_ends_it(device: PiDevice, number: int) -> None:
    device.run(3.0)

    def gone(*_: Any) -> bytes:
        raise OSError(number, os.strerror(number))

    device.board.spi.xfer = gone  # type: ignore[method-assign]
    with pytest.raises(DeviceLostError, match="device lost: spi_xfer"):
        device.run(5.0)


def test_a_bug_in_a_callback_is_raised_by_the_loop(device: PiDevice) -> None:
    def bug(*_: Any) -> bytes:
        raise KeyError("ours")

    device.board.spi.xfer = bug  # type: ignore[method-assign]
    with pytest.raises(KeyError, match="ours"):
        device.run(5.0)


def test_a_card_that_is_full_is_told_and_the_device_goes_on(device: PiDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    device.run(2.0)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("edge.hal.raspberry_pi.flash_file.replace", full)
    ask(device, packet.SETTINGS_SET, side=1)
    device.run(8.0)

    assert any("cannot be written: No space left on device" in line for line in device.said)
    assert device.firmware.driver_state == "running"


def test_without_i2c_it_goes_on_and_says_so(tmp_path: Path) -> None:
    with VirtualPi("noise", i2c=False) as pi, PiDevice(pi, tmp_path) as device:
        device.run(3.0)

        assert device.firmware.driver_state == "running"
        assert "I2C is not enabled" in device.said[0] and "going on without" in device.said[0]


# line, watchdog, waiting


def test_a_slow_line_gets_everything_in_pieces(device: PiDevice) -> None:
    device.line.room = 5
    ask(device, packet.HOST_HELLO, utc_us=T0_UTC_US)
    device.run(8.0)

    assert all(len(data) <= 5 for _, data in device.line.sent)
    assert len(answers(device, packet.HELLO)) == 4  # three announcements and the answer


def test_many_bytes_at_once_are_all_read(device: PiDevice) -> None:
    device.run(1.0)
    ping = codec.encode(packet.make(packet.PING, {"nonce": 9}))
    device.line.to_device += ping * 400
    device.run(9.0)

    assert device.board.waiting() == 0
    assert len(answers(device, packet.PONG)) > 1


class Heard:
    """A notification socket that only remembers."""

    def __init__(self, pi: VirtualPi) -> None:
        self._pi = pi
        self.feeds_us: list[int] = []
        self.watchdog_us = 0

    def say(self, *lines: str) -> None:
        if "WATCHDOG=1" in lines:
            self.feeds_us.append(self._pi.now_us())


def heard(device: PiDevice) -> Heard:
    made = Heard(device.pi)
    device.board.world = replace(device.board.world, notify=made)  # type: ignore[arg-type]
    return made


def test_the_watchdog_is_fed_long_before_systemd_loses_patience(device: PiDevice) -> None:
    watchdog = heard(device)
    device.run(60.0)

    steps = [b - a for a, b in zip(watchdog.feeds_us, watchdog.feeds_us[1:], strict=False)]
    assert len(steps) > 10
    assert min(steps) >= 1_000_000 and max(steps) <= 10_000_000


def test_a_loop_that_stands_still_is_not_fed(device: PiDevice) -> None:
    watchdog = heard(device)
    device.run(3.0)
    fed = len(watchdog.feeds_us)
    device.pi.board.advance(60 * 10**9)  # a step that does not return

    assert len(watchdog.feeds_us) == fed


def test_the_loop_feeds_the_watchdog_of_a_firmware_that_has_none_and_no_other(device: PiDevice) -> None:
    watchdog = heard(device)
    board = device.board
    board.alive()
    before = len(watchdog.feeds_us)
    board.watchdog_start(8000)
    device.pi.board.advance(5 * 10**9)
    begun = len(watchdog.feeds_us)
    board.alive()

    assert (before, len(watchdog.feeds_us)) == (1, begun)


def test_the_reset_cause_is_how_the_last_run_ended(pi: VirtualPi, tmp_path: Path) -> None:
    with PiDevice(pi, tmp_path) as first:
        causes = [first.board.reset_cause()]
    with PiDevice(pi, tmp_path) as second:
        causes.append(second.board.reset_cause())
    PiDevice(pi, tmp_path).board.pins.request.release()  # a process that died: nothing was closed
    with PiDevice(pi, tmp_path) as third:
        causes.append(third.board.reset_cause())

    assert causes == [0, 1, 2]


def test_the_real_waiter_wakes_for_bytes_and_for_the_end() -> None:
    reads, writes = os.pipe()
    waiter = PollWaiter(lambda: [reads])
    os.write(writes, b"x")
    waiter.wait(waiter.now_us() + 60_000_000)
    os.read(reads, 1)
    waiter.stop()
    waiter.wait(waiter.now_us() + 60_000_000)
    took_us = waiter.now_us()
    for fd in (reads, writes):
        os.close(fd)
    waiter.close()

    assert waiter.stopped and took_us < 30_000_000


def test_look_alikes_stand_where_the_libraries_stand(pi: VirtualPi) -> None:
    found = modules_of(pi)
    used: dict[Any, tuple[str, ...]] = {
        found.spi: ("open", "close", "xfer2", "xfer3", "mode", "bits_per_word", "max_speed_hz"),
        found.gpiod: ("request_lines", "Chip", "LineSettings", "line"),
        found.smbus2: ("SMBus", "i2c_msg"),
    }
    missing = [(thing, name) for thing, names in used.items() for name in names if not hasattr(thing, name)]

    assert missing == []
