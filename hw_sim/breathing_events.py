"""What disturbs breathing: apnoeas, hypopnoeas, periodic breathing, sighs; and jerks: coughs, swallows, hiccups.

Rule: events begin and end with a breath, and the list of them is the truth; no effort means no displacement of the wall.

Volume of a breath relative to quiet breathing = half of the chest's factor + half of the abdomen's (two compartments,
Konno and Mead 1967). Central apnoea: both 0. Obstructive: the abdomen pushes, the chest is sucked in by 95 % of
it, so a fortieth of the effort is left as flow; effort grows from a half to 1.4 of quiet breathing. Hypopnoea: both .3 to .7.
Periodic (Cheyne-Stokes): size waxes and wanes as a cosine that is cut off at zero for two fifths of a cycle. An apnoea is
a fall of flow by 90 % for at least 10 s, as sleep laboratories count (AASM). After an event breaths are larger.
A breath without flow (below a tenth) is an effort, no breath: it is missing in the list of breaths.
ASSUMPTIONS: shares per stage (obstructive events most in REM, fewest in deep sleep; central and periodic ones in NREM),
sizes of gasps and jerks, chances of arousal.
Left out: change of rhythm by an event, oxygen, snoring, what position does to obstruction, talking, vomiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw_sim.breathing import WAVEFORM_HZ
from hw_sim.movements import Movement
from hw_sim.night import EPOCH_S, Night, Span
from hw_sim.scenario_living import Events

Array = NDArray[np.float64]

# per stage: wake, light, deep, REM; without stages as light
_WEIGHT: Final = {
    "central": (0.0, 1.0, 0.4, 0.5),
    "obstructive": (0.0, 1.0, 0.4, 1.6),
    "hypopnoea": (0.0, 1.0, 0.5, 1.5),
    "sigh": (1.0, 1.0, 0.6, 0.8),
    "cough": (3.0, 0.5, 0.2, 0.3),
    "swallow": (3.0, 0.7, 0.3, 0.7),
    "hiccups": (2.0, 0.3, 0.1, 0.3),
}
_RECOVERY: Final = {"central": (1.3, 1.15), "obstructive": (2.0, 1.7, 1.3), "hypopnoea": (1.5, 1.2)}
_GAP_S: Final = 20.0
_SUCKED_IN: Final = 0.95  # of the abdomen's push: motion of the chest against it
_EFFORT: Final = (0.5, 1.4)
_LEAST_FLOW: Final = 0.1
_JERK_S: Final = {"cough": 0.25, "swallow": 0.7, "hiccups": 0.3}
_JERK_M: Final = {"cough": 5e-3, "swallow": 0.6e-3, "hiccups": 3e-3}
_JERK_ABDOMEN: Final = {"cough": 1.0, "swallow": 0.0, "hiccups": 0.7}  # relative to the chest
APNOEAS: Final = ("central", "obstructive", "hypopnoea")


@dataclass(frozen=True, order=True)
class Event:
    """One event in scene time: kind is a key of _WEIGHT, periodic, or twitch."""

    from_s: float
    to_s: float
    kind: str


def draw_events(config: Events, night: Night, stay_s: Span, rng: np.random.Generator) -> list[Event]:
    """All events of a stay, in order; apnoeas and hypopnoeas never overlap one another or periodic breathing."""
    epoch = np.arange(int(np.ceil(stay_s[0] / EPOCH_S)), int(stay_s[1] / EPOCH_S))
    staged = bool(night.stages.size)
    stages = night.stage_at(np.asarray(EPOCH_S * epoch + 1.0, np.float64)) if staged else np.ones(epoch.size, np.int8)
    spans = _periodic(config, epoch, stages, rng)
    found = list(spans)
    for kind in APNOEAS:
        for at_s in _times(getattr(config, f"{kind}_per_hour"), kind, epoch, stages, rng):
            found.append(Event(at_s, at_s + rng.uniform(*config.event_s), kind))
    kept: list[Event] = []
    for one in sorted(found):
        away = any(one.from_s < to_s + 30 and one.to_s > from_s - 30 for from_s, to_s in night.absences_s)
        if not away and one.to_s < stay_s[1] - 10 and (not kept or one.from_s > kept[-1].to_s + _GAP_S):
            kept.append(one)
    for kind, rate in (("sigh", config.sighs_per_hour), ("cough", config.coughs_per_hour)):
        kept += [Event(t, t + 3.0, kind) for t in _times(rate, kind, epoch, stages, rng)]
    kept += [Event(t, t + 0.7, "swallow") for t in _times(config.swallows_per_hour, "swallow", epoch, stages, rng)]
    kept += [
        Event(t, t + rng.uniform(180, 600), "hiccups")
        for t in _times(config.hiccups_per_hour, "hiccups", epoch, stages, rng)
    ]
    return sorted(kept)


def _times(
    per_hour: float, kind: str, epoch: NDArray[np.int_], stages: NDArray[np.int8], rng: np.random.Generator
) -> list[float]:
    weight = np.array(_WEIGHT[kind])[stages]
    counts = rng.poisson(per_hour * weight * EPOCH_S / 3600)
    starts = np.repeat(EPOCH_S * epoch, counts) + EPOCH_S * rng.random(int(counts.sum()))
    return [float(t) for t in starts]


def _periodic(
    config: Events, epoch: NDArray[np.int_], stages: NDArray[np.int8], rng: np.random.Generator
) -> list[Event]:
    """Stretches of ten minutes or so of light and deep sleep."""
    if config.periodic_share == 0:
        return []
    calm = (stages == 1) | (stages == 2)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], calm.astype(np.int8), [0]])))
    found = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        length_s = (last - first) * EPOCH_S
        t_s = EPOCH_S * float(epoch[first])
        end_s = t_s + length_s
        while t_s + 180 < end_s:
            until_s = min(end_s, t_s + rng.uniform(300, 900))
            if rng.random() < config.periodic_share:
                found.append(Event(t_s, until_s - _GAP_S - 1, "periodic"))
            t_s = until_s
    return found


class Disturbed:
    """Events applied to breaths, once their starts are known; then `events` are as they came out."""

    def __init__(self, config: Events, events: list[Event], rng: np.random.Generator) -> None:
        self._config, self._drawn, self._rng = config, events, rng
        self.events: list[Event] = []

    def breaths(self, start_s: Array, chest: Array, abdomen: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Sizes of chest and abdomen, and which breaths bring air."""
        factor = np.ones((2, start_s.size))
        self.events = []
        for event in self._drawn:
            first, last = np.searchsorted(start_s, (event.from_s, event.to_s))
            if event.kind in _JERK_S:
                self.events.append(event)
            elif event.kind == "sigh" and 0 < first < start_s.size - 1:
                factor[:, first] *= self._rng.uniform(2.0, 3.0)
                self.events.append(Event(float(start_s[first]), float(start_s[first + 1]), "sigh"))
            elif last > first and last < start_s.size:
                self._shape(event.kind, start_s, factor, int(first), int(last))
        self.events.sort()
        flowing = np.abs(factor.sum(axis=0)) / 2 >= _LEAST_FLOW
        return chest * factor[0], abdomen * factor[1], flowing

    def _shape(self, kind: str, start_s: Array, factor: Array, first: int, last: int) -> None:
        begin_s, end_s = float(start_s[first]), float(start_s[last])
        if kind == "periodic":
            self._wax_and_wane(start_s, factor, first, last)
        else:
            factor[:, first:last] = shape_of(kind, last - first, self._rng)
            more = _RECOVERY[kind][: start_s.size - last]
            factor[:, last : last + len(more)] *= more
        self.events.append(Event(begin_s, end_s, kind))

    def _wax_and_wane(self, start_s: Array, factor: Array, first: int, last: int) -> None:
        cycle_s = self._rng.uniform(*self._config.periodic_cycle_s)
        size = periodic_size((start_s[first:last] - start_s[first]) / cycle_s)
        factor[:, first:last] *= size
        still = np.concatenate([[False], size == 0, [False]]).astype(np.int8)
        edges = np.flatnonzero(np.diff(still)) + first
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            if start_s[b] - start_s[a] >= 10.0:
                self.events.append(Event(float(start_s[a]), float(start_s[b]), "central"))

    def jerks(self, chest_m: NDArray[np.float32], abdomen_m: NDArray[np.float32]) -> None:
        """Adds what is no breath to the waveforms."""
        for event in self.events:
            if event.kind not in _JERK_S:
                continue
            if event.kind == "hiccups":
                at_s = np.arange(event.from_s, event.to_s, 60 / self._rng.uniform(10, 30))
                at_s = at_s + self._rng.normal(0.0, 0.15, at_s.size)
            else:
                n = int(self._rng.integers(2, 6)) if event.kind == "cough" else 1
                at_s = event.from_s + 0.45 * np.arange(n)
            for t_s in at_s:
                _add_jerk(event.kind, float(t_s), chest_m, abdomen_m)

    def arousals(self) -> list[Movement]:
        """Movements that end an apnoea or hypopnoea."""
        found = []
        for event in self.events:
            chance = self._config.arousal * (0.5 if event.kind == "central" else 1.0)
            if event.kind in APNOEAS and self._rng.random() < chance:
                whole = event.kind == "obstructive" and self._rng.random() < 0.3
                length_s = self._rng.uniform(3, 6) if whole else self._rng.uniform(0.8, 2.5)
                found.append(Movement(event.to_s + self._rng.uniform(0, 1.5), length_s, "body" if whole else "limb"))
        return found


def shape_of(kind: str, n: int, rng: np.random.Generator) -> Array:
    """Factors of chest and abdomen for the n breaths of an event: float64[2, n]."""
    if kind == "central":
        return np.zeros((2, n))
    if kind == "obstructive":
        effort = np.linspace(*_EFFORT, n)
        return np.stack([-_SUCKED_IN * effort, effort])
    size = rng.uniform(0.3, 0.7)
    return np.full((2, n), size)


def periodic_size(cycles: Array) -> Array:
    """Size of breaths in Cheyne-Stokes breathing, float64[n], at times in cycles: 0 for two fifths of each."""
    edge = np.cos(0.4 * np.pi)
    return np.asarray(1.6 * np.maximum(0.0, (edge - np.cos(2 * np.pi * (cycles + 0.2))) / (edge + 1)))


def _add_jerk(kind: str, t_s: float, chest_m: NDArray[np.float32], abdomen_m: NDArray[np.float32]) -> None:
    first = int(t_s * WAVEFORM_HZ)
    n = int(_JERK_S[kind] * WAVEFORM_HZ) + 1
    if first < 0 or first + n > chest_m.size:
        return
    bump = (_JERK_M[kind] * 0.5 * (1 - np.cos(2 * np.pi * np.arange(n) / (n - 1)))).astype(np.float32)
    chest_m[first : first + n] += bump
    abdomen_m[first : first + n] += np.float32(_JERK_ABDOMEN[kind]) * bump
