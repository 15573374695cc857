"""Breath by breath from the waveform, as it comes: no sample is looked at twice, none before its time.

Rule: an interval counts only between two breaths with every sample between them known.
A breath begins where the waveform rises through zero (straight line between two samples) after it was clearly below.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SAMPLE_S = 0.1
CLEARLY = 0.5  # of the trailing root mean square, below zero
SCALE_SHARE = 1 / 200  # of the newest sample: twenty seconds
SHORTEST_S, LONGEST_S = 1.4, 12.0
KEEP_S = 600.0

Breath = list[float]  # [end s, interval s, peak to peak um]


@dataclass
class Breaths:
    """State. breaths: those that ended in the last KEEP_S, oldest first; times in s on the caller's axis."""

    breaths: list[Breath] = field(default_factory=list)
    power: float = 0.0  # um^2, trailing
    last: float | None = None  # the sample before, um
    armed: bool = False  # it was clearly below zero since the last breath began
    began_s: float | None = None  # the breath that is going on
    low: float = 0.0  # its extremes, um
    high: float = 0.0


def listen(state: Breaths, wave_um: list[int | None], from_s: float) -> None:
    """Take the samples from from_s on, None where unknown."""
    for i, um in enumerate(wave_um):
        if um is None:
            state.last, state.armed, state.began_s = None, False, None
            continue
        state.power += SCALE_SHARE * (um * um - state.power) if state.power else um * um
        state.low, state.high = min(state.low, um), max(state.high, um)
        if um < 0 and um * um > CLEARLY * CLEARLY * state.power:
            state.armed = True
        if state.armed and um >= 0 and state.last is not None and state.last < 0:
            _begin(state, from_s + SAMPLE_S * (i - um / (um - state.last)))
        state.last = um
    oldest_s = from_s + SAMPLE_S * len(wave_um) - KEEP_S
    while state.breaths and state.breaths[0][0] <= oldest_s:
        del state.breaths[0]


def _begin(state: Breaths, t_s: float) -> None:
    """A breath begins, and the one before has ended."""
    if state.began_s is not None:
        interval_s = t_s - state.began_s
        if interval_s < SHORTEST_S:
            state.armed = False
            return  # a ripple: the breath goes on
        if interval_s <= LONGEST_S:
            state.breaths.append([t_s, interval_s, float(state.high - state.low)])
    state.armed, state.began_s, state.low, state.high = False, t_s, 0.0, 0.0
