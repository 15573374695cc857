"""Where the user's breathing rate is unknown, and why. Rule: every second is either known or has one reason.

A rate of somebody else, or of somebody who is not yet known, is not the user's.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import groupby
from typing import NamedTuple

import numpy as np

from cloud import occupancy
from cloud.night import SECOND_US, Floats, Ints, Night, latest, take

UNCERTAIN = "breathing not certain enough"
NO_PACKETS = "unknown, because no packets came and nothing tells why"
NOT_RUNNING = "cloud process not running"
NOT_ANSWERED = "the device had not answered yet"
NOT_KNOWN = "not known who is measured"


#: What is said of the device when it was not heard; it did not say so itself.
OURS = (occupancy.NO_ANSWER, occupancy.NO_PACKETS)


class Span(NamedTuple):
    """Whole seconds from the night's beginning, the end excluded."""

    start_s: int
    stop_s: int
    reason: str


def reasons(night: Night, n_seconds: int) -> list[str]:
    """Per second why the user's breathing rate is unknown; empty where it is known."""
    index = latest(night.vitals.utc_us, night.from_utc_us, n_seconds)
    return [_reason(night, second, int(packet)) for second, packet in enumerate(index)]


def users(night: Night, values: Floats, index: Ints, from_utc_us: int) -> Floats:
    """values[index], a packet per second from from_utc_us on; NaN where it is -1 or somebody else was measured."""
    own = [not _stranger(night, from_utc_us + second * SECOND_US) for second in range(len(index))]
    return np.where(own, take(values, index), np.nan)


def _stranger(night: Night, utc_us: int) -> str:
    """Who is measured in the second from utc_us on, when that is not certainly the user; else nothing."""
    at = bisect_right(night.user, utc_us, key=lambda one: one.utc_us)
    if not at:
        return NOT_KNOWN
    row = night.user[at - 1]
    if row.who == "user":
        return ""
    return f"not the user: {row.reason}" if row.who == "other" else row.reason or NOT_KNOWN


def _reason(night: Night, second: int, packet: int) -> str:
    if packet >= 0:
        stranger = _stranger(night, night.from_utc_us + second * SECOND_US)
        known = np.isfinite(night.vitals.rate_per_min[packet])
        return stranger if known else night.vitals.rate_reason[packet] or UNCERTAIN
    middle_us = night.from_utc_us + second * SECOND_US + SECOND_US // 2
    found = [one for one in night.silences if one.from_utc_us - SECOND_US <= middle_us < one.to_utc_us + SECOND_US]
    told = next((one for one in found if not one.reason.startswith(OURS)), None)
    if told is not None:
        return f"silent: {told.reason}"
    here = _here(night, middle_us)
    if here:
        return here
    return f"silent: {found[0].reason}" if found else _untold(night, middle_us)


def _here(night: Night, utc_us: int) -> str:
    """Why this process heard nothing at that instant, whatever the device did."""
    for incident in night.incidents:
        if incident.what not in OURS and incident.from_utc_us <= utc_us < (incident.to_utc_us or night.to_utc_us):
            return incident.what
    if not any(start - SECOND_US <= utc_us < stop + SECOND_US for start, stop in night.listening):
        return NOT_RUNNING
    return ""


def _untold(night: Night, utc_us: int) -> str:
    """Why there is no packet of this instant, when the device was not silent by its own word."""
    if all(utc_us < one.answered_utc_us for one in night.boots):
        return NOT_ANSWERED
    for fault in night.faults:
        if fault.from_utc_us <= utc_us < fault.to_utc_us:
            return f"fault: {fault.reason}"
    return NO_PACKETS


def spans(per_second: list[str]) -> list[Span]:
    """Runs of one reason; runs without a reason (known) are left out."""
    found, at = [], 0
    for reason, run in groupby(per_second):
        length = len(list(run))
        if reason:
            found.append(Span(at, at + length, reason))
        at += length
    return found


def commonest(per_second: list[str]) -> str:
    """The reason of most of these seconds that have one; of equals the first in the alphabet."""
    known = [reason for reason in per_second if reason]
    return max(sorted(set(known)), key=known.count) if known else ""
