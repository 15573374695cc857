"""A stuck I2C bus on a Pi: the kernel waits for it, and the alarm must not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge.hal.raspberry_pi import i2c
from edge.hal.raspberry_pi.settings import Pins
from hw_sim.raspberry_pi.i2c_parts import KERNEL_10MS
from hw_sim.raspberry_pi.virtual_pi import VirtualPi
from tests.pi_device import PiDevice, modules_of
from wire import codec, packet

T0_UTC_US = 1_700_000_000_000_000
STUCK_S, SET_S = 8.0, 10.05
"""At 10.0 s the firmware asks clock, climate and light: just before the alarm is due."""


def stick(pi: VirtualPi, stuck: bool = True) -> None:
    pi.parts.board.set_faults(replace(pi.parts.board.made_with, i2c_stuck=stuck))


def blocked(pi: VirtualPi) -> list[float]:
    """When, in s, each transfer that is given up begins; filled while the device runs."""
    began: list[float] = []
    real = pi.parts.wait_out

    def wait_out() -> None:
        began.append(pi.now_ns() / 1e9)
        real()

    pi.parts.wait_out = wait_out  # type: ignore[method-assign]
    return began


def alarm_at(device: PiDevice, seconds: float) -> None:
    """A host that tells the time and sets the alarm in the first seconds."""

    def say(kind: int, **fields: int) -> None:
        device.line.to_device += codec.encode(packet.make(kind, fields))

    def host(t_us: int) -> None:
        for one in codec.Decoder().feed(device.sent[-400:]):
            if one.type == packet.PONG and t_us < 4_000_000:
                nonce = one.fields["device_nonce"]
                assert isinstance(nonce, int)
                say(packet.TIME, device_nonce=nonce, utc_us=T0_UTC_US + t_us)
                say(packet.ALARM_SET, nonce=7, set_for_utc_us=T0_UTC_US + round(seconds * 1e6), sunrise_s=0)
        if t_us == 1_000_000:
            say(packet.PING, nonce=7)

    device.pi.host = host


def late_s(pi: VirtualPi, folder: Path, spoil: Callable[[PiDevice], None] | None = None) -> float:
    """How late the buzzer rises on a bus that sticks before."""
    with PiDevice(pi, folder) as device:
        if spoil is not None:
            spoil(device)
        alarm_at(device, SET_S)
        pi.at(round(STUCK_S * 1e6), lambda: stick(pi))
        device.run(20.0)
        rose = [t_ns / 1e9 for t_ns, line, level in pi.header.log if (line, level) == (Pins().buzzer, 1)]
    return rose[0] - SET_S


def test_a_stuck_bus_does_not_delay_the_alarm(tmp_path: Path) -> None:
    with VirtualPi("noise") as pi:
        began = blocked(pi)
        assert late_s(pi, tmp_path) <= 0.05
        assert began, "nothing was asked on the stuck bus: the alarm was not tried"


def test_with_the_kernels_own_timeout_it_would(tmp_path: Path) -> None:
    """Planted: a second a transfer, one behind the other."""

    def spoil(device: PiDevice) -> None:
        device.pi.parts.timeout_10ms = KERNEL_10MS
        device.board.i2c._now_ns = lambda: 0  # never seen to be slow: never left alone

    with VirtualPi("noise") as pi:
        assert late_s(pi, tmp_path, spoil) > 1.0


def test_little_of_each_second_is_lost_and_no_frame(tmp_path: Path) -> None:
    with VirtualPi("noise") as pi, PiDevice(pi, tmp_path) as device:
        began = blocked(pi)
        pi.at(round(STUCK_S * 1e6), lambda: stick(pi))
        device.run(90.0)
        assert all(b - a >= 1.0 for a, b in zip(began, began[1:], strict=False)) and len(began) >= 3
        assert pi.parts.timeout_10ms == i2c.TIMEOUT_10MS
        assert pi.board.chip.counters().overflows == 0


def test_a_bus_that_is_free_again_is_used_again() -> None:
    with VirtualPi() as pi:
        bus = i2c.PiI2c(
            i2c.open_bus(modules_of(pi), 1), pi.smbus2.i2c_msg, i2c.SystemClock(lambda: 0, lambda: False), pi.now_ns
        )
        stick(pi)
        began = blocked(pi)
        assert [bus.transfer(0x52, b"\x0e", 1) for _ in range(5)] == [None] * 5 and len(began) == 1
        stick(pi, False)
        assert bus.transfer(0x52, b"\x0e", 1) is None  # it is still left alone
        pi.board.advance(i2c.REST_NS)
        assert bus.transfer(0x52, b"\x0e", 1) is not None


def test_a_part_that_does_not_answer_leaves_the_bus_to_the_others() -> None:
    with VirtualPi(absent=frozenset({0x44})) as pi:
        clock = i2c.SystemClock(lambda: 0, lambda: False)
        bus = i2c.PiI2c(i2c.open_bus(modules_of(pi), 1), pi.smbus2.i2c_msg, clock, pi.now_ns)
        assert bus.transfer(0x44, b"\xfd", 0) is None
        assert bus.transfer(0x52, b"\x0e", 1) is not None


def test_a_kernel_without_the_timeout_is_told_as_a_bus_that_is_not_there() -> None:
    with VirtualPi() as pi:

        def refuses(*_: int) -> int:
            raise OSError(25, "Inappropriate ioctl for device")

        with pytest.raises(OSError, match="Inappropriate"):
            i2c.open_bus(replace(modules_of(pi), ioctl=refuses), 1)
