"""Agreement with the truth, by hand and against the published pipeline."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cloud.agreement import NO_CHANCE, NO_EPOCHS, NO_KNOWN, agreement, confusion, kappa, two_class
from cloud.metrics import Section
from cloud.night import Ints

T0, STEP = 1_770_000_000_000_000, 30_000_000


def counts(truth: list[int | None], device: list[int | None]) -> Ints:
    return confusion(truth, {T0 + i * STEP: stage for i, stage in enumerate(device)}, T0, STEP)


def judged(truth: list[int | None], device: list[int | None]) -> Section:
    return agreement(counts(truth, device))


def test_a_night_by_hand() -> None:
    # known: 6 epochs, 4 right; chance = (2*2 + 2*2 + 1*1 + 1*1) / 36
    found = judged([0, 0, 1, 1, 2, 3, 3], [0, 1, 1, 0, 2, 3, None])
    assert found.values == {
        "epochs_truth": 7, "epochs_unknown": 1, "accuracy4": 0.6667,
        "kappa4": round((4 / 6 - 10 / 36) / (1 - 10 / 36), 4),
        "kappa4_all": round((4 / 7 - 11 / 49) / (1 - 11 / 49), 4),
        "kappa2": 0.25,
    }  # fmt: skip


def test_an_epoch_without_true_stage_is_no_epoch() -> None:
    assert judged([None, 1, 2, None], [0, 1, 2, 3]).values["epochs_truth"] == 2


def test_an_epoch_the_table_lacks_is_unknown() -> None:
    assert judged([1, 2, 1], [1]).values["epochs_unknown"] == 2


def test_unknown_lowers_the_kappa_that_counts_it_and_not_the_other() -> None:
    found = judged([0, 1, 2, 3] * 5, ([0, 1, 2, 3] * 4) + [None] * 4).values
    assert found["kappa4"] == 1.0
    assert found["kappa4_all"] == pytest.approx((0.8 - 0.2) / (1 - 0.2))


@pytest.mark.parametrize(
    ("truth", "device", "says"),
    [([None, None], [1, 1], NO_EPOCHS), ([1, 2], [None, None], NO_KNOWN), ([1, 1], [1, 1], NO_CHANCE)],
)
def test_undefined_is_none_with_a_reason(truth: list[int | None], device: list[int | None], says: str) -> None:
    found = judged(truth, device)
    assert (found.values["kappa4"], found.reasons["kappa4"]) == (None, says)


def published(data_dir: Path) -> tuple[Ints, Any]:
    """Pooled counts of the 14 nights, and the published results."""
    folder = data_dir / "sri_device_vs_psg"
    text = lzma.decompress((folder / "sample_data_sri.csv.xz").read_bytes()).decode()
    rows = [line.split(",")[2:] for line in text.splitlines()[1:]]
    reference, device = ([int(stage) for stage in column] for column in zip(*rows, strict=True))
    return counts(list(reference), list(device)), json.loads((folder / "evaluation_sri_full.json").read_text())


def test_the_published_pooled_kappa_is_found(data_dir: Path) -> None:
    found = agreement(published(data_dir)[0]).values
    assert (found["epochs_truth"], found["accuracy4"], found["kappa4"]) == (10_766, 0.6594, 0.4506)


def test_the_published_sleep_wake_kappa_is_found(data_dir: Path) -> None:
    table, results = published(data_dir)
    theirs = results["group_ebe_sleep_wake"]["advanced_sum"]["SLEEP"]["kappa"]
    assert round(kappa(two_class(table)), 2) == theirs


def test_the_published_one_against_the_rest_kappas_are_found(data_dir: Path) -> None:
    table, results = published(data_dir)
    theirs = [results["group_ebe_staging"]["advanced_sum"][s]["kappa"] for s in ("WAKE", "LIGHT", "DEEP", "REM")]
    ours = []
    for stage in range(4):
        one = np.zeros((2, 2), np.int64)
        for i, j in np.ndindex(4, 4):
            one[int(i == stage), int(j == stage)] += table[i, j]
        ours.append(round(kappa(one), 2))
    assert ours == theirs
