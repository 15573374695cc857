"""The stage model: a small network says how well an epoch fits each stage, a hidden Markov filter follows the night.

Rule: plain arrays from a JSON file, numpy alone; the filter only ever looks back.
Network: z = (x - mean) / scale, clipped to +-4; p = softmax(V tanh(U z + b) + V0 z + c).
Filter (Rabiner 1989, eq. 19-20, likelihoods from posteriors by Bayes, tempered because epochs share breaths):
belief' = (belief A) * (p / prior)^temper, normalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from cloud.night import Floats
from cloud.staging.features import NAMES

FILE = Path(__file__).with_name("model.json")
N_STAGES = 4
AWAKE = [0.97, 0.03 / 3, 0.03 / 3, 0.03 / 3]  # who has just lain down


class ModelError(Exception):
    """The file is no stage model, or one for other features; one line that names it."""


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file. Rows of hidden, out and skip are stages' or units' weights; transitions [from][to]."""

    features: list[str]
    mean: list[float]
    scale: list[float]
    hidden: list[list[float]]  # U: [unit][feature]
    hidden_bias: list[float]
    out: list[list[float]]  # V: [stage][unit]
    skip: list[list[float]]  # V0: [stage][feature]
    out_bias: list[float]
    prior: list[float]
    transitions: list[list[float]]
    temper: float
    card: dict[str, str | int | float]  # what it was trained on
    time_of_night: list[list[float]]  # [half hour since lights-out][stage]: the baseline that looks at the clock alone


@dataclass(frozen=True)
class Model:
    """The same as arrays."""

    mean: Floats
    scale: Floats
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    skip: Floats
    out_bias: Floats
    prior: Floats
    transitions: Floats
    temper: float


def read(path: Path) -> Stored:
    """Raises ModelError."""
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=Stored)
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        raise ModelError(f"{path}: no stage model: {error}") from error
    if tuple(stored.features) != NAMES:
        raise ModelError(f"{path}: made for other features than these; `stillwave train` makes a new one")
    return stored


def arrays(stored: Stored) -> Model:
    """The numbers of a file as arrays."""
    names = [name for name in Model.__annotations__ if name != "temper"]
    return Model(temper=stored.temper, **{name: np.array(getattr(stored, name), float) for name in names})


@cache
def shipped() -> Model:
    """The model of this version."""
    return arrays(read(FILE))


def fit_of(model: Model, x: Floats) -> Floats:
    """Posterior of the network alone: features float64[..., feature] -> float64[..., stage]."""
    z = np.clip((x - model.mean) / model.scale, -4, 4)
    scores = np.tanh(z @ model.hidden.T + model.hidden_bias) @ model.out.T + z @ model.skip.T + model.out_bias
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True), np.float64)


def follow(model: Model, belief: list[float], p: Floats | None) -> list[float]:
    """The filter's next belief; p None: nothing was seen, the night goes on."""
    ahead = np.array(belief) @ model.transitions
    if p is not None:
        ahead = ahead * (np.maximum(p, 1e-6) / model.prior) ** model.temper
    return [float(one) for one in ahead / ahead.sum()]
