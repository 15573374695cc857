"""Which faults are present, and which were: the table of faults against time."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from edge.core import load
from hw_sim.target import build_program

ffi, lib = load()
S = 1_000_000
ROWS = [
    n
    for n in dir(lib)
    if n.startswith("SW_HEALTH_") and hasattr(lib, n.replace("HEALTH", "REASON")) and "COUNT" not in n
]


def reason(name: str) -> int:
    return int(getattr(lib, f"SW_REASON_{name}"))


class Health:
    def __init__(self) -> None:
        self.state: Any = ffi.new("sw_health *")
        lib.sw_health_init(self.state)

    def note(self, t_s: float, name: str) -> Health:
        lib.sw_health_note(self.state, round(t_s * S), reason(name))
        return self

    def step(self, t_s: float) -> Health:
        lib.sw_health_step(self.state, round(t_s * S))
        return self

    def present(self, name: str) -> bool:
        return bool(lib.sw_health_present(self.state, reason(name)))

    def taken(self) -> list[tuple[int, int, int, int, int]]:
        """(reason, present, times, from_us, to_us) of every change that was not taken yet."""
        change, found = ffi.new("sw_health_change *"), []
        while lib.sw_health_take(self.state, change):
            found.append((change.reason, change.present, change.times, change.from_us, change.to_us))
        return found

    def listed(self) -> tuple[list[int], list[int]]:
        present, past = ffi.new("uint8_t[16]"), ffi.new("uint8_t[16]")
        lib.sw_health_list(self.state, present, past)
        return [r for r in present if r], [r for r in past if r]


def test_a_fault_is_present_until_its_hold_time_is_over() -> None:
    h = Health().note(1.0, "IRQ_LATE").note(5.0, "IRQ_LATE")
    assert [h.step(t).present("IRQ_LATE") for t in (1.0, 14.9, 15.0)] == [True, True, False]


@pytest.mark.parametrize("name", [row.removeprefix("SW_HEALTH_") for row in ROWS])
def test_every_row_begins_and_ends(name: str) -> None:
    h = Health().note(1.0, name)
    assert (h.present(name), h.step(300.0).present(name)) == (True, False)


def test_a_reason_without_a_row_is_no_fault() -> None:
    h = Health().note(1.0, "CONFIDENT").note(1.0, "COUNT")
    assert (h.state.present_n, h.state.changes, h.taken()) == (0, 0, [])


def test_nothing_is_looked_at_while_nothing_was_noticed() -> None:
    assert Health().step(1e6).state.next_us == 2**64 - 1


def test_begin_and_end_are_told_once_each() -> None:
    h = Health().note(1.0, "BUS_BITS")
    begun = h.taken()
    h.note(2.0, "BUS_BITS").step(41.0)
    during = h.taken()
    assert (begun, during, h.step(42.0).taken()) == (
        [(reason("BUS_BITS"), 1, 1, 1 * S, 0)],
        [],
        [(reason("BUS_BITS"), 0, 2, 1 * S, 2 * S)],
    )


def test_what_began_and_ended_untold_is_told_as_over() -> None:
    h = Health().note(1.0, "IRQ_LATE").note(3.0, "IRQ_LATE").step(20.0)
    assert h.taken() == [(reason("IRQ_LATE"), 0, 2, 1 * S, 3 * S)]


def test_the_most_important_is_told_first() -> None:
    h = Health().note(1.0, "LINE_SLOW").note(2.0, "MISO_LOW").note(3.0, "IRQ_LATE")
    assert [change[0] for change in h.taken()] == [reason(name) for name in ("MISO_LOW", "IRQ_LATE", "LINE_SLOW")]


def test_present_ones_are_listed_by_importance_and_past_ones_by_time() -> None:
    h = Health().note(1.0, "IRQ_LATE").note(2.0, "IRQ_FALSE").note(2.0, "OVERFLOW").step(50.0)
    h.note(51.0, "LINE_SLOW").note(52.0, "MISO_LOW")
    named = [[reason(n) for n in names] for names in (("MISO_LOW", "LINE_SLOW"), ("IRQ_FALSE", "OVERFLOW", "IRQ_LATE"))]
    assert list(h.listed()) == named


def test_what_somebody_in_front_causes_is_told_but_not_listed() -> None:
    h = Health().note(1.0, "SATURATED").note(1.0, "INTERFERENCE")
    assert (h.listed(), h.state.changes, len(h.taken())) == (([], []), 0, 2)


def test_lists_end_at_their_length() -> None:
    h = Health()
    for row in ROWS:
        h.note(1.0, row.removeprefix("SW_HEALTH_"))
    assert len(h.listed()[0]) == 16
    assert len(h.step(300.0).listed()[1]) == 16


def test_times_stop_at_their_field() -> None:
    h = Health()
    for _ in range(65_540):
        h.note(1.0, "BUS_BITS")
    assert h.taken()[0][2] == 65_535


def test_a_program_without_a_handler_wants_to_know_which(monkeypatch: pytest.MonkeyPatch) -> None:
    program = build_program("without")
    monkeypatch.setenv("SW_WITHOUT", "TOASTER")
    assert subprocess.run([program], stdin=subprocess.DEVNULL, check=False).returncode == 2
