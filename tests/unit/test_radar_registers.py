"""The register list is decoded here by the datasheet's formulas, written a second time from the other side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core import load

ffi, lib = load()

CLOCK_HZ = 80e6
DEFAULT: dict[str, int] = {
    "rx_mask": 7, "n_samples": 256, "n_chirps": 8, "sample_rate_hz": 2_000_000,
    "start_khz": 59_500_000, "end_khz": 63_000_000, "chirp_period_ns": 500_000, "frame_period_ns": 50_000_000,
    "tx_power_level": 31, "if_gain_db": 23, "hp_cutoff_khz": 20,
}  # fmt: skip
RECORDING = DEFAULT | {
    "n_samples": 64, "start_khz": 58_000_000, "end_khz": 63_500_000, "chirp_period_ns": 591_125,
    "frame_period_ns": 77_268_846, "hp_cutoff_khz": 80,
}  # fmt: skip
# published lists: their registers' sweep, antennas and timing, as their tools declare them
GESTURE = DEFAULT | {
    "n_samples": 64, "n_chirps": 32, "start_khz": 58_500_000, "end_khz": 62_500_000,
    "chirp_period_ns": 299_787, "frame_period_ns": 30_044_600, "if_gain_db": 30, "hp_cutoff_khz": 80,
}  # fmt: skip
PRESENCE = DEFAULT | {
    "rx_mask": 4, "n_samples": 128, "n_chirps": 16, "sample_rate_hz": 2_352_941, "start_khz": 61_020_099,
    "end_khz": 61_479_903, "chirp_period_ns": 69_962, "frame_period_ns": 100_057_000, "if_gain_db": 60,
    "hp_cutoff_khz": 80,
}  # fmt: skip


def compute(config: dict[str, int]) -> tuple[dict[int, int], Any]:
    """Register content by address, and the timing the firmware states."""
    words, timing = ffi.new("uint32_t[]", lib.SW_RADAR_REGISTER_COUNT), ffi.new("sw_radar_timing *")
    assert lib.sw_radar_registers(ffi.new("sw_radar_config *", config), words, timing) == 0
    assert all(word >> 24 & 1 for word in words)
    return {word >> 25: word & 0xFFFFFF for word in words}, timing


def error(**changes: int) -> int:
    words, timing = ffi.new("uint32_t[]", lib.SW_RADAR_REGISTER_COUNT), ffi.new("sw_radar_timing *")
    return int(lib.sw_radar_registers(ffi.new("sw_radar_config *", DEFAULT | changes), words, timing))


def bits(value: int, high: int, low: int) -> int:
    return value >> low & ((1 << (high - low + 1)) - 1)


def scaled(coef: int, mul: int) -> int:
    return coef * 2**mul * 8 + mul + 3 if coef else 1


@dataclass(frozen=True)
class Decoded:
    start_khz: float
    end_khz: float
    chirp_clocks: int
    frame_clocks: int
    start_clocks: int
    ramp_step_khz: float
    ramp_clocks: int


def decode(r: dict[int, int]) -> Decoded:
    """Times in 80 MHz clocks; start = at power amplifier on, end = at the end of the ramp."""
    fsu = r[0x30] - (1 << 24 if r[0x30] >> 23 else 0)
    divset, step_khz = bits(r[0x05], 4, 0), 640e3 * r[0x31] / 2**20
    base_khz = 8 * 80e3 * (4 * (divset + 2) + 8 + fsu / 2**20)
    t_start, t_paen = 8 * bits(r[0x2D], 8, 0) + 10, 8 * bits(r[0x2F], 8, 0)
    t_sstart, t_end = 8 * bits(r[0x2F], 13, 9) + 1, 8 * bits(r[0x2C], 8, 0) + 5
    ramp, fast_down = 8 * bits(r[0x32], 13, 0), bits(r[0x05], 16, 8) + 1
    sampling = t_paen + t_sstart + bits(r[0x33], 11, 0) * bits(r[0x01], 23, 14)
    assert sampling <= t_start + ramp
    chirp = max(sampling, t_start + ramp + fast_down + t_end) + 2 + 2
    gap = scaled(bits(r[0x37], 18, 11), bits(r[0x37], 23, 19))
    wake = scaled(bits(r[0x00], 11, 4), bits(r[0x00], 15, 12))
    init0 = scaled(bits(r[0x2F], 21, 14), bits(r[0x2F], 23, 22))
    init1 = scaled(bits(r[0x2C], 21, 14), bits(r[0x2C], 23, 22))
    assert bits(r[0x37], 10, 9) == 0 and bits(r[0x2D], 10, 9) == 2
    chirps = bits(r[0x2E], 23, 12) + 1
    after = scaled(bits(r[0x2D], 18, 11), bits(r[0x2D], 23, 19)) + wake + init0 + init1
    return Decoded(
        base_khz + step_khz * (t_paen - t_start), base_khz + step_khz * ramp, chirp + gap,
        chirps * chirp + (chirps - 1) * gap + after, wake + init0 + init1, step_khz, ramp,
    )  # fmt: skip


@pytest.mark.parametrize("config", [DEFAULT, RECORDING, GESTURE, PRESENCE])
def test_the_list_programmes_what_the_config_says(config: dict[str, int]) -> None:
    registers, timing = compute(config)
    seen = decode(registers)
    assert abs(seen.chirp_clocks - config["chirp_period_ns"] * 0.08) <= 1
    assert abs(seen.frame_clocks - config["frame_period_ns"] * 0.08) <= 1
    assert timing.chirp_ticks == seen.chirp_clocks
    assert timing.frame_ticks == seen.frame_clocks
    assert timing.start_ticks == seen.start_clocks
    assert abs(seen.start_khz - config["start_khz"]) <= 1
    assert abs(seen.end_khz - config["end_khz"]) <= seen.ramp_clocks * 0.6104 / 2 + 1


def test_the_recordings_config_gives_its_gain_filter_and_antennas() -> None:
    registers, timing = compute(RECORDING)
    assert registers[0x12] == 7 << 20 | 0x1CE7  # 18 dB high-pass gain, one VGA step, 80 kHz, on every antenna
    assert registers[0x11] == 0x7FF41F
    assert registers[0x06] & 0x1FFF == 3 * 64 * 8 // 2 - 1
    assert (timing.n_rx, timing.frame_samples, timing.frame_ticks) == (3, 1536, 6181508)


def test_the_samples_see_less_than_the_declared_band() -> None:
    registers, timing = compute(DEFAULT)
    step_khz = decode(registers).ramp_step_khz
    assert timing.sampled_bandwidth_khz == pytest.approx(step_khz * 256 * 40, abs=1)
    assert timing.sampled_start_khz == pytest.approx(59_500_000 + step_khz * 249, abs=1)


@pytest.mark.parametrize(
    ("mask", "word"), [(1, 0x103C51), (2, 0x10C851), (4, 0x130C51), (5, 0x133C51), (6, 0x13CC51), (7, 0x13FC51)]
)
def test_each_set_of_antennas_has_the_word_published_lists_have(mask: int, word: int) -> None:
    registers, _ = compute(DEFAULT | {"rx_mask": mask})
    assert registers[0x10] == word


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"rx_mask": 0}, "RX"), ({"rx_mask": 8}, "RX"), ({"n_samples": 100}, "SAMPLES"), ({"n_chirps": 7}, "CHIRPS"),
        ({"n_chirps": 0}, "CHIRPS"), ({"n_chirps": 66}, "CHIRPS"), ({"sample_rate_hz": 0}, "RATE"),
        ({"sample_rate_hz": 4_100_000}, "RATE"), ({"sample_rate_hz": 3_000_000}, "RATE"),
        ({"sample_rate_hz": 70_000}, "RATE"),
        ({"start_khz": 56_999_999}, "SWEEP"), ({"end_khz": 64_000_001}, "SWEEP"), ({"end_khz": 59_500_000}, "SWEEP"),
        ({"chirp_period_ns": 130_000}, "TIMING"), ({"chirp_period_ns": 100_000_000}, "TIMING"),
        ({"frame_period_ns": 4_000_000}, "TIMING"), ({"frame_period_ns": 0}, "TIMING"),
        ({"n_samples": 512, "n_chirps": 16, "frame_period_ns": 200_000_000}, "FIFO"),
        ({"if_gain_db": 17}, "GAIN"), ({"if_gain_db": 25}, "GAIN"), ({"if_gain_db": 65}, "GAIN"),
        ({"if_gain_db": 53}, "GAIN"),
        ({"hp_cutoff_khz": 40}, "GAIN"), ({"tx_power_level": 32}, "GAIN"),
    ],
)  # fmt: skip
def test_what_the_chip_cannot_do_is_an_error(changes: dict[str, int], name: str) -> None:
    assert error(**changes) == getattr(lib, f"SW_ERROR_CONFIG_{name}")


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    st.sampled_from([64, 128, 256, 512]), st.sampled_from([2, 4, 8, 16, 32, 64]), st.integers(20, 80),
    st.integers(0, 4_000_000), st.integers(0, 3_000_000_000), st.integers(57_000_000, 62_000_000),
    st.integers(100_000, 2_000_000),
)  # fmt: skip
def test_any_possible_timing_is_met_to_the_clock(
    samples: int, chirps: int, div: int, chirp_more_ns: int, pause_ns: int, start_khz: int, width_khz: int
) -> None:
    chirp_ns = int((90 + 240 + 249 + samples * div + 400) * 12.5) + chirp_more_ns
    frame_ns = min(chirps * chirp_ns + 1_500_000 + pause_ns, 3_200_000_000)
    config = DEFAULT | {
        "rx_mask": 1, "n_samples": samples, "n_chirps": chirps, "sample_rate_hz": 80_000_000 // div,
        "start_khz": start_khz, "end_khz": start_khz + width_khz,
        "chirp_period_ns": chirp_ns, "frame_period_ns": frame_ns,
    }  # fmt: skip
    if samples * chirps > 16384:
        return
    registers, timing = compute(config)
    seen = decode(registers)
    assert (timing.chirp_ticks, timing.frame_ticks) == (seen.chirp_clocks, seen.frame_clocks)
    assert abs(seen.chirp_clocks - chirp_ns * 0.08) <= 1
    assert abs(seen.frame_clocks - frame_ns * 0.08) <= (1 if frame_ns <= 500_000_000 else 5)
