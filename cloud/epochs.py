"""Thirty-second epochs of the user: the lanes of the picture.

Rule: somebody else's seconds are unknown, and an epoch is unknown unless at least half of its seconds are known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cloud.night import EPOCH_S, SECOND_US, Floats, Ints, Night, latest
from cloud.spans import commonest, reasons, users


@dataclass(frozen=True)
class Epochs:
    """One entry per epoch; NaN = unknown, and reason says why its breathing rate is."""

    utc_us: Ints
    rate_per_min: Floats  # median of the valid seconds
    movement: Floats  # share of the known seconds with movement, 0..1
    confidence: Floats  # mean over the streamed seconds, 0..1
    distance_mm: Floats  # median of the known seconds
    reason: list[str]


def epochs(night: Night) -> Epochs:
    """Cut the night into epochs; the last one may be short."""
    n_epochs = -(-night.n_seconds // EPOCH_S)
    index = latest(night.vitals.utc_us, night.from_utc_us, n_epochs * EPOCH_S)
    why = reasons(night, n_epochs * EPOCH_S)
    seconds = {
        name: users(night, getattr(night.vitals, name), index, night.from_utc_us).reshape(n_epochs, EPOCH_S)
        for name in ("rate_per_min", "moving", "confidence", "distance_mm")
    }
    rate = _reduce(np.nanmedian, seconds["rate_per_min"], EPOCH_S // 2)
    start = night.from_utc_us + EPOCH_S * SECOND_US * np.arange(n_epochs, dtype=np.int64)
    return Epochs(
        utc_us=start,
        rate_per_min=rate,
        movement=_reduce(np.nanmean, seconds["moving"], EPOCH_S // 2),
        confidence=_reduce(np.nanmean, seconds["confidence"], 1),
        distance_mm=_reduce(np.nanmedian, seconds["distance_mm"], EPOCH_S // 2),
        reason=[
            "" if np.isfinite(value) else commonest(why[i * EPOCH_S : (i + 1) * EPOCH_S])
            for i, value in enumerate(rate)
        ],
    )


def _reduce(function: Callable[..., Floats], grid: Floats, at_least: int) -> Floats:
    """Row by row over the known entries; NaN where fewer than at_least are known."""
    out = np.full(len(grid), np.nan)
    enough = np.isfinite(grid).sum(axis=1) >= at_least
    if enough.any():
        out[enough] = function(grid[enough], axis=1)
    return out
