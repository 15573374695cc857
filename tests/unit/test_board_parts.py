"""Button, buzzer, light, flash, clock and power as the device and the rig meet them on the board."""

from __future__ import annotations

import pytest

from hw_sim.board import NEVER_US, Board, BoardFailed, Faults
from hw_sim.chip.core import ffi, lib
from tests.board_device import BUTTON, DEADLINE, POWER_ON, SWITCH, UART_RX, PythonDevice, Ramp


def blinker(device: PythonDevice, now_us: int, event: int) -> int:
    """Buzzer on at odd seconds of its own time, green one step brighter a second; twice each, as careless code does."""
    for _ in range(2):
        lib.board_buzzer(device.board.memory, now_us // 1_000_000 % 2)
        lib.board_light(device.board.memory, 0, now_us // 1_000_000, 0)
    return now_us + 1_000_000


def test_the_log_has_every_change_once() -> None:
    board = Board(seed=1)
    PythonDevice(board, blinker)
    board.run(3_500_000, Ramp())
    assert board.pin_log() == [
        (1_000_000, "buzzer", 1), (1_000_000, "light", 1), (1_000_000, "green", 1),
        (2_000_000, "buzzer", 0), (2_000_000, "light", 2), (2_000_000, "green", 2),
        (3_000_000, "buzzer", 1), (3_000_000, "light", 3), (3_000_000, "green", 3),
    ]  # fmt: skip


def test_lost_changes_are_no_secret() -> None:
    board = Board(seed=1)
    PythonDevice(board, blinker)
    board.run((lib.PINS_LOG // 2 + 10) * 1_000_000, Ramp())
    with pytest.raises(BoardFailed, match="found no room"):
        board.pin_log()


def test_a_press_is_an_event_behind_the_switch() -> None:
    board = Board(seed=1)
    device = PythonDevice(board, lambda d, t, event: NEVER_US if event == DEADLINE else 1_000_000)
    board.run(1_000_000, Ramp())
    board.press(1)
    board.set_standby(True)
    board.give(b"x")
    board.run(1_000_001, Ramp())
    assert [event for _, event in device.events] == [POWER_ON, UART_RX, SWITCH, BUTTON, DEADLINE]
    assert lib.board_button(board.memory) == 1


def test_pressing_what_is_pressed_is_nothing() -> None:
    board = Board(seed=1)
    device = PythonDevice(board)
    board.press(1)
    board.press(1)
    board.run(1_000, Ramp())
    assert [event for _, event in device.events] == [POWER_ON, BUTTON]


def test_a_power_cycle_starts_the_devices_time_anew() -> None:
    board = Board(seed=1)
    device = PythonDevice(board, blinker)
    board.run(1_500_000, Ramp())
    board.give(b"never read")
    board.power_cycle()
    board.run(3_000_000, Ramp())
    assert device.events == [
        (0, POWER_ON), (1_000_000, DEADLINE), (0, POWER_ON), (1_000_000, DEADLINE),
    ]  # fmt: skip
    buzzer = [(t_us, level) for t_us, pin, level in board.pin_log() if pin == "buzzer"]
    assert buzzer == [(1_000_000, 1), (1_500_000, 0), (2_500_000, 1)]
    assert device.uart_read(10) == b""


def test_flash_and_clock_outlive_the_device() -> None:
    board = Board(seed=1)
    PythonDevice(board)
    board.rtc_set(1_768_516_200_000_000)
    lib.board_flash_program(board.memory, 0, b"kept", 4)
    board.run(10_000_000, Ramp())
    board.power_cycle()
    board.run(20_000_000, Ramp())
    clock = ffi.new("uint8_t[4]")
    assert lib.board_i2c_transfer(board.memory, 0x52, b"\x1b", 1, clock, 4) == 0
    assert int.from_bytes(bytes(clock), "little") == 1_768_516_220
    assert board.flash[:5] == b"kept\xff"


def test_flash_content_can_be_handed_over() -> None:
    board = Board(seed=1)
    board.load_flash(b"from before")
    assert board.flash == b"from before".ljust(65536, b"\xff")
    board.load_flash(bytes(300_000))
    assert board.flash == bytes(300_000).ljust(74 * 4096, b"\xff")
    with pytest.raises(ValueError, match="at most 16777216 bytes"):
        board.load_flash(bytes(16_777_217))


def test_a_stuck_flash_is_a_fault_of_the_board() -> None:
    board = Board(seed=1, faults=Faults(flash_stuck_from_us=0))
    assert lib.board_flash_program(board.memory, 0, b"\0", 1) == 0
    assert board.flash[0] == 0xFF


def test_the_frames_of_a_device_cut_off_in_mid_frame_are_gone() -> None:
    def streaming(device: PythonDevice, now_us: int, event: int) -> int:
        if event == POWER_ON and now_us == 0 and device.board.now_us == 0:
            device.start_frames()
        return NEVER_US

    board = Board(seed=1)
    PythonDevice(board, streaming)
    board.run(60_000, Ramp())
    assert board.chip.transmitting
    board.power_cycle()
    board.run(1_000_000, Ramp())
    assert not board.chip.transmitting
