"""What is compared between simulated and real hypnograms, and how far apart two sets of nights are.

Rule: nothing here knows a model. Real nights differ from each other: a distance counts only beside the distance
between random halves of real nights, drawn by night (bouts of one night are not independent of each other).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Night = NDArray[np.int8]  # [epoch] of 30 s, lights-out to lights-on: 0 wake, 1 light, 2 deep, 3 REM
Values = NDArray[np.float64]
Distances = tuple[float, float]  # Kolmogorov-Smirnov; Wasserstein, in the measure's unit
STAGES = ("wake", "light", "deep", "REM")
EPOCHS_PER_MIN, EPOCHS_PER_H = 2, 120
BIN_EPOCHS = 20  # time of night only: ten minutes


@dataclass(frozen=True)
class Row:
    """One measure: two distances, and what random halves of real nights reach in 95 of 100 draws."""

    name: str
    found: Distances
    limit: Distances

    @property
    def shares(self) -> tuple[float, float]:
        """Both distances as shares of their limits."""
        return self.found[0] / self.limit[0], self.found[1] / self.limit[1]

    @property
    def holds(self) -> bool:
        """Both distances are within their limits."""
        return max(self.shares) <= 1


def measures(night: Night) -> dict[str, Values]:
    """Every measure of one night; in minutes, but transitions per hour and awakenings, which are counts."""
    begins = np.flatnonzero(np.diff(night, prepend=-1))
    length = np.diff(begins, append=night.size) / EPOCHS_PER_MIN
    stage = night[begins]
    asleep = np.flatnonzero(night > 0)
    onset, last = (int(asleep[0]), int(asleep[-1])) if asleep.size else (night.size, night.size)
    rem = np.flatnonzero(night == 3)
    found = {f"{name} bouts": length[stage == k] for k, name in enumerate(STAGES)}
    for third, part in enumerate(np.array_split(night, 3)):
        for k, name in enumerate(STAGES):
            found[f"{name}, third {third + 1}"] = np.array([np.sum(part == k) / EPOCHS_PER_MIN])
    found["transitions per hour"] = np.array([(begins.size - 1) * EPOCHS_PER_H / night.size])
    # No REM at all counts as REM when the night is over.
    found["REM latency"] = np.array([((int(rem[0]) if rem.size else night.size) - onset) / EPOCHS_PER_MIN])
    found["awakenings"] = np.array([float(np.sum((stage == 0) & (begins > onset) & (begins < last)))])
    return found


def pooled(parts: Sequence[dict[str, Values]]) -> dict[str, Values]:
    """The same measures of several nights, joined."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def distances(a: Values, b: Values) -> Distances:
    """Largest and integrated difference of two empirical distribution functions."""
    grid = np.sort(np.concatenate([a, b]))
    share_a = np.searchsorted(np.sort(a), grid, "right") / a.size
    share_b = np.searchsorted(np.sort(b), grid, "right") / b.size
    apart = np.abs(share_a - share_b)
    return float(apart.max()), float(np.sum(apart[:-1] * np.diff(grid)))


def limits(nights: Sequence[Night], draws: int, rng: np.random.Generator) -> dict[str, Distances]:
    """95th percentile of the distances between random halves of real nights."""
    parts = [measures(night) for night in nights]
    half = len(parts) // 2
    drawn: dict[str, list[Distances]] = {name: [] for name in parts[0]}
    for _ in range(draws):
        order = rng.permutation(len(parts))
        a, b = (pooled([parts[k] for k in some]) for some in (order[:half], order[half:]))
        for name, found in drawn.items():
            found.append(distances(a[name], b[name]))
    at = {name: np.percentile(found, 95, axis=0) for name, found in drawn.items()}
    return {name: (float(ks), float(wasserstein)) for name, (ks, wasserstein) in at.items()}


def compare(simulated: Sequence[Night], real: Sequence[Night], within: dict[str, Distances]) -> list[Row]:
    """One row per measure."""
    a, b = (pooled([measures(night) for night in nights]) for nights in (simulated, real))
    return [Row(name, distances(a[name], b[name]), limit) for name, limit in within.items()]


def kappa(a: Night, b: Night) -> float:
    """Cohen's kappa of two stage sequences."""
    table = np.zeros((4, 4))
    np.add.at(table, (a, b), 1 / a.size)
    chance = float(table.sum(0) @ table.sum(1))
    return (float(np.trace(table)) - chance) / (1 - chance)


def held_kappa(nights: Sequence[Night], minutes: int) -> float:
    """Of the guess that the stage is what it was so many minutes ago, all nights pooled."""
    lag = minutes * EPOCHS_PER_MIN
    return kappa(np.concatenate([night[:-lag] for night in nights]), np.concatenate([night[lag:] for night in nights]))


def time_of_night_kappa(nights: Sequence[Night], folds: int = 3) -> float:
    """Of the commonest stage per ten minutes since lights-out, learnt on the other folds; mean over folds."""
    found = []
    for fold in range(folds):
        count = np.zeros((max(night.size for night in nights) // BIN_EPOCHS + 1, 4))
        for k, night in enumerate(nights):
            if k % folds != fold:
                np.add.at(count, (np.arange(night.size) // BIN_EPOCHS, night), 1)
        guess = count.argmax(1).astype(np.int8)
        test = nights[fold::folds]
        found.append(
            kappa(np.concatenate([guess[np.arange(night.size) // BIN_EPOCHS] for night in test]), np.concatenate(test))
        )
    return float(np.mean(found))
