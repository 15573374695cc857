"""One fault, one short scene: what the device told of it, and whether it found back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.nurse import Nurse
from hw_sim.faults import ROWS, Row
from hw_sim.rig import Rig
from hw_sim.scene import Scene
from wire import packet, table
from wire.packet import Packet

BEGIN_S, FOR_S, END_S = 20.0, 15.0, 58.0
SEED = 3
REASON_OF = {int(one.value): one.name for one in table.Reason}


@dataclass
class Walk:
    """told: reasons by name that FAULT or HEALTH had; causes: of the boots; silent: why it was silent, by TRANSITION.

    streamed_s: when vitals were heard, s of virtual time.
    """

    told: set[str] = field(default_factory=set)
    causes: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    streamed_s: list[float] = field(default_factory=list)
    boots: int = 0


def expected(row: Row) -> set[str]:
    """What the device must tell of a row's fault."""
    return {row.reason} if row.reason else set()


VALUES: dict[str, float] = {
    "line-garbled": 20_000,
    "line-loses": 20_000,
    "line-inserts": 20_000,
    "clock-drift": 10_000_000,
}
"""Where a minute wants another value than the usual one, in base units: little goes to the device."""

FROM_POWER_ON = ("memory-broken", "self-test-wrong", "reset-stuck", "wrong-chip")
"""Seen when the chip is set up: these begin at once."""

LONG = {"line-cut": 60, "line-cut-to-host": 60, "line-cut-to-device": 60, "host-silent": 60,
        "climate-absent": 60, "climate-crc": 60, "light-sensor-absent": 60, "light-sensor-saturated": 60,
        "antenna-mismatch": 45, "button-stuck": 60, "clock-stopped": 60, "clock-drift": 120, "bus-stuck": 60,
        "chip-hot": 60, "flash-worn": 60}  # fmt: skip
"""Fault and scene last so much longer, s: a host is missed after a while, sensors and chip are asked once a minute,
few cells of a worn sector are weak."""

ALSO = {"clock-stopped": {"CLOCK_DRIFT"}, "bus-stuck": {"CLIMATE_ABSENT", "LIGHT_ABSENT"}}
"""Reasons that may come with the row's own: a clock that stood is behind, a stuck bus reaches nobody."""


def fault_text(name: str) -> str:
    """The row with its usual value, for so long that a minute shows it."""
    row = ROWS[name]
    value = "" if row.kind is None else f"={row.kind.write(VALUES.get(name, row.kind.default or row.kind.low))}"
    if row.at_power_on:
        return f"{name}{value}"
    begin_s = 0 if name in FROM_POWER_ON else BEGIN_S
    return f"{name}{value}@{begin_s:g}" + ("" if row.once else f"+{FOR_S + LONG.get(name, 0):g}")


def walk_of(name: str, target: str = "host") -> Walk:
    """The scene of one row."""
    return walk(fault_text(name), target=target, end_s=END_S + LONG.get(name, 0))


def problems(name: str, found: Walk) -> list[str]:
    """What is not as the row says: reasons told, and vitals again at the end."""
    row, said = ROWS[name], []
    if found.told - ALSO.get(name, set()) != expected(row):
        said.append(f"told {sorted(found.told)}, expected {sorted(expected(row))}")
    end_s = END_S + LONG.get(name, 0)
    if name not in NO_VITALS and (not found.streamed_s or found.streamed_s[-1] < end_s - 3):
        said.append(f"no vitals in the end, the last at {found.streamed_s[-1:]} s")
    return said


NO_VITALS = ("reference-76.8",)
"""So from power-on to the end."""


@contextmanager
def without(reason: str) -> Iterator[None]:
    """The target `without` leaves this handler out."""
    os.environ["SW_WITHOUT"] = reason
    try:
        yield
    finally:
        del os.environ["SW_WITHOUT"]


def walk(*faults: str, target: str = "host", end_s: float = END_S, seed: int = SEED) -> Walk:
    """A sitter in front of the device for a minute."""
    scene = Scene.load("sitter", seed=seed, duration_s=end_s)
    nurse = Nurse()
    with Rig(scene, seed=seed, target=target, play=faults, rtc_valid=True, t0_utc_us=1_800_000_000_000_000) as rig:
        rig.attach(nurse)
        rig.run(end_s)
        t0_us = rig.t0_utc_us
    return read([(at_us - t0_us, one) for at_us, one in nurse.heard])


def read(heard: list[tuple[int, Packet]]) -> Walk:
    """What all these packets say."""
    found = Walk(boots=len({one.boot for _, one in heard if one.boot}))
    causes: dict[int, str] = {}
    for at_us, one in heard:
        fields: Any = one.fields
        if one.type == packet.FAULT:
            found.told.add(REASON_OF[fields["reason"]])
        elif one.type == packet.HEALTH:
            numbers = [*fields["present"], *fields["past"]]
            found.told |= {REASON_OF[number] for number in numbers if number}
            causes[one.boot] = table.ResetCause(fields["reset_cause"]).name
        elif one.type == packet.TRANSITION and fields["silent_reason"]:
            found.silent.add(REASON_OF[fields["silent_reason"]])
        elif one.type == packet.VITALS:
            found.streamed_s.append(at_us / 1e6)
    found.causes = list(causes.values())
    return found
