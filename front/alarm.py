"""`stillwave alarm`: set, cancel, snooze and show the alarm of the device at a port, without a cloud process.

Rule: what is shown is what the device has read back from its flash just now, never what it was asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Any

from front.config import Config
from front.env import InputError
from front.local_time import SECOND_US, live_zone, local, next_utc_us, wall_time
from wire import codec, handshake, keys, packet, table, trust, values
from wire.packet import Packet
from wire.transport import Transport, TransportError

ANSWER_WITHIN_S = 1.5
TRIES = 5
STORED_WITHIN_S = 10.0
POLL_S = 0.2
NO_ANSWER = "no answer from a device"
NEXT_RING, RANG_AT, DEVICE_CLOCK = "next_ring_utc_us", "rang_at_utc_us", "utc_us"

Clock = Callable[[], int]
"""The host's UTC, us."""


class AlarmError(Exception):
    """The device does not do what it was asked; one line that says why."""


@dataclass
class Device:
    """Questions to a device at an open port, each repeated until it is answered. now_us: the host's clock.

    It speaks with tags, and heeds the devices of its keyring alone.
    """

    port: Transport
    now_us: Clock
    keyring: trust.Keyring = field(default_factory=lambda: keys.of_a_host(keys.place()))

    def __post_init__(self) -> None:
        self._decoder = codec.Decoder()
        self._link = handshake.State()
        self._open_session()

    def _open_session(self) -> None:
        """Raises TransportError, also for a device that is not ours."""
        trouble = NO_ANSWER
        for _ in range(TRIES):
            asked = handshake.tick(handshake.Config(), replace(self._link, nonce=0), self.now_us(), os.urandom)
            self._link = asked.state
            self.port.write(asked.send)
            until_us = self.now_us() + round(ANSWER_WITHIN_S * SECOND_US)
            while (left_us := until_us - self.now_us()) > 0:
                for one in self._decoder.feed(self.port.read(left_us / 1e6)):
                    noticed = handshake.receive(self._link, one, self.now_us(), self.keyring)
                    self._link = noticed.state
                    if self._link.device is not None:
                        return
                    trouble = next((event.value for event in noticed.events if event in handshake.TROUBLES), trouble)
        raise TransportError(self.port.port, trouble, lost=trouble == NO_ANSWER)

    def _heeds(self, one: Packet) -> bool:
        return self._link.session is None or trust.genuine(self._link.session, one)

    def ask(self, kind: int, answer: int, fields: Mapping[str, int] | None = None) -> Packet:
        """The answer to a question. Raises TransportError when none comes."""
        for _ in range(TRIES):
            nonce = int.from_bytes(os.urandom(8), "little") or 1
            self.send(kind, {"nonce": nonce, **(fields or {})})
            until_us = self.now_us() + round(ANSWER_WITHIN_S * SECOND_US)
            while (left_us := until_us - self.now_us()) > 0:
                for one in self._decoder.feed(self.port.read(left_us / 1e6)):
                    if one.type == answer and one.fields["nonce"] == nonce and self._heeds(one):
                        return one
        raise TransportError(self.port.port, NO_ANSWER, lost=True)

    def send(self, kind: int, fields: Mapping[str, int]) -> None:
        """A packet that wants no answer."""
        self._link, line = handshake.seal(self._link, codec.encode(packet.make(kind, fields)))
        self.port.write(line)

    def tell_time(self) -> None:
        """The host's clock: the device needs it for an instant."""
        pong = self.ask(packet.PING, packet.PONG)
        nonce = _integers(pong)["device_nonce"]
        self.send(packet.TIME, {"device_nonce": nonce, "utc_us": self.now_us()})

    def integers(self, kind: int, answer: int, fields: Mapping[str, int] | None = None) -> dict[str, int]:
        """The fields of the answer to a question, lists left out. Raises TransportError."""
        return _integers(self.ask(kind, answer, fields))

    def wait(self) -> None:
        """Until it is worth asking again."""
        self.port.read(POLL_S)

    def state(self, kind: int = packet.ALARM_READ, fields: Mapping[str, int] | None = None) -> dict[str, int]:
        """The alarm, after a question of this kind."""
        return _integers(self.ask(kind, packet.ALARM_STATE, fields))

    def until(self, settled: Callable[[dict[str, int]], bool], found: dict[str, int]) -> dict[str, int]:
        """Reads the alarm again until it is settled, or until that takes too long."""
        end_us = self.now_us() + round(STORED_WITHIN_S * SECOND_US)
        while not settled(found) and self.now_us() < end_us:
            self.port.read(POLL_S)
            found = self.state()
        return found


def command(
    action: str,
    at: str | None,
    serial: str,
    tz: str | None,
    config: Config,
    now_us: Clock,
    first: Callable[[Device], object] | None = None,
    simulated: bool = False,
) -> tuple[dict[str, Any], str]:
    """`set` at a time, `cancel`, `snooze` or `show` at a port: the alarm then, and the time zone.

    first: what the device is told before that. simulated: an emulated board is heeded.
    Raises InputError, AlarmError, KeysError, TransportError.
    """
    if (action == "set") != (at is not None):
        raise InputError(f"alarm {action}: expected {'a time, HH:MM' if action == 'set' else 'no time'}")
    zone = live_zone(tz, config)
    wall = None if at is None else wall_time(at, "alarm set")
    keyring = keys.whose(simulated)
    with Transport(serial) as port:
        device = Device(port, now_us, keyring)
        if first is not None:
            first(device)
        if wall is not None:
            return set_alarm(device, wall, zone, round(config.alarm.sunrise_min * 60)), zone
        doing = {"cancel": cancel_alarm, "snooze": snooze_alarm, "show": show_alarm}[action]
        return doing(device), zone


def set_alarm(device: Device, wall: time, timezone: str, sunrise_s: int) -> dict[str, Any]:
    """Sets it to the next such time in the zone; returns what is armed. Raises AlarmError, TransportError."""
    device.tell_time()
    set_for_utc_us = next_utc_us(device.now_us(), wall, timezone)
    wanted = {"set_for_utc_us": set_for_utc_us, "sunrise_s": sunrise_s}
    found = device.state(packet.ALARM_SET, wanted)
    if found["state"] == table.AlarmState["OFF"]:
        raise AlarmError(f"{device.port.port}: not set: {values.reason_text(found['reason'])}")
    found = device.until(lambda one: bool(one["stored"]) and one["set_for_utc_us"] == set_for_utc_us, found)
    if not found["stored"] or found["set_for_utc_us"] != set_for_utc_us:
        why = values.reason_text(found["reason"]) or "it was not read back from flash"
        raise AlarmError(f"{device.port.port}: not armed: {why}")
    return as_json(found)


def cancel_alarm(device: Device) -> dict[str, Any]:
    """Takes it back; one that was not set is no error. Raises AlarmError, TransportError."""
    off = table.AlarmState["OFF"]
    found = device.until(lambda one: one["state"] == off, device.state(packet.ALARM_CANCEL))
    if found["state"] != off:
        raise AlarmError(f"{device.port.port}: not cancelled: {values.reason_text(found['reason'])}")
    return as_json(found)


def snooze_alarm(device: Device) -> dict[str, Any]:
    """As a short press of the button: nine minutes, or until the set time. Raises AlarmError, TransportError."""
    found = device.state(packet.SNOOZE)
    if found["state"] != table.AlarmState["SNOOZED"]:
        raise AlarmError(f"{device.port.port}: not snoozed: {values.reason_text(found['reason'])}")
    return as_json(found)


def show_alarm(device: Device) -> dict[str, Any]:
    """The alarm as the device has it. Raises TransportError."""
    return as_json(device.state())


def as_json(found: Mapping[str, int]) -> dict[str, Any]:
    """An ALARM_STATE in words; times in UTC, ISO, null where there is none."""
    utc = {key.removesuffix("_us"): _iso(found[key]) for key in ("set_for_utc_us", NEXT_RING, RANG_AT, DEVICE_CLOCK)}
    return {
        "state": table.text_of(table.AlarmState, found["state"]),
        "stored": bool(found["stored"]),
        **utc,
        "sunrise_s": found["sunrise_s"],
        "rung_by": table.text_of(table.AlarmMaker, found["rung_by"]) if found[RANG_AT] else None,
        "clock": table.text_of(table.ClockSource, found["clock"]),
        "reason": values.reason_text(found["reason"]) or None,
    }


def as_text(found: Mapping[str, Any], timezone: str) -> str:
    """One line for a person."""
    if found["set_for_utc"] is None:
        return "no alarm is set"
    said = f"{found['state']} for {local(_us(found['set_for_utc']), timezone)} ({timezone})"
    said += ", read back from the device's flash" if found["stored"] else ", not in the device's flash yet"
    if found["rang_at_utc"]:
        said += f"; rang at {local(_us(found['rang_at_utc']), timezone)}, rung by the {found['rung_by']}"
    return f"{said}: {found['reason']}" if found["reason"] else said


def _integers(answer: Packet) -> dict[str, int]:
    return {name: value for name, value in answer.fields.items() if isinstance(value, int)}


def _iso(utc_us: int) -> str | None:
    return datetime.fromtimestamp(utc_us // SECOND_US, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if utc_us else None


def _us(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * SECOND_US
