"""Which numbers of a scenario are possible: the ranges that a type cannot state.

Rule: a table of (key, holds, what was expected) and nothing else; whoever decodes a scenario raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hw_sim.scenario import Breathing, Habits, Person, Pet, Scenario, Sphere

Check = tuple[str, bool, str]


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
    for name, clutter in scenario.clutter.items():
        found.append((f"clutter.{name}.rcs_m2", clutter.rcs_m2 > 0, "a positive number"))
    for key, part in (("fan", scenario.fan), ("curtain", scenario.curtain)):
        if part is not None:
            found.append((f"{key}.distance_m", 0.3 <= part.distance_m <= 10, "0.3 to 10"))
    return found


def _person(key: str, person: Person) -> list[Check]:
    shortest, longest = person.movement_s
    return [
        (f"{key}.centre_m", person.centre_m[1] > 0.2, "y above 0.2 (in front of the device)"),
        (f"{key}.movements_per_hour", 0 <= person.movements_per_hour <= 60, "0 to 60"),
        (f"{key}.movement_s", 1 <= shortest <= longest <= 30, "two numbers, 1 to 30, rising"),
        (f"{key}.torso_rcs_m2", person.torso_rcs_m2 > 0, "a positive number"),
        (f"{key}.enters_s", (person.enters_s or 0.0) >= 0, "0 or more"),
        (f"{key}.leaves_before_end_s", (person.leaves_before_end_s or 20.0) >= 20, "20 or more"),
        *_breathing(f"{key}.breathing", person.breathing),
        *_habits(f"{key}.night", person.night),
    ]


def _breathing(key: str, breathing: Breathing) -> list[Check]:
    low, high = breathing.rate_per_min
    return [
        (f"{key}.rate_per_min", 4 <= low <= high <= 40, "two numbers, 4 to 40, rising"),
        (f"{key}.interval_sd", 0 <= breathing.interval_sd <= 0.3, "0 to 0.3"),
        (f"{key}.amplitude_sd", 0 <= breathing.amplitude_sd <= 0.5, "0 to 0.5"),
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
    ]


def _pet(pet: Pet) -> list[Check]:
    return [
        ("pet.centre_m", pet.centre_m[1] > 0.2, "y above 0.2 (in front of the device)"),
        ("pet.torso_rcs_m2", pet.torso_rcs_m2 > 0, "a positive number"),
        ("pet.enters_s", pet.enters_s >= 0, "0 or more"),
        ("pet.leaves_before_end_s", pet.leaves_before_end_s >= 20, "20 or more"),
        ("pet.turns_per_hour", 0 <= pet.turns_per_hour <= 60, "0 to 60"),
        ("pet.grooming_per_hour", 0 <= pet.grooming_per_hour <= 30, "0 to 30"),
        *_breathing("pet.breathing", pet.breathing),
    ]
