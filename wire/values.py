"""Packets as physical values: every name ends in its unit, and what is not known is None with a reason.

Rule: a value whose validity is 0 is never shown, whatever integer the packet carries.
"""

from __future__ import annotations

from dataclasses import dataclass

from wire import packet as packets
from wire import table
from wire.packet import Packet

NO_REASON = "no reason given"
FLAG_SATURATED = 1
FLAG_GAP = 2


# packet type -> (field, LSB as numerator and denominator) of the fields that are not plain integers
_SCALES = {
    number: [(f.name, f.lsb.numerator, f.lsb.denominator) for f in layout.fields if f.lsb != 1]
    for number, layout in table.LAYOUTS.items()
}


def reason_text(number: int) -> str:
    """Text of a SW_REASON_* number; empty for none."""
    return table.text_of(table.Reason, number)


@dataclass(frozen=True, slots=True)
class Scaled:
    """All fields of a packet times their LSB; a field of the VALUE table that is unknown is None and has a reason."""

    values: dict[str, float | int | tuple[float | int, ...] | None]
    reasons: dict[str, str]


def scaled(packet: Packet) -> Scaled:
    """The packet's fields as physical values in the units of the table.

    Integers where the LSB is 1, floats elsewhere. Raises struct.error when the payload is too short.
    """
    integers = packet.fields
    values: dict[str, float | int | tuple[float | int, ...] | None] = {**integers}
    for name, numerator, denominator in _SCALES[packet.type]:
        integer = integers[name]
        if isinstance(integer, tuple):
            values[name] = tuple(one * numerator / denominator for one in integer)
        else:
            values[name] = integer * numerator / denominator
    reasons = {}
    for value in packet.layout.values:
        if integers[value.validity] == 0:
            reason = integers[value.reason]
            values[value.field] = None
            reasons[value.field] = reason_text(reason if isinstance(reason, int) else 0) or NO_REASON
    return Scaled(values, reasons)


def _number(value: object) -> float:
    """A scaled scalar as a float. Raises TypeError for anything else."""
    if not isinstance(value, (int, float)):
        raise TypeError(f"a number was expected, found {value!r}")
    return float(value)


def _known(value: object) -> float | None:
    """A scaled scalar as a float, None when it is unknown."""
    return None if value is None else _number(value)


@dataclass(frozen=True, slots=True)
class Vitals:
    """One VITALS packet. Validities, confidence and qualities: 0..1; a reason is text, empty for none.

    wave_um: int[wave_n], um at 10 samples/s from device time wave_t_us, + towards the radar.
    """

    boot: int
    seq: int
    t_us: int
    frame: int
    state: str
    saturated: bool
    gap_before: bool
    confidence: float
    respiration_rate_per_min: float | None
    respiration_validity: float
    respiration_reason: str
    motion_class: str
    motion_db: float | None
    motion_validity: float
    motion_reason: str
    distance_mm: float | None
    distance_validity: float
    azimuth_deg: float | None
    elevation_deg: float | None
    direction_validity: float
    position_reason: str
    range_bin: int
    quality_breathing: float
    quality_motion: float
    wave_um: tuple[int, ...] | None
    wave_validity: float
    wave_reason: str
    wave_t_us: int


def vitals(packet: Packet) -> Vitals:
    """A VITALS packet as physical values. Raises ValueError for another type."""
    if packet.type != packets.VITALS:
        raise ValueError(f"packet type {packet.type}, expected VITALS ({packets.VITALS})")
    all_fields = scaled(packet)
    v, reasons = all_fields.values, all_fields.reasons
    flags = int(_number(v["flags"]))
    wave, wave_n = v["wave"], int(_number(v["wave_n"]))
    motion_class = 0 if v["motion_class"] is None else int(_number(v["motion_class"]))

    def reason(value: str, field: str) -> str:
        return reasons.get(value) or reason_text(int(_number(v[field])))

    return Vitals(
        boot=packet.boot,
        seq=packet.seq,
        t_us=packet.t_us,
        frame=int(_number(v["frame"])),
        state=table.text_of(table.UplinkState, int(_number(v["state"]))),
        saturated=bool(flags & FLAG_SATURATED),
        gap_before=bool(flags & FLAG_GAP),
        confidence=_number(v["confidence"]),
        respiration_rate_per_min=_known(v["respiration_rate"]),
        respiration_validity=_number(v["respiration_validity"]),
        respiration_reason=reason("respiration_rate", "respiration_reason"),
        motion_class=table.text_of(table.MotionClass, motion_class),
        motion_db=_known(v["motion"]),
        motion_validity=_number(v["motion_validity"]),
        motion_reason=reason("motion", "motion_reason"),
        distance_mm=_known(v["distance"]),
        distance_validity=_number(v["distance_validity"]),
        azimuth_deg=_known(v["azimuth"]),
        elevation_deg=_known(v["elevation"]),
        direction_validity=_number(v["direction_validity"]),
        position_reason=reasons.get("distance") or reason("azimuth", "position_reason"),
        range_bin=int(_number(v["range_bin"])),
        quality_breathing=_number(v["quality_breathing"]),
        quality_motion=_number(v["quality_motion"]),
        wave_um=tuple(int(one) for one in wave[:wave_n]) if isinstance(wave, tuple) else None,
        wave_validity=_number(v["wave_validity"]),
        wave_reason=reason("wave", "wave_reason"),
        wave_t_us=int(_number(v["wave_t_us"])),
    )


@dataclass(frozen=True, slots=True)
class Transition:
    """The uplink policy entered or left streaming; silent_* is None unless a silence ends with it.

    silent_reason: why it was silent, the most important of the causes; None also when the packet gives none.
    """

    boot: int
    seq: int
    t_us: int
    from_state: str
    to_state: str
    reason: str
    silent_from_us: int | None
    silent_to_us: int | None
    silent_reason: str | None


def transition(packet: Packet) -> Transition:
    """A TRANSITION packet in words. Raises ValueError for another type."""
    if packet.type != packets.TRANSITION:
        raise ValueError(f"packet type {packet.type}, expected TRANSITION ({packets.TRANSITION})")
    from_state, to_state, reason, silent_from_us, silent_to_us, silent_reason, _ = packet.layout.codes.unpack_from(
        packet.payload
    )
    ends_silence = silent_to_us != 0
    return Transition(
        packet.boot,
        packet.seq,
        packet.t_us,
        table.text_of(table.UplinkState, from_state),
        table.text_of(table.UplinkState, to_state),
        reason_text(reason),
        silent_from_us if ends_silence else None,
        silent_to_us if ends_silence else None,
        reason_text(silent_reason) if ends_silence and silent_reason else None,
    )
