"""One person of a scene, whole: plan of the night, keyframes, breathing.

Rule: plan, movements, poses and breathing have a generator each, so that a change of one leaves the others' draws alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hw_sim.breathing import BreathingTrack, breathe
from hw_sim.movements import draw_movements
from hw_sim.night import Night, plan_night
from hw_sim.scenario import Person, Population
from hw_sim.stage_breathing import breathe_by_stage
from hw_sim.timeline import Timeline, sleeper_timeline, stay, timeline, way_s


@dataclass(frozen=True)
class Generators:
    """What is random about one person."""

    pose: np.random.Generator
    breath: np.random.Generator
    plan: np.random.Generator
    movement: np.random.Generator


@dataclass(frozen=True)
class Somebody:
    """A person as drawn. An empty line: never there."""

    person: Person
    night: Night
    line: Timeline
    track: BreathingTrack


def make_somebody(person: Person, population: Population | None, generators: Generators, duration_s: float) -> Somebody:
    """Draws a person's stay. Without population, or in a stay too short for sleep, there are no stages."""
    night = Night()
    enters_s, leaves_s = stay(person, duration_s)
    in_bed_s = (max(0.0, enters_s + way_s(person)), min(leaves_s, duration_s))
    if population is not None and person.pose == "lying":
        stays_on = leaves_s > duration_s
        night = plan_night(person.night, population, in_bed_s, stays_on, 2 * way_s(person), generators.plan)
    if population is None or not night.stages.size:
        line = timeline(person, generators.pose, duration_s)
        return Somebody(person, night, line, breathe(person.breathing, generators.breath, duration_s))
    movements = draw_movements(night, in_bed_s, person.movement_s, person.night.movement_scale, generators.movement)
    line = sleeper_timeline(person, movements, night.absences_s, generators.pose, duration_s)
    track = breathe_by_stage(person.breathing, population, night, generators.breath, duration_s)
    return Somebody(person, night, line, track)
