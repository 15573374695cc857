"""Prefix words before each chirp, and continuous wave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hw_sim.chip.chip import Chip, ChipOptions
from tests.chip_driver import program, ramp, start, unpack
from tests.chip_plan import Channels, Plan, Shape
from tests.unit.test_chip_lfsr import sequence

TWO = Plan(
    {1: Shape(100, 8, reps=1), 2: Shape(100, 4)}, {1: Channels(1), 3: Channels(6)}, groups=3, fed=(51, 4), prefix=True
)
LFSR_EN, SADC_START, CW = 1 << 17, 1 << 4, 1 << 16


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 3], "big") for at in range(0, len(data), 3)]


def run(plan: Plan, frames: np.ndarray, options: ChipOptions | None = None) -> Chip:
    chip = Chip(options)
    plan.begin(chip)
    chip.advance(chip.next_frame_ns)
    chip.set_samples(frames)
    return chip


def test_three_words_name_each_chirp() -> None:
    frames = np.full((2, TWO.frame_samples), 0x123, np.uint16)
    chip = run(TWO, frames)
    chip.advance(chip.next_frame_ns + 2 * TWO.ns(TWO.frame()[1]) - 1)
    found, data = words(chip.burst_read(0x60, 3 * (chip.read("FSTAT") & 0x3FFF))), 0x123123
    expected = []
    for frame in range(2):
        for group, samples, rx, channel_set in [(0, 8, 1, 0), (0, 8, 2, 2), (1, 4, 1, 0), (2, 8, 2, 2), (2, 8, 1, 0)]:
            expected += [0, frame << 12 | group, samples << 12 | channel_set] + [data] * (samples * rx // 2)
    assert found == expected


def test_they_are_there_when_the_chirp_starts() -> None:
    chip = run(TWO, np.zeros((1, TWO.frame_samples), np.uint16))
    chip.advance(chip.next_frame_ns)
    assert chip.read("FSTAT") & 0x3FFF == 3
    second = TWO.frame()[0][1].start
    chip.advance(TWO.ns(TWO.to_first_frame + second) - 1)
    before = chip.read("FSTAT") & 0x3FFF
    chip.advance(TWO.ns(TWO.to_first_frame + second))
    assert (before, chip.read("FSTAT") & 0x3FFF) == (3 + 4, 3 + 4 + 3)


def test_a_word_of_zeros_is_told_from_the_sync_word() -> None:
    plan = replace(TWO, shapes={1: Shape(100, 6)}, sets={1: Channels(1)}, groups=1)
    chip = run(plan, np.array([[0, 0, 0, 7, 7, 0]], np.uint16))
    chip.advance(chip.next_frame_ns + plan.ns(plan.frame()[1]) - 1)
    assert words(chip.burst_read(0x60, 18))[3:] == [0x000001, 0x000007, 0x007000]


def test_without_prefix_zeros_stay_zeros() -> None:
    plan = replace(TWO, shapes={1: Shape(100, 6)}, sets={1: Channels(1)}, groups=1, prefix=False)
    chip = run(plan, np.zeros((1, 6), np.uint16))
    chip.advance(chip.next_frame_ns + plan.ns(plan.frame()[1]) - 1)
    assert words(chip.burst_read(0x60, 9)) == [0, 0, 0]


def test_the_third_word_holds_the_sensor_converter() -> None:
    chip = Chip()
    TWO.write(chip)
    chip.write("SADC_CTRL", SADC_START)
    chip.advance(1_000_000)
    chip.write("MAIN", TWO.words()["MAIN"] | 1)
    chip.advance(chip.next_frame_ns)
    chip.set_samples(np.zeros((1, TWO.frame_samples), np.uint16))
    chip.advance(chip.next_frame_ns)
    result = chip.read("SADC_RESULT") & 0x3FF
    assert result > 0
    assert words(chip.burst_read(0x60, 9))[2] == 8 << 12 | result << 2


def test_the_test_sequence_runs_between_prefixes() -> None:
    plan = replace(TWO, sets={1: Channels(7)})
    chip = run(plan, np.full((1, plan.frame_samples), 5, np.uint16))
    chip.write("SFCTL", chip.read("SFCTL") | LFSR_EN)
    chip.advance(chip.next_frame_ns + plan.ns(plan.frame()[1]) - 1)
    data = unpack(chip.burst_read(0x60, 3 * (chip.read("FSTAT") & 0x3FFF)))
    rx1 = []
    for samples in (8, 8, 4, 8, 8):
        chirp, data = data[6 : 6 + 3 * samples].reshape(-1, 3), data[6 + 3 * samples :]
        rx1 += chirp[:, 0].tolist()
        assert (chirp[:, 1:] == 5).all()
    assert rx1 == sequence(36)


def test_continuous_wave_transmits_without_samples() -> None:
    chip = Chip()
    program(chip)
    chip.write("MAIN", 0x1E8271 | CW)
    chip.advance(10_000_000_000)
    assert chip.transmitting
    assert (chip.read("STAT0") >> 5 & 7, chip.read("FSTAT") & 0x3FFF, chip.needs_samples) == (1, 0, False)
    assert (chip.next_event_ns, chip.next_frame_ns) == (2**64 - 1, 2**64 - 1)


@pytest.mark.parametrize("reset", [2, 4, 8], ids=["software", "fsm", "fifo"])
def test_a_reset_ends_the_continuous_wave(reset: int) -> None:
    chip = Chip()
    program(chip)
    chip.write("MAIN", 0x1E8271 | CW)
    chip.write("MAIN", 0x1E8270 | reset)
    assert (chip.transmitting, chip.read("STAT0") >> 5 & 7) == (False, 5)


def test_after_a_continuous_wave_frames_run() -> None:
    chip = Chip()
    size = program(chip)
    chip.write("MAIN", 0x1E8271 | CW)
    chip.write("MAIN", 0x1E8270 | 4)
    start(chip)
    chip.advance(chip.next_frame_ns)
    chip.set_samples(ramp(1, size))
    chip.advance(chip.next_event_ns)
    assert np.array_equal(unpack(chip.burst_read(0x60, 288)), ramp(1, size)[0])


def test_deep_sleep_without_its_clock_warns() -> None:
    chip = Chip()
    program(chip)
    chip.write("CCR0", chip.read("CCR0") & ~(1 << 9))
    start(chip)
    assert (chip.transmitting, chip.counters().last_warned_address) == (True, 0x2C)
