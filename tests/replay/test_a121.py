"""Another chip's recording of a sitting person through the reference blocks, from the I/Q stage on.

The A121 delivers sparse I/Q: 21 points 60 mm apart from 0.30 m on, 16 sweeps a frame, one antenna. Its points become
range bins of a geometry of its own (the first lies 4.96 spacings out, so it is bin 5), its sweeps the two halves of a
burst. Parameters are those of everything else. The vendor's own rates stand beside it, as stored in the recording.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from edge.blocks import chain, vitals
from edge.blocks.geometry import C_M_PER_S, geometry
from edge.blocks.parameters import ZONE_FAR_M
from tests import naive
from tests.replay.controls import streaming_threshold

CENTRE_HZ = 60.5e9  # of the A121's band
VENDOR_MEDIAN = 18.7


@dataclass(frozen=True)
class Sparse:
    """iq: complex64[frame, sweep, point]; points lie at (first_bin + i) * point_m."""

    iq: NDArray[np.complex64]
    first_bin: int
    point_m: float
    frame_s: float
    sweep_s: float

    @property
    def geometry(self) -> Any:
        """Range bins as wide as the points are apart; bins outside them stay empty."""
        n_bins = self.first_bin + self.iq.shape[2] + 1
        bandwidth_hz = C_M_PER_S / (2 * self.point_m)
        return geometry(
            rx_mask=1,
            n_samples=2 * n_bins,
            n_chirps=self.iq.shape[1],
            frame_s=self.frame_s,
            chirp_s=self.sweep_s,
            sampled_start_hz=CENTRE_HZ - bandwidth_hz / 2,
            sampled_bandwidth_hz=bandwidth_hz,
            zone_near_m=self.first_bin * self.point_m,
            zone_far_m=ZONE_FAR_M,
            watch_far_m=ZONE_FAR_M,
        )

    def profiles(self) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """Mean of all sweeps, and of the second half less the first: complex64[frame, 1, range_bin]."""
        half = self.iq.shape[1] // 2
        first, second = self.iq[:, :half].mean(axis=1), self.iq[:, half:].mean(axis=1)
        room = ((0, 0), (self.first_bin, 1))
        profile, difference = np.pad((first + second) / 2, room), np.pad(second - first, room)
        return profile[:, None].astype(np.complex64), difference[:, None].astype(np.complex64)


@pytest.fixture(scope="session")
def recording(data_dir: Path) -> Sparse:
    """It must contain what is tested: 38.6 s at 20 Hz, no frame delayed or saturated."""
    with h5py.File(data_dir / "a121" / "breathing-sitting.h5") as file:
        session = file["sessions/session_0"]
        entry = session["group_0/entry_0"]
        asked = json.loads(session["session_config"][()])["groups"][0]["1"]["subsweeps"][0]
        metadata = json.loads(entry["metadata"][()])
        raw, ticks = entry["result/frame"][()], entry["result/tick"][()]
        assert not entry["result/frame_delayed"][()].any() and not entry["result/data_saturated"][()].any()
    step_m = metadata["base_step_length_m"]
    first = asked["start_point"] / asked["step_length"]
    assert raw.shape == (773, 16, 21) and first == pytest.approx(round(first), abs=0.05)
    assert np.diff(ticks).mean() == pytest.approx(50_000, rel=0.001)
    return Sparse(
        iq=(raw["real"] + 1j * raw["imag"]).astype(np.complex64),
        first_bin=round(first),
        point_m=asked["step_length"] * step_m,
        frame_s=0.05,
        sweep_s=1 / metadata["max_sweep_rate"],
    )


@pytest.fixture(scope="session")
def vendor(data_dir: Path) -> NDArray[np.float64]:
    """The vendor's rate per frame; not finite for the first 503."""
    with h5py.File(data_dir / "a121" / "expected" / "breathing-sitting-controller.h5") as file:
        found: NDArray[np.float64] = file["breathing_rate"][()]
    assert np.isfinite(found[503:]).all() and not np.isfinite(found[:503]).any()
    return found


def run(sparse: Sparse) -> NDArray[Any]:
    """vitals.OUT[frame] of the reference chain."""
    state, found = np.zeros(1, chain.STATE)[0], np.zeros(len(sparse.iq), vitals.OUT)
    state["geometry"] = sparse.geometry
    chain.init(state)
    profiles, differences = sparse.profiles()
    for k in range(len(found)):
        t_us = round(k * sparse.frame_s * 1e6)
        chain.observe(state, profiles[k], differences[k], t_us, 0, found[k])
        vitals.fill(state, t_us, 0, found[k])
        state["frame"] += 1
    return found


def rate(found: NDArray[Any]) -> NDArray[np.float64]:
    """Per minute and frame, nan where unknown."""
    return np.where(found["rate_validity"] > 0, found["rate_centi_per_min"] / 100, np.nan)


@pytest.fixture(scope="session")
def unchanged(recording: Sparse) -> NDArray[Any]:
    return run(recording)


def test_the_rate_is_the_vendors(unchanged: NDArray[Any], vendor: NDArray[np.float64]) -> None:
    ours = rate(unchanged)[np.isfinite(vendor)]
    assert np.isfinite(ours).all()
    assert np.median(ours) == pytest.approx(VENDOR_MEDIAN, abs=1.0)
    assert np.abs(ours - VENDOR_MEDIAN).max() <= 1.0


def test_it_is_known_earlier_than_the_vendors(unchanged: NDArray[Any], vendor: NDArray[np.float64]) -> None:
    first = int(np.flatnonzero(np.isfinite(rate(unchanged)))[0])
    assert first < 503 and np.isfinite(vendor[503])


def test_the_person_is_where_the_points_move(unchanged: NDArray[Any], recording: Sparse) -> None:
    """The strongest variation over time, all sweeps of a frame together, is the chest."""
    varies = recording.iq[-400:].mean(axis=1).std(axis=0)
    place_m = (recording.first_bin + int(varies.argmax())) * recording.point_m
    assert unchanged["distance_mm"][-1] / 1000 == pytest.approx(place_m, abs=2 * recording.point_m)


def test_beside_the_naive_estimators(
    recording: Sparse,
    unchanged: NDArray[Any],
    vendor: NDArray[np.float64],
    figures: Callable[[str, dict[str, float]], None],
) -> None:
    """The phase of the point that varies most, over the last 20 s."""
    mean = recording.iq[-400:].mean(axis=1)
    phase = np.unwrap(np.angle(mean[:, mean.std(axis=0).argmax()]))
    beside = {
        "reference blocks": float(np.median(rate(unchanged)[503:])),
        "vendor": float(np.median(vendor[503:])),
        "naive spectrum": naive.spectrum_rate(phase, recording.frame_s),
        "naive autocorrelation": naive.autocorrelation_rate(phase, recording.frame_s),
    }
    figures("other chip's recording, breaths per minute", beside)
    assert abs(beside["reference blocks"] - beside["vendor"]) <= 1.0


def test_backwards_it_breathes_as_fast(recording: Sparse) -> None:
    """The same 30 s in both directions, once the person sits; the vendor's own rate varies by 1.3 in the last 13."""
    ends = [rate(run(replace(recording, iq=iq)))[-1] for iq in (recording.iq[-600:], recording.iq[:-601:-1])]
    assert ends[1] == pytest.approx(ends[0], abs=1.0)


def test_a_slower_clock_slows_it(recording: Sparse, unchanged: NDArray[Any]) -> None:
    slower = run(replace(recording, frame_s=0.075))
    assert np.nanmedian(rate(slower)) == pytest.approx(np.nanmedian(rate(unchanged)) / 1.5, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_frames_have_no_rate(recording: Sparse, seed: int) -> None:
    shuffled = run(replace(recording, iq=Generator(Philox(seed)).permutation(recording.iq)))
    assert not shuffled["rate_validity"].any() and shuffled["rate_reason"].all()


def test_one_frame_repeated_is_nobody(recording: Sparse) -> None:
    parts = Generator(Philox(5)).normal(0, 20, (*recording.iq.shape, 2))
    still = run(replace(recording, iq=(recording.iq[300] + parts[..., 0] + 1j * parts[..., 1]).astype(np.complex64)))
    assert still["confidence"].max() / 255 < streaming_threshold() and not still["rate_validity"].any()
