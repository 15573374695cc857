"""Hypnograms from the shipped table: legal, as the caller's rng says, and within what sleep can be."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import PCG64, Generator

from hw_sim.hypnogram import TABLE, TRANSITIONS, draw_sleeper, hypnogram, one_night, read_table, shipped_table

EIGHT_HOURS = 960
POPULATIONS: tuple[Any, ...] = ("clinic", "healthy")


@functools.cache
def nights(population: Any, n: int, n_epochs: int = EIGHT_HOURS) -> list[Any]:
    return [hypnogram(population, n_epochs, rng) for rng in Generator(PCG64(7)).spawn(n)]


@pytest.mark.parametrize("population", POPULATIONS)
def test_a_seed_is_a_night(population: Any) -> None:
    first, second = (hypnogram(population, EIGHT_HOURS, Generator(PCG64(3))) for _ in range(2))
    assert np.array_equal(first, second)


def test_seeds_differ() -> None:
    first, second = nights("clinic", 2)
    assert np.mean(first != second) > 0.2


def test_global_random_state_is_left_alone() -> None:
    np.random.seed(1)  # noqa: NPY002
    before = hypnogram("clinic", 200, Generator(PCG64(3)))
    state = np.random.get_state()[1].copy()  # type: ignore[union-attr]  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert np.array_equal(hypnogram("clinic", 200, Generator(PCG64(3))), before)
    np.random.seed(1)  # noqa: NPY002
    hypnogram("healthy", 200, Generator(PCG64(4)))
    assert np.array_equal(np.random.get_state()[1], state)  # type: ignore[index]  # noqa: NPY002


@pytest.mark.parametrize("n_epochs", [1, 2, 60, 2880])
def test_every_length_is_possible(n_epochs: int) -> None:
    stages = hypnogram("healthy", n_epochs, Generator(PCG64(5)))
    assert stages.shape == (n_epochs,) and stages.dtype == np.int8 and stages[0] == 0


@pytest.mark.parametrize("population", POPULATIONS)
def test_only_known_transitions_happen(population: Any) -> None:
    found = {(int(a), int(b)) for one in nights(population, 20) for a, b in zip(one[:-1], one[1:], strict=True)}
    assert found - {(k, k) for k in range(4)} <= {(a % 4, b) for a, b in TRANSITIONS}


def test_healthy_sleepers_sleep_as_healthy_ones_do() -> None:
    """Bands about the 14 real nights: wake .14, light .51, deep .20, REM .14 of the time in bed."""
    share = np.mean([[np.mean(one == k) for k in range(4)] for one in nights("healthy", 60)], axis=0)
    assert np.all(np.abs(share - [0.14, 0.52, 0.20, 0.14]) < [0.05, 0.06, 0.05, 0.05])


def test_patients_lie_awake_longer() -> None:
    clinic, healthy = (np.mean([np.mean(one == 0) for one in nights(who, 60)]) for who in POPULATIONS)
    assert clinic > healthy


@pytest.mark.parametrize("population", POPULATIONS)
def test_deep_sleep_comes_first_and_rem_last(population: Any) -> None:
    parts = [np.array_split(one, 3) for one in nights(population, 60)]
    deep, rem = (np.mean([[np.mean(third == k) for third in thirds] for thirds in parts], axis=0) for k in (2, 3))
    assert deep[0] > 2 * deep[2] and rem[2] > 1.5 * rem[0]


def test_no_sleeper_is_the_other() -> None:
    table = shipped_table()
    one, other = (draw_sleeper(table, "clinic", Generator(PCG64(seed))) for seed in (1, 2))
    assert one.period_min != other.period_min and not np.array_equal(one.deviation, other.deviation)


@pytest.mark.parametrize("n_epochs", [0, -1])
def test_no_epochs_are_refused(n_epochs: int) -> None:
    table = shipped_table()
    sleeper = draw_sleeper(table, "clinic", Generator(PCG64(1)))
    with pytest.raises(ValueError, match="n_epochs: expected 1 or more"):
        one_night(table, sleeper, n_epochs, Generator(PCG64(1)))


def test_an_unknown_population_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of clinic, healthy, got 'cats'"):
        hypnogram("cats", 100, Generator(PCG64(1)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new"),
    [("[weights]", "[weight]"), ("deep-light = [", "deep-light = [1.0, "), ("rem-wake", "rem-deep"), ("= [", "= [[")],
)
def test_a_damaged_table_is_named(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "table.toml"
    path.write_text(TABLE.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(ValueError, match=r"table\.toml: "):
        read_table(path)
