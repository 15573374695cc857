"""What the line loses comes again: unasked while streaming, on demand in a silence."""

from __future__ import annotations

import pytest

from hw_sim.hil.levers import Board, Clock
from hw_sim.hil.link import Link
from tests.bedroom import ON_THE_BOARD, data, pull
from wire.handshake import CREDIT

pytestmark = [pytest.mark.hil, pytest.mark.sw_scene("sitter", duration_s=120)]
CUT_S = 10.0


@ON_THE_BOARD
def test_a_cut_line_loses_nothing_in_the_end(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    first = sw_link.wait_for("VITALS", 20.0)
    sw_board.cut_line(True)
    sw_clock.run(CUT_S)
    sw_board.cut_line(False)
    sw_clock.run(1.0)
    assert sw_link.losses > 5
    pong = sw_link.ask("PING")
    pull(sw_link, first.boot, first.seq + 1, pong["newest_seq"] - first.seq)
    sw_clock.run(3.0)
    assert sw_link.losses == 0
    assert [one.resent for one in data(sw_link) if one.seq == first.seq + 1][-1]


@ON_THE_BOARD
@pytest.mark.sw_expect(losses=(1, None))
def test_what_nobody_asks_for_stays_lost(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    sw_link.wait_for("VITALS", 20.0)
    sw_board.cut_line(True)
    sw_clock.run(CUT_S)
    sw_board.cut_line(False)
    sw_link.wait_for("VITALS")


def test_the_same_number_is_the_same_packet(sw_link: Link, sw_clock: Clock) -> None:
    sw_link.wait_for("VITALS", 20.0)
    sw_link.ask("PING")  # a host is there: what is not acknowledged comes again
    sw_clock.run(40.0)
    said: dict[int, object] = {}
    again = 0
    for one in data(sw_link):
        assert said.setdefault(one.seq, (one.t_us, one.fields)) == (one.t_us, one.fields)
        again += one.resent
    assert again > 5


def test_what_is_acknowledged_does_not_come_again(sw_link: Link, sw_clock: Clock) -> None:
    sw_link.ask("PING")  # what a device keeps when a host comes is due once
    last = sw_link.wait_for("VITALS", 20.0)
    for _ in range(40):  # longer than what nobody knows of waits until it comes again
        sw_link.send("ACK", boot=last.boot, seq=last.seq, sack=0, credit=CREDIT)
        last = sw_link.wait_for("VITALS", 2.0, lambda one: not one.resent)
    assert not any(one.resent for one in data(sw_link))


@ON_THE_BOARD
def test_a_silent_device_hands_over_what_it_keeps(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    first = sw_link.wait_for("VITALS", 20.0)
    sw_clock.run(3.0)
    sw_board.standby(True)
    sw_clock.run(5.0)
    newest = sw_link.ask("PING")["newest_seq"]
    pull(sw_link, first.boot, 1, newest)
    sw_clock.run(3.0)
    assert [one.seq for one in data(sw_link) if one.resent] == [*range(1, newest + 1)]
    sw_link.silence(10.0)
