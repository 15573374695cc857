"""truth.json: what was really so in a simulated night, second by second, for whoever judges the report.

Rule: it is made of the scene's truth alone. The displacement goes through the band filter of the device, which
the caller hands in, because the definition says *the same* filter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
TRUTH_HZ = 20
WAVE_HZ = 10


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
    def rate_per_min(self) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True)
class BandFilter:
    """run: um at TRUTH_HZ -> um at WAVE_HZ, from rest. delay_s: what its time stamps subtract."""

    run: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.int16]]
    delay_s: float


def build(
    truth: SceneTruth, t0_utc_us: int, n_seconds: int, standby: Sequence[tuple[float, float]], band: BandFilter
) -> dict[str, Any]:
    """The content of truth.json. standby: spans (from_s, to_s) with the switch on.

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
        "stages": None,
        "displacement": {
            "rate_hz": WAVE_HZ,
            "um": filtered(truth.displacement_um[: n_seconds * TRUTH_HZ], band).tolist(),
            "delay_s": band.delay_s,
        },
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
