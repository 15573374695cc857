"""The epoch under construction, second by second. Rule: only the primary user's seconds are kept.

An epoch is complete LAG_S after its end: the waveform of its last second comes with the packets after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean, median

import numpy as np

from cloud.epoch_input import EPOCH_S, EPOCH_US, N_WAVE, WAVE_HZ, EpochInput
from cloud.observations import VALID_FROM, Epoch, Vitals
from cloud.settle import SECOND_US
from cloud.staging import Staged

LAG_S = 1
SAMPLE_US = SECOND_US // WAVE_HZ
VALID_SHARE = VALID_FROM / 255
NO_PACKETS = "no packets"
UNCERTAIN = "breathing not certain enough"
NOT_HEARD = "nobody listened"
OCCUPIED = ("user", "away", "unknown")


@dataclass
class Second:
    """What one second says. who: 1 the user, 0 somebody else, None not known; occupied: one of OCCUPIED."""

    occupied: str
    who: int | None
    rate_per_min: float | None
    moving: int | None
    motion_db: float | None
    confidence: float | None
    distance_mm: float | None
    reason: str
    elevation_deg: float | None = None


@dataclass
class Gather:
    """seconds: from start_s on (since 1970, 0: nothing yet); wave_um: from there on, ten a second."""

    start_s: int = 0
    seconds: list[Second] = field(default_factory=list)
    wave_um: list[int | None] = field(default_factory=list)


def begin(state: Gather, second: int) -> None:
    """The first epoch is the one that holds this second; what lies before it in the epoch was not heard."""
    state.start_s = second - second % EPOCH_S
    state.seconds = [unknown(NOT_HEARD) for _ in range(second - state.start_s)]
    state.wave_um = []


def unknown(reason: str, occupied: str = "unknown", who: int | None = None) -> Second:
    """A second of which nothing is known of the user."""
    return Second(occupied, who, None, None, None, None, None, reason)


def measured(seen: Vitals, occupied: str) -> Second:
    """A second in which the primary user was measured."""
    valid = seen.respiration_validity >= VALID_SHARE and seen.respiration_rate_per_min is not None
    missing = "" if seen.moving is not None else seen.motion_reason
    if not valid:
        missing = seen.respiration_reason or UNCERTAIN
    return Second(
        occupied=occupied,
        who=1,
        rate_per_min=seen.respiration_rate_per_min if valid else None,
        moving=seen.moving,
        motion_db=seen.motion_db,
        confidence=seen.confidence,
        distance_mm=seen.distance_mm,
        reason=missing,
        elevation_deg=seen.elevation_deg,
    )


def add(state: Gather, number: int, second: Second, seen: Vitals | None) -> None:
    """Second `number` since 1970, in order. seen: the packet whose waveform is the user's."""
    if number < state.start_s:
        return
    if number != state.start_s + len(state.seconds):
        begin(state, number)
    state.seconds.append(second)
    if seen is not None and seen.wave is not None and seen.wave_validity >= VALID_SHARE:
        _add_wave(state, np.frombuffer(seen.wave, "<i2").tolist(), seen.wave_utc_us)


def _add_wave(state: Gather, wave_um: list[int], utc_us: int) -> None:
    """Every sample goes to the tenth of a second it lies in."""
    first = (utc_us - state.start_s * SECOND_US) // SAMPLE_US
    last = first + len(wave_um)
    if first < 0:
        wave_um, first = wave_um[-first:], 0
    if not wave_um or last > 2 * N_WAVE:
        return
    state.wave_um += [None] * (last - len(state.wave_um))
    state.wave_um[first:last] = wave_um


def complete(state: Gather, lag_s: int = LAG_S) -> tuple[EpochInput, list[float]] | None:
    """The epoch, once lag_s more seconds are there, and the known distances in it, mm; the next one begins."""
    if len(state.seconds) < EPOCH_S + lag_s:
        return None
    of, state.seconds = state.seconds[:EPOCH_S], state.seconds[EPOCH_S:]
    wave, state.wave_um = state.wave_um[:N_WAVE], state.wave_um[N_WAVE:]
    epoch = EpochInput(
        utc_us=state.start_s * SECOND_US,
        occupied=_commonest([one.occupied for one in of]),
        rate_per_min=[one.rate_per_min for one in of],
        moving=[one.moving for one in of],
        motion_db=[one.motion_db for one in of],
        confidence=[one.confidence for one in of],
        wave_um=wave + [None] * (N_WAVE - len(wave)),
        user=[one.who for one in of],
        reason=_commonest([one.reason for one in of if one.reason]),
        elevation_deg=[one.elevation_deg for one in of],
    )
    state.start_s += EPOCH_S
    return epoch, [one.distance_mm for one in of if one.distance_mm is not None]


def _commonest(words: list[str]) -> str:
    """The commonest word; of equals the first in the alphabet; "" of none."""
    return max(sorted(set(words)), key=words.count, default="")


def row(epoch: EpochInput, distances_mm: list[float], staged: Staged) -> Epoch:
    """The epoch as it is stored; a figure of fewer than half of its seconds is unknown."""
    rates = [one for one in epoch.rate_per_min if one is not None]
    moving = [one for one in epoch.moving if one is not None]
    confidences = [one for one in epoch.confidence if one is not None]
    half = EPOCH_S // 2
    wake, light, deep, rem = staged.p or (None, None, None, None)
    return Epoch(
        utc_us=epoch.utc_us,
        stage=staged.stage,
        p_wake=wake,
        p_light=light,
        p_deep=deep,
        p_rem=rem,
        respiration_rate_per_min=median(rates) if len(rates) >= half else None,
        movement=fmean(moving) if len(moving) >= half else None,
        confidence=fmean(confidences) if confidences else None,
        distance_mm=median(distances_mm) if len(distances_mm) >= half else None,
        occupied=epoch.occupied,
        reason=staged.reason or epoch.reason,
    )


assert EPOCH_US == EPOCH_S * SECOND_US
