"""Scenario files: what is in the room, who comes and goes. TOML, decoded strictly.

Rule: a file that is wrong in any way gives one SceneError of one line, naming file, key and what was expected.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

SCENARIO_DIR = Path(__file__).parent / "scenarios"
Vector = tuple[float, float, float]
Population = Literal["healthy", "clinic"]


class SceneError(ValueError):
    """A scenario that cannot be used; its text is one line for the user."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A TOML table: unknown keys are refused."""


class Breathing(Table, frozen=True):
    """Breath by breath; millimetres are peak to peak of the wall itself, not along the line of sight."""

    rate_per_min: tuple[float, float] = (12.0, 17.0)  # the slow drift stays within
    interval_sd: float = 0.07  # of single intervals, share of the mean
    amplitude_sd: float = 0.12
    chest_mm: float = 4.0
    abdomen_mm: float = 6.0
    heart_mm: float = 0.2
    heart_per_min: float = 62.0


class Habits(Table, frozen=True):
    """What somebody does in a night with stages; pairs are the limits of a draw."""

    lights_out_min: tuple[float, float] = (3.0, 12.0)  # after lying down, or after reading
    reading_min: float = 0.0  # sitting up in bed before lights-out
    awake_at_end_min: tuple[float, float] = (2.0, 8.0)  # from waking up to getting up
    absences: tuple[int, int] = (0, 0)  # how often up in the night
    absence_min: tuple[float, float] = (3.0, 8.0)  # out of sight
    awakenings_per_hour: float = 0.0  # beside those of the population
    movement_scale: float = 1.0  # of all movement rates, for sweeps


class Person(Table, frozen=True):
    """One person: torso, still parts of the body, breathing, movements.

    Where the scenario names a population, breathing and movement follow sleep stages: then breathing.rate_per_min
    limits the draw of the person's own rate, and interval_sd, amplitude_sd and movements_per_hour are not used.
    """

    centre_m: Vector  # of the torso at rest: x right, y away from the device, z up
    pose: Literal["lying", "sitting"] = "lying"
    posture: Literal["supine", "facing", "away"] = "supine"  # when lying, at first
    change_posture: bool = True
    way: Literal["far", "near", "beyond"] = "far"  # by which to bed and out of it
    enters_s: float | None = None  # None: there from the start
    leaves_before_end_s: float | None = None  # None: stays
    leaves_if_longer_than_s: float = 600.0  # shorter runs: stays
    movements_per_hour: float = 6.0  # frozen before any detector was tuned
    movement_s: tuple[float, float] = (3.0, 10.0)
    torso_rcs_m2: float = 0.007
    breathing: Breathing = Breathing()
    night: Habits = Habits()


class Sphere(Table, frozen=True):
    """A metal sphere on the line of sight, moving sinusoidally towards the radar and back."""

    distance_m: float
    diameter_m: float = 0.05
    azimuth_deg: float = 0.0
    elevation_deg: float = 0.0
    amplitude_mm: float = 0.0  # peak; 0: still
    rate_per_min: float = 15.0


class Fan(Table, frozen=True):
    """A table fan with rotating blades."""

    distance_m: float
    azimuth_deg: float
    height_m: float = 0.2
    turns_per_s: float = 10.37
    radius_m: float = 0.13
    facing_deg: float = 40.0  # between the axis and the line to the radar
    rcs_m2: float = 0.02  # of one blade point that faces the radar


class Curtain(Table, frozen=True):
    """A curtain that sways slowly and irregularly."""

    distance_m: float
    azimuth_deg: float
    width_m: float = 0.9
    sway_mm: float = 8.0  # rms at the lower edge
    rcs_m2: float = 0.02


class Clutter(Table, frozen=True):
    """A still reflector."""

    at_m: Vector
    rcs_m2: float


class Scenario(Table, frozen=True):
    """A room: everything but the radar. Absent parts do not exist."""

    description: str
    population: Population | None = None  # whose nights people here have; None: nobody has stages
    person: Person | None = None
    sphere: Sphere | None = None
    fan: Fan | None = None
    curtain: Curtain | None = None
    clutter: dict[str, Clutter] = {}


def scenario_names() -> dict[str, str]:
    """Names of the built-in scenarios, with their one-line descriptions."""
    return {path.stem: load_scenario(path.stem).description for path in sorted(SCENARIO_DIR.glob("*.toml"))}


def load_scenario(name_or_path: str | Path) -> Scenario:
    """A built-in scenario by name, or any TOML file by path. Raises SceneError."""
    path = _find(str(name_or_path))
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SceneError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SceneError(f"{path}: expected TOML: {error}") from None
    return decode_scenario(table, str(path))


def decode_scenario(table: dict[str, Any], source: str) -> Scenario:
    """A scenario from its table. Raises SceneError, naming source, key and what was expected."""
    try:
        scenario = msgspec.convert(table, Scenario)
    except msgspec.ValidationError as error:
        raise SceneError(f"{source}: {error}") from None
    for key, right, expected in _checks(scenario):
        if not right:
            raise SceneError(f"{source}: key `{key}`: expected {expected}")
    return scenario


def _find(name: str) -> Path:
    if name.endswith(".toml") or "/" in name:
        return Path(name)
    path = SCENARIO_DIR / f"{name}.toml"
    if not path.is_file():
        names = sorted(p.stem for p in SCENARIO_DIR.glob("*.toml"))
        close = difflib.get_close_matches(name, names, 1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise SceneError(f"scenario {name!r}: expected one of {', '.join(names)}, or a .toml file{hint}")
    return path


def _checks(scenario: Scenario) -> list[tuple[str, bool, str]]:
    """(key, holds, what was expected) for all ranges that a type cannot state."""
    checks: list[tuple[str, bool, str]] = []
    person, sphere = scenario.person, scenario.sphere
    if person is not None:
        low, high = person.breathing.rate_per_min
        shortest, longest = person.movement_s
        checks += [
            ("person.centre_m", person.centre_m[1] > 0.2, "y above 0.2 (in front of the device)"),
            ("person.movements_per_hour", 0 <= person.movements_per_hour <= 60, "0 to 60"),
            ("person.movement_s", 1 <= shortest <= longest <= 30, "two numbers, 1 to 30, rising"),
            ("person.torso_rcs_m2", person.torso_rcs_m2 > 0, "a positive number"),
            ("person.enters_s", (person.enters_s or 0.0) >= 0, "0 or more"),
            ("person.leaves_before_end_s", (person.leaves_before_end_s or 20.0) >= 20, "20 or more"),
            ("person.breathing.rate_per_min", 4 <= low <= high <= 40, "two numbers, 4 to 40, rising"),
            ("person.breathing.interval_sd", 0 <= person.breathing.interval_sd <= 0.3, "0 to 0.3"),
            ("person.breathing.amplitude_sd", 0 <= person.breathing.amplitude_sd <= 0.5, "0 to 0.5"),
        ]
    if sphere is not None:
        checks += [
            ("sphere.distance_m", 0.1 <= sphere.distance_m <= 10, "0.1 to 10"),
            ("sphere.diameter_m", 0.005 <= sphere.diameter_m <= 1, "0.005 to 1"),
            ("sphere.rate_per_min", 0 < sphere.rate_per_min <= 120, "above 0, at most 120"),
        ]
    if person is not None:
        checks += _habit_checks("person.night", person.night)
    for name, clutter in scenario.clutter.items():
        checks.append((f"clutter.{name}.rcs_m2", clutter.rcs_m2 > 0, "a positive number"))
    for key, part in (("fan", scenario.fan), ("curtain", scenario.curtain)):
        if part is not None:
            checks.append((f"{key}.distance_m", 0.3 <= part.distance_m <= 10, "0.3 to 10"))
    return checks


def _habit_checks(key: str, habits: Habits) -> list[tuple[str, bool, str]]:
    few, many = habits.absences
    checks = [(f"{key}.absences", 0 <= few <= many <= 4, "two numbers, 0 to 4, rising")]
    for name, most in (("lights_out_min", 120), ("awake_at_end_min", 120), ("absence_min", 30)):
        low, high = getattr(habits, name)
        checks.append((f"{key}.{name}", 0 <= low <= high <= most, f"two numbers, 0 to {most}, rising"))
    for name, most in (("reading_min", 180), ("awakenings_per_hour", 20), ("movement_scale", 10)):
        checks.append((f"{key}.{name}", 0 <= getattr(habits, name) <= most, f"0 to {most}"))
    return checks
