"""The sensor converter: one conversion from start to result, and what each field does to it."""

from __future__ import annotations

import pytest

from hw_sim.chip.chip import Chip, ChipFaults, ChipOptions
from tests.chip_driver import running_chip

START, BUSY, RDY, LOW_GAIN = 1 << 4, 1 << 10, 1, 1 << 12
LONG_NS = 1_000_000


def convert(temperature_c: float = 25.0, control: int = 0) -> Chip:
    """A chip whose conversion is over."""
    chip = Chip(ChipOptions(temperature_mc=round(temperature_c * 1000)))
    chip.write("SADC_CTRL", START | control)
    chip.advance(LONG_NS)
    return chip


@pytest.mark.parametrize("temperature_c", [-40.0, 0.0, 25.0, 85.0, 125.0])
@pytest.mark.parametrize(("oversampling", "bits"), [(0, 8), (1, 8), (2, 9), (3, 10)])
def test_temperature_by_the_datasheets_formula(temperature_c: float, oversampling: int, bits: int) -> None:
    voltage = 0.78984 + 0.00286 * temperature_c
    expected = int(2**bits * voltage / 1.21) << (10 - bits)
    assert convert(temperature_c, oversampling << 9).read("SADC_RESULT") == expected


@pytest.mark.parametrize("hot_c", [90.0, 40.0])
def test_a_hot_die_is_what_the_converter_sees_until_the_fault_is_over(hot_c: float) -> None:
    chip = Chip()
    seen = []
    for n, faults in enumerate((ChipFaults(hot_mc=round(1000 * hot_c)), ChipFaults()), 1):
        chip.set_faults(faults)
        chip.write("SADC_CTRL", START | 3 << 9)
        chip.advance(n * LONG_NS)
        seen.append((chip.read("SADC_RESULT") * 1.21 / 1023 - 0.78984) / 0.00286)
    assert seen == pytest.approx([hot_c, 25.0], abs=0.5)


def test_ten_bits_give_the_temperature_back_to_half_a_degree() -> None:
    result = convert(31.0, 3 << 9).read("SADC_RESULT")
    assert (result * 1.21 / 1023 - 0.78984) / 0.00286 == pytest.approx(31.0, abs=0.5)


def test_low_gain_takes_three_quarters() -> None:
    assert convert(25.0, LOW_GAIN).read("SADC_RESULT") == int(256 * 0.75 * (0.78984 + 0.00286 * 25) / 1.21) << 2


# MAIN.SADC_CLK_DIV, oversampling, duration in ns: 20 converter clocks a sample
DURATIONS = [(3, 0, 1000), (3, 1, 2000), (3, 2, 4000), (3, 3, 32000), (0, 0, 250), (1, 3, 16000)]


@pytest.mark.parametrize(("divider", "oversampling", "duration_ns"), DURATIONS)
def test_a_conversion_takes_chip_time(divider: int, oversampling: int, duration_ns: int) -> None:
    chip = Chip()
    chip.write("MAIN", 0x180000 | divider << 17)
    chip.write("SADC_CTRL", START | oversampling << 9)
    chip.advance(duration_ns - 13)
    before = chip.read("SADC_RESULT")
    chip.advance(duration_ns)
    assert (before, chip.read("SADC_RESULT") & ~0x3FF, chip.read("SADC_RESULT") != 0) == (BUSY, 0, True)


def test_start_clears_itself() -> None:
    chip = Chip()
    chip.write("SADC_CTRL", START | 3 << 9)
    assert chip.read("SADC_CTRL") == 3 << 9


def test_a_start_while_busy_is_ignored() -> None:
    chip = Chip()
    chip.write("SADC_CTRL", START)
    chip.advance(900)
    chip.write("SADC_CTRL", START)
    chip.advance(1000)
    assert chip.read("SADC_RESULT") & BUSY == 0


def test_the_last_result_stays_until_the_next_is_there() -> None:
    chip = convert(25.0)
    first = chip.read("SADC_RESULT")
    chip.set_temperature_c(60.0)
    chip.write("SADC_CTRL", START)
    during = chip.read("SADC_RESULT")
    chip.advance(2 * LONG_NS)
    assert during == BUSY | first
    assert chip.read("SADC_RESULT") > first


def test_ready_between_conversions_only() -> None:
    chip = Chip()
    seen = [chip.read("STAT0") & RDY]
    chip.write("SADC_CTRL", START)
    seen.append(chip.read("STAT0") & RDY)
    chip.advance(LONG_NS)
    seen.append(chip.read("STAT0") & RDY)
    assert seen == [0, 0, 1]


def test_ready_when_the_deep_sleep_set_supplies_it() -> None:
    chip = Chip()
    chip.write("CSCDS", 0x000B60 & ~(1 << 9))
    assert chip.read("STAT0") & RDY


def test_ready_in_a_chirp_unless_its_set_isolates_it() -> None:
    chip = running_chip()
    chip.advance(chip.next_frame_ns + 100)
    ready = chip.read("STAT0") & RDY
    chip.write("CSC1", chip.read("CSC1") | 1 << 9)
    assert (ready, chip.read("STAT0") & RDY) == (1, 0)


def test_other_channels_read_zero_and_warn() -> None:
    chip = convert(control=3)
    assert (chip.read("SADC_RESULT"), chip.counters().last_warned_address) == (0, 7)


def test_a_software_reset_ends_it() -> None:
    chip = convert()
    chip.write("MAIN", 0x1E0002)
    assert (chip.read("SADC_RESULT"), chip.read("STAT0")) == (0, 0xA8)


# The vendor's open library measures so: only the clock, an idle set that supplies band gap and converter, no shape.
def test_a_continuous_wave_without_a_shape_is_idle_and_supplied() -> None:
    chip = Chip()
    chip.write("PACR1", 0x800000)
    chip.write("CSCI", 0x000FA0)  # band gap on, both converters isolated
    chip.write("MAIN", 0x1F8271)
    seen = [chip.read("STAT0") & 0xEF]
    chip.write("CSCI", 0x000DA0)  # the sensor converter is not
    seen.append(chip.read("STAT0") & 0xEF)
    chip.write("SADC_CTRL", 4 << 14 | 1 << 11 | 3 << 9 | 1 << 8 | START)
    chip.advance(LONG_NS)
    assert seen == [3 << 5 | 0b1100, 3 << 5 | 0b1101]
    assert (chip.read("SADC_RESULT") * 1.21 / 1023 - 0.78984) / 0.00286 == pytest.approx(25.0, abs=0.5)
    assert (chip.transmitting, chip.counters().warnings) == (False, 0)
