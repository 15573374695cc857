"""Packets to observations: what is new, what is lost, and when it was, in UTC.

Rule: a packet counts once, and gets its time from the clock of its boot. Data of a boot that has not yet
answered this host has no clock: it waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cloud.observations import AlarmEvent, Anchor, Boot, DataPacket, Fault, Observation, Room, Transition, Vitals
from wire import codec, condition, packet, table, values
from wire.packet import Packet
from wire.table import HEADER

#: A boot's clock is set anew when two answers on end differ by more, and by the same. Less is no drift: an answer
#: carries the device time of the last frame, up to a frame period ago; and one answer may be to a question that waited.
ANCHOR_TOLERANCE_US = 250_000
#: An answer that took longer tells nothing about the time.
ANSWER_WITHIN_US = 2_000_000
#: A later device time is damage or nonsense (285 years).
LATEST_US = 1 << 53
COBS_RUN = 254
#: Packets that may wait for a clock; older ones count as lost.
WAITING_MAX = 4096
#: Missing packets that a late one may still fill.
MISSING_MAX = 1000
#: How long a missing packet that the device still keeps holds the acknowledgement: it has all come again by then.
GIVE_UP_US = 120_000_000

DATA = (packet.VITALS, packet.TRANSITION, packet.ALARM_EVENT, packet.ROOM, packet.FAULT)


@dataclass
class BootState:
    """What is known of one boot: its row, the sequence numbers still missing, its clock."""

    row: Boot
    missing: dict[int, int] = field(default_factory=dict)  # seq -> UTC us at which it was missed, newest MISSING_MAX
    offset_us: int | None = None  # UTC minus device time
    other_offset_us: int | None = None  # by the last answer, when it differed


@dataclass
class Ingest:
    """State of the ingest. waiting: data packets not yet handed on, in the order of arrival."""

    boots: dict[int, BootState] = field(default_factory=dict)
    waiting: list[Packet] = field(default_factory=list)


def boot_of(state: Ingest, boot: int) -> BootState:
    """The state of a boot, made when it is new."""
    if boot not in state.boots:
        state.boots[boot] = BootState(Boot(boot, None, None, None, 0, 0, 0))
    return state.boots[boot]


def take(state: Ingest, one: Packet, utc_us: int) -> bool:
    """Accept one intact data packet, heard at utc_us. False for what is no data, nonsense, or had before."""
    if one.type not in DATA or one.t_us > LATEST_US or not _is_new(boot_of(state, one.boot), one.seq, utc_us):
        return False
    state.waiting.append(one)
    if len(state.waiting) > WAITING_MAX:
        boot = state.boots[state.waiting.pop(0).boot]
        boot.row = boot.row._replace(lost=boot.row.lost + 1)
    return True


def _is_new(boot: BootState, seq: int, utc_us: int) -> bool:
    """Count gaps and duplicates; a packet that fills a gap is no longer lost."""
    row = boot.row
    if seq > row.last_seq:
        gap = range(row.last_seq + 1, seq)
        boot.missing.update(dict.fromkeys(gap[-MISSING_MAX:], utc_us))
        for old in list(boot.missing)[:-MISSING_MAX]:
            del boot.missing[old]
        boot.row = row._replace(last_seq=seq, lost=row.lost + len(gap))
        return True
    if seq in boot.missing:
        del boot.missing[seq]
        boot.row = row._replace(lost=row.lost - 1)
        return True
    boot.row = row._replace(duplicates=row.duplicates + 1)
    return False


def committed_up_to(boot: BootState, utc_us: int, gone_before: int) -> int:
    """The last number below which nothing is missing that may still come; call with all else committed.

    gone_before: the device no longer keeps lower numbers.
    """
    awaited = (seq for seq, since in boot.missing.items() if seq >= gone_before and utc_us - since < GIVE_UP_US)
    return min(awaited, default=boot.row.last_seq + 1) - 1


def hole(boot: BootState, first: int) -> int | None:
    """How many numbers in a row are missing from this one on; None when it is not known to be missing."""
    n = 0
    while first + n in boot.missing:
        n += 1
    return n or None


def restored(row: Boot, missing: list[int], offset_us: int | None, utc_us: int) -> BootState:
    """The state of a boot from an earlier process; what it missed may still come from now, utc_us, on."""
    return BootState(row, dict.fromkeys(missing[-MISSING_MAX:], utc_us), offset_us)


def set_clock(state: Ingest, answer: Packet, asked_utc_us: int, heard_utc_us: int) -> list[Anchor]:
    """Set the clock of a boot by an answer to a question asked at asked_utc_us: both name one instant.

    The line's way there is the error: milliseconds on a real port, nothing in lock-step.
    """
    boot = boot_of(state, answer.boot)
    offset_us = asked_utc_us - answer.t_us
    if heard_utc_us - asked_utc_us > ANSWER_WITHIN_US or answer.t_us > LATEST_US:
        return []
    if boot.offset_us is not None:
        if _close(offset_us, boot.offset_us):
            boot.other_offset_us = None
            return []
        before, boot.other_offset_us = boot.other_offset_us, offset_us
        if before is None or not _close(offset_us, before):
            return []
    boot.offset_us, boot.other_offset_us = offset_us, None
    return [Anchor(answer.boot, answer.t_us, asked_utc_us)]


def set_host_clock(state: Ingest, boot: int, offset_us: int) -> list[Anchor]:
    """The clock of a boot that answers no questions and whose times are the host's already, less offset_us. Once."""
    one = boot_of(state, boot)
    if one.offset_us is not None:
        return []
    one.offset_us = offset_us
    return [Anchor(boot, 0, offset_us)]


def _close(offset_us: int, other_us: int) -> bool:
    return abs(offset_us - other_us) <= ANCHOR_TOLERANCE_US


def line_bytes(one: Packet) -> int:
    """Length on the line, delimiter included; short blocks grow by exactly one COBS byte."""
    n_body = HEADER.n_bytes + len(one.payload) + codec.CRC_BYTES
    return n_body + 2 if n_body < COBS_RUN else len(codec.encode(one))


def flush(state: Ingest) -> list[tuple[DataPacket, Observation]]:
    """Rows of the waiting packets whose boot has a clock, in the order of arrival."""
    rows, still = [], []
    for one in state.waiting:
        offset_us = state.boots[one.boot].offset_us
        if offset_us is None:
            still.append(one)
            continue
        utc_us = one.t_us + offset_us
        raw = DataPacket(one.boot, one.seq, one.type, one.t_us, utc_us, line_bytes(one), one.payload)
        rows.append((raw, _OBSERVE[one.type](one, offset_us)))
    state.waiting = still
    return rows


def observe(stored: DataPacket) -> Observation:
    """What a stored packet says: the same as when it came."""
    one = Packet(stored.type, stored.seq, stored.boot, stored.t_us, stored.payload)
    return _OBSERVE[stored.type](one, stored.utc_us - stored.t_us)


def _vitals(one: Packet, offset_us: int) -> Vitals:
    v = values.vitals(one)
    return Vitals(
        boot=v.boot,
        seq=v.seq,
        utc_us=v.t_us + offset_us,
        frame=v.frame,
        state=v.state,
        saturated=int(v.saturated),
        gap_before=int(v.gap_before),
        confidence=v.confidence,
        respiration_rate_per_min=v.respiration_rate_per_min,
        respiration_validity=v.respiration_validity,
        respiration_reason=v.respiration_reason,
        moving={"still": 0, "moving": 1}.get(v.motion_class),
        motion_db=v.motion_db,
        motion_validity=v.motion_validity,
        motion_reason=v.motion_reason,
        distance_mm=v.distance_mm,
        distance_validity=v.distance_validity,
        azimuth_deg=v.azimuth_deg,
        elevation_deg=v.elevation_deg,
        position_reason=v.position_reason,
        wave=None if v.wave_um is None else np.array(v.wave_um, "<i2").tobytes(),
        wave_utc_us=min(v.wave_t_us, LATEST_US) + offset_us,
        wave_validity=v.wave_validity,
        wave_reason=v.wave_reason,
        quality_breathing=v.quality_breathing,
        quality_motion=v.quality_motion,
    )


def _transition(one: Packet, offset_us: int) -> Transition:
    v = values.transition(one)
    silent = [None if t is None else min(t, LATEST_US) + offset_us for t in (v.silent_from_us, v.silent_to_us)]
    return Transition(
        v.boot, v.seq, v.t_us + offset_us, v.from_state, v.to_state, v.reason, silent[0], silent[1], v.silent_reason
    )


def _alarm_event(one: Packet, offset_us: int) -> AlarmEvent:
    f = {name: integer for name, integer in one.fields.items() if isinstance(integer, int)}
    device_utc_us, set_for_utc_us = (min(f[name], LATEST_US) or None for name in ("utc_us", "set_for_utc_us"))
    return AlarmEvent(
        one.boot,
        one.seq,
        one.t_us + offset_us,
        table.text_of(table.AlarmDeed, f["event"]),
        table.text_of(table.AlarmMaker, f["by"]),
        values.reason_text(f["reason"]),
        device_utc_us,
        set_for_utc_us,
    )


def _room(one: Packet, offset_us: int) -> Room:
    v = condition.room(one)
    return Room(
        one.boot, one.seq, one.t_us + offset_us, v.temperature_c, v.temperature_reason, v.humidity_pct,
        v.humidity_reason, v.light_lux, v.light_reason,
    )  # fmt: skip


def _fault(one: Packet, offset_us: int) -> Fault:
    v = condition.fault(one)
    from_us, to_us = (None if t is None else min(t, LATEST_US) + offset_us for t in (v.from_us, v.to_us))
    assert from_us is not None
    return Fault(one.boot, one.seq, one.t_us + offset_us, v.reason, int(v.present), v.times, from_us, to_us)


_OBSERVE: dict[int, Callable[[Packet, int], Observation]] = {
    packet.VITALS: _vitals,
    packet.TRANSITION: _transition,
    packet.ALARM_EVENT: _alarm_event,
    packet.ROOM: _room,
    packet.FAULT: _fault,
}
