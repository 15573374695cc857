"""Training: nights with true stages in, one model file out. numpy alone, the same numbers for the same nights.

Rule: whatever is chosen here (decay, temper) is chosen on training nights by a proper score, the mean log probability
that the causal filter gives to the true stage of nights left out; never by kappa, never on test seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.random import Generator, Philox

from cloud.epoch_input import EpochInput
from cloud.night import Floats, Ints
from cloud.staging.features import NAMES
from cloud.staging.model import AWAKE, N_STAGES, Model, Stored, fit_of, follow
from cloud.staging.stage import Staging, look

UNITS = 16
STEPS, BATCH, RATE = 1000, 1024, 0.01
DECAYS = (1e-3, 3e-3, 1e-2)
TEMPERS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
FOLDS = 5
NO_STAGE = -1
HALF_HOUR = 60  # epochs

Say = Callable[[str], None]
Weights = dict[str, Floats]


class TrainError(Exception):
    """Nights that cannot be learnt from; one line."""


class NightExamples(NamedTuple):
    """One night, one row per epoch: features (NaN: nothing to see), true stage (NO_STAGE: none), lights-out's epoch."""

    x: Floats
    stage: Ints
    lights_out: int


class Choice(NamedTuple):
    """What cross-validation chose, and the mean log probability of the true stage on nights left out."""

    decay: float
    temper: float
    score: float


def examples(epochs: Sequence[EpochInput], stage: Ints, lights_out: int) -> NightExamples:
    """Features of a night as `step` forms them. stage: int64[epoch], NO_STAGE where there is none."""
    x = np.full((len(epochs), len(NAMES)), np.nan)
    state = Staging()
    for row, epoch in zip(x, epochs, strict=True):
        seen = look(state, epoch)
        if seen is not None:
            row[:] = seen
    return NightExamples(x, stage, lights_out)


def train(nights: Sequence[NightExamples], seed: int, card: dict[str, int | str], say: Say) -> Stored:
    """Cross-validate by night, then fit on all. Raises TrainError."""
    stages = np.concatenate([night.stage for night in nights])
    if len(nights) < FOLDS or len(np.unique(stages[stages >= 0])) < N_STAGES:
        raise TrainError(f"{len(nights)} nights: expected at least {FOLDS}, with all four stages among them")
    choice = cross_validate(nights, seed, say)
    model = replace(fit(nights, choice.decay, seed), temper=choice.temper)
    known = sum(int(np.sum(usable(night))) for night in nights)
    say(f"trained on {len(nights)} nights, {known} epochs")
    rounded = {k: np.round(v, 6).tolist() for k, v in vars(model).items() if isinstance(v, np.ndarray)}
    return Stored(
        features=list(NAMES),
        temper=model.temper,
        card={
            **card,
            "nights": len(nights),
            "epochs": known,
            "decay": choice.decay,
            "score_left_out": round(choice.score, 4),
        },
        time_of_night=time_of_night(nights).round(4).tolist(),
        **rounded,
    )


def usable(night: NightExamples) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Epochs with features and a true stage."""
    return np.asarray(np.isfinite(night.x[:, 0]) & (night.stage >= 0))


def cross_validate(nights: Sequence[NightExamples], seed: int, say: Say) -> Choice:
    """The decay and temper with the best score on nights left out, in FOLDS groups of whole nights."""
    best = Choice(0.0, 0.0, -np.inf)
    for decay in DECAYS:
        totals = dict.fromkeys(TEMPERS, 0.0)
        count = 0
        for fold in range(FOLDS):
            model = fit([night for i, night in enumerate(nights) if i % FOLDS != fold], decay, seed)
            for night in nights[fold::FOLDS]:
                count += int(usable(night).sum())
                for temper in TEMPERS:
                    totals[temper] += log_probability(replace(model, temper=temper), night)
        for temper, total in totals.items():
            if total / count > best.score:
                best = Choice(decay, temper, total / count)
        say(f"decay {decay:g}: best so far {best.score:.4f} (decay {best.decay:g}, temper {best.temper:g})")
    return best


def beliefs(model: Model, night: NightExamples) -> Floats:
    """The causal filter along a night: float64[epoch, stage]."""
    out = np.empty((len(night.x), N_STAGES))
    p = fit_of(model, np.nan_to_num(night.x))
    belief = list(AWAKE)
    for i, seen in enumerate(np.isfinite(night.x[:, 0])):
        belief = follow(model, belief, p[i] if seen else None)
        out[i] = belief
    return out


def log_probability(model: Model, night: NightExamples) -> float:
    """Sum over the usable epochs of the log probability of the true stage."""
    at = np.flatnonzero(usable(night))
    return float(np.log(beliefs(model, night)[at, night.stage[at]] + 1e-9).sum())


def fit(nights: Sequence[NightExamples], decay: float, seed: int) -> Model:
    """Network, prior and transitions from these nights; temper 1."""
    x = np.concatenate([night.x[usable(night)] for night in nights])
    stage = np.concatenate([night.stage[usable(night)] for night in nights])
    mean, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-3)
    weights = _descend(np.clip((x - mean) / scale, -4, 4), stage, decay, Generator(Philox(seed)))
    prior = (np.bincount(stage, minlength=N_STAGES) + 1.0) / (len(stage) + N_STAGES)
    return Model(mean=mean, scale=scale, prior=prior, transitions=transitions(nights), temper=1.0, **weights)


def transitions(nights: Sequence[NightExamples]) -> Floats:
    """Shares of the true steps from epoch to epoch, one step of each kind added: float64[from, to]."""
    counts = np.ones((N_STAGES, N_STAGES))
    for night in nights:
        before, after = night.stage[:-1], night.stage[1:]
        both = (before >= 0) & (after >= 0)
        np.add.at(counts, (before[both], after[both]), 1)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), np.float64)


def time_of_night(nights: Sequence[NightExamples]) -> Floats:
    """What the clock alone says: shares of true stages by half hour since lights-out, float64[half hour, stage]."""
    longest = max(len(night.stage) - night.lights_out for night in nights)
    counts = np.full((-(-longest // HALF_HOUR), N_STAGES), 0.25)
    for night in nights:
        at = np.flatnonzero(night.stage >= 0)
        at = at[at >= night.lights_out]
        np.add.at(counts, ((at - night.lights_out) // HALF_HOUR, night.stage[at]), 1)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), np.float64)


def _descend(z: Floats, stage: Ints, decay: float, rng: Generator) -> Weights:
    """Adam (Kingma & Ba 2015) on the mean cross entropy of mini-batches, weights decayed, rate falling to nothing."""
    n = z.shape[1]
    weights: Weights = {
        "hidden": rng.standard_normal((UNITS, n)) / np.sqrt(n),
        "hidden_bias": np.zeros(UNITS),
        "out": rng.standard_normal((N_STAGES, UNITS)) * 0.1,
        "skip": np.zeros((N_STAGES, n)),
        "out_bias": np.zeros(N_STAGES),
    }
    first = {name: np.zeros_like(w) for name, w in weights.items()}
    second = {name: np.zeros_like(w) for name, w in weights.items()}
    for t in range(1, STEPS + 1):
        pick = rng.integers(0, len(z), BATCH)
        for name, slope in _slopes(weights, z[pick], stage[pick], decay).items():
            first[name] += 0.1 * (slope - first[name])
            second[name] += 0.01 * (slope * slope - second[name])
            move = first[name] / (1 - 0.9**t) / (np.sqrt(second[name] / (1 - 0.99**t)) + 1e-8)
            weights[name] = weights[name] - RATE * (1 - t / (STEPS + 1)) * move
    return weights


def _slopes(weights: Weights, z: Floats, stage: Ints, decay: float) -> Weights:
    """Gradient of mean cross entropy + decay * sum of squared weights (biases free)."""
    active = np.tanh(z @ weights["hidden"].T + weights["hidden_bias"])
    scores = active @ weights["out"].T + z @ weights["skip"].T + weights["out_bias"]
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(p)), stage] -= 1
    p /= len(p)
    back = (p @ weights["out"]) * (1 - active * active)
    return {
        "hidden": back.T @ z + 2 * decay * weights["hidden"],
        "hidden_bias": back.sum(axis=0),
        "out": p.T @ active + 2 * decay * weights["out"],
        "skip": p.T @ z + 2 * decay * weights["skip"],
        "out_bias": p.sum(axis=0),
    }
