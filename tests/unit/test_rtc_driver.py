"""The driver of the battery clock, against the emulated chip: what it reads, when it believes it, how it sets it."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from hw_sim.chip.core import ffi as board_ffi
from hw_sim.chip.core import lib as board_lib

ffi, lib = load()
UNIX_S = 1_700_000_000
STATUS, CONTROL_2 = 0x0E, 0x10


class Bus:
    """The chip on a bus. dead_from: transactions from this one on (0 is the first) are not acknowledged."""

    def __init__(self, valid: bool = True) -> None:
        self.now_us, self.transfers, self.dead_from = 0, 0, 10**9
        self.step_us = 0  # passes with every transaction
        self.rtc: Any = board_ffi.new("rtc *")
        board_lib.rtc_init(self.rtc, 0)
        if valid:
            board_lib.rtc_set(self.rtc, 0, UNIX_S * 10**6)
        self.hal: Any = ffi.new("sw_hal *")
        self._callback = ffi.callback(dict(ffi.typeof("sw_hal").fields)["i2c_transfer"].type, self._transfer)
        self.hal.i2c_transfer = self._callback

    def _transfer(self, _: Any, address: int, tx: Any, tx_n: int, rx: Any, rx_n: int) -> int:
        self.transfers += 1
        if self.transfers > self.dead_from:
            return -1
        sent, got = bytes(ffi.buffer(tx, tx_n)), board_ffi.new("uint8_t[]", rx_n + 1)
        status = int(board_lib.rtc_transfer(self.rtc, self.now_us, address, sent, tx_n, got, rx_n))
        if rx_n:
            ffi.memmove(rx, bytes(board_ffi.buffer(got, rx_n)), rx_n)
        self.now_us += self.step_us
        return status

    def read(self) -> tuple[int, int]:
        seconds = ffi.new("uint32_t *")
        return int(lib.sw_rtc_read(self.hal, seconds)), int(seconds[0])

    def at(self, now_us: int) -> Bus:
        self.now_us = now_us
        return self


def test_a_valid_clock_gives_its_seconds() -> None:
    assert Bus().at(5_999_999).read() == (lib.SW_RTC_VALID, UNIX_S + 5)


def test_a_clock_that_lost_its_power_gives_nothing() -> None:
    assert Bus(valid=False).read() == (lib.SW_RTC_LOST, 0)


@pytest.mark.parametrize("dead_from", [0, 1, 2])
def test_a_bus_that_dies_gives_nothing(dead_from: int) -> None:
    bus = Bus()
    bus.dead_from = dead_from
    assert bus.read() == (lib.SW_RTC_ABSENT, 0)


def test_a_second_that_changes_between_two_readings_is_read_again() -> None:
    bus = Bus()
    bus.step_us = 400_000
    status, seconds = bus.read()
    assert status == lib.SW_RTC_VALID and seconds >= UNIX_S


def test_setting_starts_the_second_now_and_makes_it_valid() -> None:
    bus = Bus(valid=False).at(123_456)
    assert lib.sw_rtc_set(bus.hal, UNIX_S + 1000) == 0
    assert bus.at(123_456 + 999_999).read() == (lib.SW_RTC_VALID, UNIX_S + 1000)
    assert bus.at(123_456 + 1_000_000).read() == (lib.SW_RTC_VALID, UNIX_S + 1001)


def test_other_bits_of_the_control_register_stay() -> None:
    bus = Bus()
    bus.rtc.registers[CONTROL_2] = 0x62
    assert lib.sw_rtc_set(bus.hal, UNIX_S) == 0
    assert bus.rtc.registers[CONTROL_2] == 0x62


@pytest.mark.parametrize("dead_from", range(7))
def test_power_that_fails_while_a_lost_clock_is_set_leaves_it_lost(dead_from: int) -> None:
    bus = Bus(valid=False)
    bus.dead_from = dead_from
    assert lib.sw_rtc_set(bus.hal, UNIX_S) == -1
    bus.dead_from = 10**9
    assert bus.read()[0] == lib.SW_RTC_LOST


@pytest.mark.parametrize("dead_from", range(1, 7))
def test_power_that_fails_while_a_running_clock_is_set_leaves_it_not_slow(dead_from: int) -> None:
    true_s = UNIX_S + 1000
    bus = Bus().at(700_000)
    bus.dead_from = dead_from
    assert lib.sw_rtc_set(bus.hal, true_s) == -1
    bus.dead_from = 10**9
    assert bus.at(700_000 + 500_000).read()[1] in (true_s, true_s + 1)
