"""How people breathe and move in each sleep stage: tables of numbers, and where each comes from.

Rule: fixed from the sources below before any stage model was scored, and never changed for the sake of a score.

Stages: 0 wake, 1 light (N1 and N2), 2 deep, 3 REM; every row of four is in this order.
Breathing, healthy: rate relative to REM from PMC5078504, table 1. Variation (coefficient of variation) of breath
intervals and volumes as collected in doi 10.1186/s13054-021-03716-0, table 3: young adults awake .16 and .23, NREM .08
and .11 (Hudgel); NREM .09 +- .03 and .11, REM .20 +- .04 and .28 (Rostig); awake .21 +- .12 of the rate and .33 (Tobin,
65 adults). Light and deep stand to each other as in 16 scored recordings of the MIT-BIH polysomnographic database
(.30 : .23 and .53 : .44). Long-range correlation: exponents of detrended fluctuations of intervals .57 +- .05 NREM and
.85 +- .12 REM (Rostig), .60 to .70 awake (Peng): here .5 in light and deep, .8 in wake and REM. Size of a breath:
ventilation 7.66 wake, 7.18 NREM, 6.46 REM l/min, tidal volume in REM .73 of wake (Thorax 37:840); NREM between, in
proportion. Abdominal share 54 wake, 38 slow-wave, 56 REM % (PMC460068). Breathing, clinic: variations are the geometric
mean of healthy and of those 16 patients with apnoea (.32 .30 .23 .33 and .53 .53 .44 .57): an assumption.
Movements: see MOVEMENTS.
Left out: apnoea, sighs, coughs, talking, phasic REM, age and sex, circadian change of rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WAKE, LIGHT, DEEP, REM = range(4)
N_STAGES: Final = 4
Four = tuple[float, float, float, float]


@dataclass(frozen=True)
class StageBreathing:
    """One population. cv: coefficient of variation of breath intervals and of breath sizes."""

    interval_cv: Four
    size_cv: Four


BREATHING: Final = {
    "healthy": StageBreathing(interval_cv=(0.18, 0.095, 0.073, 0.20), size_cv=(0.25, 0.12, 0.10, 0.28)),
    "clinic": StageBreathing(interval_cv=(0.24, 0.17, 0.13, 0.26), size_cv=(0.36, 0.25, 0.21, 0.40)),
}
RATE: Final[Four] = (1.02, 0.95, 0.92, 1.0)  # relative to REM
SIZE: Final[Four] = (1.0, 0.87, 0.87, 0.73)  # of a breath, relative to wake
ABDOMEN_SHARE: Final[Four] = (0.54, 0.46, 0.38, 0.56)  # light: between wake and deep
CORRELATED: Final = (True, False, False, True)  # long-range correlation from breath to breath
EXPONENT: Final = 0.8  # of the detrended fluctuations where correlated

# How people differ from one another, and one hour from the next: spread of the logarithm.
CV_PERSON: Final[Four] = (0.5, 0.33, 0.33, 0.2)  # Tobin, Rostig: standard deviation over mean between subjects
CV_HOUR: Final = 0.25  # assumption: variability wanders within minutes to tens of minutes
RATE_PERSON: Final = 0.02  # assumption: of each stage's rate about the table's ratio
RATE_HOUR: Final = 0.03  # assumption: slow wandering of the rate, within tens of minutes
WANDER_S: Final = 900.0  # assumption: time constant of both
RATE_LAG_S: Final = 60.0  # assumption: a new stage's rate and size are reached with this time constant


@dataclass(frozen=True)
class StageMovements:
    """Movements per hour, and the chance of one at a change of stage."""

    body_per_hour: Four
    limb_per_hour: Four
    on_waking: float  # sleep to wake
    on_lightening: float  # deep to light or REM
    on_leaving_rem: float  # REM to light
    on_other_change: float


# ASSUMPTIONS: no published table of movement rates by stage was found. Anchors: tellers of sleep that know
# movement alone find .18 to .54 of the wake epochs (PMC8120339), which 60 movements an hour give (1 - exp(-60 / 120)
# = .39); few movements before slow-wave sleep (doi 10.3758/BF03336549); about ten arousals an hour, often with a movement.
# `movement_scale` of a scenario multiplies the rates, for sweeps.
MOVEMENTS: Final = StageMovements(
    body_per_hour=(15.0, 3.0, 0.6, 2.0),
    limb_per_hour=(45.0, 9.0, 2.0, 10.0),
    on_waking=0.6,
    on_lightening=0.3,
    on_leaving_rem=0.3,
    on_other_change=0.05,
)
MOVEMENTS_PERSON: Final = 0.3  # assumption: spread of the logarithm between people
MOVEMENTS_BOUT: Final = 0.7  # assumption: and from one wake bout to the next; some lie awake quite still
LIMB_S: Final = (0.6, 3.0)  # assumption: how long a movement of a hand, an arm or a leg lasts
READING_EVERY_S: Final = (20.0, 60.0)  # a page turn or a movement of the arms while reading
