"""`stillwave radar`: the radar configuration of the device at a port, shown, or replaced by that of a file.

Rule: what cannot work is refused here, with file and key, before anything is sent; shown is what the device says it has.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from front.alarm import STORED_WITHIN_S, AlarmError, Clock, Device
from front.env import InputError
from wire import keys, packet, table, values
from wire.transport import Transport

#: The device's own configuration: it is ordered by zeros.
OWN = "default"
#: Field of RADAR_SET -> field of edge.config.RadarConfig, where the names differ; both count in the same unit.
_NAMES = {
    "sample_rate": "sample_rate_hz", "start": "start_khz", "end": "end_khz", "chirp_period": "chirp_period_ns",
    "frame_period": "frame_period_ns", "if_gain": "if_gain_db", "hp_cutoff": "hp_cutoff_khz",
}  # fmt: skip
FIELDS = tuple(one.name for one in table.BY_NAME["RADAR_SET"].fields if one.name != "nonce")


def command(action: str, source: str | None, serial: str, now_us: Clock, simulated: bool = False) -> dict[str, Any]:
    """`show`, or `set` what a file says. Raises InputError, AlarmError when it is refused, KeysError, TransportError."""
    if (action == "set") != (source is not None):
        raise InputError(f"radar {action}: expected {f'a file, or {OWN}' if action == 'set' else 'no file'}")
    fields = None if source is None else wanted(source)
    keyring = keys.whose(simulated)
    with Transport(serial) as port:
        device = Device(port, now_us, keyring)
        if fields is None:
            return as_json(device.integers(packet.RADAR_READ, packet.RADAR))
        return as_json(_order(device, fields))


def wanted(source: str) -> dict[str, int]:
    """The fields of RADAR_SET that a file asks for, checked as the chip needs them. Raises InputError."""
    if source == OWN and not Path(source).exists():
        return dict.fromkeys(FIELDS, 0)
    from edge.config import ConfigError, RadarConfig
    from front.radar.encode import encode
    from front.radar.shape import load_json

    try:
        shape = load_json(Path(source))
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from None
    encode(shape, source)
    try:
        config = RadarConfig(
            rx_mask=sum(1 << (one - 1) for one in shape.rx_antennas),
            n_samples=shape.n_samples,
            n_chirps=shape.n_chirps,
            sample_rate_hz=round(shape.sample_rate_hz),
            start_khz=round(shape.start_hz / 1e3),
            end_khz=round(shape.end_hz / 1e3),
            chirp_period_ns=round(shape.chirp_period_s * 1e9),
            frame_period_ns=round(shape.frame_period_s * 1e9),
            tx_power_level=shape.tx_power_level,
            if_gain_db=shape.if_gain_db,
            hp_cutoff_khz=shape.hp_cutoff_hz // 1000,
        )
    except ConfigError as error:
        raise InputError(f"{source}: {error}") from None
    return {name: int(getattr(config, _NAMES.get(name, name))) for name in FIELDS}


def _order(device: Device, fields: dict[str, int]) -> dict[str, int]:
    """Until it is in force and a reboot finds it."""
    found = device.integers(packet.RADAR_SET, packet.RADAR, fields)
    if found["reason"]:
        raise AlarmError(f"{device.port.port}: radar not set: {values.reason_text(found['reason'])}")
    until_us = device.now_us() + round(STORED_WITHIN_S * 1e6)
    while not (found["stored"] and found["in_force"]) and device.now_us() < until_us:
        device.wait()
        found = device.integers(packet.RADAR_READ, packet.RADAR)
    if not found["stored"]:
        raise AlarmError(f"{device.port.port}: it is so now, but was not read back from flash: a reboot forgets it")
    return found


def as_json(found: dict[str, int]) -> dict[str, Any]:
    """A RADAR answer, its numbers under the names of the firmware's configuration: as a file that `radar set` reads."""
    return {
        "config": {_NAMES.get(name, name): found[name] for name in FIELDS},
        "ordered": bool(found["ordered"]),
        "in_force": bool(found["in_force"]),
        "stored": bool(found["stored"]),
        "config_hash": f"{found['config_hash']:08x}",
    }


def lines(found: dict[str, Any]) -> list[str]:
    """For a person."""
    whose = "ordered by a host" if found["ordered"] else "the device's own"
    state = "in force" if found["in_force"] else "about to be in force"
    kept = "read back from the device's flash" if found["stored"] else "not in the device's flash yet"
    return [f"{whose}, {state}, {kept}", *(f"  {name:<16} {value}" for name, value in found["config"].items())]
