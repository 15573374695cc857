"""`stillwave calibrate`: the antennas and the empty room of the device at a port, measured, shown, forgotten.

Rule: what is shown is what the device has read back from its flash just now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from front.alarm import Device
from front.env import InputError
from front.local_time import SECOND_US
from wire import keys, packet, table, values
from wire.transport import Transport

NEAREST_M, FARTHEST_M, WIDEST_DEG = 0.3, 3.0, 60.0
PROCEDURE_S = 20.0
ENDS_WITHIN_S = 60.0
QUIET_WITHIN_S = 45.0
POLL_S = 0.5
NOT_EMPTY = int(table.Reason["NOT_EMPTY"])
PROCEDURES = {"empty-room": "EMPTY_ROOM", "corner": "CORNER", "forget": "FORGET"}

Progress = Callable[[float], None]
"""Called with the share that is done, 0..1."""


class CalibrationError(Exception):
    """The device does not calibrate; one line that says why."""


def command(
    action: str,
    serial: str,
    place: tuple[float | None, float, float],
    now_us: Callable[[], int],
    progress: Progress,
    simulated: bool = False,
) -> dict[str, Any]:
    """`empty-room`, `corner`, `forget` or `show` at a port: the calibration then.

    place: of the corner reflector: distance in m (None: 1), azimuth and elevation in degrees.
    Raises InputError, CalibrationError, TransportError.
    """
    fields = None if action == "show" else checked(action, place)
    keyring = keys.whose(simulated)
    with Transport(serial) as port:
        device = Device(port, now_us, keyring)
        return as_json(read(device) if fields is None else run(device, fields, progress))


def checked(action: str, place: tuple[float | None, float, float]) -> dict[str, int]:
    """The fields of a CALIBRATE. Raises InputError."""
    distance_m, azimuth_deg, elevation_deg = place
    if action != "corner" and (distance_m is not None or azimuth_deg or elevation_deg):
        raise InputError(
            f"calibrate {action}: expected no place; --distance, --azimuth and --elevation are the corner's"
        )
    distance_m = 1.0 if distance_m is None else distance_m
    if not NEAREST_M <= distance_m <= FARTHEST_M:
        raise InputError(f"--distance: expected {NEAREST_M:g} to {FARTHEST_M:g} m, got {distance_m:g}")
    for name, deg in (("azimuth", azimuth_deg), ("elevation", elevation_deg)):
        if not -WIDEST_DEG <= deg <= WIDEST_DEG:
            raise InputError(f"--{name}: expected -{WIDEST_DEG:g} to {WIDEST_DEG:g} degrees, got {deg:g}")
    return {
        "procedure": int(table.Procedure[PROCEDURES[action]]),
        "distance": round(1000 * distance_m),
        "azimuth": round(100 * azimuth_deg),
        "elevation": round(100 * elevation_deg),
    }


def read(device: Device) -> dict[str, int]:
    """The calibration as the device has it. Raises TransportError."""
    return integers(device, packet.CALIBRATION_READ, None)


def run(device: Device, fields: Mapping[str, int], progress: Progress = lambda _: None) -> dict[str, int]:
    """A procedure to its end; one that whoever has just left holds up is asked for again. Raises CalibrationError."""
    started_us = device.now_us()
    while True:
        found = integers(device, packet.CALIBRATE, fields)
        refused = found["state"] == table.CalibrationState["FAILED"] and found["reason"] == NOT_EMPTY
        if not refused or device.now_us() - started_us > QUIET_WITHIN_S * SECOND_US:
            break
        device.port.read(POLL_S)
    end_us = device.now_us() + round(ENDS_WITHIN_S * SECOND_US)
    busy = (table.CalibrationState["MEASURING"], table.CalibrationState["STORING"])
    while found["state"] in busy and device.now_us() < end_us:
        progress(found["progress"] / 255)
        device.port.read(POLL_S)
        found = read(device)
    name = next(key for key, word in PROCEDURES.items() if fields["procedure"] == table.Procedure[word])
    if found["state"] in busy:
        raise CalibrationError(f"{device.port.port}: {name}: it does not end within {ENDS_WITHIN_S:g} s")
    if found["state"] == table.CalibrationState["FAILED"]:
        raise CalibrationError(f"{device.port.port}: {name}: {values.reason_text(found['reason'])}")
    if name != "forget" and not found["stored"] & fields["procedure"]:
        raise CalibrationError(f"{device.port.port}: {name}: it was not read back from flash")
    return found


def integers(device: Device, kind: int, fields: Mapping[str, int] | None) -> dict[str, int]:
    """The answer to a question."""
    answer = device.ask(kind, packet.CALIBRATION, fields)
    return {name: value for name, value in answer.fields.items() if isinstance(value, int)}


def as_json(found: Mapping[str, int]) -> dict[str, Any]:
    """A CALIBRATION in units; null where nothing was measured."""
    corner = bool(found["stored"] & table.Procedure["CORNER"])
    room = bool(found["stored"] & table.Procedure["EMPTY_ROOM"])

    def scaled(name: str, lsb: float, known: bool) -> float | None:
        return round(found[name] * lsb, 3) if known else None

    return {
        "state": table.text_of(table.CalibrationState, found["state"]),
        "corner": corner,
        "empty_room": room,
        "gain_rx2_db": scaled("gain_rx2", 0.001, corner),
        "gain_rx3_db": scaled("gain_rx3", 0.001, corner),
        "phase_rx2_deg": scaled("phase_rx2", 0.01, corner),
        "phase_rx3_deg": scaled("phase_rx3", 0.01, corner),
        "error_before_deg": scaled("error_before", 0.01, corner),
        "error_after_deg": scaled("error_after", 0.01, corner),
        "residue_before_counts": scaled("residue_before", 0.01, room),
        "residue_after_counts": scaled("residue_after", 0.01, room),
        "reason": values.reason_text(found["reason"]) or None,
    }


def as_text(found: Mapping[str, Any]) -> str:
    """One line for a person."""
    said = []
    if found["corner"]:
        gains = ", ".join(
            f"RX{n} {found[f'gain_rx{n}_db']:+.2f} dB {found[f'phase_rx{n}_deg']:+.1f} deg" for n in (2, 3)
        )
        error = f"{found['error_before_deg']:.1f} deg before, {found['error_after_deg']:.1f} after"
        said.append(f"antennas against RX1: {gains}; direction off by {error}")
    if found["empty_room"]:
        residue = f"{found['residue_before_counts']:.2f} counts before, {found['residue_after_counts']:.2f} after"
        said.append(f"still echoes {residue}")
    if not said:
        return f"not calibrated: {found['reason']}" if found["reason"] else "not calibrated"
    return "; ".join(said) + ", read back from the device's flash"
