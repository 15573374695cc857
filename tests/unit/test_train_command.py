"""`stillwave train`: what it refuses, what it writes, and that it takes up where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud.staging.model import read
from cloud.staging.seeds import SeedError
from cloud.staging.train import TrainError
from front import train
from front.env import InputError
from tests.fake_device import T0_UTC_US, stored_night

EPOCH_US = 30_000_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("night") / "night.sqlite"
    stored_night(path)
    return path


@pytest.fixture
def runs(store: Path, tmp_path: Path) -> Callable[..., list[Path]]:
    """runs(n, **report): folders of n nights with four stages each."""

    def make(n: int = 5, **report: Any) -> list[Path]:
        folders = []
        for i in range(n):
            folder = tmp_path / f"run-{i}"
            folder.mkdir()
            (folder / "night.sqlite").write_bytes(store.read_bytes())
            told = {"source": "simulated", "seed": 1001 + i, "parameters_digest": "aa", "scenario": "single"} | report
            (folder / "report.json").write_text(json.dumps(told))
            truth = {
                "t0_utc_us": T0_UTC_US, "epoch_s": 30, "stages": [None] * 4 + [0, 0, 1, 1, 2, 2, 3, 3] * 4 + [None] * 4,
                "lights_out_utc_us": T0_UTC_US + 4 * EPOCH_US, "in_bed_utc_us": T0_UTC_US + 2 * EPOCH_US,
                "out_of_bed_utc_us": T0_UTC_US + 38 * EPOCH_US,
            }  # fmt: skip
            (folder / "truth.json").write_text(json.dumps(truth))
            folders.append(folder)
        return folders

    return make


def silent(line: str) -> None:
    pass


def test_a_model_says_what_it_was_trained_on(runs: Callable[..., list[Path]], tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cloud.staging.train.STEPS", 20)
        train.train(runs(), tmp_path / "model.json", 1, silent)
    card = read(tmp_path / "model.json").card
    keys = ("trained_on", "first_seed", "last_seed", "seeds", "nights", "parameters_digest")
    told = {key: card[key] for key in keys}
    assert told == {
        "trained_on": "simulated nights: single", "first_seed": 1001, "last_seed": 1005, "seeds": "1001 to 1005", "nights": 5,
        "parameters_digest": "aa",
    }  # fmt: skip


def test_seeds_with_a_gap_are_told_as_two_runs() -> None:
    assert train._ranges([1001, 1002, 1003, 1016, 1018, 1019]) == "1001 to 1003, 1016, 1018 to 1019"


def test_a_test_night_is_refused(runs: Callable[..., list[Path]], tmp_path: Path) -> None:
    with pytest.raises(SeedError, match=r"seeds 20\.\.20"):
        train.train(runs(seed=20), tmp_path / "model.json", 1, silent)


def test_a_night_that_nobody_simulated_is_refused(runs: Callable[..., list[Path]], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a simulated night"):
        train.train(runs(source="live"), tmp_path / "model.json", 1, silent)


def test_nights_of_two_kinds_of_device_are_refused(runs: Callable[..., list[Path]], tmp_path: Path) -> None:
    folders = runs()
    (folders[0] / "report.json").write_text((folders[0] / "report.json").read_text().replace('"aa"', '"bb"'))
    with pytest.raises(InputError, match="aa, bb"):
        train.train(folders, tmp_path / "model.json", 1, silent)


def test_too_few_nights_are_refused(runs: Callable[..., list[Path]], tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="4 nights: expected at least 5"):
        train.train(runs(4), tmp_path / "model.json", 1, silent)


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected the folder of a simulated night"):
        train.train([tmp_path], tmp_path / "model.json", 1, silent)


def test_nights_that_are_there_are_not_made_again(tmp_path: Path) -> None:
    for seed in range(1001, 1006):
        folder = tmp_path / "nights" / f"single-{seed}"
        folder.mkdir(parents=True)
        (folder / "report.json").write_text("{}")
    said: list[str] = []
    assert len(train.make_nights(tmp_path, train.Wanted("single", 1001, 5, 8.0), said.append)) == 5
    assert said == []


def test_a_night_that_fails_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(train.NightFailed, match=r"^night of seed 1001: stillwave: .*moon"):
        train.make_nights(tmp_path, train.Wanted("moon", 1001, 5, 8.0), silent)


def test_a_model_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "model.json").touch()
    with pytest.raises(InputError, match="holds model"):
        train.new_model(tmp_path, force=False)
    assert train.new_model(tmp_path, force=True) == tmp_path / "model.json"
