"""The body that is measured at present: what its last seconds say, and whether it is still the same one.

Rule: medians of seconds against medians of the seconds before; one odd second changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from cloud.observations import VALID_FROM, Vitals
from wire.table import Reason, text_of

VALID_SHARE = VALID_FROM / 255
#: How much is remembered, in measured seconds; of rates, in seconds with a valid one.
PLACES, RATES, QUALITIES = 30, 300, 30
#: An abrupt change: the newest seconds differ from the ones before by more than this.
RECENT_PLACES, DISTANCE_MM, AZIMUTH_DEG = 5, 300.0, 40.0
RECENT_RATES, COMPARED_RATES, RATE_PER_MIN = 20, 60, 6.0
RECENT_QUALITIES, QUALITY_GOOD, QUALITY_BAD = 10, 0.6, 0.25
#: Seconds in which the device was listening for breathing and could judge it.
_JUDGED = ("", text_of(Reason, Reason["LOW_QUALITY"]), text_of(Reason, Reason["AMBIGUOUS"]))


@dataclass
class Body:
    """seconds: measured since it came, or since it changed. Newest last.

    A second in which breathing could be judged and no rate was found takes the oldest rate away: rates that come now and
    then never add up to evidence.
    """

    since_utc_us: int = 0
    seconds: int = 0
    distance_mm: list[float] = field(default_factory=list)
    azimuth_deg: list[float] = field(default_factory=list)
    rate_per_min: list[float] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)


def add(body: Body, seen: Vitals, utc_us: int) -> None:
    """One measured second that ends at utc_us."""
    body.since_utc_us = body.since_utc_us or utc_us
    body.seconds += 1
    _keep(body.distance_mm, seen.distance_mm, PLACES)
    _keep(body.azimuth_deg, seen.azimuth_deg, PLACES)
    judged = not seen.moving and seen.respiration_reason in _JUDGED
    if seen.respiration_validity >= VALID_SHARE:
        _keep(body.rate_per_min, seen.respiration_rate_per_min, RATES)
    elif judged:
        del body.rate_per_min[:1]
    if judged:
        _keep(body.quality, seen.quality_breathing, QUALITIES)


def _keep(values: list[float], value: float | None, n: int) -> None:
    if value is not None:
        values.append(value)
        del values[:-n]


def change(body: Body) -> str:
    """What has changed abruptly; "" when nothing has."""
    if _shifted(body.distance_mm, RECENT_PLACES, DISTANCE_MM):
        return "distance changed"
    if _shifted(body.azimuth_deg, RECENT_PLACES, AZIMUTH_DEG):
        return "direction changed"
    if _shifted(body.rate_per_min[-COMPARED_RATES:], RECENT_RATES, RATE_PER_MIN):
        return "breathing changed"
    bad = len(body.quality) >= 3 * RECENT_QUALITIES and body.quality[-1] < QUALITY_BAD
    if bad and max(body.quality[-RECENT_QUALITIES:]) < QUALITY_BAD:
        if median(body.quality[:-RECENT_QUALITIES]) > QUALITY_GOOD:
            return "signal quality changed"
    return ""


def _shifted(values: list[float], recent: int, by: float) -> bool:
    """The median of the recent ones differs by more than `by` from that of the others."""
    if len(values) < 3 * recent or abs(values[-1] - values[0]) <= by / 2:  # the newest one is as ever: spares medians
        return False
    return abs(median(values[-recent:]) - median(values[:-recent])) > by


def restart(body: Body, utc_us: int) -> None:
    """It may be somebody else from now on: only the newest seconds still count."""
    body.since_utc_us, body.seconds = utc_us, RECENT_PLACES
    del body.distance_mm[:-RECENT_PLACES]
    del body.azimuth_deg[:-RECENT_PLACES]
    body.rate_per_min, body.quality = [], []
