"""Stages against true stages, epoch by epoch.

Rule: an unknown epoch is never left out silently: the figures over known epochs stand beside their number, and
kappa4_all counts *unknown* as a stage of its own. Cohen's kappa: (p_observed - p_chance) / (1 - p_chance).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cloud.metrics import Section, section
from cloud.night import Ints

UNKNOWN = 4
AGREEMENT = ("epochs_truth", "epochs_unknown", "accuracy4", "kappa4", "kappa4_all", "kappa2")
NO_EPOCHS = "no epoch with a true stage"
NO_KNOWN = "no stage in any epoch with a true one"
NO_CHANCE = "one stage all night: chance alone agrees"


def confusion(truth: Sequence[int | None], device: Mapping[int, int | None], first_utc_us: int, step_us: int) -> Ints:
    """Counts, int64[true stage 0..3, stage 0..3 or unknown 4]; epochs without a true stage are no epochs.

    truth: one per epoch from first_utc_us on; device: start of epoch -> stage.
    """
    counts = np.zeros((4, 5), np.int64)
    for i, stage in enumerate(truth):
        if stage is not None:
            found = device.get(first_utc_us + i * step_us)
            counts[stage, UNKNOWN if found is None else found] += 1
    return counts


def kappa(counts: Ints) -> float:
    """Cohen's kappa of a table with equal categories in rows and columns; NaN where undefined."""
    size = max(counts.shape)
    square = np.zeros((size, size))
    square[: counts.shape[0], : counts.shape[1]] = counts
    total = square.sum()
    if not total:
        return float("nan")
    observed = np.trace(square) / total
    chance = float(square.sum(axis=0) @ square.sum(axis=1)) / total**2
    return float((observed - chance) / (1 - chance)) if chance < 1 else float("nan")


def two_class(counts: Ints) -> Ints:
    """Wake and sleep out of a table of four known stages."""
    known = counts[:, :UNKNOWN]
    return np.array(
        [[known[0, 0], known[0, 1:].sum()], [known[1:, 0].sum(), known[1:, 1:].sum()]],
        np.int64,
    )


def agreement(counts: Ints) -> Section:
    """The figures of the report."""
    known = counts[:, :UNKNOWN]
    n_known = int(known.sum())
    values: dict[str, float | int | None] = {
        "epochs_truth": int(counts.sum()),
        "epochs_unknown": int(counts[:, UNKNOWN].sum()),
        "accuracy4": round(float(np.trace(known)) / n_known, 4) if n_known else None,
        "kappa4": round(kappa(known), 4),
        "kappa4_all": round(kappa(counts), 4),
        "kappa2": round(kappa(two_class(counts)), 4),
    }
    default = NO_EPOCHS if not counts.sum() else NO_CHANCE if n_known else NO_KNOWN
    return section(values, {}, default)
