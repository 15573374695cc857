"""A device that cannot see does not say that nobody is there."""

from __future__ import annotations

from hw_sim.faults import parse
from hw_sim.rig import Rig
from hw_sim.scene import Scene
from wire import packet, table


def transitions(fault: str) -> list[tuple[str, str]]:
    """(reason, reason of the silence before) of every one, in 200 s of somebody who stays in bed."""
    with Rig(Scene.load("single", seed=3, duration_s=300.0), seed=3, play=[parse(fault)]) as rig:
        rig.run(200.0)
        told = [one.fields for one in rig.packets if one.type == packet.TRANSITION]
    return [(table.Reason(one["reason"]).name, table.Reason(one["silent_reason"]).name) for one in told]


def test_a_bus_too_slow_for_its_frames_is_no_empty_bed() -> None:
    assert transitions("spi-slow@100+50")[1:] == [("BUS_SLOW", "NONE"), ("CONFIDENT", "BUS_SLOW")]


def test_single_frames_that_are_missing_hide_nobody() -> None:
    assert transitions("frame-drop@100+50") == [("CONFIDENT", "NOBODY")]
