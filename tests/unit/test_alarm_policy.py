"""The last half hour before the set time: late rather than early, and only out of light sleep or from being awake."""

from __future__ import annotations

import msgspec
import pytest

from cloud import alarm
from cloud.alarm import (
    CHECK_EPOCHS,
    LATE_US,
    POLICY,
    RING_AFTER_US,
    WINDOW_US,
    Alarm,
    AlarmSetting,
    Phase,
    RingAt,
    Seen,
)
from cloud.epoch_input import EPOCH_US, EpochInput
from cloud.staging import Staged

MINUTE_US = 60_000_000
SET = AlarmSetting(1_768_545_000_000_000)
WAKE, LIGHT, DEEP, REM = range(4)
CELLS = {  # phase -> what rings
    Phase.OUTSIDE: set(),
    Phase.EARLY: {Seen.AWAKE_ON},
    Phase.LATE: {Seen.AWAKE_ON, Seen.AWAKE, Seen.LIGHT},
    Phase.DONE: set(),
}


def epoch(end_utc_us: int, occupied: str = "user", moves: bool = True) -> EpochInput:
    nothing: list[None] = [None] * 30
    moving: list[int | None] = [int(moves)] + [0] * 29
    return EpochInput(
        end_utc_us - EPOCH_US, occupied, [*nothing], moving, [*nothing], [*nothing], [None] * 300, [1] * 30, ""
    )


def staged(stage: int | None) -> Staged:
    return Staged(stage, None, "" if stage is not None else "no model")


def night(stage_at: object, minutes: int = 45, **options: object) -> list[RingAt]:
    """Rings of the last minutes before the set time; stage_at(minutes before) -> stage."""
    state, rings = Alarm(), []
    for n in range(2 * minutes):
        end_utc_us = SET.set_for_utc_us - minutes * MINUTE_US + n * EPOCH_US
        stage = stage_at((SET.set_for_utc_us - end_utc_us) / MINUTE_US)  # type: ignore[operator]
        here = epoch(end_utc_us, str(options.get("occupied", "user")), bool(options.get("moves", True)))
        found = alarm.step(state, SET, here, staged(stage), bool(options.get("in_session", True)))
        state = msgspec.json.decode(msgspec.json.encode(state), type=Alarm)  # as after a restart
        rings += [found] if found else []
    return rings


def before_min(ring: RingAt) -> float:
    return (SET.set_for_utc_us - ring.utc_us) / MINUTE_US


@pytest.mark.parametrize("seen", Seen)
@pytest.mark.parametrize("phase", Phase)
def test_every_cell_of_the_policy(phase: Phase, seen: Seen) -> None:
    assert (seen in POLICY[phase]) == (seen in CELLS[phase])


def test_light_sleep_rings_in_the_last_ten_minutes_and_once() -> None:
    (ring,) = night(lambda before: LIGHT)
    assert 10 - 2.5 < before_min(ring) <= 10
    assert ring.why == f"light sleep, {round(before_min(ring))} minutes before the set time"


@pytest.mark.parametrize("stage", [DEEP, REM, None])
def test_deep_rem_and_unknown_leave_it_to_the_device(stage: int | None) -> None:
    assert night(lambda before: stage) == []


def test_who_lies_awake_is_woken_early_in_the_window() -> None:
    (ring,) = night(lambda before: WAKE)
    assert 27.5 < before_min(ring) <= 30
    assert ring.why == f"awake for 14 minutes, {round(before_min(ring))} minutes before the set time"


def test_what_may_be_a_dream_is_not_broken_off() -> None:
    """Breathing as in wake, and hardly a movement: the model takes REM sleep for it."""
    assert night(lambda before: WAKE, moves=False) == []


def test_a_moment_awake_is_slept_through_until_the_last_ten_minutes() -> None:
    (ring,) = night(lambda before: WAKE if round(2 * before) % 10 < 4 else DEEP)
    assert before_min(ring) <= 10


def test_a_light_moment_between_two_checks_is_no_moment() -> None:
    """Only every fifth epoch decides."""
    checks = [
        n for n in range(20)
        if alarm._is_check(SET, epoch(SET.set_for_utc_us - LATE_US + n * EPOCH_US))
    ]  # fmt: skip
    assert checks == [checks[0] + CHECK_EPOCHS * k for k in range(4)]


def test_the_instant_is_absolute_and_half_a_minute_away() -> None:
    """An epoch is concluded 18 s after its end; a process that is restarted within ten seconds asks for the same."""
    for start in range(5):
        state = Alarm()
        for n in range(start, 40):
            end_utc_us = SET.set_for_utc_us - LATE_US + n * EPOCH_US
            found = alarm.step(state, SET, epoch(end_utc_us), staged(LIGHT), True)
            if found:
                assert found.utc_us - end_utc_us == RING_AFTER_US >= 30_000_000
                break


@pytest.mark.parametrize("options", [{"occupied": "away"}, {"occupied": "unknown"}, {"in_session": False}])
def test_nobody_there_is_not_woken(options: dict[str, object]) -> None:
    assert night(lambda before: LIGHT, **options) == []


def test_without_a_setting_nothing_rings() -> None:
    assert alarm.step(Alarm(), None, epoch(SET.set_for_utc_us), staged(LIGHT), True) is None


def test_another_alarm_has_a_window_of_its_own() -> None:
    state = Alarm(decided_for_utc_us=SET.set_for_utc_us)
    assert alarm.phase(state, SET, SET.set_for_utc_us - MINUTE_US) is Phase.DONE
    later = AlarmSetting(SET.set_for_utc_us + 86_400_000_000)
    assert alarm.phase(state, later, later.set_for_utc_us - MINUTE_US) is Phase.LATE


@pytest.mark.parametrize(
    ("before_us", "phase"),
    [
        (WINDOW_US + 1, Phase.OUTSIDE),
        (WINDOW_US, Phase.EARLY),
        (LATE_US, Phase.LATE),
        (1, Phase.LATE),
        (0, Phase.OUTSIDE),
    ],
)
def test_the_borders_of_the_window(before_us: int, phase: Phase) -> None:
    assert alarm.phase(Alarm(), SET, SET.set_for_utc_us - before_us) is phase
