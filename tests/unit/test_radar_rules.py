"""The warnings of `stillwave config`: every rule falls in once, and is silent where nothing is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from front.radar.convert import listing_of
from front.radar.decode import decode
from front.radar.listing import Listing
from front.radar.rules import RULES, Subject, warnings
from front.radar.shape import own_shape
from tests.unit.test_radar_config import words_of

OWN = own_shape({}, "default")
LISTING = listing_of(OWN, "default")

Change = dict[int, tuple[int, int]]
"""address: (bits to clear, bits to set)"""


def subject(change: Change, spi_hz: float = 25e6, **declared: str) -> Subject:
    """The default list with some bits changed and some macros beside it."""
    registers = LISTING.registers()
    for address, (clear, put) in change.items():
        registers[address] = registers.get(address, 0) & ~clear | put
    return Subject(Listing(tuple(words_of(registers)), "", declared), decode(registers), spi_hz, registers)


def changed_list(words: tuple[int, ...]) -> Subject:
    listing = replace(LISTING, words=words, declared={})
    return Subject(listing, decode(listing.registers()), 25e6, listing.registers())


FIRES: list[tuple[str, Subject, str]] = [
    ("not_a_write", changed_list((*LISTING.words, 0x0A000000)), "0x0a000000 is a read"),
    ("written_twice", changed_list((*LISTING.words, LISTING.words[1])), "0x01 is written 2 times"),
    ("reserved_bits", subject({0x37: (0, 1 << 5)}), "PLL1_7 (0x37): reserved bits 0x000020"),
    ("reserved_bits", subject({0x02: (0, 1)}), "0x02 is no register"),
    ("reserved_bits", subject({0x6A: (0, 1)}), "0x6A is no register"),
    ("clock_off", subject({0x04: (1 << 23, 0)}), "OSCCLKEN"),
    ("reference_clock", subject({0x05: (0x1F, 19)}), "DIVSET is 19"),
    ("nothing_sampled", subject({0x11: (1 << 10, 0)}), "no antenna"),
    ("nothing_sampled", subject({0x37: (1 << 4, 0)}), "not enabled"),
    ("more_than_one_shape", subject({0x3F: (0, 1 << 4)}), "shapes [1, 2]"),
    ("more_than_one_shape", subject({0x1D: (0, 1 << 4)}), "channel sets [1, 2]"),
    ("more_than_one_shape", subject({0x16: (0, 1)}), "2 of a set"),
    ("more_than_one_shape", subject({0x36: (0, 100)}), "a down-chirp"),
    ("continuous_wave", subject({0x00: (0, 1 << 16)}), "makes no frames"),
    ("not_transmitting", subject({0x11: (0x1F, 0)}), "transmitter is off"),
    ("not_transmitting", subject({0x10: (1, 0)}), "transmitter is off"),
    ("outside_band", subject({0x30: (0xFFFFFF, 0x880000)}), "leaves the chip's 57 to 64 GHz"),
    ("steep_ramp", subject({0x31: (0xFFFFFF, 0xFFFF00)}), "slope is -"),
    ("sampled_after_ramp", subject({0x32: (0x3FFF, 1000)}), "after the end of the ramp"),
    ("fast_converter", subject({0x01: (0xFFC000, 19 << 14)}), "ADC_DIV is 19"),
    ("antennas_differ", subject({0x12: (3 << 5, 1 << 5)}), "high-pass corners, Hz, differ"),
    ("antennas_differ", subject({0x12: (0, 1 << 4)}), "gains, dB, differ"),
    ("short_wake_up", subject({0x00: (0xFFF0, 0x10)}), "supplies want 1 ms"),
    ("frames_end", subject({0x2E: (0xFFF, 7)}), "after 7 frames"),
    ("prefix_on", subject({0x06: (0, 1 << 18)}), "PREFIX_EN"),
    ("test_mode_on", subject({0x06: (0, 1 << 17)}), "test sequence"),
    ("test_mode_on", subject({0x06: (0, 1 << 17), 0x11: (1 << 20, 0)}), "antenna 1 is off"),
    ("high_speed_flag", subject({}, 30e6), "without it"),
    ("high_speed_flag", subject({0x06: (0, 1 << 16)}), "half a clock early"),
    ("high_speed_flag", subject({0x06: (0, 1 << 16)}, 60e6), "the chip allows 50"),
    ("fifo_overflow", subject({0x2E: (0xFFF000, 31 << 12)}), "24576 samples does not fit"),
    ("slow_bus", subject({}, 2e6), "74% of the time"),
    ("slow_bus", subject({}, 1e6), "will overflow"),
    ("interrupt_threshold", subject({0x06: (0x1FFF, 4095)}), "waits for 8192 samples"),
    ("interrupt_threshold", subject({0x06: (0x1FFF, 0)}), "first word"),
    ("odd_samples", subject({0x33: (0xFFF, 255), 0x2E: (0xFFF000, 0)}), "765 samples"),
    ("aliases", subject({0x01: (0xFFC000, 200 << 14), 0x33: (0xFFF, 51)}), "appear nearer"),
    ("bed_out_of_sight", subject({0x12: (0, 0xC63), 0x31: (0xFFFFFF, 100)}), "below the high-pass corner"),
    ("bed_out_of_sight", subject({0x31: (0xFFFFFF, 1200)}), "beyond the anti-alias corner"),
    ("declared_antennas", subject({}, NUM_RX_ANTENNAS="1"), "always write 1"),
    ("declared_antennas", subject({}, NUM_RX_ANTENNAS="2"), "says 2, the list has 3"),
    ("declared_counts", subject({}, NUM_SAMPLES_PER_CHIRP="128"), "says 128, the list has 256"),
    ("declared_counts", subject({}, NUM_REGS="37"), "says 37, the list has 38"),
    ("declared_rates", subject({}, SAMPLE_RATE="2000002"), "says 2000002 Hz"),
    ("declared_rates", subject({}, START_FREQ_HZ="59502000000"), "START_FREQ_HZ says"),
    ("declared_rates", subject({}, END_FREQ_HZ="63020000000"), "END_FREQ_HZ says"),
    ("declared_times", subject({}, CHIRP_REPETITION_TIME_S="0.000499888"), "9 clocks a chirp more"),
    ("declared_times", subject({}, FRAME_REPETITION_TIME_S="0.0499991"), "9 clocks a chirp more"),
    ("declared_times", subject({}, FRAME_REPETITION_TIME_S="0.04"), "says 0.04 s, the list makes 0.05 s"),
    ("frame_longer_than_period",
     subject({}, CHIRP_REPETITION_TIME_S="0.0005", FRAME_REPETITION_TIME_S="0.002"), "8 chirps of 0.0005 s"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "case", "says"), FIRES, ids=[f"{one[0]}: {one[2][:20]}" for one in FIRES])
def test_a_rule_falls_in(name: str, case: Subject, says: str) -> None:
    found = [one["text"] for one in warnings(case) if one["rule"] == name]
    assert len(found) == 1 and says in found[0]


SILENT = {
    "declared_times": subject({}, CHIRP_REPETITION_TIME_S="0.0005", FRAME_REPETITION_TIME_S="5e-02"),
    "declared_rates": subject({}, START_FREQ_HZ="59500000000", END_FREQ_HZ="63000000000", SAMPLE_RATE="2000000"),
    "declared_counts": subject({}, NUM_SAMPLES_PER_CHIRP="256", NUM_CHIRPS_PER_FRAME="8", NUM_REGS="38"),
    "declared_antennas": subject({}, NUM_RX_ANTENNAS="3"),
    "frame_longer_than_period": subject({}, CHIRP_REPETITION_TIME_S="0.0005", FRAME_REPETITION_TIME_S="0.05"),
    "high_speed_flag": subject({0x06: (0, 1 << 16)}, 40e6),
    "reserved_bits": subject({0x07: (0, 0x010D00)}),
    "antennas_differ": subject({0x12: (3 << 5, 1 << 5), 0x11: (2 << 20, 0)}),
    "short_wake_up": subject({0x00: (0xFFF0, 0x10), 0x2D: (3 << 9, 0)}),
    "slow_bus": subject({}, 4e6),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_silent_where_nothing_is_wrong(name: str) -> None:
    case = SILENT.get(name, subject({}))
    assert [one["text"] for one in warnings(case) if one["rule"] == name] == []


def test_every_rule_is_seen_to_fall_in() -> None:
    assert {name for name, _, _ in FIRES} == set(RULES)
