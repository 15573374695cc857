"""Minutes in which a full flash of 256 KB gives up waveforms and then packets, on every CPU and on the Pi: one digest.

What must have happened is counted: equal digests of nothing say nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import full_minutes
from tests.full_minutes import MINUTES, THIN_RING
from tests.same_bytes import HOMES, Run, boots, data_of, gaps, keeps_of_before, not_genuine, on, on_the_pi, run
from wire import delivery, table

pytestmark = [pytest.mark.hil, pytest.mark.timeout(600)]
SECTOR = 4096
Figures = Callable[[str, dict[str, float]], None]


@pytest.mark.parametrize("target", [pytest.param(one, marks=pytest.mark.slow) for one in HOMES])
def test_every_home_puts_the_same_bytes_on_the_line(target: str, arm_tools: None, figures: Figures) -> None:
    reference, run = on(MINUTES), on(MINUTES, target)
    figures(f"{target}, {run.digest}", {"packets heard": len(run.heard)})
    assert run.digest == reference.digest
    assert (run.data, run.wear, run.pins) == (reference.data, reference.wear, reference.pins)


def test_the_pi_puts_the_same_bytes_on_the_line(figures: Figures) -> None:
    reference = on(MINUTES)
    run, took = on_the_pi(MINUTES)
    figures(f"Pi, {run.digest}", took)
    assert (run.digest, run.data) == (reference.digest, reference.data)


def test_everything_the_device_said_bears_its_tag() -> None:
    assert len(data_of(on(MINUTES))) > 2500
    assert not_genuine(on(MINUTES).heard) == []


def test_the_thin_ring_passed_the_end_of_its_sectors() -> None:
    wear = on(MINUTES).wear
    assert wear[THIN_RING[-1]] >= 1 and wear[THIN_RING[0]] >= 1


@pytest.mark.parametrize(("what", "least"), [("WAVES", 150), ("PACKETS", 60)])
def test_what_was_given_up_in_these_minutes_is_named(what: str, least: int) -> None:
    assert sum(one["last"] - one["first"] + 1 for one in gaps(on(MINUTES), "STORE_FULL", what)) >= least


def of_before(run: Run) -> dict[int, dict[str, object]]:
    """Fields of what arrived of the life before, by number."""
    return {one.seq: dict(one.fields) for one in data_of(run) if one.boot == boots(run)[0]}


def test_each_packet_of_before_arrived_or_is_named() -> None:
    run = on(MINUTES)
    arrived = of_before(run).keys()
    named = [gap for reason in ("STORE_FULL", "FLASH_TORN") for gap in gaps(run, reason)]
    gone = {seq for gap in named if gap["boot"] == boots(run)[0] for seq in range(gap["first"], gap["last"] + 1)}
    assert arrived | gone == set(range(1, max(arrived | gone) + 1))
    assert not arrived & gone


def test_what_was_acknowledged_is_forgotten_behind_a_torn_packet_too() -> None:
    assert not keeps_of_before(on(MINUTES))


def test_those_without_waveforms_came_out_of_the_thin_ring() -> None:
    run = on(MINUTES)
    waves = [(gap["first"], gap["last"]) for gap in gaps(run, "STORE_FULL", "WAVES")]
    full = table.Reason["STORE_FULL"]
    thin = {seq for seq, fields in of_before(run).items() if fields.get("wave_reason") == full}
    assert len(thin) >= 1000 and any(first in thin for first, _ in waves)


def test_all_of_it_came_behind_live_packets() -> None:
    resent = [delivery.is_resent(one) for one in data_of(on(MINUTES)) if one.boot == boots(on(MINUTES))[0]]
    assert all(resent)


def test_the_digest_knows_what_lies_in_the_thin_ring() -> None:
    """The comparison itself: one bit of one packet there is another one."""
    flash = bytearray(full_minutes.flash_of_before())
    flash[THIN_RING[10] * SECTOR + 20 + 24] ^= 1  # behind the heads of sector and record
    other, reference = run(MINUTES, flash=bytes(flash)), on(MINUTES)
    assert other.digest != reference.digest
    lost = of_before(reference).keys() - of_before(other).keys()
    assert lost and all(of_before(reference)[seq].get("wave_n", 0) == 0 for seq in lost)
