"""The room of a scenario: its course through a night, drawn ranges, and the device's view of it."""

from __future__ import annotations

from typing import Any

import pytest

from hw_sim.night import Night
from hw_sim.rig import Rig
from hw_sim.scenario import SceneError, decode_scenario
from hw_sim.scenario_climate import MOST_POINTS, Point, Room, course
from hw_sim.scene import Scene
from wire import packet

NIGHT_S = 8 * 3600.0


def at(points: list[Point], t_s: float) -> tuple[float, ...]:
    """Degree Celsius, percent, lx."""
    before = [p for p in points if p[0] <= 1e6 * t_s][-1]
    after = next((p for p in points if p[0] > 1e6 * t_s), before)
    part = 0.0 if after is before else (1e6 * t_s - before[0]) / (after[0] - before[0])
    return tuple((a + part * (b - a)) / 1000 for a, b in zip(before[1:], after[1:], strict=True))


def test_it_cools_and_people_breathe() -> None:
    points = course(Room(temperature_c=21, cooling_c=3, humidity_pct=40, breath_pct=10), Night(), NIGHT_S)
    first, last = at(points, 0), at(points, NIGHT_S)
    assert first[:2] == (21, 40)
    assert last[0] == pytest.approx(21 - 3 * 0.9305, abs=0.01) and last[1] == pytest.approx(40 + 10 * 0.9305, abs=0.02)


def test_the_lamp_goes_out_at_lights_out_and_on_when_the_user_is_up() -> None:
    night = Night(lights_out_s=1800.0, absences_s=((9000.0, 9300.0),))
    points = course(Room(evening_lux=50, night_lux=0.1, absence_lux=4), night, NIGHT_S)
    lux = [at(points, s)[2] for s in (0, 1799, 1801, 8999, 9001, 9299, 9301, NIGHT_S)]
    assert lux == [50, 50, 0.1, 0.1, 4, 4, 0.1, 0.1]


def test_the_sun_rises_by_doublings() -> None:
    points = course(Room(night_lux=0, day_lux=1000, sunrise_s=7 * 3600, sunrise_min=30), Night(), NIGHT_S)
    assert at(points, 7 * 3600 - 300)[2] == 0 and at(points, 7 * 3600 + 900)[2] == pytest.approx(1000**0.5, rel=0.01)
    assert at(points, 7 * 3600 + 1800)[2] == 1000 == at(points, NIGHT_S)[2]


@pytest.mark.parametrize("hours", [0.1, 8, 48])
def test_points_find_room_on_the_board(hours: float) -> None:
    night = Night(lights_out_s=60.0, absences_s=tuple((100.0 * k, 100.0 * k + 50) for k in range(2, 8)))
    points = course(Room(), night, hours * 3600)
    assert len(points) <= MOST_POINTS + 12 and all(b[0] > a[0] for a, b in zip(points, points[1:], strict=False))
    assert points[-1][0] >= hours * 3600e6


def scenario(**room: Any) -> dict[str, Any]:
    return {"description": "x", "room": room}


def test_ranges_are_drawn_per_seed() -> None:
    table = scenario(temperature_c=[15.0, 25.0])
    drawn = [decode_scenario(table, "x.toml", seed).room for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(room is not None and 15 <= room.temperature_c <= 25 for room in drawn)


def test_an_impossible_room_is_one_line() -> None:
    with pytest.raises(SceneError, match="key `room.humidity_pct`: expected 5 to 95"):
        decode_scenario(scenario(humidity_pct=101.0), "x.toml")


def test_the_device_reports_the_room_once_a_minute_while_it_streams() -> None:
    made = decode_scenario(
        {
            "description": "x",
            "sphere": {"distance_m": 0.9, "diameter_m": 0.3, "amplitude_mm": 4.0},
            "room": {
                "temperature_c": 18.5,
                "humidity_pct": 52.0,
                "breath_pct": 0.0,
                "cooling_c": 0.0,
                "night_lux": 0.4,
                "chip_warmer_c": 21.5,
            },
        },
        "x.toml",
    )
    with Rig(Scene(made, seed=1, duration_s=200.0)) as rig:
        rig.run(200.0)
    rooms = [one for one in rig.packets if one.type == packet.ROOM]
    at_s = [one.t_us / 1e6 for one in rooms]
    assert at_s == pytest.approx([11, 71, 131, 191], abs=1)
    seen = rooms[-1].fields
    assert (seen["temperature"], seen["humidity"], seen["light"]) == (1850, 5200, 40)
    assert {seen[f"{name}_validity"] for name in ("temperature", "humidity", "light")} == {255}
