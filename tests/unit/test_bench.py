"""Floors and rows of the benchmark: what they count, not how fast anything is."""

from __future__ import annotations

import numpy as np
import pytest

from bench import floors, run


def test_a_call_is_timed_by_the_given_clock() -> None:
    ticks = iter(np.arange(0.0, 1000.0, 0.25))
    taken = floors.seconds_per_call(lambda: None, 0.0, clock=lambda: float(next(ticks)))
    assert taken == 0.25


@pytest.mark.parametrize("name", sorted(floors.transforms()))
def test_every_library_of_the_floor_computes_the_same(name: str) -> None:
    signal = np.random.default_rng(1).standard_normal((4, 64), dtype=np.float32)
    assert np.asarray(floors.transforms()[name](signal)) == pytest.approx(np.fft.rfft(signal), abs=1e-4)


def test_the_ratio_is_the_cost_over_the_cost_of_the_floor() -> None:
    row = run._row("chain", 200.0, "frames/s", floors.Floor(500.0, "FFT"))
    assert (row["floor"], row["ratio_to_floor"]) == (500.0, 2.5)


def test_the_scene_sees_the_radar_that_the_firmware_programmes() -> None:
    used = run.radar(**run.SMALL)
    assert used.name == "3x64x16"
    assert used.view.frame_period_ns == pytest.approx(50e6, rel=1e-6)
    assert used.view.bandwidth_hz == pytest.approx(used.timing.sampled_bandwidth_khz * 1e3)


def test_an_impossible_radar_is_refused() -> None:
    with pytest.raises(ValueError, match="n_chirps"):
        run.radar(n_chirps=3)
