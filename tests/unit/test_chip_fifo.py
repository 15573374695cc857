"""The sample memory: packing, order, underflow, overflow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.chip.chip import Chip
from tests.chip_driver import program, ramp, running_chip, start, unpack

FILL, FUF, EMPTY, FULL, FOF = 0x3FFF, 1 << 19, 1 << 20, 1 << 22, 1 << 23
FIFO_WORDS = 8192
FIFO_RESET, FSM_RESET = 8, 4


def run_frames(chip: Chip, n: int) -> None:
    """Time up to the end of the n-th frame from now, nothing read."""
    chip.advance(chip.next_frame_ns + round(chip.radar().frame_period_ns * n) - 1)


@given(st.integers(1, 7), st.integers(1, 40), st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_samples_come_back_as_they_were_lent(rx_mask: int, samples: int, chirps: int, frames: int, seed: int) -> None:
    size = bin(rx_mask).count("1") * samples * chirps
    lent = np.random.Generator(np.random.Philox(seed)).integers(0, 4096, (frames, size), dtype=np.uint16)
    chip = running_chip(lent, rx_mask=rx_mask, n_samples=samples, n_chirps=chirps, cref=8191)
    run_frames(chip, frames)
    words = frames * size // 2  # an odd last sample waits for its other half
    assert chip.read("FSTAT") & FILL == words
    assert np.array_equal(unpack(chip.burst_read(0x60, 3 * words)), lent.ravel()[: 2 * words])


@given(st.lists(st.tuples(st.integers(0, 30_000_000), st.integers(0, 700)), min_size=40, max_size=120))
def test_any_schedule_of_reads_gives_the_stream(steps: list[tuple[int, int]]) -> None:
    chip = running_chip(ramp(2000, 3 * 45), n_samples=45, n_chirps=1, cref=8191)
    now, got = 0, []
    for wait_ns, words in steps:
        now += wait_ns
        chip.advance(now)
        fill = chip.read("FSTAT") & FILL
        words = fill if fill > 4096 else min(words, fill)  # one wait adds fewer than the other half holds
        got.append(unpack(chip.burst_read(0x60, 3 * words)))
    stream = np.concatenate(got)
    assert np.array_equal(stream, ramp(2000, 3 * 45).ravel()[: stream.size])
    assert not chip.read("FSTAT") & (FUF | FOF)


def test_first_sample_lies_in_the_upper_half_of_a_word() -> None:
    chip = running_chip(np.full((1, 6), 0xABC, np.uint16) - np.arange(6, dtype=np.uint16), n_samples=2, n_chirps=1)
    chip.advance(chip.next_event_ns)
    assert chip.burst_read(0x60, 9) == bytes.fromhex("ABCABBABAAB9AB8AB7")


def test_bits_above_the_converter_are_cut_off() -> None:
    chip = running_chip(np.full((1, 12), 0xF123, np.uint16), n_samples=4, n_chirps=1)
    chip.advance(chip.next_event_ns)
    assert chip.burst_read(0x60, 18) == bytes.fromhex("123123") * 6


def test_underflow_reads_ones_and_sticks() -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    data = chip.burst_read(0x60, 3 * 96 + 6)
    assert data[-6:] == b"\xff" * 6
    assert chip.read("FSTAT") == FUF | EMPTY
    assert chip.transfer(b"\x04\0\0\0")[0] & 0x08
    assert chip.counters().underflows == 1


def overflown() -> Chip:
    """6144 samples a frame into 16384: the third frame does not fit."""
    chip = running_chip(ramp(6, 6144), n_samples=256, n_chirps=8)
    run_frames(chip, 3)
    return chip


def test_overflow_fills_up_and_falls_asleep() -> None:
    chip = overflown()
    assert chip.read("FSTAT") & (FOF | FULL | FILL) == FOF | FULL | FIFO_WORDS
    assert not chip.transmitting
    assert chip.read("STAT0") >> 5 == 5
    assert chip.counters().overflows == 1


def test_overflow_holds_the_counters() -> None:
    # 16384 = 2 frames + 5 chirps + 256 samples: the third frame is in its sixth chirp
    assert overflown().read("STAT1") == 2 << 12 | 5


def test_overflow_stops_the_samples() -> None:
    chip = overflown()
    chip.advance(10_000_000_000)
    assert (chip.counters().frames_started, chip.next_frame_ns) == (3, 2**64 - 1)


def test_stored_data_can_still_be_read_after_an_overflow() -> None:
    assert np.array_equal(unpack(overflown().burst_read(0x60, 3 * FIFO_WORDS)), ramp(6, 6144).ravel()[:16384])


def test_the_overflow_flag_needs_a_fifo_reset() -> None:
    chip = overflown()
    chip.burst_read(0x60, 3 * FIFO_WORDS)
    chip.write("MAIN", 0x1E8270 | FSM_RESET)
    assert chip.read("FSTAT") & FOF
    chip.write("MAIN", 0x1E8270 | FIFO_RESET)
    assert chip.read("FSTAT") == EMPTY


def test_recovery_goes_on_with_the_next_frame_of_a_recording() -> None:
    chip = overflown()
    chip.write("MAIN", 0x1E8270 | FIFO_RESET)
    start(chip)
    chip.advance(chip.next_event_ns)
    assert np.array_equal(unpack(chip.burst_read(0x60, 9216)), ramp(6, 6144)[3])


def test_exactly_full_is_no_overflow() -> None:
    chip = Chip()
    program(chip, rx_mask=1, n_samples=2048, n_chirps=8, cref=8191)
    start(chip)
    chip.set_samples(ramp(1, 16384))
    run_frames(chip, 1)
    assert chip.read("FSTAT") & (FOF | FULL | FILL) == FULL | FIFO_WORDS


@pytest.mark.parametrize("reads", [1, 5])
def test_a_memory_that_wraps_around_keeps_the_order(reads: int) -> None:
    chip = running_chip(ramp(20, 6144), n_samples=256, n_chirps=8)
    for frame in range(20):
        chip.advance(chip.next_event_ns)
        parts = [chip.burst_read(0x60, 9216 // reads // 3 * 3) for _ in range(reads)]
        parts.append(chip.burst_read(0x60, 9216 - sum(map(len, parts))))
        assert np.array_equal(unpack(b"".join(parts)), ramp(20, 6144)[frame])
