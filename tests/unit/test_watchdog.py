"""Watchdog, dip of the supply, a device that hangs: what resets the device, and what it learns of it."""

from __future__ import annotations

import pytest

from hw_sim.board import NEVER_US, Board, BoardFailed, Faults
from hw_sim.chip.core import ffi, lib
from hw_sim.rig import Rig
from tests.board_device import DEADLINE, POWER_ON, UART_RX, PythonDevice, Ramp

SECOND_US = 1_000_000


def dutiful(period_us: int, until_us: int = NEVER_US) -> Board:
    """A board whose device starts a watchdog of 1 s and feeds it every period until then."""

    def step(device: PythonDevice, now_us: int, event: int) -> int:
        memory = device.board.memory
        if event == POWER_ON:
            assert lib.board_watchdog_start(memory, 1000) == 0
        elif device.board.now_us < until_us:
            assert lib.board_watchdog_feed(memory) == 0
        return now_us + period_us

    board = Board(seed=1)
    PythonDevice(board, step)
    return board


def lives(board: Board, faults: Faults | None = None) -> list[tuple[int, str]]:
    """(board time, cause) of every start of a device over ten seconds."""
    found = [(0, board.reset_cause)]
    board.on_reset = lambda: found.append((board.now_us, board.reset_cause))
    if faults is not None:
        board.set_faults(faults)
    board.run(10 * SECOND_US, Ramp())
    return found


def test_a_device_that_feeds_in_time_is_left_alone() -> None:
    assert lives(dutiful(900_000)) == [(0, "power")]


def test_a_device_that_does_not_is_reset_and_learns_why() -> None:
    found = lives(dutiful(900_000, until_us=3 * SECOND_US))
    assert found[:2] == [(0, "power"), (2_700_000 + SECOND_US, "watchdog")]


def test_a_reset_stops_the_watchdog() -> None:
    board = Board(seed=1)
    PythonDevice(board)
    lib.board_watchdog_start(board.memory, 1000)
    board.reset_device()
    assert lives(board) == [(0, "pin")] and board.memory.dog.bites == 0


@pytest.mark.parametrize("timeout_ms", [0, 32769])
def test_an_impossible_timeout_is_refused(timeout_ms: int) -> None:
    dog = ffi.new("watchdog *")
    lib.watchdog_init(dog)
    assert lib.watchdog_start(dog, 0, timeout_ms) == -1 and dog.due_us == NEVER_US
    assert lib.watchdog_feed(dog, 0) == -1


def test_a_device_that_hangs_gets_no_events_until_the_watchdog_bites() -> None:
    board = dutiful(400_000)
    found = lives(board, Faults(hang_at_us=3 * SECOND_US))
    assert found == [(0, "power"), (3_800_000, "watchdog")]


def test_bytes_wait_for_a_device_that_hangs() -> None:
    board = Board(seed=1, faults=Faults(hang_at_us=SECOND_US))
    device = PythonDevice(board, lambda d, t, event: SECOND_US // 2 if t == 0 else NEVER_US)
    board.run(2 * SECOND_US, Ramp())
    board.give(b"x")
    board.run(3 * SECOND_US, Ramp())
    assert UART_RX not in [event for _, event in device.events]
    board.reset_device()
    board.run(4 * SECOND_US, Ramp())
    assert [event for _, event in device.events] == [POWER_ON, DEADLINE, POWER_ON, DEADLINE]


def test_a_dip_resets_the_device_once() -> None:
    assert lives(dutiful(400_000), Faults(dip_at_us=5 * SECOND_US)) == [(0, "power"), (5 * SECOND_US, "dip")]


def test_a_reset_that_nobody_handles_is_no_secret() -> None:
    board = Board(seed=1, faults=Faults(dip_at_us=SECOND_US))
    PythonDevice(board)
    with pytest.raises(BoardFailed, match="reset .dip., and it cannot be started again here"):
        board.run(2 * SECOND_US, Ramp())


def test_the_firmware_starts_again_after_a_dip() -> None:
    with Rig(faults=Faults(dip_at_us=20 * SECOND_US)) as rig:
        rig.run(40)
        assert rig.counts.announcements == 3 and rig.board.reset_cause == "dip"
        assert len({packet.boot for packet in rig.packets}) == 2
