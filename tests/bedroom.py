"""What tests of the device as a whole say to it over `sw_link`: the time, an alarm, an acknowledgement."""

from __future__ import annotations

import pytest

from hw_sim.hil.levers import Board, Clock
from hw_sim.hil.link import Heard, Link
from hw_sim.hil.targets import BUILT
from hw_sim.scenario import Person, Scenario

ON_THE_BOARD = pytest.mark.sw_targets(*BUILT)
"""For tests that pull levers: at a port they would wait long before they skip."""

LEAVES = Scenario(
    description="leaves",
    person=Person(
        centre_m=(0.0, 0.75, -0.08), movements_per_hour=0.0, leaves_before_end_s=90.0, leaves_if_longer_than_s=0.0
    ),
)
"""Somebody who goes 40 s after the beginning of two minutes."""


def tell_time(link: Link, clock: Clock) -> None:
    """The device learns what time it is."""
    pong = link.ask("PING")
    link.send("TIME", device_nonce=pong["device_nonce"], utc_us=clock.utc_us)


def arm(link: Link, clock: Clock, after_s: float, sunrise_s: int = 0) -> int:
    """An alarm so long from now, read back from flash. Returns the device time of its deadline, us."""
    tell_time(link, clock)
    due_us = clock.now_us + round(after_s * 1e6)
    link.ask("ALARM_SET", set_for_utc_us=clock.utc_us + round(after_s * 1e6), sunrise_s=sunrise_s)
    clock.run(2.0)
    assert link.ask("ALARM_READ")["stored"] == 1
    return due_us


def rang_at_us(board: Board, from_us: int = 0) -> int | None:
    """Device time at which the buzzer first sounded from from_us on."""
    return next((t_us for t_us, pin, level in board.pins if pin == "buzzer" and level and t_us >= from_us), None)


def pull(link: Link, boot: int, seq: int, count: int) -> None:
    """Asks for stored packets."""
    link.send("PULL", boot=boot, seq=seq, count=count)


def data(link: Link) -> list[Heard]:
    """Every packet with a number, in the order heard."""
    return [one for one in link.packets if one.seq]
