"""Data test mode."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.chip.chip import Chip
from tests.chip_driver import program, ramp, start, unpack

LFSR_EN = 1 << 17
FIRST = [0x001, 0x800, 0x400, 0x200, 0x100, 0x880, 0x440, 0x220]


def sequence(n: int) -> list[int]:
    """x^12 + x^11 + x^10 + x^4 + 1, shifted right from 001: written from the datasheet, not from the chip's C."""
    state, out = 1, []
    for _ in range(n):
        out.append(state)
        bit = bin(state & 0b0001_0000_0111).count("1") % 2
        state = state >> 1 | bit << 11
    return out


def chip_in_test_mode(**changes: int) -> tuple[Chip, int]:
    chip = Chip()
    size = program(chip, **changes)
    chip.write("SFCTL", 0x700000 | LFSR_EN | (size // 2 - 1))
    start(chip)
    return chip, size


def read_frame(chip: Chip, size: int) -> np.ndarray:
    chip.advance(chip.next_event_ns)
    return unpack(chip.burst_read(0x60, size // 2 * 3))


def test_first_words() -> None:
    chip, size = chip_in_test_mode(rx_mask=1)
    assert read_frame(chip, size)[:8].tolist() == FIRST


def test_period_is_4095() -> None:
    chip, size = chip_in_test_mode(rx_mask=1, n_samples=2048, n_chirps=4)
    words = read_frame(chip, size)
    assert len(set(words[:4095].tolist())) == 4095
    assert np.array_equal(words[4095:], words[: size - 4095])


def test_sequence_runs_on_over_chirps_and_frames() -> None:
    chip, size = chip_in_test_mode(rx_mask=1, n_samples=110, n_chirps=5)
    words = np.concatenate([read_frame(chip, size) for _ in range(5)])
    assert chip.read("FSTAT") & 0x3FFF == 0
    assert words.tolist() == sequence(5 * size)


def test_only_rx1_carries_it_others_are_the_sources() -> None:
    chip, size = chip_in_test_mode(rx_mask=7)
    frames = ramp(2, size)
    chip.advance(chip.next_frame_ns)
    chip.set_samples(frames, chip.next_frame_ns)
    words = read_frame(chip, size).reshape(-1, 3)
    assert words[:, 0].tolist() == sequence(size // 3)
    assert np.array_equal(words[:, 1:], frames[0].reshape(-1, 3)[:, 1:])


def test_without_rx1_nothing_is_replaced() -> None:
    chip, size = chip_in_test_mode(rx_mask=6)
    chip.advance(chip.next_frame_ns)
    chip.set_samples(ramp(1, size))
    assert np.array_equal(read_frame(chip, size), ramp(1, size)[0])


def test_with_rx1_alone_no_frame_of_the_source_is_used() -> None:
    chip, size = chip_in_test_mode(rx_mask=1)
    read_frame(chip, size)
    counters = chip.counters()
    assert not chip.needs_samples
    assert (counters.frames_started, counters.frames_from_ring) == (1, 0)
    assert (counters.test_burst_bytes, counters.fifo_burst_bytes) == (4 + size // 2 * 3, 0)


def test_a_recording_is_not_used_up() -> None:
    chip, size = chip_in_test_mode(rx_mask=7)
    chip.advance(chip.next_frame_ns)
    chip.set_samples(ramp(1, size))
    read_frame(chip, size)
    read_frame(chip, size)
    chip.write("SFCTL", chip.read("SFCTL") & ~LFSR_EN)
    assert np.array_equal(read_frame(chip, size), ramp(1, size)[0])
    assert chip.counters().frames_from_ring == 1


def test_a_source_that_has_ended_leaves_the_others_at_mid_scale() -> None:
    chip, size = chip_in_test_mode(rx_mask=7)
    chip.set_samples(np.zeros((0, size), np.uint16))
    assert (read_frame(chip, size).reshape(-1, 3)[:, 1:] == 2048).all()


@pytest.mark.parametrize("reset", [4, 8], ids=["fsm", "fifo"])
def test_a_reset_seeds_it_again(reset: int) -> None:
    chip, size = chip_in_test_mode(rx_mask=1)
    read_frame(chip, size)
    chip.write("MAIN", 0x1E8270 | reset)
    start(chip)
    assert read_frame(chip, size)[:8].tolist() == FIRST


def test_switching_it_off_seeds_it_again() -> None:
    chip, size = chip_in_test_mode(rx_mask=1)
    read_frame(chip, size)
    with_test = chip.read("SFCTL")
    chip.write("SFCTL", with_test & ~LFSR_EN)
    chip.write("SFCTL", with_test)
    assert read_frame(chip, size)[:8].tolist() == FIRST


def test_after_the_test_the_source_is_asked() -> None:
    chip, size = chip_in_test_mode(rx_mask=1)
    read_frame(chip, size)
    chip.write("SFCTL", chip.read("SFCTL") & ~LFSR_EN)
    chip.advance(chip.next_frame_ns)
    assert chip.needs_samples
    chip.set_samples(ramp(1, size))
    assert np.array_equal(read_frame(chip, size), ramp(1, size)[0])
