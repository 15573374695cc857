"""The register table against the datasheet, and what a write does."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.chip.chip import REGISTERS, Chip, Field, field_table

WORD = 0xFFFFFF
# Datasheet reset values; every other register is 0 after a reset.
NOT_ZERO = {
    0x00: 0x1E0000, 0x01: 0x0A0240, 0x02: 0x000303, 0x04: 0x196524, 0x05: 0x040014, 0x06: 0x710000,
    0x0B: 0x000B60, 0x0F: 0x000B60, 0x16: 0x000B60, 0x1D: 0x000B60, 0x24: 0x000B60, 0x2B: 0x000B60,
    0x55: 0x001F40, 0x56: 0x060000, 0x57: 0x000200, 0x5D: 0x0000A8, 0x5F: 0x100000,
}  # fmt: skip
READ_ONLY = {"CHIP_ID", "STAT1", "ADC1", "ADC2", "ADC3", "ADC4", "ADC5", "DFT1", "STAT0", "SADC_RESULT", "FSTAT"}
NAMED = {
    "MAIN": 0x00, "ADC0": 0x01, "CHIP_ID": 0x02, "SFCTL": 0x06, "CSI_0": 0x08, "CSCDS": 0x0F, "CSU1_0": 0x10,
    "CSD1_0": 0x13, "CSC1": 0x16, "CSU2_0": 0x17, "CSC4": 0x2B, "CCR0": 0x2C, "CCR3": 0x2F, "PLL1_0": 0x30,
    "PLL1_7": 0x37, "PLL4_7": 0x4F, "RFT0": 0x55, "DFT1": 0x58, "SDFT0": 0x5B, "STAT0": 0x5D, "FSTAT": 0x5F,
}  # fmt: skip
FIELDS = field_table()
WRITABLE = [name for name, row in REGISTERS.items() if row.writable]


def mask(field: Field) -> int:
    return ((1 << (field.high - field.low + 1)) - 1) << field.low


def test_every_address_has_exactly_one_register() -> None:
    assert [row.address for row in REGISTERS.values()] == list(range(0x60))


@pytest.mark.parametrize(("name", "address"), NAMED.items())
def test_names_are_at_their_addresses(name: str, address: int) -> None:
    assert REGISTERS[name].address == address


def test_reset_values_are_the_datasheets() -> None:
    assert {row.address: row.reset_value for row in REGISTERS.values() if row.reset_value} == NOT_ZERO


def test_after_power_on_the_bus_shows_the_reset_values() -> None:
    chip = Chip()
    assert [chip.read(address) for address in range(0x60)] == [row.reset_value for row in REGISTERS.values()]


def test_read_only_registers() -> None:
    assert {name for name, row in REGISTERS.items() if not row.writable} == READ_ONLY


@pytest.mark.parametrize("name", sorted(REGISTERS))
def test_fields_do_not_overlap(name: str) -> None:
    fields = [field for field in FIELDS if field.register == name]
    assert fields
    assert all(0 <= field.low <= field.high <= 23 for field in fields)
    assert not any(mask(one) & mask(other) for one, other in combinations(fields, 2))


@pytest.mark.parametrize("name", sorted(READ_ONLY))
def test_read_only_registers_ignore_writes(name: str) -> None:
    chip = Chip()
    before = chip.read(name)
    chip.write(name, ~before & WORD)
    assert chip.read(name) == before


@given(st.sampled_from(WRITABLE), st.integers(0, WORD))
def test_a_write_is_read_back(name: str, value: int) -> None:
    chip = Chip()
    self_clearing = {"MAIN": 0xF, "SADC_CTRL": 0x10}.get(name, 0)
    if name == "MAIN":
        value &= ~0xF  # the resets have tests of their own
    chip.write(name, value)
    assert chip.read(name) == value & ~self_clearing


@given(st.sampled_from(WRITABLE), st.integers(0, WORD))
def test_a_write_warns_when_it_changes_what_is_not_modelled(name: str, value: int) -> None:
    chip = Chip()
    row = REGISTERS[name]
    known = sum(mask(field) for field in FIELDS if field.register == name and field.kind != "absent")
    if name == "MAIN":
        value &= ~0xF
    if name == "SADC_CTRL":
        value &= ~0x10  # a conversion warns for its own reasons
    chip.write(name, value)
    counters = chip.counters()
    assert counters.warnings == int((value ^ row.reset_value) & ~known & WORD != 0)
    assert counters.last_warned_address == (row.address if counters.warnings else 0)


@pytest.mark.parametrize("name", WRITABLE)
def test_a_reset_value_never_warns(name: str) -> None:
    chip = Chip()
    chip.write(name, REGISTERS[name].reset_value)
    assert chip.counters().warnings == 0


def test_addresses_beyond_the_table_read_zero_and_warn() -> None:
    chip = Chip()
    assert chip.read(0x61) == 0
    assert chip.counters().last_warned_address == 0x61
