"""What no source settles and faults of the chip itself: each option, on and off."""

from __future__ import annotations

import pytest

from hw_sim.chip.chip import Chip, ChipOptions
from tests.chip_driver import program, ramp, start

FOU = 0x08
RESETS = {"software": 2, "fsm": 4, "fifo": 8}


def status(chip: Chip) -> int:
    return chip.transfer(b"\x04\0\0\0")[0]


@pytest.mark.parametrize(("option", "bit"), [(0, 0), (1, FOU)])
def test_over_underflow_is_shown_while_empty(option: int, bit: int) -> None:
    assert status(Chip(ChipOptions(fou_while_empty=option))) & FOU == bit


def test_over_underflow_goes_when_there_is_data() -> None:
    chip = Chip(ChipOptions(fou_while_empty=1))
    size = program(chip)
    start(chip)
    chip.set_samples(ramp(5, size))
    chip.advance(chip.next_event_ns)
    assert status(chip) & FOU == 0


def test_fstat_does_not_show_it() -> None:
    assert Chip(ChipOptions(fou_while_empty=1)).read("FSTAT") == 0x100000


@pytest.mark.parametrize(("option", "content"), [(0, 0x0A0240), (1, 0x0A2240)])
def test_adc0_bit_13_after_a_reset(option: int, content: int) -> None:
    chip = Chip(ChipOptions(adc0_bit_13=option))
    chip.write("ADC0", 0)
    chip.write("MAIN", 0x1E0002)
    assert chip.read("ADC0") == content


def test_chip_id_survives_every_reset() -> None:
    chip = Chip(ChipOptions(chip_id=0x000609))
    chip.write("MAIN", 0x1E0002)
    assert chip.read("CHIP_ID") == 0x000609


@pytest.mark.parametrize("kind", RESETS)
def test_a_stuck_reset_bit_is_read_for_ever(kind: str) -> None:
    chip = Chip(ChipOptions(reset_stuck=1))
    chip.write("MAIN", 0x1E0000 | RESETS[kind])
    chip.write("MAIN", 0x1E0000)
    assert chip.read("MAIN") == 0x1E0000 | RESETS[kind]


def test_the_reset_itself_works_when_its_bit_is_stuck() -> None:
    chip = Chip(ChipOptions(reset_stuck=1))
    chip.write("PLL1_0", 0x123456)
    chip.write("MAIN", 0x1E0002)
    assert chip.read("PLL1_0") == 0


def test_the_reset_pin_frees_a_stuck_bit_until_the_next_reset() -> None:
    chip = Chip(ChipOptions(reset_stuck=1))
    chip.write("MAIN", 0x1E0002)
    chip.reset_pin(0)
    chip.reset_pin(1)
    freed = chip.read("MAIN")
    chip.write("MAIN", 0x1E0002)
    assert (freed, chip.read("MAIN")) == (0x1E0000, 0x1E0002)


def test_frame_start_is_never_stuck() -> None:
    chip = Chip(ChipOptions(reset_stuck=1))
    program(chip)
    start(chip)
    assert (chip.read("MAIN") & 1, chip.transmitting) == (0, True)
