"""What a sleeper's next stage depends on: the trail of stages so far, and the cycle clock it drives.

Rule: fitting and simulating run the same code over the same trail, so that a rate means the same in both.

The cycle clock counts in the sleeper's own periods, not in minutes: how long ago the last REM epoch was (at first: the
onset of sleep), and how much REM this cycle has had. It stands in REM and slows down awake.

Sources: cycles of 70 to 110 minutes; wake bouts without a time scale, sleep bouts with one that changes through the
night (Lo et al. 2002); rates that vary with time and sleeper (Kemp and Kamphuisen 1986); explicit bout lengths (Yang
and Hursch 1973).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

WAKE, LIGHT, DEEP, REM = 0, 1, 2, 3
# States with rates of their own beyond the four stages: awake before the first sleep, light sleep inside a REM episode.
BEFORE, BETWEEN = 4, 5
AGE_EPOCHS: Final = (1, 2, 3, 5, 9, 17, 33, 65, 129)  # first age of each step of a bout's hazard
REST_KNOTS: Final = (0.0, 0.04, 0.12, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0, 1.3)  # periods since the last REM epoch
DONE_KNOTS: Final = (0.0, 0.03, 0.1, 0.2, 0.35, 0.6)  # periods of REM in this cycle
HOUR_KNOTS: Final = (0.0, 0.5, 1.0, 2.0, 3.5, 5.0, 7.0)  # hours since the onset of sleep
EPISODE_EPOCHS: Final = 30  # without REM end its episode
CLOCK_AWAKE: Final = 0.3  # speed of the clock while awake after onset
MEMORY_EPOCHS: Final = (10.0, 60.0)  # time constants of what is remembered of wake, deep and REM

N_AGES, N_STATES, N_MEMORY = len(AGE_EPOCHS), 5, 3 * len(MEMORY_EPOCHS)
SIZES: Final = (N_AGES, N_STATES, N_STATES, len(REST_KNOTS), len(DONE_KNOTS), len(HOUR_KNOTS), N_MEMORY, 1)
N_FEATURES: Final = sum(SIZES)
_AGE, _STATE, _YOUNG, _REST, _DONE, _HOUR, _MEMORY, _DEEP = (sum(SIZES[:k]) for k in range(len(SIZES)))
_AGES = np.array(AGE_EPOCHS)
_KEEP = np.exp(-1 / np.array(MEMORY_EPOCHS))[:, None]
_IS = np.eye(4)[:, [WAKE, DEEP, REM]]  # [stage][what is remembered]
Vector = NDArray[np.float64]


class Trail:
    """One night so far; it begins awake. Stages go in one by one; features() is what the next one depends on."""

    def __init__(self, period_min: float) -> None:
        self.stage, self.age, self.came_from = WAKE, 1, BEFORE
        self.rest = self.done = 0.0  # the cycle clock, in periods
        self.since_rem_epochs = EPISODE_EPOCHS + 1
        self.asleep_epochs = -1  # since the onset of sleep
        self.deep_epochs = 0
        self.recent = np.zeros((len(MEMORY_EPOCHS), 3))  # wake, deep, REM
        self._step = 0.5 / period_min

    def push(self, stage: int) -> None:
        """The next epoch's stage."""
        self.recent = self.recent * _KEEP + (1 - _KEEP) * _IS[stage]
        if stage != self.stage:
            self.came_from, self.stage, self.age = BEFORE if self.asleep_epochs < 0 else self.stage, stage, 0
        self.age += 1
        if self.asleep_epochs < 0 and stage == WAKE:
            return
        self.asleep_epochs += 1
        self.deep_epochs += stage == DEEP
        if stage == REM:
            self.rest, self.done, self.since_rem_epochs = 0.0, self.done + self._step, 0
        else:
            self.since_rem_epochs += 1
            self.rest += self._step * (CLOCK_AWAKE if stage == WAKE else 1.0)
            self.done = self.done if self.since_rem_epochs <= EPISODE_EPOCHS else 0.0

    @property
    def state(self) -> int:
        """The stage, or one of the states beyond them."""
        if self.asleep_epochs < 0:
            return BEFORE
        return BETWEEN if self.stage == LIGHT and self.since_rem_epochs <= EPISODE_EPOCHS else self.stage

    def features(self) -> Vector:
        """float64[N_FEATURES]: steps, hats and memories in the order of SIZES; before onset the steps alone."""
        out = np.zeros(N_FEATURES)
        out[_AGE + int(_AGES.searchsorted(self.age, "right")) - 1] = 1.0
        if self.asleep_epochs < 0:
            return out
        out[_STATE + self.came_from] = 1.0
        if self.age <= 2:
            out[_YOUNG + self.came_from] = 1.0
        hats(self.rest, REST_KNOTS, out[_REST:_DONE])
        hats(self.done, DONE_KNOTS, out[_DONE:_HOUR])
        hats(self.asleep_epochs / 120, HOUR_KNOTS, out[_HOUR:_MEMORY])
        out[_MEMORY:_DEEP] = self.recent.ravel()
        out[_DEEP] = self.deep_epochs / 120
        return out


def hats(x: float, knots: tuple[float, ...], out: Vector) -> None:
    """Weights of linear interpolation between knots, flat outside."""
    k = 0
    while k < len(knots) - 2 and x >= knots[k + 1]:
        k += 1
    weight = min(max((x - knots[k]) / (knots[k + 1] - knots[k]), 0.0), 1.0)
    out[k], out[k + 1] = 1 - weight, weight
