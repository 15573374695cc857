"""What drivers of this chip get wrong, and what a faithful chip then shows: no fault is set, only the master errs."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.chip.chip import FIFO_READ, Chip, ChipOptions
from tests.chip_driver import program, ramp, running_chip, start, unpack

FILL, FOU, CLK = 0x3FFF, 0x08, 0x01
FRAME = 192  # samples of the test list
WORDS = FRAME // 2
FSM_RESET, FIFO_RESET, NEVER = 4, 8, 2**64 - 1


def served(**changes: int) -> Chip:
    """The first interrupt has come."""
    chip = running_chip(**changes)
    chip.advance(chip.next_event_ns)
    return chip


def status(chip: Chip) -> int:
    return chip.transfer(b"\x04\0\0\0")[0] & (FOU | CLK)


def test_two_bytes_a_sample_reads_past_the_frame() -> None:
    chip = served()
    data = chip.transfer(FIFO_READ, b"\xff" * 2 * FRAME)[4:]
    assert np.array_equal(unpack(data[: 3 * WORDS]), ramp(1, FRAME)[0])
    assert data[3 * WORDS :] == b"\xff" * WORDS
    assert status(chip) == FOU


def test_an_underflow_is_seen_by_the_next_access_only() -> None:
    chip = served()
    first = chip.transfer(FIFO_READ, b"\xff" * (3 * WORDS + 3))[0] & FOU
    assert (first, status(chip), status(chip)) == (0, FOU, FOU)


def test_a_broken_read_leaves_everything_one_word_off() -> None:
    chip = served()
    chip.transfer(FIFO_READ, b"\xff" * 4)
    assert status(chip) == CLK
    assert unpack(chip.burst_read(0x60, 6)).tolist() == [4, 5, 6, 7]


def test_a_restart_without_fifo_reset_gives_stale_samples_first() -> None:
    chip = served()
    chip.write("MAIN", 0x1E8270 | FSM_RESET)
    start(chip)
    chip.advance(chip.next_frame_ns)
    chip.set_samples(np.full((1, FRAME), 4000, np.uint16))
    chip.advance(chip.next_event_ns if chip.next_event_ns != NEVER else 30_000_000)
    assert unpack(chip.burst_read(0x60, 6)).tolist() == [0, 1, 2, 3]


def test_after_an_overflow_old_samples_are_read_and_no_new_ones_come() -> None:
    chip = running_chip(ramp(200, FRAME))
    chip.advance(2_000_000_000)
    assert status(chip) == FOU and chip.read("FSTAT") & FILL == 8192
    assert unpack(chip.burst_read(0x60, 3)).tolist() == [0, 1]
    assert (chip.transmitting, chip.next_event_ns) == (False, NEVER)


@pytest.mark.parametrize("reset", [0, FSM_RESET])
def test_an_overflow_ends_with_a_fifo_reset_only(reset: int) -> None:
    chip = running_chip(ramp(200, FRAME))
    chip.advance(2_000_000_000)
    chip.write("MAIN", 0x1E8270 | reset)
    before = status(chip)
    chip.write("MAIN", 0x1E8270 | FIFO_RESET)
    assert (before, status(chip)) == (FOU, 0)


# The limit in words where samples are meant: an interrupt every second frame, two frames of data behind it.
def test_a_level_in_the_wrong_unit_comes_late() -> None:
    right, wrong = running_chip(), running_chip(cref=FRAME - 1)
    period = right.radar().frame_period_ns
    assert wrong.next_event_ns - right.next_event_ns == pytest.approx(period, abs=13)


def test_a_level_beyond_all_frames_never_comes() -> None:
    chip = Chip()
    program(chip, cref=WORDS)
    chip.write("CCR2", chip.read("CCR2") | 1)  # one frame
    start(chip)
    chip.set_samples(ramp(1, FRAME))
    chip.advance(100_000_000)
    assert (chip.read("FSTAT") & FILL, chip.irq, chip.next_event_ns) == (WORDS, False, NEVER)


def test_level_zero_comes_at_the_first_word() -> None:
    chip = served(cref=0)
    assert chip.read("FSTAT") & FILL in (1, 2)


def test_without_the_oscillator_nothing_starts() -> None:
    chip = Chip()
    program(chip)
    chip.write("PACR1", 0x196524)
    start(chip)
    assert (chip.transmitting, chip.next_event_ns, chip.counters().last_warned_address) == (False, NEVER, 0x04)


def test_the_test_sequence_without_rx1_is_no_sequence() -> None:
    chip = Chip()
    program(chip, rx_mask=6)
    chip.write("SFCTL", chip.read("SFCTL") | 1 << 17)
    start(chip)
    chip.advance(chip.next_event_ns)
    if chip.needs_samples:
        chip.set_samples(np.full((1, FRAME * 2 // 3), 7, np.uint16))
        chip.advance(chip.next_event_ns)
    assert unpack(chip.burst_read(0x60, 3)).tolist() != [1, 0x800]


def test_a_transfer_in_two_windows_starts_with_a_command() -> None:
    chip = served()
    first = chip.transfer(FIFO_READ, b"\0" * 99)
    second = chip.transfer(b"\0" * 96)
    assert unpack(first[4:]).tolist() == list(range(66))
    assert second[0] & 0xF0 == 0xF0 and not any(second[4:])


def test_a_slow_clock_overflows() -> None:
    chip = Chip(ChipOptions(spi_hz=100_000))
    program(chip, rx_mask=7, n_samples=256, n_chirps=16)
    start(chip)
    size = 3 * 256 * 16
    chip.advance(chip.next_event_ns)
    chip.set_samples(ramp(50, size))
    for _ in range(3):
        chip.advance(max(chip.next_event_ns, chip.time_ns) if not chip.irq else chip.time_ns)
        chip.burst_read(0x60, size // 2 * 3)
    assert chip.counters().overflows == 1
