"""What age makes of a person: height, and how fast heart and breath go.

Rule: a table by age, interpolated; the person that comes out is one like any other.

Median rates of breath and heart at rest: Fleming 2011 (Lancet 377:1011, 69 studies, 3881 and 143,346 children), figures
rounded; asleep they are lower, here by a tenth. Heights: medians of the WHO growth standards, rounded.
ASSUMPTIONS: the wall moves in proportion to height; children toss more (movement_scale of the scenario).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hw_sim.scenario_living import Breathing, Child, Habits, Person

AGE_YEARS: Final = (0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0)
HEIGHT_M: Final = (0.67, 0.75, 0.87, 1.03, 1.16, 1.27, 1.38, 1.50, 1.70)
BREATHS_PER_MIN: Final = (41.0, 35.0, 29.0, 24.0, 22.0, 20.0, 19.0, 18.0, 16.0)
BEATS_PER_MIN: Final = (135.0, 125.0, 115.0, 105.0, 97.0, 91.0, 84.0, 80.0, 75.0)
_ASLEEP: Final = 0.9
_SPREAD: Final = 0.12  # of the own rate, either way
ADULT_M: Final = 1.75


def height_m(age_years: float) -> float:
    """Median height."""
    return float(np.interp(age_years, AGE_YEARS, HEIGHT_M))


def breathing(age_years: float) -> Breathing:
    """Breathing of a sleeping child."""
    rate = _ASLEEP * float(np.interp(age_years, AGE_YEARS, BREATHS_PER_MIN))
    size = height_m(age_years) / ADULT_M
    return Breathing(
        rate_per_min=(rate * (1 - _SPREAD), rate * (1 + _SPREAD)),
        chest_mm=4.0 * size,
        abdomen_mm=6.0 * size,
        heart_mm=0.2 * size,
        heart_per_min=_ASLEEP * float(np.interp(age_years, AGE_YEARS, BEATS_PER_MIN)),
    )


def as_person(child: Child) -> Person:
    """The child as a person: a whole body of its size."""
    return Person(
        centre_m=child.centre_m,
        body="whole",
        height_m=height_m(child.age_years),
        posture=child.posture,
        turning=child.turning,
        way=child.way,
        enters_s=child.enters_s,
        leaves_before_end_s=child.leaves_before_end_s,
        breathing=child.breathing or breathing(child.age_years),
        events=child.events,
        night=Habits(movement_scale=child.movement_scale),
    )
