"""Thirty-second epochs: what the staging will look at, and what the table of the night shows.

Rule: an epoch is unknown unless at least half of its seconds are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cloud.night import EPOCH_S, SECOND_US, Floats, Ints, Night, latest, take


@dataclass(frozen=True)
class Epochs:
    """One entry per epoch; NaN = unknown, and reason says why its breathing rate is."""

    utc_us: Ints
    rate_per_min: Floats  # median of the valid seconds
    movement: Floats  # share of the known seconds with movement, 0..1
    confidence: Floats  # mean over the streamed seconds, 0..1
    reason: list[str]


def epochs(night: Night) -> Epochs:
    """Cut the night into epochs; the last one may be short."""
    n_epochs = -(-night.n_seconds // EPOCH_S)
    index = latest(night.vitals.utc_us, night.from_utc_us, n_epochs * EPOCH_S)
    grid = index.reshape(n_epochs, EPOCH_S)
    seconds = {
        name: take(getattr(night.vitals, name), index).reshape(n_epochs, EPOCH_S)
        for name in ("rate_per_min", "moving", "confidence")
    }
    rate = _reduce(np.nanmedian, seconds["rate_per_min"], EPOCH_S // 2)
    start = night.from_utc_us + EPOCH_S * SECOND_US * np.arange(n_epochs, dtype=np.int64)
    return Epochs(
        utc_us=start,
        rate_per_min=rate,
        movement=_reduce(np.nanmean, seconds["moving"], EPOCH_S // 2),
        confidence=_reduce(np.nanmean, seconds["confidence"], 1),
        reason=[
            "" if np.isfinite(value) else _why(night, row, int(utc_us))
            for value, row, utc_us in zip(rate, grid, start, strict=True)
        ],
    )


def _reduce(function: np.ufunc | object, grid: Floats, at_least: int) -> Floats:
    """Row by row over the known entries; NaN where fewer than at_least are known."""
    out = np.full(len(grid), np.nan)
    enough = np.isfinite(grid).sum(axis=1) >= at_least
    if enough.any():
        out[enough] = function(grid[enough], axis=1)  # type: ignore[operator]
    return out


def _why(night: Night, row: Ints, utc_us: int) -> str:
    """The commonest reason within the epoch: the packets' own, else the silence's."""
    reasons = [night.vitals.rate_reason[i] or "breathing not certain enough" for i in row if i >= 0]
    if 2 * len(reasons) < EPOCH_S:
        middle = utc_us + EPOCH_S * SECOND_US // 2
        silence = next((s for s in night.silences if s.from_utc_us <= middle < s.to_utc_us), None)
        if silence or not reasons:
            return silence.reason if silence else "no packets"
    return max(sorted(set(reasons)), key=reasons.count)
