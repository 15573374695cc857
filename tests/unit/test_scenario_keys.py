"""Keys of a scenario: every one is described, drawn from a range where it is a number, and refused in one line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from hw_sim.scenario import (
    Scenario,
    SceneError,
    decode_scenario,
    drawn_keys,
    load_scenario,
    scenario_names,
)
from hw_sim.scenario_keys import BEGIN, END, renewed, rows, tables
from hw_sim.scene import Scene

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"
ROWS = [(table, place, row) for table, places in tables().items() for place in places for row in rows(table, place)]
BED = {"description": "x", "person": {"centre_m": [0.0, 0.75, -0.08], "body": "whole"}}


def test_the_page_holds_the_tables_of_today() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page, "renew it: python -m hw_sim.scenario_keys docs/simulator.md"


def test_every_key_says_what_it_means() -> None:
    assert [f"{at}.{row[0]}" for _, at, row in ROWS if len(row[4]) < 4] == []


def with_key(place: str, key: str, value: Any) -> dict[str, Any]:
    """A scenario in which everything stands, with one key set."""
    table: dict[str, Any] = {
        "description": "x",
        "person": {"centre_m": [0, 0.7, 0], "body": "whole"},
        "partner": {"centre_m": [0, 1.4, 0]},
        "child": {"centre_m": [0, 1.0, 0]},
        "pet": {"centre_m": [0, 1.0, 0]},
        "dog": {"spots_m": [[0, 1.0, 0]]},
        "cat": {"spots_m": [[0, 1.0, 0]]},
        "blanket": {"loss_db": 1.0},
        "sphere": {"distance_m": 1.0},
        "corner": {"distance_m": 1.0},
        "fan": {"distance_m": 1.0, "azimuth_deg": 0.0},
        "curtain": {"distance_m": 1.0, "azimuth_deg": 0.0},
        "fans": {"<name>": {"distance_m": 1.0, "azimuth_deg": 0.0}},
        "draughts": {"<name>": {"distance_m": 1.0, "azimuth_deg": 0.0}},
        "walls": {"<name>": {"distance_m": 2.0, "azimuth_deg": 0.0}},
        "radars": {"<name>": {"distance_m": 2.0, "azimuth_deg": 0.0}},
        "clutter": {"<name>": {"at_m": [0, 1, 0], "rcs_m2": 0.1}},
    }
    at = table
    for part in place.split(".") if place else ():
        at = at.setdefault(part, {})
    at[key] = value
    return table


def refusal(place: str, key: str, value: Any) -> str:
    """The line that a wrong value gives."""
    with pytest.raises(SceneError) as caught:
        decode_scenario(with_key(place, key, value), "wrong.toml")
    return str(caught.value)


def test_a_wrong_type_is_refused_by_name() -> None:
    for _, place, row in ROWS:
        line = refusal(place, row[0], 5 if row[0] in ("description", "fault") else {"what": "is this"})
        assert "\n" not in line and row[0] in line and line.startswith("wrong.toml: ")


def test_an_unknown_key_is_refused_in_every_table() -> None:
    for place in {at for _, at, _ in ROWS}:
        line = refusal(place, "colour", "blue")
        assert "\n" not in line and "colour" in line and line.startswith("wrong.toml: ")


@pytest.mark.parametrize("wrong", [-1e5, 1e7, float("nan"), float("inf")])
def test_an_impossible_number_is_refused_by_name(wrong: float) -> None:
    bounded = [(at, row) for _, at, row in ROWS if row[1] and row[2] != "required" and " to " in row[3]]
    assert len(bounded) > 60
    for place, row in bounded:
        line = refusal(place, row[0], [wrong, wrong] if row[2].startswith("[") else wrong)
        assert "\n" not in line and row[0] in line and "expected" in line


@pytest.mark.parametrize(
    "wrong",
    [[0.01, 0.001], [0.01], [0.01, 0.02, 0.03], ["a", 0.02], [True, 2], [0.01, float("nan")], [0.001, -0.2], []],
)
def test_a_range_that_is_none_is_refused_in_one_line(wrong: list[Any]) -> None:
    table = BED | {"person": {"centre_m": [0.0, 0.75, -0.08], "torso_rcs_m2": wrong}}
    with pytest.raises(SceneError, match=r"x\.toml: key `person\.torso_rcs_m2`: expected a number or \[low, high\]"):
        decode_scenario(table, "x.toml")


def test_both_ends_of_a_range_must_be_possible() -> None:
    table = BED | {"blanket": {"loss_db": [1.0, 400.0]}}
    with pytest.raises(SceneError, match="key `blanket.loss_db`: expected 0 to 40"):
        decode_scenario(table, "x.toml", seed=1)


def drawn(seed: int | None, **more: Any) -> Scenario:
    table = BED | {"blanket": {"loss_db": [1.0, 3.0], **more}, "person": {"centre_m": [[-0.1, 0.1], 0.8, 0.0]}}
    return decode_scenario(table, "x.toml", seed)


def test_a_seed_draws_and_no_seed_is_the_middle() -> None:
    values = [
        (one.blanket.loss_db, one.person.centre_m[0]) for one in map(drawn, range(200)) if one.blanket and one.person
    ]
    loss_db, x_m = np.array(values).T
    assert 1.0 <= loss_db.min() < 1.1 and 2.9 < loss_db.max() <= 3.0 and loss_db.mean() == pytest.approx(2.0, abs=0.15)
    assert abs(np.corrcoef(loss_db, x_m)[0, 1]) < 0.25
    middle = drawn(None)
    assert middle.blanket is not None and middle.blanket.loss_db == 2.0 and drawn(7) == drawn(7) != drawn(8)


def test_another_range_leaves_a_draw_alone() -> None:
    one, other = drawn(3), drawn(3, creep_mm=[1.0, 9.0])
    assert one.blanket is not None and other.blanket is not None
    assert one.blanket.loss_db == other.blanket.loss_db and one.blanket.creep_mm != other.blanket.creep_mm


def test_a_scene_keeps_what_was_drawn_for_it() -> None:
    scene = Scene.load("tossing", seed=5, duration_s=60.0)
    assert scene.scenario == load_scenario("tossing", 5) != load_scenario("tossing", 6)
    assert any(line.startswith("person.height_m: 1.5 to 1.95") for line in drawn_keys("tossing"))


def test_what_was_there_before_draws_nothing() -> None:
    old = ("single", "couple", "pet", "restless", "sitter", "sphere")
    assert set(old) <= set(scenario_names())
    assert all(drawn_keys(name) == [] and load_scenario(name, 1) == load_scenario(name, 2) for name in old)


def worked_example() -> str:
    page = PAGE.read_text(encoding="utf-8")
    return page.split("### Write your own scene")[1].split("```toml\n")[1].split("```")[0]


def test_the_worked_example_of_the_page_runs(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(worked_example())
    scene = Scene.load(path, seed=4, duration_s=1800.0)
    truth = scene.truth()
    assert truth.person_in_zone.any() and truth.pet_in_zone.any() and truth.in_place.any()
    assert len(drawn_keys(path)) >= 2
    assert msgspec.to_builtins(scene.scenario)["description"] == tomllib.loads(worked_example())["description"]


def test_the_marks_stand_once() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(BEGIN) == page.count(END) == 1
