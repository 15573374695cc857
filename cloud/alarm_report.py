"""The report's section `alarm`: what was set, when it rang, by whom and why, and what it cost.

Rule: when it rang is what the device told; whether it was late is judged at the buzzer pin, which only truth knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud import device
from cloud.metrics import NO_TRUTH, Section
from cloud.night import SECOND_US, Night, iso
from cloud.observations import AlarmEvent
from cloud.sleep_metrics import EPOCH_US, STAGES, WAKE
from cloud.sleep_report import NO_STAGES, TrueSleep
from cloud.truth import TruthError

ALARM = (
    "set_for_utc", "rang_at_utc", "stage_at_ring", "true_stage_at_ring", "minutes_before_set", "sleep_minutes_lost",
    "late", "rung_by", "why", "wake_window_min",
)  # fmt: skip
NO_ALARM = "no alarm was set"
NOT_ARMED = "the device never confirmed the alarm"
NOT_RUNG = "the device has not told of a ring"
NO_WINDOW = "the device never confirmed a wake window"
NOT_YET = "the data end before the set time"
LATE_FROM_US = 1_000_000
MINUTE_US = 60 * SECOND_US
#: The device's clock and the host's agree within this, or the host's is believed.
CLOCKS_AGREE_US = 2_000_000


def section(night: Night, truth: Mapping[str, Any] | None, slept: TrueSleep | None) -> Section:
    """truth: content of truth.json; slept: the sleep in it. Raises TruthError."""
    set_us = set_for(night)
    values: dict[str, Any] = dict.fromkeys(ALARM)
    if set_us is None:
        return Section(values, dict.fromkeys(ALARM, NO_ALARM))
    values["set_for_utc"] = iso(set_us)
    not_rung = NOT_YET if night.to_utc_us < set_us else NOT_RUNG
    reasons = dict.fromkeys(ALARM, not_rung if _armed(night, set_us) else NOT_ARMED)
    values["late"], reasons["late"] = _late(set_us, truth)
    values["wake_window_min"], reasons["wake_window_min"] = _window(night)
    rang = next((one for one in night.alarm_events if _is_ring(one, set_us)), None)
    if rang is not None:
        rang_us = _rang_at(rang)
        values |= {
            "rang_at_utc": iso(rang_us + SECOND_US // 2),
            "minutes_before_set": round((set_us - rang_us) / MINUTE_US, 2),
            "rung_by": rang.by,
            "why": _why(night, rang, rang_us),
        }
        values["stage_at_ring"], reasons["stage_at_ring"] = _stage(night, rang_us)
        no_stages = NO_TRUTH if truth is None else NO_STAGES
        reasons |= dict.fromkeys(("true_stage_at_ring", "sleep_minutes_lost"), no_stages)
        if slept is not None:
            values["true_stage_at_ring"], reasons["true_stage_at_ring"] = _true_stage(slept, rang_us)
            values["sleep_minutes_lost"] = lost_min(slept, rang_us, set_us)
    return Section(values, {key: reasons[key] for key, value in values.items() if value is None})


def set_for(night: Night) -> int | None:
    """The set time, us UTC: as it was asked for, or else as the device confirmed it."""
    alarm = device.settings_of(night.meta).alarm
    asked = [alarm.set_for_utc_us] if alarm is not None else []
    asked += [int(one.value) for one in night.settings if one.name == device.ALARM]
    asked += [one.set_for_utc_us for one in reversed(night.alarm_events) if one.set_for_utc_us is not None]
    from_utc_us, to_utc_us = night.span
    return next((utc_us for utc_us in asked if from_utc_us <= utc_us < to_utc_us), None)


def _window(night: Night) -> tuple[float | None, str]:
    """Minutes before the set time from which on the device takes an early ring, as its flash had it last."""
    seconds = next((int(one.value) for one in night.settings if one.name == device.WINDOW), None)
    if seconds is None:
        return None, NO_WINDOW
    return (None, "none: any time before the set time") if seconds == device.ANY_TIME else (seconds / 60, "")


def _armed(night: Night, set_us: int) -> bool:
    told = any(one.set_for_utc_us == set_us for one in night.alarm_events)
    return told or any(one.name == device.ALARM and one.value == str(set_us) for one in night.settings)


def _is_ring(event: AlarmEvent, set_us: int) -> bool:
    return event.event == "rang" and event.set_for_utc_us in (set_us, None)


def _rang_at(event: AlarmEvent) -> int:
    """By the device's own clock, us UTC, unless that is unknown or wrong."""
    own_us = event.device_utc_us
    return event.utc_us if own_us is None or abs(own_us - event.utc_us) > CLOCKS_AGREE_US else own_us


def _why(night: Night, rang: AlarmEvent, rang_us: int) -> str:
    """Of an early ring the reason of the policy that asked for it, else the device's own."""
    asked = [one for one in night.rings if one.utc_us <= rang_us + CLOCKS_AGREE_US]
    return asked[-1].reason if rang.by == "cloud" and asked else rang.reason


def _stage(night: Night, rang_us: int) -> tuple[str | None, str]:
    found = next((one for one in night.epochs if 0 <= rang_us - one.utc_us < EPOCH_US), None)
    if found is None:
        return None, "no data of this half minute"
    return (None, found.reason) if found.stage is None else (STAGES[found.stage], "")


def _true_stage(slept: TrueSleep, rang_us: int) -> tuple[str | None, str]:
    index = (rang_us - slept.first_utc_us) // EPOCH_US
    stage = slept.stages[index] if 0 <= index < len(slept.stages) else None
    return (None, "not between lights-out and waking up") if stage is None else (STAGES[stage], "")


def lost_min(slept: TrueSleep, rang_us: int, set_us: int) -> float:
    """Minutes of true sleep between the ring and the set time; whoever lies awake loses none."""
    lost_us = 0
    for i, stage in enumerate(slept.stages):
        start_us = slept.first_utc_us + i * EPOCH_US
        if stage is not None and stage != WAKE:
            lost_us += max(0, min(start_us + EPOCH_US, set_us) - max(start_us, rang_us))
    return round(lost_us / MINUTE_US, 2)


def _late(set_us: int, truth: Mapping[str, Any] | None) -> tuple[bool | None, str]:
    """The buzzer pin rises more than a second after the set time, or not at all."""
    if truth is None:
        return None, "no truth: the buzzer pin is not seen"
    pins = truth.get("pins")
    if pins is None:
        return None, "the truth has no pins"
    try:
        rises = [int(utc_us) for utc_us, level in pins["buzzer"] if level]
        end_us = int(truth["t0_utc_us"]) + len(truth["in_place"]) * SECOND_US
    except (KeyError, TypeError, ValueError) as error:
        raise TruthError(f"truth.json: pins.buzzer: expected [[utc_us, level], ...]: {error}") from error
    if rises:
        return rises[0] > set_us + LATE_FROM_US, ""
    return (True, "") if end_us > set_us + LATE_FROM_US else (None, "the night ended before the set time")
