"""I2C after smbus2 on the emulated parts, and lines that somebody moves: what a program on a Pi sees of them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from hw_sim.raspberry_pi.virtual_pi import VirtualPi

CLOCK, CLIMATE = 0x52, 0x44


@pytest.fixture
def pi() -> Iterator[VirtualPi]:
    with VirtualPi() as made:
        yield made


def test_a_write_and_a_read_are_one_transaction(pi: VirtualPi) -> None:
    pi.parts.set_clock(1_700_000_000_000_000)
    message = pi.smbus2.i2c_msg
    read = message.read(CLOCK, 4)
    with pi.smbus2.SMBus(1) as bus:
        bus.i2c_rdwr(message.write(CLOCK, [0x1B]), read)

    assert int.from_bytes(bytes(read), "little") == 1_700_000_000
    assert (len(read), list(read)) == (4, list(bytes(read)))


def test_the_clock_chip_goes_with_virtual_time(pi: VirtualPi) -> None:
    pi.parts.set_clock(1_700_000_000_000_000)
    pi.board.advance(5 * 10**9)

    assert pi.smbus2.SMBus(1).read_byte_data(CLOCK, 0x1B) == (1_700_000_005) & 0xFF


def test_a_measurement_takes_its_time(pi: VirtualPi) -> None:
    bus, message = pi.smbus2.SMBus(1), pi.smbus2.i2c_msg
    pi.board.advance(10 * 10**6)  # its own start
    bus.write_byte(CLIMATE, 0xFD)
    with pytest.raises(OSError):  # nobody acknowledges while it measures
        bus.i2c_rdwr(message.read(CLIMATE, 6))
    pi.board.advance(20 * 10**6)
    read = message.read(CLIMATE, 6)
    bus.i2c_rdwr(read)

    assert len(bytes(read)) == 6


def test_what_nobody_acknowledges_is_the_controllers_error(pi: VirtualPi) -> None:
    with pytest.raises(OSError) as caught:
        pi.smbus2.SMBus(1).read_byte(0x11)

    assert caught.value.errno == errno.EREMOTEIO


@pytest.mark.parametrize("bus", [0, 7, "/dev/i2c-7"])
def test_a_bus_that_is_not_there_is_a_missing_file(pi: VirtualPi, bus: Any) -> None:
    with pytest.raises(FileNotFoundError):
        pi.smbus2.SMBus(bus)


def test_a_closed_bus_is_refused(pi: VirtualPi) -> None:
    bus = pi.smbus2.SMBus(1)
    bus.close()
    with pytest.raises(OSError) as caught:
        bus.read_byte(CLOCK)

    assert caught.value.errno == errno.EBADF


def test_edges_of_several_lines_come_in_the_order_of_time(pi: VirtualPi) -> None:
    gpiod, line = pi.gpiod, pi.gpiod.line
    both = gpiod.LineSettings(edge_detection=line.Edge.BOTH, bias=line.Bias.PULL_UP, active_low=True)
    with gpiod.request_lines("/dev/gpiochip0", {(5, 6): both}, consumer="test") as request:
        for offset, level in ((6, 0), (5, 0), (6, 1)):
            pi.board.advance(1000)
            pi.header.set_input(offset, level)
        assert request.wait_edge_events(timedelta(0))
        seen = [(one.line_offset, one.event_type.name, one.timestamp_ns) for one in request.read_edge_events()]

    assert seen == [(6, "RISING_EDGE", 1000), (5, "RISING_EDGE", 2000), (6, "FALLING_EDGE", 3000)]


def test_who_holds_a_line_is_told(pi: VirtualPi) -> None:
    with (
        pi.gpiod.request_lines("/dev/gpiochip0", {6: None}, consumer="somebody"),
        pi.gpiod.Chip("/dev/gpiochip0") as chip,
    ):
        held, free = chip.get_line_info(6), chip.get_line_info(7)

    assert ((held.used, held.consumer), (free.used, free.consumer)) == ((True, "somebody"), (False, ""))
