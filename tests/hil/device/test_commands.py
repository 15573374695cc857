"""Handshake and commands: every question gets one answer, in every home of the firmware."""

from __future__ import annotations

import pytest

from hw_sim.hil.levers import Board, Clock
from hw_sim.hil.link import Link
from hw_sim.hil.serial_line import SerialLine
from tests.bedroom import ON_THE_BOARD, tell_time
from wire import table

pytestmark = pytest.mark.hil


def test_the_answer_to_a_hello_proves_the_device(sw_link: Link, sw_clock: Clock) -> None:
    first, second = (sw_link.ask("HOST_HELLO", utc_us=sw_clock.utc_us) for _ in range(2))
    assert 0 != first["host_nonce"] != second["host_nonce"] != 0 and first.boot == second.boot != 0
    assert first["protocol_oldest"] <= table.VERSION <= first["protocol_newest"]
    assert first["device_id"] == second["device_id"]


@ON_THE_BOARD
def test_the_announcement_proves_nothing_but_is_of_the_same_device(sw_link: Link, sw_clock: Clock) -> None:
    announced = sw_link.wait_for("HELLO")
    answer = sw_link.ask("HOST_HELLO", utc_us=sw_clock.utc_us)
    assert announced["host_nonce"] == 0
    assert (answer.boot, answer["device_id"]) == (announced.boot, announced["device_id"])


QUESTIONS: dict[str, dict[str, int]] = {
    "PING": {}, "ALARM_READ": {}, "ALARM_CANCEL": {}, "RING": {"utc_us": 0}, "SETTINGS_READ": {},
    "ALARM_SET": {"set_for_utc_us": 1, "sunrise_s": 0}, "SETTINGS_SET": {"side": 2},
    "HEALTH_READ": {}, "CALIBRATION_READ": {}, "SNOOZE": {}, "ORDERS_READ": {}, "STANDBY": {"on": 0},
    "RADAR_READ": {}, "RADAR_SET": dict.fromkeys(
        ("rx_mask", "n_samples", "n_chirps", "sample_rate", "start", "end", "chirp_period", "frame_period",
         "tx_power_level", "if_gain", "hp_cutoff"), 0),
    "WAKE_WINDOW": {"wake_window": 1800}, "NIGHT_LIGHT": {"night_light": 0, "duration": 0},
    "CALIBRATE": {"procedure": 0, "distance": 0, "azimuth": 0, "elevation": 0},
}  # fmt: skip


NOT_YET = {"PAIR"}


@pytest.mark.parametrize(("question", "fields"), QUESTIONS.items())
def test_every_question_gets_one_answer(sw_link: Link, sw_clock: Clock, question: str, fields: dict[str, int]) -> None:
    sw_clock.run(1.0)
    before = sw_link.counts
    answer = sw_link.ask(question, **fields)
    sw_clock.run(1.5)
    assert (sw_link.counts - before) == {answer.name: 1}


def test_every_question_is_among_them() -> None:
    asking = {
        one.name for one in table.LAYOUTS.values() if one.from_host and any(f.name == "nonce" for f in one.fields)
    }
    assert {"HOST_HELLO", *QUESTIONS} == asking - NOT_YET


def test_a_question_without_a_nonce_is_none(sw_link: Link, sw_clock: Clock) -> None:
    sw_clock.run(7.0)
    sw_link.send("HOST_HELLO", nonce=0, utc_us=sw_clock.utc_us)
    for question, fields in QUESTIONS.items():
        sw_link.send(question, nonce=0, **fields)
    sw_link.silence(3.0)


def test_noise_before_a_question_costs_nothing(sw_serial: SerialLine, sw_link: Link, sw_clock: Clock) -> None:
    sw_clock.run(7.0)
    sw_serial.write(bytes(range(1, 256)) + bytes(300))
    assert sw_link.ask("PING").name == "PONG"


@ON_THE_BOARD
def test_a_packet_cut_by_a_reboot_is_no_packet(sw_serial: SerialLine, sw_link: Link, sw_board: Board) -> None:
    sw_link.wait_for("HELLO")
    sw_serial.write(b"\x04\x01\x41")
    sw_board.power_cycle()
    assert sw_link.ask("PING").name == "PONG"


@ON_THE_BOARD
def test_settings_outlive_a_power_cycle(sw_link: Link, sw_clock: Clock, sw_board: Board) -> None:
    sw_link.wait_for("HELLO")
    sw_link.ask("SETTINGS_SET", side=2)
    sw_clock.run(2.0)
    assert sw_link.ask("SETTINGS_READ")["stored"] == 1
    sw_board.power_cycle()
    sw_clock.run(1.0)
    read = sw_link.ask("SETTINGS_READ")
    assert (read["side"], read["stored"]) == (2, 1)


@ON_THE_BOARD
def test_the_time_is_taken_once_and_fresh(sw_link: Link, sw_clock: Clock) -> None:
    assert sw_link.ask("ALARM_READ")["utc_us"] == 0
    pong = sw_link.ask("PING")
    sw_clock.run(2.5)
    sw_link.send("TIME", device_nonce=pong["device_nonce"], utc_us=sw_clock.utc_us)
    assert sw_link.ask("ALARM_READ")["utc_us"] == 0  # too late
    tell_time(sw_link, sw_clock)
    sw_clock.run(1.0)
    assert abs(sw_link.ask("ALARM_READ")["utc_us"] - sw_clock.utc_us) < 100_000
