"""Hypnograms of sleepers: semi-Markov bouts under a cycle clock, with each sleeper's own rates.

Rule: a small table of numbers (hypnograms.toml, made by `python -m hw_sim.fit_hypnograms`) and the caller's rng are all
a night depends on. It knows nothing of breathing, radar or time of day.

Every epoch the sleeper stays in its stage or goes to another; odds of each way to go against staying are
exp(weights · features of the trail + the sleeper's own deviation). The steps over a bout's age are the explicit
distribution of bout lengths; the rest bends it with cycle clock, hours asleep and what went before.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from hw_sim.hypnogram_trail import BEFORE, BETWEEN, DEEP, LIGHT, N_FEATURES, REM, WAKE, Trail

TABLE: Final = Path(__file__).with_name("hypnograms.toml")
PopulationName = Literal["clinic", "healthy"]
Stages = NDArray[np.int8]
Values = NDArray[np.float64]

# Every way from one state to another; others are rarer than one in 400 epochs and left out.
TRANSITIONS: Final = (
    (BEFORE, LIGHT), (WAKE, LIGHT), (WAKE, REM), (LIGHT, WAKE), (LIGHT, DEEP), (LIGHT, REM),
    (BETWEEN, WAKE), (BETWEEN, DEEP), (BETWEEN, REM), (DEEP, WAKE), (DEEP, LIGHT), (REM, WAKE), (REM, LIGHT),
)  # fmt: skip
NAMES: Final = ("wake", "light", "deep", "rem", "before", "between")


@dataclass(frozen=True)
class Population:
    """How sleepers differ: log-odds of each transition about a mean, and the period of the cycle."""

    mean: Values  # [transition]
    covariance: Values  # [transition, transition]
    period_share: Values  # [period]


@dataclass(frozen=True)
class Table:
    """The fitted numbers."""

    weights: Values  # [transition, feature], log-odds against staying
    periods_min: Values  # [period], centres of equal steps
    populations: dict[str, Population]


@dataclass(frozen=True)
class Sleeper:
    """One sleeper's own numbers."""

    deviation: Values  # [transition], log-odds
    period_min: float


class _PopulationToml(msgspec.Struct, forbid_unknown_fields=True):
    mean: list[float]
    covariance: list[list[float]]
    period_share: list[float]


class _TableToml(msgspec.Struct, forbid_unknown_fields=True):
    periods_min: list[float]
    weights: dict[str, list[float]]
    populations: dict[str, _PopulationToml]


def hypnogram(population: PopulationName, n_epochs: int, rng: np.random.Generator) -> Stages:
    """int8[n_epochs], 30-s epochs from lights-out to lights-on: 0 wake, 1 light, 2 deep, 3 REM.

    A new sleeper of the population every time. Raises ValueError for an unknown population or n_epochs below 1.
    """
    if population not in get_args(PopulationName):
        raise ValueError(f"population: expected one of {', '.join(get_args(PopulationName))}, got {population!r}")
    table = shipped_table()
    return one_night(table, draw_sleeper(table, population, rng), n_epochs, rng)


def draw_sleeper(table: Table, population: str, rng: np.random.Generator) -> Sleeper:
    """A sleeper of the population."""
    who = table.populations[population]
    root = np.linalg.cholesky(who.covariance)
    step = float(table.periods_min[1] - table.periods_min[0])
    period = float(rng.choice(table.periods_min, p=who.period_share / who.period_share.sum()))
    return Sleeper(
        deviation=who.mean + root @ rng.standard_normal(len(TRANSITIONS)),
        period_min=period + step * float(rng.uniform(-0.5, 0.5)),
    )


def one_night(table: Table, sleeper: Sleeper, n_epochs: int, rng: np.random.Generator) -> Stages:
    """One night of one sleeper, int8[n_epochs]; it begins awake. Raises ValueError for n_epochs below 1."""
    if n_epochs < 1:
        raise ValueError(f"n_epochs: expected 1 or more, got {n_epochs}")
    ways = [[k for k, (origin, _) in enumerate(TRANSITIONS) if origin == state] for state in range(len(NAMES))]
    goals = [[TRANSITIONS[k][1] for k in some] for some in ways]
    weights = [table.weights[some] for some in ways]
    own = [sleeper.deviation[some] for some in ways]
    stages = np.zeros(n_epochs, np.int8)
    trail = Trail(sleeper.period_min)
    for epoch, u in enumerate(rng.random(n_epochs - 1)):
        state = trail.state
        odds = np.exp(weights[state] @ trail.features() + own[state]).cumsum()
        way = int(np.searchsorted(odds, u * (1 + odds[-1]), "right"))
        stages[epoch + 1] = stage = goals[state][way] if way < odds.size else int(stages[epoch])
        trail.push(stage)
    return stages


@functools.cache
def shipped_table() -> Table:
    """The table that comes with the package, fitted to all nights."""
    return read_table(TABLE)


def read_table(path: Path) -> Table:
    """A table from its file. Raises ValueError naming the file."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _TableToml)
        weights = np.array([found.weights[way_name(way)] for way in range(len(TRANSITIONS))])
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError, KeyError, ValueError) as error:
        raise ValueError(f"{path}: expected a table of hypnograms: {error}") from None
    if weights.shape != (len(TRANSITIONS), N_FEATURES):
        raise ValueError(f"{path}: key `weights`: expected {N_FEATURES} numbers per transition")
    people = {
        name: Population(np.array(who.mean), np.array(who.covariance), np.array(who.period_share))
        for name, who in found.populations.items()
    }
    return Table(weights, np.array(found.periods_min), people)


def way_name(way: int) -> str:
    """Key of a transition in the table's file."""
    origin, goal = TRANSITIONS[way]
    return f"{NAMES[origin]}-{NAMES[goal]}"
