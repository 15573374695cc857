"""Every fault of the radar, its bus, its line and its clock: the device notices it by its own reason, and goes on."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from hw_sim.faults import ROWS
from tests.noticing import Night

# fault: how it is played where the default would say nothing (some are only looked for at start)
PLAYED: dict[str, dict[str, Any]] = {
    "memory-broken": {"start_s": 0.0}, "self-test-wrong": {"start_s": 0.0}, "reset-stuck": {"start_s": 0.0},
    "reference-76.8": {"start_s": 0.0}, "chip-clock": {"for_s": 21.0}, "bit-flips": {"value": 2000, "for_s": 15.0},
    "status-mirrored": {"for_s": 9.0}, "chip-hot": {"start_s": 0.0},
}  # fmt: skip
RADAR = [
    row.name
    for row in ROWS.values()
    if row.part in ("board", "chip") or row.fields(0).get("act") in ("busy", "fifo_shift", "brown_out")
]
HARMLESS = (
    "status-mirrored", "status-false", "irq-late", "irq-missed", "irq-spurious", "irq-stuck", "irq-early", "chip-clock",
    "frame-jitter", "bits-late",
)  # fmt: skip
WORKED_AROUND = ("irq-never", "irq-inverted", "bus-split")
"""A frame or so is lost while the cause is looked for; nothing more."""


@functools.cache
def night(fault: str) -> Night:
    """Played once for all tests of this process."""
    return Night(fault, **PLAYED.get(fault, {})).on_host()


@pytest.mark.parametrize("fault", RADAR)
def test_a_fault_is_noticed_by_its_own_reason_and_frames_come_again(fault: str) -> None:
    seen = night(fault)
    assert seen.noticed == {ROWS[fault].reason}
    if fault != "reference-76.8":  # another crystal is for ever
        assert seen.recovered_s is not None and seen.recovered_s <= 5.0


@pytest.mark.parametrize("fault", HARMLESS)
def test_what_can_be_worked_around_costs_no_frame(fault: str) -> None:
    seen = night(fault)
    assert (seen.frames, seen.failed) == (round(20 * seen.for_s), False)


@pytest.mark.parametrize("fault", WORKED_AROUND)
def test_what_has_to_be_found_out_costs_a_frame_at_most(fault: str) -> None:
    seen = night(fault)
    assert seen.frames >= round(20 * seen.for_s) - 1 and not seen.failed


@pytest.mark.parametrize("fault", ["irq-never", "irq-stuck", "irq-inverted", "irq-early", "bits-late", "bus-split"])
def test_it_starts_with_them_too(fault: str) -> None:
    seen = Night(fault, start_s=0.0).on_host()
    assert seen.noticed == {ROWS[fault].reason} and seen.frames >= 118


def test_without_a_fault_nothing_is_noticed() -> None:
    seen = Night("irq-late", value=100.0, for_s=60.0).on_host()
    assert (seen.noticed, seen.frames) == (set(), 1200)
