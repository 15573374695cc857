"""Bed place: where the user lies, assumed for a side of the bed at first, learnt from the first night then.

Ranges and azimuths of confident still seconds are kept as what share of the time they took, in fixed classes.
After BED_SECONDS of them the place is fixed: what all but BED_TAIL at either end showed, widened to whole
classes, and a margin around it. Not part of the chain: it is fed with what leaves it, once a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edge.blocks import parameters as p

RANGE_MM = 50  # classes
AZIMUTH_CDEG = 500
RANGES, AZIMUTHS = 26, 36
LEFT, RIGHT = 1, 2


@dataclass(frozen=True, slots=True)
class Place:
    """As sw_place: mm, 0.01 degree."""

    near_mm: int
    far_mm: int
    azimuth_low_cdeg: int
    azimuth_high_cdeg: int
    side: int
    learnt: int = 0


@dataclass(frozen=True, slots=True)
class Second:
    """What the chain says at the end of a second; confidence and validity 0..255."""

    confidence: int
    still: bool
    distance_mm: int
    azimuth_cdeg: int
    direction_validity: int


@dataclass(slots=True)
class BedPlace:
    """State. distances_mm, azimuths_cdeg: of the seconds that counted so far."""

    place: Place
    distances_mm: list[int] = field(default_factory=list)
    azimuths_cdeg: list[int] = field(default_factory=list)


def assume(side: int) -> Place:
    """Return the place assumed for a side: half a bed, its head end to the side of RX1 when the device is on the left."""
    head, foot = round(100 * p.PLACE_HEAD_DEG), round(100 * p.PLACE_FOOT_DEG)
    if side not in (LEFT, RIGHT):
        return Place(round(1000 * p.ZONE_NEAR_M), round(1000 * p.ZONE_FAR_M), -9000, 9000, 0)
    low, high = (-foot, head) if side == LEFT else (-head, foot)
    return Place(round(1000 * p.PLACE_NEAR_M), round(1000 * p.PLACE_FAR_M), low, high, side)


def step(state: BedPlace, second: Second) -> bool:
    """Take one second; return True when the place has just become known."""
    if state.place.learnt or state.place.side == 0 or not second.still or second.confidence < p.BED_CONFIDENCE:
        return False
    state.distances_mm.append(second.distance_mm)
    if second.direction_validity >= p.BED_DIRECTION:
        state.azimuths_cdeg.append(second.azimuth_cdeg)
    if len(state.distances_mm) < p.BED_SECONDS:
        return False
    near_mm, far_mm = round(1000 * p.ZONE_NEAR_M), round(1000 * p.ZONE_FAR_M)
    low, high = seen(np.array(state.distances_mm), near_mm, RANGE_MM, RANGES)
    margin_mm = round(1000 * p.BED_MARGIN_M)
    place = replace(state.place, near_mm=max(low - margin_mm, near_mm), far_mm=min(high + margin_mm, far_mm), learnt=1)
    if 2 * len(state.azimuths_cdeg) >= len(state.distances_mm):  # otherwise the direction is not known well enough
        low, high = seen(np.array(state.azimuths_cdeg), -9000, AZIMUTH_CDEG, AZIMUTHS)
        margin_cdeg = round(100 * p.BED_MARGIN_DEG)
        place = replace(
            place, azimuth_low_cdeg=max(low - margin_cdeg, -9000), azimuth_high_cdeg=min(high + margin_cdeg, 9000)
        )
    state.place = place
    return True


def seen(values: NDArray[np.int64], start: int, width: int, n: int) -> tuple[int, int]:
    """Return the ends of the classes that hold all values but BED_TAIL at either end.

    The value behind which exactly floor(BED_TAIL * count) others lie decides, from below and from above.
    """
    ordered = np.sort(values)
    tail = int(np.float32(p.BED_TAIL) * np.float32(values.size))
    classes = np.clip((ordered[[tail, -1 - tail]] - start) // width, 0, n - 1)
    return int(start + width * classes[0]), int(start + width * (classes[1] + 1))
