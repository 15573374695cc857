"""Receiver noise: white, Gaussian enough, and a function of its key alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hw_sim.noise import noise_rows

N_FRAMES, N_SAMPLES = 4000, 256
FRAME_CLOCKS = 4_000_000  # 50 ms


def rows(seed: int = 7, rx: int = 1, chirp: int = 0, first: int = 0) -> NDArray[np.float32]:
    ticks = (first + np.arange(N_FRAMES, dtype=np.int64)) * FRAME_CLOCKS
    return noise_rows(np.uint64(seed), ticks, rx, chirp, N_SAMPLES)


@pytest.fixture(scope="module")
def noise() -> NDArray[np.float32]:
    return rows()


def test_mean_is_zero_and_rms_is_one(noise: NDArray[np.float32]) -> None:
    assert abs(noise.mean()) < 5 / np.sqrt(noise.size)
    assert abs(noise.std() - 1) < 5 / np.sqrt(2 * noise.size)


def test_shape_is_gaussian(noise: NDArray[np.float32]) -> None:
    assert abs((noise**4).mean() - 3) < 0.2
    assert abs((noise**3).mean()) < 0.02
    # a binomial of 32 has slightly lighter tails
    for limit, share, tolerance in ((1, 0.31731, 0.03), (2, 0.04550, 0.05), (3, 0.00270, 0.3)):
        assert (np.abs(noise) > limit).mean() == pytest.approx(share, rel=tolerance)


def test_samples_of_a_chirp_do_not_hang_together(noise: NDArray[np.float32]) -> None:
    for lag in (1, 2, 3, 4, 8, 16, 32, 64, 128):
        assert abs((noise[:, lag:] * noise[:, :-lag]).mean()) < 6 / np.sqrt(noise.size)


def test_spectrum_is_flat(noise: NDArray[np.float32]) -> None:
    power = (np.abs(np.fft.rfft(noise, axis=1)) ** 2).mean(axis=0)[1:-1] / N_SAMPLES
    assert abs(power - 1).max() < 6 / np.sqrt(N_FRAMES)


def test_frames_do_not_hang_together(noise: NDArray[np.float32]) -> None:
    for lag in (1, 2, 3, 20):
        assert abs((noise[lag:] * noise[:-lag]).mean()) < 6 / np.sqrt(noise.size)


@pytest.mark.parametrize("other", [{"rx": 2}, {"rx": 3}, {"chirp": 1}, {"chirp": 7}, {"seed": 8}])
def test_antennas_chirps_and_seeds_are_independent(noise: NDArray[np.float32], other: dict[str, int]) -> None:
    beside = rows(**other)
    assert not np.array_equal(beside, noise)
    for shift in (0, 1, 5):
        assert abs((noise[:, shift:] * beside[:, : N_SAMPLES - shift]).mean()) < 6 / np.sqrt(noise.size)


def test_nothing_repeats(noise: NDArray[np.float32]) -> None:
    starts = np.ascontiguousarray(noise[:, :4]).view("V16").ravel()
    assert np.unique(starts).size == N_FRAMES


def test_frame_time_alone_decides() -> None:
    assert np.array_equal(rows(first=100)[:50], rows(first=0)[100:150])
