"""What is kept for concluding again does not grow for ever."""

from __future__ import annotations

from cloud import occupancy, redo
from cloud.memory import Memory, Notice
from cloud.settle import SECOND_US

T0_S = 1_770_000_000


def test_notices_of_a_device_that_restarts_every_hour_for_a_week_are_those_of_a_day() -> None:
    state, mem = redo.Redo(), Memory()
    for hour in range(7 * 24):
        mem.seconds.next_s = T0_S + 3600 * hour
        utc_us = mem.seconds.next_s * SECOND_US
        redo.noticed(state, mem, Notice(utc_us, occupancy.Event.BOOTED, occupancy.STARTED), utc_us)
    assert [one.utc_us // SECOND_US - T0_S for one in mem.late.notices] == [3600 * h for h in range(6 * 24 - 1, 7 * 24)]
