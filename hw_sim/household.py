"""Everybody in a scene, together: what each does, how the mattress couples them, who hides whom, and the truth.

Rule: the truth is made from each body alone; shadows and blankets change what the radar receives, not what is so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from hw_sim.animal import ON_BED_M, Animal, make_animal
from hw_sim.blanket import blanket_set, covered
from hw_sim.body import Array
from hw_sim.breathing import WAVEFORM_HZ, breathe
from hw_sim.breathing_events import Event
from hw_sim.childhood import as_person
from hw_sim.mattress import bed_surface, shake
from hw_sim.people import people_set, people_truth, sphere_truth
from hw_sim.pet import pet_timeline
from hw_sim.scatterers import MovingSet, empty_set
from hw_sim.scenario import Person, Scenario
from hw_sim.shadow import SHADOW_DB, shadowed
from hw_sim.somebody import Generators, Somebody, make_somebody
from hw_sim.timeline import Timeline
from hw_sim.truth import Truth

N_GENERATORS = 40  # the first ten as ever; the others for what came later
# which generators are whose: pose, breath, plan, movement, event, body
_OF: Final = {"user": (0, 1, 2, 3, 10, 11), "partner": (4, 5, 6, 7, 12, 13), "child": (14, 15, 16, 17, 18, 19)}
_PET, _DOG, _CAT, _BLANKET = (8, 9), (20, 21), (22, 23), {"user": 24, "partner": 25, "child": 26}
_ADULT_KG: Final = 75.0


@dataclass(frozen=True)
class Household:
    """Moving sets for the kernel, empty where nobody is, and the truth about all of them."""

    user: MovingSet
    partner: MovingSet
    pet: MovingSet
    bed: MovingSet
    others: dict[str, MovingSet]  # child, dog, cat, and the blanket over each person
    truth: Truth


@dataclass(frozen=True)
class _Body:
    line: Timeline
    moves: MovingSet
    truth: Truth
    events: tuple[Event, ...] = ()


def make_household(scenario: Scenario, rngs: list[np.random.Generator], duration_s: float) -> Household:
    """Draws everybody's stay. rngs: N_GENERATORS of them; the first two are the user's poses and breathing."""
    people = _people(scenario, rngs, duration_s)
    animals = _animals(scenario, rngs, duration_s)
    shakes = _shakes(people, animals, duration_s)
    bodies: dict[str, _Body] = {}
    for name, one in people.items():
        waves = [wave for who, wave in shakes.items() if who != name]
        shake_m = None if not waves else waves[0] if len(waves) == 1 else np.asarray(np.sum(waves, axis=0))
        bodies[name] = _body(scenario, one, rngs[_OF[name][1]], shake_m, duration_s)
    if (pet := _pet(scenario, rngs, duration_s)) is not None:
        bodies["pet"] = pet
    for name, animal in animals.items():
        bodies[name] = _animal_body(animal, rngs[(_DOG if name == "dog" else _CAT)[1]], duration_s)
    most_db = SHADOW_DB if scenario.shadow_db is None else 2 * scenario.shadow_db

    def seen(name: str) -> MovingSet:
        if name not in bodies:
            return empty_set()
        lines = [other.line for who, other in bodies.items() if who != name]
        return shadowed(bodies[name].moves, lines, most_db)

    others = {name: seen(name) for name in ("child", "dog", "cat")}
    for name, one in people.items():
        place_m, rng = np.array(one.person.centre_m), rngs[_BLANKET[name]]
        others[f"blanket of {name}"] = blanket_set(scenario.blanket, one.line, one.track, place_m, rng)
    places = [(np.array(one.person.centre_m), shakes[name]) for name, one in people.items() if name in shakes]
    return Household(
        user=seen("user"),
        partner=seen("partner"),
        pet=seen("pet"),
        bed=bed_surface(places) if len(places) > 1 else empty_set(),
        others=others,
        truth=_truth(scenario, bodies, people.get("user"), duration_s),
    )


def _people(scenario: Scenario, rngs: list[np.random.Generator], duration_s: float) -> dict[str, Somebody]:
    """Whoever is ever there, by name."""
    child = None if scenario.child is None else as_person(scenario.child)
    who: dict[str, Person | None] = {"user": scenario.person, "partner": scenario.partner, "child": child}
    found = {}
    for name, person in who.items():
        if person is not None:
            generators = Generators(*(rngs[k] for k in _OF[name]))
            made = make_somebody(person, scenario.population, generators, duration_s)
            if made.line.key_s:
                found[name] = made
    return found


def _animals(scenario: Scenario, rngs: list[np.random.Generator], duration_s: float) -> dict[str, Animal]:
    found = {}
    for name, animal, (pose, breath) in (("dog", scenario.dog, _DOG), ("cat", scenario.cat, _CAT)):
        if animal is not None:
            made = make_animal(animal, rngs[pose], rngs[breath], duration_s)
            if made.line.key_s:
                found[name] = made
    return found


def _shakes(people: dict[str, Somebody], animals: dict[str, Animal], duration_s: float) -> dict[str, Array]:
    """What each passes on to the others in the bed; nothing is computed for one who sleeps alone."""
    n = int(duration_s * WAVEFORM_HZ) + 3
    on_bed = {name: [at_m for _, at_m in animal.spots if at_m[2] > ON_BED_M] for name, animal in animals.items()}
    heavy = {name: spots for name, spots in on_bed.items() if spots}
    if len(people) + len(heavy) < 2:
        return {}
    found = {name: shake(one.line, np.array(one.person.centre_m), n) for name, one in people.items()}
    for name, spots in heavy.items():
        found[name] = animals[name].mass_kg / _ADULT_KG * shake(animals[name].line, spots[0], n)
    return found


def _body(
    scenario: Scenario, one: Somebody, rng: np.random.Generator, shake_m: Array | None, duration_s: float
) -> _Body:
    moves = people_set(one.line, one.track, rng, shake_m)
    truth = people_truth(one.line, moves, one.track, duration_s)
    if scenario.blanket is not None:
        under = covered(one.line, scenario.blanket)
        amplitude_m = np.stack([pose.amplitude_m for pose in under.poses]).astype(np.float32)
        moves = moves._replace(amplitude_m=amplitude_m)
    return _Body(one.line, moves, truth, tuple(one.events))


def _pet(scenario: Scenario, rngs: list[np.random.Generator], duration_s: float) -> _Body | None:
    if scenario.pet is None:
        return None
    pose_rng, breath_rng = (rngs[k] for k in _PET)
    line = pet_timeline(scenario.pet, pose_rng, duration_s)
    if not line.key_s:
        return None
    track = breathe(scenario.pet.breathing, breath_rng, duration_s)
    moves = people_set(line, track, breath_rng)
    return _Body(line, moves, people_truth(line, moves, track, duration_s))


def _animal_body(animal: Animal, rng: np.random.Generator, duration_s: float) -> _Body:
    moves = people_set(animal.line, animal.track, rng)
    truth = people_truth(animal.line, moves, animal.track, duration_s)
    return _Body(animal.line, moves, truth, tuple(animal.events))


def _truth(scenario: Scenario, bodies: dict[str, _Body], somebody: Somebody | None, duration_s: float) -> Truth:
    """The user's truth, with what is to be said of the others."""
    truth = bodies["user"].truth if "user" in bodies else sphere_truth(scenario.sphere, duration_s)
    if somebody is not None:
        truth = replace(truth, night=somebody.night)
    for name in ("partner", "child"):
        if name in bodies:
            zone = truth.person_in_zone | bodies[name].truth.person_in_zone
            truth = replace(truth, person_in_zone=zone)
    if "partner" in bodies:
        truth = replace(truth, partner_in_bed=bodies["partner"].truth.in_place)
    if "child" in bodies:
        truth = replace(truth, child_in_bed=bodies["child"].truth.in_place)
    pets = [bodies[name].truth.person_in_zone for name in ("pet", "dog", "cat") if name in bodies]
    if pets:
        truth = replace(truth, pet_in_zone=np.any(pets, axis=0))
    events = tuple((name, event) for name, body in bodies.items() for event in body.events)
    return replace(truth, events=events)
