"""The board breaks while the device runs: it says so, stays silent meanwhile, and finds back."""

from __future__ import annotations

import pytest

from hw_sim.hil.levers import Clock, Faults
from hw_sim.hil.link import Link
from tests.bedroom import ON_THE_BOARD
from wire import table

pytestmark = [pytest.mark.hil, pytest.mark.sw_scene("sitter", duration_s=120), ON_THE_BOARD]
STREAMING, MONITORING = table.UplinkState["STREAMING"], table.UplinkState["MONITORING"]


@pytest.mark.parametrize(("fault", "reason"), [("miso_stuck_low", "MISO_LOW"), ("miso_stuck_high", "MISO_HIGH")])
@pytest.mark.sw_expect(overflows=(0, None), underflows=(0, None))
def test_a_broken_radar_is_said_and_found_again(sw_link: Link, sw_faults: Faults, fault: str, reason: str) -> None:
    sw_link.wait_for("VITALS", 20.0)
    sw_faults.add(fault)
    why = sw_link.wait_for("TRANSITION", 2.0)
    assert (why["to_state"], why["reason"]) == (MONITORING, table.Reason[reason])
    sw_link.silence(10.0)
    sw_faults.clear()
    back = sw_link.wait_for("TRANSITION", 60.0)
    assert (back["to_state"], back["silent_reason"]) == (STREAMING, table.Reason[reason])
    sw_link.wait_for("VITALS")


@pytest.mark.parametrize(("fault", "reason"), [("irq_stuck_low", "IRQ_SILENT"), ("irq_stuck_high", "IRQ_STUCK")])
def test_a_dead_interrupt_line_is_said_and_streamed_over(
    sw_link: Link, sw_faults: Faults, sw_clock: Clock, fault: str, reason: str
) -> None:
    sw_link.wait_for("VITALS", 20.0)
    sw_faults.add(fault)
    said = sw_link.wait_for("FAULT", 3.0)
    assert (said["reason"], said["present"]) == (table.Reason[reason], 1)
    sw_clock.run(5.0)
    sw_faults.clear()
    over = sw_link.wait_for("FAULT", 15.0)
    assert (over["reason"], over["present"]) == (table.Reason[reason], 0)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("chip_id", marks=pytest.mark.sw_faults(chip_id=0x0F0F0F)),
        pytest.param("reset_stuck", marks=pytest.mark.sw_faults(reset_stuck=True)),
    ],
)
def test_a_chip_that_is_wrong_from_the_start_leaves_the_device_silent_but_there(
    sw_link: Link, sw_clock: Clock, sw_faults: Faults, fault: str
) -> None:
    assert list(sw_faults.active) == [fault]
    sw_clock.run(10.0)
    sw_link.silence(20.0)
    assert sw_link.ask("PING")["newest_seq"] == 0


def test_a_brown_out_of_the_chip_is_noticed_and_streamed_over(
    sw_link: Link, sw_faults: Faults, sw_clock: Clock
) -> None:
    sw_link.wait_for("VITALS", 20.0)
    sw_faults.add(brown_out_at_us=sw_clock.now_us + 1_000_000)
    assert sw_link.wait_for("FAULT", 5.0)["reason"] == table.Reason["BROWN_OUT"]
    sw_link.wait_for("VITALS", 5.0)


@pytest.mark.sw_scene("empty", duration_s=60)
def test_health_is_told_when_asked_and_only_then(sw_link: Link, sw_faults: Faults, sw_clock: Clock) -> None:
    sw_clock.run(15.0)
    sw_faults.add("irq_stuck_low")
    sw_link.silence(5.0)
    assert [reason for reason in sw_link.ask("HEALTH_READ")["present"] if reason] == [table.Reason["IRQ_SILENT"]]
