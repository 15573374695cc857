"""Stored nights for the training: what the staging saw then, and what was true.

Rule: epochs are put together again by the very functions that made them live; the stages they give are the stored ones
(a test compares), so that training and running see the same features.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cloud import gather, primary_user, settle
from cloud.epoch_input import EPOCH_S, EPOCH_US, EpochInput
from cloud.night import Ints
from cloud.observations import Vitals
from cloud.settle import SECOND_US
from cloud.staging.train import NO_STAGE, NightExamples, TrainError, examples
from cloud.store import StoreError

WAKE = 0
PRESENCE = {"user": primary_user.Presence.HERE}


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


def epoch_inputs(db: Path) -> list[EpochInput]:
    """Every epoch of a stored night as the staging saw it. Raises StoreError."""
    try:
        connection = sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)
        try:
            vitals = [Vitals(*row) for row in connection.execute(f"SELECT {', '.join(Vitals._fields)} FROM vitals")]
            users = connection.execute("SELECT utc_us, who FROM user ORDER BY utc_us, rowid").fetchall()
            occupied = dict(connection.execute("SELECT utc_us, occupied FROM epochs ORDER BY utc_us"))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(f"{db}: not a night's store: {error}") from error
    return [replace(epoch, occupied=occupied[epoch.utc_us]) for epoch in _gather(vitals, users, list(occupied))]


def _gather(vitals: list[Vitals], users: list[tuple[int, str]], epochs_utc_us: list[int]) -> list[EpochInput]:
    """Second by second, as cloud.conclude does it; who was measured is read from the table of then."""
    heard: dict[int, Vitals] = {}
    for one in sorted(vitals, key=lambda one: (one.utc_us, one.boot, one.seq)):
        heard[settle.second_of(one.utc_us)] = one
    out: list[EpochInput] = []
    if not epochs_utc_us:
        return out
    state, wanted = gather.Gather(), set(epochs_utc_us)
    gather.begin(state, epochs_utc_us[0] // SECOND_US)
    changes = list(users)
    watch = primary_user.Watch()
    for number in range(epochs_utc_us[0] // SECOND_US, epochs_utc_us[-1] // SECOND_US + EPOCH_S + gather.LAG_S):
        while changes and changes[0][0] <= (number + 1) * SECOND_US:
            watch.who = changes.pop(0)[1]
            watch.presence = PRESENCE.get(watch.who, primary_user.Presence.UNSURE)
        gather.add(state, number, *primary_user.share(watch, heard.get(number)))
        found = gather.complete(state)
        if found is not None and found[0].utc_us in wanted:
            out.append(found[0])
    return out
