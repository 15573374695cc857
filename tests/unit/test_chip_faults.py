"""Faults of the chip itself that begin and end while it runs, as a bare SPI master sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge.config import RadarConfig
from hw_sim.board import NEVER_US, Board
from hw_sim.chip.chip import ChipFaults
from hw_sim.chip.core import lib
from hw_sim.rig import HostTarget
from tests.board_device import FIFO_READ, FRAME_BYTES, POWER_ON, RADAR_IRQ, PythonDevice, Ramp, unpack12

FOU = 0x08


class Master:
    """Starts frames at power-on and reads each at its interrupt; a fault begins at begin_us."""

    def __init__(
        self, until_us: int = 2_000_000, begin_us: int = 500_000, end_us: int = NEVER_US, **faults: Any
    ) -> None:
        self.irqs: list[int] = []
        self.windows: list[bytes] = []
        self.board = Board(1)
        self.device = PythonDevice(self.board, self._answer)
        source = Ramp(n_frames=1000)
        self.board.run(begin_us, source)
        self.board.set_chip_faults(ChipFaults(**faults))
        self.board.run(min(end_us, until_us), source)
        if end_us < until_us:
            self.board.set_chip_faults(ChipFaults())
            self.board.run(until_us, source)

    def _answer(self, device: PythonDevice, now_us: int, event: int) -> int:
        if event == POWER_ON:
            device.start_frames()
        elif event == RADAR_IRQ and lib.board_radar_irq(device.board.memory):
            self.irqs.append(now_us)
            self.windows.append(device.spi(FIFO_READ, FRAME_BYTES))
        return NEVER_US

    @property
    def numbers(self) -> list[int]:
        """The first sample of every frame: its number at the source."""
        return [int(unpack12(window[4:])[0]) for window in self.windows]

    @property
    def gaps_us(self) -> list[int]:
        return np.diff(self.irqs).tolist()


def test_dropped_frames_are_left_out_and_the_others_keep_their_times() -> None:
    whole, some = Master(), Master(frame_drop_ppm=300_000)
    missing = sorted(set(whole.numbers) - set(some.numbers))
    assert 4 <= len(missing) <= 15 and min(missing) >= 9
    assert set(zip(some.irqs, some.numbers, strict=True)) <= set(zip(whole.irqs, whole.numbers, strict=True))


def test_a_repeated_frame_comes_in_place_of_its_successor() -> None:
    whole, some = Master(), Master(frame_repeat_ppm=300_000)
    repeated = [b for a, b in zip(some.numbers, some.numbers[1:], strict=False) if a == b]
    assert len(repeated) >= 4 and some.irqs == whole.irqs


def test_late_frames_are_late_by_up_to_so_much_and_nothing_drifts() -> None:
    whole, some = Master(), Master(frame_jitter_us=5_000)
    late = np.array(some.irqs) - np.array(whole.irqs[: len(some.irqs)])
    assert late[:9].max() == 0 and 3_000 < late.max() <= 5_000 and late.min() == 0


def test_in_a_pause_no_frame_starts_and_the_next_ones_are_on_time() -> None:
    whole, some = Master(), Master(end_us=1_000_000, frame_pause=1)
    assert some.irqs == [t for t in whole.irqs if not 500_000 < t < 1_000_000]


@pytest.mark.parametrize("ppb", [10_000_000, -10_000_000, 50_000])
def test_a_fast_clock_makes_frames_come_sooner(ppb: int) -> None:
    some = Master(clock_ppb=ppb, until_us=3_000_000)
    period_us = float(np.mean(some.gaps_us[15:]))
    assert period_us == pytest.approx(50_000 / (1 + ppb * 1e-9), abs=0.2)


def test_the_clock_is_right_again_after_the_fault() -> None:
    some = Master(clock_ppb=10_000_000, end_us=1_000_000)
    assert np.mean(some.gaps_us[-10:]) == pytest.approx(50_000, abs=0.2)


def test_a_lost_level_makes_an_interrupt_at_the_first_word() -> None:
    some = Master(until_us=600_000, cref_lost=1)
    assert some.board.chip.peek("SFCTL") & 0x1FFF == 0
    assert some.board.chip.counters().underflows > 0


def test_a_lost_oscillator_ends_the_frames_and_refuses_new_ones() -> None:
    some = Master(oscillator_off=1)
    assert max(some.irqs) <= 500_000 + 50_000 and not some.board.chip.transmitting
    some.board.chip.write("MAIN", 0x1E0001)
    some.board.chip.write("PACR1", 0xE967FD)
    assert (some.board.chip.transmitting, some.board.chip.peek("PACR1") >> 23) == (False, 0)


def test_frames_end_at_the_limit() -> None:
    assert len(Master(frame_limit=15).irqs) == 15


def test_what_a_fault_did_to_a_register_stays_until_it_is_written_again() -> None:
    some = Master(end_us=1_000_000, frame_limit=15)
    assert (len(some.irqs), some.board.chip.peek("CCR2") & 0xFFF) == (15, 15)
    some.board.chip.write("CCR2", 0)
    assert some.board.chip.peek("CCR2") == 0


def test_an_underflow_ends_a_burst_in_ones_and_shows_in_the_next() -> None:
    some = Master(until_us=1_000_000, underflow_every=4)
    bad = [n for n, window in enumerate(some.windows) if window.endswith(b"\xff" * 192)]
    assert bad and all(some.windows[n + 1][0] & FOU for n in bad if n + 1 < len(some.windows))


def test_a_lost_word_shifts_what_follows() -> None:
    board = Board(1)

    def answer(device: PythonDevice, _now_us: int, event: int) -> int:
        if event == POWER_ON:
            device.start_frames()
        return NEVER_US

    device = PythonDevice(board, answer)
    source = Ramp()
    board.run(20_000, source)
    board.chip.lose_word()
    board.run(60_000, source)
    data = unpack12(device.spi(FIFO_READ, 30)[4:])
    assert data.tolist() == list(range(2, 22))


def test_the_test_sequence_can_be_wrong() -> None:
    board = Board(1)
    board.set_chip_faults(ChipFaults(lfsr_wrong=1))
    target = HostTarget(board, RadarConfig(), "c")
    board.run(1_000_000, Ramp())
    assert target.firmware.counters()["driver_self_test_failures"] >= 1


@pytest.mark.parametrize(
    ("fault", "register", "during", "after"),
    [({"chip_id": 0x609}, "CHIP_ID", 0x609, 0x303), ({"frame_limit": 9}, "CCR2", 9, 9)],
)
def test_registers_show_a_fault_at_once(fault: dict[str, int], register: str, during: int, after: int) -> None:
    chip = Board(1).chip
    chip.set_faults(ChipFaults(**fault))
    seen = chip.peek(register)
    chip.set_faults(ChipFaults())
    assert (seen, chip.peek(register)) == (during, after)


def test_stuck_reset_bits_clear_when_the_fault_is_over() -> None:
    chip = Board(1).chip
    chip.set_faults(ChipFaults(reset_stuck=1))
    chip.write("MAIN", 0x1E0002)
    stuck = chip.peek("MAIN") & 2
    chip.set_faults(ChipFaults())
    assert (stuck, chip.peek("MAIN") & 2) == (2, 0)


def test_status_bits_change_their_order() -> None:
    chip = Board(1).chip
    chip.set_faults(ChipFaults(gsr0_mirrored=1, fou_while_empty=1))
    mirrored = chip.transfer(bytes(4))[0]
    chip.set_faults(ChipFaults(fou_while_empty=1))
    assert (mirrored, chip.transfer(bytes(4))[0]) == (0xF3, 0xFC)


def test_transfers_take_time_while_the_bus_is_slow() -> None:
    some = Master(until_us=700_000, spi_hz=2_000_000)
    assert some.gaps_us and max(some.gaps_us) >= FRAME_BYTES * 8 // 2
