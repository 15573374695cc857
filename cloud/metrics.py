"""The night's figures, by their written definitions.

Rule: a figure that cannot be formed is None and comes with its reason; nothing unknown is left out silently.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cloud.night import SECOND_US, Floats, Ints, Night, Vitals, latest, take
from cloud.spans import commonest, users
from cloud.spans import reasons as unknown_because
from cloud.truth import Truth, seconds_since_start

SETTLE_S = 30  # after an arrival or a departure
WINDOW_S = 30  # of the displacement's distribution
NO_TRUTH = "no truth"


class Section(NamedTuple):
    """Values by key; a reason for every key that is None."""

    values: dict[str, Any]
    reasons: dict[str, str]


def section(values: dict[str, float | int | None], reasons: dict[str, str], default: str) -> Section:
    """NaN becomes None; every None gets a reason: its own, or the default."""
    clean = {k: None if v is None or not np.isfinite(v) else v for k, v in values.items()}
    return Section(clean, {k: reasons.get(k, default) for k, v in clean.items() if v is None})


def respiration(night: Night, truth: Truth | None) -> Section:
    """Breathing rate against truth, second by second, and the displacement's error."""
    known = _users_rates(night)
    values: dict[str, float | int | None] = dict.fromkeys(RESPIRATION)
    values["rate_per_min_median"] = round(float(np.median(known)), 2) if len(known) else None
    reasons = {"rate_per_min_median": _why_no_rate(night)} if not len(known) else {}
    if truth is None:
        return section(values, reasons, NO_TRUTH)
    rate = take(night.vitals.rate_per_min, latest(night.vitals.utc_us, truth.t0_utc_us, truth.n_seconds))
    in_bed = int(truth.in_place.sum())
    valid = np.isfinite(rate)
    error = np.abs(rate - truth.rate_per_min)[truth.in_place & valid & np.isfinite(truth.rate_per_min)]
    if len(error):
        values["mae_per_min"] = round(float(error.mean()), 4)
        values["error_p50_per_min"], values["error_p90_per_min"] = _percentiles(error)
        values["within_1_per_min"] = round(float((error <= 1).mean()), 4)
    values["coverage"] = round(int((valid & truth.in_place).sum()) / in_bed, 4) if in_bed else None
    values["valid_while_away_s"] = int((valid & ~truth.in_place).sum())
    values.update(displacement(night.vitals, truth))
    default = "no valid value while the user was in bed" if in_bed else "the user was never in bed"
    return section(values, reasons, default)


def _why_no_rate(night: Night) -> str:
    """Why no rate is the user's: of those that were measured, else of the night."""
    why = unknown_because(night, night.n_seconds)
    measured = np.isfinite(
        take(night.vitals.rate_per_min, latest(night.vitals.utc_us, night.from_utc_us, night.n_seconds))
    )
    most = commonest([one for one, there in zip(why, measured, strict=True) if there]) or commonest(why)
    return f"no valid breathing rate of the user{f': {most}' if most else ''}"


def _users_rates(night: Night) -> Floats:
    """The valid rates of the primary user, one a second."""
    index = latest(night.vitals.utc_us, night.from_utc_us, night.n_seconds)
    rates = users(night, night.vitals.rate_per_min, index, night.from_utc_us)
    return rates[np.isfinite(rates)]


DISPLACEMENT = (
    "displacement_rmse_mm",
    "displacement_rmse_p50_mm",
    "displacement_rmse_p90_mm",
    "displacement_amplitude_mm",
    "displacement_relative",
    "displacement_relative_p50",
    "displacement_relative_p90",
    "displacement_coverage",
)
RESPIRATION = (
    "mae_per_min",
    "coverage",
    "rate_per_min_median",
    "error_p50_per_min",
    "error_p90_per_min",
    "within_1_per_min",
    "valid_while_away_s",
    *DISPLACEMENT,
)


def displacement(vitals: Vitals, truth: Truth) -> dict[str, float | int | None]:
    """Error of the valid waveform while the user is in bed, delays and means removed; all of it without a user.

    amplitude: that of a sine with the truth's power; relative: RMS error / amplitude. p50, p90: over 30-s
    windows that are at least half covered, mean removed in each.
    """
    utc_us, got_um = samples(vitals)
    true_um = _truth_at(truth, utc_us)
    second = (utc_us - truth.t0_utc_us) // SECOND_US
    inside = (second >= 0) & (second < truth.n_seconds) & np.isfinite(true_um)
    judged = truth.in_place if truth.in_place.any() else np.ones(truth.n_seconds, bool)  # a sphere is no user
    inside[inside] = judged[second[inside]]
    if not inside.any():
        return dict.fromkeys(DISPLACEMENT)
    second, got_mm, true_mm = second[inside], got_um[inside] / 1e3, true_um[inside] / 1e3
    rmse = float(np.std(got_mm - true_mm))
    amplitude = float(np.std(true_mm) * np.sqrt(2))
    errors, ratios = _windows(second // WINDOW_S, got_mm, true_mm)
    p50, p90 = _percentiles(errors)
    relative_p50, relative_p90 = _percentiles(ratios)
    return {
        "displacement_rmse_mm": round(rmse, 4),
        "displacement_rmse_p50_mm": p50,
        "displacement_rmse_p90_mm": p90,
        "displacement_amplitude_mm": round(amplitude, 4),
        "displacement_relative": round(rmse / amplitude, 4) if amplitude else None,
        "displacement_relative_p50": relative_p50,
        "displacement_relative_p90": relative_p90,
        "displacement_coverage": round(len(got_mm) / (10 * int(judged.sum())), 4),
    }


def samples(vitals: Vitals) -> tuple[Ints, Floats]:
    """All valid waveform samples: UTC in us, displacement in um, towards the radar positive."""
    times, values = [np.empty(0, np.int64)], [np.empty(0)]
    for utc_us, wave in zip(vitals.wave_utc_us, vitals.wave, strict=True):
        if wave:
            um = np.frombuffer(wave, "<i2").astype(float)
            times.append(utc_us + 100_000 * np.arange(len(um)))
            values.append(um)
    return np.concatenate(times), np.concatenate(values)


def _truth_at(truth: Truth, utc_us: Ints) -> Floats:
    """The true displacement between its samples, straight lines; NaN outside."""
    if not len(truth.displacement_um):
        return np.full(len(utc_us), np.nan)
    at = (utc_us - truth.displacement_t0_utc_us) / SECOND_US * truth.displacement_rate_hz
    return np.interp(at, np.arange(len(truth.displacement_um)), truth.displacement_um, left=np.nan, right=np.nan)


def _windows(window: Ints, got_mm: Floats, true_mm: Floats) -> tuple[Floats, Floats]:
    """Per window its RMS error in mm and that error over the amplitude, of windows at least half covered."""
    errors, ratios = [], []
    order = np.argsort(window, kind="stable")
    cuts = np.flatnonzero(np.diff(window[order])) + 1
    for pick in np.split(order, cuts):
        if len(pick) >= 10 * WINDOW_S // 2:
            errors.append(float(np.std(got_mm[pick] - true_mm[pick])))
            amplitude = float(np.std(true_mm[pick]) * np.sqrt(2))
            ratios.append(errors[-1] / amplitude if amplitude else np.nan)
    return np.array(errors), np.array(ratios)


def _percentiles(values: Floats) -> tuple[float | None, float | None]:
    known = values[np.isfinite(values)]
    if not len(known):
        return None, None
    p50, p90 = np.percentile(known, [50, 90])
    return round(float(p50), 4), round(float(p90), 4)


PRESENCE = ("recall", "false_alarm_rate", "recall_moving")


def presence(night: Night, truth: Truth | None) -> Section:
    """Streaming against truth.

    recall: of the seconds with the user in place, from 30 s after arrival; recall_moving: of those with true
    movement; false_alarm_rate: streaming seconds of all seconds with no person in the zone.
    """
    if truth is None:
        return section(dict.fromkeys(PRESENCE), {}, NO_TRUTH)
    streaming = latest(night.vitals.utc_us, truth.t0_utc_us, truth.n_seconds) >= 0
    settled = seconds_since_start(truth.in_place) > SETTLE_S
    nobody = ~truth.person_in_zone
    masks = {"recall": settled, "false_alarm_rate": nobody, "recall_moving": settled & truth.moving}
    values = {k: round(float(streaming[m].mean()), 6) if m.any() else None for k, m in masks.items()}
    reasons = {
        "recall": "the user was never in bed for more than 30 s",
        "false_alarm_rate": "somebody was always in the zone",
        "recall_moving": "the user never moved",
    }
    return section({**values}, reasons, NO_TRUTH)


def unsolicited_while_silent(utc_us: Ints, n_bytes: Ints, truth: Truth) -> int:
    """Bytes of data packets made while nobody had been in the zone for 30 s, or the standby switch was on."""
    nobody = ~truth.person_in_zone
    never_came = ~np.logical_or.accumulate(truth.person_in_zone)
    quiet = (seconds_since_start(nobody) > SETTLE_S) | never_came | truth.standby
    second = (utc_us - truth.t0_utc_us) // SECOND_US
    inside = (second >= 0) & (second < truth.n_seconds)
    return int(n_bytes[inside][quiet[second[inside]]].sum())
