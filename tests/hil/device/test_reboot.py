"""Power and reset: a new boot with a number of its own, and nothing left of the old memory."""

from __future__ import annotations

import pytest

from hw_sim.hil.levers import Board, Clock
from hw_sim.hil.link import Link
from hw_sim.hil.serial_line import SerialLine
from tests.bedroom import ON_THE_BOARD

pytestmark = [pytest.mark.hil, pytest.mark.sw_scene("silence"), ON_THE_BOARD]
LEVERS = pytest.mark.parametrize("lever", ["power_cycle", "reset"])


@LEVERS
def test_a_restart_is_a_new_boot_with_a_time_of_its_own(
    sw_link: Link, sw_clock: Clock, sw_board: Board, lever: str
) -> None:
    sw_board.at(10.4, getattr(sw_board, lever))
    sw_clock.run(20.0)
    hellos = [one for one in sw_link.packets if one.name == "HELLO"]
    assert [one.at_us for one in hellos] == [t + s for s in (0, 10_400_000) for t in (500_000, 3_000_000, 6_000_000)]
    assert len({one.boot for one in hellos}) == 2 and [one.t_us for one in hellos[:3]] == [
        one.t_us for one in hellos[3:]
    ]


@LEVERS
def test_nothing_of_the_old_memory_is_left(
    sw_link: Link, sw_serial: SerialLine, sw_clock: Clock, sw_board: Board, lever: str
) -> None:
    sw_serial.write(b"\x04\x01\x41\x01")  # half a packet waits inside
    sw_clock.run(7.0)
    getattr(sw_board, lever)()
    restarted_us = sw_clock.now_us
    assert sw_link.ask("PING").at_us - restarted_us < 20_000
    sw_clock.run(8.0)
    assert sw_link.counts == {"HELLO": 6, "PONG": 1}


@pytest.mark.sw_scene("sitter", duration_s=120)
@LEVERS
def test_a_restart_while_streaming_streams_again(sw_link: Link, sw_board: Board, lever: str) -> None:
    old = sw_link.wait_for("VITALS", 20.0)
    getattr(sw_board, lever)()
    new = sw_link.wait_for("VITALS", 20.0)
    assert new.boot != old.boot and new.seq <= 3
