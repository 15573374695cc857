"""The report's sections about the session and about who was measured.

Rule: what was found comes from the tables as they were concluded in the night.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cloud import intent
from cloud.metrics import NO_TRUTH, Section, section
from cloud.night import EPOCH_S, SECOND_US, Night, iso
from cloud.observations import Session
from cloud.sleep_metrics import EPOCH_US
from cloud.sleep_report import NEVER_TRIED, STILL_IN_BED, STILL_TRYING, TrueSleep, intents_of
from cloud.truth import Truth

NO_SESSION = "no session: the user was not found in bed for more than five minutes"
NOT_FOUND = "lights-out or waking up was not found"
NEVER_TRULY = "the user never tried to sleep"
NOT_YET = "the user had not woken up when the night ended"
ERRORS = ("trying_to_sleep_error_s", "woke_up_error_s", "intent_error_s")
KEYS = ("in_bed_utc", "trying_to_sleep_utc", "woke_up_utc", "out_of_bed_utc", *ERRORS)
PRIMARY_USER = ("epochs", "right", "unknown", "partner_taken_for_user")


def session(night: Night, slept: TrueSleep | None, no_sleep: str) -> Section:
    """Section `session` of the longest session. slept: the true sleep, None where there is none: for no_sleep."""
    values: dict[str, Any] = {**dict.fromkeys(KEYS), "absences": []}
    found = night.longest_session()
    if found is None:
        return _section(values, dict.fromkeys(KEYS, NO_SESSION))
    segments = intent.segments(intents_of(night, found))
    trying_us, woke_us = (segments[0].from_utc_us, segments[-1].to_utc_us) if segments else (None, None)
    left_us = None if found.state == "in bed" else found.last_present_utc_us
    times = zip(KEYS, (found.in_bed_utc_us, trying_us, woke_us, left_us), strict=False)
    values |= {key: None if utc_us is None else iso(utc_us) for key, utc_us in times}
    values["absences"] = _absences(night, found)
    reasons = {"trying_to_sleep_utc": NEVER_TRIED, "out_of_bed_utc": STILL_IN_BED}
    reasons["woke_up_utc"] = STILL_TRYING if segments else NEVER_TRIED
    errors, why = _errors((trying_us, woke_us), slept, no_sleep)
    return _section(values | errors, reasons | why)


def _errors(
    found: tuple[int | None, int | None], slept: TrueSleep | None, no_sleep: str
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Of lights-out and waking up: found minus true, s, and the mean of both sizes; and why something is unknown.

    The mean is over those of the two that truth has, and unknown when one of these was not found.
    """
    values: dict[str, float | None] = dict.fromkeys(ERRORS)
    if slept is None:
        return values, dict.fromkeys(ERRORS, no_sleep)
    reasons = dict.fromkeys(ERRORS, NEVER_TRULY if slept.lights_out_utc_us is None else NOT_YET)
    true = (slept.lights_out_utc_us, slept.woke_up_utc_us)
    pairs = {key: (own, truly) for key, own, truly in zip(ERRORS, found, true, strict=False) if truly is not None}
    for key, (own, truly) in pairs.items():
        values[key] = None if own is None else round((own - truly) / SECOND_US, 1)
        reasons[key] = reasons["intent_error_s"] = NOT_FOUND
    sizes = [abs(error) for key in pairs if (error := values[key]) is not None]
    if sizes and len(sizes) == len(pairs):
        values["intent_error_s"] = round(sum(sizes) / len(sizes), 1)
    return values, reasons


def _absences(night: Night, found: Session) -> list[dict[str, str]]:
    """The absences within a session."""
    inside = [a for a in night.absences if found.in_bed_utc_us <= a.from_utc_us <= found.last_present_utc_us]
    return [{"from_utc": iso(a.from_utc_us), "to_utc": iso(a.to_utc_us), "reason": a.reason} for a in inside]


def _section(values: dict[str, Any], reasons: dict[str, str]) -> Section:
    return Section(values, {key: reasons[key] for key, value in values.items() if value is None})


def primary_user(night: Night, truth: Truth | None) -> Section:
    """Section `primary_user`, over epochs in which somebody (user, partner or pet) was there for at least half.

    right: the user was there at least half of it and was found there, or was not and was found away.
    partner_taken_for_user: the user was not, a partner or pet was, and the user was found there.
    """
    if truth is None:
        return section(dict.fromkeys(PRIMARY_USER), {}, NO_TRUTH)
    number = (truth.t0_utc_us // SECOND_US + np.arange(truth.n_seconds)) // EPOCH_S
    first, half = int(number[0]) if len(number) else 0, EPOCH_S / 2
    user, partner, pet = (
        np.bincount(number - first, mask) >= half for mask in (truth.in_place, truth.partner_in_bed, truth.pet_in_zone)
    )
    found = {epoch.utc_us: epoch.occupied for epoch in night.epochs}
    said = np.array([found.get((first + i) * EPOCH_US, "unknown") for i in range(len(user))])
    other = ~user & (partner | pet)
    judged = user | other
    values: dict[str, float | int | None] = {
        "epochs": int(judged.sum()),
        "right": int((judged & (said == np.where(user, "user", "away"))).sum()),
        "unknown": int((judged & (said == "unknown")).sum()),
        "partner_taken_for_user": int((other & (said == "user")).sum()),
    }
    return section(values, {}, NO_TRUTH)
