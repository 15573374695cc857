"""Which night of a store is meant. Rule: a live night is what was heard from noon to noon, local time; a simulated
run is one night, however long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from cloud import night as whole
from cloud.device import settings_of
from cloud.night import EPOCH_S, SECOND_US, Night, Vitals
from cloud.silence import Silence
from cloud.store import SAID_MAX, StoreError
from cloud.wall_clock import is_zone

SIMULATED = "simulated"


def load(db: Path, number: int | None = None) -> Night:
    """Night `number` of the store, from 1 on; None: the last one. Raises StoreError when there is no such night, or
    what the user had set makes no sense."""
    night = whole.load(db)
    _check(db, night)
    found = [(night.from_utc_us, night.to_utc_us)] if night.meta.get("source") == SIMULATED else noons(night)
    if number is not None and not 1 <= number <= len(found):
        raise StoreError(f"{db}: night {number}: expected {f'1 to {len(found)}' if found else 'none, it is empty'}")
    return cut(night, *found[-1 if number is None else number - 1]) if len(found) > 1 else night


def _check(db: Path, night: Night) -> None:
    """Raises StoreError when what the user had set makes no sense."""
    try:
        zone = settings_of(night.meta).timezone
    except (msgspec.DecodeError, RecursionError) as error:
        raise StoreError(f"{db}: settings: {str(error)[:SAID_MAX]}") from error
    if zone and not is_zone(zone):
        raise StoreError(f"{db}: timezone {zone[:SAID_MAX]!r}: expected one such as Europe/Berlin")


def noons(night: Night) -> list[tuple[int, int]]:
    """From noon to noon, us UTC, whenever somebody listened."""
    name = settings_of(night.meta).timezone
    zone = ZoneInfo(name) if name else UTC
    first = datetime.fromtimestamp(night.from_utc_us // SECOND_US, zone).date() - timedelta(days=1)
    days = (night.to_utc_us - night.from_utc_us) // (86_400 * SECOND_US) + 4
    at = [datetime.combine(first + timedelta(days=i), time(12), zone) for i in range(days)]
    noon = [round(one.timestamp()) * SECOND_US for one in at]
    spans = zip(noon, noon[1:], strict=False)
    return [(a, b) for a, b in spans if any(start < b and a < stop for start, stop in night.listening)]


def cut(night: Night, from_utc_us: int, to_utc_us: int) -> Night:
    """What lies in this span; a session belongs to the night in which it began. Who was measured is kept whole."""

    def inside(utc_us: int) -> bool:
        return from_utc_us <= utc_us < to_utc_us

    clipped = [(max(a, from_utc_us), min(b, to_utc_us)) for a, b in night.listening]
    listening = [(a, b) for a, b in clipped if a < b]
    start = min(a for a, _ in listening)

    def clip(silences: Sequence[Silence]) -> list[Silence]:
        return [
            replace(one, from_utc_us=max(one.from_utc_us, from_utc_us), to_utc_us=min(one.to_utc_us, to_utc_us))
            for one in silences
            if one.from_utc_us < to_utc_us and from_utc_us < one.to_utc_us
        ]

    return replace(
        night,
        from_utc_us=start - start % (EPOCH_S * SECOND_US),
        to_utc_us=max(b for _, b in listening),
        listening=listening,
        vitals=_vitals(night.vitals, from_utc_us, to_utc_us),
        transitions=[one for one in night.transitions if inside(one.utc_us)],
        occupancy=[one for one in night.occupancy if inside(one.utc_us)],
        sessions=[one for one in night.sessions if inside(one.in_bed_utc_us)],
        silences=clip(night.silences),
        unanswered=clip(night.unanswered),
        epochs=[one for one in night.epochs if inside(one.utc_us)],
        intents=[one for one in night.intents if inside(one.utc_us)],
        absences=[one for one in night.absences if inside(one.from_utc_us)],
        alarm_events=[one for one in night.alarm_events if inside(one.utc_us)],
        rings=[one for one in night.rings if inside(one.utc_us)],
        room=[one for one in night.room if inside(one.utc_us)],
        faults=[one.clipped(from_utc_us, to_utc_us) for one in night.faults if one.meets(from_utc_us, to_utc_us)],
        health=[one for one in night.health if one.from_utc_us < to_utc_us and from_utc_us <= one.to_utc_us],
        incidents=[
            one for one in night.incidents if one.from_utc_us < to_utc_us and (one.to_utc_us or to_utc_us) > from_utc_us
        ],
        boots=[one for one in night.boots if inside(one.answered_utc_us)],
        span=(from_utc_us, to_utc_us),
    )


def _vitals(vitals: Vitals, from_utc_us: int, to_utc_us: int) -> Vitals:
    """The packets are in time order."""
    first, stop = (int(one) for one in np.searchsorted(vitals.utc_us, (from_utc_us, to_utc_us)))
    return Vitals(*(getattr(vitals, name)[first:stop] for name in Vitals.__dataclass_fields__))
