"""The night in a few plain sentences. Rule: what is not known is said to be unknown, never guessed."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np

from cloud.night import EPOCH_S, SECOND_US, Night, latest
from cloud.spans import users

#: A full moon through a window is brighter.
DARK_LUX = 0.5


def clock(utc_us: int, zone: tzinfo) -> str:
    """Local time of day, '23:05'."""
    return datetime.fromtimestamp(utc_us / SECOND_US, zone).strftime("%H:%M")


def instant(text: object) -> int | None:
    """UTC in us of an ISO time of a report; None for null."""
    if not isinstance(text, str):
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1e6)


def duration(seconds: float) -> str:
    """'7 h 47 min', '12 min', '40 s'."""
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def short_duration(seconds: float) -> str:
    """'7 h 47', '12 min', '< 1 min'."""
    if 0 < seconds <= 30:
        return "< 1 min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d}" if hours else f"{minutes} min"


def shortened(text: str, n_chars: int) -> str:
    """At most so long: whole if it fits, else without its last clauses, the first of them alone cut inside."""
    while len(text) > n_chars and max(text.rfind(": "), text.rfind(", ")) > 0:
        text = text[: max(text.rfind(": "), text.rfind(", "))]
    return textwrap.shorten(text, n_chars, placeholder=" …")


def title(night: Night, zone: tzinfo) -> str:
    """'Night of 15 January to 16 January 2026', or the one day it stays within."""
    first = datetime.fromtimestamp(night.from_utc_us / SECOND_US, zone)
    last = datetime.fromtimestamp(max(night.to_utc_us, night.from_utc_us) / SECOND_US, zone)
    if first.date() == last.date():
        return f"{first:%A} {first.day} {first:%B} {last.year}"
    return f"Night of {first.day} {first:%B} to {last.day} {last:%B} {last.year}"


def sentences(night: Night, report: Mapping[str, Any], zone: tzinfo) -> list[str]:
    """What a friend would want to know, one fact per sentence."""
    session = night.longest_session()
    if session is None:
        return [_not_found(night), _quiet(night), *_alarm(report, zone)]
    start_us, stop_us = session.in_bed_utc_us, session.last_present_utc_us
    seconds = (stop_us - start_us) // SECOND_US
    until = "and still in bed at the end" if session.state == "in bed" else f"to {clock(stop_us, zone)}"
    said = [f"In bed from {clock(start_us, zone)} {until}: {duration(seconds)}."]
    said += _sleep(report, zone)
    rate = users(night, night.vitals.rate_per_min, latest(night.vitals.utc_us, start_us, seconds), start_us)
    known = np.isfinite(rate)
    if known.any():
        said.append(
            f"{np.nanmedian(rate):.0f} breaths a minute, measured {100 * known.mean():.0f}\u00a0% of that time."
        )
    else:
        said.append("The breathing rate is unknown.")
    return [*said, *_absences(report, zone), *_room(report), *_alarm(report, zone)]


def _sleep(report: Mapping[str, Any], zone: tzinfo) -> list[str]:
    """How long asleep, how soon, how often awake."""
    sleep, session = report.get("sleep") or {}, report.get("session") or {}
    if sleep.get("tst_min") is None:
        why = (report.get("reasons") or {}).get("sleep.tst_min")
        return [f"Time asleep unknown: {why}."] if why else []
    said = f"Asleep for {duration(60 * sleep['tst_min'])}"
    trying_us = instant(session.get("trying_to_sleep_utc"))
    if trying_us is not None and sleep.get("sol_min") is not None:
        said += f", {duration(60 * sleep['sol_min'])} after lights-out at {clock(trying_us, zone)}"
    said += "."
    times, waso_min = sleep.get("awakenings"), sleep.get("waso_spt_min")
    if not times or waso_min is None:
        return [said]
    return [said, f"Awake {times} {'time' if times == 1 else 'times'} in between, {duration(60 * waso_min)} in all."]


def _absences(report: Mapping[str, Any], zone: tzinfo) -> list[str]:
    spans = [
        (instant(one.get("from_utc")), instant(one.get("to_utc")))
        for one in (report.get("session") or {}).get("absences") or []
    ]
    said = [f"{clock(a, zone)} to {clock(b, zone)}" for a, b in spans if a is not None and b is not None]
    return [f"Out of bed from {', '.join(said)}."] if said else []


def _room(report: Mapping[str, Any]) -> list[str]:
    """'The room: 19 °C (18 to 20), 48 % humidity, 0.3 lux.', as far as it was measured."""
    room = report.get("room") or {}
    said = []
    if room.get("temperature_c") is not None:
        low, high = round(room["temperature_min_c"]), round(room["temperature_max_c"])
        said.append(f"{room['temperature_c']:.0f}\u00a0°C" + (f" ({low} to {high})" if low != high else ""))
    if room.get("humidity_pct") is not None:
        said.append(f"{room['humidity_pct']:.0f}\u00a0% humidity")
    if room.get("light_lux") is not None:
        light = room["light_lux"]
        said.append("dark" if light < DARK_LUX else f"{light:.0f}\u00a0lux of light")
    return [f"The room: {', '.join(said)}."] if said else []


def _alarm(report: Mapping[str, Any], zone: tzinfo) -> list[str]:
    alarm = report.get("alarm") or {}
    set_us, rang_us = instant(alarm.get("set_for_utc")), instant(alarm.get("rang_at_utc"))
    if set_us is None:
        return []
    if rang_us is None:
        why = (report.get("reasons") or {}).get("alarm.rang_at_utc") or "no ring is known"
        return [f"The alarm for {clock(set_us, zone)}: {why}."]
    why = f": {alarm['why']}" if alarm.get("why") else ""
    return [f"The alarm for {clock(set_us, zone)} rang at {clock(rang_us, zone)}{why}."]


def _not_found(night: Night) -> str:
    """No session; of a half minute that is unknown nobody may say that the bed was empty."""
    unknown_s = EPOCH_S * sum(one.occupied == "unknown" for one in night.epochs)
    but = f"; for {duration(unknown_s)} it is unknown" if unknown_s else ""
    return f"The user was not found in bed for more than five minutes{but}."


def _quiet(night: Night) -> str:
    silent_us = sum(s.to_utc_us - s.from_utc_us for s in night.silences)
    share = silent_us / max(night.to_utc_us - night.from_utc_us, 1)
    return f"The device was silent {100 * min(share, 1):.0f}\u00a0% of the time."
