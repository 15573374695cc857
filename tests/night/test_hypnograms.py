"""Simulated hypnograms beside nights the model never saw; models that must be found out are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench import hypnograms as bench
from bench.hypnogram_measures import Distances, Night
from hw_sim.psg_nights import NightsError, clinic_nights

Figures = Callable[[str, dict[str, float]], None]


@pytest.fixture(scope="module")
def nights(data_dir: Path, absent: Callable[[str, str], None]) -> list[Night]:
    try:
        found = clinic_nights(data_dir)
    except NightsError as error:
        absent("data", str(error))
        raise
    assert len(found) == 120
    return found


@pytest.fixture(scope="module")
def within(nights: list[Night]) -> dict[str, Distances]:
    return bench.real_limits(nights)


def test_a_markov_chain_is_found_out(nights: list[Night], within: dict[str, Distances], figures: Figures) -> None:
    found = bench.judge(bench.markov(nights[: bench.FIT_NIGHTS]), nights, within)
    figures("hypnograms of a first-order Markov chain", {"too far": len(found.failed), "of": len(found.rows) + 3})
    assert {"wake bouts", "light bouts", "deep bouts", "REM latency", "deep, third 1"} <= set(found.failed)
    assert {"time of night only, kappa", "stage held for 2 minutes, kappa"} <= set(found.failed)


def test_one_night_again_and_again_is_found_out(nights: list[Night], within: dict[str, Distances]) -> None:
    """Its bouts may pass; that all sleepers are alike does not, nor that the time tells the stage."""

    def same(n_epochs: int, rng: np.random.Generator) -> Night:
        return np.resize(nights[0], n_epochs)

    found = bench.judge(same, nights, within)
    assert {"transitions per hour", "REM latency", "time of night only, kappa"} <= set(found.failed)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_simulated_nights_are_like_unseen_ones(
    nights: list[Night], within: dict[str, Distances], figures: Figures
) -> None:
    found = bench.judge(bench.semi_markov(nights[: bench.FIT_NIGHTS]), nights, within)
    figures("hypnograms, share of what real halves allow", {row.name: max(row.shares) for row in found.rows})
    figures("hypnograms, kappa", {name: ours for name, (ours, _) in found.kappas.items()})
    assert found.failed == []
