"""SPI windows clock by clock: what a master that loses or adds clocks gets, and what the chip does with it."""

from __future__ import annotations

import pytest

from hw_sim.chip.chip import Chip
from tests.chip_driver import running_chip

HS, BURST, CLK = 0xF4, 0x02, 0x01  # what is always there, and high speed or not
READ_ID = 0x04000000
WRITE_PLL = 0x61123456
FIFO_READ = 0xFFC00000


def window(chip: Chip, *words: tuple[int, int]) -> list[int]:
    """One chip-select window of (mosi, number of clocks); returns MISO of each."""
    chip.cs(0)
    answers = [chip.clock_bits(mosi, n_bits) for mosi, n_bits in words]
    chip.cs(1)
    return answers


def errors(chip: Chip) -> int:
    """Error bits of the status byte."""
    return chip.transfer(b"\x04\0\0\0")[0] & ~HS


def full_chip() -> Chip:
    """The first frame is in the FIFO: samples 0, 1, 2 ..."""
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    return chip


def test_32_clocks_are_an_access() -> None:
    chip = Chip()
    assert window(chip, (READ_ID, 32)) == [0xF4000303]
    assert errors(chip) == 0


def test_clocks_may_come_one_by_one() -> None:
    bits = window(Chip(), *((READ_ID >> bit & 1, 1) for bit in range(31, -1, -1)))
    assert int("".join(map(str, bits)), 2) == 0xF4000303


@pytest.mark.parametrize("n", range(1, 32))
def test_a_short_single_access_is_ignored(n: int) -> None:
    chip = Chip()
    window(chip, (WRITE_PLL >> (32 - n), n))
    assert (errors(chip), chip.read("PLL1_0")) == (CLK, 0)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 32])
def test_clocks_after_a_single_access_are_ignored(n: int) -> None:
    chip = Chip()
    window(chip, (WRITE_PLL, 32), (0xFFFFFFFF, n))
    assert (errors(chip), chip.read("PLL1_0")) == (CLK, 0x123456)


# bound in words, data clocks, the error bits that follow
LENGTHS = [
    (0, 0, 0), (0, 24, 0), (0, 48, 0), (0, 1, CLK), (0, 23, CLK), (0, 25, CLK), (0, 47, CLK),
    (1, 24, 0), (1, 0, BURST), (1, 48, BURST), (2, 24, BURST), (2, 72, BURST),
    (1, 1, BURST | CLK), (1, 23, BURST | CLK), (1, 25, BURST | CLK), (2, 49, BURST | CLK),
]  # fmt: skip


@pytest.mark.parametrize(("bound", "clocks", "expected"), LENGTHS)
def test_burst_lengths_in_clocks(bound: int, clocks: int, expected: int) -> None:
    chip = Chip()
    window(chip, (0xFF100000 | bound << 9, 32), *[(0, 1)] * clocks)
    assert errors(chip) == expected


@pytest.mark.parametrize("n", [8, 9, 20, 31])
def test_a_short_burst_header_is_a_clock_error(n: int) -> None:
    chip = full_chip()
    window(chip, (FIFO_READ >> (32 - n), n))
    assert (errors(chip), chip.read(0x60)) == (CLK, 0x000001)


@pytest.mark.parametrize("n", [1, 12, 23])
def test_a_fifo_word_begun_is_a_fifo_word_lost(n: int) -> None:
    chip = full_chip()
    window(chip, (FIFO_READ, 32), (0, n))
    assert (errors(chip), chip.read(0x60)) == (CLK, 0x002003)


def test_a_write_burst_counts_whole_words_only() -> None:
    chip = Chip()
    window(chip, (0xFF610000, 32), (0x111111, 24), (0x222222, 23))
    assert [chip.read(name) for name in ("PLL1_0", "PLL1_1")] == [0x111111, 0]


def test_bytes_go_on_where_bits_ended() -> None:
    chip = Chip()
    chip.cs(0)
    first = chip.clock_bits(READ_ID >> 27, 5)
    rest = int.from_bytes(chip.xfer((READ_ID << 5 & 0xFFFFFFFF).to_bytes(4, "big")), "big")
    chip.cs(1)
    assert first << 27 | rest >> 5 == 0xF4000303


def test_bytes_are_counted_when_they_are_whole() -> None:
    chip = Chip()
    window(chip, (READ_ID, 31))
    assert chip.counters().spi_bytes == 3


def test_not_selected_and_in_reset_nothing_answers() -> None:
    chip = Chip()
    assert chip.clock_bits(READ_ID, 32) == 0xFFFFFFFF
    chip.reset_pin(0)
    assert window(chip, (READ_ID, 32)) == [0xFFFFFFFF]
