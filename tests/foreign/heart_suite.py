"""A stranger's tests of his own firmware, as docs/testing.md shows them: text on the line, faults, levers.

gcc -I hw_sim/device tests/foreign/heart.c -lm -o heart
pytest tests/foreign/heart_suite.py --sw-target program:./heart
"""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.sw_targets("program")
HELLO = b"HELLO heart 1.0 chip 000303\n"
BEAT = re.compile(rb"BEAT (\d+)\n")
RANGE = re.compile(rb"RANGE (\d+\.\d+)\n")


def test_it_boots_and_beats(sw_serial, sw_clock):
    sw_serial.expect(HELLO, timeout_s=0.1)
    beats = [int(sw_serial.expect(BEAT, timeout_s=1.1)[1]) for _ in range(5)]
    assert beats == [10, 20, 30, 40, 50]
    assert sw_clock.now_s == pytest.approx(5.0, abs=0.02)


def test_it_answers(sw_serial):
    sw_serial.expect(HELLO)
    sw_serial.write(b"id?\n")
    sw_serial.expect(b"ID heart 1.0\n", timeout_s=0.1)
    sw_serial.write(b"sing\n")
    sw_serial.expect(b"ERROR what\n", timeout_s=0.1)


@pytest.mark.sw_scene("ramp")
def test_every_bit_of_a_frame_arrives(sw_serial):
    frame = int(sw_serial.expect(BEAT)[1]) - 1
    sw_serial.write(b"frame?\n")
    said = sw_serial.expect(re.compile(rb"FRAME (\d+) (\d+) (\d+)\n"), timeout_s=0.1)
    assert [int(one) for one in said.groups()] == [frame + 1, 131 * frame % 4096, (127 + 7 * 31 + 131 * frame) % 4096]


@pytest.mark.sw_scene("sphere")
def test_it_sees_a_sphere_one_metre_away(sw_serial):
    ranges = [float(sw_serial.expect(RANGE)[1]) for _ in range(20)]
    assert ranges[-5:] == [pytest.approx(1.0, abs=0.08)] * 5


def test_it_survives_a_stuck_miso(sw_serial, sw_faults):
    sw_serial.expect(BEAT)
    sw_faults.add("miso_stuck_low")
    sw_serial.expect(b"ERROR data\n", timeout_s=0.2)
    sw_serial.expect(b"ERROR chip 000000\n", timeout_s=2.0)
    sw_faults.clear()
    sw_serial.expect(HELLO, timeout_s=3.0)
    sw_serial.expect(BEAT, timeout_s=2.0)


@pytest.mark.sw_expect(overflows=(1, None))
def test_it_finds_back_from_a_lost_interrupt(sw_serial, sw_faults):
    sw_serial.expect(BEAT)
    sw_faults.add("irq_stuck_low")
    sw_serial.expect(b"LOST\n", timeout_s=2.1)
    sw_faults.clear()
    sw_serial.expect(BEAT, timeout_s=3.0)


@pytest.mark.parametrize("lever", ["power_cycle", "reset"])
def test_it_starts_again(sw_serial, sw_board, lever):
    sw_serial.expect(re.compile(rb"BEAT 20\n"))
    getattr(sw_board, lever)()
    sw_serial.expect(HELLO, timeout_s=0.1)
    assert int(sw_serial.expect(BEAT)[1]) == 10


def test_power_that_bounces_is_one_start(sw_serial, sw_board):
    sw_board.power_cycle()
    sw_board.power_cycle()
    sw_serial.expect(HELLO, timeout_s=0.1)
    assert int(sw_serial.expect(BEAT)[1]) == 10


@pytest.mark.sw_expect(underflows=1)
def test_an_empty_fifo_is_no_end(sw_serial):
    sw_serial.expect(BEAT)
    sw_serial.write(b"empty\n")
    sw_serial.expect(b"ERROR data\n", timeout_s=0.1)
    sw_serial.expect(HELLO, timeout_s=2.0)
    sw_serial.expect(BEAT, timeout_s=1.1)


@pytest.mark.sw_faults(chip_id=0x0F0F0F)
def test_it_refuses_another_chip(sw_serial):
    sw_serial.expect(b"ERROR chip 0f0f0f\n", timeout_s=0.1)


@pytest.mark.sw_expect(refused=(1, None))
def test_a_flood_is_counted(sw_serial):
    sw_serial.expect(BEAT)
    sw_serial.write(b"flood\n")
    sw_serial.read(200_000, timeout_s=1.0)
