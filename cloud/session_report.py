"""The report's sections about the session and about who was measured.

Rule: what was found comes from the tables as they were concluded in the night.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cloud.metrics import NO_TRUTH, Section, section
from cloud.night import EPOCH_S, SECOND_US, Night, iso
from cloud.observations import Session
from cloud.sleep_metrics import EPOCH_US
from cloud.sleep_report import STILL_IN_BED, TrueSleep, intents_of
from cloud.truth import Truth

NO_SESSION = "no session: the user was not in bed for more than five minutes"
NEVER_TRIED = "no lights-out: trying to sleep was never found"
NO_TRUE_INTENT = "the truth has no lights-out"
NOT_AWAKE = "still asleep or trying to sleep at the end"
KEYS = ("in_bed_utc", "trying_to_sleep_utc", "woke_up_utc", "out_of_bed_utc", "intent_error_s", "woke_up_error_s")
PRIMARY_USER = ("epochs", "right", "unknown", "partner_taken_for_user")


def session(night: Night, slept: TrueSleep | None, known: bool) -> Section:
    """Section `session` of the longest session. known: there is a truth, slept: the sleep in it."""
    found = night.longest_session()
    values: dict[str, Any] = {**dict.fromkeys(KEYS), "absences": []}
    reasons = dict.fromkeys(KEYS, NO_SESSION)
    if not known:
        reasons["intent_error_s"] = reasons["woke_up_error_s"] = NO_TRUTH
    if found is None:
        return _section(values, reasons)
    values["in_bed_utc"] = iso(found.in_bed_utc_us)
    values["out_of_bed_utc"] = None if found.state == "in bed" else iso(found.last_present_utc_us)
    values["absences"] = _absences(night, found)
    reasons["out_of_bed_utc"] = STILL_IN_BED
    changes = intents_of(night, found)
    begins = [utc_us for utc_us, trying in changes if trying]
    woke_utc_us = changes[-1][0] if begins and not changes[-1][1] else None
    values["trying_to_sleep_utc"] = iso(begins[0]) if begins else None
    values["woke_up_utc"] = None if woke_utc_us is None else iso(woke_utc_us)
    reasons["trying_to_sleep_utc"], reasons["woke_up_utc"] = NEVER_TRIED, NOT_AWAKE if begins else NEVER_TRIED
    if known:
        true = (None, None) if slept is None else (slept.lights_out_utc_us, slept.woke_up_utc_us)
        for key, own, truly in zip(KEYS[4:], (begins[0] if begins else None, woke_utc_us), true, strict=True):
            values[key] = None if own is None or truly is None else round((own - truly) / SECOND_US, 1)
            reasons[key] = NO_TRUE_INTENT if truly is None else reasons[KEYS[1] if key == KEYS[4] else KEYS[2]]
    return _section(values, reasons)


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
