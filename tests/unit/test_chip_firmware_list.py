"""The firmware's register list, read by the chip: two codes that share nothing agree to the clock."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge.core import load
from hw_sim.chip.chip import Chip
from tests.chip_driver import ramp, unpack

ffi, lib = load()
RECORDING = {
    "n_samples": 64, "start_khz": 58_000_000, "end_khz": 63_500_000, "chirp_period_ns": 591_125,
    "frame_period_ns": 77_268_846, "hp_cutoff_khz": 80,
}  # fmt: skip
CONFIGS = {"default": {}, "recording": RECORDING, "one antenna": {"rx_mask": 4}, "wide": RECORDING | {"n_chirps": 64}}


def programmed(changes: dict[str, int]) -> tuple[Chip, Any]:
    """A chip that got the firmware's words for this config, and the timing the firmware states."""
    config, timing = ffi.new("sw_radar_config *"), ffi.new("sw_radar_timing *")
    words = ffi.new("uint32_t[]", lib.SW_RADAR_REGISTER_COUNT)
    lib.sw_config_default(config)
    for name, value in changes.items():
        setattr(config, name, value)
    assert lib.sw_radar_registers(config, words, timing) == 0
    chip = Chip()
    for word in words:
        chip.transfer(int(word).to_bytes(4, "big"))
    return chip, timing


@pytest.mark.parametrize("changes", CONFIGS.values(), ids=CONFIGS)
def test_chip_and_firmware_agree(changes: dict[str, int]) -> None:
    chip, timing = programmed(changes)
    view = chip.radar()
    chip.write("MAIN", chip.read("MAIN") | 1)
    assert chip.next_frame_ns == -(-timing.start_ticks * 25 // 2)
    assert (view.chirp_period_ns, view.frame_period_ns) == (timing.chirp_ticks * 12.5, timing.frame_ticks * 12.5)
    assert view.n_rx * view.n_samples * view.n_chirps == timing.frame_samples
    assert view.f0_hz == pytest.approx(1e3 * timing.sampled_start_khz, abs=1e3)
    assert view.bandwidth_hz == pytest.approx(1e3 * timing.sampled_bandwidth_khz, abs=1e3)


@pytest.mark.parametrize("changes", CONFIGS.values(), ids=CONFIGS)
def test_nothing_in_it_is_outside_the_model(changes: dict[str, int]) -> None:
    assert programmed(changes)[0].counters().warnings == 0


def test_a_recording_goes_through_the_fifo_unchanged() -> None:
    chip, timing = programmed(RECORDING)
    frames = ramp(256, timing.frame_samples)
    chip.write("SFCTL", chip.read("SFCTL") & ~0x1FFF | timing.frame_samples // 2 - 1)
    chip.write("MAIN", chip.read("MAIN") | 1)
    chip.set_samples(frames)
    for frame in frames:
        chip.advance(chip.next_event_ns)
        assert np.array_equal(unpack(chip.burst_read(0x60, 2304)), frame)
    counters = chip.counters()
    assert (counters.fifo_burst_bytes, counters.frames_from_ring) == (256 * (4 + 2304), 256)
    assert (counters.overflows, counters.underflows, counters.warnings) == (0, 0, 0)
