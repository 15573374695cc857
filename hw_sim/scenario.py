"""Scenario files: what is in the room, who comes and goes. TOML, decoded strictly.

Rule: a file that is wrong in any way gives one SceneError of one line, naming file, key and what was expected.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from hw_sim.scenario_checks import checks

SCENARIO_DIR = Path(__file__).parent / "scenarios"
Vector = tuple[float, float, float]
Population = Literal["healthy", "clinic"]
Side = Literal["left", "right"]


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


class Pet(Table, frozen=True):
    """A cat that sleeps on the bed: a small body with its own breathing. Hours in which it stays are the rule."""

    centre_m: Vector
    enters_s: float = 600.0
    leaves_before_end_s: float = 900.0
    torso_rcs_m2: float = 0.002  # an assumption: a third of a person's
    turns_per_hour: float = 2.0
    grooming_per_hour: float = 1.0  # for half a minute to two minutes
    breathing: Breathing = Breathing(
        rate_per_min=(20.0, 30.0), chest_mm=2.0, abdomen_mm=2.5, heart_mm=0.1, heart_per_min=140.0
    )


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
    person: Person | None = None  # the user
    partner: Person | None = None  # whoever else sleeps in the bed
    pet: Pet | None = None
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
    for key, right, expected in checks(scenario):
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
