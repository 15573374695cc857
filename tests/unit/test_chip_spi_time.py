"""Time that transfers take: exact, without drift, and enough to lose data to a slow bus."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import pytest

from hw_sim.board import Board
from hw_sim.chip.chip import Chip, ChipOptions
from tests.board_device import DEADLINE, FIFO_READ, FRAME_BYTES, POWER_ON, RADAR_IRQ, PythonDevice, Ramp, unpack12
from tests.chip_plan import Channels, Plan, Shape

BURST = bytes([0xFF, 0xC0, 0, 0])
# 2 MHz, 3 antennas: 3 words a microsecond, in one chirp of 4000 samples after another, two thirds of the time
FAST = Plan({1: Shape(10, 4000)}, {1: Channels(7)}, groups=4, sstart=0, paen=0)
# the same antennas, 100 kHz: 0.15 words a microsecond
GENTLE = Plan({1: Shape(10, 200)}, {1: Channels(7)}, adc_div=800, groups=4, sstart=0, paen=0)


def running(plan: Plan, spi_hz: int, n_frames: int = 8) -> Chip:
    chip = Chip(ChipOptions(spi_hz=spi_hz))
    plan.begin(chip)
    chip.advance(chip.next_frame_ns)
    chip.set_samples((np.arange(n_frames * plan.frame_samples) & 0xFFF).astype(np.uint16).reshape(n_frames, -1))
    return chip


@pytest.mark.parametrize("spi_hz", [1_000_000, 7_000_000, 49_999_999])
def test_a_byte_takes_eight_clocks_and_nothing_is_lost(spi_hz: int) -> None:
    chip = Chip(ChipOptions(spi_hz=spi_hz))
    for n in range(1, 1001):
        chip.transfer(b"\x02\0\0\0")
        assert chip.time_ns == ceil(Fraction(32 * n * 10**9, spi_hz))


def test_without_a_rate_transfers_take_no_time() -> None:
    chip = Chip()
    chip.transfer(bytes(1000))
    assert chip.time_ns == 0


@pytest.mark.parametrize("state", ["in reset", "not selected"])
def test_bytes_nobody_hears_take_time_too(state: str) -> None:
    chip = Chip(ChipOptions(spi_hz=8_000_000))
    if state == "in reset":
        chip.reset_pin(0)
    assert chip.xfer(bytes(5)) == b"\xff" * 5
    assert chip.time_ns == 5_000


def test_frames_start_when_the_last_bit_of_the_command_is_in() -> None:
    chip = Chip(ChipOptions(spi_hz=1_000_000))
    FAST.write(chip)
    before = chip.time_ns
    chip.write("MAIN", FAST.words()["MAIN"] | 1)
    assert chip.next_frame_ns == before + 32_000 + FAST.ns(FAST.to_first_frame)


def test_another_rate_counts_from_now_on() -> None:
    chip = Chip(ChipOptions(spi_hz=1_000_000))
    chip.transfer(bytes(4))
    chip.set_spi_hz(4_000_000)
    chip.transfer(bytes(4))
    chip.set_spi_hz(0)
    chip.transfer(bytes(4))
    assert chip.time_ns == 32_000 + 8_000


def overflow_clock(plan: Plan, spi_hz: int, late: Fraction = Fraction(0)) -> tuple[Fraction | None, int]:
    """A host that reads without end: when a sample finds no room, and the words read by then.

    late: from the start of the first frame to the first bit of the header. A word is taken when its first bit is
    clocked. All in clocks since the start of the first frame.
    """
    per_word = Fraction(24 * plan.reference_hz, spi_hz)
    header = late + Fraction(32 * plan.reference_hz, spi_hz)
    period = plan.frame()[1]
    taken = stored = 0
    for frame in range(4):
        for t in plan.units()[1::2]:  # an even number of units in a frame: each second one fills a word
            at = frame * period + t
            while header + taken * per_word < at:  # at equal times the sample is there first
                taken += 1
                stored = max(stored - 1, 0)  # an empty FIFO reads ones
            if stored == 8192:
                return Fraction(at), taken
            stored += 1
    return None, taken


@pytest.mark.parametrize("spi_hz", [8_000_000, 11_000_000, 25_000_000])
def test_a_slow_host_overflows_at_the_computed_clock(spi_hz: int) -> None:
    chip = running(FAST, spi_hz)
    begin = chip.next_frame_ns * 80 // 1000
    at, words = overflow_clock(FAST, spi_hz, Fraction(chip.time_ns * 80, 1000) - begin)
    assert at is not None
    chip.cs(0)
    chip.xfer(BURST + b"\xff" * 3 * (words - 1))
    last_word_ns = chip.time_ns
    assert chip.counters().overflows == 0
    chip.xfer(b"\xff")
    chip.advance(max(FAST.ns(int(begin + at)) - 1, last_word_ns))
    before = chip.counters().overflows
    chip.advance(FAST.ns(int(begin + at)))
    assert (before, chip.counters().overflows) == (0, 1)
    chip.cs(1)
    assert not chip.transmitting
    assert chip.read("FSTAT") >> 23 == 1


def test_a_fast_host_never_does() -> None:
    assert overflow_clock(GENTLE, 25_000_000)[0] is None
    chip = running(GENTLE, 25_000_000)
    chip.transfer(BURST, b"\xff" * 60_000)
    assert (chip.counters().overflows, chip.transmitting) == (0, True)


def test_samples_come_in_while_the_host_reads() -> None:
    chip = running(FAST, 50_000_000)
    chip.advance(chip.next_frame_ns + 1_000_000)  # 3000 words less a few wait; reading them lets twice as many in
    waiting = chip.read("FSTAT") & 0x3FFF
    data = chip.burst_read(0x60, 3 * (waiting + 500))
    assert unpack12(data).tolist() == [k & 0xFFF for k in range(2 * (waiting + 500))]


def test_the_interrupt_is_looked_at_after_the_window() -> None:
    plan = Plan(FAST.shapes, FAST.sets, groups=4, sstart=0, paen=0, cref=9)
    chip = running(plan, 8_000_000)
    chip.cs(0)
    levels = []
    for _ in range(40):
        chip.xfer(b"\0")
        levels.append(chip.irq)
    chip.cs(1)
    assert levels == [False] * 40
    assert chip.irq


def test_a_frame_in_a_transfer_asks_for_its_samples() -> None:
    asked: list[int] = []
    chip = Chip(ChipOptions(spi_hz=8_000_000))
    GENTLE.begin(chip)

    def supply() -> None:
        asked.append(chip.next_frame_ns)
        chip.set_samples(np.full((1, GENTLE.frame_samples), len(asked), np.uint16), chip.next_frame_ns)

    chip.ask(supply)
    period_ns = GENTLE.ns(GENTLE.frame()[1])
    chip.transfer(BURST, b"\xff" * (2 * period_ns // 1000 + 2))
    start_ns = asked[0]
    assert asked == [start_ns, start_ns + period_ns, start_ns + 2 * period_ns]


def test_without_an_answer_the_frame_waits() -> None:
    chip = Chip(ChipOptions(spi_hz=8_000_000))
    FAST.begin(chip)
    first_ns = chip.next_frame_ns
    chip.transfer(bytes(1000))
    assert chip.needs_samples
    assert chip.next_frame_ns == first_ns
    chip.set_samples(np.zeros((1, FAST.frame_samples), np.uint16), first_ns)
    chip.advance(chip.time_ns)
    assert chip.read("FSTAT") & 0x3FFF > 1000


def test_what_the_source_says_reaches_the_caller() -> None:
    chip = Chip(ChipOptions(spi_hz=8_000_000))
    FAST.begin(chip)

    def supply() -> None:
        raise ValueError("no more")

    chip.ask(supply)
    chip.transfer(bytes(1000))
    with pytest.raises(ValueError, match="no more"):
        chip.raise_asked()


def reader(device: PythonDevice, now_us: int, event: int) -> int:
    """Reads each frame whole; a deadline every 10 ms."""
    if event == POWER_ON:
        device.start_frames()
    elif event == RADAR_IRQ:
        device.uart_write(device.spi(FIFO_READ, FRAME_BYTES)[4:])
    return (now_us // 10_000 + 1) * 10_000


@pytest.mark.parametrize("piece_us", [2_000_000, 333_333, 7_001])
def test_the_board_follows_and_gives_late_what_was_due(piece_us: int) -> None:
    board = Board(seed=1, options=ChipOptions(spi_hz=2_000_000))
    device = PythonDevice(board, reader)
    sent, source = b"", Ramp(7)
    for until_us in [*range(piece_us, 1_000_000, piece_us), 1_000_000]:
        board.run(until_us, source)
        sent += board.take().data
    reading_us = 8 * (4 + FRAME_BYTES) / 2  # 36.9 ms of the 50 between frames
    irqs = [t for t, event in device.events if event == RADAR_IRQ]
    assert np.all(np.diff(irqs) == 50_000)
    for at in irqs[:-1]:
        following = next(t for t, event in device.events if t > at and event == DEADLINE)
        assert following == ceil(at + reading_us) or following == ceil(at + reading_us) + 1
    frames = unpack12(sent).reshape(-1, 6144)
    assert len(frames) == len(irqs) >= 18
    assert np.array_equal(frames[5, 1:], np.arange(1, 6144) % 4096)
    assert board.chip.counters().overflows == 0


def test_a_board_too_slow_for_its_list_overflows() -> None:
    board = Board(seed=1, options=ChipOptions(spi_hz=1_000_000))  # 74 ms for what comes every 50
    PythonDevice(board, reader)
    board.run(2_000_000, Ramp(7))
    assert board.chip.counters().overflows == 1
