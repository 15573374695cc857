"""Scenario files: what is in the room, who comes and goes. TOML, decoded strictly.

Rule: a file that is wrong in any way gives one SceneError of one line, naming file, key and what was expected.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from hw_sim import ranges
from hw_sim.faults import Fault, FaultError, from_table
from hw_sim.scenario_checks import checks
from hw_sim.scenario_climate import Room
from hw_sim.scenario_error import in_words
from hw_sim.scenario_living import Blanket, Breathing, Cat, Child, Dog, Events, Habits, Person, Pet
from hw_sim.scenario_room import Antennas, BladeFan, Charger, Corner, Draught, FrontEnd, Radar, Wall
from hw_sim.scenario_table import Population, SceneError, Side, Table, Vector

__all__ = [
    "Wall",
    "Radar",
    "FrontEnd",
    "Draught",
    "Charger",
    "BladeFan",
    "Antennas",
    "Blanket",
    "Breathing",
    "Cat",
    "Child",
    "Clutter",
    "Corner",
    "Curtain",
    "Dog",
    "Events",
    "Fan",
    "Habits",
    "Person",
    "Pet",
    "Population",
    "Room",
    "Scenario",
    "SceneError",
    "Side",
    "Sphere",
    "Vector",
    "decode_scenario",
    "drawn_keys",
    "load_scenario",
    "scenario_names",
]

SCENARIO_DIR = Path(__file__).parent / "scenarios"


class Sphere(Table, frozen=True):
    """A metal sphere on the line of sight, moving sinusoidally towards the radar and back."""

    distance_m: float  # from the device
    diameter_m: float = 0.05  # decides the cross-section
    azimuth_deg: float = 0.0  # to the right positive
    elevation_deg: float = 0.0  # upwards positive
    amplitude_mm: float = 0.0  # of its motion, peak; 0: still
    rate_per_min: float = 15.0  # of its motion


class Fan(Table, frozen=True):
    """A table fan with rotating blades."""

    distance_m: float  # from the device, at its height
    azimuth_deg: float  # to the right positive
    height_m: float = 0.2  # of the hub above the device
    turns_per_s: float = 10.37  # no multiple of the frame rate
    radius_m: float = 0.13  # of the blades
    facing_deg: float = 40.0  # between the axis and the line to the radar
    rcs_m2: float = 0.02  # of one blade point that faces the radar


class Curtain(Table, frozen=True):
    """A curtain that sways slowly and irregularly."""

    distance_m: float  # from the device
    azimuth_deg: float  # to the right positive
    width_m: float = 0.9  # across the line of sight
    sway_mm: float = 8.0  # rms at the lower edge
    rcs_m2: float = 0.02  # of the whole sheet


class Clutter(Table, frozen=True):
    """A still reflector."""

    at_m: Vector  # x right, y away from the device, z up
    rcs_m2: float  # radar cross-section


class Scenario(Table, frozen=True):
    """A room: everything but the radar. Absent parts do not exist."""

    description: str  # one line: what happens
    population: Population | None = None  # whose nights people here have; None: nobody has stages
    person: Person | None = None  # the user
    partner: Person | None = None  # whoever else sleeps in the bed
    child: Child | None = None  # a third person in it
    pet: Pet | None = None  # a cat that sleeps on the bed and does little else
    dog: Dog | None = None  # a dog
    cat: Cat | None = None  # a cat that goes about
    blanket: Blanket | None = None  # over everybody who lies in the bed
    room: Room | None = None  # climate and light; none: an ordinary bedroom
    shadow_db: float | None = None  # each way, in the middle of a body's shadow; none: 25 dB there and back
    sphere: Sphere | None = None  # a test sphere in the user's stead
    corner: Corner | None = None  # a reflector for calibration
    fan: Fan | None = None  # a table fan
    curtain: Curtain | None = None  # a curtain
    fans: dict[str, BladeFan] = {}  # fans with whole blades, each under a name of its own
    draughts: dict[str, Draught] = {}  # curtains in moving air, each under a name
    walls: dict[str, Wall] = {}  # flat reflectors of what bodies scatter, each under a name
    radars: dict[str, Radar] = {}  # other radars in the band, each under a name
    chargers: dict[str, Charger] = {}  # switching supplies, each under a name
    antennas: Antennas | None = None  # how far antennas are from ideal
    front_end: FrontEnd | None = None  # what receivers and converter add
    clutter: dict[str, Clutter] = {}  # what stands still, each under a name of its own
    fault: tuple[dict[str, Any], ...] = ()  # of the device in this room: name, value, at_s, for_s


def scenario_names() -> dict[str, str]:
    """Names of the built-in scenarios, with their one-line descriptions."""
    return {path.stem: load_scenario(path.stem).description for path in sorted(SCENARIO_DIR.glob("*.toml"))}


def load_scenario(name_or_path: str | Path, seed: int | None = None) -> Scenario:
    """A built-in scenario by name, or any TOML file by path. Raises SceneError.

    seed: draws the numbers that the file gives as [low, high]; None: their middles.
    """
    table, source = _read(name_or_path)
    return decode_scenario(table, source, seed)


def drawn_keys(name_or_path: str | Path) -> list[str]:
    """The keys that a scenario draws per seed, a line each. Raises SceneError."""
    table, source = _read(name_or_path)
    return [f"{one.key}: {one.low:g} to {one.high:g}, by seed" for one in ranges.found(table, Scenario, source)]


def _read(name_or_path: str | Path) -> tuple[dict[str, Any], str]:
    path = _find(str(name_or_path))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), str(path)
    except OSError as error:
        raise SceneError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SceneError(f"{path}: expected TOML: {error}") from None


def decode_scenario(table: dict[str, Any], source: str, seed: int | None = None) -> Scenario:
    """A scenario from its table. Raises SceneError, naming source, key and what was expected.

    Both ends of every range must be possible, not just what this seed draws.
    """
    for end in (ranges.low_end, ranges.high_end):
        _decoded(ranges.at(table, Scenario, source, end), source)
    return _decoded(ranges.drawn(table, Scenario, source, seed), source)


def _decoded(table: dict[str, Any], source: str) -> Scenario:
    try:
        scenario = msgspec.convert(table, Scenario)
    except msgspec.ValidationError as error:
        raise SceneError(f"{source}: {in_words(str(error))}") from None
    for key, right, expected in checks(scenario):
        if not right:
            raise SceneError(f"{source}: key `{key}`: expected {expected}")
    try:
        scenario_faults(scenario, source)
    except FaultError as error:
        raise SceneError(str(error)) from None
    return scenario


def scenario_faults(scenario: Scenario, source: str = "scenario") -> list[Fault]:
    """The faults it names. Raises FaultError."""
    return [from_table(one, f"{source}: fault[{index}]") for index, one in enumerate(scenario.fault)]


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
