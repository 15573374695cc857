"""Half-burst means: the reference against numpy, then C against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from edge.blocks.half_burst import half_burst
from edge.core import load

FFI, LIB = load()
SHAPES = [(8, 256, 3), (16, 64, 3), (2, 128, 2), (6, 512, 1), (64, 64, 3), (36, 64, 2)]


def counts(shape: tuple[int, int, int]) -> NDArray[np.uint16]:
    """Random 12-bit samples uint16[chirp, sample, rx], with some at either end."""
    x = Generator(Philox(1)).integers(0, 4096, shape, np.uint16)
    x[0, :5, 0] = 0
    x[-1, 5:12, 0] = 4095
    return x


def run_c(samples: NDArray[np.uint16]) -> NDArray[np.float32]:
    """float32[half, sample, lane] from the C block."""
    state, half = FFI.new("sw_half_burst *"), FFI.new("sw_samples[2]")
    n_chirps, n_samples, n_rx = samples.shape
    assert LIB.sw_half_burst_init(state, [(n_rx, n_samples, n_chirps)]) == 0
    LIB.sw_half_burst_step(state, FFI.from_buffer("uint16_t *", samples), half)
    halves = np.frombuffer(FFI.buffer(half), np.float32).reshape(2, LIB.SW_MAX_SAMPLES, LIB.SW_LANES)
    return halves[:, :n_samples].copy()


@pytest.mark.parametrize("shape", SHAPES)
def test_reference_is_the_mean_of_each_half(shape: tuple[int, int, int]) -> None:
    x = counts(shape)
    halves = half_burst(x)
    expected = x.reshape(2, -1, *shape[1:]).mean(axis=1).transpose(0, 2, 1)
    assert np.array_equal(halves, expected.astype(np.float32))


@pytest.mark.parametrize("shape", SHAPES)
def test_c_equals_reference(shape: tuple[int, int, int]) -> None:
    x = counts(shape)
    halves, found = half_burst(x), run_c(x)
    assert np.allclose(found[:, :, : shape[2]].transpose(0, 2, 1), halves, rtol=1.2e-7, atol=0)


def test_lanes_without_an_antenna_are_zero() -> None:
    assert not run_c(counts((8, 64, 2)))[:, :, 2:].any()


def test_full_scale_does_not_overflow() -> None:
    assert np.all(run_c(np.full((64, 64, 3), 4095, np.uint16))[:, :, :3] == 4095)


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ((0, 64, 8), "SW_ERROR_CONFIG_RX"),
        ((4, 64, 8), "SW_ERROR_CONFIG_RX"),
        ((3, 100, 8), "SW_ERROR_CONFIG_SAMPLES"),
        ((3, 64, 7), "SW_ERROR_CONFIG_CHIRPS"),
        ((3, 64, 66), "SW_ERROR_CONFIG_CHIRPS"),
    ],
)
def test_wrong_config_is_named(config: tuple[int, int, int], error: str) -> None:
    assert LIB.sw_half_burst_init(FFI.new("sw_half_burst *"), [config]) == getattr(LIB, error)
