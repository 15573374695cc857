"""Training: features as in the night, slopes as by differences, a filter that is the one that runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.random import Generator, Philox

from cloud.night import load
from cloud.staging import Staging, nights, step, train
from cloud.staging.features import NAMES
from cloud.staging.model import Stored, arrays, fit_of, shipped
from cloud.staging.train import NO_STAGE, NightExamples
from cloud.stored_epochs import epoch_inputs
from tests.fake_device import stored_night

N = len(NAMES)


def made_up(seed: int, n: int = 240) -> NightExamples:
    """Stages that stay for a while, and features that tell them with noise."""
    rng = Generator(Philox(seed))
    stage = np.repeat(rng.integers(0, 4, n // 12), 12)
    x = rng.standard_normal((n, N))
    x[np.arange(n), stage] += 1.5
    return NightExamples(x, stage, 0)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("night") / "night.sqlite"
    stored_night(path)
    return path


def test_training_sees_what_the_night_saw(db: Path) -> None:
    state = Staging()
    again = [step(state, epoch) for epoch in epoch_inputs(db)]
    stored = [(one.stage, (one.p_wake, one.p_light, one.p_deep, one.p_rem)) for one in load(db).epochs]
    assert [(one.stage, one.p or (None,) * 4) for one in again] == stored
    assert sum(one.p is not None for one in again) > 30


def test_true_stages_meet_their_epochs(db: Path) -> None:
    epochs = epoch_inputs(db)
    t0_utc_us = epochs[0].utc_us
    truth = {
        "t0_utc_us": t0_utc_us, "epoch_s": 30, "stages": [None] * 6 + [0, 1, 2, 3] + [None] * 30,
        "lights_out_utc_us": t0_utc_us + 6 * 30_000_000, "in_bed_utc_us": t0_utc_us + 60_000_000,
        "out_of_bed_utc_us": t0_utc_us + 20 * 30_000_000,
    }  # fmt: skip
    stage, lights_out = nights.true_stages(epochs, truth)
    assert lights_out == 6
    # out of bed, awake in bed, the true stages, awake in bed again, out of bed
    assert stage.tolist() == [NO_STAGE] * 2 + [0] * 4 + [0, 1, 2, 3] + [0] * 10 + [NO_STAGE] * (len(epochs) - 20)


def test_a_night_without_stages_cannot_be_learnt_from(db: Path) -> None:
    with pytest.raises(train.TrainError, match="without stages"):
        nights.load(db, {"stages": None, "lights_out_utc_us": None})


def test_slopes_are_those_of_the_loss() -> None:
    rng = Generator(Philox(3))
    z, stage = rng.standard_normal((50, 5)), rng.integers(0, 4, 50)
    shapes = {"hidden": (3, 5), "hidden_bias": (3,), "out": (4, 3), "skip": (4, 5), "out_bias": (4,)}
    weights = {name: rng.standard_normal(shape) for name, shape in shapes.items()}

    def loss() -> float:
        active = np.tanh(z @ weights["hidden"].T + weights["hidden_bias"])
        scores = active @ weights["out"].T + z @ weights["skip"].T + weights["out_bias"]
        decayed = sum(float((weights[name] ** 2).sum()) for name in ("hidden", "out", "skip"))
        right = scores[np.arange(len(z)), stage]
        return float((np.log(np.exp(scores).sum(axis=1)) - right).mean()) + 0.01 * decayed

    slopes = train._slopes(weights, z, stage, 0.01)
    for name, slope in slopes.items():
        at = (0,) * slope.ndim
        weights[name][at] += 1e-5
        above = loss()
        weights[name][at] -= 2e-5
        measured = (above - loss()) / 2e-5
        weights[name][at] += 1e-5
        assert slope[at] == pytest.approx(measured, rel=1e-4), name


def quickly(seeds: range) -> Stored:
    """Fewer steps and one decay: seconds instead of minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "STEPS", 200)
        patch.setattr(train, "DECAYS", (1e-3,))
        return train.train([made_up(seed) for seed in seeds], 1, {"trained_on": "made-up"}, lambda line: None)


@pytest.fixture(scope="module")
def learnt() -> Stored:
    return quickly(range(5))


def test_a_model_learns_what_can_be_learnt(learnt: Stored) -> None:
    night = made_up(99)
    found = train.beliefs(arrays(learnt), night).argmax(axis=1)
    assert np.mean(found == night.stage) > 0.8


def test_the_filter_knows_more_than_the_epoch_alone(learnt: Stored) -> None:
    night, model = made_up(99), arrays(learnt)
    alone = np.mean(fit_of(model, night.x).argmax(axis=1) == night.stage)
    assert np.mean(train.beliefs(model, night).argmax(axis=1) == night.stage) > alone + 0.05


@pytest.mark.slow
def test_the_same_nights_make_the_same_model(learnt: Stored) -> None:
    again = quickly(range(5))
    assert again == learnt


def test_later_features_change_no_earlier_belief() -> None:
    a, b = made_up(1), made_up(2)
    mixed = a._replace(x=np.concatenate((a.x[:100], b.x[100:])))
    assert (train.beliefs(shipped(), mixed)[:100] == train.beliefs(shipped(), a)[:100]).all()


@pytest.mark.parametrize("nights_given", [[made_up(1)] * 4, [made_up(1)._replace(stage=np.ones(240, int))] * 5])
def test_too_few_nights_or_stages_are_refused(nights_given: list[NightExamples]) -> None:
    with pytest.raises(train.TrainError, match="expected at least 5"):
        train.train(nights_given, 1, {}, lambda line: None)


def test_the_clock_alone_knows_the_shares_of_each_half_hour() -> None:
    stage = np.array([NO_STAGE] * 10 + [0] * 60 + [2] * 60)
    shares = train.time_of_night([NightExamples(np.zeros((130, N)), stage, 10)])
    assert shares.argmax(axis=1).tolist() == [0, 2]
