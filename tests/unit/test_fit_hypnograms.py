"""The fit of the hypnograms' table, on nights the table itself has made: no recordings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.random import PCG64, Generator

from hw_sim import fit_hypnograms as fit
from hw_sim.hypnogram import TABLE, TRANSITIONS, Stages, draw_sleeper, one_night, read_table, shipped_table
from hw_sim.hypnogram_trail import BEFORE, BETWEEN, DEEP, LIGHT, REM, WAKE, Trail
from hw_sim.psg_nights import NightsError, clinic_nights

LIGHT_WAKE = TRANSITIONS.index((LIGHT, WAKE))


def made_nights(n: int, n_epochs: int = 400) -> list[Stages]:
    table = shipped_table()
    streams = Generator(PCG64(11)).spawn(n)
    return [one_night(table, draw_sleeper(table, "clinic", rng), n_epochs, rng) for rng in streams]


@pytest.fixture(scope="module")
def rows() -> fit.Rows:
    return fit.make_rows(made_nights(6))


def test_the_table_survives_its_file(tmp_path: Path) -> None:
    table = shipped_table()
    fit.write_table(table, tmp_path / "again.toml")
    assert (tmp_path / "again.toml").read_text("utf-8") == TABLE.read_text("utf-8")
    again = read_table(tmp_path / "again.toml")
    assert np.array_equal(again.weights, table.weights) and again.populations.keys() == table.populations.keys()


def test_a_trail_names_its_states() -> None:
    """Light sleep belongs to a REM episode for a quarter of an hour; awake before the first sleep is a state too."""
    trail = Trail(90.0)
    seen = [trail.state]
    for stage in (WAKE, LIGHT, REM, LIGHT, DEEP, WAKE):
        trail.push(stage)
        seen.append(trail.state)
    assert seen == [BEFORE, BEFORE, LIGHT, REM, BETWEEN, DEEP, WAKE]
    for _ in range(40):
        trail.push(LIGHT)
    assert trail.state == LIGHT and trail.age == 40


def test_the_cycle_clock_counts_the_sleepers_periods() -> None:
    """45 minutes of light sleep are half a cycle of 90 minutes; REM sets the clock back."""
    trail = Trail(90.0)
    for _ in range(90):
        trail.push(LIGHT)
    assert trail.rest == pytest.approx(0.5) and trail.done == 0.0
    trail.push(REM)
    assert trail.rest == 0.0 and trail.done == pytest.approx(0.5 / 90)


def test_getting_up_is_not_learnt() -> None:
    night = np.array([0] * 5 + [1] * 50 + [0] * 30, np.int8)
    assert fit.slept(night).size == 55
    assert fit.slept(np.concatenate([night, [0]]).astype(np.int8)).size == 86  # lies awake: stays


def test_a_transition_is_a_logistic_regression(rows: fit.Rows) -> None:
    """At the optimum the ridge's pull equals the slope of the likelihood."""
    features = rows.at(np.zeros(6, np.int64))
    middle = np.array([np.log(goes.mean() + 1e-3) for goes in rows.goes])
    start = np.zeros((fit.WAYS, features.shape[1]))
    found = fit.fit_weights(rows, features, start, middle, np.zeros((6, fit.WAYS)), 30)[LIGHT_WAKE]
    x, goes = features[rows.stays[LIGHT_WAKE]], rows.goes[LIGHT_WAKE]
    centre = np.zeros_like(found)
    centre[: fit.N_AGES] = middle[LIGHT_WAKE]
    assert x.T @ (goes - fit.logistic(x @ found)) == pytest.approx(fit.RIDGE * (found - centre), abs=1e-6)


def test_who_wakes_more_deviates_upwards(rows: fit.Rows) -> None:
    """All with the same rates before: whoever woke more often than these say deviates upwards, and less than the data say."""
    score = np.full((rows.night.size, fit.WAYS), -3.0)
    spread = np.eye(fit.WAYS) * 0.3
    own, _, _ = fit.fit_sleepers(rows, score, np.zeros((6, fit.WAYS)), np.zeros(fit.WAYS), spread)
    night, goes = rows.night[rows.stays[LIGHT_WAKE]], rows.goes[LIGHT_WAKE]
    share = np.bincount(night, goes) / np.bincount(night)
    alone = np.log(share + 1e-9) - np.log(1 - share) + 3.0
    assert np.array_equal(np.sign(own[:, LIGHT_WAKE]), np.sign(alone))
    assert np.all(np.abs(own[:, LIGHT_WAKE]) <= np.abs(alone) + 1e-6)


def test_states_are_the_trails() -> None:
    night = np.array([0, 0, 1, 3, 1, 0, 2, 1], np.int8)
    assert fit.states(night).tolist() == [BEFORE, BEFORE, LIGHT, REM, BETWEEN, WAKE, DEEP, BETWEEN]
    assert fit.states(night[2:]).tolist() == [LIGHT, REM, BETWEEN, WAKE, DEEP, BETWEEN]  # asleep at lights-out


def test_calibration_goes_halfway(monkeypatch: pytest.MonkeyPatch) -> None:
    """A population pushed away from its nights comes half of the way back to them."""
    monkeypatch.setattr(fit, "CALIBRATE_PAIRS", 15)
    nights, table = made_nights(40), shipped_table()
    clinic = table.populations["clinic"]
    pushed = replace(clinic, mean=clinic.mean + 0.6)
    found = fit.calibrated(table.weights, pushed, fit.rates(nights), nights, Generator(PCG64(5)))
    assert np.mean(found.mean - clinic.mean) == pytest.approx(0.3, abs=0.1)


def test_missing_recordings_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(NightsError, match=r"hypnograms\.csv\.gz: expected the recording"):
        clinic_nights(tmp_path)
