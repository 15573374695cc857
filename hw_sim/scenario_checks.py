"""Which numbers of a scenario are possible: the ranges that a type cannot state.

Rule: a table of (key, holds, what was expected) and nothing else; whoever decodes a scenario raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hw_sim.scenario_climate import BOUNDS as ROOM_BOUNDS
from hw_sim.scenario_room_checks import room_checks

if TYPE_CHECKING:
    from hw_sim.scenario import Breathing, Events, Habits, Person, Pet, Scenario, Sphere
    from hw_sim.scenario_living import Blanket, Child, Dog
    from hw_sim.scenario_table import Table, Vector

Check = tuple[str, bool, str]
Bounds = dict[str, tuple[float, float]]

TORSO_POSTURES: Final = ("supine", "facing", "away")
EVENT_BOUNDS: Final[Bounds] = {
    "central_per_hour": (0, 60),
    "obstructive_per_hour": (0, 60),
    "hypopnoea_per_hour": (0, 60),
    "event_s": (10, 120),
    "periodic_share": (0, 1),
    "periodic_cycle_s": (30, 120),
    "arousal": (0, 1),
    "sighs_per_hour": (0, 60),
    "coughs_per_hour": (0, 60),
    "swallows_per_hour": (0, 60),
    "hiccups_per_hour": (0, 4),
    "twitches_per_hour": (0, 120),
}
BREATHING_BOUNDS: Final[Bounds] = {
    "chest_mm": (0, 30),
    "abdomen_mm": (0, 30),
    "line_of_sight_mm": (0, 30),
    "heart_mm": (0, 5),
    "heart_per_min": (20, 300),
}
CHILD_BOUNDS: Final[Bounds] = {
    "age_years": (0.5, 16),
    "enters_s": (0, 172800),
    "leaves_before_end_s": (20, 172800),
    "movement_scale": (0, 10),
    "turning": (0, 1),
}
DOG_BOUNDS: Final[Bounds] = {
    "mass_kg": (1, 90),
    "enters_s": (0, 172800),
    "leaves_before_end_s": (20, 172800),
    "walks_per_hour": (0, 60),
    "walk_s": (5, 1800),
    "turns_per_hour": (0, 60),
    "grooming_per_hour": (0, 30),
    "dreams_per_hour": (0, 30),
    "panting_per_hour": (0, 30),
    "panting_hz": (2, 8),
}
FAN_BOUNDS: Final[Bounds] = {
    "distance_m": (0.3, 10),
    "azimuth_deg": (-180, 180),
    "height_m": (-3, 5),
    "turns_per_s": (0, 100),
    "radius_m": (0.01, 2),
    "facing_deg": (-180, 180),
    "rcs_m2": (0, 10),
}
CURTAIN_BOUNDS: Final[Bounds] = {
    "distance_m": (0.3, 10),
    "azimuth_deg": (-180, 180),
    "width_m": (0.01, 10),
    "sway_mm": (0, 500),
    "rcs_m2": (0, 10),
}
SPHERE_BOUNDS: Final[Bounds] = {"azimuth_deg": (-180, 180), "elevation_deg": (-90, 90), "amplitude_mm": (0, 1000)}
BLANKET_BOUNDS: Final[Bounds] = {"loss_db": (0, 40), "rcs_m2": (0, 1), "follows": (0, 1), "creep_mm": (0, 50)}


def checks(scenario: Scenario) -> list[Check]:
    """(key, holds, what was expected) for the whole scenario."""
    found: list[Check] = []
    for key, person in (("person", scenario.person), ("partner", scenario.partner)):
        if person is not None:
            found += _person(key, person)
    if scenario.sphere is not None:
        found += _sphere(scenario.sphere)
    if scenario.pet is not None:
        found += _pet(scenario.pet)
    if scenario.child is not None:
        found += _child(scenario.child)
    for key, animal in (("dog", scenario.dog), ("cat", scenario.cat)):
        if animal is not None:
            found += _dog(key, animal)
    if scenario.blanket is not None:
        found += _blanket(scenario.blanket)
    if scenario.room is not None:
        found += _within("room", scenario.room, ROOM_BOUNDS)
    if scenario.shadow_db is not None:
        found.append(("shadow_db", 0 <= scenario.shadow_db <= 40, "0 to 40"))
    for name, clutter in scenario.clutter.items():
        found.append((f"clutter.{name}.rcs_m2", clutter.rcs_m2 > 0, "a positive number"))
        found.append((f"clutter.{name}.at_m", _near(clutter.at_m), "three numbers, -20 to 20"))
    for key, part, bounds in (("fan", scenario.fan, FAN_BOUNDS), ("curtain", scenario.curtain, CURTAIN_BOUNDS)):
        if part is not None:
            found += _within(key, part, bounds)
    return found + room_checks(scenario)


def _near(at_m: Vector) -> bool:
    return all(abs(one) <= 20 for one in at_m)


def _in_front(at_m: Vector) -> bool:
    return _near(at_m) and at_m[1] > 0.2


def _person(key: str, person: Person) -> list[Check]:
    shortest, longest = person.movement_s
    return [
        (f"{key}.centre_m", _in_front(person.centre_m), "y above 0.2 (in front of the device)"),
        (f"{key}.movements_per_hour", 0 <= person.movements_per_hour <= 60, "0 to 60"),
        (f"{key}.movement_s", 1 <= shortest <= longest <= 30, "two numbers, 1 to 30, rising"),
        (f"{key}.torso_rcs_m2", person.torso_rcs_m2 > 0, "a positive number"),
        (f"{key}.enters_s", (person.enters_s or 0.0) >= 0, "0 or more"),
        (f"{key}.leaves_before_end_s", (person.leaves_before_end_s or 20.0) >= 20, "20 or more"),
        (f"{key}.leaves_if_longer_than_s", person.leaves_if_longer_than_s >= 0, "0 or more"),
        (f"{key}.body", person.body == "torso" or person.pose == "lying", "torso where somebody sits"),
        (f"{key}.height_m", 0.5 <= person.height_m <= 2.2, "0.5 to 2.2"),
        (f"{key}.turning", 0 <= person.turning <= 1, "0 to 1"),
        (
            f"{key}.posture",
            person.body == "whole" or person.posture in TORSO_POSTURES,
            'supine, facing or away, or `body = "whole"`',
        ),
        *_breathing(f"{key}.breathing", person.breathing),
        *_events(f"{key}.events", person.events),
        *_habits(f"{key}.night", person.night),
    ]


def _within(key: str, table: Table, bounds: dict[str, tuple[float, float]]) -> list[Check]:
    """Single numbers, or rising pairs, between two bounds."""
    found: list[Check] = []
    for name, (least, most) in bounds.items():
        value = getattr(table, name)
        if isinstance(value, tuple):
            right, two = least <= value[0] <= value[1] <= most, "two numbers, "
            found.append((f"{key}.{name}", right, f"{two}{least:g} to {most:g}, rising"))
        elif value is not None:
            found.append((f"{key}.{name}", least <= value <= most, f"{least:g} to {most:g}"))
    return found


def _events(key: str, events: Events) -> list[Check]:
    return _within(key, events, EVENT_BOUNDS)


def _child(child: Child) -> list[Check]:
    found: list[Check] = [("child.centre_m", _in_front(child.centre_m), "y above 0.2 (in front of the device)")]
    found += _within("child", child, CHILD_BOUNDS)
    if child.breathing is not None:
        found += _breathing("child.breathing", child.breathing)
    return found + _events("child.events", child.events)


def _dog(key: str, dog: Dog) -> list[Check]:
    right = 1 <= len(dog.spots_m) <= 8 and all(map(_in_front, dog.spots_m))
    return [
        (f"{key}.spots_m", right, "one to eight places [x, y, z] with y above 0.2 (in front of the device)"),
        *_within(key, dog, DOG_BOUNDS),
        *_breathing(f"{key}.breathing", dog.breathing),
    ]


def _blanket(blanket: Blanket) -> list[Check]:
    return _within("blanket", blanket, BLANKET_BOUNDS)


def _breathing(key: str, breathing: Breathing) -> list[Check]:
    low, high = breathing.rate_per_min
    return [
        (f"{key}.rate_per_min", 4 <= low <= high <= 40, "two numbers, 4 to 40, rising"),
        (f"{key}.interval_sd", 0 <= breathing.interval_sd <= 0.3, "0 to 0.3"),
        (f"{key}.amplitude_sd", 0 <= breathing.amplitude_sd <= 0.5, "0 to 0.5"),
        *_within(key, breathing, BREATHING_BOUNDS),
    ]


def _habits(key: str, habits: Habits) -> list[Check]:
    few, many = habits.absences
    found = [(f"{key}.absences", 0 <= few <= many <= 4, "two numbers, 0 to 4, rising")]
    for name, most in (("lights_out_min", 120), ("awake_at_end_min", 120), ("absence_min", 30)):
        low, high = getattr(habits, name)
        found.append((f"{key}.{name}", 0 <= low <= high <= most, f"two numbers, 0 to {most}, rising"))
    for name, most in (("reading_min", 180), ("awakenings_per_hour", 20), ("movement_scale", 10)):
        found.append((f"{key}.{name}", 0 <= getattr(habits, name) <= most, f"0 to {most}"))
    return found


def _sphere(sphere: Sphere) -> list[Check]:
    return [
        ("sphere.distance_m", 0.1 <= sphere.distance_m <= 10, "0.1 to 10"),
        ("sphere.diameter_m", 0.005 <= sphere.diameter_m <= 1, "0.005 to 1"),
        ("sphere.rate_per_min", 0 < sphere.rate_per_min <= 120, "above 0, at most 120"),
        *_within("sphere", sphere, SPHERE_BOUNDS),
    ]


def _pet(pet: Pet) -> list[Check]:
    return [
        ("pet.centre_m", _in_front(pet.centre_m), "y above 0.2 (in front of the device)"),
        ("pet.torso_rcs_m2", pet.torso_rcs_m2 > 0, "a positive number"),
        ("pet.enters_s", pet.enters_s >= 0, "0 or more"),
        ("pet.leaves_before_end_s", pet.leaves_before_end_s >= 20, "20 or more"),
        ("pet.turns_per_hour", 0 <= pet.turns_per_hour <= 60, "0 to 60"),
        ("pet.grooming_per_hour", 0 <= pet.grooming_per_hour <= 30, "0 to 30"),
        *_breathing("pet.breathing", pet.breathing),
    ]
