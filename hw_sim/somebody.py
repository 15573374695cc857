"""One person of a scene, whole: plan of the night, keyframes, breathing.

Rule: plan, movements, poses and breathing have a generator each, so that a change of one leaves the others' draws alone.

Who is a torso without events is drawn as ever, to the bit; a whole body, or breathing with events, has all its movements
planned first, sleep stages or not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from hw_sim.body import N_TORSO, Pose
from hw_sim.breathing import BreathingTrack, breathe
from hw_sim.breathing_events import Disturbed, Event, draw_events
from hw_sim.movements import Movement, apart, draw_movements
from hw_sim.night import Night, Span, plan_night
from hw_sim.people import received_weight
from hw_sim.scenario_living import Events, Person
from hw_sim.scenario_table import Population
from hw_sim.stage_breathing import breathe_by_stage
from hw_sim.timeline import Timeline, sleeper_timeline, stay, timeline, way_s
from hw_sim.turning import Sleeper, whole_timeline
from hw_sim.whole_body import WholeBody


@dataclass(frozen=True)
class Generators:
    """What is random about one person."""

    pose: np.random.Generator
    breath: np.random.Generator
    plan: np.random.Generator
    movement: np.random.Generator
    event: np.random.Generator
    body: np.random.Generator


@dataclass(frozen=True)
class Somebody:
    """A person as drawn. An empty line: never there."""

    person: Person
    night: Night
    line: Timeline
    track: BreathingTrack
    events: list[Event] = field(default_factory=list)


def make_somebody(person: Person, population: Population | None, generators: Generators, duration_s: float) -> Somebody:
    """Draws a person's stay. Without population, or in a stay too short for sleep, there are no stages."""
    night = Night()
    enters_s, leaves_s = stay(person, duration_s)
    in_bed_s = (max(0.0, enters_s + way_s(person)), min(leaves_s, duration_s))
    if population is not None and person.pose == "lying":
        stays_on = leaves_s > duration_s
        night = plan_night(person.night, population, in_bed_s, stays_on, 2 * way_s(person), generators.plan)
    if person.body == "whole" or person.events != Events():
        return _planned(person, population, night, in_bed_s, generators, duration_s)
    if population is None or not night.stages.size:
        line = timeline(person, generators.pose, duration_s)
        track = breathe(person.breathing, generators.breath, duration_s)
    else:
        movements = draw_movements(night, in_bed_s, person.movement_s, person.night.movement_scale, generators.movement)
        line = sleeper_timeline(person, movements, night.absences_s, generators.pose, duration_s)
        track = breathe_by_stage(person.breathing, population, night, generators.breath, duration_s)
    first = next((pose for pose, there in zip(line.poses, line.in_place, strict=True) if there), None)
    return Somebody(person, night, line, _scaled(track, person, first))


def _planned(
    person: Person,
    population: Population | None,
    night: Night,
    in_bed_s: Span,
    generators: Generators,
    duration_s: float,
) -> Somebody:
    """Breath and its events first, then the movements, some of which the events cause, then the poses."""
    config, staged = person.breathing, population is not None and night.stages.size > 0
    disturbed = Disturbed(
        person.events, draw_events(person.events, night, in_bed_s, generators.event), generators.event
    )
    if population is not None and staged:
        track = breathe_by_stage(config, population, night, generators.breath, duration_s, disturbed)
        movements = draw_movements(night, in_bed_s, person.movement_s, person.night.movement_scale, generators.movement)
    else:
        track = breathe(config, generators.breath, duration_s, disturbed)
        movements = _any_time(person, in_bed_s, generators.movement)
    within_s = (in_bed_s[0] + 2, in_bed_s[1] - 2)
    taken = [(from_s - 5, to_s + 5) for from_s, to_s in night.absences_s]
    twitches = _twitches(person, in_bed_s, generators.event)
    fixed = [one for one in movements if one.kind in ("sit", "lie")]
    taken += [(one.begin_s - 1, one.end_s + 1) for one in fixed]
    free = [one for one in movements if one.kind not in ("sit", "lie")]
    movements = sorted(apart([*disturbed.arousals(), *free, *twitches], within_s, taken) + fixed)
    first: Pose | None
    if person.body == "whole":
        body = WholeBody(person.torso_rcs_m2, person.height_m, generators.body)
        sleeper = Sleeper(person, body, generators.pose)
        line, first = whole_timeline(sleeper, person, movements, night.absences_s, duration_s), sleeper.first
    else:
        calm = [one for one in movements if one.kind != "twitch"]
        line = sleeper_timeline(person, calm, night.absences_s, generators.pose, duration_s)
        first = next((pose for pose, there in zip(line.poses, line.in_place, strict=True) if there), None)
    events = disturbed.events + [Event(one.begin_s, one.end_s, "twitch") for one in movements if one.kind == "twitch"]
    return Somebody(person, night, line, _scaled(track, person, first), sorted(events))


def _any_time(person: Person, in_bed_s: Span, rng: np.random.Generator) -> list[Movement]:
    """Movements of the whole body at one rate, for who has no sleep stages."""
    hours = (in_bed_s[1] - in_bed_s[0]) / 3600
    if hours <= 0:
        return []
    starts = rng.uniform(*in_bed_s, rng.poisson(person.movements_per_hour * hours))
    return [Movement(float(t_s), rng.uniform(*person.movement_s), "body") for t_s in starts]


def _twitches(person: Person, in_bed_s: Span, rng: np.random.Generator) -> list[Movement]:
    hours = max(0.0, in_bed_s[1] - in_bed_s[0]) / 3600
    n = rng.poisson(person.events.twitches_per_hour * hours)
    return [Movement(float(rng.uniform(*in_bed_s)), rng.uniform(0.3, 0.6), "twitch") for _ in range(n)]


def _scaled(track: BreathingTrack, person: Person, first: Pose | None) -> BreathingTrack:
    """The track with the wall's motion as large as `line_of_sight_mm` wants it in the first pose."""
    wanted_mm = person.breathing.line_of_sight_mm
    if wanted_mm is None or first is None:
        return track
    shown_mm = seen_mm(first, person.breathing.chest_mm, person.breathing.abdomen_mm)
    factor = np.float32(wanted_mm / max(shown_mm, 1e-6))
    return replace(track, chest_m=track.chest_m * factor, abdomen_m=track.abdomen_m * factor)


def seen_mm(pose: Pose, chest_mm: float, abdomen_mm: float) -> float:
    """What a breath of that size moves towards the device: power-weighted mean over the torso."""
    at_m, gain = pose.position_m[:, :N_TORSO], pose.gain[:2, :N_TORSO]
    towards = -(at_m / np.linalg.norm(at_m, axis=0) * pose.direction[:, :N_TORSO]).sum(axis=0)
    weight = received_weight(at_m, pose.amplitude_m[:N_TORSO])
    return float(np.average((chest_mm * gain[0] + abdomen_mm * gain[1]) * towards, weights=weight))
