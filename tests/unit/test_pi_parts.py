"""Around the Pi's pins: clock, sound, light, settings, what systemd is told, how the last run ended."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edge.hal.raspberry_pi import kernel, light
from edge.hal.raspberry_pi.i2c import CONTROL_2, PORF, STATUS, UNIX_TIME, PiI2c, SystemClock
from edge.hal.raspberry_pi.settings import PiSettings, SettingsError, parse_pins
from edge.hal.raspberry_pi.sound import AGAIN_US, KILL_US, Sound, missing
from edge.hal.raspberry_pi.troubles import PiTrouble
from hw_sim.raspberry_pi.virtual_pi import VirtualPi
from tests.pi_device import FakeChild
from wire import host_clock

UTC_US = 1_700_000_000_250_000


def unix_s(clock: SystemClock) -> int:
    return int.from_bytes(clock.transfer(bytes([UNIX_TIME]), 4), "little")


# clock


@pytest.mark.parametrize(("synchronised", "flag"), [(True, 0), (False, PORF)])
def test_the_kernels_clock_counts_only_when_it_follows_a_server(synchronised: bool, flag: int) -> None:
    clock = SystemClock(lambda: UTC_US, lambda: synchronised)

    assert (clock.transfer(bytes([STATUS]), 1)[0], unix_s(clock)) == (flag, UTC_US // 1_000_000)


def test_what_the_host_sets_counts_from_the_full_second_on() -> None:
    now = [UTC_US]
    clock = SystemClock(lambda: now[0], lambda: False)
    clock.transfer(bytes([UNIX_TIME]) + (1_800_000_000).to_bytes(4, "little"), 0)
    clock.transfer(bytes([CONTROL_2, 1]), 0)
    clock.transfer(bytes([STATUS, 0]), 0)
    now[0] += 999_999
    before = unix_s(clock)
    now[0] += 1

    assert (before, unix_s(clock), clock.transfer(bytes([STATUS]), 1)) == (1_800_000_000, 1_800_000_001, b"\0")


def test_a_clock_chip_goes_before_the_kernels_clock() -> None:
    with VirtualPi() as pi:
        pi.parts.set_clock(1_600_000_000_000_000)
        bus = PiI2c(pi.smbus2.SMBus(1), pi.smbus2.i2c_msg, SystemClock(lambda: UTC_US, lambda: True))

        assert bus.has_clock_chip
        assert bus.transfer(0x52, bytes([UNIX_TIME]), 4) == (1_600_000_000).to_bytes(4, "little")


def test_without_a_clock_chip_the_kernels_clock_stands_in() -> None:
    with VirtualPi(absent=frozenset({0x52})) as pi:
        bus = PiI2c(pi.smbus2.SMBus(1), pi.smbus2.i2c_msg, SystemClock(lambda: UTC_US, lambda: True))

        assert (bus.has_clock_chip, bus.transfer(0x52, bytes([STATUS]), 1)) == (False, b"\0")


def test_a_part_that_is_absent_acknowledges_nothing() -> None:
    with VirtualPi() as pi:
        bus = PiI2c(pi.smbus2.SMBus(1), pi.smbus2.i2c_msg, SystemClock(lambda: UTC_US, lambda: True))

        assert bus.transfer(0x11, b"\0", 1) is None


# sound


def sound_of(**child: object) -> tuple[Sound, list[FakeChild], list[str]]:
    children: list[FakeChild] = []
    said: list[str] = []

    def start(command: object) -> FakeChild:
        children.append(FakeChild(command, **child))  # type: ignore[arg-type]
        return children[-1]

    return Sound("aplay -q 'a b.wav'", start, said.append), children, said


def test_a_sound_goes_on_until_the_alarm_ends() -> None:
    sound, children, _ = sound_of(lasts=3)
    sound.ring(1)
    for tick in range(10):
        sound.tick(tick * AGAIN_US)
    started = len(children)
    sound.ring(0)
    sound.tick(10 * AGAIN_US)
    sound.tick(20 * AGAIN_US)

    assert (started > 2, len(children), children[0].command) == (True, started, ["aplay", "-q", "a b.wav"])
    assert children[-1].terminated


def test_a_sound_that_does_not_end_when_told_is_killed() -> None:
    sound, children, _ = sound_of(stubborn=True)
    sound.ring(1)
    sound.tick(0)
    sound.ring(0)
    wants = sound.tick(1000)
    sound.tick(1000 + KILL_US)

    assert wants is not None and wants <= 1000 + KILL_US
    assert children[0].killed


def test_a_sound_that_cannot_start_is_told_once_and_tried_again() -> None:
    said: list[str] = []
    tries = []

    def start(command: object) -> FakeChild:
        tries.append(command)
        raise FileNotFoundError(2, "No such file or directory")

    sound = Sound("nothere", start, said.append)
    sound.ring(1)
    for tick in range(5):
        sound.tick(tick * AGAIN_US)

    assert (len(tries), len(said)) == (5, 1)
    assert "the buzzer's pin rings alone" in said[0]


def test_no_command_asks_for_nothing() -> None:
    sound = Sound("", lambda command: FakeChild(command), print)
    sound.ring(1)

    assert (sound.tick(0), sound.starts) == (None, 0)


@pytest.mark.parametrize(("command", "word"), [("", ""), ("sh -c true", ""), ("no-such-player x", "no-such-player")])
def test_a_missing_player_is_named(command: str, word: str) -> None:
    assert missing(command) == word


# light


def pwm(folder: Path, channels: int) -> Path:
    for channel in range(channels):
        one = folder / f"class/pwm/pwmchip0/pwm{channel}"
        one.mkdir(parents=True)
        for name in ("period", "duty_cycle", "enable"):
            (one / name).write_text("0")
    return folder


def duties(folder: Path, channels: int) -> list[int]:
    return [int((folder / f"class/pwm/pwmchip0/pwm{n}/duty_cycle").read_text()) for n in range(channels)]


def test_three_channels_take_a_colour_each(tmp_path: Path) -> None:
    lamp = light.open_light("pwm:0:0,1,2", pwm(tmp_path, 3), int)
    lamp.set((65535, 32768, 0))

    assert duties(tmp_path, 3) == [1_000_000, 500_007, 0]


def test_one_channel_takes_the_brightest(tmp_path: Path) -> None:
    light.open_light("pwm:0:0", pwm(tmp_path, 1), int).set((100, 65535, 5))

    assert duties(tmp_path, 1) == [1_000_000]


def test_a_line_is_on_from_half_on() -> None:
    levels: list[int] = []
    lamp = light.open_light("gpio:18", Path("/none"), lambda level: levels.append(level) or 0)  # type: ignore[func-returns-value]
    for duty in (0, 32767, 32768, 65535):
        lamp.set((duty, 0, 0))

    assert levels == [0, 0, 1, 1]


def test_pwm_that_is_not_enabled_names_the_overlay(tmp_path: Path) -> None:
    with pytest.raises(PiTrouble, match="PWM is not enabled; put dtoverlay=pwm-2chan"):
        light.open_light("pwm:0:0", tmp_path, int)


@pytest.mark.parametrize("text", ["lamp", "pwm", "pwm:0", "pwm:0:0,1", "pwm:x:0", "gpio:99", "gpio:x"])
def test_another_light_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="light: expected"):
        light.open_light(text, tmp_path, int)


# settings


def test_pins_are_named_by_what_differs() -> None:
    pins = parse_pins("reset=7, button=none")

    assert pins.wired() == {"reset": 7, "interrupt": 25, "standby": 5, "buzzer": 16}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rst=7", "expected NAME=NUMBER"),
        ("reset=99", "0..53"),
        ("reset=25", "used twice"),
        ("reset=none", "always wired"),
    ],
)
def test_impossible_pins_are_refused(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        parse_pins(text)


@pytest.mark.parametrize("hz", [0, 999_999, 25_000_001])
def test_a_bus_clock_the_chip_cannot_do_is_refused(hz: int) -> None:
    with pytest.raises(SettingsError, match="spi-hz: expected 1000000..25000000"):
        PiSettings(spi_hz=hz)


def test_a_sound_that_is_no_command_line_is_refused() -> None:
    with pytest.raises(SettingsError, match="sound: expected a command line"):
        PiSettings(sound="aplay 'a")


# the kernel, systemd


def test_systemd_is_told_in_lines(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        notify = kernel.Notify({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"})
        notify.say("READY=1", "STATUS=fine")

        assert (systemd.recv(100), notify.watchdog_us) == (b"READY=1\nSTATUS=fine", 30_000_000)
        notify.close()


def test_without_systemd_nothing_is_told() -> None:
    notify = kernel.Notify({})
    notify.say("READY=1")

    assert notify.watchdog_us == 0


@pytest.mark.parametrize(
    ("boot", "clean", "cause"),
    [
        ("b1", False, kernel.RESET_WATCHDOG),
        ("b1", True, kernel.RESET_PIN),
        ("b2", False, kernel.RESET_POWER),
        ("b2", True, kernel.RESET_POWER),
    ],
)
def test_how_the_last_run_ended_is_remembered(tmp_path: Path, boot: str, clean: bool, cause: int) -> None:
    last = kernel.LastRun(tmp_path / "state", "b1")
    if clean:
        last.close()

    assert kernel.LastRun(tmp_path / "state", boot).reset_cause == cause


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"boot": "b1"}'])
def test_a_first_run_is_a_power_on(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "state").write_text(text)

    assert kernel.LastRun(tmp_path / "state", "b1").reset_cause == kernel.RESET_POWER


def test_the_kernel_says_whether_its_clock_follows_a_server() -> None:
    assert host_clock.synchronised() in (True, False)
