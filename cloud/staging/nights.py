"""Stored nights for the training: what the staging saw then, and what was true.

Rule: epochs are made again by the very functions that made them live; the stages they give are the stored ones
(a test compares), so that training and running see the same features.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cloud.epoch_input import EPOCH_S, EPOCH_US, EpochInput
from cloud.night import Ints
from cloud.staging.train import NO_STAGE, NightExamples, TrainError, examples
from cloud.stored_epochs import epoch_inputs

WAKE = 0


def load(db: Path, truth: Mapping[str, Any]) -> NightExamples:
    """One night's examples. Raises StoreError, TrainError."""
    epochs = epoch_inputs(db)
    return examples(epochs, *true_stages(epochs, truth))


def true_stages(epochs: list[EpochInput], truth: Mapping[str, Any]) -> tuple[Ints, int]:
    """Per epoch the true stage, and the epoch of lights-out. In bed before lights-out and after waking up is wake."""
    try:
        if truth["stages"] is None or truth["lights_out_utc_us"] is None:
            raise TrainError("truth.json: a night without stages")
        if truth["epoch_s"] != EPOCH_S:
            raise TrainError(f"truth.json: epoch_s {truth['epoch_s']}, expected {EPOCH_S}")
        t0_utc_us = int(truth["t0_utc_us"])
        stages = {t0_utc_us + i * EPOCH_US: stage for i, stage in enumerate(truth["stages"])}
        bed = [(int(truth["in_bed_utc_us"]), int(truth["out_of_bed_utc_us"] or 2**62))]
        lights_out = int(truth["lights_out_utc_us"])
    except (KeyError, TypeError, ValueError) as error:
        raise TrainError(f"truth.json: key {error}") from error
    found = np.full(len(epochs), NO_STAGE, np.int64)
    for i, epoch in enumerate(epochs):
        stage = stages.get(epoch.utc_us)
        if stage is not None:
            found[i] = stage
        elif any(into <= epoch.utc_us and epoch.utc_us + EPOCH_US <= out for into, out in bed):
            found[i] = WAKE
    return found, next((i for i, epoch in enumerate(epochs) if epoch.utc_us >= lights_out), len(epochs))
