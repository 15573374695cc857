"""From settled seconds to conclusions: bed, primary user, session, and every half minute stage, intent and alarm.

Rule: a function of the memory and of the observations alone; no tick, no clock.
"""

from __future__ import annotations

from cloud import alarm, device, gather, intent, occupancy, primary_user, session, settle, staging
from cloud import memory as memories
from cloud.device import Settings
from cloud.epoch_input import EPOCH_S, EpochInput
from cloud.memory import Memory, Notice, Seconds
from cloud.observations import AlarmEvent, Fault, Gap, Observation, Ring, Room, Row, Vitals
from cloud.settle import SECOND_US
from cloud.tuning import DEFAULT, Tuning
from wire.table import Reason, text_of

#: Reasons to fall silent that say something about the bed, or nothing; any other is a sensor that cannot see.
_NO_FAILURES = {text_of(Reason, Reason[name]) for name in ("NONE", "NOBODY", "BOOTED")}


def tick(memory: Memory, delay: settle.Delay, settings: Settings, utc_us: int) -> list[Row]:
    """Everything that is settled at this tick."""
    return until(memory, delay, settings, settle.last_settled(utc_us))


def finish(memory: Memory, delay: settle.Delay, settings: Settings, utc_us: int) -> list[Row]:
    """The end of the night: nothing more will come, everything up to utc_us is settled."""
    rows = until(memory, delay, settings, utc_us // SECOND_US - 1)
    return rows + _epochs(memory, settings, lag_s=0)


def begin(memory: Memory, utc_us: int) -> None:
    """The first tick of all: seconds from now on, and the ones still waiting, will be concluded."""
    memory.seconds.next_s = settle.last_settled(utc_us) + 1
    gather.begin(memory.seconds.gather, utc_us // SECOND_US - utc_us // SECOND_US % EPOCH_S)
    memories.begin(memory)


def until(memory: Memory, delay: settle.Delay, settings: Settings, last_s: int) -> list[Row]:
    """Every second up to last_s."""
    seconds = memory.seconds
    rows: list[Row] = []
    for one in settle.take_late(delay):
        rows += _observe(seconds, one, settings.tuning)
        memory.keep = memory.urgent = True
    for number, seen in settle.due(delay, seconds.next_s, last_s):
        seconds.next_s = number + 1
        rows += second(seconds, number, seen, settings.tuning)
        found = _epochs(memory, settings, gather.LAG_S)
        rows += found
        if found:
            memories.checkpoint(memory)
    return rows


def second(seconds: Seconds, number: int, seen: list[Observation], tuning: Tuning = DEFAULT) -> list[Row]:
    """One whole second, `number` since 1970, with the packets that speak for it."""
    end_us = (number + 1) * SECOND_US
    rows: list[Row] = []
    while seconds.notices and seconds.notices[0].utc_us < end_us:
        rows += _notice(seconds, seconds.notices.pop(0))
    vitals = None
    for one in seen:
        rows += _observe(seconds, one, tuning)
        vitals = one if isinstance(one, Vitals) else vitals
    if seconds.streaming and end_us - seconds.data_utc_us > tuning.occupancy.quiet_after_s * SECOND_US:
        rows += _see(seconds, occupancy.Event.LOST, end_us, occupancy.NO_PACKETS)
    changed = primary_user.step(
        seconds.user, seconds.bed, vitals, end_us, tuning.primary_user, tuning.occupancy.person_from
    )
    rows += [changed] if changed else []
    rows += session.step(seconds.tracker, seconds.user.presence, seconds.user.reason, end_us, tuning.session)
    gather.add(seconds.gather, number, *primary_user.share(seconds.user, vitals, tuning.primary_user))
    return rows


def _epochs(memory: Memory, settings: Settings, lag_s: int) -> list[Row]:
    """The epoch that is complete now, if one is."""
    found = gather.complete(memory.seconds.gather, lag_s)
    if found is None:
        return []
    memory.keep = True
    epoch, distances_mm = found
    staged = staging.step(memory.epochs.staging, epoch, settings.tuning.model, settings.tuning.staging)
    rows: list[Row] = [gather.row(epoch, distances_mm, staged)]
    change = intent.step(memory.epochs.intent, epoch, staged)
    if change:
        rows.append(change)
    in_session = memory.seconds.tracker.state in session.OPEN
    return rows + _alarm(memory, settings, epoch, staged, in_session)


def _alarm(
    memory: Memory, settings: Settings, epoch: EpochInput, staged: staging.Staged, in_session: bool
) -> list[Row]:
    ringable = device.ringable(memory.device, settings)
    at = alarm.step(memory.epochs.alarm, ringable, epoch, staged, in_session, settings.tuning.alarm)
    if at is None:
        return []
    device.ring(memory.device, at)
    return [Ring(epoch.end_utc_us, at.utc_us, at.why)]


def _notice(seconds: Seconds, notice: Notice) -> list[Row]:
    if notice.event is occupancy.Event.BOOTED:
        seconds.streaming = False
    return _see(seconds, notice.event, notice.utc_us, notice.reason)


def _see(seconds: Seconds, event: occupancy.Event, utc_us: int, reason: str) -> list[Row]:
    row = occupancy.step(seconds.bed, event, utc_us, reason)
    return [row] if row else []


def _observe(seconds: Seconds, seen: Observation, tuning: Tuning) -> list[Row]:
    """What one observation says about the bed; one that is older than the newest says nothing any more."""
    if isinstance(seen, (AlarmEvent, Room, Fault, Gap)) or seen.utc_us < seconds.data_utc_us:
        return []
    seconds.data_utc_us = seen.utc_us
    if isinstance(seen, Vitals):
        seconds.streaming = True
        if seen.confidence >= tuning.occupancy.person_from:
            return _see(seconds, occupancy.Event.PERSON, seen.utc_us, "a person in the user's place")
        return _see(seconds, occupancy.Event.WEAK, seen.utc_us, "confidence below one half")
    seconds.streaming = seen.to_state == "streaming"
    if seconds.streaming:
        event = occupancy.Event.PERSON
    elif seen.to_state == "standby":
        event = occupancy.Event.STANDBY
    elif seen.reason not in _NO_FAILURES or seen.to_state != "monitoring":
        event = occupancy.Event.FAILED
    else:
        event = occupancy.Event.NOBODY
    return _see(seconds, event, seen.utc_us, seen.reason)
