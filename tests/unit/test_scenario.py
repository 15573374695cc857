"""Scenario files: strict, and clear about what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw_sim.physiology import MOVEMENTS
from hw_sim.scenario import Scenario, SceneError, decode_scenario, load_scenario, scenario_names
from hw_sim.scene import Scene

SCENARIOS = {"single", "empty", "arrival", "sphere", "sitter"}


def test_all_scenarios_load_and_describe_themselves() -> None:
    names = scenario_names()
    assert set(names) >= SCENARIOS
    assert all(text and "\n" not in text for text in names.values())


def test_fan_and_curtain_stand_in_single_and_empty_alike() -> None:
    single, empty = load_scenario("single"), load_scenario("empty")
    assert (single.fan, single.curtain, single.clutter) == (empty.fan, empty.curtain, empty.clutter)
    assert single.fan is not None and single.curtain is not None
    assert empty.person is None


def test_movements_are_frozen() -> None:
    """Fixed before any detector or stage model was tuned; a score is no reason to change them."""
    person = load_scenario("arrival").person
    assert person is not None and person.movements_per_hour == 6.0
    assert MOVEMENTS.body_per_hour == (15.0, 3.0, 0.6, 2.0)
    assert MOVEMENTS.limb_per_hour == (45.0, 9.0, 2.0, 10.0)


def test_every_bed_stands_in_the_same_room() -> None:
    rooms = {name: load_scenario(name) for name in scenario_names() if name not in ("sphere", "sitter")}
    old = {name: one for name, one in rooms.items() if one.fan is not None}
    assert all(_room(one) == _room(rooms["single"]) for one in old.values())
    assert len(old) >= 10 and all(one.clutter == rooms["single"].clutter for one in rooms.values())


def _room(scenario: Scenario) -> tuple[object, object, object]:
    return scenario.fan, scenario.curtain, scenario.clutter


def test_limits_of_a_draw_are_checked() -> None:
    table = {"description": "x", "partner": {"centre_m": [0, 1.4, 0], "night": {"absence_min": [8.0, 3.0]}}}
    with pytest.raises(
        SceneError, match=r"test: key `partner.night.absence_min`: expected two numbers, 0 to 30, rising"
    ):
        decode_scenario(table, "test")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('description = "x"\n[persn]\n', ["persn"]),
        (
            'description = "x"\n[person]\ncentre_m = [0, 0.7, 0]\nmovments_per_hour = 3\n',
            ["movments_per_hour", "person"],
        ),
        ('description = "x"\n[sphere]\ndistance_m = "far"\n', ["sphere.distance_m", "float"]),
        ('description = "x"\n[sphere]\ndistance_m = -1.0\n', ["sphere.distance_m", "0.1 to 10"]),
        ('description = "x"\n[sphere]\ndistance_m = nan\n', ["sphere.distance_m", "0.1 to 10"]),
        ('description = "x"\n[person]\ncentre_m = [0, -1.0, 0]\n', ["person.centre_m", "in front"]),
        ('description = "x"\n[fan]\ndistance_m = 99.0\nazimuth_deg = 0.0\n', ["fan.distance_m", "0.3 to 10"]),
        ("[curtain]\ndistance_m = 2.0\nazimuth_deg = 3.0\n", ["description"]),
        ("description = \n", ["TOML"]),
    ],
)
def test_a_wrong_file_gives_one_clear_line(tmp_path: Path, text: str, parts: list[str]) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(SceneError) as caught:
        load_scenario(path)
    line = str(caught.value)
    assert "\n" not in line
    assert "wrong.toml" in line
    assert all(part in line for part in parts), line


def test_a_misspelt_name_lists_the_right_ones() -> None:
    with pytest.raises(SceneError, match="'singel': expected one of .*did you mean single"):
        load_scenario("singel")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SceneError, match=r"nowhere\.toml: cannot be read"):
        load_scenario("nowhere.toml")


@pytest.mark.parametrize("duration_s", [0.0, -5.0, 1e9, float("nan")])
def test_impossible_durations_are_refused(duration_s: float) -> None:
    with pytest.raises(SceneError, match="duration: expected"):
        Scene.load("empty", seed=0, duration_s=duration_s)


def test_numbers_out_of_range_name_the_key() -> None:
    with pytest.raises(SceneError, match=r"test: key `person.movements_per_hour`: expected 0 to 60"):
        decode_scenario({"description": "x", "person": {"centre_m": [0, 0.7, 0], "movements_per_hour": 400}}, "test")


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(SceneError, match="seed: expected 0 or more"):
        Scene.load("empty", seed=-1, duration_s=10.0)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"description": "x", "persom": {}},
            "x.toml: key `persom`: expected one of the keys listed in docs/simulator.md",
        ),
        ({"description": "x", "person": {"foo": 1}}, "x.toml: key `person.foo`: expected one of the keys listed"),
        ({"description": "x", "shadow_db": "a"}, "x.toml: key `shadow_db`: expected `float | null`, got `str`"),
        ({}, "x.toml: key `description`: expected, it is missing"),
    ],
)
def test_a_wrong_key_is_named_with_what_was_expected(table: dict[str, object], message: str) -> None:
    with pytest.raises(SceneError) as caught:
        decode_scenario(table, "x.toml")
    assert str(caught.value).startswith(message)
