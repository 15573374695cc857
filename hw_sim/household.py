"""Everybody in a scene, together: what each does, how the mattress couples them, who hides whom, and the truth.

Rule: the truth is made from each body alone; shadows change what the radar receives, not what is so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hw_sim.breathing import WAVEFORM_HZ, BreathingTrack, breathe
from hw_sim.mattress import bed_surface, shake
from hw_sim.people import people_set, people_truth, sphere_truth
from hw_sim.pet import pet_timeline
from hw_sim.scatterers import MovingSet, empty_set
from hw_sim.scenario import Person, Scenario
from hw_sim.shadow import shadowed
from hw_sim.somebody import Generators, Somebody, make_somebody
from hw_sim.timeline import Timeline
from hw_sim.truth import Truth

N_GENERATORS = 40  # the first ten as ever; the others for what came later


@dataclass(frozen=True)
class Household:
    """Moving sets for the kernel, empty where nobody is, and the truth about all of them."""

    user: MovingSet
    partner: MovingSet
    pet: MovingSet
    bed: MovingSet
    truth: Truth


@dataclass(frozen=True)
class _Body:
    line: Timeline
    moves: MovingSet
    truth: Truth


def make_household(scenario: Scenario, rngs: list[np.random.Generator], duration_s: float) -> Household:
    """Draws everybody's stay. rngs: N_GENERATORS of them; the first two are the user's poses and breathing."""
    people = [_drawn(who, scenario, rngs[4 * k : 4 * k + 4], duration_s) for k, who in enumerate(_people(scenario))]
    shakes = _shakes(people, duration_s)
    user, partner = (
        None if one is None else _body(one, rngs[4 * k + 1], shakes[1 - k] if people[1 - k] else None, duration_s)
        for k, one in enumerate(people)
    )
    pet = _pet(scenario, rngs[8], rngs[9], duration_s)
    bodies = [body for body in (user, partner, pet) if body is not None]

    def seen(body: _Body | None) -> MovingSet:
        if body is None:
            return empty_set()
        return shadowed(body.moves, [other.line for other in bodies if other is not body])

    both = [(np.array(who.person.centre_m), wave) for who, wave in zip(people, shakes, strict=True) if who is not None]
    return Household(
        user=seen(user),
        partner=seen(partner),
        pet=seen(pet),
        bed=bed_surface(both) if len(both) == 2 else empty_set(),
        truth=_truth(scenario, user, partner, pet, people[0], duration_s),
    )


def _people(scenario: Scenario) -> tuple[Person | None, Person | None]:
    return scenario.person, scenario.partner


def _drawn(
    person: Person | None, scenario: Scenario, rngs: list[np.random.Generator], duration_s: float
) -> Somebody | None:
    if person is None:
        return None
    made = make_somebody(person, scenario.population, Generators(*rngs), duration_s)
    return made if made.line.key_s else None


def _shakes(people: list[Somebody | None], duration_s: float) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """What each of the two passes on to the other; nothing is computed for one who sleeps alone."""
    n = int(duration_s * WAVEFORM_HZ) + 3
    if any(one is None for one in people):
        return [np.zeros(0), np.zeros(0)]
    return [shake(one.line, np.array(one.person.centre_m), n) for one in people if one is not None]


def _body(
    one: Somebody,
    rng: np.random.Generator,
    shake_m: np.ndarray[tuple[int], np.dtype[np.float64]] | None,
    duration_s: float,
) -> _Body:
    moves = people_set(one.line, one.track, rng, shake_m)
    return _Body(one.line, moves, people_truth(one.line, moves, one.track, duration_s))


def _pet(
    scenario: Scenario, pose_rng: np.random.Generator, breath_rng: np.random.Generator, duration_s: float
) -> _Body | None:
    if scenario.pet is None:
        return None
    line = pet_timeline(scenario.pet, pose_rng, duration_s)
    if not line.key_s:
        return None
    track: BreathingTrack = breathe(scenario.pet.breathing, breath_rng, duration_s)
    moves = people_set(line, track, breath_rng)
    return _Body(line, moves, people_truth(line, moves, track, duration_s))


def _truth(
    scenario: Scenario,
    user: _Body | None,
    partner: _Body | None,
    pet: _Body | None,
    somebody: Somebody | None,
    duration_s: float,
) -> Truth:
    """The user's truth, with what is to be said of the others."""
    truth = user.truth if user is not None else sphere_truth(scenario.sphere, duration_s)
    if somebody is not None:
        truth = replace(truth, night=somebody.night)
    if partner is not None:
        zone = truth.person_in_zone | partner.truth.person_in_zone
        truth = replace(truth, person_in_zone=zone, partner_in_bed=partner.truth.in_place)
    if pet is not None:
        truth = replace(truth, pet_in_zone=pet.truth.person_in_zone)
    return truth
