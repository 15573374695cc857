"""Mistakes that make an alarm late: each can still be planted, and a campaign whose board has one finds it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import late_campaign
from bench.late_breaks import BREAKS
from bench.late_campaign import Campaign, until_wrong
from bench.late_judge import Outcome
from bench.late_plants import PLANTS
from bench.late_world import store_hour
from bench.planted import Cores, planted

pytestmark = pytest.mark.hil


@pytest.mark.parametrize("name", PLANTS)
def test_each_can_still_be_planted(name: str) -> None:
    plant = PLANTS[name]
    assert planted(plant.file, plant.old, plant.new)[plant.file].count(plant.new) >= 1
    assert set(plant.needs) <= set(BREAKS)


def outcome(number: int, *wrong: str) -> Outcome:
    return Outcome(number, list(Campaign(number).breaks), [-300.0], True, False, 0.0, 0.0, wrong=list(wrong))


@pytest.mark.parametrize(
    ("wrong", "after", "said"),
    [
        ({}, None, "nothing in 4"),
        ({2: ["not armed"]}, None, "nothing in 4"),
        ({3: ["not armed", "late by 2.000 s"]}, 4, f"{Campaign(3).breaks[0]}: late by 2.000 s"),
        ({0: ["silent"], 3: ["silent"]}, 4, f"{Campaign(3).breaks[0]}: silent"),
    ],
)
def test_what_finds_something_is_named_by_its_place_among_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: dict[int, list[str]], after: int | None, said: str
) -> None:
    def run_all(wanted: list[Campaign], *_: Any, **__: Any) -> Iterator[Outcome]:
        yield from (outcome(one.number, *wrong.get(one.number, [])) for one in wanted)

    monkeypatch.setattr(late_campaign, "run_all", run_all)
    monkeypatch.setattr(Campaign, "branch_s", property(lambda self: self.number))
    wanted = [Campaign(number) for number in (3, 2, 1, 0)]
    assert until_wrong(wanted, wanted[:1], tmp_path, 1) == {"after": after, "said": said}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_campaign_finds_what_is_planted(tmp_path: Path) -> None:
    """In the first night a break alone shows it."""
    store_hour(tmp_path / "hour.npy", seconds=30)
    plant = PLANTS["no-watchdog"]
    core = Cores(tmp_path / "planted").build("no-watchdog", planted(plant.file, plant.old, plant.new))
    number = str(list(BREAKS).index(*plant.needs))
    command = [sys.executable, "-m", "bench.late_campaign", str(tmp_path), "--core", str(core), "--until-wrong",
               "--number", number]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    assert json.loads(done.stdout) == {"after": 1, "said": "processor hangs: silent"}
