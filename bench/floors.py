"""Floors: what this machine can do at best, measured in the run that is compared with it.

Rule: CPU time of one thread, median over batches; a library that is not installed is not asked.
"""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BATCH_BYTES = 1 << 20  # stays in the second-level cache
COPY_BYTES = 1 << 26  # does not stay in any
MIN_BATCHES = 5

Transform = Callable[[NDArray[np.float32]], object]


@dataclass(frozen=True)
class Floor:
    """value in the unit of the rows it is compared with; what: how it was measured."""

    value: float
    what: str


def seconds_per_call(
    call: Callable[[], object], budget_s: float, clock: Callable[[], float] = time.process_time
) -> float:
    """Median time of one call, s; the first call is not counted."""
    call()
    taken: list[float] = []
    end_s = time.perf_counter() + budget_s
    while len(taken) < MIN_BATCHES or time.perf_counter() < end_s:
        start_s = clock()
        call()
        taken.append(clock() - start_s)
    return statistics.median(taken)


def transforms() -> dict[str, Transform]:
    """Batched real FFTs over the last axis, float32, one thread: whatever is installed."""
    found: dict[str, Transform] = {"numpy": np.fft.rfft}
    for name, make in (("scipy", _scipy), ("mkl_fft", _mkl), ("pyfftw", _pyfftw)):
        try:
            found[name] = make()
        except ImportError:
            continue
    return found


def _scipy() -> Transform:
    rfft = importlib.import_module("scipy.fft").rfft
    return lambda x: rfft(x, workers=1)


def _mkl() -> Transform:
    rfft: Transform = importlib.import_module("mkl_fft.interfaces.numpy_fft").rfft
    return rfft


def _pyfftw() -> Transform:
    pyfftw = importlib.import_module("pyfftw")
    plans: dict[tuple[int, ...], Transform] = {}

    def run(x: NDArray[np.float32]) -> object:
        if x.shape not in plans:
            plans[x.shape] = pyfftw.builders.rfft(x.copy(), threads=1, planner_effort="FFTW_MEASURE")
        return plans[x.shape](x)

    return run


def fft_floor(n_samples: int, per_frame: int, budget_s: float) -> Floor:
    """Frames/s when nothing is computed but per_frame real FFTs of n_samples, by the best library installed."""
    rows = max(1, BATCH_BYTES // (4 * n_samples))
    signal = np.random.Generator(np.random.Philox(1)).standard_normal((rows, n_samples), dtype=np.float32)
    libraries = transforms()
    best_s, best = min(
        (seconds_per_call(lambda t=transform: t(signal), budget_s / len(libraries)), name)  # type: ignore[misc]
        for name, transform in libraries.items()
    )
    return Floor(rows / per_frame / best_s, f"{per_frame} real FFTs of {n_samples}, batched, {best}")


def memory_floor(bytes_per_item: float, budget_s: float, what: str) -> Floor:
    """Items/s when nothing is done but moving their bytes, by the bandwidth of a large copy (read + write)."""
    source = np.ones(COPY_BYTES // 8)
    target = np.empty_like(source)
    taken_s = seconds_per_call(lambda: np.copyto(target, source), budget_s)
    return Floor(2.0 * COPY_BYTES / taken_s / bytes_per_item, f"memory bandwidth, {what}")
