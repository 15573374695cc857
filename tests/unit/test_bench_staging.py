"""The evidence table's arithmetic, on nights made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.random import Generator, Philox

from bench import staging
from bench.staging import JudgedNight

KEYS = ("epochs_truth", "epochs_unknown", "accuracy4", "kappa4", "kappa4_all", "kappa2")


def made(seed: int, wrong: int, found: dict[str, Any] | None = None) -> JudgedNight:
    """Four stages of 40 epochs; the first `wrong` epochs of each are found as the next stage, one is unknown."""
    truth: list[int | None] = [stage for stage in range(4) for _ in range(40)]
    device: list[int | None] = [(s + 1) % 4 if s is not None and i % 40 < wrong else s for i, s in enumerate(truth)]
    device[-1] = None
    report = {
        "sleep": dict.fromkeys(staging.FOURTEEN, 10.0 + seed) | (found or {}),
        "truth": dict.fromkeys(staging.FOURTEEN, 8.0),
        "agreement": dict.fromkeys(KEYS, 1.0),
    }
    return JudgedNight(seed, report, truth, device)


def test_a_single_kind_of_night_has_a_narrow_interval() -> None:
    tables = [staging.counts(one.truth, one.device) for one in (made(1, 10), made(2, 10))]
    assert staging.over_nights(tables, lambda t: staging.kappa(staging.known(t))) == "0.665 (0.665 to 0.665)"


def test_intervals_are_over_nights() -> None:
    good, bad = (staging.counts(one.truth, one.device) for one in (made(1, 0), made(2, 20)))
    told = staging.over_nights([good, bad], lambda t: staging.kappa(staging.known(t)))
    assert told.endswith(f"({staging.kappa(staging.known(bad)):.3f} to 1.000)")


def test_the_last_stage_held_is_the_truth_of_before() -> None:
    assert staging.held([1, 2, 3, 0], 2) == [0, 0, 1, 2]


def test_bias_and_spread_by_hand() -> None:
    both = np.array([[11.0, 8.0], [12.0, 8.0], [13.0, 8.0]])  # found, true
    mean_true, mean_found, bias, spread, limits = staging._bland_altman(both, Generator(Philox(1)))
    assert (mean_true, mean_found, spread, limits) == ("8.0", "12.0", "1.0", "2.0 to 6.0")
    assert bias.startswith("+4.0 (+3.0 to +5.0)")


def test_a_night_without_a_figure_is_counted_as_missing() -> None:
    nights = [made(1, 0), made(2, 0), made(3, 0, {"rem_latency_min": None})]
    row = next(line for line in staging.metrics_table(nights).splitlines() if line.startswith("| rem_latency_min"))
    assert row.endswith("2 of 3 |")


def test_every_one_of_the_fourteen_has_a_row() -> None:
    assert staging.metrics_table([made(1, 0), made(2, 0)]).count("\n") == 1 + 14


@pytest.fixture(scope="module")
def kappas() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "DRAWS", 20)
        return staging.agreement_table([made(1, 5), made(2, 10)])


@pytest.mark.parametrize("words", ["this model", "time of night only", "Halo Rise", "human scorers", "5 minutes ago"])
def test_the_kappa_has_company(words: str, kappas: str) -> None:
    assert words in kappas
