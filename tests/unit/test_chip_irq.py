"""The interrupt line: when it rises, to the nanosecond, and what holds it down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chip_driver import ramp, running_chip

CREF_FLAG, FILL = 1 << 21, 0x3FFF


@given(st.integers(1, 7), st.integers(1, 50), st.integers(1, 5), st.integers(0, 400))
def test_it_rises_at_the_predicted_time_and_not_before(rx_mask: int, samples: int, chirps: int, cref: int) -> None:
    size = bin(rx_mask).count("1") * samples * chirps
    chip = running_chip(ramp(810, size), rx_mask=rx_mask, n_samples=samples, n_chirps=chirps, cref=cref)
    at = chip.next_event_ns
    chip.advance(at - 13)
    assert not chip.irq
    assert chip.read("FSTAT") & FILL <= cref
    chip.advance(at)
    assert chip.irq


@given(st.lists(st.integers(0, 3_000_000), max_size=30))
def test_the_prediction_does_not_depend_on_how_time_is_cut(steps: list[int]) -> None:
    whole, cut = running_chip(cref=300), running_chip(cref=300)
    at = whole.next_event_ns
    now = 0
    for step in steps:
        now = min(now + step, at - 13)
        cut.advance(now)
        assert cut.next_event_ns == at
    cut.advance(at)
    assert cut.irq


@pytest.mark.parametrize("cref", [0, 1, 7])
def test_it_rises_above_the_level_not_at_it(cref: int) -> None:
    # one antenna: a word every two ADC periods of 500 ns
    chip = running_chip(rx_mask=1, cref=cref)
    chip.advance(chip.next_event_ns - 501)
    assert chip.read("FSTAT") & (FILL | CREF_FLAG) == cref or cref == 0
    assert not chip.irq
    chip.advance(chip.next_event_ns)
    assert chip.read("FSTAT") & (FILL | CREF_FLAG) == CREF_FLAG | cref + 1


def test_it_is_low_while_selected_and_comes_back() -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    levels = [chip.irq]
    chip.cs(0)
    levels.append(chip.irq)
    chip.cs(1)
    levels.append(chip.irq)
    assert levels == [True, False, True]


def test_it_falls_when_enough_was_read() -> None:
    chip = running_chip(rx_mask=1, cref=4)
    chip.advance(chip.next_event_ns)
    chip.burst_read(0x60, 3)
    assert not chip.irq


def test_lowering_the_level_raises_it() -> None:
    chip = running_chip(cref=8191)
    chip.advance(20_000_000)
    assert not chip.irq
    chip.write("SFCTL", 0x700000)
    assert chip.irq


def test_while_it_is_high_the_next_event_is_missing_samples() -> None:
    chip = running_chip(ramp(3, 192))
    chip.advance(chip.next_event_ns)
    at = chip.next_event_ns
    chip.advance(at - 1)
    assert not chip.needs_samples
    chip.advance(at)
    assert chip.needs_samples


def test_a_level_the_samples_never_reach_asks_for_samples() -> None:
    chip = running_chip(ramp(2, 192), cref=8191)
    chip.advance(chip.next_event_ns)
    assert (chip.needs_samples, chip.irq) == (True, False)
