"""What a sleeper's next stage depends on: the trail of stages so far, and the cycle clock it drives.

Rule: fitting and simulating run the same code over the same trail, so that a rate means the same in both.

The cycle clock is a relaxation oscillator: it rises by 1 in the sleeper's NREM time and falls by 1 in the REM time,
whose sum is the sleeper's cycle period. Sources: NREM-REM cycle of 70 to 110 minutes; REM as a need that builds up in
NREM sleep (Benington and Heller 1994); wake bouts without a time scale, sleep bouts with one that changes through the
night (Lo 2002); rates that vary with time and sleeper (Kemp and Kamphuisen 1986).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

WAKE, LIGHT, DEEP, REM = 0, 1, 2, 3
AGE_EPOCHS: Final = (1, 2, 3, 5, 9, 17, 33, 65, 129)  # first age of each step of a bout's hazard
CLOCK_KNOTS: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.4)
HOUR_KNOTS: Final = (0.0, 0.5, 1.0, 2.0, 3.5, 5.0, 7.0)
REM_SHARE: Final = 0.22  # of a cycle
START_CLOCK: Final = 0.1  # at sleep onset
CLOCK_AWAKE: Final = 0.3  # speed of the clock while awake after onset
MEMORY_EPOCHS: Final = (10.0, 60.0)  # time constants of what is remembered of wake, deep and REM

N_FEATURES: Final = len(AGE_EPOCHS) + 5 + 5 + len(CLOCK_KNOTS) + len(HOUR_KNOTS) + 1 + 2 * 3 + 1
_AGE = np.array(AGE_EPOCHS)
Vector = NDArray[np.float64]


class Trail:
    """One night so far. Stages go in one by one; features() is what the next one depends on."""

    def __init__(self, first: int, period_min: float) -> None:
        self.stage, self.age, self.came_from = first, 1, 4
        self.clock = START_CLOCK
        self.asleep_epochs = -1 if first == WAKE else 0  # since sleep onset; -1 before
        self.deep_epochs = 0
        self.recent = np.zeros((2, 3))  # [time constant][wake, deep, REM]
        self._rise = 0.5 / (period_min * (1 - REM_SHARE))
        self._fall = 0.5 / (period_min * REM_SHARE)
        self._forget = np.exp(-1 / np.array(MEMORY_EPOCHS))[:, None]

    def push(self, stage: int) -> None:
        """The next epoch's stage."""
        now = np.array([stage == WAKE, stage == DEEP, stage == REM], float)
        self.recent = self.recent * self._forget + (1 - self._forget) * now
        if stage != self.stage:
            self.came_from, self.stage, self.age = self.stage, stage, 0
        self.age += 1
        self.deep_epochs += stage == DEEP
        if self.asleep_epochs >= 0 or stage != WAKE:
            self.asleep_epochs += 1
            step = -self._fall if stage == REM else self._rise * (CLOCK_AWAKE if stage == WAKE else 1.0)
            self.clock = min(max(self.clock + step, 0.0), CLOCK_KNOTS[-1])

    def features(self) -> Vector:
        """float64[N_FEATURES]."""
        out = np.zeros(N_FEATURES)
        out[int(np.searchsorted(_AGE, self.age, "right")) - 1] = 1.0
        at = len(AGE_EPOCHS)
        out[at + self.came_from] = 1.0
        if self.age <= 2:
            out[at + 5 + self.came_from] = 1.0
        at += 10
        hats(self.clock, CLOCK_KNOTS, out[at : at + len(CLOCK_KNOTS)])
        at += len(CLOCK_KNOTS)
        if self.asleep_epochs < 0:
            out[at + len(HOUR_KNOTS)] = 1.0
        else:
            hats(self.asleep_epochs / 120, HOUR_KNOTS, out[at : at + len(HOUR_KNOTS)])
        at += len(HOUR_KNOTS) + 1
        out[at : at + 6] = self.recent.ravel()
        out[at + 6] = self.deep_epochs / 120
        return out


def hats(x: float, knots: tuple[float, ...], out: Vector) -> None:
    """Weights of linear interpolation between knots, flat outside."""
    k = 0
    while k < len(knots) - 2 and x >= knots[k + 1]:
        k += 1
    w = min(max((x - knots[k]) / (knots[k + 1] - knots[k]), 0.0), 1.0)
    out[k], out[k + 1] = 1 - w, w
