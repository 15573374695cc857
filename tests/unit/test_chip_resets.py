"""Which reset clears what: hardware > software > FIFO > FSM."""

from __future__ import annotations

import pytest

from hw_sim.chip.chip import Chip
from tests.chip_driver import ramp, running_chip

BITS = {"software": 2, "fifo": 8, "fsm": 4}
CLK_NUM_ERR, FUF, FILL = 1 << 17, 1 << 19, 0x3FFF


def dirty_chip() -> Chip:
    """Registers programmed, frames running, data and all flags in the FIFO, a framing error."""
    chip = running_chip()
    chip.burst_read(0x60, 3)
    chip.advance(chip.next_event_ns)
    chip.transfer(b"\x04")
    return chip


def reset(chip: Chip, kind: str) -> None:
    if kind == "hardware":
        chip.reset_pin(0)
        chip.reset_pin(1)
    else:
        chip.write("MAIN", 0x1E8270 | BITS[kind])


# kind: registers kept, data kept, FIFO flags kept, framing error kept
KEPT = [
    ("fsm", True, True, True, True),
    ("fifo", True, False, False, True),
    ("software", False, False, False, False),
    ("hardware", False, False, False, False),
]


@pytest.mark.parametrize(("kind", "registers", "data", "flags", "framing"), KEPT, ids=[row[0] for row in KEPT])
def test_hierarchy(kind: str, registers: bool, data: bool, flags: bool, framing: bool) -> None:
    chip = dirty_chip()
    before = chip.read("FSTAT")
    assert before & CLK_NUM_ERR and before & FUF and before & FILL
    reset(chip, kind)
    after = chip.read("FSTAT")
    assert (chip.read("PLL1_3") != 0) == registers
    assert bool(after & FILL) == data
    assert bool(after & FUF) == flags
    assert bool(after & CLK_NUM_ERR) == framing


@pytest.mark.parametrize("kind", ["fsm", "fifo", "software", "hardware"])
def test_every_reset_ends_the_frames(kind: str) -> None:
    chip = dirty_chip()
    assert chip.transmitting
    reset(chip, kind)
    assert not chip.transmitting
    assert chip.next_event_ns == 2**64 - 1
    assert (chip.read("STAT0"), chip.read("STAT1")) == (0xA8, 0)


@pytest.mark.parametrize("kind", ["fsm", "fifo", "software"])
def test_command_bits_clear_themselves(kind: str) -> None:
    chip = dirty_chip()
    reset(chip, kind)
    assert chip.read("MAIN") == (0x1E0000 if kind == "software" else 0x1E8270)


def test_the_strongest_reset_wins() -> None:
    chip = dirty_chip()
    chip.write("MAIN", 0x1E8270 | 0xF)
    assert chip.read("PLL1_3") == 0
    assert not chip.transmitting


def test_reset_pin_is_ignored_while_selected() -> None:
    chip = dirty_chip()
    warnings = chip.counters().warnings
    chip.cs(0)
    chip.reset_pin(0)
    chip.cs(1)
    assert chip.read("PLL1_3") != 0
    assert chip.counters().warnings == warnings + 1


def test_interrupt_is_low_in_reset() -> None:
    chip = dirty_chip()
    assert chip.irq
    chip.reset_pin(0)
    assert not chip.irq


def test_half_a_word_does_not_survive_a_restart() -> None:
    chip = running_chip(ramp(4, 15), rx_mask=1, n_samples=15, n_chirps=1)
    chip.advance(chip.next_event_ns + 1_000_000)
    chip.burst_read(0x60, 21)
    chip.write("MAIN", 0x1E8270 | BITS["fsm"])
    chip.write("MAIN", 0x1E8271)
    chip.advance(chip.next_event_ns)
    assert chip.burst_read(0x60, 3) == bytes.fromhex("00F010")


# low for so many ns: does it warn?
@pytest.mark.parametrize(("width_ns", "warns"), [(0, 0), (13, 1), (88, 1), (100, 0), (1_000_000, 0)])
def test_a_reset_pulse_shorter_than_100_ns_warns(width_ns: int, warns: int) -> None:
    chip = dirty_chip()
    now, warnings = 10_000_000, chip.counters().warnings
    chip.set_samples(ramp(0, 192))
    chip.advance(now)
    chip.reset_pin(0)
    chip.advance(now + width_ns)
    chip.reset_pin(1)
    assert (chip.counters().warnings - warnings, chip.read("PLL1_3")) == (warns, 0)


@pytest.mark.parametrize(("wait_ns", "warns"), [(0, 0), (50, 1), (100, 0), (10_000_000, 0)])
def test_an_access_within_100_ns_of_a_software_reset_warns(wait_ns: int, warns: int) -> None:
    chip = Chip()
    chip.write("MAIN", 0x1E0002)
    chip.advance(wait_ns)
    assert (chip.read("CHIP_ID"), chip.counters().warnings) == (0x303, warns)
