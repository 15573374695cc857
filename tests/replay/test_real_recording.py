"""The real chip's recording of a sitting person through chip, firmware and line: one set of parameters for all.

The controls are changes whose effect is known; stubs and a naive estimator go through the same controls and must fail.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from front.env import ROOT
from hw_sim.board import Faults
from hw_sim.recording import Recording, load_recording
from hw_sim.rig import process_recording
from tests import naive
from tests.replay.controls import CONTROLS, Control, Estimator, Result, streaming_threshold

FRAMES, FRAME_S = 256, 77.268846e-3
BURST_BYTES = 4 + 3 * 8 * 64 * 3 // 2  # header and 12-bit samples of a frame


@pytest.fixture(scope="session")
def files(data_dir: Path) -> tuple[Path, Path]:
    folder = data_dir / "bgt60tr13c_breathing"
    return folder / "radar.npy", folder / "config.json"


@pytest.fixture(scope="session")
def recording(files: tuple[Path, Path]) -> Recording:
    """It must contain what is tested: 19.8 s of all antennas, unclipped, and something that moves."""
    found = load_recording(*files)
    assert found.frames.shape == (FRAMES, 8, 64, 3)
    assert found.config.frame_period_s == pytest.approx(FRAME_S, rel=1e-6)
    assert found.frames.min() > 0 and found.frames.max() < 4095
    assert found.frames.std(axis=0).max() > 10
    return found


def firmware(recording: Recording, faults: Faults | None) -> Result:
    """The device under test."""
    return process_recording(recording, faults=faults)


@pytest.fixture(scope="session")
def unchanged(recording: Recording) -> Result:
    return firmware(recording, None)


def test_the_rate_is_the_sitters(unchanged: Result) -> None:
    assert 13.7 <= unchanged["respiration_rate_per_min"] <= 15.1


def test_each_antenna_alone_agrees(unchanged: Result) -> None:
    assert unchanged["per_rx_rate_per_min"] == pytest.approx([unchanged["respiration_rate_per_min"]] * 3, abs=1.0)


def test_the_distance_is_the_chests(unchanged: Result) -> None:
    assert 0.28 <= unchanged["distance_m"] <= 0.38


def test_the_displacement_is_a_breaths(unchanged: Result) -> None:
    assert 3 <= unchanged["displacement_p2p_mm"] <= 12


def test_it_would_stream_at_the_end(unchanged: Result) -> None:
    assert unchanged["confidence"] > streaming_threshold()


def test_every_frame_is_fetched_and_nothing_else(unchanged: Result) -> None:
    assert (unchanged["frames"], unchanged["spi_bytes"]) == (FRAMES, FRAMES * BURST_BYTES) == (256, 590_848)
    assert unchanged["reasons"] == {}


@pytest.mark.parametrize("control", CONTROLS, ids=[control.name for control in CONTROLS])
def test_a_change_has_its_effect(control: Control, recording: Recording, unchanged: Result) -> None:
    assert control.passes(firmware, recording, unchanged)


def result(rate: float | None, digest: str = "") -> Result:
    """What an estimator that knows only a rate would say."""
    return {
        "frames": FRAMES,
        "spi_bytes": FRAMES * BURST_BYTES,
        "respiration_rate_per_min": rate,
        "per_rx_rate_per_min": [rate] * 3,
        "distance_m": 0.33,
        "confidence": 1.0,
        "displacement_p2p_mm": 6.0,
        "digest": digest,
        "reasons": {},
    }


def constant(recording: Recording, faults: Faults | None) -> Result:
    return result(14.4)


def naive_spectrum(recording: Recording, faults: Faults | None) -> Result:
    return result(naive.spectrum_rate(naive.strongest_phase(recording.frames), recording.config.frame_period_s))


def deaf_to_the_clock(recording: Recording, faults: Faults | None) -> Result:
    return result(naive.spectrum_rate(naive.strongest_phase(recording.frames), FRAME_S))


def fails(estimate: Estimator, recording: Recording) -> set[str]:
    """Names of the controls an estimator does not survive."""
    alone = estimate(recording, None)
    return {one.name for one in CONTROLS if not one.passes(estimate, recording, alone)}


def named(*words: str) -> set[str]:
    """The controls whose names hold one of the words."""
    return {one.name for one in CONTROLS if any(word in one.name for word in words)}


def test_a_constant_is_found_out(recording: Recording) -> None:
    assert fails(constant, recording) == named("period", "halved", "MISO", "data line", "shuffled", "repeated")


def test_a_fixed_clock_is_found_out(recording: Recording) -> None:
    assert fails(deaf_to_the_clock, recording) >= named("period")


def test_the_naive_estimator_is_found_out(recording: Recording) -> None:
    """On the unchanged recording it is right; it is so sure of itself that it breathes for noise, too."""
    alone = naive_spectrum(recording, None)["respiration_rate_per_min"]
    assert 13.0 <= alone <= 16.0
    assert fails(naive_spectrum, recording) >= named("shuffled", "repeated")


def test_beside_the_naive_estimators(
    recording: Recording, unchanged: Result, figures: Callable[[str, dict[str, float]], None]
) -> None:
    """Three rates from one recording, for whoever reads the log."""
    phase = naive.strongest_phase(recording.frames)
    beside = {
        "firmware": unchanged["respiration_rate_per_min"],
        "naive spectrum": naive.spectrum_rate(phase, FRAME_S),
        "naive autocorrelation": naive.autocorrelation_rate(phase, FRAME_S),
    }
    figures("real recording, breaths per minute", beside)
    assert np.ptp(list(beside.values())) < 2.0


def test_the_command_says_the_same(files: tuple[Path, Path], unchanged: Result) -> None:
    """`stillwave process ADC.npy --radar CONFIG.json --json`: the contract's keys, one object, nothing else."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "stillwave.py"), "process", str(files[0]), "--radar", str(files[1]), "--json"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert set(found) >= {
        "frames", "spi_bytes", "respiration_rate_per_min", "per_rx_rate_per_min", "distance_m", "confidence",
        "displacement_p2p_mm", "digest", "reasons",
    }  # fmt: skip
    assert found == unchanged
