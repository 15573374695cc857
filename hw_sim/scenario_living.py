"""What a scenario may say of the living: people, their breathing and its disorders, children, pets, a blanket.

Rule: what a file leaves out is as it was before the key existed, so that old scenes keep their samples.
"""

from __future__ import annotations

from typing import Literal

from hw_sim.scenario_table import Pair, Table, Vector

Posture = Literal["supine", "prone", "facing", "away", "left", "right"]


class Breathing(Table, frozen=True):
    """Breath by breath; millimetres are peak to peak of the wall itself, not along the line of sight."""

    rate_per_min: Pair = (12.0, 17.0)  # the slow drift stays within; with a population: limits of the person's own rate
    interval_sd: float = 0.07  # scatter of single intervals, share of the mean; without a population
    amplitude_sd: float = 0.12  # scatter of single breaths' size; without a population
    chest_mm: float = 4.0  # wall of the chest, peak to peak
    abdomen_mm: float = 6.0  # wall of the abdomen, peak to peak
    line_of_sight_mm: float | None = None  # scales chest and abdomen: peak to peak towards the device in the first pose
    heart_mm: float = 0.2  # heartbeat at the wall
    heart_per_min: float = 62.0  # mean heart rate


class Events(Table, frozen=True):
    """What disturbs breathing; rates are per hour of sleep (without a population: per hour in place)."""

    central_per_hour: float = 0.0  # central apnoea: flow and effort stop
    obstructive_per_hour: float = 0.0  # obstructive apnoea: paradoxical effort that grows, then a gasp
    hypopnoea_per_hour: float = 0.0  # breaths of 30 to 70 % of their size
    event_s: Pair = (12.0, 35.0)  # limits of an event's length
    periodic_share: float = 0.0  # of light and deep sleep spent in Cheyne-Stokes breathing, 0 to 1
    periodic_cycle_s: Pair = (45.0, 75.0)  # limits of its cycle
    arousal: float = 0.6  # chance that an event ends in a movement; half of it after a central one
    sighs_per_hour: float = 0.0  # single breaths of two to three times the size
    coughs_per_hour: float = 0.0  # bursts of two to five jerks
    swallows_per_hour: float = 0.0  # small jerks at the upper chest
    hiccups_per_hour: float = 0.0  # bouts of three to ten minutes
    twitches_per_hour: float = 0.0  # of one arm or leg, centimetres, half a second


class Habits(Table, frozen=True):
    """What somebody does in a night with stages; pairs are the limits of a draw."""

    lights_out_min: Pair = (3.0, 12.0)  # after lying down, or after reading
    reading_min: float = 0.0  # sitting up in bed before lights-out
    awake_at_end_min: Pair = (2.0, 8.0)  # from waking up to getting up
    absences: tuple[int, int] = (0, 0)  # how often up in the night
    absence_min: Pair = (3.0, 8.0)  # out of sight
    awakenings_per_hour: float = 0.0  # beside those of the population
    movement_scale: float = 1.0  # of all movement rates, for sweeps


class Person(Table, frozen=True):
    """One person: torso, still parts of the body, breathing, movements.

    Where the scenario names a population, breathing and movement follow sleep stages: then breathing.rate_per_min
    limits the draw of the person's own rate, and interval_sd, amplitude_sd and movements_per_hour are not used.
    """

    centre_m: Vector  # of the torso at rest: x right, y away from the device, z up
    body: Literal["torso", "whole"] = "torso"  # whole: a surface that turns with the body, head, arms, legs, gait
    height_m: float = 1.75  # of a whole body; sizes and cross-sections go with it
    pose: Literal["lying", "sitting"] = "lying"  # sitting: upright in front of the device, not in bed
    posture: Posture = "supine"  # when lying, at first; left = facing, right = away, both mirrored by --side right
    change_posture: bool = True  # movements may end in another posture
    turning: float = 0.35  # share of a whole body's movements that turn it over
    way: Literal["far", "near", "beyond"] = "far"  # by which to bed and out of it
    enters_s: float | None = None  # when the way to bed begins; none: there from the start
    leaves_before_end_s: float | None = None  # none: stays
    leaves_if_longer_than_s: float = 600.0  # shorter runs: stays
    movements_per_hour: float = 6.0  # of the whole body, without a population (frozen before any detector was tuned)
    movement_s: Pair = (3.0, 10.0)  # limits of their length
    torso_rcs_m2: float = 0.007  # radar cross-section of the torso
    breathing: Breathing = Breathing()
    events: Events = Events()
    night: Habits = Habits()


class Child(Table, frozen=True):
    """A child in the bed: a whole body, sized and breathing by its age. It counts as a person, never as the user."""

    centre_m: Vector  # of the torso at rest
    age_years: float = 6.0  # height, cross-section and rate follow from it
    posture: Posture = "supine"  # at first
    way: Literal["far", "near", "beyond"] = "beyond"  # by which to bed and out of it
    enters_s: float | None = None  # none: there from the start
    leaves_before_end_s: float | None = None  # none: stays
    movement_scale: float = 1.5  # of all movement rates, relative to an adult's
    turning: float = 0.5  # share of its movements that turn it over
    breathing: Breathing | None = None  # none: by age
    events: Events = Events()


class Pet(Table, frozen=True):
    """A cat that sleeps on the bed: a small body with its own breathing. Hours in which it stays are the rule."""

    centre_m: Vector  # where it lies
    enters_s: float = 600.0  # when it comes
    leaves_before_end_s: float = 900.0  # when it goes
    torso_rcs_m2: float = 0.002  # an assumption: a third of a person's
    turns_per_hour: float = 2.0  # gets up, turns, curls up again
    grooming_per_hour: float = 1.0  # for half a minute to two minutes
    breathing: Breathing = Breathing(
        rate_per_min=(20.0, 30.0), chest_mm=2.0, abdomen_mm=2.5, heart_mm=0.1, heart_per_min=140.0
    )


class Dog(Table, frozen=True):
    """A dog on the bed or the floor: lies, turns, dreams, pants, grooms itself, gets up and walks to another place."""

    spots_m: list[Vector]  # places where it lies, the first one first; above -0.3 m is on the bed
    mass_kg: float = 25.0  # size, cross-section and what it does to the mattress follow from it
    enters_s: float | None = None  # none: there from the start
    leaves_before_end_s: float | None = None  # none: stays
    walks_per_hour: float = 1.0  # gets up, goes through the room, lies down at one of its places
    walk_s: Pair = (15.0, 90.0)  # limits of how long it stands about on the way
    turns_per_hour: float = 2.0  # gets up, turns, lies down again
    grooming_per_hour: float = 0.7  # licks and scratches itself
    dreams_per_hour: float = 1.0  # paws twitch and breath is quick and shallow, for a minute or so
    panting_per_hour: float = 0.0  # bouts of minutes
    panting_hz: Pair = (4.0, 6.0)  # limits of the pant rate
    breathing: Breathing = Breathing(
        rate_per_min=(12.0, 24.0), interval_sd=0.12, chest_mm=4.0, abdomen_mm=3.0, heart_mm=0.2, heart_per_min=80.0
    )


class Cat(Dog, frozen=True):
    """A cat that goes about: as a dog, smaller, with quicker breath; it does not pant."""

    mass_kg: float = 4.5  # size and cross-section follow from it
    grooming_per_hour: float = 1.5  # licks itself
    breathing: Breathing = Breathing(
        rate_per_min=(20.0, 30.0), interval_sd=0.1, chest_mm=2.0, abdomen_mm=2.5, heart_mm=0.1, heart_per_min=140.0
    )


class Blanket(Table, frozen=True):
    """What lies over everybody who lies in the bed, heads excepted."""

    loss_db: float  # each way: 0.3 thin cotton, 1 a dry duvet, 3 damp, 10 wet and heated
    rcs_m2: float = 0.0004  # reflected by the blanket itself, over each person
    follows: float = 0.6  # share of the wall's motion that its surface shows
    creep_mm: float = 2.0  # slides so far within a minute after somebody has moved
