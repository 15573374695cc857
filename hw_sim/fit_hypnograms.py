"""Fit the table of hypnograms to real nights: `python -m hw_sim.fit_hypnograms` rewrites hypnograms.toml.

Rule: everything in the table comes from the nights given to fit(); the recordings themselves are never shipped.

A generalised linear mixed model. Rates: ridge regression of each transition against staying. Sleepers: a normal
deviation per transition (Laplace approximation) and one of a few cycle periods; both are refitted in turn, the period
drawn from its posterior (stochastic expectation-maximisation).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw_sim.hypnogram import TABLE, TRANSITIONS, Population, Stages, Table, Values, way_name
from hw_sim.hypnogram_trail import AGE_EPOCHS, N_FEATURES, Trail
from hw_sim.psg_nights import NightsError, clinic_nights, healthy_nights, recordings_folder

PERIODS_MIN = np.array([66.0, 74.0, 82.0, 90.0, 98.0, 106.0, 114.0])
ROUNDS = 12
RIDGE = 1.0
PRIOR_NIGHTS, PRIOR_VARIANCE = 10.0, 0.1  # of a sleeper's deviation
PERIOD_PRIOR_NIGHTS = 5.0
HEALTHY_PRIOR_NIGHTS = 7.0  # so many nights of the clinic stand against the 14 healthy ones
WAYS = len(TRANSITIONS)


@dataclass
class Rows:
    """All epochs of some nights but the last of each, night by night; one set of features per period."""

    features: list[list[Values]]  # [night][period], float64[epoch, feature]
    stays: list[NDArray[np.bool_]]  # per transition, over all rows: in its origin, going there or staying
    goes: list[Values]  # per transition, over its rows of stays: 1 goes, 0 stays
    night: NDArray[np.int64]  # of each row

    @property
    def n_nights(self) -> int:
        """How many nights."""
        return len(self.features)


def fit(nights: Sequence[Stages], healthy: Sequence[Stages], rng: np.random.Generator) -> Table:
    """The table of numbers for nights of the clinic, and the healthy population beside it."""
    rows = make_rows(nights)
    weights, spread, share = np.zeros((WAYS, N_FEATURES)), np.eye(WAYS) * 0.2, np.full(len(PERIODS_MIN), 1.0)
    own = np.zeros((len(nights), WAYS))
    period = np.full(len(nights), len(PERIODS_MIN) // 2)
    middle = np.array([np.log(goes.mean()) for goes in rows.goes])
    weights[:, : len(AGE_EPOCHS)] = middle[:, None]
    for turn in range(ROUNDS):
        features = np.concatenate([rows.features[k][p] for k, p in enumerate(period)])
        weights = fit_weights(rows, features, weights, middle, own, newton_steps=8 if turn == 0 else 2)
        own, spread = fit_sleepers(rows, features @ weights.T, own, np.zeros(WAYS), spread)
        share, period = fit_periods(rows, weights, own, share, rng)
    clinic = Population(np.zeros(WAYS), spread, share)
    return Table(weights, PERIODS_MIN, {"clinic": clinic, "healthy": shrunk(clinic, weights, healthy, rng)})


def shrunk(clinic: Population, weights: Values, healthy: Sequence[Stages], rng: np.random.Generator) -> Population:
    """A population with the clinic's rates whose sleepers deviate like the healthy ones, as far as these few can say."""
    rows = make_rows(healthy)
    own, mean, spread, share = np.zeros((len(healthy), WAYS)), clinic.mean, clinic.covariance, clinic.period_share
    period = np.full(len(healthy), len(PERIODS_MIN) // 2)
    trust = len(healthy) / (len(healthy) + HEALTHY_PRIOR_NIGHTS)
    for _ in range(ROUNDS):
        features = np.concatenate([rows.features[k][p] for k, p in enumerate(period)])
        own, found = fit_sleepers(rows, features @ weights.T, own, mean, spread)
        mean, spread = trust * own.mean(0), trust * found + (1 - trust) * clinic.covariance
        share, period = fit_periods(rows, weights, own, share, rng)
    return Population(mean, spread, share)


def make_rows(nights: Sequence[Stages]) -> Rows:
    """What every epoch's choice depended on, and what was chosen."""
    now, then = (np.concatenate([night[cut] for night in nights]) for cut in (slice(None, -1), slice(1, None)))
    stays = [(now == origin) & ((then == origin) | (then == goal)) for origin, goal in TRANSITIONS]
    return Rows(
        features=[[trail_features(night, float(period)) for period in PERIODS_MIN] for night in nights],
        stays=stays,
        goes=[(then[some] == goal).astype(float) for some, (_, goal) in zip(stays, TRANSITIONS, strict=True)],
        night=np.repeat(np.arange(len(nights)), [night.size - 1 for night in nights]),
    )


def trail_features(night: Stages, period_min: float) -> Values:
    """float64[epoch, feature] for all epochs but the last."""
    trail = Trail(int(night[0]), period_min)
    out = np.empty((night.size - 1, N_FEATURES))
    for k, stage in enumerate(night[1:]):
        out[k] = trail.features()
        trail.push(int(stage))
    return out


def fit_weights(
    rows: Rows, features: Values, weights: Values, middle: Values, own: Values, newton_steps: int
) -> Values:
    """Newton steps of a logistic regression per transition; the ridge pulls hazards to the transition's mean rate."""
    out = weights.copy()
    for way, (some, goes) in enumerate(zip(rows.stays, rows.goes, strict=True)):
        x, offset = features[some], own[rows.night[some], way]
        centre = np.zeros(N_FEATURES)
        centre[: len(AGE_EPOCHS)] = middle[way]
        for _ in range(newton_steps):
            p = logistic(x @ out[way] + offset)
            slope = x.T @ (goes - p) - RIDGE * (out[way] - centre)
            bend = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(N_FEATURES)
            out[way] += np.clip(np.linalg.solve(bend, slope), -2, 2)
    return out


def fit_sleepers(rows: Rows, score: Values, own: Values, mean: Values, spread: Values) -> tuple[Values, Values]:
    """(deviation[night, transition], their covariance about the mean) by Laplace approximation.

    score: float64[row, transition], log-odds without deviations.
    """
    out, precision = own.copy(), np.linalg.inv(spread)
    night = [rows.night[some] for some in rows.stays]
    for step in range(3):
        slope, bend = np.zeros_like(out), np.zeros_like(out)
        for way, (some, goes) in enumerate(zip(rows.stays, rows.goes, strict=True)):
            p = logistic(score[some, way] + out[night[way], way])
            slope[:, way] = np.bincount(night[way], goes - p, rows.n_nights)
            bend[:, way] = np.bincount(night[way], p * (1 - p), rows.n_nights)
        bends = precision + np.eye(WAYS) * bend[:, None, :]
        slope -= (out - mean) @ precision
        if step < 2:
            out += np.clip(np.linalg.solve(bends, slope[..., None])[..., 0], -1, 1)
    about = out - mean
    total = about.T @ about + np.linalg.inv(bends).sum(0) + PRIOR_NIGHTS * PRIOR_VARIANCE * np.eye(WAYS)
    return out, total / (rows.n_nights + PRIOR_NIGHTS)


def fit_periods(
    rows: Rows, weights: Values, own: Values, share: Values, rng: np.random.Generator
) -> tuple[Values, NDArray[np.int64]]:
    """(share[period], one period per night drawn from its posterior)."""
    log_likelihood = np.array([[likelihood(rows, weights, own, k, p) for p in range(len(PERIODS_MIN))]
                               for k in range(rows.n_nights)])  # fmt: skip
    posterior = share * np.exp(log_likelihood - log_likelihood.max(1, keepdims=True))
    posterior /= posterior.sum(1, keepdims=True)
    total = posterior.sum(0) + PERIOD_PRIOR_NIGHTS / len(PERIODS_MIN)
    return total / total.sum(), np.array([rng.choice(len(PERIODS_MIN), p=one) for one in posterior])


def likelihood(rows: Rows, weights: Values, own: Values, night: int, period: int) -> float:
    """Log-likelihood of one night with one period (each transition against staying)."""
    score = rows.features[night][period] @ weights.T + own[night]
    begin = int(np.searchsorted(rows.night, night))
    total = 0.0
    for way, (some, goes) in enumerate(zip(rows.stays, rows.goes, strict=True)):
        mine = some[begin : begin + len(score)]
        first = int(np.count_nonzero(some[:begin]))
        eta = score[mine, way]
        total += float(np.sum(goes[first : first + eta.size] * eta - np.logaddexp(0, eta)))
    return total


def logistic(x: Values) -> Values:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def write_table(table: Table, path: Path) -> None:
    """TOML, four decimals."""
    lines = ["# Made by `python -m hw_sim.fit_hypnograms` from the nights named in docs/data.md; do not edit.",
             "# weights: per feature of hypnogram_trail.Trail, log-odds against staying.",
             f"periods_min = {numbers(table.periods_min)}", "", "[weights]"]  # fmt: skip
    lines += [f"{way_name(way)} = {numbers(row)}" for way, row in enumerate(table.weights)]
    for name, who in table.populations.items():
        lines += ["", f"[populations.{name}]", f"mean = {numbers(who.mean)}",
                  f"period_share = {numbers(who.period_share)}", "covariance = ["]  # fmt: skip
        lines += [*(f"    {numbers(row)}," for row in who.covariance), "]"]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def numbers(row: Values) -> str:
    """A TOML list."""
    return "[" + ", ".join(f"{x + 0.0:.4f}" for x in row) + "]"


def main() -> int:
    """Fit to all nights and rewrite the shipped table."""
    folder = recordings_folder()
    try:
        clinic, healthy = clinic_nights(folder), healthy_nights(folder)
    except NightsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    write_table(fit(clinic, healthy, np.random.Generator(np.random.PCG64(1))), TABLE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
