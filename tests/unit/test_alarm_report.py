"""The report's alarm and session, from rows as the night left them."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from cloud import alarm_report, device, session_report
from cloud.alarm import AlarmSetting
from cloud.night import Night, Vitals
from cloud.observations import Absence, AlarmEvent, Epoch, IntentChange, Ring, Session, Setting
from cloud.sleep_metrics import EPOCH_US
from cloud.sleep_report import TrueSleep
from cloud.truth import TruthError

T0 = 1_770_000_000_000_000 - 1_770_000_000_000_000 % EPOCH_US
MINUTE_US = 60_000_000
SET = T0 + 90 * MINUTE_US
EMPTY = Vitals(*[np.empty(0)] * 3, [], *[np.empty(0)] * 4, [])  # type: ignore[arg-type]
LIGHT, REM = 1, 3


def night(**parts: Any) -> Night:
    """In bed for 100 minutes, in light sleep, with an alarm that is set after 90."""
    rows = [Epoch(T0 + i * EPOCH_US, LIGHT, *[None] * 8, "user", "") for i in range(200)]
    settings = device.Settings(AlarmSetting(SET, 600), "left", "UTC")
    given: dict[str, Any] = {
        "meta": {"settings": msgspec.json.encode(settings).decode()},
        "settings": [Setting(device.ALARM, str(SET), T0)],
        "epochs": rows,
        "sessions": [Session(T0, T0, T0 + 100 * MINUTE_US, T0 + 100 * MINUTE_US, "closed", "")],
    }
    given |= parts
    return Night(
        from_utc_us=T0, to_utc_us=T0 + 100 * MINUTE_US, listening=[], vitals=EMPTY, transitions=[], occupancy=[],
        silences=[], **given,
    )  # fmt: skip


def rang(utc_us: int, by: str = "cloud", reason: str = "the host asked for an early ring", **other: Any) -> AlarmEvent:
    return AlarmEvent(
        7, 9, utc_us, "rang", by, reason, other.get("device_utc_us", utc_us), other.get("set_for_utc_us", SET)
    )


def truth(*edges: tuple[int, int], **changes: Any) -> dict[str, Any]:
    return {"t0_utc_us": T0, "in_place": [1] * 6000, "pins": {"buzzer": [list(edge) for edge in edges]}} | changes


def slept(*stages: int | None) -> TrueSleep:
    """stages: of the ten half minutes from five minutes before the set time on; light before."""
    every: list[int | None] = [LIGHT] * 170 + list(stages)
    return TrueSleep(T0, every, T0, T0 + len(every) * EPOCH_US, T0, T0 + 100 * MINUTE_US)


def section(one: Night, true: dict[str, Any] | None = None, sleep: TrueSleep | None = None) -> dict[str, Any]:
    """Values; a reason in brackets where there is none."""
    found = alarm_report.section(one, true, sleep)
    assert set(found.reasons) == {key for key, value in found.values.items() if value is None}
    return {key: value if value is not None else f"({found.reasons[key]})" for key, value in found.values.items()}


def test_an_early_ring_is_told_with_its_reason_and_its_cost() -> None:
    ring = SET - 5 * MINUTE_US
    asked = [Ring(ring - 40_000_000, ring, "light sleep, 5 minutes before the set time")]
    found = section(night(alarm_events=[rang(ring)], rings=asked), truth((ring, 1)), slept(*[REM] * 4, *[0] * 6))
    assert found == {
        "set_for_utc": "2026-02-02T04:10:00Z", "rang_at_utc": "2026-02-02T04:05:00Z", "stage_at_ring": "light",
        "true_stage_at_ring": "rem", "minutes_before_set": 5.0, "sleep_minutes_lost": 2.0, "late": False,
        "rung_by": "cloud", "why": "light sleep, 5 minutes before the set time",
        "wake_window_min": f"({alarm_report.NO_WINDOW})",
    }  # fmt: skip


def test_a_ring_at_the_set_time_is_the_devices_own() -> None:
    found = section(night(alarm_events=[rang(SET, "device", "the set time")]), truth((SET, 1)), slept(*[LIGHT] * 20))
    assert (found["rung_by"], found["why"], found["minutes_before_set"]) == ("device", "the set time", 0.0)
    assert found["sleep_minutes_lost"] == 0.0


def test_without_an_alarm_every_key_says_so() -> None:
    found = section(night(meta={}, settings=[]))
    assert set(found.values()) == {"(no alarm was set)"}


def test_an_alarm_that_was_never_confirmed_is_told() -> None:
    found = section(night(settings=[]), truth())
    assert (found["set_for_utc"], found["rang_at_utc"]) == ("2026-02-02T04:10:00Z", f"({alarm_report.NOT_ARMED})")


@pytest.mark.parametrize(
    ("edges", "late"),
    [
        ([(SET - MINUTE_US, 1)], False),
        ([(SET, 1), (SET + 5, 0)], False),
        ([(SET + 1_000_000, 1)], False),
        ([(SET + 1_000_001, 1)], True),
        ([(SET - 5, 0)], True),
        ([], True),
        ([(SET - MINUTE_US, 1), (SET + MINUTE_US, 0), (SET + 9 * MINUTE_US, 1)], False),
    ],
)
def test_late_is_judged_at_the_pin(edges: list[tuple[int, int]], late: bool) -> None:
    assert section(night(), truth(*edges))["late"] is late


@pytest.mark.parametrize(
    ("true", "why"),
    [
        (None, "(no truth: the buzzer pin is not seen)"),
        (truth(in_place=[1] * 60), "(the night ended before the set time)"),
        ({"t0_utc_us": T0, "in_place": [1] * 6000}, "(the truth has no pins)"),
    ],
)
def test_late_is_unknown_without_the_pin(true: dict[str, Any] | None, why: str) -> None:
    assert section(night(alarm_events=[rang(SET)]), true)["late"] == why


def test_a_truth_with_other_pins_is_named() -> None:
    with pytest.raises(TruthError, match=r"pins\.buzzer"):
        section(night(), truth(pins={"buzzer": [3]}))


def test_a_ring_of_another_alarm_is_not_this_ones() -> None:
    other = rang(T0, set_for_utc_us=T0)
    assert section(night(alarm_events=[other]))["rang_at_utc"] == f"({alarm_report.NOT_RUNG})"


@pytest.mark.parametrize(
    ("own_us", "told"), [(None, "04:09:30"), (SET - 29_000_000, "04:09:31"), (SET - 600 * MINUTE_US, "04:09:30")]
)
def test_a_device_with_a_wrong_clock_is_timed_by_the_host(own_us: int | None, told: str) -> None:
    event = rang(SET - 30_000_000, device_utc_us=own_us)
    assert told in section(night(alarm_events=[event]))["rang_at_utc"]


def test_a_stage_that_is_not_known_has_its_reason() -> None:
    unknown = Epoch(SET, None, *[None] * 8, "user", "moving")
    found = section(night(alarm_events=[rang(SET)], epochs=[unknown]), truth((SET, 1)))
    assert (found["stage_at_ring"], found["true_stage_at_ring"]) == ("(moving)", "(the truth has no stages)")


def told(*changes: tuple[int, str]) -> list[IntentChange]:
    return [IntentChange(T0 + minute * MINUTE_US, state, T0 + minute * MINUTE_US, "") for minute, state in changes]


BOTH = told((12, "trying to sleep"), (80, "awake"))
TRUE = TrueSleep(T0, [], T0 + 10 * MINUTE_US, T0 + 83 * MINUTE_US, T0, T0 + 100 * MINUTE_US)


def test_the_session_is_compared_with_truth() -> None:
    found = session_report.session(night(intents=BOTH), TRUE, "")
    assert (found.values["trying_to_sleep_utc"], found.values["woke_up_utc"]) == (
        "2026-02-02T02:52:00Z",
        "2026-02-02T04:00:00Z",
    )
    errors = [found.values[key] for key in ("trying_to_sleep_error_s", "woke_up_error_s", "intent_error_s")]
    assert (errors, found.reasons) == ([120.0, -180.0, 150.0], {})


@pytest.mark.parametrize(
    ("intents", "true", "errors", "why"),
    [
        (BOTH, None, [None, None, None], "no truth"),
        (BOTH, TRUE.__class__(T0, [], None, None, T0, None), [None, None, None], "the user never tried to sleep"),
        (BOTH[:1], TRUE, [120.0, None, None], session_report.NOT_FOUND),
        ([], TRUE, [None, None, None], session_report.NOT_FOUND),
        (BOTH[:1], TRUE.__class__(T0, [], T0, None, T0, None), [720.0, None, 720.0], None),
    ],
)
def test_an_error_that_cannot_be_formed_says_why(
    intents: list[IntentChange], true: TrueSleep | None, errors: list[float | None], why: str | None
) -> None:
    found = session_report.session(night(intents=intents), true, "no truth")
    keys = ("trying_to_sleep_error_s", "woke_up_error_s", "intent_error_s")
    assert [found.values[key] for key in keys] == errors
    assert found.reasons.get("intent_error_s") == why


def test_absences_of_the_session_are_listed() -> None:
    away = [Absence(T0 + 40 * MINUTE_US, T0 + 46 * MINUTE_US, ""), Absence(T0 + 999 * MINUTE_US, T0, "another night")]
    found = session_report.session(night(absences=away), None, "no truth")
    assert found.values["absences"] == [
        {"from_utc": "2026-02-02T03:20:00Z", "to_utc": "2026-02-02T03:26:00Z", "reason": ""}
    ]


def test_a_night_without_a_session_says_so_under_every_key() -> None:
    found = session_report.session(night(sessions=[]), TRUE, "")
    assert {found.reasons[key] for key in session_report.KEYS} == {session_report.NO_SESSION}


def test_an_alarm_that_is_still_to_come_says_so() -> None:
    later = str(SET + 60 * MINUTE_US)
    asked = device.Settings(AlarmSetting(int(later), 600), "left", "UTC")
    meta = {"settings": msgspec.json.encode(asked).decode()}
    found = section(night(meta=meta, settings=[Setting(device.ALARM, later, T0)]))
    assert found["rang_at_utc"] == f"({alarm_report.NOT_YET})"


@pytest.mark.parametrize(
    ("flash", "told"), [("1800", 30.0), ("0", 0.0), (str(device.ANY_TIME), "(none: any time before the set time)")]
)
def test_the_wake_window_is_told_as_the_devices_flash_had_it(flash: str, told: object) -> None:
    settings = [Setting(device.ALARM, str(SET), SET - MINUTE_US), Setting(device.WINDOW, flash, SET - MINUTE_US)]
    assert section(night(settings=settings))["wake_window_min"] == told
