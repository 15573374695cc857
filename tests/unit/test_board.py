"""The board's event loop: what is given when, what faults do, and the nets under a device that misbehaves."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.board import NEVER_US, Board, BoardFailed, Faults
from hw_sim.chip.core import lib
from tests.board_device import (
    DEADLINE,
    FIFO_READ,
    FRAME_BYTES,
    POWER_ON,
    RADAR_IRQ,
    SWITCH,
    UART_RX,
    PythonDevice,
    Ramp,
    unpack12,
)


def every(period_us: int):  # type: ignore[no-untyped-def]
    """A device that wants a deadline at each multiple of the period."""
    return lambda device, now_us, event: (now_us // period_us + 1) * period_us


def radar(device: PythonDevice, now_us: int, event: int) -> int:
    """Starts frames at power-on and reads each one."""
    if event == POWER_ON:
        device.start_frames()
    if event == RADAR_IRQ:
        device.uart_write(device.spi(FIFO_READ, FRAME_BYTES)[4:])
    return NEVER_US


def radar_and_clock(device: PythonDevice, now_us: int, event: int) -> int:
    """As radar, with a deadline every 70 ms; sends only the head of a frame."""
    if event == RADAR_IRQ:
        device.uart_write(device.spi(FIFO_READ, FRAME_BYTES)[4:20])
    elif event == POWER_ON:
        device.start_frames()
    return (now_us // 70_000 + 1) * 70_000


def test_power_on_comes_first_and_deadlines_when_asked_for() -> None:
    board = Board(seed=1)
    device = PythonDevice(board, every(300_000))
    board.run(1_000_000, Ramp())
    assert device.events == [(0, POWER_ON), (300_000, DEADLINE), (600_000, DEADLINE), (900_000, DEADLINE)]


def test_equal_times_go_by_number() -> None:
    board = Board(seed=1)
    device = PythonDevice(board, lambda d, t, event: NEVER_US if event == DEADLINE else 1_000_000)
    board.run(1_000_000, Ramp())
    board.set_standby(True)
    board.give(b"hello")
    board.run(1_000_001, Ramp())
    assert device.events[1:] == [(1_000_000, UART_RX), (1_000_000, SWITCH), (1_000_000, DEADLINE)]


@pytest.mark.parametrize("piece_us", [1_000_000, 333_333, 50_000])
def test_cutting_a_run_changes_nothing(piece_us: int) -> None:
    def run(piece_us: int) -> tuple[list[tuple[int, int]], bytes]:
        board = Board(seed=1)
        device = PythonDevice(board, radar_and_clock)
        sent, source = b"", Ramp(7)
        for until_us in [*range(piece_us, 2_000_000, piece_us), 2_000_000]:
            board.run(until_us, source)
            sent += board.take().data
        return device.events, sent

    assert run(piece_us) == run(2_000_000)


def test_frames_come_on_the_interrupt_and_whole() -> None:
    board, source = Board(seed=1), Ramp(8)
    device = PythonDevice(board, radar)
    board.run(1_000_000, source)
    frames = unpack12(board.take().data).reshape(-1, 6144)
    irqs = [t for t, event in device.events if event == RADAR_IRQ]
    assert len(irqs) == len(frames) == 20
    assert np.all(np.diff(irqs) == 50_000)
    assert list(frames[:10, 0]) == [0, 1, 2, 3, 4, 5, 6, 7, 0, 1]
    assert np.array_equal(frames[3, 1:], np.arange(1, 6144) % 4096)


def test_an_interrupt_that_is_not_served_comes_once() -> None:
    board = Board(seed=1)
    device = PythonDevice(board, lambda d, t, e: d.start_frames() or NEVER_US if e == POWER_ON else NEVER_US)  # type: ignore[func-returns-value]
    board.run(1_000_000, Ramp())
    assert [event for _, event in device.events] == [POWER_ON, RADAR_IRQ]
    assert board.chip.counters().overflows == 1


def test_every_access_to_a_full_fifo_makes_a_new_edge() -> None:
    board = Board(seed=1)
    seen: list[int] = []

    def answer(device: PythonDevice, now_us: int, event: int) -> int:
        if event == POWER_ON:
            device.start_frames()
        elif len(seen) < 3:
            seen.append(now_us)
            device.read(0x5F)
        else:
            device.spi(FIFO_READ, FRAME_BYTES)
        return NEVER_US

    device = PythonDevice(board, answer)
    board.run(80_000, Ramp())
    assert [event for t, event in device.events if t == seen[0]] == [RADAR_IRQ] * 4


def test_a_stuck_interrupt_gives_no_frame() -> None:
    board = Board(seed=1, faults=Faults(irq_low_from_us=500_000))
    device = PythonDevice(board, radar)
    board.run(1_000_000, Ramp())
    irqs = [t for t, event in device.events if event == RADAR_IRQ]
    assert 8 <= len(irqs) <= 10 and max(irqs) < 500_000


@pytest.mark.parametrize(("fifo_only", "chip_id"), [(True, 0x000303), (False, 0x404343)])
def test_a_stuck_miso_bit_spoils_what_it_should(fifo_only: bool, chip_id: int) -> None:
    board = Board(seed=1, faults=Faults(miso_from_us=0, miso_or=0x40, miso_fifo_only=fifo_only))
    read: list[int] = []

    def answer(device: PythonDevice, now_us: int, event: int) -> int:
        if event == POWER_ON:
            read.append(device.read(2))
        return radar(device, now_us, event)

    PythonDevice(board, answer)
    board.run(200_000, Ramp())
    data = board.take().data
    assert read == [chip_id]
    if fifo_only:
        assert data and all(byte & 0x40 for byte in data)


def test_a_device_that_reads_in_pieces_is_told_again() -> None:
    board = Board(seed=1)
    pieces: list[bytes] = []

    def answer(device: PythonDevice, now_us: int, event: int) -> int:
        if event == UART_RX:
            pieces.append(device.uart_read(4))
        return NEVER_US

    PythonDevice(board, answer)
    board.give(b"0123456789")
    board.run(10, Ramp())
    assert pieces == [b"0123", b"4567", b"89"]


def test_a_device_that_does_not_read_is_told_once() -> None:
    board = Board(seed=1)
    device = PythonDevice(board)
    board.give(b"0123456789")
    board.run(1_000_000, Ramp())
    assert device.events == [(0, POWER_ON), (0, UART_RX)]


def test_full_queues_take_less() -> None:
    board = Board(seed=1)
    taken: list[int] = []

    def answer(device: PythonDevice, now_us: int, event: int) -> int:
        taken.extend(device.uart_write(bytes(100_000)) for _ in range(4))
        return NEVER_US

    PythonDevice(board, answer)
    assert board.give(bytes(70_000)) == 65_536
    board.run(1, Ramp())
    assert taken[:4] == [100_000, 100_000, 262_144 - 200_000, 0]


def test_writes_keep_their_times() -> None:
    board = Board(seed=1)
    PythonDevice(board, lambda d, t, e: d.uart_write(b"abc") and every(400_000)(d, t, e))
    board.run(1_000_000, Ramp())
    assert board.take().marks == [(0, 3), (400_000, 3), (800_000, 3)]
    assert board.take().data == b""


def entropy(seed: int, cuts: list[int]) -> bytes:
    board, got = Board(seed=seed), []

    def answer(device: PythonDevice, now_us: int, event: int) -> int:
        got.extend(device.entropy(n) for n in cuts)
        return NEVER_US

    PythonDevice(board, answer)
    board.run(1, Ramp())
    return b"".join(got)


def test_entropy_is_the_seed_and_nothing_else() -> None:
    assert entropy(7, [64]) == entropy(7, [1, 3, 8, 20, 32])
    assert entropy(7, [64]) != entropy(8, [64])
    assert len(set(entropy(7, [4096]))) == 256


def test_a_device_without_progress_fails_the_board() -> None:
    board = Board(seed=1)
    PythonDevice(board, lambda device, now_us, event: now_us)
    with pytest.raises(BoardFailed, match="no progress"):
        board.run(1_000_000, Ramp())
    assert lib.board_run(board.memory, 2_000_000) == lib.BOARD_FAILED


def test_an_ended_source_lets_time_go_on() -> None:
    board = Board(seed=1)

    class Short(Ramp):
        def block(self, first_clock, view):  # type: ignore[no-untyped-def]
            return super().block(first_clock, view)[: 5 if len(self.starts) == 1 else 0]

    device = PythonDevice(board, radar)
    board.run(1_000_000, Short())
    assert [event for _, event in device.events].count(RADAR_IRQ) == 5
    assert board.source_ended and board.now_us == 1_000_000
