"""The room beside the night: temperature, humidity and light while the user was in bed.

Rule: medians of what was measured; what no sensor measured is None, with the sensor's own reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from cloud.metrics import Section, section
from cloud.night import Night
from cloud.observations import Room

NO_PACKETS = "the device told nothing of the room"
#: Readings come about once a minute while streaming: one that is older does not say how light it was.
FRESH_US = 300_000_000
NO_INSTANT = "that instant is not known"
NOT_THEN = "nothing was measured within five minutes of it"

VALUES = ("temperature_c", "humidity_pct", "light_lux")


class Reading(NamedTuple):
    """One value at one time, us UTC."""

    utc_us: int
    value: float


def readings(rooms: Iterable[Room], key: str) -> list[Reading]:
    """What is known of one of VALUES, in the order of time."""
    found = ((one.utc_us, getattr(one, key)) for one in rooms)
    return [Reading(utc_us, value) for utc_us, value in found if value is not None]


def of_session(night: Night) -> list[Room]:
    """The readings of the night's session; without a session, all."""
    one = night.longest_session()
    if one is None:
        return night.room
    return [room for room in night.room if one.in_bed_utc_us <= room.utc_us <= one.last_present_utc_us]


def report(night: Night, lights_out_utc_us: int | None, woke_utc_us: int | None) -> Section:
    """The section `room`."""
    rooms = of_session(night)
    values: dict[str, float | int | None] = {}
    reasons: dict[str, str] = {}
    for key in VALUES:
        known = [one.value for one in readings(rooms, key)]
        name, _, unit = key.rpartition("_")
        low, high = f"{name}_min_{unit}", f"{name}_max_{unit}"
        for each, value in ((key, median), (low, min), (high, max)):
            values[each] = round(value(known), 2) if known else None
            reasons[each] = _why(rooms, key)
    for key, instant in (("light_at_lights_out_lux", lights_out_utc_us), ("light_at_waking_lux", woke_utc_us)):
        values[key] = _nearest(readings(night.room, "light_lux"), instant)
        reasons[key] = _why(rooms, "light_lux") if not readings(rooms, "light_lux") else NO_INSTANT
        if instant is not None and readings(rooms, "light_lux"):
            reasons[key] = NOT_THEN
    values["readings"] = len(rooms)
    return section(values, reasons, NO_PACKETS)


def _nearest(known: Sequence[Reading], utc_us: int | None) -> float | None:
    """The reading nearest to an instant."""
    if utc_us is None or not known:
        return None
    one = min(known, key=lambda reading: abs(reading.utc_us - utc_us))
    return round(one.value, 2) if abs(one.utc_us - utc_us) <= FRESH_US else None


def _why(rooms: Sequence[Room], key: str) -> str:
    """The commonest reason of the sensor; of equals the first in the alphabet."""
    field = f"{key.rpartition('_')[0]}_reason"
    told = [reason for one in rooms if (reason := getattr(one, field))]
    return max(sorted(set(told)), key=told.count) if told else NO_PACKETS
