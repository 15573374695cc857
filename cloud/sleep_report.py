"""The report's sections about sleep: what was found, what was true, and how far they agree.

Rule: what was found comes from the epochs and intents as they were concluded in the night; nothing is staged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud.agreement import AGREEMENT, agreement, confusion
from cloud.metrics import NO_TRUTH, Section
from cloud.night import SECOND_US, Night
from cloud.observations import IntentChange, Session
from cloud.sleep_metrics import EPOCH_US, Stage, cut, lights, nothing, sleep
from cloud.truth import TruthError

TRYING = "trying to sleep"
NO_SESSION = "no session"
STILL_IN_BED = "still in bed when the data end"
NEVER_TRIED = "trying to sleep was never found"
STILL_TRYING = "still trying to sleep when the data end"
NO_STAGES = "the truth has no stages"
EPOCH_S = EPOCH_US // SECOND_US


@dataclass(frozen=True)
class TrueSleep:
    """Stages per epoch from first_utc_us on, None outside lights-out and waking up; times in us UTC."""

    first_utc_us: int
    stages: list[Stage]
    lights_out_utc_us: int | None
    woke_up_utc_us: int | None
    in_bed_utc_us: int | None
    out_of_bed_utc_us: int | None


def true_sleep(content: Mapping[str, Any]) -> TrueSleep | None:
    """The sleep in a truth file, None when it has none. Raises TruthError."""
    if content.get("stages") is None:
        return None
    try:
        if content["epoch_s"] != EPOCH_S:
            raise TruthError(f"truth.json: epoch_s {content['epoch_s']}, expected {EPOCH_S}")
        stages = [None if one is None else int(one) for one in content["stages"]]
        names = ("lights_out_utc_us", "woke_up_utc_us", "in_bed_utc_us", "out_of_bed_utc_us")
        times = {name: None if content[name] is None else int(content[name]) for name in names}
        found = TrueSleep(int(content["t0_utc_us"]), stages, **times)
    except KeyError as error:
        raise TruthError(f"truth.json: key {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise TruthError(f"truth.json: {error}") from error
    if found.first_utc_us % EPOCH_US or any(one not in (None, 0, 1, 2, 3) for one in stages):
        raise TruthError("truth.json: stages: expected 0 to 3 or null from a full half minute on")
    return found


def intents_of(night: Night, session: Session) -> list[IntentChange]:
    """The changes of one session, in the order in which they were told."""
    after = [one.in_bed_utc_us for one in night.sessions if one.in_bed_utc_us > session.in_bed_utc_us]
    until_utc_us = min(after, default=2**63)
    return [one for one in night.intents if _inside(one, session.in_bed_utc_us, until_utc_us)]


def _inside(change: IntentChange, from_utc_us: int, until_utc_us: int) -> bool:
    return from_utc_us - EPOCH_US <= change.utc_us < until_utc_us - EPOCH_US


def found(night: Night) -> Section:
    """Section `sleep`."""
    session = night.longest_session()
    if session is None:
        return nothing(None, {}, NO_SESSION)
    left_utc_us = None if session.state == "in bed" else session.last_present_utc_us
    in_bed_min = None if left_utc_us is None else _minutes(session.in_bed_utc_us, left_utc_us)
    changes = [(one.utc_us, one.state == TRYING) for one in intents_of(night, session)]
    span = lights(changes, left_utc_us)
    if span is None:
        tried = any(trying for _, trying in changes)
        return nothing(in_bed_min, {"in_bed_min": STILL_IN_BED}, STILL_TRYING if tried else NEVER_TRIED)
    return sleep(cut({one.utc_us: one.stage for one in night.epochs}, *span), in_bed_min, STILL_IN_BED)


def true(truth: TrueSleep | None, in_bed_min: float | None, reason: str) -> Section:
    """Section `truth`. in_bed_min, reason: of a truth without stages, or why it is unknown."""
    if truth is None:
        return nothing(in_bed_min, {"in_bed_min": reason}, NO_TRUTH if reason == NO_TRUTH else NO_STAGES)
    into, out = truth.in_bed_utc_us, truth.out_of_bed_utc_us
    if into is not None and out is not None:
        in_bed_min = _minutes(into, out)
    stages = {truth.first_utc_us + i * EPOCH_US: stage for i, stage in enumerate(truth.stages)}
    if truth.lights_out_utc_us is None:
        return nothing(in_bed_min, {"in_bed_min": reason}, "the user never tried to sleep")
    end = truth.woke_up_utc_us
    if end is None:  # asleep when the night ends
        end = max(utc_us for utc_us, stage in stages.items() if stage is not None) + EPOCH_US
    return sleep(cut(stages, truth.lights_out_utc_us, end), in_bed_min, reason)


def agreed(night: Night, truth: TrueSleep | None, reason: str) -> Section:
    """Section `agreement`, over the epochs with a true stage. reason: why there are none."""
    if truth is None:
        return Section(dict.fromkeys(AGREEMENT), dict.fromkeys(AGREEMENT, reason))
    stages = {one.utc_us: one.stage for one in night.epochs}
    return agreement(confusion(truth.stages, stages, truth.first_utc_us, EPOCH_US))


def _minutes(from_utc_us: int, to_utc_us: int) -> float:
    return round((to_utc_us - from_utc_us) / SECOND_US / 60, 2)
