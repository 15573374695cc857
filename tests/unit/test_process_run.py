"""A recording through chip and firmware: what is counted, and no last number when the frames stop coming."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.probes import Watch
from hw_sim.board import Faults
from hw_sim.process_run import Pass, peak_to_peak_mm, radar_config
from hw_sim.recording import Recording, RecordingConfig, load_recording
from hw_sim.rig import RigError, process_recording

CONFIG = RecordingConfig((1, 2, 3), 64, 8, 2e6, 58e9, 63.5e9, 591.125e-6, 77.268846e-3, 23.0, 80e3, 31)
N_FRAMES = 40


@pytest.fixture
def recording() -> Recording:
    """Noise around mid-scale."""
    rng = np.random.Generator(np.random.Philox(3))
    return Recording(CONFIG, rng.integers(1900, 2200, (N_FRAMES, 8, 64, 3)).astype(np.uint16))


def test_the_recordings_bursts_are_counted_and_nothing_else(recording: Recording) -> None:
    found = process_recording(recording)
    assert found["frames"] == N_FRAMES
    assert found["spi_bytes"] == N_FRAMES * (4 + 64 * 8 * 3 * 3 // 2)


def test_every_null_has_its_reason(recording: Recording) -> None:
    found = process_recording(recording)
    assert found["respiration_rate_per_min"] is None and found["per_rx_rate_per_min"] == [None] * 3
    expected = {"respiration_rate_per_min", *(f"per_rx_rate_per_min.{i}" for i in range(3))}
    assert expected <= set(found["reasons"]) and all(found["reasons"].values())


def test_the_same_recording_gives_the_same_result(recording: Recording) -> None:
    assert process_recording(recording) == process_recording(recording)


@pytest.mark.parametrize("from_us", [0, 2_000_000])
def test_a_radar_that_does_not_answer_gives_no_result(recording: Recording, from_us: int) -> None:
    found = process_recording(recording, faults=Faults(miso_and=0, miso_from_us=from_us, miso_fifo_only=False))
    values = {name: value for name, value in found.items() if name not in ("frames", "spi_bytes", "digest", "reasons")}
    assert all(value in (None, [None] * 3) for value in values.values())
    assert "frames came through" in found["reasons"]["confidence"]


def test_a_config_no_chip_can_do_is_one_line(recording: Recording) -> None:
    with pytest.raises(RigError, match="radar config"):
        process_recording(replace(recording, config=replace(CONFIG, if_gain_db=24.0)))


def test_two_antennas_give_two_rates(recording: Recording) -> None:
    two = Recording(replace(CONFIG, rx_antennas=(1, 3)), np.ascontiguousarray(recording.frames[..., :2]))
    assert len(process_recording(two)["per_rx_rate_per_min"]) == 2


def test_antennas_and_units_go_into_the_firmwares_config() -> None:
    made = radar_config(CONFIG, (1, 3))
    assert made["rx_mask"] == 0b101
    assert (made["start_khz"], made["end_khz"]) == (58_000_000, 63_500_000)
    assert (made["chirp_period_ns"], made["frame_period_ns"]) == (591_125, 77_268_846)
    assert (made["if_gain_db"], made["hp_cutoff_khz"]) == (23, 80)


def test_peak_to_peak_is_the_waves_and_no_jerks() -> None:
    wave = (2500 * np.sin(np.arange(2000) / 7)).astype(int).tolist()
    found = Pass(reasons=("",), wave_um=[*wave, 30_000, -30_000], last={"wave_reason": 0})
    assert peak_to_peak_mm(found)[0] == pytest.approx(5.0, rel=0.02)


def test_the_real_recording_fills_the_bursts_it_should(data_dir: Path) -> None:
    folder = data_dir / "bgt60tr13c_breathing"
    found: dict[str, Any] = process_recording(load_recording(folder / "radar.npy", folder / "config.json"))
    assert (found["frames"], found["spi_bytes"]) == (256, 590_848)


def test_probes_see_the_recordings_frames_with_all_antennas(recording: Recording) -> None:
    watch = Watch(["range.profile", "half_burst.mean"])
    plain, watched = process_recording(recording), process_recording(recording, probes=watch)
    seen = watch.arrays()
    assert watched == plain and seen["range.profile"].shape == (N_FRAMES, 3, 32)
    first = recording.frames[0].astype(np.float64)[:4].mean(axis=0).T
    assert np.allclose(seen["half_burst.mean"][0, 0], first, rtol=1e-6)
