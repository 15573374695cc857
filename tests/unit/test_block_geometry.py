"""Geometry: the reference against the physics of the sweep, then C against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge.blocks.geometry import geometry, place
from edge.blocks.parameters import WATCH_FAR_M, ZONE_FAR_M, ZONE_NEAR_M
from edge.core import load

FFI, LIB = load()
C_M_PER_S = 299_792_458
DEFAULT: dict[str, int] = {
    "rx_mask": 7, "n_samples": 256, "n_chirps": 8, "sample_rate_hz": 2_000_000,
    "start_khz": 59_500_000, "end_khz": 63_000_000, "chirp_period_ns": 500_000, "frame_period_ns": 50_000_000,
    "tx_power_level": 31, "if_gain_db": 23, "hp_cutoff_khz": 20,
}  # fmt: skip
CONFIGS: list[dict[str, int]] = [
    {},
    {"n_samples": 64, "n_chirps": 16, "chirp_period_ns": 591_125, "frame_period_ns": 77_268_846},
    {"n_samples": 128, "rx_mask": 5, "frame_period_ns": 100_057_000},
    {"n_samples": 512, "start_khz": 58_000_000, "rx_mask": 6, "end_khz": 63_500_000},
    {"n_samples": 64, "rx_mask": 4, "end_khz": 60_500_000, "frame_period_ns": 400_000_000},
    {"start_khz": 57_500_000, "end_khz": 60_100_000, "frame_period_ns": 33_333_333},
]


def programmed(changes: dict[str, int]) -> tuple[Any, Any]:
    """sw_radar_config and the timing its registers have."""
    config, timing = FFI.new("sw_radar_config *", DEFAULT | changes), FFI.new("sw_radar_timing *")
    assert LIB.sw_radar_registers(config, FFI.new("uint32_t[]", LIB.SW_RADAR_REGISTER_COUNT), timing) == 0
    return config, timing


def reference(config: Any, timing: Any) -> Any:
    return geometry(
        rx_mask=config.rx_mask,
        n_samples=config.n_samples,
        n_chirps=config.n_chirps,
        frame_s=timing.frame_ticks / 80e6,
        chirp_s=timing.chirp_ticks / 80e6,
        sampled_start_hz=timing.sampled_start_khz * 1e3,
        sampled_bandwidth_hz=timing.sampled_bandwidth_khz * 1e3,
        zone_near_m=ZONE_NEAR_M,
        zone_far_m=ZONE_FAR_M,
        watch_far_m=WATCH_FAR_M,
    )


def test_reference_zone_lies_between_its_ends() -> None:
    found = reference(*programmed({}))
    assert (found["bin_first"] - 1) * found["bin_m"] < ZONE_NEAR_M <= found["bin_first"] * found["bin_m"]
    assert found["bin_last"] * found["bin_m"] <= ZONE_FAR_M < (found["bin_last"] + 1) * found["bin_m"]
    assert found["watch_last"] * found["bin_m"] <= WATCH_FAR_M < (found["watch_last"] + 1) * found["bin_m"]


def test_reference_bin_is_one_turn_of_the_sampled_sweep() -> None:
    config, timing = programmed({})
    found = reference(config, timing)
    turns = timing.sampled_bandwidth_khz * 1e3 * 2 * found["bin_m"] / C_M_PER_S  # of the echo, first to last sample
    assert turns == pytest.approx(1.0, rel=1e-6)


def test_reference_wavelength_is_that_of_the_middle_sample() -> None:
    config, timing = programmed({})
    middle_hz = 1e3 * (timing.sampled_start_khz + timing.sampled_bandwidth_khz / 2)
    assert reference(config, timing)["wavelength_m"] == pytest.approx(C_M_PER_S / middle_hz, rel=1e-7)


def test_reference_half_bursts_lie_half_a_burst_apart() -> None:
    assert reference(*programmed({}))["half_burst_s"] == pytest.approx(4 * 0.5e-3, rel=1e-3)


@pytest.mark.parametrize("rx_mask", range(1, 8))
def test_reference_antennas_take_lanes_from_the_lowest(rx_mask: int) -> None:
    found = reference(*programmed({"rx_mask": rx_mask}))
    lanes = [int(found[f"lane_{rx}"]) for rx in (1, 2, 3) if rx_mask >> (rx - 1) & 1]
    assert lanes == list(range(int(found["n_rx"])))


@pytest.mark.parametrize("changes", CONFIGS)
def test_c_equals_reference(changes: dict[str, int]) -> None:
    config, timing = programmed(changes)
    found, expected = FFI.new("sw_geometry *"), reference(config, timing)
    assert LIB.sw_geometry_init(found, config, timing) == 0
    for name in (
        "n_rx",
        "n_bins",
        "bin_first",
        "bin_last",
        "watch_first",
        "watch_last",
        "bandwidth_khz",
        "frames_per_second",
    ):
        assert (name, getattr(found, name)) == (name, expected[name])
    for name in ("frame_s", "bin_m", "wavelength_m", "half_burst_s"):
        assert (name, getattr(found, name)) == (name, expected[name])  # to the last bit
    assert list(found.lane) == [expected["lane_1"], expected["lane_2"], expected["lane_3"]]


def test_c_bins_equal_the_reference_for_every_bandwidth() -> None:
    config, timing = programmed({})
    found, unequal = FFI.new("sw_geometry *"), 0
    for bandwidth_khz in np.linspace(600_000, 6_900_000, 2000).astype(int).tolist():
        timing.sampled_bandwidth_khz = bandwidth_khz
        assert LIB.sw_geometry_init(found, config, timing) == 0
        expected = reference(config, timing)
        unequal += (found.bin_first, found.bin_last, found.watch_last) != (
            expected["bin_first"], expected["bin_last"], expected["watch_last"],
        )  # fmt: skip
    assert unequal == 0


def placed(near_mm: int, far_mm: int, bandwidth_khz: int | None = None) -> tuple[tuple[int, int], tuple[int, int]]:
    """bin_first and bin_last of a place, by the C and by the reference."""
    config, timing = programmed({})
    timing.sampled_bandwidth_khz = bandwidth_khz or timing.sampled_bandwidth_khz
    found, expected = FFI.new("sw_geometry *"), reference(config, timing)
    assert LIB.sw_geometry_init(found, config, timing) == 0
    LIB.sw_geometry_place(found, near_mm, far_mm)
    place(expected, near_mm / 1000, far_mm / 1000)
    return (found.bin_first, found.bin_last), (int(expected["bin_first"]), int(expected["bin_last"]))


def test_a_place_is_the_bins_between_its_ends() -> None:
    bin_m = float(reference(*programmed({}))["bin_m"])
    for first, last in placed(250, 1100):
        assert (first - 1) * bin_m < 0.25 <= first * bin_m and last * bin_m <= 1.1 < (last + 1) * bin_m


def test_a_place_beyond_what_is_watched_ends_there_and_an_empty_one_changes_nothing() -> None:
    whole = reference(*programmed({}))
    ends = int(whole["watch_first"]), int(whole["watch_last"])
    assert placed(0, 9000) == (ends, ends)
    zone = int(whole["bin_first"]), int(whole["bin_last"])
    assert placed(600, 601) == (zone, zone)


def test_a_place_wider_than_the_direction_has_room_for_keeps_its_nearest_bins() -> None:
    for first, last in placed(200, 3000, 6_900_000):
        assert last - first + 1 == LIB.SW_PLACE_BINS


def test_c_places_equal_the_reference_for_every_bandwidth() -> None:
    for bandwidth_khz in np.linspace(1_200_000, 6_900_000, 300).astype(int).tolist():
        found, expected = placed(250, 1100, bandwidth_khz)
        assert (bandwidth_khz, found) == (bandwidth_khz, expected)


def test_a_zone_without_a_range_bin_is_refused() -> None:
    config, timing = programmed({})
    timing.sampled_bandwidth_khz = 300_000  # bins of half a metre
    assert LIB.sw_geometry_init(FFI.new("sw_geometry *"), config, timing) == LIB.SW_ERROR_PARAMETER
    with pytest.raises(ValueError, match=r"no range bin of 0\.500 m in the zone"):
        reference(config, timing)


def test_no_antenna_is_refused() -> None:
    config, timing = programmed({})
    config.rx_mask = 0
    assert LIB.sw_geometry_init(FFI.new("sw_geometry *"), config, timing) == LIB.SW_ERROR_CONFIG_RX
