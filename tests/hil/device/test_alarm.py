"""The alarm at the buzzer pin against true UTC, in every home of the firmware, with whatever breaks around it."""

from __future__ import annotations

import pytest

from hw_sim.hil.levers import Board, Clock, Faults
from hw_sim.hil.link import Link
from tests.bedroom import ON_THE_BOARD, arm, rang_at_us, tell_time
from wire import table

pytestmark = [pytest.mark.hil, pytest.mark.sw_scene("silence"), ON_THE_BOARD]
AFTER_S = 60.0
LATE_US = 1_000_000


def assert_on_time(board: Board, due_us: int) -> None:
    """Neither late nor early."""
    rang_us = rang_at_us(board)
    assert rang_us is not None and abs(rang_us - due_us) <= LATE_US


def test_it_rings_at_the_set_time(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    due_us = arm(sw_link, sw_clock, AFTER_S)
    sw_clock.run(AFTER_S)
    assert_on_time(sw_board, due_us)
    state = sw_link.ask("ALARM_READ")
    assert (state["state"], state["reason"]) == (table.AlarmState["RINGING"], table.Reason["SET_TIME"])


def test_the_light_rises_before_it(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    due_us = arm(sw_link, sw_clock, AFTER_S, sunrise_s=30)
    sw_clock.run(AFTER_S)
    light = [(t_us, duty) for t_us, pin, duty in sw_board.pins if pin == "light"]
    assert light == sorted(light, key=lambda one: one[1]) and light[0][0] >= due_us - 31_000_000
    assert sw_board.pin("light") == 65535 and sw_board.pin("buzzer") == 1


def test_the_button_snoozes_it_and_a_long_press_ends_it(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    arm(sw_link, sw_clock, 10.0)
    sw_clock.run(10.0)
    sw_board.press(0.2)
    sw_clock.run(0.1)
    assert sw_link.ask("ALARM_READ")["state"] == table.AlarmState["SNOOZED"] and sw_board.pin("buzzer") == 0
    sw_board.press(5.0)
    sw_clock.run(0.1)
    assert sw_link.ask("ALARM_READ")["state"] == table.AlarmState["OFF"]


def test_a_cancelled_alarm_is_silent(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    arm(sw_link, sw_clock, 10.0)
    assert sw_link.ask("ALARM_CANCEL")["set_for_utc_us"] == 0
    sw_clock.run(20.0)
    assert rang_at_us(sw_board) is None


@pytest.mark.sw_scene("empty")
def test_it_rings_in_standby_without_a_chirp(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    due_us = arm(sw_link, sw_clock, AFTER_S)
    sw_board.standby(True)
    sw_clock.run(5.0)
    frames = sw_board.counters["frames_started"]
    sw_clock.run(AFTER_S)
    assert_on_time(sw_board, due_us)
    assert sw_board.counters["frames_started"] == frames


def test_it_rings_when_the_line_is_cut(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    due_us = arm(sw_link, sw_clock, AFTER_S)
    sw_board.cut_line(True)
    sw_clock.run(AFTER_S)
    assert_on_time(sw_board, due_us)


@pytest.mark.parametrize("lever", ["power_cycle", "reset"])
def test_it_rings_after_a_restart_with_the_line_cut(
    sw_link: Link, sw_clock: Clock, sw_board: Board, lever: str
) -> None:
    due_us = arm(sw_link, sw_clock, AFTER_S)
    sw_board.cut_line(True)
    sw_board.at(23.456789, getattr(sw_board, lever))
    sw_clock.run(AFTER_S)
    assert_on_time(sw_board, due_us)


def test_without_clock_and_host_it_rings_at_once_and_says_why(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    due_us = arm(sw_link, sw_clock, 120.0)
    sw_board.cut_line(True)
    sw_board.power_cycle(lose_clock=True)
    sw_clock.run(70.0)
    rang_us = rang_at_us(sw_board)
    assert rang_us is not None and rang_us < due_us
    sw_board.cut_line(False)
    assert sw_link.ask("ALARM_READ")["reason"] == table.Reason["CLOCK_LOST"]


def test_what_cannot_be_stored_is_not_armed_and_rings_all_the_same(
    sw_link: Link, sw_clock: Clock, sw_board: Board, sw_faults: Faults
) -> None:
    sw_faults.add("flash_stuck")
    tell_time(sw_link, sw_clock)
    due_us = sw_clock.now_us + 30_000_000
    sw_link.ask("ALARM_SET", set_for_utc_us=sw_clock.utc_us + 30_000_000, sunrise_s=0)
    sw_clock.run(20.0)
    state = sw_link.ask("ALARM_READ")
    assert (state["stored"], state["reason"]) == (0, table.Reason["FLASH_FAILED"])
    sw_clock.run(20.0)
    assert_on_time(sw_board, due_us)


FAST, SLOW = (pytest.param(ppb, marks=pytest.mark.sw_faults(clock_ppb=ppb)) for ppb in (20_000, -20_000))


@pytest.mark.parametrize("ppb", [FAST, SLOW])
def test_a_clock_that_is_off_makes_it_no_later_than_a_second(
    sw_link: Link, sw_clock: Clock, sw_board: Board, sw_faults: Faults, ppb: int
) -> None:
    assert sw_faults.active["clock_ppb"] == ppb
    due_us = arm(sw_link, sw_clock, 120.0)
    sw_board.cut_line(True)
    sw_board.power_cycle()
    sw_clock.run(130.0)
    rang_us = rang_at_us(sw_board)
    assert rang_us is not None and rang_us <= due_us + LATE_US
