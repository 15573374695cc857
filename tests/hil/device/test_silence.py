"""Silence, counted from outside: nobody there, or the switch on. Every test's end asserts that no byte broke it."""

from __future__ import annotations

import pytest

from hw_sim.hil.levers import Board, Clock
from hw_sim.hil.link import Link
from tests.bedroom import LEAVES, ON_THE_BOARD

pytestmark = pytest.mark.hil


@pytest.mark.sw_scene("empty")
def test_an_empty_room_is_silent(sw_link: Link, sw_clock: Clock) -> None:
    sw_clock.run(10.0)
    sw_link.silence(110.0)
    assert set(sw_link.counts) <= {"HELLO"} and sw_link.counts["HELLO"] <= 3


@pytest.mark.sw_scene("empty")
def test_a_silent_device_answers(sw_link: Link, sw_clock: Clock) -> None:
    sw_clock.run(10.0)
    assert sw_link.ask("PING")["newest_seq"] == 0
    sw_link.silence(10.0)


@ON_THE_BOARD
@pytest.mark.sw_scene("sitter", duration_s=120)
def test_the_switch_stops_sensing_and_sending(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    sw_link.wait_for("VITALS", 20.0)
    assert sw_board.transmitting
    sw_board.standby(True)
    sw_clock.run(1.0)
    assert sw_link.packets[-1].name == "TRANSITION" and not sw_board.transmitting
    frames = sw_board.counters["frames_started"]
    sw_link.silence(29.0)
    assert sw_board.counters["frames_started"] == frames
    sw_board.standby(False)
    after = sw_link.wait_for("TRANSITION", 30.0, lambda one: one["silent_to_us"] > 0 and one.at_us > 30_000_000)
    assert sw_board.transmitting and after["silent_to_us"] - after["silent_from_us"] >= 29_000_000


@ON_THE_BOARD
@pytest.mark.sw_scene("empty")
def test_a_host_is_answered_in_standby(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    sw_board.standby(True)
    sw_clock.run(10.0)
    assert sw_link.ask("PING").name == "PONG" and sw_link.ask("SETTINGS_READ").name == "SETTINGS"
    sw_link.silence(10.0)


@ON_THE_BOARD
@pytest.mark.sw_scene(LEAVES, duration_s=120)
def test_who_left_during_standby_is_not_seen_after_it(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    sw_link.wait_for("VITALS", 28.0)
    sw_board.standby(True)
    sw_clock.run(90.0 - sw_clock.now_s)  # gone from about 40 s on
    sw_board.standby(False)
    sw_link.silence(30.0)
