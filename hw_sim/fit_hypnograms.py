"""Fit the table of hypnograms to real nights: `python -m hw_sim.fit_hypnograms` rewrites hypnograms.toml.

Rule: everything in the table comes from the nights given to fit(); the recordings themselves are never shipped.

A generalised linear mixed model. Rates: ridge regression of each transition against staying. Sleepers: a normal
deviation per transition (Laplace approximation) and one of a few cycle periods; both are refitted in turn, the period
drawn from its posterior (stochastic expectation-maximisation).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw_sim.hypnogram import TABLE, TRANSITIONS, Population, Stages, Table, Values, draw_sleeper, one_night, way_name
from hw_sim.hypnogram_trail import N_AGES, N_FEATURES, Trail
from hw_sim.psg_nights import NightsError, clinic_nights, healthy_nights, recordings_folder

PERIODS_MIN = np.array([66.0, 74.0, 82.0, 90.0, 98.0, 106.0, 114.0])
# What is known of cycles beforehand, 70 to 110 minutes, counts as much as so many nights: one night says little.
PERIOD_PRIOR_NIGHTS, PERIOD_MEAN_MIN, PERIOD_SD_MIN = 30.0, 90.0, 12.0
ROUNDS = 12
RIDGE = 1.0
PRIOR_NIGHTS, PRIOR_VARIANCE = 4.0, 0.1  # of a sleeper's deviation
HEALTHY_PRIOR_NIGHTS = 7.0  # so many nights of the clinic stand against the 14 healthy ones
CALIBRATE_ROUNDS, CALIBRATE_PAIRS = 4, 120
GOT_UP_EPOCHS = 30  # awake at most so long at the end: ended by getting up, which is the scene's to say
SEED = 1
WAYS = len(TRANSITIONS)


@dataclass(frozen=True)
class Rows:
    """All epochs of some nights but the last of each, night by night."""

    features: NDArray[np.float32]  # [period, row, feature]
    stays: list[NDArray[np.int64]]  # per transition: rows in its origin that go there or stay
    goes: list[Values]  # per transition, over those rows: 1 goes, 0 stays
    night: NDArray[np.int64]  # of each row
    n_nights: int

    def at(self, period: NDArray[np.int64]) -> Values:
        """float64[row, feature], each night with its own period."""
        return self.features[period[self.night], np.arange(self.night.size)].astype(np.float64)


def fit(nights: Sequence[Stages], rng: np.random.Generator) -> Table:
    """The table of numbers with one population, `clinic`."""
    rows = make_rows(nights)
    weights, spread, share = np.zeros((WAYS, N_FEATURES)), np.eye(WAYS) * 0.2, known_periods()
    own = factor = np.zeros((rows.n_nights, WAYS))
    period = np.full(rows.n_nights, len(PERIODS_MIN) // 2)
    middle = np.array([np.log(goes.mean()) for goes in rows.goes])
    weights[:, :N_AGES] = middle[:, None]
    for turn in range(ROUNDS):
        features = rows.at(period)
        weights = fit_weights(rows, features, weights, middle, factor, newton_steps=2 if turn else 8)
        own, factor, spread = fit_sleepers(rows, features @ weights.T, own, np.zeros(WAYS), spread)
        share, period = fit_periods(rows, weights, own, share, rng)
    clinic = calibrated(weights, Population(np.zeros(WAYS), spread, share), rates(nights), nights, rng)
    return Table(weights, PERIODS_MIN, {"clinic": clinic})


def with_healthy(table: Table, clinic: Sequence[Stages], healthy: Sequence[Stages], rng: np.random.Generator) -> Table:
    """The same weights for a population on its way from the clinic's to these nights, as far as so few can say."""
    who, rows = table.populations["clinic"], make_rows(healthy)
    own, mean, spread, share = np.zeros((rows.n_nights, WAYS)), who.mean, who.covariance, who.period_share
    period = np.full(rows.n_nights, len(PERIODS_MIN) // 2)
    trust = rows.n_nights / (rows.n_nights + HEALTHY_PRIOR_NIGHTS)
    for _ in range(ROUNDS):
        own, _, found = fit_sleepers(rows, rows.at(period) @ table.weights.T, own, mean, spread)
        mean = trust * own.mean(0) + (1 - trust) * who.mean
        spread = trust * found + (1 - trust) * who.covariance
        share, period = fit_periods(rows, table.weights, own, share, rng)
    aim = trust * rates(healthy) + (1 - trust) * rates(clinic)
    other = calibrated(table.weights, Population(mean, spread, share), aim, healthy, rng)
    return replace(table, populations={"clinic": who, "healthy": other})


def calibrated(
    weights: Values, who: Population, aim: Values, like: Sequence[Stages], rng: np.random.Generator
) -> Population:
    """The population with its mean moved halfway to where free-running nights leave their states at the rates in aim.

    A fit to single steps is some per cent off there, because a simulated night goes on from its own trail. Halfway,
    because the nights themselves tell these rates to some per cent only. Sleepers come in pairs that deviate
    oppositely, which halves the noise.
    """
    before = who.mean
    lengths = [like[k % len(like)].size for k in range(CALIBRATE_PAIRS)]
    for turn in range(CALIBRATE_ROUNDS):
        table, nights = Table(weights, PERIODS_MIN, {"": who}), []
        for n_epochs in lengths:
            one = draw_sleeper(table, "", rng)
            other = replace(one, deviation=2 * who.mean - one.deviation)
            nights += [one_night(table, sleeper, n_epochs, rng) for sleeper in (one, other)]
        who = replace(who, mean=who.mean + (aim - rates(nights)) / (turn + 1))
    return replace(who, mean=(before + who.mean) / 2)


def rates(nights: Sequence[Stages]) -> Values:
    """float64[transition]: log of passages per epoch in the origin, all nights together."""
    here, gone = np.full(WAYS, 0.5), np.full(WAYS, 0.5)
    for night in (slept(night) for night in nights if night.any()):
        state = states(night)[:-1]
        for way, (origin, goal) in enumerate(TRANSITIONS):
            here[way] += np.sum(state == origin)
            gone[way] += np.sum((state == origin) & (night[1:] == goal))
    out: Values = np.log(gone / here)
    return out


def known_periods() -> Values:
    """Share of each period before any night was seen."""
    share: Values = np.exp(-0.5 * ((PERIODS_MIN - PERIOD_MEAN_MIN) / PERIOD_SD_MIN) ** 2)
    share /= share.sum()
    return share


def make_rows(nights: Sequence[Stages]) -> Rows:
    """What every epoch's choice depended on, and what was chosen."""
    nights = [slept(night) for night in nights]
    now, then = (np.concatenate([night[cut] for night in nights]) for cut in (slice(None, -1), slice(1, None)))
    state = np.concatenate([states(night)[:-1] for night in nights])
    stays = [np.flatnonzero((state == a) & ((then == b) | (then == now))) for a, b in TRANSITIONS]
    return Rows(
        features=np.stack(
            [np.concatenate([trail_features(night, float(period)) for night in nights]) for period in PERIODS_MIN]
        ),
        stays=stays,
        goes=[(then[some] == goal).astype(float) for some, (_, goal) in zip(stays, TRANSITIONS, strict=True)],
        night=np.repeat(np.arange(len(nights)), [night.size - 1 for night in nights]),
        n_nights=len(nights),
    )


def slept(night: Stages) -> Stages:
    """The night without its final awakening."""
    last = int(np.flatnonzero(night > 0)[-1]) + 1
    return night[:last] if night.size - last <= GOT_UP_EPOCHS else night


def states(night: Stages) -> Stages:
    """int8[epoch]: what rates depend on first, the stage or one of the states beyond them."""
    trail = Trail(PERIOD_MEAN_MIN)  # states know nothing of the period
    out = np.full(night.size, trail.state, np.int8)
    for k, stage in enumerate(night):
        if k or stage:
            trail.push(int(stage))
        out[k] = trail.state
    return out


def trail_features(night: Stages, period_min: float) -> NDArray[np.float32]:
    """float32[epoch, feature] for all epochs but the last."""
    trail = Trail(period_min)
    features = np.empty((night.size - 1, N_FEATURES), np.float32)
    for k, stage in enumerate(night[:-1]):
        if k or stage:
            trail.push(int(stage))
        features[k] = trail.features()
    return features


def fit_weights(
    rows: Rows, features: Values, weights: Values, middle: Values, own: Values, newton_steps: int
) -> Values:
    """Newton steps of a logistic regression per transition; the ridge pulls hazards to the transition's mean rate.

    own: float64[night, transition], log of the factor on each sleeper's odds.
    """
    out = weights.copy()
    for way, (some, goes) in enumerate(zip(rows.stays, rows.goes, strict=True)):
        x, offset = features[some], own[rows.night[some], way]
        centre = np.zeros(N_FEATURES)
        centre[:N_AGES] = middle[way]
        for _ in range(newton_steps):
            p = logistic(x @ out[way] + offset)
            slope = x.T @ (goes - p) - RIDGE * (out[way] - centre)
            bend = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(N_FEATURES)
            out[way] += np.clip(np.linalg.solve(bend, slope), -2, 2)
    return out


def fit_sleepers(rows: Rows, score: Values, own: Values, mean: Values, spread: Values) -> tuple[Values, Values, Values]:
    """(deviation[night, transition], log of the mean factor on odds, covariance of deviations) by Laplace approximation.

    The factor's mean lies v² / (2 spread) above the deviation's mode: half the variance v, less the skewness of counts.

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
    about, doubt = out - mean, np.linalg.inv(bends)
    total = about.T @ about + doubt.sum(0) + PRIOR_NIGHTS * PRIOR_VARIANCE * np.eye(WAYS)
    factor = out + np.diagonal(doubt, axis1=1, axis2=2) ** 2 * np.diag(precision) / 2
    return out, factor, total / (rows.n_nights + PRIOR_NIGHTS)


def fit_periods(
    rows: Rows, weights: Values, own: Values, share: Values, rng: np.random.Generator
) -> tuple[Values, NDArray[np.int64]]:
    """(share[period], one period per night drawn from its posterior)."""
    log_likelihood = np.zeros((rows.n_nights, len(PERIODS_MIN)))
    for way, (some, goes) in enumerate(zip(rows.stays, rows.goes, strict=True)):
        night = rows.night[some]
        for k in range(len(PERIODS_MIN)):
            eta = rows.features[k, some] @ weights[way] + own[night, way]
            log_likelihood[:, k] += np.bincount(night, goes * eta - np.logaddexp(0, eta), rows.n_nights)
    posterior = share * np.exp(log_likelihood - log_likelihood.max(1, keepdims=True))
    posterior /= posterior.sum(1, keepdims=True)
    total = posterior.sum(0) + PERIOD_PRIOR_NIGHTS * known_periods()
    return total / total.sum(), np.array([rng.choice(len(PERIODS_MIN), p=one) for one in posterior])


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
    rng = np.random.Generator(np.random.PCG64(SEED))
    write_table(with_healthy(fit(clinic, rng), clinic, healthy, rng), TABLE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
