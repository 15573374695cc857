"""The room's course, the I2C bus and bouncing contacts, as the device meets them on the board."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hw_sim.board import NEVER_US, Board, Faults
from hw_sim.chip.core import ffi, lib
from tests.board_device import BUTTON, POWER_ON, SWITCH, PythonDevice, Ramp

CLOCK, CLIMATE, LIGHT = 0x52, 0x44, 0x10


def ask(board: Board, address: int, tx: bytes, n: int) -> int:
    return int(lib.board_i2c_transfer(board.memory, address, tx, len(tx), ffi.new("uint8_t[]", n + 1), n))


def reached(board: Board) -> set[int]:
    """Who answers."""
    questions = {CLOCK: b"\x0e", CLIMATE: b"\x89", LIGHT: b"\x07"}
    return {address for address, tx in questions.items() if ask(board, address, tx, 2) == 0}


def awake(**faults: bool) -> Board:
    board = Board(seed=1)
    PythonDevice(board)
    board.run(2000, Ramp())
    board.set_faults(replace(Faults(), **faults))  # type: ignore[arg-type]
    return board


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        ("", {CLOCK, CLIMATE, LIGHT}),
        ("clock_absent", {CLIMATE, LIGHT}),
        ("climate_absent", {CLOCK, LIGHT}),
        ("light_absent", {CLOCK, CLIMATE}),
        ("i2c_stuck", set()),
    ],
)
def test_who_is_absent_does_not_answer(fault: str, left: set[int]) -> None:
    assert reached(awake(**({fault: True} if fault else {}))) == left


def test_nobody_has_another_address() -> None:
    assert ask(awake(), 0x48, b"\x00", 2) == -1


def test_the_course_is_straight_between_its_points_and_level_outside() -> None:
    room = ffi.new("room *")
    points = [(1_000_000, 20_000, 40_000, 0, 0), (3_000_000, 22_000, 30_000, 8_000, 0)]
    assert lib.room_set(room, ffi.new("room_point[]", points), 2) == 0
    found = [lib.room_at(room, t_us) for t_us in (0, 1_000_000, 2_000_000, 2_500_000, 9_000_000)]
    assert [(p.temperature_mc, p.humidity_mpct, p.light_mlux) for p in found] == [
        (20_000, 40_000, 0), (20_000, 40_000, 0), (21_000, 35_000, 4_000), (21_500, 32_500, 6_000), (22_000, 30_000, 8_000),
    ]  # fmt: skip


@pytest.mark.parametrize("points", [[], [(5, 1, 1, 1), (5, 1, 1, 1)], [(i, 1, 1, 1) for i in range(513)]])
def test_an_impossible_course_is_refused(points: list[tuple[int, int, int, int]]) -> None:
    with pytest.raises(ValueError, match="points whose times rise"):
        Board(seed=1).set_room(points)


def test_glare_takes_the_rooms_place() -> None:
    board = Board(seed=1)
    board.set_room([(0, 20_000, 40_000, 5_000)])
    room = ffi.addressof(board.memory, "room")
    assert lib.room_light(room, 10) == 5_000
    board.set_faults(Faults(glare_lux=90_000.0))
    assert lib.room_light(room, 10) == 90_000_000


def test_a_stopped_clock_stands_still_and_goes_on() -> None:
    board = Board(seed=1)
    PythonDevice(board)
    board.rtc_set(1_768_516_200_000_000)

    def shows() -> int:
        data = ffi.new("uint8_t[4]")
        lib.board_i2c_transfer(board.memory, CLOCK, b"\x1b", 1, data, 4)
        return int.from_bytes(bytes(ffi.buffer(data)), "little") - 1_768_516_200

    board.run(10_500_000, Ramp())
    board.set_faults(Faults(clock_stopped=True))
    board.run(20_000_000, Ramp())
    assert shows() == 10
    board.set_faults(Faults())
    board.run(22_400_000, Ramp())
    assert shows() == 12  # 10.5 s and 2.4 s


def bouncing(move: str) -> tuple[list[int], list[int]]:
    """Events and levels that a device sees when a contact closes at 10 ms and opens at 100 ms, bouncing 5 ms."""
    board = Board(seed=7, faults=Faults(bounce_us=5000))
    seen: list[int] = []

    def step(device: PythonDevice, now_us: int, event: int) -> int:
        if event in (BUTTON, SWITCH):
            seen.append(getattr(lib, move)(board.memory))
        return NEVER_US

    device = PythonDevice(board, step)
    pull = board.press if move == "board_button" else lambda level: board.set_standby(bool(level))
    board.run(10_000, Ramp())
    pull(1)
    board.run(100_000, Ramp())
    pull(0)
    board.run(200_000, Ramp())
    return [t_us for t_us, event in device.events if event != POWER_ON], seen


@pytest.mark.parametrize("move", ["board_button", "board_standby_switch"])
def test_contacts_bounce_and_settle(move: str) -> None:
    times_us, levels = bouncing(move)
    closing, opening = ([t for t in times_us if low <= t < low + 90_000] for low in (10_000, 100_000))
    for edges, at_us, level in ((closing, 10_000, 1), (opening, 100_000, 0)):
        assert len(edges) % 2 == 1 and 3 <= len(edges) <= 9 and at_us <= edges[0] and edges[-1] <= at_us + 5000
        assert levels[: len(edges)] == [(level + i) % 2 for i in range(len(edges))]
        levels = levels[len(edges) :]


def test_a_stuck_button_is_pressed_whatever_the_finger_does() -> None:
    board = awake(button_stuck=True)
    assert lib.board_button(board.memory) == 1
    board.press(0)
    assert lib.board_button(board.memory) == 1
    board.set_faults(Faults())
    assert lib.board_button(board.memory) == 0
