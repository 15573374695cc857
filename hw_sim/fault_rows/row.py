"""What a row of the table of faults says.

Rule: facts only; who plays a fault is in hw_sim/fault_player.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.fault_kinds import Kind

PARTS = {
    "board": "the wires between device and radar, the device's processor",
    "chip": "the radar chip",
    "line": "the serial line, and the host at its end",
    "power": "the supply of the whole device",
    "scene": "antennas, mixers and what else is in the air",
    "parts": "flash, clock, sensors, button, entropy",
}
"""Who plays a fault, in words."""


@dataclass(frozen=True)
class Row:
    """One fault. name: kebab-case. part: of PARTS. what: happens; like: what it is like in life; source: who says so.

    fields: value in the kind's base unit (0 without a kind) -> fields of the part's own table of faults, in force from
    start to end. once: instead it happens at its start and is over; fields then name an act of the player.
    reason: SW_REASON_* that the device reports, without the prefix; empty: nothing can be noticed. device: what it does.
    at_power_on: the part is so from power-on or not at all.
    """

    name: str
    kind: Kind | None
    part: str
    fields: Callable[[float], Mapping[str, Any]]
    reason: str
    what: str
    like: str
    device: str
    source: str = "datasheet"
    once: bool = False
    at_power_on: bool = False

    @property
    def usage(self) -> str:
        """How it is written."""
        if self.kind is None:
            return self.name
        if self.kind.default is None:
            return f"{self.name}=VALUE"
        return f"{self.name}[={self.kind.write(self.kind.default)}]"
