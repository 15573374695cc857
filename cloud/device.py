"""Commands to the device: what the user has set goes there, and is read back before it is believed.

Rule: one question at a time, with a fresh nonce, asked again until it is answered; each may be asked twice without
harm. An alarm counts as armed only when the device has read it back from its flash, and is set once: what the user
does with it afterwards at the device is not undone from here. One of every day: daily_alarm.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec

from cloud import daily_alarm
from cloud.alarm import AlarmSetting, RingAt
from cloud.daily_alarm import Daily, Do, Watch
from cloud.observations import Health, Row, Setting
from cloud.tuning import Tuning
from wire import codec, condition, packet, table, values
from wire.handshake import Entropy
from wire.packet import Packet

#: Answers that belong here; everything else belongs to the link or to the ingest.
ANSWERS = (packet.ALARM_STATE, packet.SETTINGS, packet.HEALTH, packet.ORDERS)
#: An answer takes two quanta of a second in simulation.
AGAIN_US = 3_000_000
#: A refusal (no clock yet, flash busy) may be over by then.
REFUSED_AGAIN_US = 5_000_000
#: The armed alarm is read back so often, and whenever the device has answered anew.
READ_EVERY_US = 900_000_000
#: The device is asked for its faults so often, and when it has answered anew; asked and not answered, as often.
HEALTH_EVERY_US = 60_000_000
#: A ring that could not be asked for in time would ring into whatever stage it is by then: the deadline rings instead.
RING_STALE_US = 60_000_000
#: One that is settled is written down under these names.
SIDE, ALARM, ALARM_STATE, NEXT_RING = "side", "alarm.armed_for_utc_us", "alarm.state", "alarm.ring_asked_utc_us"
#: Seconds before the set time from which on the device takes a ring of the cloud; ANY_TIME: at any time before it.
WINDOW, ANY_TIME = "alarm.wake_window_s", 65535

#: ... and a ring that was refused is asked for again sooner.
RING_REFUSED_LESS_US = REFUSED_AGAIN_US - 2_000_000
#: A ring that is due within this is asked for at once: the question takes as long.
NOW_US = 2_000_000

_STORING = table.AlarmState["STORING"]
_RINGS = (table.AlarmState["RINGING"], table.AlarmState["SNOOZED"])
_SIDES = {table.text_of(table.Side, side): int(side) for side in table.Side}


class Ask(StrEnum):
    """What may be due, the most urgent first."""

    RING = "ring"
    ALARM_SET = "set the alarm"
    SETTINGS_SET = "set the side"
    ALARM_READ = "read the alarm"
    WAKE_WINDOW = "order the wake window"
    ORDERS_READ = "read the orders"
    HEALTH_READ = "read the faults"


@dataclass(frozen=True)
class Settings:
    """What the user has set, as the process was started. side: "left" | "right"; timezone: an IANA name.

    alarm: with daily, that of the present morning. tuning: other than shipped in a what-if alone.
    """

    alarm: AlarmSetting | None = None
    side: str | None = None
    timezone: str | None = None
    daily: Daily | None = None
    tuning: Tuning = Tuning()


def settings_of(meta: Mapping[str, str]) -> Settings:
    """What the user had set when the process that wrote this store's meta was started last."""
    return msgspec.json.decode(meta.get("settings", "{}"), type=Settings)


def settings_at(settings: Settings, utc_us: int) -> Settings:
    """With the alarm of the present morning, when there is one every day."""
    if settings.daily is None:
        return settings
    return replace(settings, alarm=daily_alarm.current(settings.daily, settings.timezone or "UTC", utc_us))


@dataclass
class Device:
    """What is under way: plain numbers and texts, because it is kept as JSON. Times in us UTC, 0: none."""

    ring_utc_us: int = 0  # asked for by the policy and not yet confirmed
    asked: str = ""  # the open question, its nonce and when it was asked
    nonce: int = 0
    asked_utc_us: int = 0
    refused: str = ""  # the last question that was answered by a no, and when
    refused_utc_us: int = 0
    linked: bool = False
    side_stored: str = ""
    armed_for_utc_us: int = 0  # read back from flash
    armed_sunrise_s: int = 0
    storing: bool = False  # set, and on its way into the flash
    read_utc_us: int = 0  # when the alarm was last read back in this link
    window_s: int = -1  # the wake window that was ordered and read back from flash; -1: none yet
    orders_utc_us: int = 0  # when the orders were last read back in this link
    health_utc_us: int = 0  # when the faults were last asked for in this link
    health: Health | None = None  # the last row of them
    watch: Watch = field(default_factory=Watch)  # of an alarm of every day


def ring(state: Device, at: RingAt) -> None:
    """The alarm's policy wants this ring; it goes out at the next tick."""
    state.ring_utc_us = at.utc_us


def ringable(state: Device, settings: Settings) -> AlarmSetting | None:
    """The alarm to which the policy may add an earlier ring: never one of the user's own."""
    alarm = settings.alarm
    if alarm is None or settings.daily is None or daily_alarm.is_ours(state.watch, alarm):
        return alarm
    return None


def receive(state: Device, answer: Packet, utc_us: int) -> list[Row]:
    """An answer of the device that is linked now, heard at utc_us; rows of what is settled by it."""
    fields = {name: value for name, value in answer.fields.items() if isinstance(value, int)}
    if not state.nonce or fields["nonce"] != state.nonce:
        return []
    asked, state.asked, state.nonce = state.asked, "", 0
    if answer.type == packet.HEALTH:
        return [_health(state, answer, utc_us)]
    if answer.type == packet.ORDERS:
        return _orders(state, asked, fields, utc_us)
    if answer.type == packet.SETTINGS:
        return _side(state, fields, utc_us) if asked == Ask.SETTINGS_SET else []
    rung = _ring(state, fields, utc_us) if asked == Ask.RING else []
    return rung + _alarm(state, asked, fields, utc_us)


def tick(state: Device, settings: Settings, linked: bool, utc_us: int, entropy: Entropy) -> bytes:
    """Bytes that are due for the device now. linked: it has answered this host's nonce."""
    if not linked or not state.linked:  # what was asked before this link is lost, what was read may be different now
        state.asked, state.nonce, state.read_utc_us, state.refused_utc_us = "", 0, 0, 0
        state.health_utc_us = state.watch.read_utc_us = state.orders_utc_us = 0
    state.linked = linked
    if not linked:
        return b""
    due = _due(state, settings, utc_us)
    overtakes = due is Ask.RING and state.asked != Ask.RING
    if due is None or (_is_open(state, utc_us) and not overtakes):
        return b""
    state.nonce = int.from_bytes(entropy(8), "little") or 1
    state.asked, state.asked_utc_us = due.value, utc_us
    if due is Ask.HEALTH_READ:
        state.health_utc_us = utc_us
    return codec.encode(packet.make(_TYPES[due], {"nonce": state.nonce, **_fields(state, settings, due, utc_us)}))


def asked(state: Device, question: Packet, utc_us: int) -> None:
    """This question is open from now on: of a host that was recorded. One of another program is none of ours."""
    ask = next((ask for ask, number in _TYPES.items() if number == question.type), None)
    nonce = question.fields["nonce"]
    if ask is not None and isinstance(nonce, int):
        state.asked, state.nonce, state.asked_utc_us = ask.value, nonce, utc_us


def _is_open(state: Device, utc_us: int) -> bool:
    """A question is on its way."""
    return state.nonce != 0 and 0 <= utc_us - state.asked_utc_us < AGAIN_US


def _due(state: Device, settings: Settings, utc_us: int) -> Ask | None:
    """The most urgent question that has no answer yet; what was refused just now lets the others pass."""
    wait = state.refused if 0 <= utc_us - state.refused_utc_us < REFUSED_AGAIN_US else ""
    return next((ask for ask in _wanted(state, settings, utc_us) if ask != wait), None)


def _wanted(state: Device, settings: Settings, utc_us: int) -> Iterator[Ask]:
    alarm = settings.alarm
    if state.ring_utc_us and utc_us <= state.ring_utc_us + RING_STALE_US:
        yield Ask.RING
    if alarm is not None:
        yield from _to_arm(state, settings, alarm, utc_us)
    if settings.side and state.side_stored != settings.side:
        yield Ask.SETTINGS_SET
    if alarm is not None:
        yield from _to_read(state, settings, utc_us)
    if not state.health_utc_us or not 0 <= utc_us - state.health_utc_us < HEALTH_EVERY_US:
        yield Ask.HEALTH_READ


def _to_read(state: Device, settings: Settings, utc_us: int) -> Iterator[Ask]:
    """The window is ordered once: a narrower one that the user orders at the device afterwards stays."""
    if not 0 <= utc_us - state.read_utc_us < READ_EVERY_US:
        yield Ask.ALARM_READ
    if state.window_s != _window_s(settings):
        yield Ask.WAKE_WINDOW
    if not 0 <= utc_us - state.orders_utc_us < READ_EVERY_US:
        yield Ask.ORDERS_READ


def _window_s(settings: Settings) -> int:
    """The policy's own window, as the device counts it."""
    return min(round(60 * settings.tuning.alarm.window_min), ANY_TIME - 1)


def _to_arm(state: Device, settings: Settings, alarm: AlarmSetting, utc_us: int) -> Iterator[Ask]:
    if settings.daily is not None:
        do = daily_alarm.step(state.watch, alarm, utc_us)
        if do is not Do.NOTHING:
            yield Ask.ALARM_SET if do is Do.SET else Ask.ALARM_READ
    elif utc_us < alarm.set_for_utc_us and _unset(state, alarm):
        yield Ask.ALARM_READ if state.storing else Ask.ALARM_SET


def _unset(state: Device, alarm: AlarmSetting) -> bool:
    return (state.armed_for_utc_us, state.armed_sunrise_s) != (alarm.set_for_utc_us, alarm.sunrise_s)


_TYPES = {
    Ask.RING: packet.RING,
    Ask.ALARM_SET: packet.ALARM_SET,
    Ask.SETTINGS_SET: packet.SETTINGS_SET,
    Ask.WAKE_WINDOW: packet.WAKE_WINDOW,
    Ask.ALARM_READ: packet.ALARM_READ,
    Ask.ORDERS_READ: packet.ORDERS_READ,
    Ask.HEALTH_READ: packet.HEALTH_READ,
}


def _fields(state: Device, settings: Settings, ask: Ask, utc_us: int) -> dict[str, int]:
    """The question's fields beside its nonce."""
    if ask is Ask.RING:
        return {"utc_us": state.ring_utc_us if utc_us + NOW_US < state.ring_utc_us else 0}
    if ask is Ask.ALARM_SET and settings.alarm is not None:
        return {"set_for_utc_us": settings.alarm.set_for_utc_us, "sunrise_s": settings.alarm.sunrise_s}
    if ask is Ask.SETTINGS_SET and settings.side is not None:
        return {"side": _SIDES[settings.side]}
    if ask is Ask.WAKE_WINDOW:
        return {"wake_window": _window_s(settings)}
    return {}


def _orders(state: Device, asked: str, fields: dict[str, int], utc_us: int) -> list[Row]:
    """What a reboot would find; while it is still being written the order is given again."""
    if not fields["stored"]:
        state.refused, state.refused_utc_us = asked, utc_us
        return []
    state.orders_utc_us = utc_us
    if asked == Ask.WAKE_WINDOW:
        state.window_s = fields["wake_window"]
    return [Setting(WINDOW, str(fields["wake_window"]), utc_us)]


def _health(state: Device, answer: Packet, utc_us: int) -> Health:
    """What the device says of its faults; an answer like the last one makes that row longer."""
    said = condition.health(answer)
    same = answer.boot, said.reset_cause, said.changes, "\n".join(said.present), "\n".join(said.past)
    before = state.health
    goes_on = before is not None and before[2:] == same and 0 <= utc_us - before.to_utc_us <= 2 * HEALTH_EVERY_US
    state.health = Health(before.from_utc_us if before is not None and goes_on else utc_us, utc_us, *same)
    return state.health


def _side(state: Device, fields: dict[str, int], utc_us: int) -> list[Row]:
    if not fields["stored"]:
        state.refused, state.refused_utc_us = Ask.SETTINGS_SET.value, utc_us
        return []
    state.side_stored = table.text_of(table.Side, fields["side"])
    return [Setting(SIDE, state.side_stored, utc_us)]


def _ring(state: Device, fields: dict[str, int], utc_us: int) -> list[Row]:
    """The device has noted the ring: it is due at that instant or an earlier one, or rings already."""
    noted = 0 < fields["next_ring_utc_us"] <= state.ring_utc_us + NOW_US or fields["state"] in _RINGS
    if not noted:
        state.refused, state.refused_utc_us = Ask.RING.value, utc_us - RING_REFUSED_LESS_US
        return []
    asked_utc_us, state.ring_utc_us = state.ring_utc_us, 0
    return [Setting(NEXT_RING, str(asked_utc_us), utc_us)]


def _alarm(state: Device, asked: str, fields: dict[str, int], utc_us: int) -> list[Row]:
    """What the device says of its alarm now."""
    state.read_utc_us = utc_us
    set_for_utc_us, stored = fields["set_for_utc_us"], fields["stored"] == 1
    reason = values.reason_text(fields["reason"])
    state.storing = fields["state"] == _STORING
    daily_alarm.heard(state.watch, fields, utc_us, asked == Ask.ALARM_SET)
    if asked == Ask.ALARM_SET and not stored and not state.storing:
        state.refused, state.refused_utc_us = asked, utc_us
    rows: list[Row] = []
    if stored and set_for_utc_us:
        state.armed_for_utc_us, state.armed_sunrise_s = set_for_utc_us, fields["sunrise_s"]
        rows.append(Setting(ALARM, str(set_for_utc_us), utc_us))
    said = table.text_of(table.AlarmState, fields["state"])
    return [*rows, Setting(ALARM_STATE, f"{said}: {reason}" if reason else said, utc_us)]
