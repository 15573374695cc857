"""`stillwave standby` and `stillwave light`, and the wake window of `stillwave alarm set`: orders to the device at a port.

Rule: as with the alarm: what is shown is what the device says it has, read back from its flash where it is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from front.alarm import STORED_WITHIN_S, AlarmError, Clock, Device
from front.env import InputError
from wire import keys, packet, table, values
from wire.transport import Transport

ANY_TIME = 65535
"""A wake window without an end."""
LONGEST_MIN = (ANY_TIME - 1) // 60
FULL = 255
Found = dict[str, int]


def standby(action: str, serial: str, now_us: Clock, simulated: bool = False) -> dict[str, Any]:
    """`on`, `off` or `show`. Raises AlarmError when the switch wins, TransportError."""
    keyring = keys.whose(simulated)
    with Transport(serial) as port:
        device = Device(port, now_us, keyring)
        if action == "show":
            return as_json(read(device))
        found = order(device, packet.STANDBY, {"on": int(action == "on")})
        if found["reason"]:
            said = "not in standby" if action == "on" else "still in standby"
            raise AlarmError(f"{serial}: {said}: {values.reason_text(found['reason'])}")
        return as_json(found)


def light(level: str, minutes: float, serial: str, now_us: Clock, simulated: bool = False) -> dict[str, Any]:
    """The night light at so many percent, off, or as it is. Raises InputError, TransportError."""
    part = _part(level)
    seconds = _seconds(minutes, "--minutes")
    if not seconds:
        raise InputError(f"--minutes {minutes:g}: expected more than 0")
    keyring = keys.whose(simulated)
    with Transport(serial) as port:
        device = Device(port, now_us, keyring)
        if part is None:
            return as_json(read(device))
        found = device.integers(packet.NIGHT_LIGHT, packet.ORDERS, {"night_light": part, "duration": seconds})
        return as_json(found)


def window(action: str, minutes: float | None) -> Callable[[Device], object] | None:
    """What --window of `alarm` tells the device; None: nothing. Raises InputError; when called AlarmError, TransportError."""
    if minutes is None:
        return None
    if action != "set":
        raise InputError(f"--window {minutes:g}: expected together with alarm set")
    seconds = _seconds(minutes, "--window")
    return lambda device: order(device, packet.WAKE_WINDOW, {"wake_window": seconds})


def read(device: Device) -> Found:
    """What the device has. Raises TransportError."""
    return device.integers(packet.ORDERS_READ, packet.ORDERS)


def order(device: Device, kind: int, fields: Found) -> Found:
    """Gives an order that is kept, and waits until it is in flash; `reason` is the order's own. Raises AlarmError."""
    first = device.integers(kind, packet.ORDERS, fields)
    found, until_us = first, device.now_us() + round(STORED_WITHIN_S * 1e6)
    while not found["stored"] and device.now_us() < until_us:
        device.wait()
        found = read(device)
    if not found["stored"]:
        raise AlarmError(f"{device.port.port}: it is so now, but was not read back from flash: a reboot forgets it")
    return {**found, "reason": first["reason"]}


def as_json(found: Found) -> dict[str, Any]:
    """An ORDERS answer in words."""
    by = [table.text_of(table.Standby, one) for one in table.Standby if found["standby"] & one]
    ends = found["wake_window"] != ANY_TIME
    return {
        "standby": bool(by),
        "standby_by": by,
        "wake_window_s": found["wake_window"] if ends else None,
        "night_light_pct": round(100 * found["night_light"] / FULL),
        "night_light_left_s": found["light_left"],
        "stored": bool(found["stored"]),
    }


def standby_text(found: dict[str, Any]) -> str:
    """One line for a person."""
    if not found["standby"]:
        return "not in standby"
    return f"in standby, by {' and '.join(found['standby_by'])}; an armed alarm rings all the same"


def light_text(found: dict[str, Any]) -> str:
    """One line for a person."""
    if not found["night_light_left_s"]:
        return "the night light is off"
    return (
        f"the night light burns at {found['night_light_pct']} %, {math.ceil(found['night_light_left_s'] / 60)} min more"
    )


def _part(level: str) -> int | None:
    """255ths; None to show."""
    if level in ("off", "show"):
        return 0 if level == "off" else None
    try:
        percent = float(level.removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not 0 <= percent <= 100:
        raise InputError(f"light {level}: expected off, show or a percentage, 0 to 100")
    return round(percent * FULL / 100)


def _seconds(minutes: float, where: str) -> int:
    if not 0 <= minutes <= LONGEST_MIN:
        raise InputError(f"{where} {minutes:g}: expected 0 to {LONGEST_MIN} minutes")
    return round(minutes * 60)
