"""Packets to observations: what is new, what is lost, and when it was, in UTC.

Rule: a packet counts once, and gets its time from the clock of its boot. Data of a boot that has not yet
answered this host has no clock: it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from cloud.observations import (
    AlarmEvent,
    Anchor,
    Boot,
    DataPacket,
    Fault,
    Gap,
    Observation,
    Room,
    Transition,
    Untimed,
    Vitals,
)  # fmt: skip
from wire import codec, condition, packet, table, values
from wire.packet import Packet
from wire.spans import Spans
from wire.table import HEADER

#: A boot's clock is set anew when two answers on end differ by more, and by the same. Less is no drift: an answer
#: carries the device time of the last frame, up to a frame period ago; and one answer may be to a question that waited.
ANCHOR_TOLERANCE_US = 250_000
#: An answer that took longer tells nothing about the time.
ANSWER_WITHIN_US = 2_000_000
#: A later device time is damage or nonsense (285 years).
LATEST_US = 1 << 53
COBS_RUN = 254
#: Packets that may wait for a clock. More are not taken, and so not acknowledged: the device keeps them.
WAITING_MAX = 4096
#: So long a packet of an earlier boot waits for one that tells that boot's clock; then its time stays unknown.
UNTIMED_AFTER_US = 60_000_000
#: Bits of an acknowledgement behind its number.
SACK_BITS = 32

DATA = (packet.VITALS, packet.TRANSITION, packet.ALARM_EVENT, packet.ROOM, packet.FAULT, packet.GAP)
#: Boots of the store's first device have their own number; of the second one this is added, and so on.
PER_DEVICE = 1 << 32


@dataclass
class BootState:
    """What is known of one boot: its row, the numbers that have come and that never will, its clock."""

    row: Boot
    got: Spans = field(default_factory=Spans)
    gone: Spans = field(default_factory=Spans)
    offset_us: int | None = None  # UTC minus device time
    other_offset_us: int | None = None  # by the last answer, when it differed
    told_offset_us: int | None = None  # as a packet of it said; holds for a boot that never answered

    def absent_from(self, seq: int) -> int:
        """The first number from this one on that has not come and still may."""
        while True:
            after = self.gone.absent_from(self.got.absent_from(seq))
            if after == seq:
                return seq
            seq = after


@dataclass
class Ingest:
    """State of the ingest. waiting: packets not yet handed on, each with its boot's key and the UTC at which it came.

    devices: of this store, in the order in which they answered first; a boot's key is its number and its device's place.
    """

    boots: dict[int, BootState] = field(default_factory=dict)
    waiting: list[tuple[Packet, int, int]] = field(default_factory=list)
    devices: list[int] = field(default_factory=list)
    device: int = 0  # place of the one at the line


def key_of(state: Ingest, boot: int) -> int:
    """The key of a boot of the device at the line: two devices may have drawn one number."""
    return boot + state.device * PER_DEVICE


def boot_of(state: Ingest, boot: int) -> BootState:
    """The state of a boot of the device at the line, made when it is new."""
    key = key_of(state, boot)
    if key not in state.boots:
        state.boots[key] = BootState(Boot(key, None, None, None, 0, 0, 0))
    return state.boots[key]


def is_device(state: Ingest, device_id: int) -> None:
    """This device has answered. What came before from another one, and has no clock, is that one's to send again."""
    if device_id not in state.devices:
        state.devices.append(device_id)
    place = state.devices.index(device_id)
    if place == state.device:
        return
    for _, key, _ in state.waiting:
        if state.boots.get(key) is not None and state.boots[key].offset_us is None:
            del state.boots[key]
    state.waiting = [one for one in state.waiting if one[1] in state.boots]
    state.device = place


def take(state: Ingest, one: Packet, utc_us: int) -> bool:
    """Accept one intact data packet, heard at utc_us. False for what is no data, nonsense, had before, or too much."""
    if one.type not in DATA or one.t_us > LATEST_US or not one.seq or len(state.waiting) >= WAITING_MAX:
        return False
    boot = boot_of(state, one.boot)
    if not _is_new(boot, one.seq):
        return False
    state.waiting.append((one, boot.row.boot, utc_us))
    _clock_told(boot, one)
    return True


def _is_new(boot: BootState, seq: int) -> bool:
    """Count gaps and duplicates; a packet that fills a gap is no longer lost."""
    row = boot.row
    if seq in boot.got:
        boot.row = row._replace(duplicates=row.duplicates + 1)
        return False
    boot.got.add(seq, seq)
    lost = row.lost + (seq - row.last_seq - 1 if seq > row.last_seq else -1)
    boot.row = row._replace(last_seq=max(seq, row.last_seq), lost=lost)
    return True


def never_comes(boot: BootState, first: int, last: int) -> None:
    """The device no longer has these; what is among them and has not come is lost."""
    boot.gone.add(max(first, 1), last)
    row = boot.row
    if last > row.last_seq:
        boot.row = row._replace(last_seq=last, lost=row.lost + last - row.last_seq)


def committed_up_to(boot: BootState, gone_before: int) -> int:
    """The last number below which nothing is missing that may still come; call with all else committed.

    gone_before: the device no longer keeps lower numbers.
    """
    boot.gone.add(1, min(gone_before - 1, boot.row.last_seq))
    return min(boot.absent_from(1) - 1, boot.row.last_seq)


def sack(boot: BootState, seq: int) -> int:
    """Which packets behind an acknowledged number have come: bit i is seq + 2 + i."""
    return boot.got.bits(seq + 2, SACK_BITS)


def hole(boot: BootState, first: int) -> int | None:
    """How many numbers in a row are missing from this one on; None when it is not known to be missing."""
    after = boot.got.present_from(first)
    return after - first if after is not None and after > first else None


def restored(row: Boot, stored: Iterable[int], offset_us: int | None) -> BootState:
    """The state of a boot from an earlier process; stored: the numbers that are in the file, or never will be, rising."""
    return BootState(row, Spans(stored), Spans(), offset_us)


def _clock_told(boot: BootState, one: Packet) -> None:
    """A boot that never answered this host has the clock that the device had then, when a packet tells it."""
    if boot.offset_us is None and one.type in _TELLS_UTC:
        utc_us = one.fields.get("utc_us", 0)
        assert isinstance(utc_us, int)
        boot.told_offset_us = utc_us - one.t_us if 0 < utc_us <= LATEST_US else boot.told_offset_us


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
    n_body = HEADER.n_bytes + len(one.payload) + len(one.tag) + codec.CRC_BYTES
    return n_body + 2 if n_body < COBS_RUN else len(codec.encode(one))


def flush(state: Ingest, boot_there: int | None, utc_us: int) -> list[tuple[DataPacket | Untimed, Observation | None]]:
    """Rows of the waiting packets whose boot has a clock, in the order of arrival; of an earlier boot that nobody tells
    the time of, rows without one; what a GAP of it says is gone is gone all the same, from when it was told. boot_there: of
    the device that has answered, None: none has."""
    rows: list[tuple[DataPacket | Untimed, Observation | None]] = []
    still = []
    for one, key, came_utc_us in state.waiting:
        boot = state.boots[key]
        if boot.offset_us is None and boot_there is not None and key != key_of(state, boot_there):
            boot.offset_us = boot.told_offset_us
            if boot.offset_us is None and not 0 <= utc_us - came_utc_us < UNTIMED_AFTER_US:
                seen = _gap(one._replace(boot=key), came_utc_us - one.t_us) if one.type == packet.GAP else None
                rows.append((Untimed(key, one.seq, one.type, one.t_us, one.payload), seen))
                continue
        if boot.offset_us is None:
            still.append((one, key, came_utc_us))
            continue
        at_us = one.t_us + boot.offset_us
        raw = DataPacket(key, one.seq, one.type, one.t_us, at_us, line_bytes(one), one.payload)
        rows.append((raw, _OBSERVE[one.type](one._replace(boot=key), boot.offset_us)))
    state.waiting = still
    return rows


def observe(stored: DataPacket) -> Observation:
    """What a stored packet says: the same as when it came. One from before its type grew has 0 in the new fields."""
    payload = stored.payload.ljust(table.LAYOUTS[stored.type].n_bytes, b"\0")
    one = Packet(stored.type, stored.seq, stored.boot, stored.t_us, payload)
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


def gap_of(state: Ingest, one: Packet) -> Gap:
    """What a GAP of the device at the line names; of its time only that of the device."""
    return _gap(one._replace(boot=key_of(state, one.boot)), 0)


def _gap(one: Packet, offset_us: int) -> Gap:
    f = {name: value for name, value in one.fields.items() if isinstance(value, int)}
    of_boot = f["boot"] + one.boot // PER_DEVICE * PER_DEVICE
    what, reason = table.text_of(table.Gap, f["what"]), values.reason_text(f["reason"])
    return Gap(one.boot, one.seq, one.t_us + offset_us, of_boot, f["first"], f["last"], what, reason)


#: Types whose field utc_us is the device's clock at t_us; 0 when it does not know.
_TELLS_UTC = (packet.TRANSITION, packet.ALARM_EVENT)
_OBSERVE: dict[int, Callable[[Packet, int], Observation]] = {
    packet.VITALS: _vitals,
    packet.TRANSITION: _transition,
    packet.ALARM_EVENT: _alarm_event,
    packet.ROOM: _room,
    packet.FAULT: _fault,
    packet.GAP: _gap,
}
