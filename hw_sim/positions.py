"""Who is where, in words: for whoever reads a scenario, and for truth.json.

Rule: from the scenario's own numbers, at rest; nobody needs to simulate a night to learn it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from hw_sim.fans import KINDS
from hw_sim.radar_view import SPEED_OF_LIGHT_M_PER_S
from hw_sim.scenario import Child, Person, Scenario, Side, Vector

# The default radar config sweeps 3.5 GHz in 131.5 us and samples 128 us of it.
DEFAULT_BANDWIDTH_HZ: Final = 3.5e9 * 128 / 131.5
DEFAULT_BIN_M: Final = SPEED_OF_LIGHT_M_PER_S / (2 * DEFAULT_BANDWIDTH_HZ)


def positions(scenario: Scenario, side: Side = "left", bin_m: float = DEFAULT_BIN_M) -> list[str]:
    """A line for everybody and everything that moves; then how far apart two bodies are."""
    sign = -1.0 if side == "right" else 1.0
    bodies = {name: (sign * x, y, z) for name, (x, y, z) in _bodies(scenario)}
    lines = [f"{name}: {_place(at_m, bin_m)}{_doing(scenario, name, side)}" for name, at_m in bodies.items()]
    lines += [f"{name}: {_place((sign * x, y, z), bin_m)}" for name, (x, y, z) in _things(scenario)]
    names = list(bodies)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            if one.split(",")[0] == other.split(",")[0]:
                continue  # two places of one animal
            lines.append(f"{one} to {other}: {_apart(bodies[one], bodies[other], bin_m)}")
    return lines or ["nobody"]


def _bodies(scenario: Scenario) -> Iterator[tuple[str, Vector]]:
    people = (("user", scenario.person), ("partner", scenario.partner), ("child", scenario.child))
    for name, body in (*people, ("pet", scenario.pet)):
        if body is not None:
            yield name, body.centre_m
    for name, animal in (("dog", scenario.dog), ("cat", scenario.cat)):
        for k, spot_m in enumerate(animal.spots_m if animal is not None else ()):
            yield name if k == 0 else f"{name}, place {k + 1}", spot_m
    if scenario.sphere is not None:
        ball = scenario.sphere
        yield "sphere", _polar(ball.distance_m, ball.azimuth_deg, ball.elevation_deg)
    if scenario.corner is not None:
        corner = scenario.corner
        yield "corner", _polar(corner.distance_m, corner.azimuth_deg, corner.elevation_deg)


def _things(scenario: Scenario) -> Iterator[tuple[str, Vector]]:
    if scenario.fan is not None:
        x, y, z = _polar(scenario.fan.distance_m, scenario.fan.azimuth_deg, 0.0)
        yield "fan", (x, y, z + scenario.fan.height_m)
    for name, fan in scenario.fans.items():
        x, y, z = _polar(fan.distance_m, fan.azimuth_deg, 0.0)
        yield (
            f"{fan.kind} fan ({name})",
            (x, y, z + (KINDS[fan.kind].height_m if fan.height_m is None else fan.height_m)),
        )
    for name, draught in scenario.draughts.items():
        yield f"draught ({name})", _polar(draught.distance_m, draught.azimuth_deg, 0.0)
    for name, radar in scenario.radars.items():
        yield f"radar ({name})", _polar(radar.distance_m, radar.azimuth_deg, radar.elevation_deg)
    if scenario.curtain is not None:
        yield "curtain", _polar(scenario.curtain.distance_m, scenario.curtain.azimuth_deg, 0.0)


def _polar(distance_m: float, azimuth_deg: float, elevation_deg: float) -> Vector:
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    flat = distance_m * math.cos(elevation)
    return flat * math.sin(azimuth), flat * math.cos(azimuth), distance_m * math.sin(elevation)


def angles_deg(at_m: Vector) -> tuple[float, float]:
    """Azimuth and elevation of a place."""
    x, y, z = at_m
    return math.degrees(math.atan2(x, y)), math.degrees(math.atan2(z, math.hypot(x, y)))


def _place(at_m: Vector, bin_m: float) -> str:
    distance_m = math.hypot(*at_m)
    azimuth, elevation = angles_deg(at_m)
    return f"{distance_m:.2f} m, range bin {distance_m / bin_m:.1f}, azimuth {azimuth:+.0f}, elevation {elevation:+.0f} deg"


def _doing(scenario: Scenario, name: str, side: Side) -> str:
    person: Person | Child | None = {
        "user": scenario.person,
        "partner": scenario.partner,
        "child": scenario.child,
    }.get(name)
    if person is None:
        return ""
    if isinstance(person, Person) and person.pose == "sitting":
        return ", sitting"
    return f", lying, head towards {'+x' if side == 'left' else '-x'}"


def _apart(one_m: Vector, other_m: Vector, bin_m: float) -> str:
    bins = (math.hypot(*other_m) - math.hypot(*one_m)) / bin_m
    (a, b), (c, d) = angles_deg(one_m), angles_deg(other_m)
    where = "farther" if bins >= 0 else "nearer"
    return f"{abs(bins):.1f} range bins {where}, azimuth {c - a:+.0f}, elevation {d - b:+.0f} deg"
