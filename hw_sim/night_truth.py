"""truth.json: what was really so in a simulated night, second by second, for whoever judges the report.

Rule: it is made of the scene's truth alone. The displacement goes through the band filter of the device, which
the caller hands in, because the definition says *the same* filter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from hw_sim.breathing_events import Event
from hw_sim.night import EPOCH_S, Night

Bools = npt.NDArray[np.bool_]
TRUTH_HZ = 20
WAVE_HZ = 10
PINS = ("buzzer", "light")


class SceneTruth(Protocol):
    """What is needed of a scene's truth: arrays at TRUTH_HZ from scene time 0."""

    @property
    def displacement_um(self) -> npt.NDArray[np.float32]: ...
    @property
    def moving(self) -> Bools: ...
    @property
    def in_place(self) -> Bools: ...
    @property
    def person_in_zone(self) -> Bools: ...
    @property
    def distance_m(self) -> npt.NDArray[np.float32]: ...
    @property
    def partner_in_bed(self) -> Bools: ...
    @property
    def pet_in_zone(self) -> Bools: ...
    @property
    def in_bed_s(self) -> tuple[float | None, float | None]: ...
    @property
    def absences_s(self) -> list[tuple[float, float]]: ...
    @property
    def night(self) -> Night: ...
    @property
    def positions(self) -> tuple[str, ...]: ...
    @property
    def child_in_bed(self) -> Bools | None: ...
    @property
    def events(self) -> tuple[tuple[str, Event], ...]: ...
    def rate_per_min(self) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True)
class BandFilter:
    """run: um at TRUTH_HZ -> um at WAVE_HZ, from rest. delay_s: what its time stamps subtract."""

    run: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.int16]]
    delay_s: float


def build(
    truth: SceneTruth,
    t0_utc_us: int,
    n_seconds: int,
    standby: Sequence[tuple[float, float]],
    band: BandFilter,
    pins: Mapping[str, Sequence[tuple[int, int]]] | None = None,
) -> dict[str, Any]:
    """The content of truth.json. standby: spans (from_s, to_s) with the switch on.

    pins: what the pins did, name -> (utc_us, level or duty). Scene time 0 is t0_utc_us.

    A second counts as moving, or with a person in the zone, when any part of it does; as in place when all of it
    does. The rate at index i is the one at i s after t0.
    """
    rate = _fit(truth.rate_per_min(), n_seconds, np.nan)
    distance_m = _seconds(truth.distance_m, n_seconds, np.nan)[:, 0]
    on = np.zeros(n_seconds, bool)
    for from_s, to_s in standby:
        on[int(from_s) : int(np.ceil(to_s))] = True
    return {
        "schema": 1,
        "t0_utc_us": t0_utc_us,
        "step_s": 1,
        "rate_per_min": [_number(one, 3) for one in rate],
        "in_place": _ints(_seconds(truth.in_place, n_seconds, False).all(axis=1)),
        "person_in_zone": _ints(_seconds(truth.person_in_zone, n_seconds, False).any(axis=1)),
        "moving": _ints(_seconds(truth.moving, n_seconds, False).any(axis=1)),
        "standby": _ints(on),
        "distance_m": [_number(one, 4) for one in distance_m],
        "partner_in_bed": _ints(_seconds(truth.partner_in_bed, n_seconds, False).any(axis=1)),
        "pet_in_zone": _ints(_seconds(truth.pet_in_zone, n_seconds, False).any(axis=1)),
        "child_in_bed": _ints(_child(truth, n_seconds)),
        "events": [
            {
                "who": who,
                "kind": one.kind,
                "from_utc_us": _utc_us(t0_utc_us, one.from_s),
                "to_utc_us": _utc_us(t0_utc_us, one.to_s),
            }
            for who, one in truth.events
            if one.from_s < n_seconds
        ],
        **_night(truth, t0_utc_us, n_seconds),
        "positions": list(truth.positions),
        "pins": {name: [list(one) for one in (pins or {}).get(name, ())] for name in PINS},
        "displacement": {
            "rate_hz": WAVE_HZ,
            "um": filtered(truth.displacement_um[: n_seconds * TRUTH_HZ], band).tolist(),
            "delay_s": band.delay_s,
        },
    }


def _child(truth: SceneTruth, n_seconds: int) -> Bools:
    if truth.child_in_bed is None:
        return np.zeros(n_seconds, np.bool_)
    return np.asarray(_seconds(truth.child_in_bed, n_seconds, False).any(axis=1))


def _utc_us(t0_utc_us: int, at_s: float) -> int:
    return t0_utc_us + round(at_s * 1e6)


def _night(truth: SceneTruth, t0_utc_us: int, n_seconds: int) -> dict[str, Any]:
    """The user's night: instants null where there is none; a stage per epoch from t0, null outside the hypnogram."""
    night, (in_bed_s, out_of_bed_s) = truth.night, truth.in_bed_s

    def utc_us(at_s: float | None) -> int | None:
        return None if at_s is None else t0_utc_us + round(at_s * 1e6)

    stages: list[int | None] = [None] * math.ceil(n_seconds / EPOCH_S)
    if night.lights_out_s is not None:
        first = round(night.lights_out_s / EPOCH_S)
        known = night.stages[: len(stages) - first].tolist()
        stages[first : first + len(known)] = known
    return {
        "epoch_s": round(EPOCH_S),
        "stages": stages,
        "in_bed_utc_us": utc_us(in_bed_s),
        "lights_out_utc_us": utc_us(night.lights_out_s),
        "woke_up_utc_us": utc_us(night.woke_up_s),
        "out_of_bed_utc_us": utc_us(out_of_bed_s),
        "absences": [[utc_us(from_s), utc_us(to_s)] for from_s, to_s in truth.absences_s],
    }


def filtered(displacement_um: npt.NDArray[np.float32], band: BandFilter) -> npt.NDArray[np.int16]:
    """Every defined stretch through the filter from rest; 0 where nobody is."""
    out = np.zeros((len(displacement_um) + 1) // 2, np.int16)
    defined = np.isfinite(displacement_um)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], defined, [False])).astype(np.int8)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        first = int(start + start % 2)  # the filter answers to every second sample, from its first on
        wave = band.run(displacement_um[first:end])
        out[first // 2 : first // 2 + len(wave)] = wave
    return out


def _fit(values: npt.NDArray[Any], n: int, fill: float) -> npt.NDArray[Any]:
    """The first n values, filled up when there are fewer."""
    short = values[:n]
    return np.concatenate((short, np.full(n - len(short), fill, short.dtype)))


def _seconds(values: npt.NDArray[Any], n_seconds: int, fill: float) -> npt.NDArray[Any]:
    """[second, sample of it]"""
    return _fit(values, n_seconds * TRUTH_HZ, fill).reshape(n_seconds, TRUTH_HZ)


def _ints(values: npt.NDArray[Any] | np.bool_) -> list[int]:
    return [int(one) for one in np.atleast_1d(values)]


def _number(value: float, digits: int) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None
