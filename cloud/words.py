"""The night in a few plain sentences. Rule: what is not known is said to be unknown, never guessed."""

from __future__ import annotations

from datetime import datetime, tzinfo

import numpy as np

from cloud.night import SECOND_US, Night, latest, take


def clock(utc_us: int, zone: tzinfo) -> str:
    """Local time of day, '23:05'."""
    return datetime.fromtimestamp(utc_us / SECOND_US, zone).strftime("%H:%M")


def duration(seconds: float) -> str:
    """'7 h 47 min', '12 min', '40 s'."""
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def sentences(night: Night, zone: tzinfo) -> list[str]:
    """What a friend would want to know, one fact per sentence."""
    session = night.longest_session()
    if session is None:
        return ["Nobody was in bed for more than five minutes.", _quiet(night)]
    start_us, stop_us = session.in_bed_utc_us, session.last_present_utc_us
    seconds = (stop_us - start_us) // SECOND_US
    until = "and still in bed at the end" if session.state == "in bed" else f"to {clock(stop_us, zone)}"
    said = [f"In bed from {clock(start_us, zone)} {until}: {duration(seconds)}."]
    rate = take(night.vitals.rate_per_min, latest(night.vitals.utc_us, start_us, seconds))
    known = np.isfinite(rate)
    if known.any():
        said.append(f"{np.nanmedian(rate):.0f} breaths a minute, measured {100 * known.mean():.0f} % of that time.")
    else:
        said.append("The breathing rate is unknown.")
    moving = take(night.vitals.moving, latest(night.vitals.utc_us, start_us, seconds))
    moving_s = float(np.nansum(moving))
    said.append(f"Moving for {duration(moving_s)}." if moving_s else "No movement.")
    return said


def _quiet(night: Night) -> str:
    silent_us = sum(s.to_utc_us - s.from_utc_us for s in night.silences)
    share = silent_us / max(night.to_utc_us - night.from_utc_us, 1)
    return f"The device was silent {100 * min(share, 1):.0f} % of the time."
