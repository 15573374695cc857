"""Self test of the sample memory, driven as the vendor's open library drives it."""

from __future__ import annotations

import pytest

from hw_sim.chip.chip import Chip, ChipOptions
from tests.chip_driver import running_chip

MODE, NHOLD, CTRL, DONE, FAIL = 1, 1 << 9, 1 << 11, 1 << 4, 1 << 3
ONE_NS = 8192 * 10 * 25 // 2  # ten accesses a word, one a clock
FILL, EMPTY = 0x3FFF, 1 << 20


def command(algorithm: int) -> int:
    return MODE | NHOLD | CTRL | 1 << (5 + algorithm)


@pytest.mark.parametrize("algorithm", range(4))
@pytest.mark.parametrize(("broken", "flags"), [(0, DONE), (1, DONE | FAIL)])
def test_each_algorithm_ends_and_judges(algorithm: int, broken: int, flags: int) -> None:
    chip = Chip(ChipOptions(memory_broken=broken))
    chip.write("DFT0", command(algorithm))
    chip.advance(ONE_NS - 13)
    before = chip.read("DFT1")
    chip.advance(ONE_NS)
    assert (before, chip.read("DFT1")) == (0, flags)


def test_several_algorithms_take_their_time_together() -> None:
    chip = Chip()
    chip.write("DFT0", command(0) | command(1))
    chip.advance(2 * ONE_NS - 13)
    before = chip.read("DFT1")
    chip.advance(2 * ONE_NS)
    assert (before, chip.read("DFT1")) == (0, DONE)


def test_it_destroys_what_the_fifo_held_and_ends_the_frames() -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    assert chip.read("FSTAT") & FILL
    chip.write("DFT0", command(0))
    assert (chip.read("FSTAT") & (FILL | EMPTY), chip.transmitting) == (EMPTY, False)


@pytest.mark.parametrize("value", [0x200, CTRL | 1 << 5, MODE | CTRL, 2 | 1 << 5])
def test_without_mode_and_algorithm_nothing_happens(value: int) -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    chip.write("DFT0", value)
    chip.advance(chip.next_event_ns + 10 * ONE_NS)
    assert (chip.read("DFT1"), chip.transmitting) == (0, True)


def test_another_write_clears_done() -> None:
    chip = Chip()
    chip.write("DFT0", command(0))
    chip.advance(ONE_NS)
    chip.write("DFT0", 0x200)
    assert chip.read("DFT1") == 0


def test_no_frame_starts_while_it_runs() -> None:
    chip = running_chip()
    chip.write("DFT0", command(0))
    chip.write("MAIN", 0x1E8271)
    during = chip.transmitting, chip.counters().last_warned_address
    chip.advance(ONE_NS)
    chip.write("MAIN", 0x1E8271)
    assert (during, chip.transmitting) == ((False, 0x57), True)


@pytest.mark.parametrize("how", ["software", "hardware"])
def test_a_reset_ends_it(how: str) -> None:
    chip = Chip()
    chip.write("DFT0", command(0))
    if how == "software":
        chip.write("MAIN", 0x1E0002)
    else:
        chip.reset_pin(0)
        chip.reset_pin(1)
    chip.advance(ONE_NS)
    assert chip.read("DFT1") == 0
