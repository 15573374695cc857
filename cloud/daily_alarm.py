"""An alarm for every day: which morning is next, and whether that morning is still ours to set.

Rule: one set a morning, and only into a device whose alarm has just been read as off or as our own. What the user
cancelled, or set by another way for that morning, is left alone; an alarm that rings, is snoozed or is on its way into
the flash is waited for.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cloud.alarm import AlarmSetting
from cloud.wall_clock import next_daily_utc_us
from wire import table

HOUR_US: Final = 3_600_000_000
#: So long after the set time it is still that morning's.
MORNING_US: Final = HOUR_US
#: An alarm of the user's so near ours, to either side, is meant for the same morning; one further away is a nap's.
NEAR_US: Final = 6 * HOUR_US
#: What was read counts so long.
FRESH_US: Final = 60_000_000


@dataclass(frozen=True)
class Daily:
    """time: HH:MM on the user's clock. sunrise_s: length of the wake-up light before it."""

    time: str
    sunrise_s: int = 0


class Morning(StrEnum):
    """Of the next set time."""

    OPEN = "not set yet"
    OURS = "set once, and not again"
    THEIRS = "left to the user"


class Found(StrEnum):
    """What the device has, as it was read."""

    UNREAD = "not read lately"
    OFF = "off"
    WANTED = "what is wanted, stored"
    EARLIER = "what we set before, and to come"
    NEAR = "the user's, for that morning"
    FAR = "the user's, for another time"
    BUSY = "being stored, ringing, snoozed, past"


class Do(StrEnum):
    """What follows."""

    NOTHING = "nothing"
    READ = "read"
    SET = "set"


def _keep(morning: Morning) -> dict[Found, tuple[Morning, Do]]:
    return dict.fromkeys(Found, (morning, Do.NOTHING))


TABLE: Final[dict[Morning, dict[Found, tuple[Morning, Do]]]] = {
    Morning.OPEN: {
        Found.UNREAD: (Morning.OPEN, Do.READ),
        Found.OFF: (Morning.OPEN, Do.SET),
        Found.WANTED: (Morning.OURS, Do.NOTHING),
        Found.EARLIER: (Morning.OPEN, Do.SET),
        Found.NEAR: (Morning.THEIRS, Do.NOTHING),
        Found.FAR: (Morning.OPEN, Do.NOTHING),
        Found.BUSY: (Morning.OPEN, Do.NOTHING),
    },
    # off: it was cancelled or dismissed; a nap's alarm took its place in the device, so it is set again behind that
    Morning.OURS: _keep(Morning.OURS)
    | {Found.NEAR: (Morning.THEIRS, Do.NOTHING), Found.FAR: (Morning.OPEN, Do.NOTHING)},
    Morning.THEIRS: _keep(Morning.THEIRS),
}


@dataclass
class Watch:
    """Plain numbers and texts, because it is kept as JSON. Times in us UTC, 0: none."""

    for_utc_us: int = 0  # the morning that `morning` speaks of, and its light
    sunrise_s: int = 0
    morning: Morning = Morning.OPEN
    ours_utc_us: int = 0  # what this store's processes set last
    state: int = 0  # the last answer of the device, AlarmState
    stored: bool = False
    set_for_utc_us: int = 0
    set_sunrise_s: int = 0
    read_utc_us: int = 0


def wall(text: str) -> datetime.time:
    """HH:MM. Raises ValueError."""
    hours, _, minutes = text.partition(":")
    return datetime.time(int(hours), int(minutes))


def current(daily: Daily, timezone: str, utc_us: int) -> AlarmSetting:
    """The alarm of this morning until it is over, then the next day's."""
    return AlarmSetting(next_daily_utc_us(utc_us - MORNING_US, wall(daily.time), timezone), daily.sunrise_s)


def heard(watch: Watch, fields: dict[str, int], utc_us: int, after_set: bool) -> None:
    """An ALARM_STATE. after_set: it answers our own ALARM_SET."""
    watch.state, watch.stored, watch.read_utc_us = fields["state"], fields["stored"] == 1, utc_us
    watch.set_for_utc_us, watch.set_sunrise_s = fields["set_for_utc_us"], fields["sunrise_s"]
    if after_set and watch.set_for_utc_us == watch.for_utc_us:
        watch.ours_utc_us = watch.set_for_utc_us


def step(watch: Watch, alarm: AlarmSetting, utc_us: int) -> Do:
    """Takes the morning on by what was read last; says what is due."""
    if (watch.for_utc_us, watch.sunrise_s) != (alarm.set_for_utc_us, alarm.sunrise_s):
        watch.for_utc_us, watch.sunrise_s = alarm.set_for_utc_us, alarm.sunrise_s
        watch.morning, watch.read_utc_us = Morning.OPEN, 0
    found = _found(watch, utc_us)
    watch.morning, do = TABLE[watch.morning][found]
    if found is Found.WANTED:
        watch.ours_utc_us = watch.for_utc_us
    if utc_us >= alarm.set_for_utc_us:
        return Do.NOTHING
    return Do.READ if watch.morning is Morning.OPEN and watch.state == table.AlarmState["STORING"] else do


def is_ours(watch: Watch, alarm: AlarmSetting) -> bool:
    """The device has this very alarm, and from us: an earlier ring may be added to it."""
    return watch.morning is Morning.OURS and watch.set_for_utc_us == alarm.set_for_utc_us == watch.for_utc_us


def _found(watch: Watch, utc_us: int) -> Found:
    if not watch.read_utc_us or not 0 <= utc_us - watch.read_utc_us < FRESH_US:
        return Found.UNREAD
    if watch.state == table.AlarmState["OFF"]:
        return Found.OFF
    wanted = (watch.set_for_utc_us, watch.set_sunrise_s) == (watch.for_utc_us, watch.sunrise_s)
    if watch.stored and wanted:
        return Found.WANTED
    if watch.state != table.AlarmState["ARMED"] or watch.set_for_utc_us <= utc_us:
        return Found.BUSY
    if wanted or watch.set_for_utc_us == watch.ours_utc_us:
        return Found.EARLIER
    return Found.NEAR if abs(watch.set_for_utc_us - watch.for_utc_us) <= NEAR_US else Found.FAR
