"""Faults of the radio: what the front end is told, from when to when.

Rule: a fault is a span and fields; what is so at an instant follows from the spans that hold it, whatever came before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

GROWS_S: Final = 60.0  # a drift takes that long
STEP_S: Final = 0.25  # and moves in such steps


@dataclass(frozen=True, slots=True)
class RadioFaults:
    """What is wrong at an instant; all zero: nothing.

    gain_db: all receivers are set so much too high. near_m: a metal plate so far in front of the device.
    leakage_db: more of the transmitter gets into the receivers. offset_counts: of the converters.
    dead: an antenna, 1 to 3, that receives nothing. mismatch_deg: RX2 turns by so much within GROWS_S, and loses 1 dB
    for each 20 degrees. first_chirp_counts: of a transient. bend_pct: the ramp's, of its width. unlocked: no ramp at all.
    interferer_dbm: of another radar's signal at the antennas (0: none). ripple_hz: of a tone of 12 counts.
    warm_c: hotter by so much within GROWS_S: gain, leakage's phase and offset go along.
    """

    gain_db: float = 0.0
    near_m: float = 0.0
    leakage_db: float = 0.0
    offset_counts: float = 0.0
    dead: int = 0
    mismatch_deg: float = 0.0
    first_chirp_counts: float = 0.0
    bend_pct: float = 0.0
    unlocked: bool = False
    interferer_dbm: float = 0.0
    ripple_hz: float = 0.0
    warm_c: float = 0.0


GROWING: Final = ("mismatch_deg", "warm_c")
FADES: Final = "fades_db"  # of a body, not of the front end: see fades.py
NONE: Final = RadioFaults()
FIELDS: Final = (*(field.name for field in fields(RadioFaults)), FADES)


@dataclass(frozen=True)
class Span:
    """One fault in force from from_s until to_s."""

    fields: Mapping[str, Any]
    from_s: float = 0.0
    to_s: float = math.inf

    def __post_init__(self) -> None:
        if unknown := set(self.fields) - set(FIELDS):
            raise ValueError(f"fault: expected fields {', '.join(FIELDS)}, got {', '.join(sorted(unknown))}")


def faults_at(spans: Sequence[Span], t_s: float) -> RadioFaults:
    """What is wrong at t_s. Of two faults of one field the later one counts."""
    found = NONE
    for span in spans:
        if span.from_s <= t_s < span.to_s:
            grown = min(1.0, (1 + math.floor((t_s - span.from_s) / STEP_S)) * STEP_S / GROWS_S)
            values = {k: v * grown if k in GROWING else v for k, v in span.fields.items() if k != FADES}
            found = replace(found, **values)
    return found


def next_change_s(spans: Sequence[Span], t_s: float) -> float:
    """The first instant after t_s at which something else may be wrong; infinite: none."""
    edges = [edge for span in spans for edge in (span.from_s, span.to_s) if edge > t_s]
    for span in spans:
        if span.from_s <= t_s < min(span.to_s, span.from_s + GROWS_S) and any(k in GROWING for k in span.fields):
            edges.append(span.from_s + (math.floor((t_s - span.from_s) / STEP_S) + 1) * STEP_S)
    return min((edge for edge in edges if edge > t_s), default=math.inf)
