"""Every fault of the wires to the radar chip: what a bare SPI master sees of it, and what the firmware's driver does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge.config import RadarConfig
from hw_sim.board import NEVER_US, Board, Faults
from hw_sim.chip.core import lib
from hw_sim.rig import HostTarget
from tests.board_device import FIFO_READ, FRAME_BYTES, POWER_ON, RADAR_IRQ, PythonDevice, Ramp, unpack12

CHIP_ID, CLK = 0x303, 0x01
GOOD_FRAMES = 20  # a second of them
RAMP = np.arange(1, FRAME_BYTES // 3 * 2) % 4096  # the first sample is the frame's number


class Master:
    """A bare SPI master: starts frames at power-on, reads each one at its interrupt."""

    def __init__(self, seed: int = 1, *, piece_us: int = 1_000_000, until_us: int = 1_000_000, **faults: Any) -> None:
        self.board = Board(seed, Faults(**faults))
        self.irqs: list[int] = []
        self.windows: list[bytes] = []
        self.device = PythonDevice(self.board, self._answer)
        source = Ramp()
        for end_us in [*range(piece_us, until_us, piece_us), until_us]:
            self.board.run(end_us, source)

    def _answer(self, device: PythonDevice, now_us: int, event: int) -> int:
        if event == POWER_ON:
            device.start_frames()
        elif event == RADAR_IRQ:
            self.irqs.append(now_us)
            if lib.board_radar_irq(device.board.memory):
                self.windows.append(device.spi(FIFO_READ, FRAME_BYTES))
        return NEVER_US

    @property
    def good(self) -> int:
        """Frames that came as they were sent."""
        return sum(np.array_equal(unpack12(window[4:])[1:], RAMP) for window in self.windows)


def driver(until_us: int = 3_000_000, **faults: Any) -> dict[str, int]:
    """The counters of the firmware's driver after a run, those that are not 0."""
    board = Board(1, Faults(**faults))
    target = HostTarget(board, RadarConfig(), "c")
    board.run(until_us, Ramp())
    counters = target.firmware.counters()
    return {name[7:]: n for name, n in counters.items() if name.startswith("driver_") and n}


# fault: the counters of three seconds that it moves; without one there are 60 frames and one start
DRIVER_SEES: list[tuple[dict[str, Any], dict[str, int]]] = [
    ({}, {"frames": 60, "starts": 1}),
    ({"chip_id": 0x609}, {"wrong_chips": 4}),
    ({"reset_stuck": True}, {"reset_failures": 4}),
    ({"miso_late": True}, {"frames": 60, "starts": 1}),
    ({"cs_chunk_bytes": 4096}, {"frames": 60, "starts": 1, "self_test_failures": 1}),
    ({"irq_inverted": True}, {"frames": 59, "polled": 60, "starts": 1}),
    ({"irq_low_from_us": 0}, {"frames": 59, "polled": 60, "starts": 1}),
    ({"irq_late_us": 200}, {"frames": 60, "starts": 1}),
    ({"lost_clock_every": 100}, {"frames": 60, "starts": 3, "bus_errors": 2}),
    ({"extra_clock_every": 100}, {"frames": 60, "starts": 3, "bus_errors": 2}),
    ({"irq_spurious_every_us": 100_000}, {"frames": 60, "starts": 1, "false_irqs": 29}),
    ({"brown_out_at_us": 1_500_000}, {"frames": 60, "starts": 2, "browned_out": 1}),
]


@pytest.mark.parametrize(("faults", "counters"), DRIVER_SEES, ids=[" ".join(row[0]) or "none" for row in DRIVER_SEES])
def test_the_driver_notices(faults: dict[str, Any], counters: dict[str, int]) -> None:
    assert driver(**faults) == counters


def test_the_driver_notices_missed_edges() -> None:
    seen = driver(irq_miss_every=5)
    assert (seen["late_irqs"], seen["starts"], seen["frames"]) == (15, 1, 60)


def test_the_driver_notices_a_line_that_stays_high() -> None:
    seen = driver(irq_high_from_us=1_000_000)
    assert (seen["late_irqs"], seen["starts"], seen["frames"]) == (40, 1, 60)


def test_flipped_bits_fail_the_self_test_or_pass_unseen() -> None:
    assert driver(miso_from_us=0, miso_flip_ppm=100)["self_test_failures"] >= 1
    assert driver(miso_from_us=500_000, miso_flip_ppm=100) == {"frames": 60, "starts": 1}


def test_without_a_fault_every_frame_is_good() -> None:
    assert Master().good == GOOD_FRAMES


@pytest.mark.parametrize("ppm", [100, 10_000, 1_000_000])
def test_bits_flip_at_the_given_rate(ppm: int) -> None:
    data = b"".join(window[4:] for window in Master(miso_from_us=0, miso_flip_ppm=ppm).windows)
    sent = b"".join(window[4:] for window in Master().windows)
    flips = [(a ^ b).bit_count() for a, b in zip(data, sent, strict=True)]
    assert sum(flips) == pytest.approx(len(data) * ppm / 1e6, rel=0.25)
    assert max(flips) == 1


def test_flips_follow_from_the_seed() -> None:
    first, again, other = (Master(seed, miso_from_us=0, miso_flip_ppm=1000).windows for seed in (1, 1, 2))
    assert first == again != other


def test_flips_spare_headers_unless_all_bytes_are_meant() -> None:
    headers = [window[:4] for window in Master(miso_from_us=0, miso_flip_ppm=500_000).windows]
    spoiled = [w[:4] for w in Master(miso_from_us=1_000, miso_flip_ppm=500_000, miso_fifo_only=False).windows]
    assert set(headers) == {b"\xf0\0\0\0"} and len(set(spoiled)) > 1


def read_after_reset(board: Board, *addresses: int) -> list[int]:
    """Single reads on a board whose chip was just powered."""
    device = PythonDevice(board)
    return [device.read(address) for address in addresses]


def test_late_bits_need_high_speed_mode() -> None:
    board = Board(1, Faults(miso_late=True))
    fast = read_after_reset(board, 2)[0]
    PythonDevice(board).write(6, 0x700000)
    assert (fast, read_after_reset(board, 2)[0]) == (CHIP_ID, CHIP_ID >> 1)


def test_late_bits_shift_over_the_border_of_calls() -> None:
    board = Board(1, Faults(miso_late=True))
    device = PythonDevice(board)
    device.write(6, 0x700000)
    device.write(0x30, 0x000001)
    device.write(0x31, 0x800001)
    data = device.spi(bytes([0xFF, 0x30 << 1, 2 << 1, 0]), 6)[4:]
    assert int.from_bytes(data, "big") == 0x000001_800001 >> 1


@pytest.mark.parametrize("fault", ["lost_clock_every", "extra_clock_every"])
def test_every_nth_window_has_a_clock_error(fault: str) -> None:
    device = PythonDevice(Board(1, Faults(**{fault: 3})))
    errors = [device.spi(bytes([4, 0, 0, 0]))[0] & CLK for _ in range(9)]
    assert errors == [0, 0, 0, 1, 0, 0, 1, 0, 0]


def test_a_lost_clock_loses_the_write() -> None:
    board = Board(1, Faults(lost_clock_every=2))
    device = PythonDevice(board)
    for address in (0x30, 0x31):
        device.write(address, 0x123456)
    assert [board.chip.read(address) for address in (0x30, 0x31)] == [0x123456, 0]


@pytest.mark.parametrize(("fault", "shift"), [("lost_clock_every", 1), ("extra_clock_every", -1)])
def test_the_bits_behind_it_are_shifted(fault: str, shift: int) -> None:
    board = Board(1, Faults(**{fault: 2}))
    device = PythonDevice(board)
    device.write(0x30, 0x123456)
    data = int.from_bytes(device.spi(bytes([0xFF, 0x30 << 1, 2 << 1, 0]), 6)[4:], "big")
    expected = 0x123456_000000 >> 1 if shift == 1 else 0x123456_000000 << 1
    assert data == expected


@pytest.mark.parametrize("n", [64, 4096])
def test_a_chunk_after_a_release_is_a_command(n: int) -> None:
    master = Master(cs_chunk_bytes=n, until_us=60_000)
    window = master.windows[0]
    plain = Master(until_us=60_000).windows[0]
    assert window[:n] == plain[:n]
    assert window[n] & 0xF0 == 0xF0 and window[n:] != plain[n:]


def test_windows_shorter_than_a_chunk_are_whole() -> None:
    assert Master(cs_chunk_bytes=FRAME_BYTES + 4).good == GOOD_FRAMES


@pytest.mark.parametrize("late_us", [1, 137, 30_000])
def test_a_late_interrupt_is_late_by_that(late_us: int) -> None:
    irqs, late = Master().irqs, Master(irq_late_us=late_us).irqs
    assert late == [t for t in (at + late_us for at in irqs) if t < 1_000_000]


def test_a_late_line_reads_low_until_then() -> None:
    board = Board(1, Faults(irq_late_us=500))
    levels: list[tuple[int, int]] = []

    def answer(device: PythonDevice, now_us: int, event: int) -> int:
        if event == POWER_ON:
            device.start_frames()
        levels.append((now_us, int(lib.board_radar_irq(device.board.memory))))
        return now_us + 100

    PythonDevice(board, answer)
    board.run(60_000, Ramp())
    at = Master(until_us=60_000).irqs[0]
    assert max(t for t, level in levels if not level) < at + 500 <= min(t for t, level in levels if level)


def test_spurious_interrupts_come_when_nothing_is_there() -> None:
    master = Master(irq_spurious_every_us=30_000)
    spurious = [t for t in master.irqs if t % 30_000 == 0]
    assert len(spurious) >= 32 and master.good == GOOD_FRAMES


def test_every_nth_edge_is_missed() -> None:
    irqs, missing = Master(until_us=400_000).irqs, Master(until_us=400_000, irq_miss_every=6).irqs
    assert missing == irqs[:5]  # the sixth frame stays unread, so the line never falls again


def test_a_stuck_line_rises_once() -> None:
    master = Master(irq_high_from_us=3_000, until_us=200_000)
    assert master.irqs == [3_000]


def test_an_inverted_line_rises_when_the_fifo_was_read() -> None:
    board = Board(1, Faults(irq_inverted=True))
    assert lib.board_radar_irq(board.memory) == 1


def test_a_brown_out_resets_the_chip_alone() -> None:
    master = Master(brown_out_at_us=500_000)
    assert max(master.irqs) < 500_000
    assert (master.board.chip.read("PLL1_3"), master.board.chip.transmitting) == (0, False)


def test_a_brown_out_comes_once() -> None:
    board = Board(1, Faults(brown_out_at_us=500_000))
    PythonDevice(board)
    board.run(600_000, Ramp())
    board.chip.write("PLL1_0", 7)
    board.run(700_000, Ramp())
    assert board.chip.read("PLL1_0") == 7


def test_faults_of_the_chip_reach_its_options() -> None:
    board = Board(1, Faults(chip_id=0x505, reset_stuck=True, memory_broken=True))
    board.chip.write("DFT0", 0x21)
    board.chip.advance(2_000_000)
    board.chip.write("MAIN", 4)
    assert [board.chip.read(name) for name in ("CHIP_ID", "DFT1", "MAIN")] == [0x505, 0x18, 4]


ALL = {
    "miso_from_us": 0, "miso_flip_ppm": 300, "lost_clock_every": 9, "extra_clock_every": 7, "cs_chunk_bytes": 1000,
    "irq_late_us": 77, "irq_spurious_every_us": 9_999, "irq_miss_every": 11, "brown_out_at_us": 777_777,
}  # fmt: skip


@pytest.mark.parametrize("piece_us", [333_333, 10_000, 777_777])
def test_cutting_a_run_changes_no_fault(piece_us: int) -> None:
    whole, cut = Master(**ALL), Master(piece_us=piece_us, **ALL)
    assert (cut.irqs, cut.windows) == (whole.irqs, whole.windows)
