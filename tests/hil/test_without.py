"""With the handler of a fault switched off the test of that fault must fail: here it is seen to."""

from __future__ import annotations

import pytest

from hw_sim.faults import ROWS
from tests.noticing import Night
from tests.unit.test_noticing import PLAYED, RADAR


@pytest.mark.parametrize("fault", RADAR)
def test_without_its_handler_a_fault_is_not_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = ROWS[fault].reason
    monkeypatch.setenv("SW_WITHOUT", reason)
    assert reason not in Night(fault, **PLAYED.get(fault, {})).without_handler()


def test_with_another_handler_switched_off_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SW_WITHOUT", "LIGHT_ABSENT")
    assert Night("irq-never").without_handler() == {"IRQ_SILENT"}
