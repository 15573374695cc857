"""A real recording of a sitting person, and the changes to it that a tuned constant would not survive.

The recording must contain what is tested: 256 frames of 77.27 ms, raw samples of all three antennas.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hw_sim.board import Faults
from hw_sim.recording import Recording, load_recording
from hw_sim.rig import process_recording

STREAMING = 179 / 255
"""Confidence from which the device streams."""


@pytest.fixture(scope="module")
def recording(data_dir: Path) -> Recording:
    folder = data_dir / "bgt60tr13c_breathing"
    found = load_recording(folder / "radar.npy", folder / "config.json")
    assert found.frames.shape == (256, 8, 64, 3)
    return found


@pytest.fixture(scope="module")
def as_it_is(recording: Recording) -> dict[str, Any]:
    return process_recording(recording)


def changed(recording: Recording, frames: np.ndarray[Any, np.dtype[Any]]) -> dict[str, Any]:
    return process_recording(replace(recording, frames=np.ascontiguousarray(frames.astype(np.uint16))))


def rng() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(11))


def test_breathing_of_all_antennas_and_of_each(as_it_is: dict[str, Any]) -> None:
    assert 13.7 <= as_it_is["respiration_rate_per_min"] <= 15.1
    assert as_it_is["per_rx_rate_per_min"] == pytest.approx([as_it_is["respiration_rate_per_min"]] * 3, abs=1.0)


def test_place_size_and_confidence(as_it_is: dict[str, Any]) -> None:
    assert 0.28 <= as_it_is["distance_m"] <= 0.38
    assert 3 <= as_it_is["displacement_p2p_mm"] <= 12
    assert as_it_is["confidence"] > STREAMING


def test_every_burst_is_counted(as_it_is: dict[str, Any]) -> None:
    assert as_it_is["spi_bytes"] == 256 * (4 + 2304)


def test_backwards_it_breathes_as_fast(recording: Recording, as_it_is: dict[str, Any]) -> None:
    backwards = changed(recording, recording.frames[::-1])
    assert backwards["respiration_rate_per_min"] == pytest.approx(as_it_is["respiration_rate_per_min"], abs=1.0)


def test_a_slower_clock_slows_it(recording: Recording, as_it_is: dict[str, Any]) -> None:
    config = replace(recording.config, frame_period_s=recording.config.frame_period_s * 1.5)
    slower = process_recording(replace(recording, config=config))
    assert slower["respiration_rate_per_min"] == pytest.approx(as_it_is["respiration_rate_per_min"] / 1.5, rel=0.1)


def test_half_the_amplitude_changes_nothing(recording: Recording, as_it_is: dict[str, Any]) -> None:
    half = changed(recording, 2048 + (recording.frames.astype(np.int32) - 2048) / 2)
    assert half["respiration_rate_per_min"] == pytest.approx(as_it_is["respiration_rate_per_min"], abs=0.5)


def test_a_stuck_bit_is_not_the_same(recording: Recording, as_it_is: dict[str, Any]) -> None:
    stuck = process_recording(recording, faults=Faults(miso_from_us=0, miso_or=0x40))
    assert stuck["respiration_rate_per_min"] != as_it_is["respiration_rate_per_min"]


def test_no_interrupt_no_result(recording: Recording) -> None:
    silent = process_recording(recording, faults=Faults(irq_low_from_us=0))
    assert silent["respiration_rate_per_min"] is None and silent["confidence"] is None


def test_shuffled_frames_have_no_rate(recording: Recording) -> None:
    shuffled = changed(recording, rng().permutation(recording.frames))
    assert shuffled["respiration_rate_per_min"] is None
    assert shuffled["reasons"]["respiration_rate_per_min"]


def test_one_frame_repeated_is_nobody(recording: Recording) -> None:
    noise = rng().normal(0.0, 2.0, recording.frames.shape)
    still = changed(recording, np.clip(recording.frames[100] + noise, 0, 4095))
    assert still["respiration_rate_per_min"] is None
    assert still["confidence"] < STREAMING
