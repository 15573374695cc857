"""Faults begin and end at their virtual times, whatever else is cut where; a snapshot carries them."""

from __future__ import annotations

from typing import Any

import pytest

from edge.config import RadarConfig
from hw_sim.board import Board
from hw_sim.chip.chip import ChipFaults
from hw_sim.faults import ROWS, FaultError
from hw_sim.rig import HostTarget, Rig
from tests.board_device import Ramp

PLAN = (
    "bit-flips=0.1%@0.6+0.9", "irq-late=7ms@1.2+0.5", "frame-drop=20%@0.2+2", "frame-jitter=9ms@0.4+1.4",
    "frame-repeat=20%@0.3+1.5", "chip-clock=-900ppm@0.55+1.7", "host-busy=300ms@2.4", "fifo-shift@1.9",
    "brown-out@3.1", "line-garbled=2%@0.1", "clock-lost=50@0.2", "power-dip@4.2", "line-slow=9600@0.5+3",
)  # fmt: skip


def rig(**options: Any) -> Rig:
    return Rig(source=Ramp(), seed=3, **options)


def ran(pieces: list[float], play: tuple[str, ...] = PLAN) -> tuple[str, dict[str, int], int]:
    with rig(play=play) as one:
        for piece in pieces:
            one.run(piece)
        return one.counts.digest, one.edge_counters(), int(one.board.memory.steps)


def test_cutting_a_run_changes_nothing() -> None:
    assert ran([6.0]) == ran([1.0] * 6) == ran([0.777_777, 1.0, 0.222_223, 4.0])


def test_levers_that_cut_it_inside_a_quantum_change_nothing() -> None:
    with rig(play=PLAN) as one:
        for ms in range(1, 6000, 137):
            one.at(ms * 1000, lambda: None)
        one.run(6.0)
        assert (one.counts.digest, one.edge_counters(), int(one.board.memory.steps)) == ran([6.0])


def test_a_snapshot_carries_what_is_wrong_and_what_is_to_come() -> None:
    with rig(play=PLAN) as one:
        one.run(2.0)
        data = one.snapshot()
        one.run(4.0)
        whole = one.counts.digest, one.edge_counters()
        source = one.source
    with Rig.restore(data, source=source) as rest:
        rest.run(4.0)
        assert (rest.counts.digest, rest.edge_counters()) == whole


@pytest.mark.parametrize("target", ["posix"])
def test_another_home_gets_the_same(target: str) -> None:
    with rig(play=PLAN) as here, rig(play=PLAN, target=target) as there:
        here.run(6.0)
        there.run(6.0)
        assert there.counts.digest == here.counts.digest


@pytest.mark.parametrize("start_us", [1, 499_999, 1_234_567])
def test_a_fault_begins_and_ends_to_the_microsecond(start_us: int) -> None:
    with rig(play=[f"irq-stuck@{start_us / 1e6}+0.000003"]) as one:
        seen = []
        for t_us in (start_us - 1, start_us, start_us + 2, start_us + 3):
            one.at(t_us, lambda: seen.append([fault.name for fault in one.faults.in_force]))
        one.run(2.0)
    assert seen == [[], ["irq-stuck"], ["irq-stuck"], []]


def test_an_edge_of_a_fault_is_seen_at_its_time() -> None:
    with rig(play=["irq-stuck@0.3"]) as one:
        one.run(0.25)
        board = one.board.memory
        before = int(board.bus.edges)
        one.run(0.05)
        one.run(0.000_001)
        assert int(board.bus.edges) - before >= 1


def test_what_is_over_leaves_a_healthy_board() -> None:
    with rig(play=["miso-low@0.1+0.1", "spi-slow=5MHz@0.1+0.2", "line-cut@0.1+0.1", "wrong-chip@0.2+0.1"]) as one:
        one.run(1.0)
        assert one.board.chip_faults == ChipFaults()
        assert (one.board.memory.faults.miso_and, one.line.faults.cut_to_host) == (0xFF, False)
        assert one.board.chip.peek("CHIP_ID") == 0x303


def test_two_faults_at_once_are_both_in_force() -> None:
    with rig(play=["bit-flips=5%@0.1", "irq-late=3ms@0.1", "frame-drop=5%@0.2", "status-mirrored@0.2"]) as one:
        one.run(0.3)
        assert (one.board.memory.faults.miso_flip_ppm, one.board.memory.faults.irq_late_us) == (50_000, 3_000)
        assert (one.board.chip_faults.frame_drop_ppm, one.board.chip_faults.gsr0_mirrored) == (50_000, 1)


def test_ending_by_name_ends_those_that_wait_too() -> None:
    with rig(play=["miso-low@0.1", "miso-low@5"]) as one:
        one.run(0.2)
        assert one.faults.end("miso-low") == 2
        assert (one.faults.in_force, one.faults.waiting) == ([], [])
        assert one.board.memory.faults.miso_and == 0xFF


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("miso-low@0.1", "fault miso-low@0.1: start: expected 0.5 s or later"),
        ("reference-76.8", "start: this is so from power-on or not at all"),
    ],
)
def test_a_fault_that_cannot_be_played_is_refused_and_changes_nothing(fault: str, words: str) -> None:
    with rig() as one:
        one.run(0.5)
        with pytest.raises(FaultError, match=words):
            one.faults.play(["irq-late", fault])
        assert one.faults.played == []


def test_a_reference_of_its_own_slows_the_frames() -> None:
    with rig(play=["reference-76.8"]) as slow, rig() as healthy:
        slow.run(0.1)
        healthy.run(0.1)
        periods_ns = [one.board.chip.radar().frame_period_ns for one in (slow, healthy)]
    assert periods_ns[0] / periods_ns[1] == pytest.approx(80 / 76.8)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.part != "scene"])
def test_every_row_is_playable(name: str) -> None:
    row = ROWS[name]
    text = name if row.kind is None or row.kind.default is not None else f"{name}={row.kind.write(row.kind.high)}"
    with rig(play=[text if row.at_power_on else f"{text}@0.3"]) as one:
        one.run(0.4)
        assert one.faults.waiting == []


def test_a_busy_processor_gets_its_events_late() -> None:
    board = Board(1)
    target = HostTarget(board, RadarConfig(), "c")
    source = Ramp()
    board.run(1_000_000, source)
    before = target.firmware.counters()["driver_frames"]
    board.busy(200_000)
    board.run(1_199_999, source)
    during = target.firmware.counters()["driver_frames"]
    board.run(1_300_000, source)
    assert (during, target.firmware.counters()["driver_frames"] > during) == (before, True)
