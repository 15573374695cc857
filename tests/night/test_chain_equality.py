"""The C chain is the reference chain: every integer of every frame, on a scene with movement and on real samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.blocks import vitals
from edge.blocks.bed_place import Place
from hw_sim.process_run import radar_config
from hw_sim.recording import load_recording
from hw_sim.scene import Scene
from tests.chains import Outputs, Radar, differences, run_c, run_reference

DECISIONS = ("rate_reason", "motion_class", "motion_reason", "position_reason", "wave_reason", "range_bin", "wave_n")
ENOUGH = 0.999
BUSY = """
description = "somebody comes, hardly lies still, and leaves, all in three minutes; a fan turns"
[person]
centre_m = [0.0, 0.75, -0.08]
enters_s = 15.0
leaves_before_end_s = 20.0
leaves_if_longer_than_s = 60.0
movements_per_hour = 60.0
[fan]
distance_m = 1.7
azimuth_deg = -35.0
[clutter]
wall = { at_m = [0.2, 2.6, 0.1], rcs_m2 = 0.3 }
"""
SECONDS = 180
PLACED_AT = 1000
GAP_AT = 2600  # frame before which frames are lost, in rest


@pytest.fixture(scope="session")
def radar() -> Radar:
    return Radar()


@pytest.fixture(scope="session")
def busy(radar: Radar, tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.uint16]:
    """Frames of three minutes that hold rest, movement, arrival and departure."""
    path = tmp_path_factory.mktemp("scene") / "busy.toml"
    path.write_text(BUSY, "utf-8")
    scene = Scene.load(path, seed=3, duration_s=SECONDS)
    truth = scene.truth()
    assert truth.moving.mean() > 0.1 and 0.3 < truth.in_place.mean() < 0.9 and not truth.person_in_zone[-1]
    n = int(SECONDS * 1e6 / radar.frame_us)
    frames = np.zeros((n, int(np.prod(radar.view.frame_shape))), np.uint16)
    scene.frames(0.0, radar.frame_us, n, radar.view, frames)
    return frames.reshape(n, *radar.view.frame_shape)


@pytest.fixture(scope="session")
def wanted(radar: Radar, busy: NDArray[np.uint16]) -> Outputs:
    return run_reference(radar, busy, GAP_AT)


def equal_share(a: Outputs, b: Outputs) -> float:
    """Share of the frames in which every field is within 1 LSB."""
    return float((np.max(list(differences(a, b).values()), axis=0) <= 1).mean())


def test_the_scene_holds_what_is_compared(wanted: Outputs) -> None:
    classes = set(wanted["motion_class"].tolist())
    assert classes == {vitals.MOTION_UNKNOWN, vitals.MOTION_STILL, vitals.MOTION_MOVING}
    assert 0.2 < (wanted["rate_validity"] > 0).mean() < 0.8
    assert wanted["rate_validity"][GAP_AT - 1] > 0 and wanted["wave_validity"][GAP_AT] == 0
    assert wanted["confidence"].min() < 10 and wanted["confidence"].max() == 255


def test_every_integer_is_equal(radar: Radar, busy: NDArray[np.uint16], wanted: Outputs) -> None:
    found = run_c(radar, busy, GAP_AT)
    assert equal_share(found, wanted) >= ENOUGH


def test_every_decision_is_equal(radar: Radar, busy: NDArray[np.uint16], wanted: Outputs) -> None:
    apart = differences(run_c(radar, busy, GAP_AT), wanted)
    assert {name: int(np.count_nonzero(apart[name])) for name in DECISIONS} == dict.fromkeys(DECISIONS, 0)


def test_with_a_place_every_integer_is_equal(radar: Radar, busy: NDArray[np.uint16]) -> None:
    narrow = Place(near_mm=560, far_mm=650, azimuth_low_cdeg=200, azimuth_high_cdeg=900, side=1)
    run = (radar, busy[: GAP_AT - 600])
    found, wanted = run_c(*run, placed=(PLACED_AT, narrow)), run_reference(*run, placed=(PLACED_AT, narrow))
    elsewhere = run_c(*run)
    assert equal_share(found, wanted) >= ENOUGH
    assert (wanted["confidence"] < elsewhere["confidence"])[PLACED_AT + 200 :].mean() > 0.5


def test_real_samples_are_read_alike(data_dir: Path) -> None:
    folder = data_dir / "bgt60tr13c_breathing"
    recording = load_recording(folder / "radar.npy", folder / "config.json")
    radar = Radar(radar_config(recording.config, (1, 2, 3)))
    found, wanted = run_c(radar, recording.frames), run_reference(radar, recording.frames)
    assert wanted["rate_validity"][-1] > 0
    assert equal_share(found, wanted) >= ENOUGH


def longer_wave(state: Any) -> None:
    state.geometry.wavelength_m *= 1.03


def slower_background(state: Any) -> None:
    state.clutter.background_alpha *= 0.98


def rarer_memory(state: Any) -> None:
    state.remember_every += 1


def wider_bins(state: Any) -> None:
    state.geometry.bin_m *= 1.01


@pytest.mark.parametrize("change", [longer_wave, slower_background, rarer_memory, wider_bins])
def test_a_wrong_number_is_noticed(
    radar: Radar, busy: NDArray[np.uint16], wanted: Outputs, change: Callable[[Any], None]
) -> None:
    assert equal_share(run_c(radar, busy, GAP_AT, change), wanted) < ENOUGH
